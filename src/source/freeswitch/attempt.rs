//! Transfers to units: which there are, and which channels belong to them.
//!
//! A transfer is known by the switch's own note on the caller's channel, or by the channels that are
//! made for it. Loopback channels only lead to phones, and are no phones of it themselves.

use smol_str::SmolStr;

use crate::event::{AnsweredBy, EndedBy, EventKind, LeftOutcome, TransferKind, TransferResult};
use crate::measure::Moment;
use crate::names::CallName;
use crate::source::freeswitch::Story;
use crate::source::freeswitch::channel::Part;
use crate::source::freeswitch::history::{Kind, Note};
use crate::source::freeswitch::story::Word;
use crate::source::rung::Ended;

/// Most transfers of one call that are followed; real calls have one or two.
const ATTEMPTS_MAX: usize = 100;
/// Most phones of one transfer; a large group rings some dozens.
const LEGS_MAX: usize = 200;
/// Most notes of one call.
const NOTES_MAX: usize = 100;
/// A caller who is moved this soon after an attendant hung up was sent on by them.
const SENT_ON_MS: i64 = 5_000;

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
    /// The phones that were rung.
    pub legs: Vec<Leg>,
    /// It has been told that it rings.
    pub is_ringing: bool,
    /// Somebody or something there has answered.
    pub taken: Option<AnsweredBy>,
    /// What was last told of its failure.
    pub failed: Option<TransferResult>,
    /// The caller waits in the unit's own queue.
    pub in_queue: Option<SmolStr>,
    /// The attendant asks first.
    pub is_consult: bool,
    /// The attendant has let go.
    pub is_handed_over: bool,
    /// Somebody else's phone took the call.
    pub is_picked_up: bool,
    /// The channel on which the attendant asks.
    pub asker: Option<SmolStr>,
}

/// One phone of a transfer.
#[derive(Clone, Debug)]
pub struct Leg {
    /// Its channel.
    pub id: SmolStr,
    /// How it ended.
    pub ended: Option<Ended>,
}

impl Story {
    /// The switch's notes of transfers on a caller's channel. New ones tell of new transfers.
    pub fn notes<'a>(&mut self, id: &str, notes: impl Iterator<Item = &'a str>) {
        let Part::Caller(name) = self.channels.part(id) else { return };
        let since_s = self.channels.get(id).map_or(0, |channel| channel.since.seconds());
        for text in notes {
            let Some(call) = self.calls.get_mut(&name) else { return };
            if call.notes.len() >= NOTES_MAX || call.notes.iter().any(|known| known == text) {
                continue;
            }
            call.notes.push(text.into());
            match Note::read(text) {
                // A channel that was first seen in mid-life has notes of what went before.
                Some(note) if note.second < since_s => {}
                Some(Note { kind: Kind::Blind(target), .. }) => self.moved(&name, target),
                Some(Note { kind: Kind::Attended, .. }) => self.lets_go(&name, None),
                None => {}
            }
        }
    }

    /// A caller was moved to an extension: by whoever talked to them, or by the dialplan.
    fn moved(&mut self, name: &CallName, target: &str) {
        let now = self.word.at;
        self.leave_decided(name, Some(false));
        let Some(call) = self.calls.get(name) else { return };
        let last = call.attempts.last();
        let is_under_way = call.talking.is_none()
            && last.is_some_and(|last| !last.is_consult && call.talked_until <= Some(last.started));
        let was_sent_on = if is_under_way {
            // What moves the caller on from there is the dialplan, or whoever answered there.
            last.is_some_and(|last| last.taken == Some(AnsweredBy::Person))
        } else {
            call.talking.is_some() || call.talked_until.is_some_and(|until| now - until <= SENT_ON_MS)
        };
        if was_sent_on {
            self.conversation_over(name, Some(EndedBy::Transfer));
            self.begin(name, TransferKind::Blind, target, false);
        }
    }

    /// A new channel, made by another.
    pub(super) fn made_by(&mut self, id: &str, maker: &str) {
        match self.channels.part(maker) {
            Part::Caller(name) => self.caller_rings(&name, id),
            Part::Leg(name, place) | Part::Asker(name, place) => self.add_leg(&name, place, id),
            Part::Attendant(name) if self.is_talking(&name) => {
                // Asked from the attendant's own channel: by keys, while the caller listens to music.
                let target = self.channels.get(id).map(|channel| channel.dialled.clone()).unwrap_or_default();
                if let Some(place) = self.begin(&name, TransferKind::Attended, &target, true) {
                    self.asks_on(&name, place, maker);
                    self.add_leg(&name, place, id);
                }
            }
            Part::Attendant(name) => self.channels.cast(id, Part::Attendant(name)),
            Part::Unknown => self.unknown_rings(maker, id),
        }
    }

    fn caller_rings(&mut self, name: &CallName, id: &str) {
        let dialled = self.channels.get(id).map(|channel| channel.dialled.clone()).unwrap_or_default();
        let Some(call) = self.calls.get(name) else { return };
        if call.waiting.is_some() {
            return self.channels.cast(id, Part::Attendant(name.clone()));
        }
        let is_theirs = |attempt: &Attempt| !attempt.is_consult || attempt.is_handed_over;
        let open = call.attempts.iter().rposition(is_theirs).filter(|place| call.attempts[*place].taken.is_none());
        // No note: a program moved the caller; or, if no attendant ever answered, the caller dialled
        // the unit.
        let kind = if call.is_answered { TransferKind::Blind } else { TransferKind::Direct };
        let place = open.or_else(|| {
            self.conversation_over(name, None);
            self.begin(name, kind, &dialled, false)
        });
        if let Some(place) = place {
            self.add_leg(name, place, id);
        }
    }

    /// A channel of no call rings another: an attendant asks a unit on a second line, or somebody
    /// dials a unit directly.
    fn unknown_rings(&mut self, maker: &str, id: &str) {
        let Some(channel) = self.channels.get(maker) else { return };
        let target = channel.dialled.clone();
        if let Some(name) = self.talking.get(self.channels.user(maker)).cloned() {
            if let Some(place) = self.begin(&name, TransferKind::Attended, &target, true) {
                self.channels.cast(maker, Part::Asker(name.clone(), place));
                self.asks_on(&name, place, maker);
                self.add_leg(&name, place, id);
            }
        } else if channel.is_calling {
            let name = self.caller(maker);
            if let Some(place) = self.begin(&name, TransferKind::Direct, &target, false) {
                self.add_leg(&name, place, id);
            }
        }
    }

    pub(super) fn begin(
        &mut self,
        name: &CallName,
        kind: TransferKind,
        target: &str,
        is_consult: bool,
    ) -> Option<usize> {
        let started = self.word.at;
        let call = self.calls.get_mut(name)?;
        if call.attempts.len() >= ATTEMPTS_MAX {
            return None;
        }
        call.attempts.push(Attempt {
            name: format!("{}-{target}", started.0).into(),
            kind,
            target: target.into(),
            started,
            legs: Vec::new(),
            is_ringing: false,
            taken: None,
            failed: None,
            in_queue: None,
            is_consult,
            is_handed_over: false,
            is_picked_up: false,
            asker: None,
        });
        let place = call.attempts.len() - 1;
        self.tell_started(name, place);
        Some(place)
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
        let detail = format!("{}{}", attempt.name, attempt.kind.as_str());
        let word = Word { at: attempt.started, ..self.word };
        self.tell_from(word, name, &detail, kind);
    }

    pub(super) fn attempt(&self, name: &CallName, place: usize) -> Option<&Attempt> {
        self.calls.get(name)?.attempts.get(place)
    }

    pub(super) fn attempt_mut(&mut self, name: &CallName, place: usize) -> Option<&mut Attempt> {
        self.calls.get_mut(name)?.attempts.get_mut(place)
    }

    fn asks_on(&mut self, name: &CallName, place: usize, asker: &str) {
        if let Some(attempt) = self.attempt_mut(name, place) {
            attempt.asker = Some(asker.into());
        }
    }

    fn add_leg(&mut self, name: &CallName, place: usize, id: &str) {
        self.channels.cast(id, Part::Leg(name.clone(), place));
        if self.channels.is_loopback(id) {
            return;
        }
        if let Some(attempt) = self.attempt_mut(name, place)
            && attempt.legs.len() < LEGS_MAX
        {
            attempt.legs.push(Leg { id: id.into(), ended: None });
        }
    }

    /// A phone rings.
    pub fn rings(&mut self, id: &str) {
        let Part::Leg(name, place) = self.channels.part(id) else { return };
        let is_loopback = self.channels.is_loopback(id);
        let Some(attempt) = self.attempt_mut(&name, place) else { return };
        if !is_loopback && !std::mem::replace(&mut attempt.is_ringing, true) {
            let transfer = attempt.name.clone();
            self.tell(&name, &transfer.clone(), EventKind::TransferRinging { transfer });
        }
    }

    /// The caller of a transfer that rang nothing enters a queue: the unit's own, or one where they
    /// have been before, since nobody could be reached.
    pub(super) fn attempt_enters_queue(&mut self, name: &CallName, queue: &str) {
        let Some(call) = self.calls.get_mut(name) else { return };
        let has_been_there = call.queues.iter().any(|known| known == queue);
        let place = call.attempts.len().wrapping_sub(1);
        let Some(attempt) = call.attempts.last_mut() else { return };
        if attempt.is_consult || !attempt.legs.is_empty() || attempt.taken.is_some() || attempt.failed.is_some() {
            return;
        }
        if has_been_there {
            self.tell_result(name, place, TransferResult::Unreachable);
        } else {
            attempt.in_queue = Some(queue.into());
        }
    }

    fn waiting_attempt(&self, name: &CallName, queue: &str) -> Option<usize> {
        let attempts = &self.calls.get(name)?.attempts;
        attempts.iter().rposition(|attempt| attempt.in_queue.as_deref() == Some(queue) && attempt.taken.is_none())
    }

    pub(super) fn attempt_answered_in_queue(&mut self, name: &CallName, queue: &str) {
        if let Some(place) = self.waiting_attempt(name, queue) {
            self.tell_taken(name, place, self.word.at, AnsweredBy::Person);
        }
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
