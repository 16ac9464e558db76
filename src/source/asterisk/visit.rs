//! Into the queue, out of it, and the conversation with the attendant.
//!
//! The switch says "abandoned" whenever it lets a caller go: when the caller hangs up, when the
//! queue's time is out, when nobody is left to answer. And it says only "left" both a moment before
//! an answer and when the caller presses a key. So a leave is held until the next sign.

use smol_str::SmolStr;

use crate::event::{EndedBy, EventKind, Evidence, LeftOutcome, RefusedReason, Stamp};
use crate::measure::{Moment, Ring, Talk, Wait};
use crate::names::CallName;
use crate::source::asterisk::Story;
use crate::source::asterisk::channel::Part;
use crate::source::asterisk::story::{Leaving, Talking};

/// A caller who has hung up is gone within milliseconds of leaving the queue; one who was let go
/// hears at least a word before the line is closed.
const DECIDED_MS: i64 = 500;

/// An attendant's answer, as the switch tells it.
#[derive(Clone, Copy, Debug)]
pub struct Connected<'a> {
    /// The caller's channel.
    pub caller: &'a str,
    /// The queue.
    pub queue: &'a str,
    /// The attendant's name.
    pub agent: &'a str,
    /// The attendant's channel.
    pub attendant: &'a str,
    /// Seconds waited by the switch's own word.
    pub wait_s: Option<u32>,
    /// How long this phone rang.
    pub ring: Option<Ring>,
}

/// The end of an attendant's part, as the switch tells it.
#[derive(Clone, Copy, Debug)]
pub struct Completed<'a> {
    /// The caller's channel.
    pub caller: &'a str,
    /// The queue.
    pub queue: &'a str,
    /// Who ended it.
    pub by: EndedBy,
    /// Seconds waited by the switch's own word.
    pub wait_s: Option<u32>,
    /// Seconds talked likewise.
    pub talk_s: Option<u32>,
}

impl Story {
    /// A channel enters a queue. `since`: when, where that is worked out and not told.
    pub fn joins(&mut self, id: &str, queue: &str, since: Option<Moment>) {
        if let Some((name, place)) = self.question_of(id) {
            // An attendant consults a number that leads into a queue: no caller waits there, and who
            // is rung from there is no phone of the unit, unless the queue is the unit's own. A
            // journal of the same switch may have counted a caller.
            self.consult_enters_queue(&name, place, queue);
            self.channels.cast(id, Part::Attendant(name));
            let kind = EventKind::CallStarted { dialled: None, is_part: true };
            self.tell(&id.into(), "", kind);
            return;
        }
        let name = self.caller(id);
        if let Some(channel) = self.channels.get(id)
            && self.calls.get(&name).is_some_and(|call| !call.is_queued)
            && since.is_none()
        {
            let (at, dialled) = (channel.since, channel.dialled.clone());
            let dialled = (!dialled.is_empty()).then_some(dialled);
            self.tell_at(at, &name, "", EventKind::CallStarted { dialled, is_part: false });
        }
        self.leave_decided(&name, None);
        self.conversation_over(&name, None);
        self.attempt_enters_queue(&name, queue);
        if let Some(call) = self.calls.get_mut(&name) {
            call.waiting = Some(queue.into());
            call.is_queued = true;
        }
        let kind = EventKind::VisitEntered { queue: queue.into(), visit: None };
        match since {
            None => self.tell(&name, queue, kind),
            Some(at) => {
                let worked_out = Stamp { evidence: Evidence::Derived, precision_ms: 1000, ..Stamp::live(at) };
                self.tell_stamped(worked_out, &name, queue, kind);
            }
        }
    }

    /// A queue would not take a channel.
    pub fn refused(&mut self, id: &str, queue: &str, reason: RefusedReason) {
        let name = self.caller(id);
        if let Some(call) = self.calls.get_mut(&name) {
            (call.is_queued, call.waiting) = (true, None);
        }
        self.tell(&name, queue, EventKind::VisitRefused { queue: queue.into(), reason });
    }

    /// Whether a channel is waiting in a queue.
    pub fn is_waiting(&self, id: &str) -> bool {
        self.calls.get(id).is_some_and(|call| call.waiting.is_some())
    }

    /// The switch calls a caller's leave an abandon. Always said before [`Story::leaves`].
    pub fn abandons(&mut self, id: &str, queue: &str, wait_s: Option<u32>) {
        let has_hung_up = self.channels.get(id).is_some_and(|channel| channel.is_hanging_up);
        self.starts_leaving(id, queue, true, wait_s);
        if has_hung_up {
            self.leave_decided(&id.into(), Some(LeftOutcome::Abandoned));
        }
    }

    /// A caller is no longer in the queue.
    pub fn leaves(&mut self, id: &str, queue: &str) {
        let is_known = self.calls.get(id).is_some_and(|call| call.waiting.is_none());
        if !is_known {
            self.starts_leaving(id, queue, false, None);
        }
    }

    /// A caller is no longer in the queue, and it is plain why.
    pub fn left(&mut self, id: &str, queue: &str, outcome: LeftOutcome) {
        self.starts_leaving(id, queue, outcome != LeftOutcome::KeyExit, None);
        self.leave_decided(&id.into(), Some(outcome));
    }

    fn starts_leaving(&mut self, id: &str, queue: &str, is_abandon: bool, wait_s: Option<u32>) {
        let at = self.clock.now;
        let Some(call) = self.calls.get_mut(id) else { return };
        call.waiting = None;
        call.leaving = Some(Leaving { queue: queue.into(), at, is_abandon, wait_s });
        self.leaving.push_back((at.plus_ms(DECIDED_MS), id.into()));
    }

    /// The switch's own word on why a caller left.
    pub fn left_because(&mut self, id: &str, status: &str) {
        let outcome = match status {
            "TIMEOUT" | "LEAVEEMPTY" | "LEAVEUNAVAIL" => LeftOutcome::Overflowed,
            "WITHDRAW" => LeftOutcome::System,
            _ => return,
        };
        self.leave_decided(&id.into(), Some(outcome));
    }

    /// Tells how a caller left the queue, if that is still open. `told`: by some other sign.
    pub(super) fn leave_decided(&mut self, name: &CallName, told: Option<LeftOutcome>) {
        let Some(leaving) = self.calls.get_mut(name).and_then(|call| call.leaving.take()) else { return };
        let outcome = told.unwrap_or(if leaving.is_abandon { LeftOutcome::Overflowed } else { LeftOutcome::KeyExit });
        self.attempt_left_queue(name, &leaving.queue, outcome);
        let wait = leaving.wait_s.map(|seconds| Wait::from_ms(i64::from(seconds) * 1000));
        let kind = EventKind::VisitLeft { queue: leaving.queue.clone(), visit: None, outcome, wait };
        self.tell_at(leaving.at, name, &leaving.queue, kind);
    }

    pub(super) fn leave_decided_by_hangup(&mut self, name: &CallName) {
        let now = self.clock.now;
        let leaving = self.calls.get(name).and_then(|call| call.leaving.as_ref());
        let is_abandon = leaving.is_some_and(|leaving| leaving.is_abandon && now - leaving.at <= DECIDED_MS);
        // Whom the switch itself hangs up at once has not given up.
        let caller = self.calls.get(name).and_then(|call| self.channels.get(&call.caller));
        let is_abandon = is_abandon && !caller.is_some_and(|caller| caller.is_let_go && !caller.is_hanging_up);
        self.leave_decided(name, is_abandon.then_some(LeftOutcome::Abandoned));
    }

    pub(super) fn decide_leavers(&mut self) {
        while let Some((due, name)) = self.leaving.front().cloned() {
            // A clock that was set back would keep everybody waiting.
            let ahead_ms = due - self.clock.now;
            if (1..=DECIDED_MS).contains(&ahead_ms) {
                return;
            }
            self.leaving.pop_front();
            let leaving = self.calls.get(&name).and_then(|call| call.leaving.as_ref());
            if leaving.is_some_and(|leaving| leaving.at.plus_ms(DECIDED_MS) == due) {
                self.leave_decided(&name, None);
            }
        }
    }

    /// An attendant answers.
    pub fn connects(&mut self, told: Connected<'_>) {
        if let Part::Attendant(name) = self.channels.part(told.caller) {
            return self.attempt_answered_in_queue(&name, told.queue);
        }
        let name = self.caller(told.caller);
        self.begin_talking(&name, told.queue, told.attendant, true);
        self.attempt_answered_in_queue(&name, told.queue);
        let wait = told.wait_s.map(|seconds| Wait::from_ms(i64::from(seconds) * 1000));
        let kind = EventKind::VisitAnswered {
            queue: told.queue.into(),
            visit: None,
            agent: (!told.agent.is_empty()).then(|| told.agent.into()),
            wait,
            ring: told.ring,
        };
        self.tell(&name, told.queue, kind);
    }

    fn begin_talking(&mut self, name: &CallName, queue: &str, attendant: &str, is_seen: bool) {
        let device = SmolStr::new(self.channels.device(attendant));
        self.channels.cast(attendant, Part::Attendant(name.clone()));
        if let Some(call) = self.calls.get_mut(name) {
            (call.waiting, call.leaving, call.is_queued, call.is_answered) = (None, None, true, true);
            let (queue, attendant) = (queue.into(), attendant.into());
            call.talking = Some(Talking { queue, attendant, device: device.clone(), is_seen });
        }
        if !device.is_empty() {
            self.talking.insert(device, name.clone());
        }
    }

    /// A caller talks to an attendant, told on being asked: whoever is sent on from there is seen.
    /// `is_seen`: the answer had been seen.
    pub fn talks_on(&mut self, id: &str, queue: &str, attendant: &str, is_seen: bool) {
        let name = self.caller(id);
        self.begin_talking(&name, queue, attendant, is_seen);
        for id in [id, attendant] {
            self.bridged(id, true);
        }
    }

    /// The switch's word that an attendant's part is done.
    pub fn completes(&mut self, told: Completed<'_>) {
        let talking = self.calls.get(told.caller).and_then(|call| call.talking.as_ref());
        if talking.is_some_and(|talking| talking.queue == told.queue) {
            return self.conversation_over(&told.caller.into(), Some(told.by));
        }
        // Answered while nobody listened: the answer is worked back from this.
        let is_missed = match self.calls.get(told.caller) {
            // Sent on before this is said, by which it was known, and never seen in a queue.
            Some(call) => call.is_resumed || !call.is_queued,
            None => self.has_channel(told.caller) && self.channels.part(told.caller) == Part::Unknown,
        };
        if !is_missed {
            return;
        }
        let name = self.caller(told.caller);
        if let Some(call) = self.calls.get_mut(&name) {
            (call.is_queued, call.is_answered, call.is_resumed) = (true, true, false);
        }
        let kind = EventKind::ConversationEnded {
            queue: Some(told.queue.into()),
            talk: told.talk_s.map(|seconds| Talk::from_ms(i64::from(seconds) * 1000)),
            wait: told.wait_s.map(|seconds| Wait::from_ms(i64::from(seconds) * 1000)),
            by: Some(told.by),
        };
        self.tell(&name, told.queue, kind);
    }

    /// The conversation between a caller and an attendant, of whom this channel is one, is over.
    pub fn talk_over(&mut self, id: &str, by: EndedBy) {
        let (Part::Caller(name) | Part::Attendant(name)) = self.channels.part(id) else { return };
        let Some(call) = self.calls.get(&name) else { return };
        if call.talking.as_ref().is_some_and(|talking| talking.attendant == id || call.caller == id) {
            self.conversation_over(&name, Some(by));
        }
    }

    pub(super) fn attendant_gone(&mut self, id: &str, name: &CallName) {
        let talking = self.calls.get(name).and_then(|call| call.talking.as_ref());
        if talking.is_some_and(|talking| talking.attendant == id) {
            self.conversation_over(name, Some(EndedBy::Agent));
        } else if self.channels.is_local(id) {
            self.consult_leaves_queue(name);
        }
    }

    pub(super) fn conversation_over(&mut self, name: &CallName, by: Option<EndedBy>) {
        let Some(talking) = self.calls.get_mut(name).and_then(|call| call.talking.take()) else { return };
        self.talking.remove(&talking.device);
        if !talking.is_seen {
            return;
        }
        let queue = talking.queue;
        let kind = EventKind::ConversationEnded { queue: Some(queue.clone()), talk: None, wait: None, by };
        self.tell(name, &queue, kind);
    }
}
