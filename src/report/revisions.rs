//! How often the months of a period were signed, and what changed from one revision to the next.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::clock::local_day;
use crate::directory::Directory;
use crate::measure::Moment;
use crate::names::UnitId;
use crate::report::figures::{of_legs, of_visits};
use crate::report::sheet::{LegFigures, VisitFigures, seconds};
use crate::report::{Request, month};
use crate::stats::{Cell, LegCounts, Scope, ScopeKind, Tier, VisitCell};
use crate::store::{Closing, Reader, StoreError};

/// A month as it was signed.
#[derive(Clone, Debug)]
pub struct RevisionSheet {
    /// Its first day.
    pub month: NaiveDate,
    /// 1 when it was closed.
    pub revision: u32,
    /// When.
    pub at: Moment,
    /// By whom.
    pub who: String,
    /// Why: in words, or a reason of the program.
    pub why: String,
    /// What is other than in the revision before.
    pub changes: Vec<ChangeSheet>,
}

/// A figure that is other than in the revision before.
#[derive(Clone, Debug)]
pub struct ChangeSheet {
    /// `queue` or `unit`.
    pub kind: &'static str,
    /// Our name of it.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Its key in the JSON form, joined by dots: `within.30`.
    pub figure: String,
    /// As it was signed before.
    pub was: Signed,
    /// As it is now.
    pub is: Signed,
}

/// A signed figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Signed {
    /// A count.
    Count(i64),
    /// A share from 0 to 1; `None`: no data.
    Share(Option<f64>),
    /// It was not counted.
    Absent,
}

/// Every revision of the months of a request, by month and number.
pub(super) fn revisions(
    reader: &dyn Reader,
    directory: &Directory,
    request: &Request,
    closings: &[Closing],
) -> Result<Vec<RevisionSheet>, StoreError> {
    let mut sheets = Vec::new();
    for (at, closing) in closings.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &closings[before]);
        let changes = match before.filter(|before| before.month == closing.month) {
            Some(before) => {
                let was = figures(reader, directory, request, before)?;
                let is = figures(reader, directory, request, closing)?;
                changes(was, &is)
            }
            None => Vec::new(),
        };
        sheets.push(RevisionSheet {
            month: local_day(closing.month, directory.zone()),
            revision: closing.revision,
            at: closing.at,
            who: closing.who.clone(),
            why: closing.why.clone(),
            changes,
        });
    }
    Ok(sheets)
}

/// The signed figures of queues and units, in the order of the directory.
type Figures = Vec<(&'static str, String, String, Vec<(String, Signed)>)>;

fn figures(
    reader: &dyn Reader,
    directory: &Directory,
    request: &Request,
    closing: &Closing,
) -> Result<Figures, StoreError> {
    let mut cells: BTreeMap<Scope, Cell> = BTreeMap::new();
    for kind in [ScopeKind::Queue, ScopeKind::Unit] {
        let (month, revision) = ((closing.month, closing.ends), (closing.month, closing.revision));
        let signed = reader.signed(&request.sight, kind, Tier::Month, month, revision)?;
        cells.extend(signed.into_iter().map(|(key, cell)| (key.scope, cell)));
    }
    let mut all = Vec::new();
    for (id, queue) in month::seen_queues(directory, &request.sight) {
        let terms = closing.rules.queues.get(&queue.name).cloned().unwrap_or_else(|| queue.at(closing.month).terms());
        let empty = VisitCell::default();
        let cell = match cells.get(&Scope::Queue(id)) {
            Some(Cell::Visits(cell)) => cell,
            _ => &empty,
        };
        let figures = of_visits(cell, &terms.thresholds_ms, terms.objective.as_ref());
        all.push(("queue", queue.name.clone(), queue.title.clone(), of_queue(&figures)));
    }
    for (at, unit) in directory.units().iter().enumerate().skip(1) {
        let empty = LegCounts::default();
        let counts = match cells.get(&Scope::Unit(UnitId(at as u32))) {
            Some(Cell::Legs(counts)) => counts,
            _ => &empty,
        };
        all.push(("unit", unit.name.clone(), unit.title.clone(), of_unit(&of_legs(counts))));
    }
    Ok(all)
}

fn of_queue(figures: &VisitFigures) -> Vec<(String, Signed)> {
    let counts = &figures.counts;
    let plain = [
        ("offered", counts.offered),
        ("answered", counts.answered),
        ("abandoned", counts.abandoned),
        ("short_abandoned", counts.short_abandoned),
        ("others", counts.other_exits()),
        ("outside_hours", counts.outside_hours),
        ("not_counted", counts.not_counted()),
    ];
    let mut all: Vec<(String, Signed)> =
        plain.into_iter().map(|(id, count)| (id.to_owned(), Signed::Count(count))).collect();
    for at in &figures.thresholds {
        all.push((format!("within.{}", seconds(at.counts.threshold_ms)), Signed::Count(at.counts.within)));
    }
    if let Some(judged) = figures.judged {
        all.push(("objective.value".to_owned(), Signed::Share(judged.ratio())));
    }
    all.push(("answer_rate".to_owned(), Signed::Share(figures.answer_rate.ratio())));
    all
}

fn of_unit(figures: &LegFigures) -> Vec<(String, Signed)> {
    vec![
        ("transfers".to_owned(), Signed::Count(figures.counts.transfers)),
        ("answered".to_owned(), Signed::Count(figures.answer_rate.met)),
        ("answer_rate".to_owned(), Signed::Share(figures.answer_rate.ratio())),
        ("journey_rate".to_owned(), Signed::Share(figures.journey_rate.ratio())),
    ]
}

/// Figures of both that differ. Both name the same queues and units.
fn changes(was: Figures, is: &Figures) -> Vec<ChangeSheet> {
    let mut changes = Vec::new();
    for ((kind, name, title, was), (.., is)) in was.into_iter().zip(is) {
        let of = |list: &[(String, Signed)], id: &str| {
            list.iter().find(|(other, _)| other == id).map_or(Signed::Absent, |(_, figure)| *figure)
        };
        let gone = was.iter().map(|(id, _)| id).filter(|id| !is.iter().any(|(other, _)| other == *id));
        for id in is.iter().map(|(id, _)| id).chain(gone) {
            let (was, is) = (of(&was, id), of(is, id));
            if was != is {
                let (name, title, figure) = (name.clone(), title.clone(), id.clone());
                changes.push(ChangeSheet { kind, name, title, figure, was, is });
            }
        }
    }
    changes
}

impl Signed {
    /// What has come to it since, where both are figures.
    pub fn since(self, was: Self) -> Option<f64> {
        match (was, self) {
            (Self::Count(was), Self::Count(is)) => Some((is - was) as f64),
            (Self::Share(was), Self::Share(is)) => Some(is? - was?),
            _ => None,
        }
    }
}
