//! What a start puts back: sources, totals, open calls, live windows, today's and this month's cells.

use crate::call::fact::Was;
use crate::engine::core::{Engine, Touched};
use crate::measure::Moment;
use crate::names::{QueueId, UnitId};
use crate::stats::{CellKey, Scope, Tier};
use crate::store::{StoreError, saved};

impl Engine {
    pub(super) fn restore(&mut self) -> Result<(), StoreError> {
        let now = self.calm.now();
        let restored = self.store.restore(now.plus_ms(-60 * 60 * 1000))?;
        for (name, state) in restored.sources {
            let Some(source) = self.directory.source_named(&name) else { continue };
            self.tracker.restore_source(source, state.newest, state.restarts.clone(), state.stops.clone());
            self.sources[source.index()] = Touched::stored(state);
        }
        for (id, mut totals) in restored.queue_totals {
            // A threshold that is new in the configuration starts at zero; one that is gone is let go.
            let old = std::mem::take(&mut totals.thresholds);
            let known = |t: u32| old.iter().find(|(threshold, ..)| *threshold == t).copied();
            let thresholds = &self.directory.queue(id).thresholds_ms;
            totals.thresholds = thresholds.iter().map(|t| known(*t).unwrap_or((*t, 0, 0))).collect();
            self.queue_totals[id.index()] = Touched::stored(totals);
        }
        for (id, totals) in restored.unit_totals {
            self.unit_totals[id.index()] = Touched::stored(totals);
        }
        for (key, bytes) in restored.open_calls {
            let call = saved::from_bytes(&bytes, &key, self.tracker.queues_mut(), &self.directory)
                .ok_or_else(|| StoreError::Damaged { what: format!("call `{}`", key.call) })?;
            for visit in &call.facts.visits {
                // Decided ones come with the recent visits.
                if visit.outcome.is_none() {
                    let entered = Was { was: None, is: Some(visit.clone()) };
                    self.recent[visit.queue.index()].apply(&entered, Moment(i64::MAX));
                }
            }
            self.tracker.restore(key, call);
        }
        self.spooled = Touched::stored(restored.spooled);
        for visit in restored.recent {
            let decided = Was { was: None, is: Some(visit) };
            if let Some(visit) = &decided.is {
                self.recent[visit.queue.index()].apply(&decided, Moment(i64::MIN));
            }
        }
        self.restore_cells(now)
    }

    fn restore_cells(&mut self, now: Moment) -> Result<(), StoreError> {
        let calendar = self.rollup.calendar().clone();
        let (day, month) = (calendar.start(Tier::Day, now), calendar.start(Tier::Month, now));
        let month_before = calendar.start(Tier::Month, month.plus_ms(-1));
        let mut keys = Vec::new();
        for at in 0..self.directory.queues().len() {
            let scope = Scope::Queue(QueueId(at as u32));
            keys.push(CellKey { scope, tier: Tier::Day, start: day });
            keys.push(CellKey { scope, tier: Tier::Month, start: month });
            keys.push(CellKey { scope, tier: Tier::Month, start: month_before });
            let mut start = day;
            while start <= now {
                keys.push(CellKey { scope, tier: Tier::Quarter, start });
                start = calendar.next(Tier::Quarter, start);
            }
        }
        for at in 0..self.directory.units().len() {
            let scope = Scope::Unit(UnitId(at as u32));
            keys.push(CellKey { scope, tier: Tier::Day, start: day });
            keys.push(CellKey { scope, tier: Tier::Month, start: month });
        }
        for (at, cell) in self.store.recall_cells(&keys)? {
            self.rollup.put(keys[at], cell);
        }
        Ok(())
    }
}
