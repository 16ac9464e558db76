//! By which rules the queues are judged over a period: those that were signed with its closed months,
//! and for the others those of the directory.

use chrono::{Datelike, Months, NaiveDate};

use crate::clock::local_midnight;
use crate::directory::{Directory, Terms};
use crate::stats::period::Period;
use crate::store::Closing;

/// The rules of one queue over a period.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Those that held to its end. Thresholds are those that every month counts; a promise that was
    /// another one in some month judges no month but its own.
    pub terms: Terms,
    /// Whether they were changed within the period.
    pub has_changed: bool,
}

/// The first days of the months that `period` lies in.
pub fn months(period: Period) -> Vec<NaiveDate> {
    let first = period.from.with_day(1).unwrap_or(period.from);
    let following = |month: &NaiveDate| month.checked_add_months(Months::new(1));
    std::iter::successors(Some(first), following).take_while(|month| *month < period.until).collect()
}

/// The rules of every queue, in the order of the directory. `closings`: those of the period, by
/// revision.
pub fn held(directory: &Directory, closings: &[Closing], period: Period) -> Vec<Held> {
    let zone = directory.zone();
    let starts: Vec<_> = months(period).into_iter().map(|month| local_midnight(month, zone)).collect();
    let of_queue = |queue: &crate::directory::Queue| {
        let by_month = starts.iter().map(|start| {
            let signed = closings.iter().rev().find(|closing| closing.month == *start);
            let signed = signed.and_then(|closing| closing.rules.queues.get(&queue.name).cloned());
            signed.unwrap_or_else(|| queue.at(*start).terms())
        });
        let mut by_month = by_month.rev();
        let mut held = Held { terms: by_month.next().unwrap_or_else(|| queue.terms()), has_changed: false };
        for earlier in by_month {
            if earlier == held.terms {
                continue;
            }
            held.has_changed = true;
            held.terms.thresholds_ms.retain(|ms| earlier.thresholds_ms.contains(ms));
            if earlier.objective != held.terms.objective {
                held.terms.objective = None;
            }
        }
        held
    };
    directory.queues().iter().map(of_queue).collect()
}
