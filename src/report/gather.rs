//! The cells of a period, added up.

use std::collections::BTreeMap;

use chrono::Offset;

use crate::directory::Directory;
use crate::measure::Moment;
use crate::names::QueueId;
use crate::report::Interval;
use crate::stats::period::Calendar;
use crate::stats::{Cell, CellKey, LegCounts, Scope, ScopeKind, Tier, VisitCell};
use crate::store::{Reader, Sight, StoreError};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Cells that are asked for in one go, if every queue or unit has one in every interval: bounds how long
/// a question keeps the store over a year of a large house. A small house is asked once.
const CELLS_AT_ONCE: usize = 50_000;

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

/// A stretch that is to be added up, and what of it.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Its first instant.
    pub from: Moment,
    /// The first instant after it.
    pub until: Moment,
    /// The kinds; sums of others stay empty.
    pub kinds: &'static [ScopeKind],
}

impl Wanted {
    /// Everything of `from..until`.
    pub const fn whole(from: Moment, until: Moment) -> Self {
        Self { from, until, kinds: &ScopeKind::ALL }
    }

    /// Visits and transfers.
    pub const fn without_calls(from: Moment, until: Moment) -> Self {
        Self { from, until, kinds: &[ScopeKind::Queue, ScopeKind::Unit] }
    }
}

/// Adds up `from..until` from the fewest cells that cover it.
pub fn sums(
    reader: &dyn Reader,
    directory: &Directory,
    sight: &Sight,
    from: Moment,
    until: Moment,
) -> Result<Sums, StoreError> {
    Ok(sums_of(reader, directory, sight, &[Wanted::whole(from, until)])?.remove(0))
}

/// Adds up several stretches, in their order, each from the fewest cells that cover it. What lies in more than one of
/// them is read once: the year so far holds the month, and mostly the one before.
pub fn sums_of(
    reader: &dyn Reader,
    directory: &Directory,
    sight: &Sight,
    wanted: &[Wanted],
) -> Result<Vec<Sums>, StoreError> {
    let calendar = Calendar::new(directory.zone());
    let mut covers: Vec<_> = wanted.iter().map(|wanted| calendar.cover(wanted.from, wanted.until)).collect();
    let mut sums: Vec<Sums> = wanted.iter().map(|_| Sums::empty(directory)).collect();
    for ((wanted, cover), sums) in wanted.iter().zip(&mut covers).zip(&mut sums) {
        let stretch = (wanted.from, wanted.until);
        let months = reader.each_sum(sight, wanted.kinds, stretch, &mut |scope, cell| sums.add(scope, &cell))?;
        *cover = without(cover, &months);
    }
    for kind in ScopeKind::ALL {
        for tier in Tier::ALL {
            let covers: Vec<&[_]> = wanted
                .iter()
                .zip(&covers)
                .map(|(wanted, cover)| if wanted.kinds.contains(&kind) { cover.as_slice() } else { &[] })
                .collect();
            for (from, until) in joined(&covers, tier) {
                each_cell(reader, directory, sight, (kind, tier), (from, until), |key, cell| {
                    let holds = |cover: &[(Tier, Moment, Moment)]| {
                        cover.iter().any(|(of, from, until)| *of == tier && (*from..*until).contains(&key.start))
                    };
                    let sums = covers.iter().zip(&mut sums).filter(|(cover, _)| holds(cover));
                    sums.for_each(|(_, sums)| sums.add(key.scope, &cell));
                })?;
            }
        }
    }
    Ok(sums)
}

/// What is left of `cover` when these months, ascending, are taken out.
fn without(cover: &[(Tier, Moment, Moment)], months: &[(Moment, Moment)]) -> Vec<(Tier, Moment, Moment)> {
    let mut left = Vec::new();
    for &(tier, from, until) in cover {
        let mut at = from;
        for &(start, end) in months.iter().filter(|(start, _)| tier == Tier::Month && (from..until).contains(start)) {
            left.extend((at < start).then_some((tier, at, start)));
            at = end;
        }
        left.extend((at < until).then_some((tier, at, until)));
    }
    left
}

/// The stretches of one tier in `covers`, ascending, those joined that meet or overlap.
fn joined(covers: &[&[(Tier, Moment, Moment)]], tier: Tier) -> Vec<(Moment, Moment)> {
    let of_tier = covers.iter().copied().flatten().filter(|(of, ..)| *of == tier);
    let mut runs: Vec<(Moment, Moment)> = of_tier.map(|(_, from, until)| (*from, *until)).collect();
    runs.sort_unstable();
    let mut joined: Vec<(Moment, Moment)> = Vec::new();
    for (from, until) in runs {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => joined.push((from, until)),
        }
    }
    joined
}

/// Gives every cell of a kind and tier that begins in a stretch to `give`, by start.
pub(super) fn each_cell(
    reader: &dyn Reader,
    directory: &Directory,
    sight: &Sight,
    (kind, tier): (ScopeKind, Tier),
    (from, until): (Moment, Moment),
    mut give: impl FnMut(CellKey, Cell),
) -> Result<(), StoreError> {
    let names = if kind == ScopeKind::Unit { directory.units().len() } else { directory.queues().len() };
    let piece_ms = (CELLS_AT_ONCE / names.max(1)).max(1) as i64 * length_ms(tier);
    let mut at = from;
    while at < until {
        let next = at.plus_ms(piece_ms).min(until);
        reader.each_cell(sight, kind, tier, at, next, &mut give)?;
        at = next;
    }
    Ok(())
}

/// How long an interval is at least, so that no more begin in a stretch than fit into it.
const fn length_ms(tier: Tier) -> i64 {
    match tier {
        Tier::Quarter => HOUR_MS / 4,
        Tier::Day => 23 * HOUR_MS,
        Tier::Month => 28 * 24 * HOUR_MS,
    }
}

impl Sums {
    fn empty(directory: &Directory) -> Self {
        let visits = || directory.queues().iter().map(VisitCell::of_queue).collect();
        Self { queues: visits(), calls: visits(), units: vec![LegCounts::default(); directory.units().len()] }
    }

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
        each_cell(reader, directory, sight, (ScopeKind::Queue, tier), (from, until), |key, cell| {
            let (Scope::Queue(queue), Cell::Visits(cell)) = (key.scope, cell) else { return };
            if queue.index() < directory.queues().len() {
                let sum = cells.entry((queue, start(key.start)));
                sum.or_insert_with(|| VisitCell::of_queue(directory.queue(queue))).merge(&cell);
            }
        })?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::fact::{LegOutcome, Outcome};
    use crate::report::tests_support::{Memory, at};

    #[test]
    fn stretches_that_overlap_add_up_as_each_by_itself() {
        let mut memory = Memory::new();
        for (day, hour) in
            [("2026-09-30", 9), ("2026-10-01", 9), ("2026-11-15", 8), ("2026-11-15", 9), ("2026-12-02", 7)]
        {
            memory.call(0, &format!("{day}T{hour:02}:10:00Z"), Outcome::Answered, f64::from(hour));
            memory.transfer(1, &format!("{day}T{hour:02}:20:00Z"), LegOutcome::Answered);
        }
        let moment = |day: &str| at(&format!("{day}T00:00:00+01:00"));
        let stretches = [
            Wanted::whole(moment("2026-11-15"), at("2026-11-15T09:00:00Z")),
            Wanted::whole(moment("2026-11-01"), moment("2026-12-01")),
            Wanted::without_calls(at("2026-01-01T00:00:00+01:00"), moment("2026-12-03")),
        ];
        let told = |sums: &Sums| {
            (
                sums.queues[0].counts.offered,
                sums.calls[0].counts.offered,
                sums.units[1].transfers,
                sums.queues[0].max_all,
            )
        };
        let together = sums_of(&memory, &memory.directory, &Sight::ALL, &stretches).unwrap();
        let apart = stretches.map(|one| sums_of(&memory, &memory.directory, &Sight::ALL, &[one]).unwrap().remove(0));
        assert_eq!(together.iter().map(told).collect::<Vec<_>>(), apart.iter().map(told).collect::<Vec<_>>());
        let counted: Vec<(i64, i64)> = together.iter().map(|sums| (told(sums).0, told(sums).1)).collect();
        assert_eq!(counted, [(1, 1), (2, 2), (5, 0)]);
    }

    #[test]
    fn what_two_periods_share_is_joined_and_what_lies_apart_is_not() {
        let month = |from: i64, until: i64| (Tier::Month, Moment(from), Moment(until));
        let covers: [&[_]; 3] =
            [&[month(10, 11)], &[month(1, 11), (Tier::Day, Moment(11), Moment(12))], &[month(-3, -2)]];
        assert_eq!(joined(&covers, Tier::Month), [(Moment(-3), Moment(-2)), (Moment(1), Moment(11))]);
        assert_eq!(joined(&covers, Tier::Quarter), []);
    }
}
