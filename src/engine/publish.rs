//! State to snapshot: finished figures of one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::core::Engine;
use crate::event::AgentState;
use crate::measure::Moment;
use crate::names::{QueueId, SourceId, UnitId};
use crate::source::health::Health;
use crate::stats::snapshot::{QueueNow, ReportNow, Snapshot, SourceNow, UnitNow};
use crate::stats::{Cell, CellKey, Counts, LegCounts, Scope, Tier, VisitCell};

/// The moment of a snapshot, with the starts of its day and months: worked out once for all queues.
#[derive(Clone, Copy)]
struct Present {
    now: Moment,
    day: Moment,
    month: Moment,
    month_before: Moment,
}

impl Engine {
    /// The figures of this moment. `health` tells how each source fares, `reports` how the scheduled
    /// reports do.
    pub fn snapshot(&self, health: &dyn Fn(SourceId) -> Health, reports: Vec<ReportNow>) -> Snapshot {
        let now = self.calm.peek();
        let calendar = self.rollup.calendar();
        let month = calendar.start(Tier::Month, now);
        let month_before = calendar.start(Tier::Month, month.plus_ms(-1));
        let present = Present { now, day: calendar.start(Tier::Day, now), month, month_before };
        let open: Vec<bool> = self.directory.queues().iter().map(|queue| queue.hours.is_open(now)).collect();
        let sources: Vec<SourceNow> =
            (0..self.sources.len()).map(|at| self.source_now(SourceId(at as u32), now, &open, health)).collect();
        let queues = open
            .iter()
            .enumerate()
            .map(|(at, is_open)| self.queue_now(QueueId(at as u32), *is_open, present, &sources))
            .collect();
        let units = (0..self.directory.units().len()).map(|at| self.unit_now(UnitId(at as u32), present)).collect();
        Snapshot {
            at: self.clock.now(),
            revision: self.revision,
            directory: Arc::clone(&self.directory),
            queues,
            units,
            sources,
            store: self.health.0.clone(),
            reports,
            calls_held: self.tracker.len() as u64,
            calls_stale: self.tracker.went_stale(),
        }
    }

    fn source_now(&self, id: SourceId, now: Moment, open: &[bool], health: &dyn Fn(SourceId) -> Health) -> SourceNow {
        let (state, live, health) = (&self.sources[id.index()].value, &self.live[id.index()], health(id));
        let name = self.directory.source_name(id);
        let mut queues = self.directory.queues().iter().zip(open);
        // At night nobody calls; who says nothing then is not silent.
        let mut is_expected = || queues.any(|(queue, is_open)| *is_open && queue.is_fed_by(name));
        // A source that has not been heard since the start is given the same time from there.
        let silent_ms = now - live.heard.unwrap_or(self.started);
        SourceNow {
            is_up: health.is_up,
            last_event: state.newest,
            last_heard: live.last_heard,
            is_silent: (!health.is_up || health.silent_after.is_some_and(|limit| silent_ms > limit.ms()))
                && is_expected(),
            gaps: live.gaps,
            last_gap: live.last_gap,
            last_reject: live.last_reject,
            lags: live.lags,
            lag_ms: live.lag_ms,
            accepted: state.accepted,
            duplicates: state.duplicates,
            backfilled: state.backfilled,
            unmeasured: state.unmeasured,
            rejected: state.rejected.clone(),
            behind_bytes: health.behind_bytes,
            trouble: health.trouble,
            mapping: state.mapping.clone(),
            mapping_changed: state.mapping_changed,
        }
    }

    fn queue_now(&self, id: QueueId, is_open: bool, present: Present, sources: &[SourceNow]) -> QueueNow {
        let queue = self.directory.queue(id);
        let (recent, now) = (&self.recent[id.index()], present.now);
        let scope = Scope::Queue(id);
        let cell = |tier, start| match self.rollup.get(&CellKey { scope, tier, start }) {
            Some(Cell::Visits(cell)) => Some(&**cell),
            _ => None,
        };
        let mut windows: Vec<VisitCell> = recent.figures(queue, now).into();
        for (tier, start) in [(Tier::Day, present.day), (Tier::Month, present.month)] {
            windows.push(cell(tier, start).cloned().unwrap_or_else(|| VisitCell::of_queue(queue)));
        }
        let mut names = self.directory.sources().iter().zip(sources);
        QueueNow {
            id,
            is_open,
            waiting: recent.waiting(),
            longest_wait: recent.longest_wait(now),
            talking: recent.talking(),
            agents: self.agents_of(id),
            tells_agents: self.tells_agents[id.index()],
            waiting_beyond: queue.thresholds_ms.iter().map(|t| recent.waiting_beyond(*t, now)).collect(),
            windows,
            month_before: cell(Tier::Month, present.month_before).map(|cell| cell.counts.clone()),
            trend: self.trend(scope, now),
            totals: self.queue_totals[id.index()].value.clone(),
            is_fresh: names.any(|(name, source)| source.is_up && !source.is_silent && queue.is_fed_by(name)),
        }
    }

    /// Attendants by state: of those whose state names a queue, the ones of this queue; of those
    /// whose state names none, the ones of a source that feeds it.
    fn agents_of(&self, id: QueueId) -> BTreeMap<AgentState, u32> {
        let mut agents = BTreeMap::new();
        for ((source, queue, _), state) in &self.agents {
            if self.queues_of_agent(*source, queue.as_deref()).contains(&id) {
                *agents.entry(*state).or_default() += 1;
            }
        }
        agents
    }

    /// The queues whose attendant somebody of `source` is: that of the switch's queue, or all that the
    /// source feeds where it names none.
    pub(super) fn queues_of_agent(&self, source: SourceId, queue: Option<&str>) -> Vec<QueueId> {
        if let Some(queue) = queue {
            return self.directory.queue_fed_by(self.directory.switch_of(source), queue).into_iter().collect();
        }
        let name = self.directory.source_name(source);
        let fed = |at: &u32| self.directory.queue(QueueId(*at)).from.iter().any(|from| from.source == name);
        (0..self.directory.queues().len() as u32).filter(fed).map(QueueId).collect()
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

    fn unit_now(&self, id: UnitId, present: Present) -> UnitNow {
        let counts = |tier, start| match self.rollup.get(&CellKey { scope: Scope::Unit(id), tier, start }) {
            Some(Cell::Legs(counts)) => (**counts).clone(),
            _ => LegCounts::default(),
        };
        UnitNow {
            id,
            today: counts(Tier::Day, present.day),
            month: counts(Tier::Month, present.month),
            totals: self.unit_totals[id.index()].value.clone(),
        }
    }
}
