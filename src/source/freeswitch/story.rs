//! The calls that go on in a FreeSWITCH, and what is told of them.
//!
//! A call is named after its caller's channel, as the switch's own records name it. Time is the
//! switch's, taken from its events; it decides what silence means.

use std::collections::VecDeque;

use ahash::AHashMap;
use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::event::{CallEvent, EndedBy, EventId, EventKind, Evidence, Stamp};
use crate::measure::Moment;
use crate::names::CallName;
use crate::source::freeswitch::attempt::Attempt;
use crate::source::freeswitch::channel::{Channels, Part, Seen};
use crate::source::freeswitch::visit::{Answering, Leaving, Talking};

/// Most calls followed at a time; what comes beyond is told without its transfers.
pub const CALLS_MAX: usize = 50_000;

/// A call: a caller, and what is being done with them.
#[derive(Debug, Default)]
pub struct Call {
    /// The caller's channel.
    pub caller: SmolStr,
    /// Waiting in this queue.
    pub waiting: Option<SmolStr>,
    /// Out of the queue, and not yet known how.
    pub leaving: Option<Leaving>,
    /// An attendant has answered, and the caller does not hear them yet.
    pub answering: Option<Answering>,
    /// Talking to an attendant.
    pub talking: Option<Talking>,
    /// When that was over.
    pub talked_until: Option<Moment>,
    /// It has been in a queue.
    pub is_queued: bool,
    /// Which ones.
    pub queues: SmallVec<[SmolStr; 1]>,
    /// An attendant has answered it.
    pub is_answered: bool,
    /// It went on while nobody listened: what was said of it then is not known.
    pub is_resumed: bool,
    /// Its transfers, in order.
    pub attempts: Vec<Attempt>,
    /// The switch's notes of transfers that have been read.
    pub notes: Vec<SmolStr>,
}

/// What the switch said that something is told from: its word's identity, and its clock.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// Which start of the switch, and which word since then.
    pub identity: EventId,
    /// The switch's time.
    pub at: Moment,
    /// That time is ours, since the switch tells none.
    pub is_ours: bool,
}

impl Default for Word {
    /// Nothing has been said.
    fn default() -> Self {
        Self { identity: EventId(0), at: Moment(0), is_ours: false }
    }
}

/// Everything that goes on.
#[derive(Debug, Default)]
pub struct Story {
    pub(super) channels: Channels,
    pub(super) calls: AHashMap<CallName, Call>,
    /// Whom the phone of an attendant is talking to.
    pub(super) talking: AHashMap<SmolStr, CallName>,
    /// Calls that are leaving a queue, in order of when that is decided.
    pub(super) leaving: VecDeque<(Moment, CallName)>,
    pub(super) word: Word,
    pub(super) told: Vec<CallEvent>,
}

impl Story {
    /// The switch says something. What waited for its time to pass is decided.
    pub fn hear(&mut self, word: Word) {
        self.word = word;
        self.decide_leavers();
    }

    /// The switch's time.
    pub fn now(&self) -> Moment {
        self.word.at
    }

    /// Whether that time is ours.
    pub fn is_on_our_clock(&self) -> bool {
        self.word.is_ours
    }

    /// What has been told since the last time.
    pub fn drain(&mut self) -> std::vec::Drain<'_, CallEvent> {
        self.told.drain(..)
    }

    /// Forgets all channels and calls: a new connection tells them anew.
    pub fn forget(&mut self) {
        self.channels.clear();
        self.calls.clear();
        self.talking.clear();
        self.leaving.clear();
    }

    /// Names of the calls that have been in a queue and are not over.
    pub fn queued_calls(&self) -> impl Iterator<Item = &CallName> {
        self.calls.iter().filter(|(_, call)| call.is_queued).map(|(name, _)| name)
    }

    /// Whether this channel's call has been in a queue.
    pub fn is_queued(&self, id: &str) -> bool {
        self.calls.get(id).is_some_and(|call| call.is_queued)
    }

    /// Notes what is told of a channel in passing, and finds its part in a call.
    pub fn see(&mut self, seen: Seen<'_>) {
        self.channels.see(seen, self.word.at);
        if self.channels.part(seen.id) != Part::Unknown || !self.has_channel(seen.id) {
            return;
        }
        if !seen.rung_for.is_empty() {
            self.channels.cast(seen.id, Part::Attendant(seen.rung_for.into()));
        } else if !seen.maker.is_empty() && seen.maker != seen.id {
            self.made_by(seen.id, seen.maker);
        }
    }

    /// Whether a channel is known.
    pub fn has_channel(&self, id: &str) -> bool {
        self.channels.get(id).is_some()
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
        }
        name
    }

    /// A channel's far end has answered.
    pub fn answers(&mut self, id: &str) {
        let now = self.word.at;
        if let Some(channel) = self.channels.get_mut(id) {
            channel.answered = channel.answered.or(Some(now));
        }
        if let Part::Leg(name, place) = self.channels.part(id) {
            self.judge_answer(&name, place);
        }
    }

    /// Two channels share a bridge from now on.
    pub fn bridged(&mut self, one: &str, other: &str) {
        self.channels.bridge(one, other);
        for (id, partner) in [(one, other), (other, one)] {
            match self.channels.part(id) {
                Part::Leg(name, place) => {
                    self.meets(&name, place, partner);
                    self.judge_answer(&name, place);
                }
                Part::Caller(name) => {
                    self.caller_hears(&name, partner);
                    self.judge_last(&name);
                }
                Part::Asker(name, place) => {
                    self.judge_answer(&name, place);
                    self.judge_pick_up(&name, place);
                }
                Part::Attendant(name) => self.judge_last(&name),
                Part::Unknown => {}
            }
        }
    }

    /// A channel shares its bridge no longer.
    pub fn unbridged(&mut self, id: &str) {
        self.channels.unbridge(id);
    }

    /// A channel is gone.
    pub fn hangup(&mut self, gone: Gone<'_>) {
        match self.channels.part(gone.id) {
            Part::Caller(call) => self.caller_gone(&gone, &call),
            Part::Leg(call, attempt) => self.leg_gone(&gone, &call, attempt),
            Part::Asker(call, attempt) => self.asker_gone(&gone, &call, attempt),
            Part::Attendant(call) => self.attendant_gone(&gone, &call),
            Part::Unknown => self.asked_in_vain(&gone),
        }
        self.channels.remove(gone.id);
    }

    fn caller_gone(&mut self, gone: &Gone<'_>, name: &CallName) {
        self.leave_decided(name, Some(true));
        if gone.is_in_voicemail {
            self.reaches_voicemail(gone.id);
        }
        self.abandon_attempts(name, gone.why_unreached);
        let is_talking = self.is_talking(name);
        let by = if gone.by_far_end.unwrap_or(is_talking) { EndedBy::Caller } else { EndedBy::System };
        self.conversation_over(name, Some(EndedBy::Caller));
        // A caller who hangs up is taken to have been waiting, unless it is known that they were not.
        let is_known = self.calls.get(name).is_none_or(|call| !call.is_resumed);
        self.tell(name, "", EventKind::CallEnded { by: is_known.then_some(by) });
        self.drop_call(name);
    }

    pub(super) fn drop_call(&mut self, name: &CallName) {
        if let Some(talking) = self.calls.remove(name).and_then(|call| call.talking) {
            self.talking.remove(&talking.user);
        }
    }

    /// A call that was in flight when the line broke is still there, and talks or listens.
    pub fn goes_on(&mut self, name: &CallName) {
        let name = self.caller(name);
        if let Some(call) = self.calls.get_mut(&name) {
            (call.is_queued, call.is_answered, call.is_resumed) = (true, true, true);
        }
    }

    /// The call is over as far as anybody can tell, since this moment; how is not known.
    pub fn lose_call(&mut self, name: &CallName, at: Moment) {
        let word = Word { identity: EventId::of(&[b"lost", &at.0.to_le_bytes()]), at, is_ours: false };
        self.tell_from(word, name, "", EventKind::CallEnded { by: None });
        self.drop_call(name);
    }

    /// Tells something of a call, as of now. `detail` tells it apart from others of the same kind that
    /// follow from the same word.
    pub(super) fn tell(&mut self, call: &CallName, detail: &str, kind: EventKind) {
        self.tell_from(self.word, call, detail, kind);
    }

    /// Tells something that follows from another word.
    pub fn tell_from(&mut self, word: Word, call: &CallName, detail: &str, kind: EventKind) {
        let evidence = if word.is_ours { Evidence::Receiver } else { Evidence::Live };
        let stamp = Stamp { evidence, ..Stamp::live(word.at) };
        self.tell_stamped(word, stamp, call, detail, kind);
    }

    /// Tells something with a stamp of its own.
    pub fn tell_stamped(&mut self, word: Word, stamp: Stamp, call: &CallName, detail: &str, kind: EventKind) {
        let identity = word.identity.0.to_le_bytes();
        let parts = [&identity[..], kind.type_name().as_bytes(), call.as_bytes(), detail.as_bytes()];
        self.told.push(CallEvent { id: EventId::of(&parts), stamp, source: None, call: call.clone(), kind });
    }

    /// Tells something that is not about a call.
    pub fn note(&mut self, detail: &str, kind: EventKind) {
        self.tell(&CallName::default(), detail, kind);
    }

    /// What the switch last said.
    pub fn word(&self) -> Word {
        self.word
    }
}

/// A channel that is gone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gone<'a> {
    /// Which.
    pub id: &'a str,
    /// The switch's name of the cause.
    pub cause: &'a str,
    /// Its far end hung up, and not the switch, where that is told.
    pub by_far_end: Option<bool>,
    /// It was last listening to a voicemail box.
    pub is_in_voicemail: bool,
    /// The cause for which the last number that it rang could not be reached, where told.
    pub why_unreached: &'a str,
}
