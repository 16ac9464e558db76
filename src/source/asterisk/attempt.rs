//! Transfers to units, by the fate of the dial legs that follow them.
//!
//! No transfer event says whether anybody answered; the legs do. A unit has answered when one of its
//! devices says so *and* shares a bridge. Legs to Local channels only lead to devices, so both of
//! their halves play the part of the attempt and are no legs of it themselves.

use smol_str::SmolStr;

use crate::event::{AnsweredBy, EventKind, Stamp, TransferKind, TransferResult};
use crate::measure::Moment;
use crate::names::CallName;
use crate::source::asterisk::Story;
use crate::source::asterisk::channel::{Part, local_extension};
use crate::source::rung::{ACCEPTED_MS, Ended, RANG_OUT_MS};

/// Most transfers of one call that are followed; real calls have one or two.
const ATTEMPTS_MAX: usize = 100;
/// Most devices of one transfer; a large group rings some dozens.
const LEGS_MAX: usize = 200;
/// One transfer.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Its name within the call.
    pub name: SmolStr,
    /// How.
    pub kind: TransferKind,
    /// The extension.
    pub target: SmolStr,
    /// When.
    pub started: Moment,
    /// The devices that were rung.
    pub legs: Vec<Leg>,
    /// When somebody there answered.
    pub taken: Option<(Moment, AnsweredBy)>,
    /// What was last told of its failure.
    pub failed: Option<TransferResult>,
    /// How the way to the devices ended, where the switch said so before they did.
    pub way_ended: Option<Ended>,
    /// The caller waits in the unit's own queue.
    pub in_queue: Option<SmolStr>,
    /// The attendant asks first.
    pub is_consult: bool,
    /// The attendant has let go.
    pub is_handed_over: bool,
    /// Somebody else's phone took the call.
    pub is_picked_up: bool,
    /// The phone passed the call on.
    pub is_forwarded: bool,
    /// The channel on which the attendant asks, where it is one of its own.
    pub asker: Option<SmolStr>,
}

/// One device of a transfer.
#[derive(Clone, Debug)]
pub struct Leg {
    /// Its channel.
    pub id: SmolStr,
    /// How it ended.
    pub ended: Option<Ended>,
    /// When it said that it answered.
    pub answered: Option<Moment>,
}

/// What a dial status means; `None` for an answer and for what ends nothing.
pub fn of_status(status: &str) -> Option<Ended> {
    Some(match status {
        "NOANSWER" => Ended::NoAnswer,
        "BUSY" => Ended::Busy,
        "DONTCALL" | "TORTURE" => Ended::Rejected,
        "CHANUNAVAIL" | "CONGESTION" => Ended::Unreachable,
        "CANCEL" | "ABORT" => Ended::Cancelled,
        _ => return None,
    })
}

/// What a device's cause code says more exactly than its dial status (ITU-T Q.850).
pub fn of_cause(cause: u16) -> Option<Ended> {
    Some(match cause {
        17 => Ended::Busy,
        18 | 19 => Ended::NoAnswer,
        21 => Ended::Rejected,
        1 | 2 | 3 | 20 | 22 | 27 | 28 | 38 => Ended::Unreachable,
        _ => return None,
    })
}

impl Story {
    /// An attendant sends a channel to `target` without asking first.
    pub fn blind_transfer(&mut self, transferee: &str, target: &str) {
        let name = self.transferred(transferee);
        self.conversation_over(&name, Some(crate::event::EndedBy::Transfer));
        self.begin(&name, TransferKind::Blind, target, false);
    }

    /// The call of a channel that is transferred: from now on this channel is its caller.
    pub(super) fn transferred(&mut self, id: &str) -> CallName {
        let Part::Leg(name, _) = self.channels.part(id) else { return self.caller(id) };
        self.channels.cast(id, Part::Caller(name.clone()));
        let before = self.calls.get_mut(&name).map(|call| std::mem::replace(&mut call.caller, id.into()));
        if let Some(before) = before.filter(|before| *before != id) {
            self.channels.cast(&before, Part::Unknown);
        }
        name
    }

    pub(super) fn begin(&mut self, name: &CallName, kind: TransferKind, target: &str, is_consult: bool) -> usize {
        let started = self.clock.now;
        let Some(call) = self.calls.get_mut(name) else { return 0 };
        if call.attempts.len() >= ATTEMPTS_MAX {
            return call.attempts.len() - 1;
        }
        call.attempts.push(Attempt {
            name: format!("{}-{target}", started.0).into(),
            kind,
            target: target.into(),
            started,
            legs: Vec::new(),
            taken: None,
            failed: None,
            way_ended: None,
            in_queue: None,
            is_consult,
            is_handed_over: false,
            is_picked_up: false,
            is_forwarded: false,
            asker: None,
        });
        let place = call.attempts.len() - 1;
        self.tell_started(name, place);
        place
    }

    pub(super) fn tell_started(&mut self, name: &CallName, place: usize) {
        let Some(attempt) = self.attempt(name, place) else { return };
        let kind = EventKind::TransferStarted {
            transfer: attempt.name.clone(),
            kind: attempt.kind,
            target: attempt.target.clone(),
            queue: None,
            agent: None,
        };
        let (started, detail) = (attempt.started, format!("{}{}", attempt.name, attempt.kind.as_str()));
        self.tell_at(started, name, &detail, kind);
    }

    pub(super) fn attempt(&self, name: &CallName, place: usize) -> Option<&Attempt> {
        self.calls.get(name)?.attempts.get(place)
    }

    pub(super) fn attempt_mut(&mut self, name: &CallName, place: usize) -> Option<&mut Attempt> {
        self.calls.get_mut(name)?.attempts.get_mut(place)
    }

    /// A channel begins to ring another. `exten`: where the first one is in the dialplan.
    pub fn dial_begins(&mut self, from: &str, to: &str, exten: &str) {
        match self.channels.part(from) {
            Part::Caller(name) => {
                let Some(call) = self.calls.get(&name) else { return };
                if call.waiting.is_some() {
                    self.channels.cast(to, Part::Attendant(name));
                    return;
                }
                if let Part::Leg(asked, place) = self.channels.part(to)
                    && asked == name
                {
                    // Let go while it rings: what the attendant rang now rings for the caller.
                    self.add_leg(&name, place, to);
                    return;
                }
                let open = self.open_attempt(&name);
                // No transfer event: the attendant's client moved the caller; or, if no attendant
                // ever answered, the caller dialled the unit.
                let was_sent = call.is_answered || call.talking.is_some();
                let kind = if was_sent { TransferKind::Blind } else { TransferKind::Direct };
                let place = open.unwrap_or_else(|| {
                    self.conversation_over(&name, None);
                    self.begin(&name, kind, exten, false)
                });
                self.add_leg(&name, place, to);
            }
            Part::Leg(name, place) => self.add_leg(&name, place, to),
            Part::Attendant(name) => self.channels.cast(to, Part::Attendant(name)),
            Part::Unknown => self.unknown_dials(from, to, exten),
        }
    }

    fn unknown_dials(&mut self, from: &str, to: &str, exten: &str) {
        let Some(channel) = self.channels.get(from) else { return };
        let target = SmolStr::new(local_extension(&channel.name).unwrap_or(exten));
        let linkedid = channel.linkedid.clone();
        let by_link = self.links.get(&linkedid).filter(|name| self.is_talking(name)).cloned();
        let by_device = || self.talking.get(self.channels.device(from)).cloned();
        if let Some(name) = by_link.or_else(by_device) {
            if !self.links.contains_key(&linkedid) {
                self.link(&linkedid, &name);
            }
            let place = self.begin(&name, TransferKind::Attended, &target, true);
            if !self.channels.is_local(from)
                && let Some(attempt) = self.attempt_mut(&name, place)
            {
                attempt.asker = Some(from.into());
            }
            self.channels.cast(from, Part::Leg(name.clone(), place));
            self.add_leg(&name, place, to);
        } else if !self.channels.is_local(from) && !self.links.contains_key(&linkedid) {
            let name = self.caller(from);
            let place = self.begin(&name, TransferKind::Direct, &target, false);
            self.add_leg(&name, place, to);
        }
    }

    /// Whether the caller on this channel has been sent on, and nobody has taken the call there yet.
    pub fn is_sent_on(&self, id: &str) -> bool {
        matches!(self.channels.part(id), Part::Caller(name) if self.open_attempt(&name).is_some())
    }

    /// The last transfer that the caller was sent on by, if nobody has taken it yet.
    pub(super) fn open_attempt(&self, name: &CallName) -> Option<usize> {
        let attempts = &self.calls.get(name)?.attempts;
        let last = attempts.iter().rposition(|attempt| !attempt.is_consult || attempt.is_handed_over);
        last.filter(|place| attempts[*place].taken.is_none())
    }

    /// Whether a channel is a phone that a transfer rings, and has not been answered.
    pub fn is_ringing_leg(&self, id: &str) -> bool {
        let Part::Leg(name, place) = self.channels.part(id) else { return false };
        let leg = self.attempt(&name, place).and_then(|attempt| attempt.legs.iter().find(|leg| leg.id == id));
        leg.is_some_and(|leg| leg.answered.is_none() && leg.ended.is_none())
    }

    /// Whether the caller of this channel's call is talking to an attendant.
    pub fn is_being_helped(&self, id: &str) -> bool {
        self.call_of(id).is_some_and(|name| self.is_talking(&name))
    }

    pub(super) fn is_talking(&self, name: &CallName) -> bool {
        self.calls.get(name).is_some_and(|call| call.talking.is_some())
    }

    fn add_leg(&mut self, name: &CallName, place: usize, id: &str) {
        self.channels.cast(id, Part::Leg(name.clone(), place));
        if self.channels.is_local(id) {
            return;
        }
        let is_calling = self.channels.get(id).is_some_and(|channel| channel.is_calling);
        let Some(attempt) = self.attempt_mut(name, place) else { return };
        if let Some(known) = attempt.legs.iter_mut().find(|leg| leg.id == id) {
            // Let go while it rings: the same phone rings on, now for the caller.
            known.ended = None;
            return;
        }
        if attempt.legs.len() >= LEGS_MAX {
            return;
        }
        // A phone that dialled in before it was rung has dialled to pick the call up.
        attempt.is_picked_up |= is_calling;
        attempt.legs.push(Leg { id: id.into(), ended: None, answered: None });
        if attempt.legs.len() == 1 {
            let transfer = attempt.name.clone();
            self.tell(name, &transfer.clone(), EventKind::TransferRinging { transfer });
        }
    }

    /// A leg's dialling ended. `status`: the switch's word.
    pub fn dial_ends(&mut self, to: &str, status: &str) {
        let Part::Leg(name, place) = self.channels.part(to) else { return };
        let now = self.clock.now;
        let Some(leg) = self.leg_mut(&name, place, to) else {
            if let (Some(attempt), ended @ Some(_)) = (self.attempt_mut(&name, place), of_status(status)) {
                attempt.way_ended = ended;
            }
            return;
        };
        if status == "ANSWER" {
            leg.answered = leg.answered.or(Some(now));
            self.judge_answer(&name, place);
        } else if let Some(ended) = of_status(status)
            && leg.answered.is_none()
        {
            // What is told first counts: a queue says it again in other words.
            leg.ended = leg.ended.or(Some(ended));
            self.tell_failed(&name, place);
        }
    }

    fn leg_mut(&mut self, name: &CallName, place: usize, id: &str) -> Option<&mut Leg> {
        self.attempt_mut(name, place)?.legs.iter_mut().find(|leg| leg.id == id)
    }

    /// A phone of another's group takes the call of a leg that rings.
    pub fn picks_up(&mut self, target: &str) {
        let Part::Leg(name, place) = self.channels.part(target) else { return };
        if let Some(attempt) = self.attempt_mut(&name, place) {
            attempt.is_picked_up = true;
        }
    }

    /// A channel shares a bridge now: a transfer may have been answered by that.
    pub(super) fn has_bridged(&mut self, id: &str) {
        match self.channels.part(id) {
            Part::Leg(name, place) => self.judge_answer(&name, place),
            Part::Caller(name) => {
                let attempts = self.calls.get(&name).map_or(0, |call| call.attempts.len());
                if let Some(last) = attempts.checked_sub(1) {
                    self.judge_answer(&name, last);
                }
            }
            _ => {}
        }
    }

    /// A transfer is answered when a device of it has answered, shares a bridge, and whoever sent or
    /// asks does so too: a phone that answers and is then asked whether it wants the call, and does
    /// not, shares a bridge with nobody but the switch.
    fn judge_answer(&mut self, name: &CallName, place: usize) {
        let Some(attempt) = self.attempt(name, place) else { return };
        let Some(caller) = self.calls.get(name).map(|call| &call.caller) else { return };
        let is_bridged = |id: &SmolStr| self.channels.get(id).is_some_and(|channel| channel.is_bridged);
        let answered = attempt.legs.iter().filter(|leg| is_bridged(&leg.id)).find_map(|leg| Some((leg, leg.answered?)));
        let (Some((leg, said)), None) = (answered, attempt.taken) else { return };
        let is_heard = match (&attempt.asker, attempt.is_consult) {
            (Some(asker), _) => is_bridged(asker) || is_bridged(caller),
            // On a Local channel the attendant shares a bridge with its near half from the start.
            (None, true) => true,
            (None, false) => is_bridged(caller),
        };
        if !is_heard {
            return;
        }
        let device = self.channels.device(&leg.id);
        let is_said = self.channels.get(&leg.id).is_some_and(|channel| channel.is_outside);
        let is_outside = is_said || (!device.is_empty() && device == self.channels.device(caller));
        let by = match (is_outside && !attempt.is_picked_up, attempt.is_picked_up || attempt.is_forwarded) {
            // Where callers come from is also where calls go out.
            (true, _) => AnsweredBy::External,
            (false, true) => AnsweredBy::Other,
            (false, false) => AnsweredBy::Person,
        };
        let now = self.clock.now;
        let at = if now - said <= ACCEPTED_MS { said } else { now };
        let transfer = attempt.name.clone();
        if let Some(attempt) = self.attempt_mut(name, place) {
            attempt.taken = Some((at, by));
        }
        self.tell_at(at, name, &transfer.clone(), EventKind::TransferAnswered { transfer, by });
    }

    pub(super) fn leg_gone(&mut self, id: &str, name: &CallName, place: usize, cause: u16) {
        let is_alone = self.calls.get(name).is_some_and(|call| call.talking.is_some());
        let Some(attempt) = self.attempt_mut(name, place) else { return };
        let is_taken_back = attempt.is_consult && !attempt.is_handed_over && is_alone;
        let Some(leg) = attempt.legs.iter_mut().find(|leg| leg.id == id) else { return };
        if attempt.taken.is_some() {
            if leg.answered.is_some() && is_taken_back && attempt.failed.is_none() {
                self.tell_result(name, place, TransferResult::Withdrawn);
            }
            return;
        }
        if leg.answered.take().is_some() {
            // It answered, was asked whether it wants the call, and did not.
            leg.ended = Some(Ended::NoAnswer);
        }
        let told = of_cause(cause);
        leg.ended = match (leg.ended, told) {
            // The group's call was taken elsewhere, or the caller left: the code says no more.
            (Some(Ended::Cancelled), _) => Some(Ended::Cancelled),
            (_, Some(exact)) => Some(exact),
            (known, None) => known.or(Some(Ended::Cancelled)),
        };
        self.tell_failed(name, place);
    }

    /// Tells that a transfer has failed, once every device of it has.
    fn tell_failed(&mut self, name: &CallName, place: usize) {
        let Some(attempt) = self.attempt(name, place) else { return };
        let rang_ms = self.clock.now - attempt.started;
        let caller = self.calls.get(name).and_then(|call| self.channels.get(&call.caller));
        let has_hung_up = caller.is_none_or(|caller| caller.is_hanging_up);
        let all_ended = attempt.legs.iter().all(|leg| leg.ended.is_some());
        if attempt.taken.is_some() || attempt.legs.is_empty() || !all_ended {
            return;
        }
        let ended: Vec<Ended> = attempt.legs.iter().filter_map(|leg| leg.ended).collect();
        // Who has let go by then has not thought better of it, however short it rang.
        let rang_ms = if attempt.is_handed_over { RANG_OUT_MS } else { rang_ms };
        let is_asked_for = attempt.is_consult && !has_hung_up;
        let result = Ended::of_group(&ended, is_asked_for.then_some(rang_ms));
        self.tell_result(name, place, result);
    }

    pub(super) fn tell_result(&mut self, name: &CallName, place: usize, result: TransferResult) {
        let stamp = self.stamp(self.clock.now);
        let Some(attempt) = self.attempt_mut(name, place) else { return };
        if attempt.failed == Some(result) {
            return;
        }
        // What is told again, more exactly, comes after what was told before, though at the same moment.
        let stamp = Stamp { ordinal: u32::from(attempt.failed.is_some()), ..stamp };
        attempt.failed = Some(result);
        let transfer = attempt.name.clone();
        let detail = format!("{transfer}{}", result.as_str());
        self.tell_stamped(stamp, name, &detail, EventKind::TransferFailed { transfer, result });
    }

    /// The caller is gone: transfers that still ring have lost them, and where nothing ever rang
    /// nobody could be reached.
    pub(super) fn abandon_attempts(&mut self, name: &CallName) {
        let count = self.calls.get(name).map_or(0, |call| call.attempts.len());
        for place in 0..count {
            let Some(attempt) = self.attempt(name, place) else { continue };
            if attempt.taken.is_some() || attempt.failed.is_some() || attempt.in_queue.is_some() {
                continue;
            }
            let never_rang = attempt.legs.is_empty();
            let result = match attempt.way_ended {
                Some(ended) if ended != Ended::Cancelled => ended.result(),
                _ if never_rang => TransferResult::Unreachable,
                _ => TransferResult::CallerHungUp,
            };
            self.tell_result(name, place, result);
        }
    }

    /// A caller whom nobody answered is given a voicemail box.
    pub fn reaches_voicemail(&mut self, id: &str) {
        let Part::Caller(name) = self.channels.part(id) else { return };
        let Some(place) = self.calls.get(&name).and_then(|call| call.attempts.len().checked_sub(1)) else { return };
        let now = self.clock.now;
        let Some(attempt) = self.attempt_mut(&name, place).filter(|attempt| attempt.taken.is_none()) else { return };
        attempt.taken = Some((now, AnsweredBy::Voicemail));
        let transfer = attempt.name.clone();
        let kind = EventKind::TransferAnswered { transfer: transfer.clone(), by: AnsweredBy::Voicemail };
        self.tell(&name, &transfer, kind);
    }
}
