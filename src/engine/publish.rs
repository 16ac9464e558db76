//! State to snapshot: finished figures of one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::core::Engine;
use crate::event::AgentState;
use crate::measure::Moment;
use crate::names::{QueueId, SourceId, UnitId};
use crate::source::health::Health;
use crate::stats::snapshot::{QueueNow, Snapshot, SourceNow, StoreNow, UnitNow};
use crate::stats::{Cell, CellKey, Counts, LegCounts, Scope, Tier, VisitCell};

impl Engine {
    /// The figures of this moment. `health` tells how each source fares.
    pub fn snapshot(&self, health: &dyn Fn(SourceId) -> Health) -> Snapshot {
        let now = self.clock.now();
        let sources: Vec<SourceNow> =
            (0..self.sources.len()).map(|at| self.source_now(SourceId(at as u32), health)).collect();
        let queues =
            (0..self.directory.queues().len()).map(|at| self.queue_now(QueueId(at as u32), now, &sources)).collect();
        let units = (0..self.directory.units().len()).map(|at| self.unit_now(UnitId(at as u32), now)).collect();
        Snapshot {
            at: now,
            revision: self.revision,
            directory: Arc::clone(&self.directory),
            queues,
            units,
            sources,
            store: StoreNow {
                trouble: self.health.trouble.clone(),
                commits: self.health.commits,
                errors: self.health.errors,
                last_commit_ms: self.health.last_commit_ms,
            },
            calls_held: self.tracker.len() as u64,
            calls_stale: self.tracker.went_stale(),
        }
    }

    fn source_now(&self, id: SourceId, health: &dyn Fn(SourceId) -> Health) -> SourceNow {
        let (state, live, health) = (&self.sources[id.index()].value, &self.live[id.index()], health(id));
        SourceNow {
            is_up: health.is_up,
            last_event: state.newest,
            last_heard: live.last_heard,
            accepted: state.accepted,
            duplicates: state.duplicates,
            backfilled: state.backfilled,
            unmeasured: state.unmeasured,
            rejected: state.rejected.clone(),
            behind_bytes: health.behind_bytes,
            trouble: health.trouble,
        }
    }

    fn queue_now(&self, id: QueueId, now: Moment, sources: &[SourceNow]) -> QueueNow {
        let queue = self.directory.queue(id);
        let recent = &self.recent[id.index()];
        let calendar = self.rollup.calendar();
        let scope = Scope::Queue(id);
        let cell = |tier| {
            let found = self.rollup.get(&CellKey { scope, tier, start: calendar.start(tier, now) });
            match found {
                Some(Cell::Visits(cell)) => (**cell).clone(),
                _ => VisitCell::of_queue(queue),
            }
        };
        let mut windows: Vec<VisitCell> = recent.figures(queue, now).into();
        windows.push(cell(Tier::Day));
        windows.push(cell(Tier::Month));
        let feeds = |source: &str| queue.from.is_empty() || queue.from.iter().any(|from| from.source == source);
        let names = self.directory.sources().iter().zip(sources);
        QueueNow {
            id,
            is_open: queue.hours.is_open(now),
            waiting: recent.waiting(),
            longest_wait: recent.longest_wait(now),
            talking: recent.talking(),
            agents: self.agents_of(id),
            waiting_beyond: queue.thresholds_ms.iter().map(|t| recent.waiting_beyond(*t, now)).collect(),
            windows,
            trend: self.trend(scope, now),
            totals: self.queue_totals[id.index()].value.clone(),
            is_fresh: names.into_iter().any(|(name, source)| feeds(name) && source.is_up),
        }
    }

    /// Attendants by state: of those whose state names a queue, the ones of this queue; of those
    /// whose state names none, the ones of a source that feeds it.
    fn agents_of(&self, id: QueueId) -> BTreeMap<AgentState, u32> {
        let mut agents = BTreeMap::new();
        for ((source, queue, _), state) in &self.agents {
            let is_ours = match queue {
                Some(queue) => self.directory.queue_fed_by(self.directory.switch_of(*source), queue) == Some(id),
                None => {
                    self.directory.queue(id).from.iter().any(|from| from.source == self.directory.source_name(*source))
                }
            };
            if is_ours {
                *agents.entry(*state).or_default() += 1;
            }
        }
        agents
    }

    fn trend(&self, scope: Scope, now: Moment) -> Vec<(Moment, Counts)> {
        let calendar = self.rollup.calendar();
        let mut start = calendar.start(Tier::Day, now);
        let mut trend = Vec::new();
        while start <= now {
            if let Some(Cell::Visits(cell)) = self.rollup.get(&CellKey { scope, tier: Tier::Quarter, start })
                && cell.counts.offered > 0
            {
                trend.push((start, cell.counts.clone()));
            }
            start = calendar.next(Tier::Quarter, start);
        }
        trend
    }

    fn unit_now(&self, id: UnitId, now: Moment) -> UnitNow {
        let calendar = self.rollup.calendar();
        let counts =
            |tier| match self.rollup.get(&CellKey { scope: Scope::Unit(id), tier, start: calendar.start(tier, now) }) {
                Some(Cell::Legs(counts)) => (**counts).clone(),
                _ => LegCounts::default(),
            };
        UnitNow {
            id,
            today: counts(Tier::Day),
            month: counts(Tier::Month),
            totals: self.unit_totals[id.index()].value.clone(),
        }
    }
}
