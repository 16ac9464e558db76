//! Units with a queue of their own: who is sent there waits once more, and is answered or not by
//! whoever serves it.

use crate::event::{AnsweredBy, EventKind, LeftOutcome, TransferResult};
use crate::names::CallName;
use crate::source::asterisk::Story;
use crate::source::asterisk::attempt::Attempt;
use crate::source::rung::RANG_OUT_MS;

impl Story {
    fn waiting_attempt(&self, name: &CallName, queue: &str) -> Option<usize> {
        let attempts = &self.calls.get(name)?.attempts;
        attempts.iter().rposition(|attempt| attempt.in_queue.as_deref() == Some(queue) && attempt.taken.is_none())
    }

    /// The caller of a transfer that rang nothing enters a queue: the unit has one of its own.
    pub(super) fn attempt_enters_queue(&mut self, name: &CallName, queue: &str) {
        let Some(attempt) = self.calls.get_mut(name).and_then(|call| call.attempts.last_mut()) else { return };
        if !attempt.is_consult && attempt.legs.is_empty() && attempt.taken.is_none() {
            attempt.in_queue = Some(queue.into());
        }
    }

    /// A question to a unit leads into a queue: that of the unit, if no phone was rung before.
    pub(super) fn consult_enters_queue(&mut self, name: &CallName, place: usize, queue: &str) {
        if let Some(attempt) = self.attempt_mut(name, place)
            && attempt.legs.is_empty()
        {
            attempt.in_queue = Some(queue.into());
        }
    }

    /// The question is given up while it waits there.
    pub(super) fn consult_leaves_queue(&mut self, name: &CallName) {
        let Some(call) = self.calls.get(name) else { return };
        let is_asking = |attempt: &Attempt| {
            attempt.is_consult && attempt.in_queue.is_some() && attempt.taken.is_none() && attempt.failed.is_none()
        };
        let Some(place) = call.attempts.iter().rposition(is_asking) else { return };
        let rang_ms = self.clock.now - call.attempts[place].started;
        let has_rung = rang_ms >= RANG_OUT_MS;
        self.tell_result(name, place, if has_rung { TransferResult::NoAnswer } else { TransferResult::Withdrawn });
    }

    pub(super) fn attempt_answered_in_queue(&mut self, name: &CallName, queue: &str) {
        let Some(place) = self.waiting_attempt(name, queue) else { return };
        let now = self.clock.now;
        let Some(attempt) = self.attempt_mut(name, place) else { return };
        attempt.taken = Some((now, AnsweredBy::Person));
        let transfer = attempt.name.clone();
        self.tell(name, &transfer.clone(), EventKind::TransferAnswered { transfer, by: AnsweredBy::Person });
    }

    pub(super) fn attempt_left_queue(&mut self, name: &CallName, queue: &str, outcome: LeftOutcome) {
        let Some(place) = self.waiting_attempt(name, queue) else { return };
        let result = match outcome {
            LeftOutcome::Abandoned => TransferResult::CallerHungUp,
            _ => TransferResult::NoAnswer,
        };
        self.tell_result(name, place, result);
    }
}
