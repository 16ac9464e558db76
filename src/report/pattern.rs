//! When people call: counts by weekday and local hour.

use chrono::{Datelike, Timelike};

use crate::directory::Directory;
use crate::measure::Share;
use crate::names::DefinitionId;
use crate::report::figures::threshold_of;
use crate::report::rules::Held;
use crate::report::{Request, month};
use crate::stats::{Cell, Counts, Scope, ScopeKind, Tier, definition};
use crate::store::{Reader, StoreError};

/// One queue's counts by weekday and hour.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The threshold of the service level, ms: that of the objective, else the queue's first.
    pub threshold_ms: u32,
    /// By which definition.
    pub definition: DefinitionId,
    /// Monday first, then by local hour 0 to 23. The hour that comes twice in autumn is one here.
    pub cells: Vec<[Counts; 24]>,
}

impl Pattern {
    /// Hours in which anything was offered on any weekday.
    pub fn hours(&self) -> Vec<usize> {
        (0..24).filter(|hour| self.cells.iter().any(|day| day[*hour].offered > 0)).collect()
    }

    /// The service level of a weekday and hour.
    pub fn level(&self, weekday: usize, hour: usize) -> Share {
        definition::service_level(&self.cells[weekday][hour], self.threshold_ms, self.definition)
    }
}

/// Patterns of the queues that may be seen over a period, in the order of the directory.
pub(super) fn patterns(
    reader: &dyn Reader,
    directory: &Directory,
    rules: &[Held],
    request: &Request,
) -> Result<Vec<Pattern>, StoreError> {
    let (from, until) = request.moments(directory.zone());
    let of_queue = |(queue, held): (&crate::directory::Queue, &Held)| {
        let (threshold_ms, definition) = threshold_of(held.terms.objective.as_ref(), &held.terms.thresholds_ms);
        let empty = || std::array::from_fn(|_| Counts::of_queue(queue));
        Pattern { threshold_ms, definition, cells: (0..7).map(|_| empty()).collect() }
    };
    let mut patterns: Vec<Pattern> = directory.queues().iter().zip(rules).map(of_queue).collect();
    for (key, cell) in reader.cells(&request.sight, ScopeKind::Queue, Tier::Quarter, from, until)? {
        let (Scope::Queue(queue), Cell::Visits(cell)) = (key.scope, cell) else { continue };
        let local = key.start.to_utc().with_timezone(&directory.zone());
        if let Some(pattern) = patterns.get_mut(queue.index()) {
            pattern.cells[local.weekday().num_days_from_monday() as usize][local.hour() as usize] += &cell.counts;
        }
    }
    let seen = month::seen_queues(directory, &request.sight).map(|(id, _)| patterns[id.index()].clone());
    Ok(seen.collect())
}
