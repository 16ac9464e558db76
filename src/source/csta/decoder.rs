//! Elements to what they tell. The same happening is told once for each device that is monitored,
//! and counts once.

use std::collections::VecDeque;

use ahash::AHashSet;
use smol_str::SmolStr;

use crate::event::{AgentState, EventId, EventKind, Evidence, Reason, Reject, Stamp};
use crate::measure::Moment;
use crate::names::CallName;
use crate::source::csta::calls::Calls;
use crate::source::csta::document::{Element, device};
use crate::source::csta::frame::Frames;
use crate::source::csta::told::Told;
use crate::source::{Batch, Decode, SourceSettings};

/// The same happening as other devices saw it comes within this.
const TWICE_MS: i64 = 2_000;
/// Most happenings remembered in that time.
const RECENT_MAX: usize = 100_000;
/// What tells of no call that counts, no attendant and no switch.
const SILENT: [&str; 14] = [
    "ServiceInitiatedEvent",
    "HeldEvent",
    "RetrievedEvent",
    "OfferedEvent",
    "BridgedEvent",
    "DigitsDialedEvent",
    "CallInformationEvent",
    "InformationEvent",
    "DoNotDisturbEvent",
    "ForwardingEvent",
    "MessageWaitingEvent",
    "BackInServiceEvent",
    "OutOfServiceEvent",
    "NetworkCapabilitiesChangedEvent",
];

/// Decodes what a CSTA switch says.
#[derive(Debug, Default)]
pub struct Csta {
    frames: Frames,
    pub(super) calls: Calls,
    recent: VecDeque<(Moment, EventId)>,
    rejects: Vec<Reject>,
    /// When the line broke, or the daemon was stopped.
    pub(super) broke_at: Moment,
}

impl Csta {
    /// One that knows which devices are monitored and which of them are queues.
    pub fn new(settings: &SourceSettings) -> Self {
        let named = |devices: &[String]| devices.iter().map(|name| SmolStr::new(device(name))).collect::<AHashSet<_>>();
        let mut decoder = Self::default();
        decoder.calls.queues = named(&settings.queues);
        if !settings.monitor.is_empty() {
            decoder.calls.monitored = Some(&named(&settings.monitor) | &decoder.calls.queues);
        }
        decoder
    }

    /// As [`Decode::feed`]; each document is shown to `answer` with its invoke id, after it was heard.
    pub(super) fn hear(
        &mut self,
        bytes: &[u8],
        received: Moment,
        batch: &mut Batch,
        mut answer: impl FnMut(u16, &Element),
    ) {
        self.calls.pass(received);
        let Self { frames, calls, recent, rejects, .. } = self;
        frames.cut(bytes, |place, frame| {
            let (invoke, document) = match frame {
                Ok(frame) => frame,
                Err(reject) => return rejects.push(reject),
            };
            let mut refuse = |reason, why: String| {
                rejects.push(Reject::new(format!("byte {place}"), reason, why, document));
            };
            match Element::parse(document) {
                Ok(element) => {
                    if let Err((reason, why)) = take(calls, recent, &element) {
                        refuse(reason, why);
                    }
                    answer(invoke, &element);
                }
                Err(why) => refuse(Reason::Malformed, why),
            }
        });
        self.hand_over(received, batch);
    }

    /// Whether what came is no CSTA.
    pub(super) fn is_broken(&self) -> bool {
        self.frames.is_broken()
    }

    pub(super) fn hand_over(&mut self, received: Moment, batch: &mut Batch) {
        batch.events.extend(self.calls.story.drain());
        batch.rejects.extend(self.rejects.drain(..).map(|reject| reject.at(received)));
    }

    /// The line broke, or a new one stands.
    pub(super) fn broke(&mut self) {
        if self.calls.story.now() > Moment(0) {
            self.broke_at = self.calls.story.now();
        }
        self.calls.broke();
        self.frames = Frames::default();
        self.recent.clear();
    }
}

/// Tells what one document says, if it is an event.
fn take(calls: &mut Calls, recent: &mut VecDeque<(Moment, EventId)>, event: &Element) -> Result<(), (Reason, String)> {
    type Means = fn(&mut Calls, Told<'_>);
    let (connection, subject, means): (&str, &str, Means) = match event.name.as_str() {
        "OriginatedEvent" => ("originatedConnection", "callingDevice", Calls::originated),
        "QueuedEvent" => ("queuedConnection", "queue", Calls::queued),
        "DeliveredEvent" => ("connection", "alertingDevice", Calls::delivered),
        "EstablishedEvent" => ("establishedConnection", "answeringDevice", Calls::established),
        "DivertedEvent" => ("connection", "divertingDevice", Calls::diverted),
        "TransferredEvent" | "TransferedEvent" => ("primaryOldCall", "transferringDevice", Calls::transferred),
        "ConferencedEvent" => ("primaryOldCall", "conferencingDevice", Calls::conferenced),
        "FailedEvent" => ("failedConnection", "failingDevice", Calls::failed),
        "NetworkReachedEvent" => ("outboundConnection", "networkInterfaceUsed", Calls::network_reached),
        "ConnectionClearedEvent" => ("droppedConnection", "", Calls::connection_cleared),
        "CallClearedEvent" => ("clearedCall", "", Calls::call_cleared),
        other => return take_other(calls, other, event),
    };
    let told = Told::of(event, connection, subject);
    if told.number.is_empty() || told.number.len() > 256 || told.device.len() > 256 {
        return Err((Reason::BadField, format!("`{}` names no call: `{connection}` needs a callID", event.name)));
    }
    let released = event.child("newDestination").map(Element::any_text).unwrap_or_default();
    let id = EventId::of(&[event.name.as_bytes(), told.number.as_bytes(), told.device.as_bytes(), released.as_bytes()]);
    let now = calls.story.now();
    while recent.front().is_some_and(|(at, _)| now - *at > TWICE_MS) || recent.len() >= RECENT_MAX {
        recent.pop_front();
    }
    if recent.iter().any(|(_, known)| *known == id) {
        return Ok(());
    }
    recent.push_back((now, id));
    means(calls, told);
    Ok(())
}

fn take_other(calls: &mut Calls, name: &str, event: &Element) -> Result<(), (Reason, String)> {
    let state = match name {
        "AgentLoggedOnEvent" | "AgentReadyEvent" => AgentState::Available,
        "AgentNotReadyEvent" => AgentState::Paused,
        "AgentWorkingAfterCallEvent" => AgentState::Wrapup,
        "AgentBusyEvent" => AgentState::Busy,
        "AgentLoggedOffEvent" => AgentState::Offline,
        "SystemStatus" => {
            let kind = match event.text_of("systemStatus") {
                "initializing" => EventKind::SourceStarted,
                "disabled" => EventKind::SourceStopped,
                _ => return Ok(()),
            };
            let now = calls.story.now();
            let stamp = Stamp { evidence: Evidence::Receiver, ..Stamp::live(now) };
            let is_anew = kind == EventKind::SourceStarted;
            calls.story.tell_stamped(stamp, &CallName::default(), "", kind);
            if is_anew {
                calls.forget();
            }
            return Ok(());
        }
        silent if SILENT.contains(&silent) || !silent.ends_with("Event") => return Ok(()),
        other => return Err((Reason::UnknownEvent, format!("there is no CSTA event `{other}`"))),
    };
    calls.agent(event, state);
    Ok(())
}

impl Decode for Csta {
    fn feed(&mut self, bytes: &[u8], received: Moment, batch: &mut Batch) {
        self.hear(bytes, received, batch, |_, _| {});
    }

    fn finish(&mut self, received: Moment, batch: &mut Batch) {
        self.hand_over(received, batch);
    }

    fn pending_bytes(&self) -> u64 {
        self.frames.pending_bytes()
    }

    fn rewind(&mut self) {
        self.frames = Frames::default();
    }

    fn save(&self) -> serde_json::Value {
        let queued: AHashSet<&CallName> = self.calls.story.queued_calls().collect();
        let live = self.calls.by_number.iter().map(|(number, call)| (number, &call.name));
        let calls: Vec<(&SmolStr, &CallName)> =
            live.filter(|(_, name)| queued.contains(name)).chain(&self.calls.in_flight).collect();
        serde_json::json!({ "now": self.calls.story.now().0, "calls": calls })
    }

    fn restore(&mut self, saved: &serde_json::Value) {
        self.broke_at = saved.get("now").and_then(serde_json::Value::as_i64).map(Moment).unwrap_or_default();
        let calls: Option<Vec<(SmolStr, SmolStr)>> =
            saved.get("calls").and_then(|calls| serde_json::from_value(calls.clone()).ok());
        self.calls.in_flight = calls.unwrap_or_default().into_iter().collect();
    }
}
