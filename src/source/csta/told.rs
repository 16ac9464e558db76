//! What each event means.

use smol_str::SmolStr;

use crate::event::{AgentState, EndedBy, EventKind, LeftOutcome, Stamp};
use crate::measure::{Moment, Ring};
use crate::names::CallName;
use crate::source::asterisk::consult::HandedOver;
use crate::source::asterisk::visit::Connected;
use crate::source::csta::calls::{Calls, Other};
use crate::source::csta::document::{Element, device};

/// What an event says of itself, in common to all.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    event: &'a Element,
    /// The call's number.
    pub number: &'a str,
    /// The device of the connection that it is about.
    pub device: &'a str,
    caller: &'a str,
    called: &'a str,
    cause: &'a str,
}

impl<'a> Told<'a> {
    /// Reads what is common. `connection`: the element that names call and device, `subject` the one
    /// that names the device in full, where there is one.
    pub fn of(event: &'a Element, connection: &str, subject: &str) -> Self {
        let at = event.child(connection);
        let named = |name: &str| event.child(name).map(Element::any_text).map(device).unwrap_or_default();
        let of_connection = at.and_then(|at| at.child("deviceID")).map(Element::any_text).map(device);
        let subject = Some(named(subject)).filter(|device| !device.is_empty());
        Self {
            event,
            number: at.map(|at| at.text_of("callID")).unwrap_or_default(),
            device: subject.or(of_connection).unwrap_or_default(),
            caller: named("callingDevice"),
            called: named("calledDevice"),
            cause: event.child("cause").map(Element::any_text).unwrap_or_default(),
        }
    }

    fn device_in(&self, name: &str) -> &'a str {
        self.event.child(name).map(Element::any_text).map(device).unwrap_or_default()
    }
}

impl Calls {
    /// An attendant begins a call: a question to a unit, if the attendant is talking to a caller.
    pub fn originated(&mut self, told: Told<'_>) {
        let caller = if told.caller.is_empty() { told.device } else { told.caller };
        let id = self.call(told.number, caller).name.clone();
        self.story.asks(&id, told.called);
    }

    /// A call enters a queue.
    pub fn queued(&mut self, told: Told<'_>) {
        let queue = told.device_in("queue");
        let queue = if queue.is_empty() { told.device } else { queue };
        self.queues.insert(queue.into());
        self.enters(told, queue);
    }

    fn enters(&mut self, told: Told<'_>, queue: &str) {
        let call = self.call(told.number, told.caller);
        let (id, before) = (call.name.clone(), call.waiting.replace(queue.into()));
        match before {
            Some(before) if before == queue => return,
            Some(before) => self.story.left(&id, &before, LeftOutcome::Overflowed),
            None => {}
        }
        if !told.called.is_empty() {
            self.story.dialled(&id, told.called);
        }
        self.story.joins(&id, queue, None);
    }

    /// A device rings.
    pub fn delivered(&mut self, told: Told<'_>) {
        if self.queues.contains(told.device) {
            return;
        }
        self.call(told.number, told.caller);
        self.came_through_a_queue(told);
        let caller = self.caller(told.number);
        if caller.is_empty() || self.by_number[told.number].caller == told.device {
            return;
        }
        if told.cause == "recall" {
            self.call(told.number, "").back_at = Some(told.device.into());
            self.story.recalled(&caller);
            return;
        }
        let id = self.connection(told.number, told.device);
        if let Some(queue) = self.by_number[told.number].waiting.clone() {
            let kind = EventKind::AgentOffered { queue, agent: told.device.into() };
            self.tell(&caller.as_str().into(), &id, kind);
        }
        self.story.dial_begins(&caller, &id, if told.called.is_empty() { told.device } else { told.called });
    }

    /// A queue that finds somebody free at once may not say that it queued the call.
    fn came_through_a_queue(&mut self, told: Told<'_>) {
        let Some(call) = self.by_number.get(told.number) else { return };
        let is_fresh = call.waiting.is_none() && call.others.is_empty();
        let through = [told.called, told.device_in("lastRedirectionDevice")];
        let queue = through.into_iter().find(|queue| self.queues.contains(*queue));
        if let (true, Some(queue)) = (is_fresh, queue) {
            let queue = SmolStr::new(queue);
            self.enters(told, &queue);
        }
    }

    /// A device answers.
    pub fn established(&mut self, told: Told<'_>) {
        if self.queues.contains(told.device) {
            // The queue itself answers, with music.
            return;
        }
        self.call(told.number, told.caller);
        self.came_through_a_queue(told);
        let caller = self.caller(told.number);
        let Some(call) = self.by_number.get_mut(told.number).filter(|call| call.caller != told.device) else { return };
        let waiting = call.waiting.take();
        let is_new = !call.others.contains_key(told.device);
        let id = self.connection(told.number, told.device);
        let now = self.story.now();
        let other = self.by_number.get_mut(told.number).and_then(|call| call.others.get_mut(told.device));
        let ring = other.map(|other| {
            other.is_answered = true;
            Ring::from_ms(now - other.since)
        });
        if let Some(queue) = waiting {
            let ring = ring.filter(|_| !is_new);
            let agent = told.device;
            self.story.connects(Connected {
                caller: &caller,
                queue: &queue,
                agent,
                attendant: &id,
                wait_s: None,
                ring,
            });
        } else if self.by_number[told.number].back_at.as_deref() != Some(told.device) {
            if is_new {
                self.story.dial_begins(&caller, &id, if told.called.is_empty() { told.device } else { told.called });
            }
            self.story.dial_ends(&id, "ANSWER");
        }
        self.story.bridged(&caller, true);
        self.story.bridged(&id, true);
    }

    /// A call leaves a device that rang, for another.
    pub fn diverted(&mut self, told: Told<'_>) {
        let to = told.device_in("newDestination");
        let Some(call) = self.by_number.get(told.number) else { return };
        let caller = call.name.clone();
        let is_seen = to.is_empty() || self.queues.contains(to) || self.is_seen(to);
        if let Some(queue) = call.waiting.clone() {
            if told.device == queue && !is_seen {
                self.leave(told.number, LeftOutcome::Overflowed);
                self.out_of_sight(told.number);
            } else if let Some(other) = self.take_other(told.number, told.device) {
                let ring = Some(Ring::from_ms(self.story.now() - other.since));
                let agent = SmolStr::new(told.device);
                self.tell(&caller.as_str().into(), &other.id, EventKind::AgentMissed { queue, agent, ring });
                self.story.hangup(&other.id, 0);
            }
        } else if let Some(other) = self.take_other(told.number, told.device) {
            if self.queues.contains(to) || told.cause == "recall" {
                self.story.dial_ends(&other.id, "NOANSWER");
                self.story.hangup(&other.id, 0);
            } else if told.cause == "callPickup" {
                self.story.rings_elsewhere(&other.id);
            } else {
                self.story.forwards(&other.id, Some(&other.id), to);
                self.story.hangup(&other.id, 0);
            }
            if !is_seen && told.cause != "recall" {
                self.out_of_sight(told.number);
            }
        }
    }

    /// A device that sent a call on is part of it no more.
    fn leaves(&mut self, number: &str, device: &str) {
        if let Some(other) = self.take_other(number, device) {
            self.story.hangup(&other.id, 0);
        }
    }

    fn take_other(&mut self, number: &str, device: &str) -> Option<Other> {
        self.by_number.get_mut(number)?.others.remove(device)
    }

    fn leave(&mut self, number: &str, outcome: LeftOutcome) {
        let Some(call) = self.by_number.get_mut(number) else { return };
        let (name, waiting) = (call.name.clone(), call.waiting.take());
        if let Some(queue) = waiting {
            self.story.left(&name, &queue, outcome);
        }
    }

    /// An attendant sends a caller on, or hands them over.
    pub fn transferred(&mut self, told: Told<'_>) {
        let old = told.number;
        let event = told.event;
        let second = event.child("secondaryOldCall").map(|call| call.text_of("callID")).filter(|id| !id.is_empty());
        // Which of the two the caller is in is not always the first.
        let is_asked = |number: &str| self.by_number.get(number).is_some_and(|call| self.story.is_question(&call.name));
        let (held, asked) = match second {
            Some(second) if is_asked(old) => (second, Some(old)),
            second => (old, second),
        };
        let new = event.find("newConnection").map(|new| new.text_of("callID")).filter(|id| !id.is_empty());
        let (by, to) = (told.device_in("transferringDevice"), told.device_in("transferredToDevice"));
        let transferee = self.call(held, "").name.clone();
        let first = self.connection(held, by);
        let others = asked.and_then(|asked| self.by_number.get(asked)).map(|asked| &asked.others);
        let target = others.and_then(|others| others.get(to)).map(|other| other.id.clone()).unwrap_or_default();
        // Outside the switch whoever answers is known by the line that leads there.
        let was_answered = others.is_some_and(|others| others.values().any(|other| other.is_answered));
        match asked {
            None => self.story.blind_transfer(&transferee, to),
            Some(asked) => {
                let second = self.call(asked, by).name.clone();
                let told = HandedOver { transferee: &transferee, first: &first, second: &second, target: &target };
                self.story.attended_transfer(told);
            }
        }
        let new = new.unwrap_or(held);
        self.leaves(held, by);
        self.renumber(held, asked, new);
        self.leaves(new, by);
        if was_answered {
            self.story.bridged(&transferee, true);
        } else if !self.is_seen(to) && !self.queues.contains(to) {
            // Only attendants are monitored: whether anybody answers there is not told.
            self.out_of_sight(new);
        }
    }

    /// A question has become a conversation of three: the caller's call goes on under a new number.
    pub fn conferenced(&mut self, told: Told<'_>) {
        let second =
            told.event.child("secondaryOldCall").map(|call| call.text_of("callID")).filter(|id| !id.is_empty());
        let new = told.event.find("newConnection").map(|new| new.text_of("callID")).filter(|id| !id.is_empty());
        self.renumber(told.number, second, new.unwrap_or(told.number));
    }

    /// A device cannot be reached.
    pub fn failed(&mut self, told: Told<'_>) {
        let device = if told.device.is_empty() { told.called } else { told.device };
        self.call(told.number, told.caller);
        let caller = self.caller(told.number);
        if self.by_number[told.number].caller == device || self.queues.contains(device) {
            return;
        }
        let is_new = !self.by_number[told.number].others.contains_key(device);
        let is_waiting = self.by_number[told.number].waiting.is_some();
        let id = self.connection(told.number, device);
        if is_new && !is_waiting {
            self.story.dial_begins(&caller, &id, if told.called.is_empty() { device } else { told.called });
        }
        let status = match told.cause {
            "busy" | "callWaiting" | "busyOverflow" => "BUSY",
            "doNotDisturb" | "callRejected" | "rejected" | "callBack" => "DONTCALL",
            "callNotAnswered" | "noAnswer" | "timeOut" | "callCancelled" => "NOANSWER",
            _ => "CHANUNAVAIL",
        };
        self.story.dial_ends(&id, status);
    }

    /// A call has gone out of the switch.
    pub fn network_reached(&mut self, told: Told<'_>) {
        self.call(told.number, told.caller);
        let caller = self.caller(told.number);
        if self.by_number[told.number].caller == told.device {
            return;
        }
        let id = self.connection(told.number, told.device);
        self.story.goes_outside(&id);
        self.story.dial_begins(&caller, &id, if told.called.is_empty() { told.device } else { told.called });
    }

    /// A device leaves a call.
    pub fn connection_cleared(&mut self, told: Told<'_>) {
        let releasing = told.device_in("releasingDevice");
        let Some(call) = self.by_number.get(told.number) else { return };
        let (caller, calling) = (call.name.clone(), call.caller.clone());
        let by_caller = releasing == calling && !releasing.is_empty();
        let Some(other) = call.others.get(told.device).cloned() else {
            if told.device == calling || !self.is_seen(told.device) {
                self.caller_gone(told.number, releasing.is_empty() || by_caller || releasing == told.device);
            }
            return;
        };
        self.story.talk_over(&other.id, if by_caller { EndedBy::Caller } else { EndedBy::Agent });
        if !other.is_answered && self.story.is_ringing_leg(&other.id) {
            self.story.dial_ends(&other.id, if by_caller { "CANCEL" } else { "NOANSWER" });
        }
        if by_caller {
            return self.caller_gone(told.number, true);
        }
        self.story.hangup(&other.id, 0);
        self.take_other(told.number, told.device);
        let is_left_alone = self
            .by_number
            .get(told.number)
            .is_some_and(|call| call.others.is_empty() && call.waiting.is_none() && !self.story.is_sent_on(&caller));
        if other.is_answered && is_left_alone {
            self.over(told.number);
        }
    }

    /// A call is over.
    pub fn call_cleared(&mut self, told: Told<'_>) {
        if self.by_number.contains_key(told.number) {
            self.caller_gone(told.number, true);
        }
    }

    fn caller_gone(&mut self, number: &str, by_caller: bool) {
        let caller = self.caller(number);
        if by_caller {
            self.story.hangup_requested(&caller, false);
        }
        self.leave(number, LeftOutcome::Abandoned);
        self.over_by_caller(number);
    }

    /// The caller first, so that what rings loses them, and then the rest.
    fn over_by_caller(&mut self, number: &str) {
        let caller = self.caller(number);
        self.story.hangup(&caller, 0);
        self.over(number);
    }

    /// An attendant's state.
    pub fn agent(&mut self, told: &Element, state: AgentState) {
        let named = |name: &str| told.child(name).map(Element::any_text).map(device).unwrap_or_default();
        let agent = [named("agentDevice"), named("agentID")].into_iter().find(|name| !name.is_empty());
        let group = named("acdGroup");
        if let Some(agent) = agent {
            let queue = (!group.is_empty()).then(|| group.into());
            self.tell(&CallName::default(), agent, EventKind::AgentChanged { agent: agent.into(), queue, state });
        }
    }

    /// Something that the story does not tell.
    pub fn tell(&mut self, call: &CallName, detail: &str, kind: EventKind) {
        let now: Moment = self.story.now();
        let stamp = Stamp { evidence: self.story.clock().evidence, ..Stamp::live(now) };
        self.story.tell_stamped(stamp, call, detail, kind);
    }
}
