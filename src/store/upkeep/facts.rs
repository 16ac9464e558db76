//! The facts of a month, streamed and counted again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::call::fact::{Change, Was};
use crate::measure::Moment;
use crate::names::{QueueId, UnitId};
use crate::stats::rollup::Rollup;
use crate::stats::{Cell, CellKey, ScopeKind, Tier};
use crate::store::StoreError;
use crate::store::cells;
use crate::store::facts::{self, VISIT_COLUMNS};
use crate::store::upkeep::Upkeep;

/// What the facts of a month come to.
#[derive(Debug)]
pub struct Counted {
    /// Every cell of the month that any fact belongs to.
    pub cells: BTreeMap<CellKey, Cell>,
    /// How many facts there were.
    pub facts: u64,
}

impl Upkeep {
    /// Counts the facts of the month that begins at `month` again, under the directory's rules.
    pub fn count_month(&self, month: Moment) -> Result<Counted, StoreError> {
        let calendar = self.calendar();
        let end = calendar.next(Tier::Month, month);
        let mut rollup = Rollup::new(Arc::clone(&self.directory));
        let mut count = 0;
        let mut put = |change: &Change| {
            rollup.apply(change);
            count += 1;
        };
        // By days: a server ends what takes long.
        let mut day = month;
        while day < end {
            let next = calendar.next(Tier::Day, day);
            self.visits_and_journeys(day, next, &mut put)?;
            self.unit_journeys(day, next, &mut put)?;
            day = next;
        }
        self.legs(month, end, &mut put)?;
        Ok(Counted { cells: rollup.touched().map(|(key, cell)| (*key, cell.clone())).collect(), facts: count })
    }

    fn visits_and_journeys(&self, from: Moment, until: Moment, put: &mut dyn FnMut(&Change)) -> Result<(), StoreError> {
        let visits = format!("SELECT {VISIT_COLUMNS} FROM visit WHERE queue = $1 AND offered >= $2 AND offered < $3");
        let journeys = "SELECT offered, outcome, decided, wait_ms, outside_hours FROM journey
                        WHERE queue = $1 AND offered >= $2 AND offered < $3";
        for (at, queue) in self.directory.queues().iter().enumerate() {
            let id = QueueId(at as u32);
            let with = [queue.name.as_str().into(), from.into(), until.into()];
            self.database.each("counting visits", &visits, &with, &mut |row| {
                put(&Change::Visit(Was { was: None, is: Some(facts::read_visit(&row, 0, id)?) }));
                Ok(())
            })?;
            self.database.each("counting calls", journeys, &with, &mut |row| {
                put(&Change::Journey(Was { was: None, is: Some(facts::read_journey(&row, id)?) }));
                Ok(())
            })?;
        }
        Ok(())
    }

    fn legs(&self, from: Moment, until: Moment, put: &mut dyn FnMut(&Change)) -> Result<(), StoreError> {
        let sql = "SELECT number, queue, kind, target, started, outcome, ring_ms, short, not_completed FROM leg
                   WHERE unit = $1 AND started >= $2 AND started < $3";
        for (at, unit) in self.directory.units().iter().enumerate() {
            let id = UnitId(at as u32);
            let with = [unit.name.as_str().into(), from.into(), until.into()];
            self.database.each("counting transfers", sql, &with, &mut |row| {
                let leg = facts::read_leg_fact(&row, id, unit.organisation, &self.directory)?;
                put(&Change::Leg(Was { was: None, is: Some(leg) }));
                Ok(())
            })?;
        }
        Ok(())
    }

    fn unit_journeys(&self, from: Moment, until: Moment, put: &mut dyn FnMut(&Change)) -> Result<(), StoreError> {
        let sql = "SELECT unit, started, reached FROM unit_journey WHERE started >= $1 AND started < $2";
        self.database.each("counting callers by unit", sql, &[from.into(), until.into()], &mut |row| {
            if let Some(id) = self.directory.unit_named(row.text(0)?) {
                let journey = facts::read_unit_journey(&row, id, self.directory.unit(id).organisation)?;
                put(&Change::UnitJourney(Was { was: None, is: Some(journey) }));
            }
            Ok(())
        })
    }

    /// The stored cells of `from..until`.
    pub(super) fn stored_cells(&self, from: Moment, until: Moment) -> Result<BTreeMap<CellKey, Cell>, StoreError> {
        let mut found = BTreeMap::new();
        for tier in Tier::ALL {
            found.extend(self.stored_cells_of(tier, from, until)?);
        }
        Ok(found)
    }

    /// The same of one tier.
    pub(super) fn stored_cells_of(
        &self,
        tier: Tier,
        from: Moment,
        until: Moment,
    ) -> Result<BTreeMap<CellKey, Cell>, StoreError> {
        let calendar = self.calendar();
        let mut found = BTreeMap::new();
        let mut at = from;
        while at < until {
            // A large house has millions of quarter-hours in a month, and a server ends what takes long.
            let next = if tier == Tier::Quarter { calendar.next(Tier::Day, at).min(until) } else { until };
            for kind in ScopeKind::ALL {
                let (of, stretch) = ((&*self.database, &*self.directory), (at, next, None));
                cells::each(of, (kind, tier), stretch, &|_| true, &mut |key, cell| drop(found.insert(key, cell)))?;
            }
            at = next;
        }
        Ok(found)
    }
}
