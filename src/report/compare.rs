//! The periods that a period is seen beside: the year so far, the one before, the same a year ago.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::directory::Directory;
use crate::report::carried::Carried;
use crate::report::figures::{of_legs, of_visits};
use crate::report::gather::Sums;
use crate::report::period::{before, year_ago, year_so_far};
use crate::report::rules::{Held, held};
use crate::report::sheet::{LegFigures, VisitFigures, WaitFigures};
use crate::report::{Request, month};
use crate::stats::period::Period;
use crate::store::{Reader, StoreError};

/// Which other period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// From New Year to the end of the period.
    YearSoFar,
    /// The period of the same length that ends where this one begins.
    Before,
    /// The same days a year earlier.
    YearAgo,
}

impl Beside {
    /// All, in the order of reading.
    pub const ALL: [Self; 3] = [Self::YearSoFar, Self::Before, Self::YearAgo];

    /// The one spelling: key of the JSON form and of the texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::YearSoFar => "year_so_far",
            Self::Before => "before",
            Self::YearAgo => "year_ago",
        }
    }

    fn of(self, period: Period) -> Option<Period> {
        match self {
            Self::YearSoFar => year_so_far(period),
            Self::Before => before(period),
            Self::YearAgo => year_ago(period),
        }
    }
}

/// The same figures of another period.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Which.
    pub beside: Beside,
    /// Its days.
    pub period: Period,
    /// Months of it whose totals were carried in from elsewhere, by their first day.
    pub imported: Vec<NaiveDate>,
    /// In the order of [`Report::queues`](crate::report::Report::queues); `None`: nothing was
    /// measured, which is not the same as nobody called.
    pub queues: Vec<Option<VisitFigures>>,
    /// In the order of [`Report::units`](crate::report::Report::units).
    pub units: Vec<Option<LegFigures>>,
    /// In the order of [`Report::organisations`](crate::report::Report::organisations).
    pub organisations: Vec<Option<LegFigures>>,
}

/// The periods that a request is compared with: those that differ from its own and from each other.
pub fn periods(request: &Request) -> Vec<(Beside, Period)> {
    let mut found: Vec<(Beside, Period)> = Vec::new();
    for beside in Beside::ALL {
        let Some(period) = beside.of(request.period) else { continue };
        if period != request.period && found.iter().all(|(_, other)| *other != period) {
            found.push((beside, period));
        }
    }
    found
}

/// The comparisons of a request with `periods`, each with its sums. `listed` names the units that the
/// report shows.
pub fn comparisons(
    reader: &dyn Reader,
    directory: &Directory,
    (request, carried): (&Request, &Carried),
    periods: impl Iterator<Item = ((Beside, Period), Sums)>,
    listed: &[&str],
) -> Result<Vec<Comparison>, StoreError> {
    let mut found: Vec<Comparison> = Vec::new();
    for ((beside, period), mut sums) in periods {
        let (start, end) = period.moments(directory.zone());
        let imported = carried.fill(reader, directory, &request.sight, period, &mut sums)?;
        let rules = held(directory, &reader.closings(start, end)?, period);
        found.push(compared(directory, (request, carried), (beside, &rules), (period, imported), &sums, listed));
    }
    Ok(found)
}

fn compared(
    directory: &Directory,
    (request, carried): (&Request, &Carried),
    (beside, rules): (Beside, &[Held]),
    (period, imported): (Period, BTreeSet<NaiveDate>),
    sums: &Sums,
    listed: &[&str],
) -> Comparison {
    let queues = month::seen_queues(directory, &request.sight).map(|(id, queue)| {
        let cell = &sums.queues[id.index()];
        (cell.counts.offered > 0).then(|| {
            // What was not counted then is not a low level.
            let counted = &rules[id.index()].terms.thresholds_ms;
            let is_counted = |ms: &u32| counted.contains(ms) && carried.counts_at(id, period, &imported, *ms);
            let thresholds_ms: Vec<u32> = queue.thresholds_ms.iter().copied().filter(is_counted).collect();
            let objective = queue.objective.as_ref().filter(|objective| is_counted(&objective.threshold_ms));
            let mut figures = of_visits(cell, &thresholds_ms, objective);
            if carried.has_any(id, period, &imported) {
                // The sum of some months' waits is no mean of all.
                figures.waits = WaitFigures::default();
            }
            figures
        })
    });
    let queues: Vec<Option<VisitFigures>> = queues.collect();
    let units = listed.iter().map(|name| {
        let counts = &sums.units[directory.unit_named(name)?.index()];
        month::is_used(counts).then(|| of_legs(counts))
    });
    let organisations = month::seen_organisations(directory, &request.sight).map(|id| {
        let (sum, used) = month::sum_of(directory, sums, id);
        (used > 0).then(|| of_legs(&sum))
    });
    let (units, organisations) = (units.collect(), organisations.collect());
    Comparison { beside, period, imported: imported.into_iter().collect(), queues, units, organisations }
}
