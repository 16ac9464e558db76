//! The cells of a period, added up.

use std::collections::BTreeMap;

use chrono::Offset;

use crate::directory::Directory;
use crate::measure::Moment;
use crate::names::QueueId;
use crate::report::Interval;
use crate::stats::period::Calendar;
use crate::stats::{Cell, LegCounts, Scope, ScopeKind, Tier, VisitCell};
use crate::store::{Reader, Sight, StoreError};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Sums of a period: one cell for each queue and unit of the directory, by id.
#[derive(Debug)]
pub struct Sums {
    /// Visits, by queue.
    pub queues: Vec<VisitCell>,
    /// Whole calls, by queue of the first visit.
    pub calls: Vec<VisitCell>,
    /// Transfer legs, by unit; the first is `unknown`.
    pub units: Vec<LegCounts>,
}

/// Adds up `from..until` from the fewest cells that cover it.
pub fn sums(
    reader: &dyn Reader,
    directory: &Directory,
    sight: &Sight,
    from: Moment,
    until: Moment,
) -> Result<Sums, StoreError> {
    let visits = || directory.queues().iter().map(VisitCell::of_queue).collect();
    let mut sums =
        Sums { queues: visits(), calls: visits(), units: vec![LegCounts::default(); directory.units().len()] };
    for (tier, from, until) in Calendar::new(directory.zone()).cover(from, until) {
        for kind in [ScopeKind::Queue, ScopeKind::Calls, ScopeKind::Unit] {
            for (key, cell) in reader.cells(sight, kind, tier, from, until)? {
                sums.add(key.scope, &cell);
            }
        }
    }
    Ok(sums)
}

impl Sums {
    fn add(&mut self, scope: Scope, cell: &Cell) {
        match (scope, cell) {
            (Scope::Queue(queue), Cell::Visits(cell)) => merge(&mut self.queues, queue, cell),
            (Scope::Calls(queue), Cell::Visits(cell)) => merge(&mut self.calls, queue, cell),
            (Scope::Unit(unit), Cell::Legs(counts)) => {
                if let Some(sum) = self.units.get_mut(unit.index()) {
                    sum.combine(counts, 1);
                }
            }
            _ => debug_assert!(false, "the store keeps visits by queue and legs by unit"),
        }
    }
}

fn merge(sums: &mut [VisitCell], queue: QueueId, cell: &VisitCell) {
    if let Some(sum) = sums.get_mut(queue.index()) {
        sum.merge(cell);
    }
}

/// Visits of each queue by interval: only those intervals in which anything was offered, so that a
/// year of quarter-hours is not a list of nights.
pub fn intervals(
    reader: &dyn Reader,
    directory: &Directory,
    sight: &Sight,
    interval: Interval,
    from: Moment,
    until: Moment,
) -> Result<BTreeMap<(QueueId, Moment), VisitCell>, StoreError> {
    let calendar = Calendar::new(directory.zone());
    let runs = match interval {
        Interval::Quarter | Interval::Hour => vec![(Tier::Quarter, from, until)],
        Interval::Day => vec![(Tier::Day, from, until)],
        Interval::Month => calendar.cover(from, until),
    };
    let start = |at: Moment| match interval {
        Interval::Quarter => at,
        Interval::Hour => local_hour(at, &calendar),
        Interval::Day => calendar.start(Tier::Day, at),
        Interval::Month => calendar.start(Tier::Month, at).max(from),
    };
    let mut cells = BTreeMap::new();
    for (tier, from, until) in runs {
        for (key, cell) in reader.cells(sight, ScopeKind::Queue, tier, from, until)? {
            let (Scope::Queue(queue), Cell::Visits(cell)) = (key.scope, cell) else { continue };
            if queue.index() < directory.queues().len() {
                let sum = cells.entry((queue, start(key.start)));
                sum.or_insert_with(|| VisitCell::of_queue(directory.queue(queue))).merge(&cell);
            }
        }
    }
    cells.retain(|_, cell| cell.counts.offered > 0);
    Ok(cells)
}

/// Start of the local hour of `at`. Worked out from the offset to UTC, which is not a whole number
/// of hours everywhere.
fn local_hour(at: Moment, calendar: &Calendar) -> Moment {
    let offset = at.to_utc().with_timezone(&calendar.zone()).offset().fix().local_minus_utc();
    at.plus_ms(-(at.0 + i64::from(offset) * 1000).rem_euclid(HOUR_MS))
}
