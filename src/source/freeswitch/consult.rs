//! Attended transfers: the attendant asks the unit first, on a channel of their own, and then hands
//! the caller over, lets go while it still rings, or takes the caller back.

use crate::event::{EndedBy, TransferKind};
use crate::names::CallName;
use crate::source::freeswitch::Story;
use crate::source::freeswitch::attempt::Attempt;
use crate::source::freeswitch::cause;
use crate::source::freeswitch::channel::Part;
use crate::source::freeswitch::story::Gone;

/// Hang-up causes of an attendant who has handed over.
const HANDED_OVER: [&str; 2] = ["ATTENDED_TRANSFER", "BLIND_TRANSFER"];

impl Story {
    /// The attendant lets go of the caller: of this transfer, or of the one that is being asked.
    pub(super) fn lets_go(&mut self, name: &CallName, place: Option<usize>) {
        let is_asking = |attempt: &Attempt| attempt.is_consult && !attempt.is_handed_over;
        let asked = || self.calls.get(name)?.attempts.iter().rposition(is_asking);
        let Some(place) = place.or_else(asked) else { return };
        self.conversation_over(name, Some(EndedBy::Transfer));
        let Some(attempt) = self.attempt_mut(name, place) else { return };
        if std::mem::replace(&mut attempt.is_handed_over, true) {
            return;
        }
        if attempt.taken.is_none() && attempt.failed.is_none() && attempt.kind == TransferKind::Attended {
            attempt.kind = TransferKind::Blonde;
            self.tell_started(name, place);
        }
    }

    /// A phone of a transfer shares a bridge with `partner`: with the caller, after having been asked.
    pub(super) fn meets(&mut self, name: &CallName, place: usize, partner: &str) {
        let is_caller = self.calls.get(name).is_some_and(|call| call.caller == partner);
        let is_asked = self.attempt(name, place).is_some_and(|attempt| attempt.is_consult && !attempt.is_handed_over);
        if is_caller && is_asked {
            self.lets_go(name, Some(place));
        }
    }

    /// The channel on which the attendant asked is gone.
    pub(super) fn asker_gone(&mut self, gone: &Gone<'_>, name: &CallName, place: usize) {
        if gone.is_in_voicemail {
            self.reaches_voicemail(gone.id);
        }
        if HANDED_OVER.contains(&gone.cause) {
            self.lets_go(name, Some(place));
        } else if let Some(attempt) = self.attempt(name, place)
            && attempt.legs.is_empty()
            && attempt.failed.is_none()
        {
            let result = cause::ended(gone.why_unreached).result();
            self.tell_result(name, place, result);
        }
    }

    /// A channel that belongs to no call is gone. An attendant's, whose number rang nothing, was a
    /// question all the same.
    pub(super) fn asked_in_vain(&mut self, gone: &Gone<'_>) {
        let Some(channel) = self.channels.get(gone.id).filter(|channel| channel.is_calling) else { return };
        let target = channel.dialled.clone();
        let Some(name) = self.talking.get(self.channels.user(gone.id)).cloned() else { return };
        let never_rang = !matches!(gone.why_unreached, "" | "SUCCESS" | "ANSWER");
        if never_rang && let Some(place) = self.begin(&name, TransferKind::Attended, &target, true) {
            self.channels.cast(gone.id, Part::Asker(name.clone(), place));
            self.tell_result(&name, place, cause::ended(gone.why_unreached).result());
        }
    }
}
