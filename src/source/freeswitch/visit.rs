//! Into the queue, out of it, and the conversation with the attendant.
//!
//! The queue says that an attendant answers before the two are joined, and before any announcement
//! to the attendant; the caller still waits. So the answer is the moment at which they share a
//! bridge, and none if they never do. And it says only "broke out" both when a caller hangs up and
//! when they are moved, so a leave whose reason is not told is held until the next sign.

use smol_str::SmolStr;

use crate::event::{EndedBy, EventKind, Evidence, LeftOutcome, Stamp};
use crate::measure::{Moment, Ring, Wait};
use crate::names::CallName;
use crate::source::freeswitch::Story;
use crate::source::freeswitch::channel::Part;
use crate::source::freeswitch::story::{Gone, Word};

/// A caller who has hung up is gone within milliseconds of leaving the queue.
const DECIDED_MS: i64 = 500;

/// Most queues of one call that are remembered.
const QUEUES_MAX: usize = 100;

/// Out of a queue, and not yet known how.
#[derive(Clone, Debug)]
pub struct Leaving {
    /// Which queue.
    pub queue: SmolStr,
    /// The word that told it.
    pub word: Word,
}

/// An attendant who has answered and is not yet heard.
#[derive(Clone, Debug)]
pub struct Answering {
    /// From which queue.
    pub queue: SmolStr,
    /// The attendant.
    pub agent: SmolStr,
    /// The attendant's channel.
    pub attendant: SmolStr,
    /// How long this phone rang.
    pub ring: Option<Ring>,
    /// The word that told it.
    pub word: Word,
}

/// A conversation with an attendant.
#[derive(Clone, Debug)]
pub struct Talking {
    /// From which queue.
    pub queue: SmolStr,
    /// The attendant's channel.
    pub attendant: SmolStr,
    /// The user of the attendant's phone.
    pub user: SmolStr,
}

/// An answer as the switch tells it afterwards, in whole seconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
pub struct Afterwards {
    /// When the caller joined.
    pub joined_s: Option<i64>,
    /// When the attendant answered.
    pub answered_s: Option<i64>,
}

impl Story {
    /// A channel enters a queue.
    pub fn joins(&mut self, id: &str, queue: &str) {
        let name = self.caller(id);
        if let (Some(channel), Some(false)) = (self.channels.get(id), self.calls.get(&name).map(|call| call.is_queued))
        {
            let (at, dialled) = (channel.since, channel.dialled.clone());
            let word = Word { at, ..self.word };
            let dialled = (!dialled.is_empty()).then_some(dialled);
            self.tell_from(word, &name, "", EventKind::CallStarted { dialled, is_part: false });
        }
        self.enters(&name, queue);
        self.tell(&name, queue, EventKind::VisitEntered { queue: queue.into(), visit: None });
    }

    /// A channel has been waiting in a queue since then, told on being asked.
    pub fn has_waited(&mut self, id: &str, queue: &str, since_s: i64) {
        let name = self.caller(id);
        self.enters(&name, queue);
        let kind = EventKind::VisitEntered { queue: queue.into(), visit: None };
        self.tell_stamped(self.word, worked_out(since_s), &name, queue, kind);
    }

    /// A call that waited when the line broke still does.
    pub fn waits_on(&mut self, id: &str, queue: &str) {
        let name = self.caller(id);
        if let Some(call) = self.calls.get_mut(&name) {
            (call.is_queued, call.waiting) = (true, Some(queue.into()));
        }
    }

    fn enters(&mut self, name: &CallName, queue: &str) {
        self.leave_decided(name, Some(false));
        self.conversation_over(name, None);
        self.attempt_enters_queue(name, queue);
        if let Some(call) = self.calls.get_mut(name) {
            (call.is_queued, call.waiting, call.answering) = (true, Some(queue.into()), None);
            if call.queues.len() < QUEUES_MAX && !call.queues.iter().any(|known| known == queue) {
                call.queues.push(queue.into());
            }
        }
    }

    /// Whether a channel is waiting in a queue.
    pub fn is_waiting(&self, id: &str) -> bool {
        self.calls.get(id).is_some_and(|call| call.waiting.is_some())
    }

    pub(super) fn is_talking(&self, name: &CallName) -> bool {
        self.calls.get(name).is_some_and(|call| call.talking.is_some())
    }

    /// The phone of an attendant begins to ring for a caller.
    pub fn offered(&mut self, id: &str, queue: &str, agent: &str) {
        let kind = EventKind::AgentOffered { queue: queue.into(), agent: agent.into() };
        self.tell(&id.into(), agent, kind);
    }

    /// It was not answered.
    pub fn missed(&mut self, id: &str, queue: &str, agent: &str, ring: Option<Ring>) {
        let kind = EventKind::AgentMissed { queue: queue.into(), agent: agent.into(), ring };
        self.tell(&id.into(), agent, kind);
    }

    /// It was, and is about to be joined with the caller.
    pub fn attendant_answers(&mut self, id: &str, told: Answering) {
        let name = self.caller(id);
        self.channels.cast(&told.attendant, Part::Attendant(name.clone()));
        let are_joined = self.channels.partner(id) == Some(&told.attendant);
        if let Some(call) = self.calls.get_mut(&name) {
            call.answering = Some(told);
        }
        if are_joined {
            self.is_heard(&name, self.word.at);
        }
    }

    /// The caller shares a bridge with somebody: with the attendant who has answered, perhaps.
    pub(super) fn caller_hears(&mut self, name: &CallName, partner: &str) {
        let answering = self.calls.get(name).and_then(|call| call.answering.as_ref());
        if answering.is_some_and(|answering| answering.attendant == partner) {
            self.is_heard(name, self.word.at);
        }
    }

    /// The attendant is heard since this moment.
    fn is_heard(&mut self, name: &CallName, at: Moment) {
        let Some(call) = self.calls.get_mut(name) else { return };
        let Some(answering) = call.answering.take() else { return };
        let user = SmolStr::new(self.channels.user(&answering.attendant));
        let Answering { queue, agent, attendant, ring, word } = answering;
        (call.waiting, call.leaving, call.is_queued, call.is_answered) = (None, None, true, true);
        call.talking = Some(Talking { queue: queue.clone(), attendant, user: user.clone() });
        if !user.is_empty() {
            self.talking.insert(user, name.clone());
        }
        self.attempt_answered_in_queue(name, &queue);
        let agent = (!agent.is_empty()).then_some(agent);
        let kind = EventKind::VisitAnswered { queue: queue.clone(), visit: None, agent, wait: None, ring };
        self.tell_from(Word { at, ..word }, name, &queue, kind);
    }

    /// The attendant's part is over; whether the two were joined, and when by the switch's account.
    pub fn attendant_done(&mut self, id: &str, queue: &str, were_joined: bool, told: Afterwards) {
        // A caller who has hung up is gone before this is told; one whom nobody told of before is new.
        if !self.calls.contains_key(id) && !self.has_channel(id) {
            return;
        }
        let name = self.caller(id);
        let Some(call) = self.calls.get(&name) else { return };
        match (&call.answering, were_joined) {
            (Some(answering), true) => {
                let at = answering.word.at;
                self.is_heard(&name, at);
            }
            (Some(answering), false) => {
                let (agent, ring) = (answering.agent.clone(), answering.ring);
                if let Some(call) = self.calls.get_mut(&name) {
                    call.answering = None;
                }
                return self.missed(id, queue, &agent, ring);
            }
            (None, _) => {}
        }
        if were_joined {
            self.was_answered(&name, queue, told);
        }
        let Some(call) = self.calls.get_mut(&name) else { return };
        match &call.talking {
            Some(talking) if talking.queue == queue => self.conversation_over(&name, None),
            // Its beginning was before the line broke.
            None if call.is_answered && call.talked_until.is_none() => {
                call.talked_until = Some(self.word.at);
                self.tell_over(&name, queue.into(), None);
            }
            _ => {}
        }
    }

    /// An attendant's voice reaches the caller, told by the queue itself.
    pub fn attendant_heard(&mut self, id: &str) {
        self.is_heard(&id.into(), self.word.at);
    }

    /// An answer that was not seen, told afterwards: nobody listened when it happened.
    pub fn was_answered(&mut self, name: &CallName, queue: &str, told: Afterwards) {
        let Some(call) = self.calls.get_mut(name) else { return };
        let is_news = call.is_resumed || !call.is_answered;
        if !is_news || call.waiting.as_ref().is_some_and(|waiting| waiting != queue) {
            return;
        }
        (call.waiting, call.is_queued, call.is_answered, call.is_resumed) = (None, true, true, false);
        let (Some(joined_s), Some(answered_s)) = (told.joined_s, told.answered_s) else { return };
        let wait = Some(Wait::from_ms((answered_s - joined_s).saturating_mul(1000)));
        let kind = EventKind::VisitAnswered { queue: queue.into(), visit: None, agent: None, wait, ring: None };
        self.tell_stamped(self.word, worked_out(answered_s), name, queue, kind);
    }

    /// A caller leaves the queue without having been answered; `None`: how is not told.
    pub fn leaves(&mut self, id: &str, queue: &str, outcome: Option<LeftOutcome>) {
        let name = self.caller(id);
        let word = self.word;
        let Some(call) = self.calls.get_mut(&name) else { return };
        (call.waiting, call.answering, call.is_queued) = (None, None, true);
        let leaving = Leaving { queue: queue.into(), word };
        if let Some(outcome) = outcome {
            self.tell_left(&name, &leaving, outcome);
        } else {
            call.leaving = Some(leaving);
            self.leaving.push_back((word.at.plus_ms(DECIDED_MS), name));
        }
    }

    fn tell_left(&mut self, name: &CallName, leaving: &Leaving, outcome: LeftOutcome) {
        self.attempt_left_queue(name, &leaving.queue, outcome);
        let kind = EventKind::VisitLeft { queue: leaving.queue.clone(), visit: None, outcome, wait: None };
        self.tell_from(leaving.word, name, &leaving.queue, kind);
    }

    /// Tells how a caller left the queue, if that is still open. `has_hung_up`: they have, or they turn
    /// up elsewhere; `None`: nothing was seen of them.
    pub(super) fn leave_decided(&mut self, name: &CallName, has_hung_up: Option<bool>) {
        let Some(leaving) = self.calls.get_mut(name).and_then(|call| call.leaving.take()) else { return };
        let outcome = match has_hung_up {
            Some(true) => LeftOutcome::Abandoned,
            Some(false) => LeftOutcome::Overflowed,
            None => LeftOutcome::System,
        };
        self.tell_left(name, &leaving, outcome);
    }

    pub(super) fn decide_leavers(&mut self) {
        while let Some((due, name)) = self.leaving.front().cloned() {
            // A clock that was set back would keep everybody waiting.
            let ahead_ms = due - self.word.at;
            if (1..=DECIDED_MS).contains(&ahead_ms) {
                return;
            }
            self.leaving.pop_front();
            let leaving = self.calls.get(&name).and_then(|call| call.leaving.as_ref());
            if leaving.is_some_and(|leaving| leaving.word.at.plus_ms(DECIDED_MS) == due) {
                self.leave_decided(&name, None);
            }
        }
    }

    pub(super) fn attendant_gone(&mut self, gone: &Gone<'_>, name: &CallName) {
        let talking = self.calls.get(name).and_then(|call| call.talking.as_ref());
        if talking.is_none_or(|talking| talking.attendant != gone.id) {
            return;
        }
        let by = match (gone.cause, gone.by_far_end) {
            ("BLIND_TRANSFER" | "ATTENDED_TRANSFER", _) => EndedBy::Transfer,
            (_, Some(false)) => EndedBy::Caller,
            _ => EndedBy::Agent,
        };
        if gone.cause == "ATTENDED_TRANSFER" {
            self.lets_go(name, None);
        }
        self.conversation_over(name, Some(by));
    }

    pub(super) fn conversation_over(&mut self, name: &CallName, by: Option<EndedBy>) {
        let now = self.word.at;
        let Some(call) = self.calls.get_mut(name) else { return };
        let Some(talking) = call.talking.take() else { return };
        call.talked_until = Some(now);
        self.talking.remove(&talking.user);
        self.tell_over(name, talking.queue, by);
    }

    fn tell_over(&mut self, name: &CallName, queue: SmolStr, by: Option<EndedBy>) {
        let detail = queue.clone();
        self.tell(name, &detail, EventKind::ConversationEnded { queue: Some(queue), talk: None, wait: None, by });
    }
}

/// A moment that the switch tells in whole seconds, afterwards.
fn worked_out(second: i64) -> Stamp {
    Stamp { evidence: Evidence::Derived, precision_ms: 1000, ..Stamp::live(Moment::from_seconds(second)) }
}
