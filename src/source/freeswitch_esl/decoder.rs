//! Events to what happens to calls, attendants and the switch.

use std::collections::VecDeque;

use ahash::AHashSet;
use smol_str::SmolStr;

use crate::event::{AgentState, EventId, EventKind, LeftOutcome, Reason, Reject};
use crate::measure::{Moment, Ring};
use crate::names::CallName;
use crate::source::freeswitch::Story;
use crate::source::freeswitch::channel::Seen;
use crate::source::freeswitch::story::{Gone, Word};
use crate::source::freeswitch::visit::{Afterwards, Answering};
use crate::source::freeswitch_esl::event::Event;
use crate::source::freeswitch_esl::packet::{Packet, Packets};
use crate::source::{Batch, Decode};

/// Events remembered so that one told twice is heard once.
const WORDS_MAX: usize = 4_096;
/// What is on its way is waited for this long before silence counts as time.
const SILENCE_MS: i64 = 1_000;
/// Most queues that an attendant's state is told for.
const TIERS_MAX: usize = 50_000;
/// The end of the year 9999, in microseconds.
const MICROSECONDS_MAX: i64 = 253_402_300_799_999_999;

/// Decodes what an event socket says.
#[derive(Debug, Default)]
pub struct Esl {
    packets: Packets,
    pub(super) state: State,
}

/// What is known beside the bytes.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) story: Story,
    /// Our time of the piece that is being read.
    pub(super) received: Moment,
    /// The latest stamp.
    last_stamp: Moment,
    /// Which start of the switch this is.
    core: SmolStr,
    /// Events heard lately.
    heard: AHashSet<EventId>,
    heard_in_order: VecDeque<EventId>,
    /// Calls that were in flight when the line broke, and the switch's time then.
    pub(super) in_flight: Vec<CallName>,
    pub(super) broke_at: Moment,
    /// It has started anew since then.
    pub(super) has_restarted: bool,
    /// Names of queues seen.
    pub(super) queues: Vec<SmolStr>,
    /// Which attendants serve which queues.
    pub(super) tiers: Vec<(SmolStr, SmolStr)>,
    /// Attendants who are logged in, on a break, or away: their status, which hides their state.
    pub(super) away: Vec<(SmolStr, AgentState)>,
    /// How far the switch's clock is ahead of ours, ms.
    pub(super) clock_ahead_ms: Option<i64>,
    pub(super) rejects: Vec<Reject>,
}

impl Decode for Esl {
    fn feed(&mut self, bytes: &[u8], received: Moment, batch: &mut Batch) {
        self.hear(bytes, received, batch, |_, _| {});
    }

    fn finish(&mut self, _: Moment, batch: &mut Batch) {
        self.state.hand_over(batch);
    }

    fn pending_bytes(&self) -> u64 {
        self.packets.pending_bytes()
    }

    fn rewind(&mut self) {
        self.packets.rewind();
    }

    fn save(&self) -> serde_json::Value {
        let state = &self.state;
        let calls: Vec<&str> = state.story.queued_calls().chain(&state.in_flight).map(SmolStr::as_str).collect();
        serde_json::json!({ "now": state.story.now().0, "core": state.core.as_str(), "calls": calls })
    }

    fn restore(&mut self, saved: &serde_json::Value) {
        let state = &mut self.state;
        state.broke_at = Moment(saved.get("now").and_then(serde_json::Value::as_i64).unwrap_or_default());
        state.core = saved.get("core").and_then(serde_json::Value::as_str).unwrap_or_default().into();
        let calls = saved.get("calls").and_then(serde_json::Value::as_array).into_iter().flatten();
        state.in_flight = calls.filter_map(|call| call.as_str().map(SmolStr::new)).collect();
    }
}

impl Esl {
    /// As [`Decode::feed`]; each packet that is no event is shown to `answer`.
    pub(super) fn hear(
        &mut self,
        bytes: &[u8],
        received: Moment,
        batch: &mut Batch,
        mut answer: impl FnMut(&mut State, &Packet<'_>),
    ) {
        let Self { packets, state } = self;
        state.received = received;
        packets.cut(bytes, |packet| match packet {
            Err(reject) => state.reject(reject),
            Ok(packet) => match packet.content_type() {
                "text/event-plain" => state.take(&Event::plain(packet.body)),
                "text/event-json" => match Event::json(packet.body) {
                    Ok(event) => state.take(&event),
                    Err(why) => state.reject(Reject::new("event", Reason::Malformed, why, packet.body)),
                },
                _ => answer(state, &packet),
            },
        });
        state.hand_over(batch);
    }

    /// The line broke, or a new one stands: what was in flight is remembered.
    pub(super) fn broke(&mut self) {
        self.packets.rewind();
        self.state.connected();
    }
}

impl State {
    pub(super) fn hand_over(&mut self, batch: &mut Batch) {
        batch.events.extend(self.story.drain());
        batch.rejects.append(&mut self.rejects);
    }

    /// What cannot be used, at the time it came among the events, however the bytes were cut.
    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject.at(self.story.now()));
    }

    /// A new connection tells everything anew.
    fn connected(&mut self) {
        if self.story.now() > Moment(0) {
            self.broke_at = self.story.now();
        }
        self.in_flight.extend(self.story.queued_calls().cloned());
        self.in_flight.sort_unstable();
        self.in_flight.dedup();
        self.story.forget();
    }

    fn take(&mut self, event: &Event) {
        let Some(word) = self.word(event) else { return };
        self.story.hear(word);
        let core = event.get("Core-UUID");
        if !core.is_empty() {
            self.is_core(core, None);
        }
        let name = event.get("Event-Name");
        if name.starts_with("CHANNEL_") || event.get("Event-Subclass").starts_with("sofia::") {
            self.channel(name, event);
        }
        match (name, event.get("Event-Subclass")) {
            ("CUSTOM", "callcenter::info") => self.callcenter(event),
            ("CUSTOM", "fifo::info") => self.fifo(event),
            ("SHUTDOWN", _) => self.story.note("", EventKind::SourceStopped),
            _ => {}
        }
    }

    /// What an event is known by, and when it was; `None` where it has been heard.
    fn word(&mut self, event: &Event) -> Option<Word> {
        let told = event.number("Event-Date-Timestamp").filter(|at| (1..=MICROSECONDS_MAX).contains(at));
        let at = told.map_or(self.received, |micros| Moment(micros / 1000));
        if told.is_some() {
            self.last_stamp = at;
        }
        let sequence = event.get("Event-Sequence");
        let parts = [event.get("Core-UUID").as_bytes(), sequence.as_bytes()];
        let identity = if sequence.is_empty() {
            // Very old switches do not count their events.
            let own = [event.get("Event-Name"), event.get("Unique-ID"), event.get("CC-Action")].concat();
            EventId::of(&[parts[0], own.as_bytes(), &at.0.to_le_bytes()])
        } else {
            EventId::of(&parts)
        };
        if !self.heard.insert(identity) {
            return None;
        }
        self.heard_in_order.push_back(identity);
        if self.heard_in_order.len() > WORDS_MAX
            && let Some(oldest) = self.heard_in_order.pop_front()
        {
            self.heard.remove(&oldest);
        }
        Some(Word { identity, at, is_ours: told.is_none() })
    }

    /// The switch says which start of it this is, and when that was, where it tells.
    pub(super) fn is_core(&mut self, core: &str, booted: Option<Moment>) {
        if self.core == core {
            return;
        }
        let is_known = !self.core.is_empty();
        self.core = core.into();
        if is_known {
            self.has_restarted = true;
            self.story.forget();
            let at = booted.unwrap_or(self.story.now());
            let word = Word { identity: EventId::of(&[core.as_bytes(), b"core"]), at, is_ours: false };
            self.story.tell_from(word, &CallName::default(), "", EventKind::SourceStarted);
        }
    }

    fn channel(&mut self, name: &str, event: &Event) {
        let id = event.get("Unique-ID");
        if !matches!(name, "CHANNEL_HANGUP_COMPLETE" | "CHANNEL_DESTROY") || self.story.has_channel(id) {
            self.see(id, event);
        }
        let application = event.first(&["variable_current_application", "variable_last_app"]);
        match name {
            "CHANNEL_PROGRESS" | "CHANNEL_PROGRESS_MEDIA" => self.story.rings(id),
            "CHANNEL_ANSWER" => self.story.answers(id),
            "CHANNEL_BRIDGE" => {
                let one = event.first(&["Bridge-A-Unique-ID", "Unique-ID"]);
                let other = event.first(&["Bridge-B-Unique-ID", "Other-Leg-Unique-ID"]);
                self.story.bridged(one, other);
            }
            "CHANNEL_UNBRIDGE" => self.story.unbridged(id),
            "CHANNEL_EXECUTE" if event.get("Application") == "voicemail" => self.story.reaches_voicemail(id),
            "CHANNEL_HANGUP_COMPLETE" => self.story.hangup(Gone {
                id,
                cause: event.get("Hangup-Cause"),
                by_far_end: match event.get("variable_sip_hangup_disposition").split('_').next() {
                    Some("recv") => Some(true),
                    Some("send") => Some(false),
                    _ => None,
                },
                is_in_voicemail: application == "voicemail",
                why_unreached: event.get("variable_originate_disposition"),
            }),
            _ => {}
        }
    }

    /// What every event of a channel tells in passing.
    fn see(&mut self, id: &str, event: &Event) {
        let name = event.first(&["Channel-Name", "Caller-Channel-Name"]);
        let is_calling = event.get("Call-Direction") == "inbound";
        let maker = if name.starts_with("loopback/") && is_calling {
            event.get("variable_other_loopback_leg_uuid")
        } else if is_calling {
            ""
        } else {
            event.first(&["variable_originator", "Other-Leg-Unique-ID"])
        };
        let is_of_queue = event.get("variable_cc_side") == "agent";
        self.story.see(Seen {
            id,
            name,
            dialled: event.get("Caller-Destination-Number"),
            is_calling,
            is_by_gateway: !event.first(&["variable_sip_gateway_name", "variable_sip_gateway"]).is_empty()
                && !is_calling,
            maker,
            rung_for: if is_of_queue { event.get("variable_cc_member_session_uuid") } else { "" },
        });
        self.story.notes(id, event.list("variable_transfer_history"));
    }

    fn callcenter(&mut self, event: &Event) {
        let (member, queue) = (event.get("CC-Member-Session-UUID"), event.get("CC-Queue"));
        let agent = event.get("CC-Agent");
        let seconds = |key: &str| event.number(key).filter(|second| *second > 0);
        let told =
            Afterwards { joined_s: seconds("CC-Member-Joined-Time"), answered_s: seconds("CC-Agent-Answered-Time") };
        let rang_until = |until: &str| {
            let (from, until) = (seconds("CC-Agent-Called-Time")?, seconds(until)?);
            Some(Ring::from_ms((until - from).saturating_mul(1000)))
        };
        let action = event.get("CC-Action");
        if action.starts_with("member-") || action.starts_with("bridge-agent-") || action == "agent-offering" {
            if member.is_empty() || queue.is_empty() {
                let detail = format!("{action} names no CC-Member-Session-UUID or no CC-Queue");
                self.reject(Reject::new("event", Reason::BadField, detail, action.as_bytes()));
                return;
            }
            self.knows(queue);
        }
        match action {
            "member-queue-start" | "member-queue-resume" => {
                self.see(event.get("Unique-ID"), event);
                self.story.joins(member, queue);
            }
            "agent-offering" => self.story.offered(member, queue, agent),
            "bridge-agent-start" => {
                self.see(event.get("Unique-ID"), event);
                let (ring, word) = (rang_until("CC-Agent-Answered-Time"), self.story.word());
                let attendant = SmolStr::new(event.get("CC-Agent-UUID"));
                let (queue, agent) = (queue.into(), agent.into());
                self.story.attendant_answers(member, Answering { queue, agent, attendant, ring, word });
            }
            "bridge-agent-end" => {
                let were_joined = event.get("CC-Agent-Bridged") != "false";
                self.story.attendant_done(member, queue, were_joined, told);
            }
            // Another phone was quicker, or the caller left: not this attendant's doing.
            "bridge-agent-fail" if matches!(event.get("CC-Hangup-Cause"), "ORIGINATOR_CANCEL" | "LOSE_RACE") => {}
            "bridge-agent-fail" => self.story.missed(member, queue, agent, rang_until("CC-Agent-Aborted-Time")),
            "member-queue-end" if event.get("CC-Cause") == "Cancel" => {
                self.story.leaves(member, queue, why_left(event));
            }
            "member-queue-end" => self.story.attendant_done(member, queue, true, told),
            "agent-status-change" => self.agent_status(agent, event.get("CC-Agent-Status")),
            "agent-state-change" => self.agent_state(agent, event.get("CC-Agent-State")),
            _ => {}
        }
    }

    fn fifo(&mut self, event: &Event) {
        let (id, queue) = (event.get("Unique-ID"), event.get("FIFO-Name"));
        let partner = event.first(&["Other-Leg-Unique-ID", "Bridge-B-Unique-ID"]);
        match event.get("FIFO-Action") {
            "push" => {
                self.knows(queue);
                self.see(id, event);
                self.story.joins(id, queue);
            }
            "bridge-caller-start" => {
                let word = self.story.word();
                let (agent, attendant) = (SmolStr::default(), SmolStr::new(partner));
                self.story.attendant_answers(id, Answering { queue: queue.into(), agent, attendant, ring: None, word });
                self.story.attendant_heard(id);
            }
            "bridge-caller-stop" => self.story.attendant_done(id, queue, true, Afterwards::default()),
            "timeout" => self.story.leaves(id, queue, Some(LeftOutcome::Overflowed)),
            "abort" => self.story.leaves(id, queue, Some(LeftOutcome::Abandoned)),
            _ => {}
        }
    }

    pub(super) fn knows(&mut self, queue: &str) {
        if !self.queues.iter().any(|known| known == queue) && self.queues.len() < 10_000 {
            self.queues.push(queue.into());
        }
    }

    /// Which attendant serves which queue.
    pub(super) fn serves(&mut self, agent: &str, queue: &str) {
        let tier = (SmolStr::new(agent), SmolStr::new(queue));
        if self.tiers.len() < TIERS_MAX && !self.tiers.contains(&tier) {
            self.tiers.push(tier);
        }
    }

    /// An attendant logged in or out, or took a break.
    pub(super) fn agent_status(&mut self, agent: &str, status: &str) {
        self.away.retain(|(known, _)| known != agent);
        let state = match status {
            "Logged Out" => AgentState::Offline,
            "On Break" => AgentState::Paused,
            _ => return self.tell_agent(agent, AgentState::Available),
        };
        self.away.push((agent.into(), state));
        self.tell_agent(agent, state);
    }

    /// What an attendant does; who is away does nothing but that.
    pub(super) fn agent_state(&mut self, agent: &str, state: &str) {
        if self.away.iter().any(|(known, _)| known == agent) && state != "In a queue call" {
            return;
        }
        self.tell_agent(
            agent,
            match state {
                "Receiving" | "Reserved" => AgentState::Ringing,
                "In a queue call" => AgentState::Busy,
                // Logged in, and given no calls.
                "Idle" => AgentState::Paused,
                _ => AgentState::Available,
            },
        );
    }

    fn tell_agent(&mut self, agent: &str, state: AgentState) {
        let queues: Vec<SmolStr> =
            self.tiers.iter().filter(|(known, _)| known == agent).map(|(_, queue)| queue.clone()).collect();
        for queue in queues {
            let detail = format!("{agent}|{queue}");
            let kind = EventKind::AgentChanged { agent: agent.into(), queue: Some(queue), state };
            self.story.note(&detail, kind);
        }
    }

    /// Nothing has been heard for a while: what waits for time to pass is decided by ours.
    pub(super) fn pass_silence(&mut self, now: Moment) {
        let silence_ms = now - self.received - SILENCE_MS;
        if silence_ms > 0 && self.received > Moment(0) && self.last_stamp > Moment(0) {
            let at = self.last_stamp.plus_ms(silence_ms);
            self.story.hear(Word { at, ..self.story.word() });
        }
    }

    /// The switch tells its clock.
    pub(super) fn clock(&mut self, at: Moment) {
        self.clock_ahead_ms = Some(at - self.received);
        self.last_stamp = at;
        let identity = EventId::of(&[self.core.as_bytes(), b"clock", &at.0.to_le_bytes()]);
        self.story.hear(Word { identity, at, is_ours: false });
    }
}

/// How a caller left the queue unanswered; `None` where that is still to be seen.
fn why_left(event: &Event) -> Option<LeftOutcome> {
    let has_hung_up = event.get("Answer-State") == "hangup" || !event.get("Hangup-Cause").is_empty();
    match event.get("CC-Cancel-Reason") {
        "TIMEOUT" | "NO_AGENT_TIMEOUT" => Some(LeftOutcome::Overflowed),
        "EXIT_WITH_KEY" => Some(LeftOutcome::KeyExit),
        _ => has_hung_up.then_some(LeftOutcome::Abandoned),
    }
}
