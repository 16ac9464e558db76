//! The public form of the event: one flat JSON object a line, UTF-8.
//!
//! Reading is tolerant of fields that it does not know and strict about those that it does; what
//! is unknown to the sender is an absent key. Caller numbers are dropped at this door.

use crate::event::wire::Wire;
use crate::event::{CallEvent, EndedBy, EventKind, Reason, Stamp, plain};
use crate::measure::{Moment, Ring, Talk, Wait};

/// Longest event, bytes. Real ones have some 200; a longer line is refused.
pub const LINE_BYTES_MAX: usize = 16 * 1024;
/// Longest name in an event (call, queue, agent, transfer, target), bytes. A longer one is refused,
/// since names are kept in memory while a call is going on.
pub const NAME_BYTES_MAX: usize = 256;
/// The JSON Schema of the event.
pub const SCHEMA: &str = include_str!("schema.json");

/// Why an event cannot be used, without its place: the reader of the lines knows that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// From the closed list.
    pub reason: Reason,
    /// In words.
    pub detail: String,
    /// When it happened, where that could be read.
    pub at: Option<Moment>,
}

impl Unusable {
    /// Unusable for `reason`, told as `detail`.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), at: None }
    }
}

/// Reads one event that is written as nearly every sender writes it (see [`plain`]), in a
/// third of the time that [`read`] takes; `None` for what must be read with it.
pub fn read_plain(line: &[u8], received: Moment) -> Option<Result<CallEvent, Unusable>> {
    if line.len() > LINE_BYTES_MAX {
        return None;
    }
    let mut wire = Wire::default();
    plain::read(line, |key, value| wire.put(key, value))?;
    Some(wire.event(received))
}

/// Reads one event. `received` is its time where it tells none.
pub fn read(line: &[u8], received: Moment) -> Result<CallEvent, Unusable> {
    if line.len() > LINE_BYTES_MAX {
        let detail = format!("{} bytes; an event has at most {LINE_BYTES_MAX}", line.len());
        return Err(Unusable::new(Reason::TooLong, detail));
    }
    let wire: Wire<'_> = serde_json::from_slice(line).map_err(|error| {
        let reason = if error.is_data() { Reason::BadField } else { Reason::Malformed };
        Unusable::new(reason, format!("not a JSON object of an event: {error}"))
    })?;
    wire.event(received)
}

/// Reads RFC 3339. Without a fraction the clock counts whole seconds.
pub fn stamp(text: &str) -> Result<Stamp, Unusable> {
    let (at, precision_ms) = fast_utc(text.as_bytes()).or_else(|| any_rfc3339(text)).ok_or_else(|| {
        let shown: String = text.chars().take(64).collect();
        let detail = format!("`{shown}` is no time of the years 1970 to 9999; write 2026-11-23T06:12:31.482Z");
        Unusable::new(Reason::BadTime, detail)
    })?;
    Ok(Stamp { precision_ms, ..Stamp::live(at) })
}

/// `YYYY-MM-DDTHH:MM:SS[.fff]Z`, as nearly every sender writes it.
fn fast_utc(text: &[u8]) -> Option<(Moment, u16)> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, rest @ ..] = text else {
        return None;
    };
    let number = |digits: &[&u8]| {
        digits.iter().try_fold(0i64, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(**digit - b'0')))
    };
    let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?);
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[n1, n2])?, number(&[s1, s2])?);
    let (ms, precision) = match rest {
        [b'Z'] => (0, 1000),
        [b'.', a, b, c, b'Z'] => (number(&[a, b, c])?, 1),
        _ => return None,
    };
    if !(1970..=9999).contains(&year) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = chrono::NaiveDate::from_ymd_opt(year as i32, month as u32, day as u32)?;
    let days = i64::from(chrono::Datelike::num_days_from_ce(&days)) - 719_163;
    Some((Moment(((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + ms), precision))
}

fn any_rfc3339(text: &str) -> Option<(Moment, u16)> {
    let time = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    let year = chrono::Datelike::year(&time.to_utc());
    let precision = if text.contains('.') { 1 } else { 1000 };
    (1970..=9999).contains(&year).then_some((time.into(), precision))
}

/// Writes `event` with the textual identity `id` as one line, without the line's end.
pub fn write(event: &CallEvent, id: &str, out: &mut Vec<u8>) {
    let mut fields = serde_json::Map::new();
    let mut put = |key: &str, value: serde_json::Value| {
        if !value.is_null() {
            fields.insert(key.to_owned(), value);
        }
    };
    put("id", id.into());
    put("time", time_text(event.stamp).into());
    put("type", event.kind.type_name().into());
    put("source", event.source.as_deref().into());
    if event.kind.is_about_call() {
        put("call", event.call.as_str().into());
    }
    put_kind(&event.kind, &mut put);
    // Maps of texts and numbers can always be written.
    let _ = serde_json::to_writer(out, &fields);
}

fn time_text(stamp: Stamp) -> String {
    let format = if stamp.is_coarse() { chrono::SecondsFormat::Secs } else { chrono::SecondsFormat::Millis };
    stamp.at.to_utc().to_rfc3339_opts(format, true)
}

fn put_kind(kind: &EventKind, put: &mut impl FnMut(&str, serde_json::Value)) {
    match kind {
        EventKind::CallStarted { dialled, is_part } => {
            put("dialled", dialled.as_deref().into());
            put("part", is_part.then_some(true).into());
        }
        EventKind::VisitEntered { queue, .. } => put("queue", queue.as_str().into()),
        EventKind::VisitRefused { queue, reason } => {
            put("queue", queue.as_str().into());
            put("reason", reason.as_str().into());
        }
        EventKind::AgentOffered { queue, agent } => {
            put("queue", queue.as_str().into());
            put("agent", agent.as_str().into());
        }
        EventKind::AgentMissed { queue, agent, ring } => {
            put("queue", queue.as_str().into());
            put("agent", agent.as_str().into());
            put("ring_ms", ring.map(Ring::ms).into());
        }
        EventKind::VisitAnswered { queue, agent, wait, ring, .. } => {
            put("queue", queue.as_str().into());
            put("agent", agent.as_deref().into());
            put("wait_ms", wait.map(Wait::ms).into());
            put("ring_ms", ring.map(Ring::ms).into());
        }
        EventKind::VisitLeft { queue, outcome, wait, .. } => {
            put("queue", queue.as_str().into());
            put("outcome", outcome.as_str().into());
            put("wait_ms", wait.map(Wait::ms).into());
        }
        EventKind::ConversationEnded { queue, talk, wait, by } => {
            put("queue", queue.as_deref().into());
            put("talk_ms", talk.map(Talk::ms).into());
            put("wait_ms", wait.map(Wait::ms).into());
            put("by", by.map(EndedBy::as_str).into());
        }
        EventKind::TransferStarted { transfer, kind, target, queue, agent } => {
            put("transfer", transfer.as_str().into());
            put("kind", kind.as_str().into());
            put("target", target.as_str().into());
            put("queue", queue.as_deref().into());
            put("agent", agent.as_deref().into());
        }
        EventKind::TransferRinging { transfer } => put("transfer", transfer.as_str().into()),
        EventKind::TransferForwarded { transfer, target } => {
            put("transfer", transfer.as_str().into());
            put("target", target.as_str().into());
        }
        EventKind::TransferAnswered { transfer, by } => {
            put("transfer", transfer.as_str().into());
            put("answered_by", by.as_str().into());
        }
        EventKind::TransferFailed { transfer, result } => {
            put("transfer", transfer.as_str().into());
            put("result", result.as_str().into());
        }
        EventKind::CallEnded { by } => put("by", by.map(EndedBy::as_str).into()),
        EventKind::AgentChanged { agent, queue, state } => {
            put("agent", agent.as_str().into());
            put("queue", queue.as_deref().into());
            put("state", state.as_str().into());
        }
        EventKind::QueueSnapshot { queue, waiting, longest_wait } => {
            put("queue", queue.as_str().into());
            put("waiting", (*waiting).into());
            put("longest_wait_ms", longest_wait.map(Wait::ms).into());
        }
        EventKind::SourceGap { from, to, reason } => {
            put("from", from.to_rfc3339().into());
            put("to", to.to_rfc3339().into());
            put("reason", reason.as_deref().into());
        }
        EventKind::TicketCreated { queue, unit } => {
            put("queue", queue.as_deref().into());
            put("unit", unit.as_deref().into());
        }
        EventKind::SourceStarted | EventKind::SourceStopped | EventKind::SourceHeartbeat => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Evidence;

    fn read_at_zero(line: &str) -> Result<CallEvent, Unusable> {
        read(line.as_bytes(), Moment(0))
    }

    #[test]
    fn what_is_written_reads_back() {
        let lines = [
            r#"{"call":"a","dialled":"095016600","id":"1","time":"2026-11-23T06:12:31.482Z","type":"call.started"}"#,
            r#"{"agent":"a7","call":"a","id":"2","queue":"600","ring_ms":4100,"time":"2026-11-23T06:12:31Z","type":"visit.answered","wait_ms":11482}"#,
            r#"{"call":"a \"å\"","id":"3","outcome":"key_exit","queue":"600","time":"2026-11-23T06:12:31.000Z","type":"visit.left"}"#,
            r#"{"agent":"a","call":"a","id":"4","kind":"blonde","queue":"q","target":"7100","time":"2026-11-23T06:12:31.000Z","transfer":"t","type":"transfer.started"}"#,
            r#"{"from":"2026-11-23T06:00:00.000Z","id":"5","reason":"link","time":"2026-11-23T06:12:31.000Z","to":"2026-11-23T06:10:00.000Z","type":"source.gap"}"#,
        ];
        for line in lines {
            let event = read_at_zero(line).unwrap();
            let id = serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
            let mut out = Vec::new();
            write(&event, &id, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), line);
        }
    }

    #[test]
    fn each_fault_has_its_reason() {
        let with = |rest: &str| format!(r#"{{"id":"1","call":"a","queue":"q",{rest}}}"#);
        let cases = [
            ("not json".to_owned(), Reason::Malformed),
            ("[1,2]".to_owned(), Reason::BadField),
            (with(r#""type":"visit.exploded","time":"2026-11-23T06:12:31Z""#), Reason::UnknownEvent),
            (with(r#""type":"visit.entered","time":"yesterday""#), Reason::BadTime),
            (with(r#""type":"visit.entered","time":"1969-11-23T06:12:31Z""#), Reason::BadTime),
            (with(r#""type":"visit.entered","time":"2026-02-30T06:12:31Z""#), Reason::BadTime),
            (with(r#""type":"visit.left","time":"2026-11-23T06:12:31Z","outcome":"bored""#), Reason::BadField),
            (r#"{"type":"visit.entered","queue":"q","id":"1"}"#.to_owned(), Reason::BadField),
            (r#"{"type":"visit.entered","queue":"q","call":"c"}"#.to_owned(), Reason::BadField),
            (with(&format!(r#""type":"visit.entered","agent":"{}""#, "x".repeat(LINE_BYTES_MAX))), Reason::TooLong),
            (with(&format!(r#""type":"agent.missed","agent":"{}""#, "x".repeat(300))), Reason::BadField),
        ];
        for (line, reason) in cases {
            assert_eq!(read_at_zero(&line).unwrap_err().reason, reason, "{line:.80}");
        }
    }

    #[test]
    fn times_of_any_offset_and_whole_seconds() {
        let read = |text: &str| stamp(text).map(|stamp| (stamp.at.to_rfc3339(), stamp.precision_ms));
        assert_eq!(read("2026-11-23T07:12:31.4821+01:00").unwrap(), ("2026-11-23T06:12:31.482Z".into(), 1));
        assert_eq!(read("2026-11-23T06:12:31Z").unwrap(), ("2026-11-23T06:12:31.000Z".into(), 1000));
        assert_eq!(read("2026-11-23T06:12:31.482Z").unwrap(), ("2026-11-23T06:12:31.482Z".into(), 1));
    }

    #[test]
    fn without_a_time_it_is_the_receivers() {
        let event = read(br#"{"id":"1","call":7,"queue":600,"type":"visit.entered"}"#, Moment(5)).unwrap();
        assert_eq!((event.stamp.at, event.stamp.evidence), (Moment(5), Evidence::Receiver));
        assert_eq!(event.call, "7");
    }
}
