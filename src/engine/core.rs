//! Take, commit, end of an import.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use smol_str::SmolStr;

use crate::call::fact::{CallChanges, Change};
use crate::call::{Applied, Settled, Tracker, TrackerSettings};
use crate::clock::{CalmClock, Clock};
use crate::directory::Directory;
use crate::engine::intake::Intake;
use crate::engine::recall::{Ahead, Recall};
use crate::engine::standing::{Live, StoreHealth};
use crate::engine::touched::{Touched, touched, untouch};
use crate::event::{AgentState, CallEvent, EventKind, Reason, Reject};
use crate::measure::{Moment, Span};
use crate::names::SourceId;
use crate::source::batch::{Batch, Fate, Receipt};
use crate::stats::rollup::Rollup;
use crate::stats::snapshot::Unstored;
use crate::stats::totals::{QueueTotals, UnitTotals};
use crate::stats::window::Recent;
use crate::store::contract::CallRow;
use crate::store::spool::Mark;
use crate::store::{Commit, Gap, SourceState, Store, StoreError, saved};

/// Longest live window, ms.
const WINDOW_MS: i64 = 60 * 60 * 1000;
/// A live source whose clock runs ahead is believed up to this far beyond ours.
const AHEAD_MS: i64 = 10 * 60 * 1000;
/// How long a step of our clock must last before the figures follow it: what is set wrongly is set
/// right again by then, as a rule, and no caller is given up in between.
const STEP_LASTS_MS: i64 = 10 * 60 * 1000;
/// No call is let go sooner than this.
const LET_GO_AFTER_MS: i64 = 30 * 24 * 3_600_000;
/// Most attendants whose state is kept. A state beyond it is not shown.
const AGENTS_MAX: usize = 50_000;

/// The engine.
pub struct Engine {
    pub(super) directory: Arc<Directory>,
    pub(super) clock: Clock,
    /// The same for figures.
    pub(super) calm: CalmClock,
    pub(super) lateness: Span,
    /// When the engine was opened.
    pub(super) started: Moment,
    pub(super) tracker: Tracker,
    pub(super) rollup: Rollup,
    pub(super) recent: Vec<Recent>,
    pub(super) queue_totals: Vec<Touched<QueueTotals>>,
    pub(super) unit_totals: Vec<Touched<UnitTotals>>,
    pub(super) sources: Vec<Touched<SourceState>>,
    pub(super) live: Vec<Live>,
    pub(super) agents: BTreeMap<(SourceId, Option<SmolStr>, SmolStr), AgentState>,
    /// By queue: whether a source has told of its attendants.
    pub(super) tells_agents: Vec<bool>,
    pub(super) store: Box<dyn Store>,
    pub(super) health: StoreHealth,
    pub(super) revision: u64,
    /// How much of the spool is stored.
    pub(super) spooled: Touched<Option<Mark>>,
    pub(super) settings: TrackerSettings,
    /// The store keeps nothing: the figures are for showing only.
    pub(super) is_away: bool,
    is_import: bool,
    pending: Pending,
}

/// What has been worked out and not yet stored.
#[derive(Default)]
struct Pending {
    changes: Vec<CallChanges>,
    calls: Vec<CallRow>,
    dead_letters: Vec<(SourceId, Moment, Reject)>,
    gaps: Vec<Gap>,
    /// How many of `changes` have been added up.
    counted: usize,
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.calls.is_empty() && self.dead_letters.is_empty() && self.gaps.is_empty()
    }
}

impl Engine {
    /// An engine over `store`, with everything put back that the store knows.
    pub fn open(
        directory: Arc<Directory>,
        settings: TrackerSettings,
        store: Box<dyn Store>,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let mut engine = Self::fresh(directory, settings, store, clock);
        engine.restore()?;
        Ok(engine)
    }

    /// The same, with nothing put back yet.
    pub(super) fn fresh(
        directory: Arc<Directory>,
        settings: TrackerSettings,
        store: Box<dyn Store>,
        clock: Clock,
    ) -> Self {
        let lateness = settings.lateness;
        Self {
            tracker: Tracker::new(Arc::clone(&directory), settings.clone()),
            settings,
            rollup: Rollup::new(Arc::clone(&directory)),
            recent: directory.queues().iter().map(|_| Recent::default()).collect(),
            queue_totals: directory
                .queues()
                .iter()
                .map(|queue| Touched::stored(QueueTotals::of_queue(queue)))
                .collect(),
            unit_totals: vec![Touched::default(); directory.units().len()],
            sources: vec![Touched::default(); directory.sources().len()],
            live: vec![Live::default(); directory.sources().len()],
            agents: BTreeMap::new(),
            tells_agents: vec![false; directory.queues().len()],
            health: StoreHealth::default(),
            revision: 0,
            spooled: Touched::default(),
            is_away: false,
            is_import: false,
            pending: Pending::default(),
            directory,
            started: clock.now(),
            calm: CalmClock::new(clock.clone(), STEP_LASTS_MS),
            clock,
            lateness,
            store,
        }
    }

    /// From now on old files are read: a source's own clock is believed however far it runs, and
    /// nothing is shown live.
    #[must_use]
    pub fn importing(mut self) -> Self {
        self.is_import = true;
        self
    }

    /// How far a source has been read, in its own words.
    pub fn position(&self, source: SourceId) -> Option<&str> {
        self.sources[source.index()].value.position.as_deref()
    }

    /// How many events of a source have named a queue that is not measured, and such names.
    pub fn unmeasured(&self, source: SourceId) -> (u64, Vec<&str>) {
        (self.sources[source.index()].value.unmeasured, self.tracker.queues().unmeasured().collect())
    }

    /// Takes a batch in. What fails can be tried again with the same intake.
    pub fn take(&mut self, intake: &mut Intake) -> Result<(), StoreError> {
        let now = self.calm.now();
        self.tracker.set_horizon((!self.is_import).then(|| now.plus_ms(AHEAD_MS)));
        let source = intake.batch.source;
        let mut ahead = self.ask_ahead(source, intake.batch.events.get(intake.next..).unwrap_or_default())?;
        while let Some(event) = intake.batch.events.get(intake.next) {
            self.hear(source, event, &mut intake.receipt, &mut ahead, now)?;
            intake.next += 1;
        }
        while let Some(reject) = intake.batch.rejects.get(intake.refused) {
            self.refuse(source, reject.clone(), now);
            intake.receipt.rejected += 1;
            intake.refused += 1;
        }
        let newest = self.newest_of(&intake.batch);
        if let Some(position) = &intake.batch.position {
            self.sources[source.index()].change().position = Some(position.clone());
        }
        let state = &mut self.sources[source.index()];
        if state.value.newest != newest {
            state.change().newest = newest;
        }
        let live = &mut self.live[source.index()];
        (live.last_heard, live.heard) = (Some(self.clock.now()), Some(now));
        live.is_caught_up = intake.batch.caught_up;
        Ok(())
    }

    fn hear(
        &mut self,
        feed: SourceId,
        event: &CallEvent,
        receipt: &mut Receipt,
        ahead: &mut Ahead,
        now: Moment,
    ) -> Result<(), StoreError> {
        let (source, renamed) = self.source_of(feed, event);
        let event = renamed.as_ref().unwrap_or(event);
        let recent_from = now.plus_ms(-LET_GO_AFTER_MS);
        let mut recall = Recall { store: &mut *self.store, ahead, directory: &self.directory, recent_from };
        let switch = self.directory.switch_of(source);
        let applied = self.tracker.apply(switch, event, &mut recall)?;
        let is_unmeasured = self.tracker.is_unmeasured(switch, event);
        match applied {
            Applied::Duplicate => {
                receipt.duplicates += 1;
                receipt.fates.push(Fate::Duplicate);
                self.sources[source.index()].change().duplicates += 1;
            }
            Applied::Refused(reason) => {
                receipt.rejected += 1;
                receipt.fates.push(Fate::Refused(reason));
                let why = match reason {
                    Reason::LetGo => "is so old that its events have been let go, and might be counted twice",
                    _ => "has more events than any call can have",
                };
                let detail = format!("call `{}` {why}", event.call);
                let reject =
                    Reject::new(format!("call {}", event.call), reason, detail, event.kind.type_name().as_bytes());
                self.refuse(source, reject.at(event.stamp.at), now);
            }
            Applied::New { .. } | Applied::Other => {
                receipt.accepted += 1;
                receipt.fates.push(Fate::Accepted);
                let is_old = now - event.stamp.at > self.lateness.ms();
                let state = self.sources[source.index()].change();
                state.accepted += 1;
                state.backfilled += u64::from(is_old);
                state.unmeasured += u64::from(is_unmeasured);
                self.live[source.index()].took(event.stamp.at, now);
                self.note(source, event);
            }
        }
        Ok(())
    }

    /// Newest time of an event of a feed, with those of `batch`.
    fn newest_of(&self, batch: &Batch) -> Option<Moment> {
        let switch = self.directory.switch_of(batch.source);
        let of_switch = self.tracker.source(switch).newest;
        let known = self.sources[batch.source.index()].value.newest;
        if switch == batch.source && self.directory.feeds_of(switch).count() == 1 {
            return of_switch.max(known);
        }
        let told = batch.events.iter().map(|event| event.stamp.at).max();
        // What the switch's clock is believed up to, its feed is.
        known.max(told.min(of_switch.max(known)))
    }

    /// Which source an event is of. One that names a source of its own which is not configured came
    /// through its feed: it is counted there, with call and id kept apart from the feed's own.
    pub(super) fn source_of(&self, feed: SourceId, event: &CallEvent) -> (SourceId, Option<CallEvent>) {
        let Some(own) = event.source.as_deref().filter(|own| *own != self.directory.source_name(feed)) else {
            return (feed, None);
        };
        if let Some(source) = self.directory.source_named(own) {
            return (source, None);
        }
        let mut event = event.clone();
        event.id = crate::event::EventId::of(&[own.as_bytes(), &event.id.0.to_le_bytes()]);
        if !event.call.is_empty() {
            event.call = format!("{own}/{}", event.call).into();
        }
        (feed, Some(event))
    }

    /// What an event says that is not about a call.
    fn note(&mut self, source: SourceId, event: &CallEvent) {
        match &event.kind {
            EventKind::AgentChanged { agent, queue, state } => {
                let key = (source, queue.clone(), agent.clone());
                for id in self.queues_of_agent(source, queue.as_deref()) {
                    self.tells_agents[id.index()] = true;
                }
                if *state == AgentState::Offline {
                    self.agents.remove(&key);
                } else if self.agents.len() < AGENTS_MAX || self.agents.contains_key(&key) {
                    self.agents.insert(key, *state);
                }
            }
            EventKind::SourceGap { from, to, reason } => {
                self.live[source.index()].missed(*to);
                self.pending.gaps.push(Gap {
                    source: self.directory.source_name(source).to_owned(),
                    from: *from,
                    to: *to,
                    reason: reason.as_ref().map(ToString::to_string),
                });
            }
            EventKind::SourceStarted | EventKind::SourceStopped => {
                let switch = self.directory.switch_of(source);
                let times = self.tracker.source(switch);
                let state = self.sources[switch.index()].change();
                (state.restarts, state.stops) = (times.restarts.clone(), times.stops.clone());
            }
            _ => {}
        }
    }

    fn refuse(&mut self, source: SourceId, reject: Reject, now: Moment) {
        *self.sources[source.index()].change().rejected.entry(reject.reason).or_default() += 1;
        self.live[source.index()].last_reject = Some(now);
        self.pending.dead_letters.push((source, now, reject));
    }

    /// Works out what changed since the last commit, adds it up and stores it, all or nothing. May
    /// be called again after a failure, and must be before the next batch is taken.
    pub fn commit(&mut self) -> Result<(), StoreError> {
        self.work_out()?;
        self.store_pending()?;
        if !self.is_away {
            self.health.0.trouble = None;
        }
        Ok(())
    }

    /// Says to the store that the writer is there.
    pub fn keep(&mut self) -> Result<(), StoreError> {
        self.store.keep()
    }

    /// Works out what changed since it was last done, and adds it up; stores nothing. Interim outcomes
    /// that it sees are counted by the totals, so live and from the spool it is done behind the same
    /// batches.
    pub(super) fn work_out(&mut self) -> Result<(), StoreError> {
        if self.pending.counted == self.pending.changes.len() {
            self.settle();
        }
        self.add_up()
    }

    /// The store failed: said on every surface until a commit succeeds.
    pub(super) fn trouble(&mut self, why: String) {
        self.health.failed(why);
    }

    /// So much has not been stored, and why.
    pub(super) fn is_unstored(&mut self, unstored: Unstored, why: String) {
        (self.health.0.unstored, self.health.0.trouble) = (Some(unstored), Some(why));
    }

    fn settle(&mut self) {
        let now = self.calm.now();
        let (directory, pending) = (&self.directory, &mut self.pending);
        let mut orphans = Vec::new();
        self.tracker.settle(|settled, changes| {
            pending.calls.push(row_of(&settled, directory));
            for nth in 0..settled.orphans {
                orphans.push((settled.key.source, orphan(&settled, nth)));
            }
            if !changes.is_empty() {
                pending.changes.push(CallChanges { key: settled.key.clone(), changes });
            }
        });
        for (source, reject) in orphans {
            self.refuse(source, reject, now);
        }
    }

    fn add_up(&mut self) -> Result<(), StoreError> {
        let now = self.calm.now();
        let (oldest, live_from) = (now.plus_ms(-WINDOW_MS), now.plus_ms(-self.lateness.ms()));
        let not_counted = self.pending.changes.get(self.pending.counted..).unwrap_or_default();
        let changes = not_counted.iter().flat_map(|call| &call.changes);
        self.rollup.prepare(changes, |keys| self.store.recall_cells(keys))?;
        while let Some(call) = self.pending.changes.get(self.pending.counted) {
            for change in &call.changes {
                self.rollup.apply(change);
                match change {
                    Change::Visit(visit) => {
                        let id = visit.is.as_ref().or(visit.was.as_ref()).map(|fact| fact.queue);
                        let Some(id) = id else { continue };
                        self.recent[id.index()].apply(visit, oldest);
                        let told = visit.is.as_ref().map(|is| is.decided.unwrap_or(is.offered));
                        let totals = &mut self.queue_totals[id.index()];
                        if told.is_some_and(|at| at >= live_from) {
                            totals.is_touched |= totals.value.apply(visit, self.directory.queue(id));
                        }
                    }
                    Change::Leg(leg) => {
                        let Some(is) = &leg.is else { continue };
                        let totals = &mut self.unit_totals[is.unit.index()];
                        if is.started >= oldest {
                            totals.is_touched |= totals.value.apply(leg);
                        }
                    }
                    Change::Journey(_) | Change::UnitJourney(_) => {}
                }
            }
            self.pending.counted += 1;
        }
        Ok(())
    }

    fn store_pending(&mut self) -> Result<(), StoreError> {
        let started = Instant::now();
        let is_quiet = !self.spooled.is_touched && !self.sources.iter().any(|source| source.is_touched);
        if self.pending.is_empty() && is_quiet {
            return Ok(());
        }
        let commit = Commit {
            changes: &self.pending.changes,
            calls: std::mem::take(&mut self.pending.calls),
            cells: self.rollup.touched().map(|(key, cell)| (*key, cell)).collect(),
            queue_totals: touched(&self.queue_totals, crate::names::QueueId),
            unit_totals: touched(&self.unit_totals, crate::names::UnitId),
            dead_letters: std::mem::take(&mut self.pending.dead_letters),
            gaps: std::mem::take(&mut self.pending.gaps),
            sources: touched(&self.sources, SourceId),
            spooled: self.spooled.value.filter(|_| self.spooled.is_touched),
        };
        let stored = self.store.commit(&commit);
        if let Err(error) = stored {
            let Commit { calls, dead_letters, gaps, .. } = commit;
            (self.pending.calls, self.pending.dead_letters, self.pending.gaps) = (calls, dead_letters, gaps);
            return Err(error);
        }
        self.pending = Pending::default();
        if self.is_away {
            self.rollup.kept();
        } else {
            self.rollup.committed(self.calm.now());
            self.health.committed(started.elapsed().as_secs_f64() * 1000.0);
        }
        untouch(&mut self.queue_totals);
        untouch(&mut self.unit_totals);
        untouch(&mut self.sources);
        untouch(std::slice::from_mut(&mut self.spooled));
        self.revision += 1;
        Ok(())
    }

    /// Lets time pass for the calls of each source: those that are read to their end live by the
    /// wall clock, others by their own.
    pub fn expire(&mut self) {
        let was_off = self.calm.is_off();
        let now = self.calm.now();
        if self.calm.is_off() != was_off {
            let seconds = self.calm.ahead_ms() / 1000;
            tracing::warn!(seconds, is_off = !was_off, "our clock was set; the figures follow it when that has lasted");
        }
        for at in 0..self.sources.len() {
            let source = SourceId(at as u32);
            let is_present =
                !self.is_import && self.directory.feeds_of(source).any(|feed| self.live[feed.index()].is_caught_up);
            self.tracker.expire(source, is_present.then_some(now));
        }
        for recent in &mut self.recent {
            recent.trim(now);
        }
    }

    /// The last file of an import has been read: what has no end by now has none, unless it is of
    /// the last hours.
    pub fn end_import(&mut self, source: SourceId) -> Result<(), StoreError> {
        let switch = self.directory.switch_of(source);
        let newest = self.tracker.source(switch).newest;
        let all_in = newest.map(|newest| newest.plus_ms(self.lateness.ms()));
        self.tracker.expire(switch, all_in.max(Some(self.clock.now())));
        self.commit()
    }
}

fn row_of(settled: &Settled<'_>, directory: &Directory) -> CallRow {
    CallRow {
        key: settled.key.clone(),
        bytes: saved::to_bytes(settled.call, settled.queues, directory),
        newest: settled.newest,
        is_over: settled.is_over,
    }
}

fn orphan(settled: &Settled<'_>, nth: u16) -> Reject {
    let call = &settled.key.call;
    let number = settled.call.orphans_told - nth;
    let detail =
        format!("call `{call}`: an end whose beginning was never seen, and that tells no wait to work it out from");
    Reject::new(format!("call {call}, orphan {number}"), Reason::OrphanEnd, detail, call.as_bytes()).at(settled.newest)
}
