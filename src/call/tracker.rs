//! The calls in memory: apply events, settle what they say, expire what nobody speaks of.
//!
//! A call stays in memory until it is settled and has been silent for the allowed lateness, or has
//! gone stale. Whoever speaks of it later has it recalled from the archive, so memory is bounded
//! by what is going on and not by history.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use ahash::AHashMap;

use crate::call::TrackerSettings;
use crate::call::fact::{CallFacts, Change};
use crate::call::fold::{self, Context};
use crate::call::stay::SwitchTimes;
use crate::call::testimony::{Milestone, SwitchQueue, SwitchQueues, Testimonies, Testimony};
use crate::directory::Directory;
use crate::event::{CallEvent, EventKind, Reason};
use crate::measure::{Moment, Span};
use crate::names::{CallKey, SourceId};

/// Most testimonies of one call. Real calls have under a hundred; one that says more is a fault
/// of the switch or an attack, and what comes beyond is refused.
pub const TESTIMONIES_MAX: usize = 1_000;

/// Most calls in memory. A national operator's busiest quarter-hour has some 30 000; beyond this
/// the ones that were due first are let go early, at the price of a recall.
pub const CALLS_MAX: usize = 500_000;

/// A call: its testimonies in order, and what was last said of it.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// In the order of [`Testimony::place`].
    pub testimonies: Testimonies,
    /// What was last said.
    pub facts: CallFacts,
    /// It went stale: nothing more is expected.
    pub is_stale: bool,
    /// How many of its orphan ends have been handed on as dead letters.
    pub orphans_told: u16,
}

/// Where calls are found that are no longer in memory.
pub trait Archive {
    /// What went wrong.
    type Error;

    /// The call, if it was seen before. `at` is the time of the event that speaks of it. Names of
    /// switch-side queues are interned in `queues`.
    fn recall(&mut self, key: &CallKey, at: Moment, queues: &mut SwitchQueues) -> Result<Recalled, Self::Error>;
}

/// What an archive knows of a call.
#[derive(Clone, Debug)]
pub enum Recalled {
    /// All of it.
    Known(Box<Call>),
    /// Nothing: it is new.
    New,
    /// Nothing any more: calls of that time have been let go, and this may be one of them.
    LetGo,
}

/// Remembers nothing: for replays in memory.
#[derive(Debug)]
pub struct NoArchive;

impl Archive for NoArchive {
    type Error = std::convert::Infallible;
    fn recall(&mut self, _: &CallKey, _: Moment, _: &mut SwitchQueues) -> Result<Recalled, Self::Error> {
        Ok(Recalled::New)
    }
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was new. `late`: later than the allowed lateness.
    New {
        /// Too late for the live windows.
        late: bool,
    },
    /// It was known already.
    Duplicate,
    /// It says nothing of a call.
    Other,
    /// It cannot be used.
    Refused(Reason),
}

/// When a source spoke, by its own clock.
#[derive(Clone, Debug, Default)]
pub struct SourceTimes {
    /// Newest time of an event.
    pub newest: Option<Moment>,
    /// Its present, for staleness: the newest event, or the wall clock where that is known to hold.
    now: Option<Moment>,
    /// When its switch started anew, ascending.
    pub restarts: Vec<Moment>,
    /// When its switch was about to stop, ascending.
    pub stops: Vec<Moment>,
}

/// A call that was touched, as it now is.
#[derive(Clone, Copy, Debug)]
pub struct Settled<'a> {
    /// Which.
    pub key: &'a CallKey,
    /// What is known of it.
    pub call: &'a Call,
    /// Names of the switch-side queues in it.
    pub queues: &'a SwitchQueues,
    /// Time of its newest testimony.
    pub newest: Moment,
    /// Nothing more is expected of it.
    pub is_over: bool,
    /// Orphan ends to be handed on as dead letters now.
    pub orphans: u16,
}

#[derive(Debug)]
struct Held {
    key: CallKey,
    call: Call,
    /// Time of its newest testimony.
    newest: Moment,
    is_dirty: bool,
    is_settled: bool,
    /// When it is looked at next, and the number of that appointment: older ones mean nothing.
    due: Option<Moment>,
    turn: u32,
}

/// The calls in memory.
#[derive(Debug)]
pub struct Tracker {
    directory: Arc<Directory>,
    settings: TrackerSettings,
    queues: SwitchQueues,
    sources: Vec<SourceTimes>,
    by_key: AHashMap<CallKey, u32>,
    slots: Vec<Option<Held>>,
    free: Vec<u32>,
    turns: u32,
    /// Calls that were touched, each with the queue that it names first.
    dirty: Vec<(Option<SwitchQueue>, u32)>,
    due: Vec<BinaryHeap<Reverse<(Moment, u32, u32)>>>,
    went_stale: u64,
    horizon: Option<Moment>,
}

impl Tracker {
    /// Without any call.
    pub fn new(directory: Arc<Directory>, settings: TrackerSettings) -> Self {
        let sources = directory.sources().len();
        Self {
            directory,
            settings,
            queues: SwitchQueues::default(),
            sources: vec![SourceTimes::default(); sources],
            by_key: AHashMap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            turns: 0,
            dirty: Vec::new(),
            due: std::iter::repeat_with(BinaryHeap::new).take(sources).collect(),
            went_stale: 0,
            horizon: None,
        }
    }

    /// What a source's clock is believed up to: a single event far in the future must not make all
    /// open calls stale. `None` (import): whatever it says.
    pub fn set_horizon(&mut self, horizon: Option<Moment>) {
        self.horizon = horizon;
    }

    /// Names of switch-side queues.
    pub fn queues(&self) -> &SwitchQueues {
        &self.queues
    }

    /// Names of switch-side queues, to intern those of restored calls.
    pub fn queues_mut(&mut self) -> &mut SwitchQueues {
        &mut self.queues
    }

    /// When a source spoke.
    pub fn source(&self, source: SourceId) -> &SourceTimes {
        &self.sources[source.index()]
    }

    /// Puts back when a source spoke, after a restart of ours.
    pub fn restore_source(
        &mut self,
        source: SourceId,
        newest: Option<Moment>,
        restarts: Vec<Moment>,
        stops: Vec<Moment>,
    ) {
        self.sources[source.index()] = SourceTimes { newest, now: newest, restarts, stops };
    }

    /// Puts back a call, after a restart of ours.
    pub fn restore(&mut self, key: CallKey, call: Call) {
        let slot = self.hold(key, call);
        self.touch(slot);
    }

    /// Whether a call is in memory.
    pub fn holds(&self, key: &CallKey) -> bool {
        self.by_key.contains_key(key)
    }

    /// How many calls are in memory.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// How many calls went stale since the start.
    pub fn went_stale(&self) -> u64 {
        self.went_stale
    }

    /// Whether `event` names a queue that is not measured.
    pub fn is_unmeasured(&mut self, source: SourceId, event: &CallEvent) -> bool {
        let (EventKind::VisitEntered { queue, .. }
        | EventKind::VisitRefused { queue, .. }
        | EventKind::VisitAnswered { queue, .. }
        | EventKind::VisitLeft { queue, .. }) = &event.kind
        else {
            return false;
        };
        let queue = self.queues.intern(source, queue, &self.directory);
        self.queues.measured(queue).is_none()
    }

    /// Takes one event of `source` in. What it changes shows at the next [`Tracker::settle`].
    pub fn apply<A: Archive>(
        &mut self,
        source: SourceId,
        event: &CallEvent,
        archive: &mut A,
    ) -> Result<Applied, A::Error> {
        let at = event.stamp.at;
        let times = &mut self.sources[source.index()];
        let late = times.newest.is_some_and(|newest| newest - at > self.settings.lateness.ms());
        let believed = self.horizon.map_or(at, |horizon| at.min(horizon));
        times.newest = times.newest.max(Some(believed));
        times.now = times.now.max(times.newest);
        match event.kind {
            EventKind::SourceStarted => return Ok(self.mark(source, at, true)),
            EventKind::SourceStopped => return Ok(self.mark(source, at, false)),
            _ if !event.kind.is_about_call() => return Ok(Applied::Other),
            _ => {}
        }
        let key = CallKey { source, call: event.call.clone() };
        let known = self.by_key.get(&key).copied();
        let Some(what) = Milestone::of(event, source, &mut self.queues, &self.directory) else {
            return Ok(Applied::Other);
        };
        let slot = if let Some(slot) = known {
            slot
        } else {
            let call = match archive.recall(&key, at, &mut self.queues)? {
                Recalled::Known(call) => *call,
                Recalled::New => Call::default(),
                Recalled::LetGo => return Ok(Applied::Refused(Reason::LetGo)),
            };
            self.hold(key, call)
        };
        let testimony = Testimony { id: event.id, stamp: event.stamp, late, what };
        let applied = self.witness(slot, testimony);
        if !matches!(applied, Applied::Duplicate | Applied::Refused(_)) {
            self.touch(slot);
        } else if known.is_none() {
            self.schedule(slot);
        }
        Ok(applied)
    }

    fn witness(&mut self, slot: u32, testimony: Testimony) -> Applied {
        let Some(held) = &mut self.slots[slot as usize] else { return Applied::Other };
        let testimonies = &mut held.call.testimonies;
        if let Some(known) = testimonies.iter_mut().find(|known| known.id == testimony.id) {
            // The same line in another pass over the journal may have been counted differently
            // within its second; the longer count saw more of that second.
            if testimony.stamp.order == known.stamp.order && testimony.stamp.ordinal > known.stamp.ordinal {
                known.stamp.ordinal = testimony.stamp.ordinal;
                testimonies.sort_by_key(Testimony::place);
                self.touch(slot);
            }
            return Applied::Duplicate;
        }
        if testimonies.len() >= TESTIMONIES_MAX {
            return Applied::Refused(Reason::TooManyEvents);
        }
        held.newest = held.newest.max(testimony.stamp.at);
        let late = testimony.late;
        let place = testimony.place();
        let at = testimonies.iter().rposition(|known| known.place() <= place).map_or(0, |last| last + 1);
        testimonies.insert(at, testimony);
        Applied::New { late }
    }

    /// The switch started anew, or is about to stop: all its calls are seen in that light.
    fn mark(&mut self, source: SourceId, at: Moment, is_start: bool) -> Applied {
        let times = &mut self.sources[source.index()];
        let list = if is_start { &mut times.restarts } else { &mut times.stops };
        let Err(place) = list.binary_search(&at) else { return Applied::Duplicate };
        list.insert(place, at);
        for slot in 0..self.slots.len() as u32 {
            if self.slots[slot as usize].as_ref().is_some_and(|held| held.key.source == source) {
                self.touch(slot);
            }
        }
        Applied::New { late: false }
    }

    fn hold(&mut self, key: CallKey, call: Call) -> u32 {
        if self.by_key.len() >= CALLS_MAX {
            self.make_room(key.source);
        }
        self.turns = self.turns.wrapping_add(1);
        let is_settled = call.is_stale || fold::is_settled(&call.facts, &call.testimonies);
        let newest = call.testimonies.iter().map(|testimony| testimony.stamp.at).max().unwrap_or_default();
        let held = Held { key: key.clone(), call, newest, is_dirty: false, is_settled, due: None, turn: self.turns };
        let slot = if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(held);
            slot
        } else {
            self.slots.push(Some(held));
            self.slots.len() as u32 - 1
        };
        self.by_key.insert(key, slot);
        slot
    }

    fn touch(&mut self, slot: u32) {
        let Some(held) = &mut self.slots[slot as usize] else { return };
        if !held.is_dirty {
            held.is_dirty = true;
            let queue = held.call.testimonies.iter_mut().find_map(|testimony| testimony.what.queue_mut().copied());
            self.dirty.push((queue, slot));
        }
    }

    /// Lets the calls go that are due first, settled or not: they are in the archive.
    fn make_room(&mut self, source: SourceId) {
        let mut kept = Vec::new();
        let wanted = CALLS_MAX - CALLS_MAX / 16;
        while self.by_key.len() > wanted {
            let Some(Reverse((due, slot, turn))) = self.due[source.index()].pop() else { break };
            match &self.slots[slot as usize] {
                Some(held) if held.turn == turn && held.is_dirty => kept.push(Reverse((due, slot, turn))),
                Some(held) if held.turn == turn => self.release(slot),
                _ => {}
            }
        }
        self.due[source.index()].extend(kept);
    }

    fn release(&mut self, slot: u32) {
        let place = &mut self.slots[slot as usize];
        if let Some(held) = place {
            self.by_key.remove(&held.key);
            *place = None;
            self.free.push(slot);
        }
    }

    /// Makes an appointment with a call: when it may be let go, or goes stale. One that is sooner
    /// replaces the one before; one that is later waits until that has been kept.
    fn schedule(&mut self, slot: u32) {
        let Some(held) = &mut self.slots[slot as usize] else { return };
        // Ends that belong to nothing are told of after the lateness, too.
        let waits = held.is_settled || held.call.facts.orphans > held.call.orphans_told;
        let limit = if waits { self.settings.lateness } else { self.settings.stale_after };
        let due = held.newest.plus_ms(limit.ms().max(1_000));
        if held.due.is_some_and(|known| known <= due) {
            return;
        }
        self.turns = self.turns.wrapping_add(1);
        (held.due, held.turn) = (Some(due), self.turns);
        self.due[held.key.source.index()].push(Reverse((due, slot, held.turn)));
    }

    /// Works out what the calls touched since the last time now say. `visit` is shown each of them as
    /// it now is, to be stored, with what has changed.
    pub fn settle(&mut self, mut visit: impl FnMut(Settled<'_>, Vec<Change>)) {
        let mut dirty = std::mem::take(&mut self.dirty);
        // Calls of one queue one after another: what they are counted in is then at hand in the
        // processor's cache.
        dirty.sort_by_key(|(queue, _)| *queue);
        for (_, slot) in dirty {
            let Some(held) = &mut self.slots[slot as usize] else { continue };
            let times = &self.sources[held.key.source.index()];
            let newest = held.newest;
            let mut context = Context {
                source: held.key.source,
                switch: SwitchTimes { restarts: &times.restarts, stops: &times.stops },
                is_over: false,
                queues: &self.queues,
                directory: &self.directory,
                settings: &self.settings,
            };
            let mut facts = fold::fold(&held.call.testimonies, context);
            held.is_settled = fold::is_settled(&facts, &held.call.testimonies);
            let was_stale = std::mem::replace(&mut held.call.is_stale, false);
            let limit = newest.plus_ms(self.settings.stale_after.ms());
            if !held.is_settled && times.now.is_some_and(|now| now >= limit) {
                context.is_over = true;
                facts = fold::fold(&held.call.testimonies, context);
                held.call.is_stale = true;
                held.is_settled = true;
                self.went_stale += u64::from(!was_stale);
            }
            let changes = fold::changes(&held.call.facts, &facts);
            held.call.facts = facts;
            held.is_dirty = false;
            let is_in = times.now.is_some_and(|now| now >= newest.plus_ms(self.settings.lateness.ms()));
            let untold = held.call.facts.orphans.saturating_sub(held.call.orphans_told);
            let orphans = if held.is_settled || is_in { untold } else { 0 };
            held.call.orphans_told += orphans;
            let (queues, is_over) = (&self.queues, held.is_settled);
            visit(Settled { key: &held.key, call: &held.call, queues, newest, is_over, orphans }, changes);
            self.schedule(slot);
        }
    }

    /// Lets go of settled calls that have been silent for the allowed lateness, and marks those to
    /// be settled anew that have gone stale. `now`: the source's present, where it is known to be
    /// later than its newest event; the wall clock, for a source that is read to its end.
    pub fn expire(&mut self, source: SourceId, now: Option<Moment>) {
        let times = &mut self.sources[source.index()];
        // Also back: a clock that ran ahead was set right.
        times.now = now.map_or(times.now, |now| times.newest.max(Some(now)));
        let Some(now) = times.now else { return };
        while let Some(&Reverse((due, slot, turn))) = self.due[source.index()].peek() {
            if due > now {
                break;
            }
            self.due[source.index()].pop();
            let Some(held) = self.slots[slot as usize].as_mut().filter(|held| held.turn == turn) else { continue };
            held.due = None;
            if held.is_dirty {
                // It is about to be settled, which makes a new appointment.
                continue;
            }
            let newest = held.newest;
            let is_past = |limit: Span| newest.plus_ms(limit.ms()) <= now;
            let has_orphans = held.call.facts.orphans > held.call.orphans_told;
            if held.is_settled && is_past(self.settings.lateness) {
                self.release(slot);
            } else if !held.is_settled && (is_past(self.settings.stale_after) || has_orphans) {
                self.touch(slot);
            } else {
                self.schedule(slot);
            }
        }
    }
}
