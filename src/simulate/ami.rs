//! Canonical events as an Asterisk tells them on its manager interface: channels, dial legs and
//! bridges, from which the transfers have to be read again.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use smol_str::{SmolStr, format_smolstr};

use crate::event::{AgentState, AnsweredBy, CallEvent, EndedBy, EventKind, LeftOutcome, TransferKind, TransferResult};
use crate::measure::Moment;
use crate::simulate::Said;

/// Channels and queues of a switch that is not there.
#[derive(Debug, Default)]
pub struct AmiVoice {
    calls: BTreeMap<SmolStr, Played>,
    members: BTreeMap<(SmolStr, SmolStr), AgentState>,
    channels: u64,
    said: Vec<Said>,
}

#[derive(Debug, Default)]
struct Played {
    channel: SmolStr,
    waiting: Option<(SmolStr, Moment)>,
    attendant: Option<Attendant>,
    transfers: BTreeMap<SmolStr, Sent>,
    last: Option<SmolStr>,
}

#[derive(Clone, Debug)]
struct Attendant {
    queue: SmolStr,
    name: SmolStr,
    channel: SmolStr,
    id: SmolStr,
    /// Seconds that the caller waited.
    hold: SmolStr,
    since: Moment,
}

#[derive(Clone, Debug)]
struct Sent {
    kind: TransferKind,
    target: SmolStr,
    /// The device's channel and its id, once it rings.
    device: Option<(SmolStr, SmolStr)>,
    local: SmolStr,
}

type Fields<'a> = &'a [(&'a str, &'a str)];

impl AmiVoice {
    /// What the switch says of `event`.
    pub fn tell(&mut self, event: &CallEvent) -> Vec<Said> {
        let (at, call) = (event.stamp.at, event.call.clone());
        match &event.kind {
            EventKind::CallStarted { .. } => self.arrives(at, &call),
            EventKind::VisitEntered { queue, .. } => self.enters(at, &call, queue),
            EventKind::AgentMissed { queue, agent, ring } => {
                let ring = ring.map_or(0, crate::measure::Ring::ms).to_string();
                let fields = [("Queue", queue.as_str()), ("MemberName", agent.as_str()), ("RingTime", ring.as_str())];
                self.of_caller("agent", "AgentRingNoAnswer", at, &call, &fields);
            }
            EventKind::VisitAnswered { queue, agent, .. } => {
                let agent = agent.clone().unwrap_or_default();
                self.connects(at, &call, queue, &agent);
            }
            EventKind::VisitLeft { queue, outcome, .. } => self.leaves(at, &call, queue, *outcome),
            EventKind::ConversationEnded { by, .. } => self.lets_go(at, &call, *by),
            EventKind::TransferStarted { transfer, kind, target, .. } => {
                self.sends(at, &call, transfer, *kind, target);
            }
            EventKind::TransferRinging { transfer } => self.rings(at, &call, transfer),
            EventKind::TransferAnswered { transfer, by } => self.takes(at, &call, transfer, *by),
            EventKind::TransferFailed { transfer, result } => self.fails(at, &call, transfer, *result),
            EventKind::CallEnded { by } => self.ends(at, &call, *by),
            EventKind::AgentChanged { agent, queue: Some(queue), state } => {
                self.members.insert((queue.clone(), agent.clone()), *state);
                let (status, paused) = status(*state);
                let fields = [("Queue", queue.as_str()), ("MemberName", agent), ("Status", status), ("Paused", paused)];
                self.say("agent", "QueueMemberStatus", at, &fields);
            }
            _ => {}
        }
        std::mem::take(&mut self.said)
    }

    /// The switch started anew: everything that went on is gone without a word.
    pub fn restart(&mut self) {
        self.calls.clear();
    }

    /// The switch stops in order: everybody is hung up first.
    pub fn stop(&mut self, now: Moment) -> Vec<Said> {
        for call in self.calls.keys().cloned().collect::<Vec<_>>() {
            let waiting = self.calls.get_mut(&call).and_then(|call| call.waiting.take());
            if let Some((queue, _)) = waiting {
                self.of_caller("call", "SoftHangupRequest", now, &call, &[]);
                self.of_caller("agent", "QueueCallerAbandon", now, &call, &[("Queue", &queue)]);
                self.of_caller("agent", "QueueCallerLeave", now, &call, &[("Queue", &queue)]);
            }
            self.ends(now, &call, Some(EndedBy::System));
        }
        self.say("system", "Shutdown", now, &[("Shutdown", "Cleanly"), ("Restart", "True")]);
        std::mem::take(&mut self.said)
    }

    /// Messages that answer a question about the queues.
    pub fn queue_status(&self, action_id: &str, now: Moment) -> String {
        let mut out = String::new();
        let mut queues: Vec<&SmolStr> = self.members.keys().map(|(queue, _)| queue).collect();
        queues.dedup();
        for queue in queues {
            let waiting = self.calls.iter().filter_map(|(id, call)| Some((id, call, call.waiting.as_ref()?)));
            let waiting: Vec<_> = waiting.filter(|(.., (of, _))| of == queue).collect();
            let count = waiting.len().to_string();
            answer(&mut out, "QueueParams", action_id, &[("Queue", queue), ("Calls", &count)]);
            for ((_, agent), state) in self.members.iter().filter(|((of, _), _)| of == queue) {
                let (status, paused) = status(*state);
                let fields = [("Queue", queue.as_str()), ("Name", agent), ("Status", status), ("Paused", paused)];
                answer(&mut out, "QueueMember", action_id, &fields);
            }
            for (id, call, (_, since)) in waiting {
                let wait = ((now - *since) / 1000).to_string();
                let fields = [("Queue", queue.as_str()), ("Channel", &call.channel), ("Uniqueid", id), ("Wait", &wait)];
                answer(&mut out, "QueueEntry", action_id, &fields);
            }
        }
        answer(&mut out, "QueueStatusComplete", action_id, &[("EventList", "Complete")]);
        out
    }

    /// Messages that answer a question about the channels.
    pub fn channels(&self, action_id: &str) -> String {
        let mut out = String::new();
        for (id, call) in &self.calls {
            let mut channels = vec![(id.clone(), call.channel.clone())];
            channels.extend(call.attendant.iter().map(|attendant| (attendant.id.clone(), attendant.channel.clone())));
            let devices = call.transfers.values().filter_map(|sent| sent.device.clone());
            channels.extend(devices.map(|(channel, id)| (id, channel)));
            for (own, channel) in channels {
                let fields = [("Channel", channel.as_str()), ("Uniqueid", &own), ("Linkedid", id)];
                answer(&mut out, "CoreShowChannel", action_id, &fields);
            }
        }
        answer(&mut out, "CoreShowChannelsComplete", action_id, &[("EventList", "Complete")]);
        out
    }

    fn say(&mut self, class: &'static str, event: &str, at: Moment, fields: Fields<'_>) {
        let mut text = format!(
            "Event: {event}\r\nPrivilege: {class},all\r\nTimestamp: {}.{:06}\r\n",
            at.seconds(),
            at.0.rem_euclid(1000) * 1000
        );
        for (key, value) in fields {
            // Writing to a string does not fail.
            let _ = write!(text, "{key}: {value}\r\n");
        }
        text.push_str("\r\n");
        self.said.push(Said { class, text });
    }

    fn of_caller(&mut self, class: &'static str, event: &str, at: Moment, call: &SmolStr, more: Fields<'_>) {
        let channel = self.calls.get(call).map(|call| call.channel.clone()).unwrap_or_default();
        self.of_channel(class, event, at, call, (call, &channel), more);
    }

    fn of_channel(
        &mut self,
        class: &'static str,
        event: &str,
        at: Moment,
        call: &SmolStr,
        (id, channel): (&str, &str),
        more: Fields<'_>,
    ) {
        let mut fields = vec![("Channel", channel), ("Uniqueid", id), ("Linkedid", call.as_str())];
        fields.extend_from_slice(more);
        self.say(class, event, at, &fields);
    }

    fn new_channel(&mut self, device: &str) -> (SmolStr, SmolStr) {
        self.channels += 1;
        (format_smolstr!("{device}-{:08x}", self.channels), format_smolstr!("sim.{}", self.channels))
    }

    fn arrives(&mut self, at: Moment, call: &SmolStr) {
        let (channel, _) = self.new_channel("PJSIP/trunk");
        self.calls.insert(call.clone(), Played { channel, ..Played::default() });
        self.of_caller("call", "Newchannel", at, call, &[("ChannelState", "4"), ("Exten", "s")]);
    }

    fn enters(&mut self, at: Moment, call: &SmolStr, queue: &SmolStr) {
        if let Some(played) = self.calls.get_mut(call) {
            (played.waiting, played.last) = (Some((queue.clone(), at)), None);
        }
        self.of_caller("agent", "QueueCallerJoin", at, call, &[("Queue", queue)]);
    }

    fn connects(&mut self, at: Moment, call: &SmolStr, queue: &SmolStr, agent: &SmolStr) {
        let (channel, id) = self.new_channel(&format!("PJSIP/{}", agent.replace(['-', ' '], "_")));
        let since = self.calls.get(call).and_then(|played| played.waiting.as_ref()).map_or(at, |(_, since)| *since);
        let hold = (at.seconds() - since.seconds()).to_string();
        let dest = [("DestChannel", channel.as_str()), ("DestUniqueid", &id), ("DestLinkedid", call)];
        self.of_caller("call", "DialBegin", at, call, &dest);
        self.of_caller("call", "DialEnd", at, call, &[dest.as_slice(), &[("DialStatus", "ANSWER")]].concat());
        self.of_caller("agent", "QueueCallerLeave", at, call, &[("Queue", queue)]);
        let told = [("Queue", queue.as_str()), ("MemberName", agent), ("HoldTime", &hold), ("RingTime", "2")];
        self.of_caller("agent", "AgentConnect", at, call, &[dest.as_slice(), &told].concat());
        self.of_channel("call", "BridgeEnter", at, call, (&id, &channel), &[]);
        self.of_caller("call", "BridgeEnter", at, call, &[]);
        if let Some(played) = self.calls.get_mut(call) {
            played.waiting = None;
            let hold = hold.into();
            played.attendant =
                Some(Attendant { queue: queue.clone(), name: agent.clone(), channel, id, hold, since: at });
        }
    }

    fn leaves(&mut self, at: Moment, call: &SmolStr, queue: &SmolStr, outcome: LeftOutcome) {
        if let Some(played) = self.calls.get_mut(call) {
            played.waiting = None;
        }
        if outcome == LeftOutcome::Abandoned {
            self.of_caller("call", "HangupRequest", at, call, &[]);
        }
        if outcome != LeftOutcome::KeyExit {
            self.of_caller("agent", "QueueCallerAbandon", at, call, &[("Queue", queue)]);
        }
        self.of_caller("agent", "QueueCallerLeave", at, call, &[("Queue", queue)]);
    }

    /// The attendant's part is done. One who sends the caller on says how in the next event.
    fn lets_go(&mut self, at: Moment, call: &SmolStr, by: Option<EndedBy>) {
        let Some(played) = self.calls.get(call) else { return };
        let asked = played.last.as_ref().and_then(|last| played.transfers.get(last)).cloned();
        match (by, asked) {
            (Some(EndedBy::Transfer), None) => {}
            (Some(EndedBy::Transfer), Some(asked)) => self.hands_over(at, call, &asked),
            (by, _) => {
                if by == Some(EndedBy::Caller) {
                    self.of_caller("call", "HangupRequest", at, call, &[]);
                }
                self.attendant_goes(at, call, if by == Some(EndedBy::Caller) { "caller" } else { "agent" });
            }
        }
    }

    fn attendant_goes(&mut self, at: Moment, call: &SmolStr, reason: &str) {
        let Some(attendant) = self.calls.get_mut(call).and_then(|played| played.attendant.take()) else { return };
        let talk = (at.seconds() - attendant.since.seconds()).to_string();
        let fields = [
            ("Queue", attendant.queue.as_str()),
            ("MemberName", &attendant.name),
            ("HoldTime", &attendant.hold),
            ("TalkTime", &talk),
            ("Reason", reason),
        ];
        self.of_caller("agent", "AgentComplete", at, call, &fields);
        let own = (attendant.id.as_str(), attendant.channel.as_str());
        self.of_channel("call", "BridgeLeave", at, call, own, &[]);
        self.of_channel("call", "Hangup", at, call, own, &[("Cause", "16")]);
    }

    fn hands_over(&mut self, at: Moment, call: &SmolStr, asked: &Sent) {
        let Some(attendant) = self.calls.get(call).and_then(|played| played.attendant.clone()) else { return };
        let near = format!("{};1", asked.local);
        let fields = [
            ("Result", "Success"),
            ("DestType", "Bridge"),
            ("OrigTransfererUniqueid", attendant.id.as_str()),
            ("SecondTransfererUniqueid", &attendant.id),
            ("TransfereeUniqueid", call),
            ("TransferTargetUniqueid", &near),
        ];
        self.say("call", "AttendedTransfer", at, &fields);
        self.attendant_goes(at, call, "transfer");
    }

    fn sends(&mut self, at: Moment, call: &SmolStr, transfer: &SmolStr, kind: TransferKind, target: &SmolStr) {
        let (local, _) = self.new_channel(&format!("Local/{target}@enheter"));
        let sent = Sent { kind, target: target.clone(), device: None, local: local.clone() };
        let Some(played) = self.calls.get_mut(call) else { return };
        played.transfers.insert(transfer.clone(), sent);
        played.last = (kind != TransferKind::Blind).then(|| transfer.clone());
        if kind == TransferKind::Blind {
            self.of_caller("call", "BridgeLeave", at, call, &[]);
            let fields = [("Result", "Success"), ("TransfereeUniqueid", call.as_str()), ("Extension", target)];
            self.say("call", "BlindTransfer", at, &fields);
            self.attendant_goes(at, call, "transfer");
            return;
        }
        for half in [";1", ";2"] {
            let own = format!("{local}{half}");
            self.of_channel("call", "Newchannel", at, call, (&own, &own), &[("Exten", target)]);
        }
        if kind == TransferKind::Blonde {
            self.dials(at, call, transfer);
        }
    }

    fn rings(&mut self, at: Moment, call: &SmolStr, transfer: &SmolStr) {
        let sent = self.calls.get(call).and_then(|played| played.transfers.get(transfer));
        if sent.is_some_and(|sent| sent.device.is_none()) {
            self.dials(at, call, transfer);
        }
    }

    fn dials(&mut self, at: Moment, call: &SmolStr, transfer: &SmolStr) {
        let Some(sent) = self.calls.get(call).and_then(|played| played.transfers.get(transfer)).cloned() else {
            return;
        };
        let (channel, id) = self.new_channel(&format!("PJSIP/u{}", sent.target));
        self.of_channel("call", "Newchannel", at, call, (&id, &channel), &[("ChannelState", "0")]);
        let dest = [
            ("DestChannel", channel.as_str()),
            ("DestUniqueid", &id),
            ("DestLinkedid", call.as_str()),
            ("Exten", &sent.target),
        ];
        if sent.kind == TransferKind::Blind {
            self.of_caller("call", "DialBegin", at, call, &dest);
        } else {
            let far = format!("{};2", sent.local);
            self.of_channel("call", "DialBegin", at, call, (&far, &far), &dest);
        }
        if let Some(sent) = self.calls.get_mut(call).and_then(|played| played.transfers.get_mut(transfer)) {
            sent.device = Some((channel, id));
        }
    }

    fn dial_ends(&mut self, at: Moment, call: &SmolStr, sent: &Sent, status: &str) {
        let Some((channel, id)) = &sent.device else { return };
        let fields =
            [("DestChannel", channel.as_str()), ("DestUniqueid", id), ("DestLinkedid", call), ("DialStatus", status)];
        self.say("call", "DialEnd", at, &fields);
    }

    fn takes(&mut self, at: Moment, call: &SmolStr, transfer: &SmolStr, by: AnsweredBy) {
        let Some(sent) = self.calls.get(call).and_then(|played| played.transfers.get(transfer)).cloned() else {
            return;
        };
        let Some((channel, id)) = sent.device.clone() else { return };
        match by {
            AnsweredBy::Person | AnsweredBy::Other | AnsweredBy::External => {
                if by == AnsweredBy::Other {
                    self.say("call", "Pickup", at, &[("TargetUniqueid", &id)]);
                } else if by == AnsweredBy::External {
                    return self.forwards_outside(at, call, &sent);
                }
                self.dial_ends(at, call, &sent, "ANSWER");
                self.of_channel("call", "BridgeEnter", at, call, (&id, &channel), &[]);
                if sent.kind == TransferKind::Blind {
                    self.of_caller("call", "BridgeEnter", at, call, &[]);
                }
            }
            AnsweredBy::Voicemail | AnsweredBy::Announcement => {
                self.dial_ends(at, call, &sent, "NOANSWER");
                self.of_channel("call", "Hangup", at, call, (&id, &channel), &[("Cause", "0")]);
                self.of_caller("dialplan", "Newexten", at, call, &[("Application", "VoiceMail")]);
            }
        }
    }

    /// The device forwards to a mobile, which answers.
    fn forwards_outside(&mut self, at: Moment, call: &SmolStr, sent: &Sent) {
        let Some((channel, id)) = sent.device.clone() else { return };
        self.dial_ends(at, call, sent, "NOANSWER");
        self.of_channel("call", "Hangup", at, call, (&id, &channel), &[("Cause", "0")]);
        let (channel, id) = self.new_channel("PJSIP/trunk");
        let dest = [("DestChannel", channel.as_str()), ("DestUniqueid", &id), ("DestLinkedid", call)];
        let far = format!("{};2", sent.local);
        let from = if sent.kind == TransferKind::Blind { None } else { Some((far.as_str(), far.as_str())) };
        match from {
            None => self.of_caller("call", "DialBegin", at, call, &dest),
            Some(from) => self.of_channel("call", "DialBegin", at, call, from, &dest),
        }
        let sent = Sent { device: Some((channel.clone(), id.clone())), ..sent.clone() };
        self.dial_ends(at, call, &sent, "ANSWER");
        self.of_channel("call", "BridgeEnter", at, call, (&id, &channel), &[]);
        if from.is_none() {
            self.of_caller("call", "BridgeEnter", at, call, &[]);
        }
    }

    fn fails(&mut self, at: Moment, call: &SmolStr, transfer: &SmolStr, result: TransferResult) {
        let Some(sent) = self.calls.get(call).and_then(|played| played.transfers.get(transfer)).cloned() else {
            return;
        };
        let Some((channel, id)) = sent.device.clone() else { return };
        let (status, cause) = match result {
            TransferResult::Busy => ("BUSY", "17"),
            TransferResult::Rejected => ("NOANSWER", "21"),
            TransferResult::Unreachable => ("CHANUNAVAIL", "20"),
            TransferResult::CallerHungUp | TransferResult::Withdrawn => ("CANCEL", "16"),
            TransferResult::NoAnswer | TransferResult::Recalled | TransferResult::Forwarded => ("NOANSWER", "0"),
        };
        if result == TransferResult::CallerHungUp {
            self.of_caller("call", "HangupRequest", at, call, &[]);
        }
        self.dial_ends(at, call, &sent, status);
        self.of_channel("call", "Hangup", at, call, (&id, &channel), &[("Cause", cause)]);
    }

    fn ends(&mut self, at: Moment, call: &SmolStr, by: Option<EndedBy>) {
        self.attendant_goes(at, call, "agent");
        if !self.calls.contains_key(call) {
            return;
        }
        let event = if by == Some(EndedBy::Caller) { "HangupRequest" } else { "SoftHangupRequest" };
        self.of_caller("call", event, at, call, &[]);
        self.of_caller("call", "Hangup", at, call, &[("Cause", "16")]);
        self.calls.remove(call);
    }
}

fn answer(out: &mut String, event: &str, action_id: &str, fields: Fields<'_>) {
    // Writing to a string does not fail.
    let _ = write!(out, "Event: {event}\r\nActionID: {action_id}\r\n");
    for (key, value) in fields {
        let _ = write!(out, "{key}: {value}\r\n");
    }
    out.push_str("\r\n");
}

/// Status and pause of a member, as the switch codes them.
fn status(state: AgentState) -> (&'static str, &'static str) {
    match state {
        AgentState::Available => ("1", "0"),
        AgentState::Ringing => ("6", "0"),
        AgentState::Busy | AgentState::Wrapup => ("2", "0"),
        AgentState::Paused => ("1", "1"),
        AgentState::Offline => ("5", "0"),
    }
}
