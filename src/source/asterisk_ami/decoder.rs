//! Messages to events of calls, attendants and the switch.

use smol_str::SmolStr;

use crate::event::{AgentState, EndedBy, EventKind, Evidence, RefusedReason, Reject, Stamp};
use crate::measure::{Moment, Ring, Wait};
use crate::names::CallName;
use crate::source::asterisk::Story;
use crate::source::asterisk::channel::{CHANNELS_MAX, Seen};
use crate::source::asterisk::consult::HandedOver;
use crate::source::asterisk::story::SwitchClock;
use crate::source::asterisk::visit::{Completed, Connected};
use crate::source::asterisk_ami::message::{Cut, Message, Messages};
use crate::source::{Batch, Decode};

/// A switch that says it started this much later than it did when last asked has started anew;
/// less is the rounding of its whole seconds, or a clock that was set.
const RESTARTED_MS: i64 = 5_000;
/// What is on its way is waited for this long before silence counts as time.
const SILENCE_MS: i64 = 1_000;
/// The end of the year 9999.
const SECONDS_MAX: i64 = 253_402_300_799;

/// Decodes what a manager connection says.
#[derive(Debug, Default)]
pub struct Ami {
    messages: Messages,
    pub(super) state: State,
}

/// What is known beside the bytes.
#[derive(Debug, Default)]
pub(super) struct State {
    story: Story,
    /// Our time of the piece that is being read.
    received: Moment,
    /// The latest stamp.
    last_stamp: Moment,
    /// When the switch started, by its own clock.
    booted: Option<Moment>,
    /// It has just said how long it has been up; told at this time of ours.
    uptime: Option<(i64, Moment)>,
    /// Calls that were in flight when the line broke, and the switch's time then.
    in_flight: Vec<CallName>,
    broke_at: Moment,
    /// It has started anew since then.
    has_restarted: bool,
    /// Channels that the switch says there are now.
    alive: Option<Vec<SmolStr>>,
    /// Who shares a bridge by way of a queue, told with them: bridge, channel, and of the caller the queue.
    together: Vec<(SmolStr, SmolStr, Option<SmolStr>)>,
    /// Names of queues seen.
    pub(super) queues: Vec<SmolStr>,
    /// The queue that the dialplan has just sent a channel to.
    sent_to: Option<(SmolStr, SmolStr)>,
    /// How far the switch's clock is ahead of ours, ms.
    pub(super) clock_ahead_ms: Option<i64>,
    rejects: Vec<Reject>,
}

impl Decode for Ami {
    fn feed(&mut self, bytes: &[u8], received: Moment, batch: &mut Batch) {
        self.hear(bytes, received, batch, |_| {});
    }

    fn finish(&mut self, _: Moment, batch: &mut Batch) {
        self.state.hand_over(batch);
    }

    fn pending_bytes(&self) -> u64 {
        self.messages.pending_bytes()
    }

    fn rewind(&mut self) {
        self.messages.rewind();
    }

    fn save(&self) -> serde_json::Value {
        let state = &self.state;
        let calls: Vec<&str> = state.story.queued_calls().chain(&state.in_flight).map(SmolStr::as_str).collect();
        serde_json::json!({
            "now": state.story.now().0,
            "booted": state.booted.map(|at| at.0),
            "calls": calls,
        })
    }

    fn restore(&mut self, saved: &serde_json::Value) {
        let state = &mut self.state;
        let moment = |key: &str| saved.get(key).and_then(serde_json::Value::as_i64).map(Moment);
        state.booted = moment("booted");
        state.broke_at = moment("now").unwrap_or_default();
        let calls = saved.get("calls").and_then(serde_json::Value::as_array).into_iter().flatten();
        state.in_flight = calls.filter_map(|call| call.as_str().map(SmolStr::new)).collect();
    }
}

impl Ami {
    /// As [`Decode::feed`]; each message is shown to `answer` as well, after it has been heard.
    pub(super) fn hear(&mut self, bytes: &[u8], received: Moment, batch: &mut Batch, mut answer: impl FnMut(&Cut<'_>)) {
        let Self { messages, state } = self;
        state.received = received;
        messages.cut(bytes, |cut| {
            match &cut {
                Cut::Banner(_) => state.connected(),
                Cut::Message(message) => state.take(message),
                Cut::Reject(reject) => state.rejects.push(reject.clone()),
            }
            answer(&cut);
        });
        state.hand_over(batch);
    }

    /// The line broke, or a new one stands: what was in flight is remembered.
    pub(super) fn broke(&mut self) {
        self.messages.rewind();
        self.state.connected();
    }
}

impl State {
    fn hand_over(&mut self, batch: &mut Batch) {
        batch.events.extend(self.story.drain());
        let now = self.story.now();
        batch.rejects.extend(self.rejects.drain(..).map(|reject| reject.at(now)));
    }

    /// A new connection tells all channels anew.
    fn connected(&mut self) {
        if self.story.now() > Moment(0) {
            self.broke_at = self.story.now();
        }
        let known = self.story.queued_calls().cloned().collect::<Vec<_>>();
        self.in_flight.extend(known);
        self.in_flight.sort_unstable();
        self.in_flight.dedup();
        self.story.forget();
        (self.alive, self.uptime, self.sent_to) = (None, None, None);
        self.together.clear();
    }

    fn take(&mut self, message: &Message<'_>) {
        if let Some(at) = seconds(message.get("Timestamp")) {
            if message.get("Response").is_empty() || message.get("Ping") == "Pong" {
                self.story.pass(SwitchClock { now: at, evidence: Evidence::Live });
                self.last_stamp = at;
            }
            if message.get("Ping") == "Pong" {
                self.clock_ahead_ms = Some(at - self.received);
            }
            self.judge_uptime(at);
        } else if !message.get("Event").is_empty() && self.story.now() == Moment(0) {
            // Without time stamps, and with none heard before: ours must do.
            self.story.pass(SwitchClock { now: self.received, evidence: Evidence::Receiver });
        }
        let event = message.get("Event");
        let id = message.get("Uniqueid");
        if !event.is_empty() {
            self.see(message);
        }
        match event {
            "QueueCallerJoin" => self.story.joins(id, message.get("Queue"), None),
            "QueueCallerAbandon" => self.story.abandons(id, message.get("Queue"), message.number("HoldTime")),
            "QueueCallerLeave" => self.story.leaves(id, message.get("Queue")),
            "AgentConnect" => self.story.connects(Connected {
                caller: id,
                queue: message.get("Queue"),
                agent: message.get("MemberName"),
                attendant: message.get("DestUniqueid"),
                wait_s: message.number("HoldTime"),
                ring: message.number("RingTime").map(|seconds| Ring::from_ms(i64::from(seconds) * 1000)),
            }),
            "AgentComplete" => {
                let by = match message.get("Reason") {
                    "caller" => EndedBy::Caller,
                    "transfer" => EndedBy::Transfer,
                    _ => EndedBy::Agent,
                };
                self.story.completes(Completed {
                    caller: id,
                    queue: message.get("Queue"),
                    by,
                    wait_s: message.number("HoldTime"),
                    talk_s: message.number("TalkTime"),
                });
            }
            "DialBegin" => {
                let to = message.get("DestUniqueid");
                self.story.dial_begins(id, to, message.get("Exten"));
            }
            "DialEnd" if !message.get("Forward").is_empty() => {
                self.story.forwards(id, Some(message.get("DestUniqueid")), message.get("Forward"));
            }
            "DialEnd" => self.story.dial_ends(message.get("DestUniqueid"), message.get("DialStatus")),
            "BridgeEnter" => self.story.bridged(id, true),
            "BridgeLeave" => self.story.bridged(id, false),
            "BlindTransfer" if message.get("Result") == "Success" => {
                self.story.blind_transfer(message.get("TransfereeUniqueid"), message.get("Extension"));
            }
            "AttendedTransfer" => self.attended_transfer(message),
            "Newchannel" | "Newstate" if message.get("ChannelState") == "4" => self.story.calls_in(id),
            "Pickup" => self.story.picks_up(message.get("TargetUniqueid")),
            "HangupRequest" => self.story.hangup_requested(id, false),
            "SoftHangupRequest" => self.story.hangup_requested(id, true),
            "Hangup" => self.story.hangup(id, message.get("Cause").parse().unwrap_or(0)),
            "Newexten" if message.get("Application") == "Queue" => {
                let queue = message.get("AppData").split(',').next().unwrap_or_default();
                self.sent_to = Some((id.into(), queue.into()));
            }
            "Newexten" if message.get("Application") == "VoiceMail" => self.story.reaches_voicemail(id),
            "VarSet" if message.get("Variable") == "QUEUESTATUS" => self.queue_status(id, message.get("Value")),
            _ => self.take_other(event, message),
        }
    }

    /// What every event tells of channels in passing.
    fn see(&mut self, message: &Message<'_>) {
        const PARTS: [(&str, &str, &str, &str); 7] = [
            ("Uniqueid", "Channel", "Linkedid", "Exten"),
            ("DestUniqueid", "DestChannel", "DestLinkedid", "DestExten"),
            ("TransfereeUniqueid", "TransfereeChannel", "TransfereeLinkedid", "TransfereeExten"),
            ("TransfererUniqueid", "TransfererChannel", "TransfererLinkedid", "TransfererExten"),
            ("OrigTransfererUniqueid", "OrigTransfererChannel", "OrigTransfererLinkedid", "OrigTransfererExten"),
            (
                "SecondTransfererUniqueid",
                "SecondTransfererChannel",
                "SecondTransfererLinkedid",
                "SecondTransfererExten",
            ),
            ("TransferTargetUniqueid", "TransferTargetChannel", "TransferTargetLinkedid", "TransferTargetExten"),
        ];
        let event = message.get("Event");
        let parts = match event {
            "BlindTransfer" | "AttendedTransfer" => &PARTS[2..],
            "DialBegin" | "DialEnd" | "DialState" | "AgentCalled" | "AgentConnect" => &PARTS[..2],
            "CoreShowChannel" | "QueueEntry" | "QueueMember" => return,
            _ => &PARTS[..1],
        };
        for (id, name, linkedid, exten) in parts {
            let seen = Seen {
                id: message.get(id),
                name: message.get(name),
                linkedid: message.get(linkedid),
                exten: message.get(exten),
            };
            if !seen.name.is_empty() && (event != "Hangup" || self.story.has_channel(seen.id)) {
                self.story.see(seen);
            }
        }
    }

    fn attended_transfer(&mut self, message: &Message<'_>) {
        let is_done =
            message.get("Result") == "Success" && matches!(message.get("DestType"), "Bridge" | "App" | "Link");
        if is_done {
            self.story.attended_transfer(HandedOver {
                transferee: message.get("TransfereeUniqueid"),
                first: message.get("OrigTransfererUniqueid"),
                second: message.get("SecondTransfererUniqueid"),
                target: message.get("TransferTargetUniqueid"),
            });
        }
    }

    fn queue_status(&mut self, id: &str, status: &str) {
        let reason = match status {
            "FULL" => RefusedReason::Full,
            "JOINEMPTY" | "JOINUNAVAIL" => RefusedReason::Empty,
            other => return self.story.left_because(id, other),
        };
        if let Some((channel, queue)) = self.sent_to.take()
            && channel == id
        {
            self.story.refused(id, &queue, reason);
        }
    }

    fn take_other(&mut self, event: &str, message: &Message<'_>) {
        let queue = || SmolStr::new(message.get("Queue"));
        let agent = || SmolStr::new(message.some("MemberName").unwrap_or(message.get("Interface")));
        match event {
            "AgentCalled" => self.attempt(message, EventKind::AgentOffered { queue: queue(), agent: agent() }),
            "AgentRingNoAnswer" => {
                let ring = message.number("RingTime").map(|ms| Ring::from_ms(i64::from(ms)));
                self.attempt(message, EventKind::AgentMissed { queue: queue(), agent: agent(), ring });
            }
            "QueueMember" | "QueueMemberStatus" | "QueueMemberPause" | "QueueMemberAdded" => {
                self.note(
                    message,
                    EventKind::AgentChanged {
                        agent: SmolStr::new(message.some("MemberName").unwrap_or(message.get("Name"))),
                        queue: Some(queue()),
                        state: member_state(message),
                    },
                );
            }
            "QueueMemberRemoved" => self.note(
                message,
                EventKind::AgentChanged { agent: agent(), queue: Some(queue()), state: AgentState::Offline },
            ),
            "QueueParams" => {
                if !self.queues.contains(&queue()) && self.queues.len() < 10_000 {
                    self.queues.push(queue());
                }
                if let Some(waiting) = message.number("Calls") {
                    self.note(message, EventKind::QueueSnapshot { queue: queue(), waiting, longest_wait: None });
                }
            }
            "QueueEntry" => self.still_waits(message),
            "CoreShowChannel" => {
                let id = message.get("Uniqueid");
                let alive = self.alive.get_or_insert_default();
                if alive.len() >= CHANNELS_MAX {
                    return;
                }
                alive.push(id.into());
                let queue = message.get("ApplicationData").split(',').next().unwrap_or_default();
                let queue = match (message.get("Application"), message.get("BridgeId")) {
                    ("Queue", bridge) if !bridge.is_empty() => Some(Some(queue.into())),
                    ("AppQueue", bridge) if !bridge.is_empty() => Some(None),
                    _ => None,
                };
                self.together.extend(queue.map(|queue| (message.get("BridgeId").into(), id.into(), queue)));
                self.story.see(Seen {
                    id,
                    name: message.get("Channel"),
                    linkedid: message.get("Linkedid"),
                    exten: message.get("Exten"),
                });
            }
            "CoreShowChannelsComplete" => self.caught_up(),
            "FullyBooted" => self.uptime = message.get("Uptime").parse().ok().map(|up: i64| (up, self.received)),
            "Shutdown" => self.note(message, EventKind::SourceStopped),
            _ => {}
        }
    }

    /// A phone that rings, or that nobody took: of a call, and never an outcome.
    fn attempt(&mut self, message: &Message<'_>, kind: EventKind) {
        let call = message.get("Uniqueid");
        if !call.is_empty() {
            let detail = format!("{}{}", message.get("DestUniqueid"), message.get("Interface"));
            self.story.tell_stamped(Stamp::live(self.now()), &call.into(), &detail, kind);
        }
    }

    /// Something that is not about a call.
    fn note(&mut self, message: &Message<'_>, kind: EventKind) {
        self.story.tell_stamped(Stamp::live(self.now()), &CallName::default(), message.text(), kind);
    }

    /// Nothing has been heard for a while: what waits for time to pass is decided by ours.
    pub(super) fn pass_silence(&mut self, now: Moment) {
        let silence_ms = now - self.received - SILENCE_MS;
        if silence_ms > 0 && self.received > Moment(0) && self.story.now() > Moment(0) {
            let now = self.last_stamp.plus_ms(silence_ms);
            self.story.pass(SwitchClock { now, ..self.story.clock() });
        }
    }

    /// The switch's present; ours where it has not told.
    fn now(&self) -> Moment {
        let now = self.story.now();
        if now == Moment(0) { self.received } else { now }
    }

    /// A caller who waits, told on being asked. Who was seen to enter is known already.
    fn still_waits(&mut self, message: &Message<'_>) {
        let id = message.get("Uniqueid");
        let call = CallName::new(id);
        self.story.see(Seen { id, name: message.get("Channel"), linkedid: id, exten: "" });
        if id.is_empty() || self.story.is_waiting(id) {
            return;
        }
        let was_known = self.in_flight.contains(&call);
        let wait = Wait::from_ms(i64::from(message.number("Wait").unwrap_or(0)) * 1000);
        let since = self.now().plus_ms(-i64::from(wait.ms()));
        self.in_flight.retain(|known| *known != call);
        if was_known {
            self.story.waits_on(id, message.get("Queue"));
        } else {
            self.story.joins(id, message.get("Queue"), Some(since));
        }
    }

    /// All channels have been told: calls that were in flight and have none are over.
    fn caught_up(&mut self) {
        let alive = self.alive.take().unwrap_or_default();
        let at = if self.broke_at == Moment(0) { self.now() } else { self.broke_at };
        if std::mem::take(&mut self.has_restarted) {
            // That has been told, and tells of all of them.
            self.in_flight.clear();
        }
        let in_flight = std::mem::take(&mut self.in_flight);
        let together = std::mem::take(&mut self.together);
        for (bridge, caller, queue) in &together {
            let is_other =
                |(other, _, queue): &&(SmolStr, SmolStr, Option<SmolStr>)| other == bridge && queue.is_none();
            if let (Some(queue), Some((_, attendant, _))) = (queue, together.iter().find(is_other)) {
                self.story.talks_on(caller, queue, attendant, in_flight.contains(caller));
            }
        }
        for call in in_flight {
            if alive.contains(&call) {
                self.story.goes_on(&call);
            } else if !self.story.is_waiting(&call) {
                self.story.lose_call(&call, at);
            }
        }
    }

    /// The switch has said how long it has been up. The first stamp after that tells when it was.
    fn judge_uptime(&mut self, at: Moment) {
        let Some((uptime_s, told)) = self.uptime.take() else { return };
        let booted = at.plus_ms(-uptime_s * 1000 - (self.received - told));
        let before = self.booted.replace(booted);
        if before.is_some_and(|before| booted - before > RESTARTED_MS) {
            self.has_restarted = true;
            self.story.tell_stamped(Stamp::live(booted), &CallName::default(), "", EventKind::SourceStarted);
        }
    }
}

fn member_state(message: &Message<'_>) -> AgentState {
    if message.get("Paused") == "1" {
        return AgentState::Paused;
    }
    match message.get("Status") {
        "2" | "3" | "7" | "8" => AgentState::Busy,
        "4" | "5" => AgentState::Offline,
        "6" => AgentState::Ringing,
        // 0 is what channel drivers say that do not know; they ring all the same.
        _ => AgentState::Available,
    }
}

/// `1795467252.400217`: seconds since 1970 with a fraction.
fn seconds(text: &str) -> Option<Moment> {
    let (whole, fraction) = text.split_once('.')?;
    let ms: i64 = fraction.get(..3)?.parse().ok()?;
    let whole: i64 = whole.parse().ok()?;
    (0..=SECONDS_MAX).contains(&whole).then(|| Moment(whole * 1000 + ms))
}
