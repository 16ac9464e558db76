//! The parts of the JSON form that stand beside the period itself: other periods, weekday and hour,
//! what was signed.

use serde::Serialize;

use crate::measure::Share;
use crate::report::render::json::{cells, legs};
use crate::report::render::json_keys::{Cells, Legs};
use crate::report::revisions::{ChangeSheet, RevisionSheet, Signed};
use crate::report::sheet::{Report, seconds};
use crate::report::tickets::{TicketSheet, per_answered};

#[derive(Serialize)]
pub(super) struct Comparison<'a> {
    beside: &'static str,
    from: String,
    to: String,
    /// Months whose totals were carried in from elsewhere: `2022-11`.
    imported_months: Vec<String>,
    queues: Vec<Queue<'a>>,
    units: Vec<Unit<'a>>,
    organisations: Vec<Organisation<'a>>,
}

/// `figures` is null where nothing was measured.
#[derive(Serialize)]
struct Queue<'a> {
    queue: &'a str,
    figures: Option<Cells>,
}

#[derive(Serialize)]
struct Unit<'a> {
    unit: &'a str,
    figures: Option<Legs>,
}

#[derive(Serialize)]
struct Organisation<'a> {
    organisation: &'a str,
    figures: Option<Legs>,
}

pub(super) fn comparisons(report: &Report) -> Vec<Comparison<'_>> {
    let one = |other| {
        let other: &crate::report::compare::Comparison = other;
        let queues = report.queues.iter().zip(&other.queues).map(|(queue, figures)| Queue {
            queue: &queue.name,
            figures: figures.as_ref().map(|figures| cells(figures, queue.objective.as_ref())),
        });
        let units = report.units.iter().zip(&other.units);
        let units = units.map(|(unit, figures)| Unit { unit: &unit.name, figures: figures.as_ref().map(legs) });
        let organisations = report.organisations.iter().zip(&other.organisations);
        let organisations = organisations.map(|(organisation, figures)| Organisation {
            organisation: &organisation.name,
            figures: figures.as_ref().map(legs),
        });
        Comparison {
            beside: other.beside.as_str(),
            from: other.period.from.to_string(),
            to: other.period.until.to_string(),
            imported_months: other.imported.iter().map(|month| month.format("%Y-%m").to_string()).collect(),
            queues: queues.collect(),
            units: units.collect(),
            organisations: organisations.collect(),
        }
    };
    report.comparisons.iter().map(one).collect()
}

/// Counts of one queue, weekday (1 is Monday) and local hour; only where anything was offered.
#[derive(Serialize)]
pub(super) struct WeekdayHour<'a> {
    queue: &'a str,
    weekday: usize,
    hour: usize,
    offered: i64,
    answered: i64,
    abandoned: i64,
    threshold_s: String,
    definition: &'static str,
    service_level: Option<f64>,
    service_level_share: Share,
}

/// `None` where the report does not tell it.
pub(super) fn weekday_hours(report: &Report) -> Option<Vec<WeekdayHour<'_>>> {
    let mut all = Vec::new();
    for (queue, pattern) in report.queues.iter().zip(report.patterns.as_ref()?) {
        for (weekday, hours) in pattern.cells.iter().enumerate() {
            for (hour, counts) in hours.iter().enumerate().filter(|(_, counts)| counts.offered > 0) {
                let share = pattern.level(weekday, hour);
                all.push(WeekdayHour {
                    queue: &queue.name,
                    weekday: weekday + 1,
                    hour,
                    offered: counts.offered,
                    answered: counts.answered,
                    abandoned: counts.abandoned,
                    threshold_s: seconds(pattern.threshold_ms),
                    definition: pattern.definition.as_str(),
                    service_level: share.ratio(),
                    service_level_share: share,
                });
            }
        }
    }
    Some(all)
}

/// Tickets of one queue; present where any are known.
#[derive(Serialize)]
pub(super) struct Tickets<'a> {
    queue: &'a str,
    tickets: Option<i64>,
    answered: i64,
    per_answered: Option<f64>,
    months: Vec<TicketMonth>,
}

#[derive(Serialize)]
struct TicketMonth {
    month: String,
    tickets: Option<i64>,
    answered: i64,
    per_answered: Option<f64>,
}

pub(super) fn tickets(report: &Report) -> Vec<Tickets<'_>> {
    let month = |(month, tickets, answered): &(chrono::NaiveDate, Option<i64>, i64)| TicketMonth {
        month: month.format("%Y-%m").to_string(),
        tickets: *tickets,
        answered: *answered,
        per_answered: per_answered(*tickets, *answered),
    };
    let one = |sheet| {
        let sheet: &TicketSheet = sheet;
        Tickets {
            queue: &sheet.queue,
            tickets: sheet.tickets,
            answered: sheet.answered,
            per_answered: sheet.per_answered(),
            months: sheet.months.iter().map(month).collect(),
        }
    };
    report.tickets.iter().map(one).collect()
}

/// A month as it was signed, and what is other than in the revision before.
#[derive(Serialize)]
pub(super) struct Revision<'a> {
    month: String,
    revision: u32,
    at: String,
    who: &'a str,
    why: &'a str,
    changes: Vec<Change<'a>>,
}

/// `figure` is the figure's key, joined by dots. Null is no data, or not counted.
#[derive(Serialize)]
struct Change<'a> {
    kind: &'static str,
    name: &'a str,
    figure: &'a str,
    was: Option<serde_json::Number>,
    is: Option<serde_json::Number>,
}

pub(super) fn revisions(report: &Report) -> Vec<Revision<'_>> {
    let number = |signed: Signed| match signed {
        Signed::Count(count) => Some(count.into()),
        Signed::Share(share) => share.and_then(serde_json::Number::from_f64),
        Signed::Absent => None,
    };
    let change = |one| {
        let one: &ChangeSheet = one;
        let (was, is) = (number(one.was), number(one.is));
        Change { kind: one.kind, name: &one.name, figure: &one.figure, was, is }
    };
    let one = |sheet| {
        let sheet: &RevisionSheet = sheet;
        Revision {
            month: sheet.month.format("%Y-%m").to_string(),
            revision: sheet.revision,
            at: report.period.local(sheet.at),
            who: &sheet.who,
            why: &sheet.why,
            changes: sheet.changes.iter().map(change).collect(),
        }
    };
    report.revisions.iter().map(one).collect()
}
