//! Attended transfers: the attendant asks the unit first, on a leg of its own, and then hands the
//! caller over, lets go while it still rings, or takes the caller back.

use crate::event::{EndedBy, EventKind, TransferKind, TransferResult};
use crate::names::CallName;
use crate::source::asterisk::Story;
use crate::source::asterisk::channel::{Part, local_extension};

/// An attended transfer that the switch carried out.
#[derive(Clone, Copy, Debug, Default)]
pub struct HandedOver<'a> {
    /// The channel that is handed over.
    pub transferee: &'a str,
    /// The attendant's channel towards it.
    pub first: &'a str,
    /// The attendant's channel towards the unit.
    pub second: &'a str,
    /// The channel that it is handed to, where told.
    pub target: &'a str,
}

impl Story {
    /// An attendant has handed a caller over.
    pub fn attended_transfer(&mut self, told: HandedOver<'_>) {
        let by_part = |id: &str| match self.channels.part(id) {
            Part::Leg(name, place) => Some((name, place)),
            _ => None,
        };
        let asked = by_part(told.target).or_else(|| by_part(told.second)).or_else(|| self.asked_by(told.second));
        let caller = [told.transferee, told.first].into_iter().find(|id| self.has_channel(id)).unwrap_or_default();
        let name = match self.call_of(caller) {
            Some(name) if told.transferee.is_empty() => name,
            _ => self.transferred(caller),
        };
        self.conversation_over(&name, Some(EndedBy::Transfer));
        let Some((asked_in, place)) = asked else { return };
        let place = if asked_in == name { Some(place) } else { self.adopt(&name, &asked_in, place) };
        let Some(place) = place else { return };
        let Some(attempt) = self.attempt_mut(&name, place) else { return };
        attempt.is_handed_over = true;
        if attempt.taken.is_none() && attempt.kind == TransferKind::Attended {
            attempt.kind = TransferKind::Blonde;
            self.tell_started(&name, place);
        }
    }

    /// A channel's owner dials: a question to a unit, if they are talking to a caller on another one.
    pub fn asks(&mut self, from: &str, target: &str) {
        let by_device = self.talking.get(self.channels.device(from)).cloned();
        let (Part::Unknown, Some(name)) = (self.channels.part(from), by_device) else { return };
        let place = self.begin(&name, TransferKind::Attended, target, true);
        if let Some(attempt) = self.attempt_mut(&name, place) {
            attempt.asker = Some(from.into());
        }
        self.channels.cast(from, Part::Leg(name, place));
    }

    /// Whether a channel is part of a question to a unit, or of a transfer.
    pub fn is_question(&self, id: &str) -> bool {
        matches!(self.channels.part(id), Part::Leg(..))
    }

    /// Nobody answered where a caller was sent, and they are back with whoever sent them.
    pub fn recalled(&mut self, id: &str) {
        let Part::Caller(name) = self.channels.part(id) else { return };
        let attempts = self.calls.get(&name).map(|call| &call.attempts[..]).unwrap_or_default();
        if let Some(place) = attempts.iter().rposition(|attempt| attempt.taken.is_none()) {
            self.tell_result(&name, place, TransferResult::Recalled);
        }
    }

    /// A phone of a transfer loses the call to another that picks it up.
    pub fn rings_elsewhere(&mut self, id: &str) {
        if let Part::Leg(name, place) = self.channels.part(id)
            && let Some(attempt) = self.attempt_mut(&name, place)
        {
            attempt.legs.retain(|leg| leg.id != id);
            attempt.is_picked_up = true;
        }
        self.channels.remove(id);
    }

    /// A phone that `from` rings passes the call on, by its owner's wish. `to`: the extension, or how
    /// the switch dials it. `phone`: its channel, where told.
    pub fn forwards(&mut self, from: &str, phone: Option<&str>, to: &str) {
        let place = match self.channels.part(from) {
            Part::Leg(name, place) => Some((name, place)),
            Part::Caller(name) => self.open_attempt(&name).map(|place| (name, place)),
            _ => None,
        };
        let Some((name, place)) = place else { return };
        let target = to.rsplit('/').next().and_then(|to| to.split('@').next()).unwrap_or_default();
        let Some(attempt) = self.attempt_mut(&name, place).filter(|_| !target.is_empty()) else { return };
        match phone {
            Some(phone) => attempt.legs.retain(|leg| leg.id != phone),
            None if attempt.legs.len() == 1 => attempt.legs.clear(),
            None => {}
        }
        attempt.is_forwarded = true;
        let (transfer, target) = (attempt.name.clone(), target.into());
        self.tell(&name, &transfer.clone(), EventKind::TransferForwarded { transfer, target });
    }

    /// The question to a unit that a channel is part of, if it is of one.
    pub(super) fn question_of(&mut self, id: &str) -> Option<(CallName, usize)> {
        match self.channels.part(id) {
            Part::Leg(name, place) => Some((name, place)),
            Part::Unknown if self.channels.is_local(id) => {
                let channel = self.channels.get(id)?;
                let target = local_extension(&channel.name)?.to_owned();
                let name = self.links.get(&channel.linkedid).filter(|name| self.is_talking(name)).cloned()?;
                let place = self.begin(&name, TransferKind::Attended, &target, true);
                Some((name, place))
            }
            _ => None,
        }
    }

    /// What the owner of a channel asked for last, where it was taken for a call of its own.
    fn asked_by(&self, second: &str) -> Option<(CallName, usize)> {
        let name = self.call_of(second)?;
        let last = self.calls.get(&name)?.attempts.len().checked_sub(1)?;
        Some((name, last))
    }

    /// What was taken for a call of the attendant's own was the question before a transfer: it is
    /// moved to the caller's call, and is no call any more.
    fn adopt(&mut self, name: &CallName, from: &CallName, place: usize) -> Option<usize> {
        let known = self.attempt(from, place)?.clone();
        if known.kind != TransferKind::Direct {
            return None;
        }
        let call = self.calls.get_mut(name)?;
        let new = call.attempts.len();
        let mut attempt = known;
        (attempt.kind, attempt.is_consult) = (TransferKind::Attended, true);
        let (transfer, started, taken) = (attempt.name.clone(), attempt.started, attempt.taken);
        let legs: Vec<_> = attempt.legs.iter().map(|leg| leg.id.clone()).collect();
        call.attempts.push(attempt);
        for id in legs {
            self.channels.cast(&id, Part::Leg(name.clone(), new));
        }
        self.tell_started(name, new);
        self.tell_at(started, name, &transfer, EventKind::TransferRinging { transfer: transfer.clone() });
        if let Some((at, by)) = taken {
            self.tell_at(at, name, &transfer, EventKind::TransferAnswered { transfer: transfer.clone(), by });
        }
        self.tell(from, "", EventKind::CallStarted { dialled: None, is_part: true });
        self.channels.cast(from, Part::Leg(name.clone(), new));
        self.drop_call(from);
        Some(new)
    }
}
