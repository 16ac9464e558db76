//! The calls that go on in an Asterisk, and what is told of them.
//!
//! Time is the switch's own, taken from its events; it decides what silence means.

use std::collections::VecDeque;

use ahash::AHashMap;
use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::event::{CallEvent, EndedBy, EventId, EventKind, Evidence, Stamp};
use crate::measure::Moment;
use crate::names::CallName;
use crate::source::asterisk::attempt::Attempt;
use crate::source::asterisk::channel::{Channels, Part, Seen};

/// Most calls followed at a time; what comes beyond is told without its transfers.
pub const CALLS_MAX: usize = 50_000;

/// A call: a caller, and what is being done with them.
#[derive(Debug, Default)]
pub struct Call {
    /// The caller's channel: at first the one that the call is named after.
    pub caller: SmolStr,
    /// Waiting in this queue.
    pub waiting: Option<SmolStr>,
    /// Out of the queue, and not yet known how.
    pub leaving: Option<Leaving>,
    /// Talking to an attendant.
    pub talking: Option<Talking>,
    /// It has been in a queue.
    pub is_queued: bool,
    /// An attendant has answered it.
    pub is_answered: bool,
    /// Its transfers, in order.
    pub attempts: Vec<Attempt>,
    /// Linkedids that lead to it.
    pub links: SmallVec<[SmolStr; 1]>,
}

/// Out of a queue, and not yet known how.
#[derive(Clone, Debug)]
pub struct Leaving {
    /// Which queue.
    pub queue: SmolStr,
    /// When.
    pub at: Moment,
    /// The switch calls it abandoned, which it does whenever it lets a caller go.
    pub is_abandon: bool,
    /// Seconds waited by the switch's own word.
    pub wait_s: Option<u32>,
}

/// A conversation with an attendant.
#[derive(Clone, Debug)]
pub struct Talking {
    /// From which queue.
    pub queue: SmolStr,
    /// The attendant's channel.
    pub attendant: SmolStr,
    /// The attendant's device.
    pub device: SmolStr,
    /// The answer was seen, so that the end belongs to something.
    pub is_seen: bool,
}

/// Everything that goes on.
#[derive(Debug, Default)]
pub struct Story {
    pub(super) channels: Channels,
    pub(super) calls: AHashMap<CallName, Call>,
    /// Which call a Linkedid leads to.
    pub(super) links: AHashMap<SmolStr, CallName>,
    /// Whom a device of an attendant is talking to.
    pub(super) talking: AHashMap<SmolStr, CallName>,
    /// Calls that are leaving a queue, in order of when that is decided.
    pub(super) leaving: VecDeque<(Moment, CallName)>,
    pub(super) clock: SwitchClock,
    pub(super) told: Vec<CallEvent>,
}

/// The switch's clock, as far as its events have told.
#[derive(Clone, Copy, Debug, Default)]
pub struct SwitchClock {
    /// The latest stamp.
    pub now: Moment,
    /// Whose testimony the stamps are: the switch's own, live or from a journal, or ours where it
    /// tells none.
    pub evidence: Evidence,
}

impl Story {
    /// The switch's time is now this, which is earlier than before where its clock was set back. What
    /// waited for it is decided.
    pub fn pass(&mut self, clock: SwitchClock) {
        self.clock = clock;
        self.decide_leavers();
    }

    /// Tells what happened at an earlier moment and has become plain only now.
    pub fn at(&mut self, at: Moment, tell: impl FnOnce(&mut Self)) {
        let now = std::mem::replace(&mut self.clock.now, at);
        tell(self);
        self.clock.now = now;
    }

    /// The switch's clock.
    pub fn clock(&self) -> SwitchClock {
        self.clock
    }

    /// The switch's time.
    pub fn now(&self) -> Moment {
        self.clock.now
    }

    /// What has been told since the last time.
    pub fn drain(&mut self) -> std::vec::Drain<'_, CallEvent> {
        self.told.drain(..)
    }

    /// Notes what is told of a channel in passing.
    pub fn see(&mut self, seen: Seen<'_>) {
        let Some(before) = self.channels.see(seen, self.clock.now) else { return };
        // Channels that meet take the oldest Linkedid among them: what was linked to the one before
        // is linked to the new one.
        if let (Some(call), false) = (self.links.get(&before).cloned(), self.links.contains_key(seen.linkedid)) {
            self.link(seen.linkedid, &call);
        }
    }

    /// Forgets all channels and calls: a new connection tells them anew.
    pub fn forget(&mut self) {
        self.channels.clear();
        self.calls.clear();
        self.links.clear();
        self.talking.clear();
        self.leaving.clear();
    }

    /// Names of the calls that have been in a queue and are not over.
    pub fn queued_calls(&self) -> impl Iterator<Item = &CallName> {
        self.calls.iter().filter(|(_, call)| call.is_queued).map(|(name, _)| name)
    }

    /// Whether a channel of this Uniqueid is known.
    pub fn has_channel(&self, id: &str) -> bool {
        self.channels.get(id).is_some()
    }

    /// Whether a channel shares a bridge.
    pub fn is_bridged(&self, id: &str) -> bool {
        self.channels.get(id).is_some_and(|channel| channel.is_bridged)
    }

    /// Whether `name` is that of the caller's channel of the call that a channel is part of.
    pub fn is_caller_named(&self, id: &str, name: &str) -> bool {
        let caller = self.call_of(id).and_then(|call| self.calls.get(&call)).map(|call| &call.caller);
        caller.and_then(|caller| self.channels.get(caller)).is_some_and(|channel| channel.name == name)
    }

    /// The call that a channel belongs to.
    pub(super) fn call_of(&self, id: &str) -> Option<CallName> {
        match self.channels.part(id) {
            Part::Caller(call) | Part::Attendant(call) | Part::Leg(call, _) => Some(call),
            Part::Unknown => {
                let linkedid = &self.channels.get(id)?.linkedid;
                self.links.get(linkedid).cloned()
            }
        }
    }

    /// The call whose caller this channel is, made where there is none.
    pub(super) fn caller(&mut self, id: &str) -> CallName {
        if let Part::Caller(call) = self.channels.part(id) {
            return call;
        }
        let name = CallName::new(id);
        if self.calls.len() < CALLS_MAX || self.calls.contains_key(&name) {
            self.calls.entry(name.clone()).or_default().caller = id.into();
            self.channels.cast(id, Part::Caller(name.clone()));
            if let Some(linkedid) = self.channels.get(id).map(|channel| channel.linkedid.clone())
                && !self.links.contains_key(&linkedid)
            {
                self.link(&linkedid, &name);
            }
        }
        name
    }

    /// Makes a Linkedid lead to a call.
    pub(super) fn link(&mut self, linkedid: &str, call: &CallName) {
        if let Some(known) = self.calls.get_mut(call)
            && !linkedid.is_empty()
        {
            known.links.push(linkedid.into());
            self.links.insert(linkedid.into(), call.clone());
        }
    }

    /// The name of a channel that was not known when it was first seen.
    pub fn is_device(&mut self, id: &str, name: &str) {
        if let Some(channel) = self.channels.get_mut(id) {
            channel.name = name.into();
        }
    }

    /// The number that a caller dialled.
    pub fn dialled(&mut self, id: &str, number: &str) {
        if let Some(channel) = self.channels.get_mut(id).filter(|channel| channel.dialled.is_empty()) {
            channel.dialled = number.into();
        }
    }

    /// A channel leads out of the switch.
    pub fn goes_outside(&mut self, id: &str) {
        if let Some(channel) = self.channels.get_mut(id) {
            channel.is_outside = true;
        }
    }

    /// A channel's far end dials in.
    pub fn calls_in(&mut self, id: &str) {
        if let Some(channel) = self.channels.get_mut(id) {
            channel.is_calling = true;
        }
    }

    /// A channel is to be hung up: by the switch, or because its far end did.
    pub fn hangup_requested(&mut self, id: &str, by_switch: bool) {
        if let Some(channel) = self.channels.get_mut(id) {
            channel.is_let_go |= by_switch;
            channel.is_hanging_up |= !channel.is_let_go;
        }
    }

    /// A call that was in flight when the line broke is still there, and talks or listens.
    pub fn goes_on(&mut self, name: &CallName) {
        let name = self.caller(name);
        if let Some(call) = self.calls.get_mut(&name) {
            (call.is_queued, call.is_answered) = (true, true);
        }
    }

    /// A call that waited when the line broke still does.
    pub fn waits_on(&mut self, id: &str, queue: &str) {
        let name = self.caller(id);
        if let Some(call) = self.calls.get_mut(&name) {
            (call.is_queued, call.waiting) = (true, Some(queue.into()));
        }
    }

    /// A channel shares a bridge from now on, or no longer.
    pub fn bridged(&mut self, id: &str, is_bridged: bool) {
        if let Some(channel) = self.channels.get_mut(id) {
            channel.is_bridged = is_bridged;
        }
        if is_bridged {
            self.has_bridged(id);
        }
    }

    /// A channel is gone. `cause`: its cause code, 0 where there is none.
    pub fn hangup(&mut self, id: &str, cause: u16) {
        match self.channels.part(id) {
            Part::Caller(call) => self.caller_gone(id, &call),
            Part::Leg(call, attempt) => self.leg_gone(id, &call, attempt, cause),
            Part::Attendant(call) => self.attendant_gone(id, &call),
            Part::Unknown => {}
        }
        self.channels.remove(id);
    }

    fn caller_gone(&mut self, id: &str, name: &CallName) {
        self.leave_decided_by_hangup(name);
        let is_caller = self.channels.get(id).is_some_and(|channel| channel.is_hanging_up);
        self.abandon_attempts(name);
        self.conversation_over(name, Some(EndedBy::Caller));
        let by = if is_caller { EndedBy::Caller } else { EndedBy::System };
        self.tell(name, "", EventKind::CallEnded { by: Some(by) });
        self.drop_call(name);
    }

    pub(super) fn drop_call(&mut self, name: &CallName) {
        if let Some(call) = self.calls.remove(name) {
            for link in call.links {
                self.links.remove(&link);
            }
            if let Some(talking) = call.talking {
                self.talking.remove(&talking.device);
            }
        }
    }

    /// A channel of which nothing will be heard again is forgotten, and the call whose caller it was:
    /// nobody has told how that ended.
    pub fn forget_channel(&mut self, id: &str) {
        if let Part::Caller(name) = self.channels.part(id) {
            self.drop_call(&name);
        }
        self.channels.remove(id);
    }

    /// The call is over as far as anybody can tell, since this moment; how is not known.
    pub fn lose_call(&mut self, name: &CallName, at: Moment) {
        self.tell_at(at, name, "lost", EventKind::CallEnded { by: None });
        self.drop_call(name);
    }

    /// Tells something of a call, as of now. `detail` tells it apart from others of the same kind at
    /// the same moment.
    pub(super) fn tell(&mut self, call: &CallName, detail: &str, kind: EventKind) {
        self.tell_at(self.clock.now, call, detail, kind);
    }

    /// Tells something of a call, as of another moment.
    pub(super) fn tell_at(&mut self, at: Moment, call: &CallName, detail: &str, kind: EventKind) {
        self.tell_stamped(self.stamp(at), call, detail, kind);
    }

    pub(super) fn stamp(&self, at: Moment) -> Stamp {
        Stamp { evidence: self.clock.evidence, ..Stamp::live(at) }
    }

    /// Tells something with a stamp of its own.
    pub fn tell_stamped(&mut self, stamp: Stamp, call: &CallName, detail: &str, kind: EventKind) {
        let at = stamp.at.0.to_le_bytes();
        let parts: &[&[u8]] = &[kind.type_name().as_bytes(), call.as_bytes(), &at, detail.as_bytes(), b"journal"];
        // What a live feed and a journal say at the same millisecond are two testimonies.
        let told_by = if self.clock.evidence == Evidence::Journal { parts } else { &parts[..4] };
        self.told.push(CallEvent { id: EventId::of(told_by), stamp, source: None, call: call.clone(), kind });
    }
}
