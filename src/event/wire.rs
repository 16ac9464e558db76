//! The fields of the public form, and the event that they say.

use std::borrow::Cow;

use serde::Deserialize;
use smol_str::SmolStr;

use crate::event::json::{NAME_BYTES_MAX, Unusable, stamp};
use crate::event::kind::VisitLabel;
use crate::event::plain::Plain;
use crate::event::{
    AgentState, AnsweredBy, CallEvent, EndedBy, EventId, EventKind, Evidence, LeftOutcome, Reason, RefusedReason,
    Stamp, TransferKind, TransferResult,
};
use crate::measure::{Moment, Ring, Talk, Wait};

/// All fields of all types.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wire<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    time: Option<Text<'a>>,
    #[serde(borrow, default, rename = "type")]
    what: Option<Text<'a>>,
    #[serde(borrow, default)]
    source: Option<Text<'a>>,
    #[serde(borrow, default)]
    call: Option<Text<'a>>,
    #[serde(borrow, default)]
    queue: Option<Text<'a>>,
    #[serde(borrow, default)]
    visit: Option<Text<'a>>,
    #[serde(borrow, default)]
    agent: Option<Text<'a>>,
    #[serde(borrow, default)]
    dialled: Option<Text<'a>>,
    #[serde(borrow, default)]
    reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    outcome: Option<Text<'a>>,
    #[serde(borrow, default)]
    by: Option<Text<'a>>,
    #[serde(borrow, default)]
    transfer: Option<Text<'a>>,
    #[serde(borrow, default)]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    target: Option<Text<'a>>,
    #[serde(borrow, default)]
    answered_by: Option<Text<'a>>,
    #[serde(borrow, default)]
    result: Option<Text<'a>>,
    #[serde(borrow, default)]
    state: Option<Text<'a>>,
    #[serde(borrow, default)]
    from: Option<Text<'a>>,
    #[serde(borrow, default)]
    to: Option<Text<'a>>,
    #[serde(borrow, default)]
    unit: Option<Text<'a>>,
    wait_ms: Option<i64>,
    ring_ms: Option<i64>,
    talk_ms: Option<i64>,
    longest_wait_ms: Option<i64>,
    waiting: Option<u32>,
    #[serde(default)]
    part: bool,
}

/// A text, borrowed from the line unless it holds escapes; a whole number is taken as its digits,
/// since many a switch numbers its calls and queues.
#[derive(Debug)]
pub(super) struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
        }
        from.deserialize_any(Visitor)
    }
}

impl<'a> Wire<'a> {
    /// Takes one field of a plain object in; no if it is not a field of ours, or stands twice, or is
    /// not of the field's type.
    pub(super) fn put(&mut self, key: &str, value: Plain<'a>) -> Option<()> {
        let place = match key {
            "id" => &mut self.id,
            "time" => &mut self.time,
            "type" => &mut self.what,
            "source" => &mut self.source,
            "call" => &mut self.call,
            "queue" => &mut self.queue,
            "visit" => &mut self.visit,
            "agent" => &mut self.agent,
            "dialled" => &mut self.dialled,
            "reason" => &mut self.reason,
            "outcome" => &mut self.outcome,
            "by" => &mut self.by,
            "transfer" => &mut self.transfer,
            "kind" => &mut self.kind,
            "target" => &mut self.target,
            "answered_by" => &mut self.answered_by,
            "result" => &mut self.result,
            "unit" => &mut self.unit,
            "wait_ms" => return value.into_number(&mut self.wait_ms),
            "ring_ms" => return value.into_number(&mut self.ring_ms),
            "talk_ms" => return value.into_number(&mut self.talk_ms),
            _ => return None,
        };
        let (Plain::Text(text), None) = (value, &*place) else { return None };
        *place = Some(Text(Cow::Borrowed(text)));
        Some(())
    }
}

impl Wire<'_> {
    /// The event that the fields say. `received` is its time where they tell none.
    pub(super) fn event(&self, received: Moment) -> Result<CallEvent, Unusable> {
        let stamp = match &self.time {
            Some(time) => stamp(&time.0)?,
            None => Stamp { evidence: Evidence::Receiver, ..Stamp::live(received) },
        };
        self.at(stamp).map_err(|wrong| Unusable { at: Some(stamp.at), ..wrong })
    }

    fn at(&self, stamp: Stamp) -> Result<CallEvent, Unusable> {
        let kind = self.kind(told("type", self.what.as_ref())?)?;
        let call = if kind.is_about_call() { required("call", self.call.as_ref())? } else { SmolStr::default() };
        let id = told("id", self.id.as_ref())?;
        let source = name("source", self.source.as_ref())?;
        Ok(CallEvent { id: EventId::of(&[id.as_bytes()]), stamp, source, call, kind })
    }

    fn kind(&self, what: &str) -> Result<EventKind, Unusable> {
        let queue = || required("queue", self.queue.as_ref());
        let some_queue = || name("queue", self.queue.as_ref());
        let agent = || required("agent", self.agent.as_ref());
        let transfer = || required("transfer", self.transfer.as_ref());
        let visit = self.visit.as_ref().map(|visit| VisitLabel(EventId::of(&[visit.0.as_bytes()]).0));
        let wait = span(self.wait_ms).map(Wait::from_ms);
        let ring = span(self.ring_ms).map(Ring::from_ms);
        Ok(match what {
            "call.started" => {
                EventKind::CallStarted { dialled: name("dialled", self.dialled.as_ref())?, is_part: self.part }
            }
            "visit.entered" => EventKind::VisitEntered { queue: queue()?, visit },
            "visit.refused" => EventKind::VisitRefused {
                queue: queue()?,
                reason: spelt("reason", self.reason.as_ref(), RefusedReason::parse)?,
            },
            "agent.offered" => EventKind::AgentOffered { queue: queue()?, agent: agent()? },
            "agent.missed" => EventKind::AgentMissed { queue: queue()?, agent: agent()?, ring },
            "visit.answered" => EventKind::VisitAnswered {
                queue: queue()?,
                visit,
                agent: name("agent", self.agent.as_ref())?,
                wait,
                ring,
            },
            "visit.left" => EventKind::VisitLeft {
                queue: queue()?,
                visit,
                outcome: spelt("outcome", self.outcome.as_ref(), LeftOutcome::parse)?,
                wait,
            },
            "conversation.ended" => EventKind::ConversationEnded {
                queue: some_queue()?,
                talk: span(self.talk_ms).map(Talk::from_ms),
                wait,
                by: self.by(),
            },
            "transfer.started" => EventKind::TransferStarted {
                transfer: transfer()?,
                kind: spelt("kind", self.kind.as_ref(), TransferKind::parse)?,
                target: required("target", self.target.as_ref())?,
                queue: some_queue()?,
                agent: name("agent", self.agent.as_ref())?,
            },
            "transfer.ringing" => EventKind::TransferRinging { transfer: transfer()? },
            "transfer.forwarded" => EventKind::TransferForwarded {
                transfer: transfer()?,
                target: required("target", self.target.as_ref())?,
            },
            "transfer.answered" => EventKind::TransferAnswered {
                transfer: transfer()?,
                by: match &self.answered_by {
                    None => AnsweredBy::Person,
                    some => spelt("answered_by", some.as_ref(), AnsweredBy::parse)?,
                },
            },
            "transfer.failed" => EventKind::TransferFailed {
                transfer: transfer()?,
                result: spelt("result", self.result.as_ref(), TransferResult::parse)?,
            },
            "call.ended" => EventKind::CallEnded { by: self.by() },
            "agent.state" => EventKind::AgentChanged {
                agent: agent()?,
                queue: some_queue()?,
                state: spelt("state", self.state.as_ref(), AgentState::parse)?,
            },
            "queue.snapshot" => EventKind::QueueSnapshot {
                queue: queue()?,
                waiting: self.waiting.ok_or_else(|| missing("waiting"))?,
                longest_wait: span(self.longest_wait_ms).map(Wait::from_ms),
            },
            "source.started" => EventKind::SourceStarted,
            "source.stopped" => EventKind::SourceStopped,
            "source.gap" => EventKind::SourceGap {
                from: stamp(told("from", self.from.as_ref())?)?.at,
                to: stamp(told("to", self.to.as_ref())?)?.at,
                reason: name("reason", self.reason.as_ref())?,
            },
            "source.heartbeat" => EventKind::SourceHeartbeat,
            "ticket.created" => {
                EventKind::TicketCreated { queue: some_queue()?, unit: name("unit", self.unit.as_ref())? }
            }
            other => {
                let shown: String = other.chars().take(64).collect();
                return Err(Unusable::new(Reason::UnknownEvent, format!("there is no event type `{shown}`")));
            }
        })
    }

    fn by(&self) -> Option<EndedBy> {
        // Who ended it is told for the sake of the reader; a word we do not know is no reason to
        // lose the end.
        self.by.as_ref().and_then(|by| EndedBy::parse(&by.0))
    }
}

fn missing(field: &str) -> Unusable {
    Unusable::new(Reason::BadField, format!("field `{field}` is missing"))
}

fn required(field: &str, text: Option<&Text<'_>>) -> Result<SmolStr, Unusable> {
    told(field, text).map(SmolStr::new)
}

/// What must be there and is kept nowhere as it stands.
fn told<'a>(field: &str, text: Option<&'a Text<'_>>) -> Result<&'a str, Unusable> {
    let text = text.filter(|text| !text.0.is_empty()).ok_or_else(|| missing(field))?;
    short(field, text)
}

fn name(field: &str, text: Option<&Text<'_>>) -> Result<Option<SmolStr>, Unusable> {
    text.map(|text| short(field, text).map(SmolStr::new)).transpose()
}

/// As it stands, unless it is too long to be a name.
fn short<'a>(field: &str, text: &'a Text<'_>) -> Result<&'a str, Unusable> {
    if text.0.len() <= NAME_BYTES_MAX {
        return Ok(&text.0);
    }
    let detail = format!("field `{field}` has {} bytes; at most {NAME_BYTES_MAX} are taken", text.0.len());
    Err(Unusable::new(Reason::BadField, detail))
}

fn spelt<T>(field: &str, text: Option<&Text<'_>>, parse: impl Fn(&str) -> Option<T>) -> Result<T, Unusable> {
    let text = text.ok_or_else(|| missing(field))?;
    parse(&text.0).ok_or_else(|| {
        let shown: String = text.0.chars().take(64).collect();
        Unusable::new(Reason::BadField, format!("field `{field}`: `{shown}` is none of its values"))
    })
}

/// A span is never negative; a switch that says so does not know.
fn span(ms: Option<i64>) -> Option<i64> {
    ms.filter(|ms| *ms >= 0)
}
