//! Whether a unit has answered a transfer, and if not, why.
//!
//! A unit has answered when one of its phones says so *and* shares a bridge with the caller, or with
//! the attendant who asks. A phone that answers and is then asked whether it wants the call, and
//! does not, shares one with nobody.

use smol_str::SmolStr;

use crate::event::{AnsweredBy, EventKind, TransferResult};
use crate::measure::Moment;
use crate::names::CallName;
use crate::source::freeswitch::Story;
use crate::source::freeswitch::cause;
use crate::source::freeswitch::channel::Part;
use crate::source::freeswitch::story::{Gone, Word};
use crate::source::rung::{ACCEPTED_MS, Ended};

impl Story {
    /// The caller or the attendant shares a bridge: the last transfer may have been answered by that.
    pub(super) fn judge_last(&mut self, name: &CallName) {
        let attempts = self.calls.get(name).map_or(0, |call| call.attempts.len());
        if let Some(last) = attempts.checked_sub(1) {
            self.judge_answer(name, last);
            self.judge_pick_up(name, last);
        }
    }

    pub(super) fn judge_answer(&mut self, name: &CallName, place: usize) {
        let Some(attempt) = self.attempt(name, place) else { return };
        let Some(caller) = self.calls.get(name).map(|call| &call.caller) else { return };
        if attempt.taken.is_some() {
            return;
        }
        let partner = |id: &str| self.channels.partner(id);
        let is_joined = |id: &str| {
            // What it shares a bridge with may only lead to the caller.
            let Some(other) = partner(id) else { return false };
            let hears = if self.channels.is_loopback(other) {
                partner(caller).is_some() || attempt.asker.as_ref().is_some_and(|asker| partner(asker).is_some())
            } else {
                other == caller || attempt.asker.as_ref() == Some(other)
            };
            hears || (attempt.is_consult && matches!(self.channels.part(other), Part::Attendant(of) if of == *name))
        };
        let answered = attempt.legs.iter().filter(|leg| is_joined(&leg.id)).find_map(|leg| {
            let said = self.channels.get(&leg.id)?.answered?;
            Some((leg.id.clone(), said))
        });
        let Some((leg, said)) = answered else { return };
        let by = match (attempt.is_picked_up, self.channels.is_outside(&leg, caller)) {
            (true, _) => AnsweredBy::Other,
            // Where callers come from is also where calls go out.
            (false, true) => AnsweredBy::External,
            (false, false) => AnsweredBy::Person,
        };
        let now = self.word.at;
        let at = if (0..=ACCEPTED_MS).contains(&(now - said)) { said } else { now };
        self.tell_taken(name, place, at, by);
    }

    /// The caller, or whoever asks, shares a bridge with a phone that dialled in: it has picked the
    /// call up.
    pub(super) fn judge_pick_up(&mut self, name: &CallName, place: usize) {
        let Some(attempt) = self.attempt(name, place) else { return };
        let Some(call) = self.calls.get(name) else { return };
        let ours = [Some(&call.caller), attempt.asker.as_ref()];
        let partner = |id: &SmolStr| self.channels.get(self.channels.partner(id)?);
        let is_stranger =
            |id: &SmolStr| partner(id).is_some_and(|other| other.is_calling && other.part == Part::Unknown);
        let is_open = attempt.taken.is_none() && !attempt.legs.is_empty();
        if is_open && ours.into_iter().flatten().any(is_stranger) {
            self.tell_taken(name, place, self.word.at, AnsweredBy::Other);
        }
    }

    pub(super) fn tell_taken(&mut self, name: &CallName, place: usize, at: Moment, by: AnsweredBy) {
        let word = Word { at, ..self.word };
        let Some(attempt) = self.attempt_mut(name, place) else { return };
        attempt.taken = Some(by);
        let transfer = attempt.name.clone();
        self.tell_from(word, name, &transfer.clone(), EventKind::TransferAnswered { transfer, by });
    }

    pub(super) fn leg_gone(&mut self, gone: &Gone<'_>, name: &CallName, place: usize) {
        let is_asking = self.is_talking(name);
        let has_answered = self.channels.get(gone.id).is_some_and(|channel| channel.answered.is_some());
        let Some(attempt) = self.attempt_mut(name, place) else { return };
        let is_taken_back = attempt.is_consult && !attempt.is_handed_over && is_asking;
        let Some(leg) = attempt.legs.iter_mut().find(|leg| leg.id == gone.id) else { return };
        if attempt.taken.is_some() {
            if has_answered && is_taken_back && attempt.failed.is_none() {
                self.tell_result(name, place, TransferResult::Withdrawn);
            }
            return;
        }
        // It answered, was asked whether it wants the call, and did not.
        let ended = if has_answered { Ended::NoAnswer } else { cause::ended(gone.cause) };
        leg.ended = Some(ended);
        attempt.is_picked_up |= ended == Ended::PickedUp;
        self.tell_failed(name, place);
    }

    /// Tells that a transfer has failed, once every phone of it has.
    fn tell_failed(&mut self, name: &CallName, place: usize) {
        let Some(attempt) = self.attempt(name, place) else { return };
        let rang_ms = self.word.at - attempt.started;
        let all_ended = attempt.legs.iter().all(|leg| leg.ended.is_some());
        if attempt.taken.is_some() || attempt.is_picked_up || attempt.legs.is_empty() || !all_ended {
            return;
        }
        let ended: Vec<Ended> = attempt.legs.iter().filter_map(|leg| leg.ended).collect();
        let is_asked_for = attempt.is_consult && !attempt.is_handed_over && self.is_talking(name);
        let result = Ended::of_group(&ended, is_asked_for.then_some(rang_ms));
        self.tell_result(name, place, result);
    }

    pub(super) fn tell_result(&mut self, name: &CallName, place: usize, result: TransferResult) {
        let Some(attempt) = self.attempt_mut(name, place) else { return };
        if attempt.failed == Some(result) {
            return;
        }
        attempt.failed = Some(result);
        let transfer = attempt.name.clone();
        let detail = format!("{transfer}{}", result.as_str());
        self.tell(name, &detail, EventKind::TransferFailed { transfer, result });
    }

    /// The caller is gone: transfers that still ring have lost them, and where nothing ever rang
    /// nobody could be reached. `why`: the switch's word on the last number that it tried.
    pub(super) fn abandon_attempts(&mut self, name: &CallName, why: &str) {
        let count = self.calls.get(name).map_or(0, |call| call.attempts.len());
        for place in 0..count {
            let Some(attempt) = self.attempt(name, place) else { continue };
            if attempt.taken.is_some() || attempt.failed.is_some() || attempt.in_queue.is_some() {
                continue;
            }
            let is_last = place + 1 == count;
            let result = match (attempt.legs.is_empty(), why) {
                (false, _) => TransferResult::CallerHungUp,
                (true, "" | "SUCCESS" | "ANSWER") => TransferResult::Unreachable,
                (true, why) if is_last => cause::ended(why).result(),
                (true, _) => TransferResult::Unreachable,
            };
            self.tell_result(name, place, result);
        }
    }

    /// A caller whom nobody answered is given a voicemail box; or what was rung for them is one.
    pub fn reaches_voicemail(&mut self, id: &str) {
        let (name, place) = match self.channels.part(id) {
            Part::Leg(name, place) | Part::Asker(name, place) => (name, Some(place)),
            Part::Caller(name) => {
                let last = self.calls.get(&name).and_then(|call| call.attempts.len().checked_sub(1));
                (name, last)
            }
            _ => return,
        };
        if let Some(place) = place
            && self.attempt(&name, place).is_some_and(|attempt| attempt.taken.is_none())
        {
            self.tell_taken(&name, place, self.word.at, AnsweredBy::Voicemail);
        }
    }
}
