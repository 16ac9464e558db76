//! Figures that no switch told, as reports use them: monthly totals of an old system, and tickets of a
//! service desk. Marked wherever they show, and never in place of what was measured.
//!
//! Knows what was told, not where it was read ([`delivery`](crate::report::delivery)) or is kept.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};

use crate::call::fact::LegOutcome;
use crate::directory::Directory;
use crate::measure::Moment;
use crate::names::{QueueId, UnitId};
use crate::report::gather::Sums;
use crate::report::period::months;
use crate::stats::counts::ThresholdCounts;
use crate::stats::period::Period;
use crate::stats::{Cell, Counts, LegCounts, Scope, ScopeKind, Tier};
use crate::store::{Elsewhere, Reader, Sight, StoreError, Told};

/// All that is carried in.
#[derive(Clone, Debug, Default)]
pub struct Carried {
    queues: BTreeMap<(QueueId, NaiveDate), Counts>,
    units: BTreeMap<(UnitId, NaiveDate), LegCounts>,
    /// Tickets by queue and day.
    tickets: BTreeMap<(QueueId, NaiveDate), i64>,
}

impl Carried {
    /// What was told, the later word in place of the earlier. What is of a queue or unit that is not
    /// configured shows nowhere.
    pub fn of<'a>(told: impl IntoIterator<Item = &'a Elsewhere>, directory: &Directory) -> Self {
        let mut carried = Self::default();
        for Elsewhere { name, day, told } in told {
            let (queue, unit) = (directory.queue_named(name), directory.unit_named(name));
            match (told, queue, unit) {
                (Told::Queue { offered, answered, abandoned, within }, Some(queue), _) => {
                    let threshold = |(ms, within): (&u32, &i64)| ThresholdCounts {
                        threshold_ms: *ms,
                        within: *within,
                        ..ThresholdCounts::default()
                    };
                    let counts = Counts {
                        offered: *offered,
                        answered: *answered,
                        abandoned: *abandoned,
                        overflowed: offered - answered - abandoned,
                        // How long each waited nobody tells; whether in time, the thresholds do.
                        waits_answered: *answered,
                        waits_abandoned: *abandoned,
                        waits_all: *offered,
                        thresholds: within.iter().map(threshold).collect(),
                        ..Counts::default()
                    };
                    carried.queues.insert((queue, *day), counts);
                }
                (Told::Unit { transfers, answered }, _, Some(unit)) => {
                    let mut counts = LegCounts { transfers: *transfers, ..LegCounts::default() };
                    counts.outcomes[LegOutcome::Answered as usize] = *answered;
                    // What became of the others nobody has told; they were not answered there.
                    counts.outcomes[LegOutcome::NoAnswerDropped as usize] = transfers - answered;
                    carried.units.insert((unit, *day), counts);
                }
                (Told::Tickets(tickets), Some(queue), _) => {
                    carried.tickets.insert((queue, *day), *tickets);
                }
                _ => {}
            }
        }
        carried
    }

    /// Tickets of a queue in a period; `None`: no day of it is known.
    pub fn tickets(&self, queue: QueueId, period: Period) -> Option<i64> {
        let known = self.tickets.range((queue, period.from)..(queue, period.until));
        known.map(|(_, tickets)| *tickets).reduce(|sum, tickets| sum + tickets)
    }

    /// Whether any tickets of the queue are known.
    pub fn has_tickets(&self, queue: QueueId) -> bool {
        self.tickets.keys().any(|(of, _)| *of == queue)
    }

    /// Adds to `sums` the months of `period` in which nothing was measured of a queue or unit, and
    /// says which months those are. Only whole months can be added.
    pub fn fill(
        &self,
        reader: &dyn Reader,
        directory: &Directory,
        sight: &Sight,
        period: Period,
        sums: &mut Sums,
    ) -> Result<BTreeSet<NaiveDate>, StoreError> {
        let mut filled = BTreeSet::new();
        if months(period).is_none() || (self.queues.is_empty() && self.units.is_empty()) {
            return Ok(filled);
        }
        let (from, until) = period.moments(directory.zone());
        let measured = measured(reader, directory, sight, from, until)?;
        let is_in = |month: NaiveDate| period.from <= month && month < period.until;
        for ((queue, month), counts) in &self.queues {
            if is_in(*month) && sight.sees_queue(*queue) && !measured.contains(&(Scope::Queue(*queue), *month)) {
                sums.queues[queue.index()].counts += counts;
                filled.insert(*month);
            }
        }
        for ((unit, month), counts) in &self.units {
            if is_in(*month) && sight.sees_unit(*unit, directory) && !measured.contains(&(Scope::Unit(*unit), *month)) {
                sums.units[unit.index()].combine(counts, 1);
                filled.insert(*month);
            }
        }
        Ok(filled)
    }

    /// Whether any of the months that were carried in is of this queue.
    pub fn has_any(&self, queue: QueueId, period: Period, filled: &BTreeSet<NaiveDate>) -> bool {
        let mut carried = self.queues.range((queue, period.from)..(queue, period.until));
        carried.any(|((_, month), _)| filled.contains(month))
    }

    /// Whether every carried month of a queue in `period` counts this threshold: where one does not,
    /// the sum would pass for a low level.
    pub fn counts_at(&self, queue: QueueId, period: Period, filled: &BTreeSet<NaiveDate>, threshold_ms: u32) -> bool {
        let mut carried = self.queues.range((queue, period.from)..(queue, period.until));
        carried.all(|((_, month), counts)| {
            !filled.contains(month) || counts.thresholds.iter().any(|at| at.threshold_ms == threshold_ms)
        })
    }
}

/// Which queues and units have figures of their own in which months.
fn measured(
    reader: &dyn Reader,
    directory: &Directory,
    sight: &Sight,
    from: Moment,
    until: Moment,
) -> Result<BTreeSet<(Scope, NaiveDate)>, StoreError> {
    let mut found = BTreeSet::new();
    for kind in [ScopeKind::Queue, ScopeKind::Unit] {
        reader.each_cell(sight, kind, Tier::Month, from, until, &mut |key, cell| {
            let is_used = match &cell {
                Cell::Visits(cell) => cell.counts.offered > 0,
                Cell::Legs(counts) => counts.transfers > 0,
            };
            let day = crate::clock::local_day(key.start, directory.zone());
            if is_used {
                found.insert((key.scope, day.with_day(1).unwrap_or(day)));
            }
        })?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::fact::Outcome;
    use crate::names::DefinitionId;
    use crate::report::compare::Beside;
    use crate::report::delivery::{tickets, totals};
    use crate::report::tests_support::Memory;

    const TOTALS: &str = "month,kind,name,offered,answered,abandoned,threshold,within\n\
        2025-11,queue,kundtjanst,100,90,8,30s,72\n\
        2025-11,queue,kundtjanst,100,90,8,60s,85\n\
        2026-10,queue,kundtjanst,999,999,0,30s,999\n\
        2026-02,queue,kundtjanst,10,10,0,30s,9\n\
        2025-11,unit,skola,20,11,,,\n";

    #[test]
    fn a_year_ago_is_there_from_the_first_month_and_never_in_place_of_what_was_measured() {
        let mut memory = Memory::new();
        memory.call(0, "2026-10-05T10:00:00+02:00", Outcome::Answered, 29.0);
        memory.call(0, "2026-11-05T10:00:00+01:00", Outcome::Answered, 29.0);
        memory.transfer(1, "2026-11-05T10:02:00+01:00", LegOutcome::Answered);
        memory.elsewhere = totals(TOTALS.as_bytes(), &memory.directory).unwrap();
        let report = memory.report("2026-11", None);
        let beside = |beside: Beside| report.comparisons.iter().find(|other| other.beside == beside).unwrap();
        let ago = beside(Beside::YearAgo);
        let figures = ago.queues[0].as_ref().unwrap();
        assert_eq!((figures.counts.offered, figures.counts.answered, figures.counts.overflowed), (100, 90, 2));
        let offered = DefinitionId::ALL.iter().position(|id| *id == DefinitionId::OfOffered).unwrap();
        assert_eq!(figures.thresholds[0].levels[offered].ratio(), Some(0.72));
        assert_eq!((figures.waits.mean, figures.waits.p90), (None, None));
        assert_eq!(ago.imported, ["2025-11-01".parse().unwrap()]);
        assert_eq!(ago.units[0].as_ref().unwrap().answer_rate.ratio(), Some(0.55));
        // October was measured.
        assert_eq!(beside(Beside::Before).queues[0].as_ref().unwrap().counts.offered, 1);
        assert!(beside(Beside::Before).imported.is_empty());
        // February was not, and nobody has told its calls within 60 s.
        let year = beside(Beside::YearSoFar);
        let figures = year.queues[0].as_ref().unwrap();
        assert_eq!(figures.counts.offered, 12);
        let thresholds: Vec<u32> = figures.thresholds.iter().map(|at| at.counts.threshold_ms).collect();
        assert_eq!(thresholds, [30_000]);
    }

    #[test]
    fn tickets_stand_beside_the_answered_calls() {
        let mut memory = Memory::new();
        for minute in 0..4 {
            memory.call(1, &format!("2026-11-02T10:0{minute}:00+01:00"), Outcome::Answered, 5.0);
        }
        let text = "day;queue;tickets\n2026-10-30;it;7\n2026-11-02;it;2\n2026-11-03;it;1\n";
        memory.elsewhere = tickets(text.as_bytes(), &memory.directory).unwrap();
        let report = memory.report("2026-11", None);
        let tickets = &report.tickets[0];
        assert_eq!((tickets.tickets, tickets.answered), (Some(3), 4));
        assert_eq!(tickets.per_answered(), Some(0.75));
        assert_eq!(report.tickets.len(), 1);
    }
}
