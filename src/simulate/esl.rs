//! Canonical events as a FreeSWITCH tells them on its event socket: channels, bridges and the words
//! of mod_callcenter, from which the visits and transfers have to be read again.

use std::collections::BTreeMap;

use smol_str::{SmolStr, format_smolstr};

use crate::event::{AgentState, AnsweredBy, CallEvent, EndedBy, EventKind, LeftOutcome, TransferKind, TransferResult};
use crate::measure::{Moment, Ring};
use crate::simulate::Said;
use crate::simulate::esl_wire::{Field, event};

/// Channels and queues of a switch that is not there.
#[derive(Debug, Default)]
pub struct EslVoice {
    /// Which start of the switch this is.
    pub(super) core: SmolStr,
    pub(super) calls: BTreeMap<SmolStr, Played>,
    pub(super) members: BTreeMap<(SmolStr, SmolStr), AgentState>,
    channels: u64,
    sequence: u64,
    said: Vec<Said>,
}

#[derive(Debug, Default)]
pub(super) struct Played {
    pub(super) waiting: Option<(SmolStr, Moment)>,
    since: Moment,
    pub(super) attendant: Option<Attendant>,
    transfers: BTreeMap<SmolStr, Sent>,
    last: Option<SmolStr>,
    /// The switch's notes of transfers.
    notes: Vec<String>,
    is_in_voicemail: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Attendant {
    queue: SmolStr,
    name: SmolStr,
    pub(super) line: Line,
    answered: Moment,
}

/// A channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) id: SmolStr,
    pub(super) name: SmolStr,
    pub(super) dialled: SmolStr,
    pub(super) is_calling: bool,
}

#[derive(Clone, Debug)]
struct Sent {
    kind: TransferKind,
    target: SmolStr,
    /// The phone, once it rings.
    phone: Option<Line>,
    /// Where the attendant asks.
    asker: Option<Line>,
}

impl EslVoice {
    /// What the switch says of `event`.
    pub fn tell(&mut self, event: &CallEvent) -> Vec<Said> {
        let (at, call) = (event.stamp.at, event.call.clone());
        match &event.kind {
            EventKind::CallStarted { .. } => {
                self.calls.insert(call.clone(), Played { since: at, ..Played::default() });
                self.channel("CHANNEL_CREATE", at, &caller(&call), &[]);
            }
            EventKind::VisitEntered { queue, .. } => {
                if let Some(played) = self.calls.get_mut(&call) {
                    (played.waiting, played.last) = (Some((queue.clone(), at)), None);
                }
                self.member("member-queue-start", at, &call, queue, &[("Answer-State", "answered".into())]);
            }
            EventKind::AgentMissed { queue, agent, ring } => self.misses(at, &call, queue, agent, *ring),
            EventKind::VisitAnswered { queue, agent, .. } => {
                self.connects(at, &call, queue, &agent.clone().unwrap_or_default());
            }
            EventKind::VisitLeft { queue, outcome, .. } => self.leaves(at, &call, queue, *outcome),
            EventKind::ConversationEnded { by, .. } => self.lets_go(at, &call, *by),
            EventKind::TransferStarted { transfer, kind, target, .. } => {
                self.sends(at, &call, transfer, *kind, target);
            }
            EventKind::TransferRinging { transfer } => self.rings(at, &call, transfer),
            EventKind::TransferAnswered { transfer, by } => self.takes(at, &call, transfer, *by),
            EventKind::TransferFailed { transfer, result } => self.fails(at, &call, transfer, *result),
            EventKind::CallEnded { by } => self.ends(at, &call, *by, "NORMAL_CLEARING"),
            EventKind::AgentChanged { agent, queue: Some(queue), state } => self.works(at, agent, queue, *state),
            _ => {}
        }
        std::mem::take(&mut self.said)
    }

    /// The switch stops in order: everybody is hung up first.
    pub fn stop(&mut self, now: Moment) -> Vec<Said> {
        for call in self.calls.keys().cloned().collect::<Vec<_>>() {
            let waiting = self.calls.get(&call).and_then(|played| played.waiting.clone());
            if let Some((queue, _)) = waiting {
                self.leaves(now, &call, &queue, LeftOutcome::Abandoned);
            }
            self.ends(now, &call, Some(EndedBy::System), "SYSTEM_SHUTDOWN");
        }
        self.say("SHUTDOWN", "SHUTDOWN", now, &[]);
        std::mem::take(&mut self.said)
    }

    /// The switch is alive and says so.
    pub fn beats(&mut self, now: Moment) -> Vec<Said> {
        self.say("HEARTBEAT", "HEARTBEAT", now, &[("Event-Info", "System Ready".into())]);
        std::mem::take(&mut self.said)
    }

    fn say(&mut self, class: &'static str, name: &'static str, at: Moment, fields: &[Field]) {
        self.sequence += 1;
        let mut all = vec![
            ("Event-Name", name.to_owned()),
            ("Core-UUID", self.core.to_string()),
            ("Event-Date-Timestamp", (at.0 * 1000).to_string()),
            ("Event-Sequence", self.sequence.to_string()),
        ];
        all.extend_from_slice(fields);
        self.said.extend(event(class, &all));
    }

    fn channel(&mut self, name: &'static str, at: Moment, line: &Line, more: &[Field]) {
        let mut fields = vec![
            ("Unique-ID", line.id.to_string()),
            ("Channel-Name", line.name.to_string()),
            ("Call-Direction", if line.is_calling { "inbound" } else { "outbound" }.to_owned()),
            ("Caller-Destination-Number", line.dialled.to_string()),
        ];
        if let Some(played) = self.calls.get(&line.id).filter(|played| !played.notes.is_empty()) {
            fields.push(("variable_transfer_history", format!("ARRAY::{}", played.notes.join("|:"))));
        }
        fields.extend_from_slice(more);
        self.say(name, name, at, &fields);
    }

    fn bridge(&mut self, at: Moment, one: &Line, other: &Line) {
        let pair = [("Bridge-A-Unique-ID", one.id.to_string()), ("Bridge-B-Unique-ID", other.id.to_string())];
        self.channel("CHANNEL_BRIDGE", at, one, &pair);
    }

    fn gone(&mut self, at: Moment, line: &Line, cause: &str, disposition: &str, more: &[Field]) {
        let mut fields =
            vec![("Hangup-Cause", cause.to_owned()), ("variable_sip_hangup_disposition", disposition.to_owned())];
        fields.extend_from_slice(more);
        self.channel("CHANNEL_HANGUP_COMPLETE", at, line, &fields);
    }

    fn member(&mut self, action: &str, at: Moment, call: &SmolStr, queue: &SmolStr, more: &[Field]) {
        let line = caller(call);
        let mut fields = vec![
            ("Event-Subclass", "callcenter::info".to_owned()),
            ("CC-Action", action.to_owned()),
            ("CC-Queue", queue.to_string()),
            ("CC-Member-UUID", format!("m-{call}")),
            ("CC-Member-Session-UUID", call.to_string()),
        ];
        // Of these only the member's own carry a channel, and it is the member's.
        if action.starts_with("member-") {
            fields.push(("Unique-ID", line.id.to_string()));
            fields.push(("Channel-Name", line.name.to_string()));
            fields.push(("Call-Direction", "inbound".to_owned()));
        }
        fields.extend_from_slice(more);
        self.say("callcenter::info", "CUSTOM", at, &fields);
    }

    fn line(&mut self, name: &str, dialled: &str, is_calling: bool) -> Line {
        self.channels += 1;
        let id = format_smolstr!("sim-{}-{}", self.core, self.channels);
        Line { id, name: name.into(), dialled: dialled.into(), is_calling }
    }

    fn misses(&mut self, at: Moment, call: &SmolStr, queue: &SmolStr, agent: &SmolStr, ring: Option<Ring>) {
        let called = at.plus_ms(-i64::from(ring.map_or(0, Ring::ms)));
        let agent = ("CC-Agent", agent.to_string());
        self.member("agent-offering", called, call, queue, std::slice::from_ref(&agent));
        let fields = [
            agent,
            ("CC-Hangup-Cause", "NO_ANSWER".to_owned()),
            ("CC-Agent-Called-Time", called.seconds().to_string()),
            ("CC-Agent-Aborted-Time", at.seconds().to_string()),
        ];
        self.member("bridge-agent-fail", at, call, queue, &fields);
    }

    fn connects(&mut self, at: Moment, call: &SmolStr, queue: &SmolStr, agent: &SmolStr) {
        let line = self.line(&format!("sofia/internal/{agent}@10.0.0.5:5060"), agent, false);
        let of_queue =
            [("variable_cc_side", "agent".to_owned()), ("variable_cc_member_session_uuid", call.to_string())];
        self.channel("CHANNEL_CREATE", at, &line, &of_queue);
        self.channel("CHANNEL_ANSWER", at, &line, &of_queue);
        let joined = self.calls.get(call).and_then(|played| played.waiting.as_ref()).map_or(at, |(_, since)| *since);
        let attendant = Attendant { queue: queue.clone(), name: agent.clone(), line: line.clone(), answered: at };
        let fields = times(&attendant, joined);
        self.member("bridge-agent-start", at, call, queue, &fields);
        self.bridge(at, &line, &caller(call));
        if let Some(played) = self.calls.get_mut(call) {
            (played.waiting, played.since) = (None, joined);
            played.attendant = Some(attendant);
        }
    }

    fn leaves(&mut self, at: Moment, call: &SmolStr, queue: &SmolStr, outcome: LeftOutcome) {
        let joined = self.calls.get_mut(call).and_then(|played| played.waiting.take()).map_or(at, |(_, since)| since);
        let (reason, answer) = match outcome {
            LeftOutcome::Abandoned => ("BREAK_OUT", "hangup"),
            LeftOutcome::Overflowed => ("TIMEOUT", "answered"),
            LeftOutcome::KeyExit => ("EXIT_WITH_KEY", "answered"),
            _ => ("BREAK_OUT", "answered"),
        };
        let fields = [
            ("CC-Cause", "Cancel".to_owned()),
            ("CC-Cancel-Reason", reason.to_owned()),
            ("Answer-State", answer.to_owned()),
            ("CC-Member-Joined-Time", joined.seconds().to_string()),
            ("CC-Member-Leaving-Time", at.seconds().to_string()),
        ];
        self.member("member-queue-end", at, call, queue, &fields);
    }

    /// The attendant's part is done. One who sends the caller on blind says how in the next event.
    fn lets_go(&mut self, at: Moment, call: &SmolStr, by: Option<EndedBy>) {
        let Some(played) = self.calls.get(call) else { return };
        let asked = played.last.as_ref().and_then(|last| played.transfers.get(last)).cloned();
        match (by, asked) {
            (Some(EndedBy::Transfer), None) => {}
            (Some(EndedBy::Transfer), Some(asked)) => self.hands_over(at, call, &asked),
            (Some(EndedBy::Caller), _) => self.attendant_goes(at, call, "NORMAL_CLEARING", "send_bye"),
            _ => self.attendant_goes(at, call, "NORMAL_CLEARING", "recv_bye"),
        }
    }

    fn attendant_goes(&mut self, at: Moment, call: &SmolStr, cause: &str, disposition: &str) {
        let Some(played) = self.calls.get_mut(call) else { return };
        let (joined, Some(attendant)) = (played.since, played.attendant.take()) else { return };
        self.gone(at, &attendant.line, cause, disposition, &[]);
        let mut fields = times(&attendant, joined);
        fields.push(("CC-Agent-Bridged", "true".to_owned()));
        self.member("bridge-agent-end", at, call, &attendant.queue, &fields);
        fields.push(("CC-Cause", "Terminated".to_owned()));
        self.member("member-queue-end", at, call, &attendant.queue, &fields);
    }

    fn hands_over(&mut self, at: Moment, call: &SmolStr, sent: &Sent) {
        let Some(asker) = &sent.asker else { return };
        if let Some(played) = self.calls.get_mut(call) {
            played.notes.push(format!("{}:p-{call}:att_xfer:a@h/{}@h", at.seconds(), sent.target));
        }
        let is_in_voicemail = self.calls.get(call).is_some_and(|played| played.is_in_voicemail);
        if let (Some(phone), TransferKind::Attended, false) = (&sent.phone, sent.kind, is_in_voicemail) {
            self.bridge(at, &caller(call), phone);
        }
        let application = [("variable_current_application", "voicemail".to_owned())];
        let more = if is_in_voicemail { &application[..] } else { &[] };
        self.gone(at, asker, "ATTENDED_TRANSFER", "recv_bye", more);
        self.attendant_goes(at, call, "ATTENDED_TRANSFER", "recv_bye");
    }

    fn sends(&mut self, at: Moment, call: &SmolStr, transfer: &SmolStr, kind: TransferKind, target: &SmolStr) {
        let Some(attendant) = self.calls.get(call).and_then(|played| played.attendant.clone()) else { return };
        let mut sent = Sent { kind, target: target.clone(), phone: None, asker: None };
        if kind == TransferKind::Blind {
            if let Some(played) = self.calls.get_mut(call) {
                let place = played.notes.len();
                played.notes.push(format!("{}:p{place}-{call}:bl_xfer:{target}/default/XML", at.seconds()));
                played.last = None;
            }
            self.channel("CHANNEL_UNBRIDGE", at, &caller(call), &[]);
            self.attendant_goes(at, call, "BLIND_TRANSFER", "recv_bye");
        } else {
            let asker = self.line(&attendant.line.name, target, true);
            self.channel("CHANNEL_CREATE", at, &asker, &[]);
            sent.asker = Some(asker);
            if let Some(played) = self.calls.get_mut(call) {
                played.last = Some(transfer.clone());
            }
            self.dials(at, call, &mut sent);
        }
        if let Some(played) = self.calls.get_mut(call) {
            played.transfers.insert(transfer.clone(), sent);
        }
    }

    fn sent(&self, call: &SmolStr, transfer: &SmolStr) -> Option<Sent> {
        self.calls.get(call)?.transfers.get(transfer).cloned()
    }

    /// The phone of the unit is called.
    fn dials(&mut self, at: Moment, call: &SmolStr, sent: &mut Sent) {
        let phone = self.line(&format!("sofia/internal/{}@10.0.0.77:5060", sent.target), &sent.target, false);
        let maker = sent.asker.as_ref().map_or_else(|| call.clone(), |asker| asker.id.clone());
        self.channel("CHANNEL_CREATE", at, &phone, &[("variable_originator", maker.to_string())]);
        sent.phone = Some(phone);
    }

    fn rings(&mut self, at: Moment, call: &SmolStr, transfer: &SmolStr) {
        let Some(mut sent) = self.sent(call, transfer) else { return };
        if sent.phone.is_none() {
            self.dials(at, call, &mut sent);
        }
        if let Some(phone) = &sent.phone {
            self.channel("CHANNEL_PROGRESS", at, phone, &[]);
        }
        if let Some(played) = self.calls.get_mut(call) {
            played.transfers.insert(transfer.clone(), sent);
        }
    }

    fn takes(&mut self, at: Moment, call: &SmolStr, transfer: &SmolStr, by: AnsweredBy) {
        let Some(mut sent) = self.sent(call, transfer) else { return };
        let Some(phone) = sent.phone.clone() else { return };
        // Who asks and has not let go hears the answer; else the caller does.
        let listener = match (&sent.asker, sent.kind) {
            (Some(asker), TransferKind::Attended) => asker.clone(),
            _ => caller(call),
        };
        let taker = match by {
            AnsweredBy::Person => phone,
            AnsweredBy::Other => {
                self.gone(at, &phone, "PICKED_OFF", "send_cancel", &[]);
                let picker = self.line("sofia/internal/9@10.0.0.78:5060", "*8", true);
                self.channel("CHANNEL_CREATE", at, &picker, &[]);
                picker
            }
            AnsweredBy::External => {
                self.gone(at, &phone, "NO_ANSWER", "send_cancel", &[]);
                let mobile = self.line("sofia/external/0701234567", "0701234567", false);
                let fields = [
                    ("variable_originator", listener.id.to_string()),
                    ("variable_sip_gateway_name", "operator".to_owned()),
                ];
                self.channel("CHANNEL_CREATE", at, &mobile, &fields);
                mobile
            }
            AnsweredBy::Voicemail | AnsweredBy::Announcement => {
                self.gone(at, &phone, "NO_ANSWER", "send_cancel", &[]);
                if let Some(played) = self.calls.get_mut(call) {
                    played.is_in_voicemail = true;
                }
                return self.channel("CHANNEL_EXECUTE", at, &listener, &[("Application", "voicemail".to_owned())]);
            }
        };
        if by != AnsweredBy::Other {
            self.channel("CHANNEL_ANSWER", at, &taker, &[]);
        }
        self.bridge(at, &listener, &taker);
        sent.phone = Some(taker);
        if let Some(played) = self.calls.get_mut(call) {
            played.transfers.insert(transfer.clone(), sent);
        }
    }

    fn fails(&mut self, at: Moment, call: &SmolStr, transfer: &SmolStr, result: TransferResult) {
        let Some(sent) = self.sent(call, transfer) else { return };
        let Some(phone) = sent.phone else { return };
        let cause = match result {
            TransferResult::Busy => "USER_BUSY",
            TransferResult::Rejected => "CALL_REJECTED",
            TransferResult::Unreachable => "USER_NOT_REGISTERED",
            TransferResult::CallerHungUp | TransferResult::Withdrawn => "ORIGINATOR_CANCEL",
            TransferResult::NoAnswer | TransferResult::Recalled | TransferResult::Forwarded => "NO_ANSWER",
        };
        if result == TransferResult::CallerHungUp && sent.kind == TransferKind::Attended {
            // Gone before the attendant knows.
            self.ends(at, call, Some(EndedBy::Caller), "NORMAL_CLEARING");
        }
        self.gone(at, &phone, cause, "send_cancel", &[]);
    }

    fn ends(&mut self, at: Moment, call: &SmolStr, by: Option<EndedBy>, cause: &str) {
        let Some(played) = self.calls.get(call) else { return };
        let disposition = if by == Some(EndedBy::Caller) { "recv_bye" } else { "send_bye" };
        let application = if played.is_in_voicemail { "voicemail" } else { "bridge" };
        let more = [("variable_current_application", application.to_owned())];
        self.gone(at, &caller(call), cause, disposition, &more);
        self.attendant_goes(at, call, cause, "send_bye");
        self.calls.remove(call);
    }

    fn works(&mut self, at: Moment, agent: &SmolStr, queue: &SmolStr, state: AgentState) {
        self.members.insert((queue.clone(), agent.clone()), state);
        let (status, doing) = words(state);
        for (action, key, value) in
            [("agent-status-change", "CC-Agent-Status", status), ("agent-state-change", "CC-Agent-State", doing)]
        {
            let fields = [
                ("Event-Subclass", "callcenter::info".to_owned()),
                ("CC-Action", action.to_owned()),
                ("CC-Agent", agent.to_string()),
                (key, value.to_owned()),
            ];
            self.say("callcenter::info", "CUSTOM", at, &fields);
        }
    }
}

/// The caller's channel, which the call is named after.
pub(super) fn caller(call: &SmolStr) -> Line {
    Line { id: call.clone(), name: "sofia/external/0950@10.0.0.9".into(), dialled: "0950".into(), is_calling: true }
}

fn times(attendant: &Attendant, joined: Moment) -> Vec<Field> {
    vec![
        ("CC-Agent", attendant.name.to_string()),
        ("CC-Agent-UUID", attendant.line.id.to_string()),
        ("CC-Agent-Called-Time", attendant.answered.plus_ms(-2_000).seconds().to_string()),
        ("CC-Agent-Answered-Time", attendant.answered.seconds().to_string()),
        ("CC-Member-Joined-Time", joined.seconds().to_string()),
    ]
}

/// Status and state of an attendant, as the switch words them.
pub(super) fn words(state: AgentState) -> (&'static str, &'static str) {
    match state {
        AgentState::Available => ("Available", "Waiting"),
        AgentState::Ringing => ("Available", "Receiving"),
        AgentState::Busy | AgentState::Wrapup => ("Available", "In a queue call"),
        AgentState::Paused => ("On Break", "Waiting"),
        AgentState::Offline => ("Logged Out", "Waiting"),
    }
}
