//! Asterisk `queue_log`: `epoch|callid|queue|agent|EVENT|parameters…`, a line at a time.
//!
//! A journal: it can be read again, and its lines are never reordered. Waits are whole seconds. It
//! tells that a caller was sent on blind and where to; it never tells whether anybody answered
//! there, and of an attended transfer not even the target. A caller whom the queue would not let in
//! leaves no line unless the dialplan writes one.

use std::borrow::Cow;

use ahash::AHashMap;
use smol_str::SmolStr;

use crate::event::{
    AgentState, CallEvent, EndedBy, EventId, EventKind, Evidence, LeftOutcome, Reason, RefusedReason, Reject, Stamp,
    TransferKind,
};
use crate::measure::{Moment, Ring, Talk, Untold, Wait};
use crate::source::disguise::Shape;
use crate::source::disguise::shape::columns;
use crate::source::lines::{Lines, Place};
use crate::source::{Batch, Decode};

/// Longest line: Asterisk itself cuts them at this length.
pub const LINE_BYTES_MAX: usize = 8192;
/// Most calls whose lines of one second are told apart. Beyond it the order of two lines of one
/// call within one second is that of their kind.
const CALLS_PER_SECOND_MAX: usize = 100_000;

/// Decodes `queue_log`.
#[derive(Debug)]
pub struct QueueLog {
    lines: Lines,
    pass: Pass,
}

/// What is known from the lines before.
#[derive(Debug, Default)]
struct Pass {
    /// The latest second that the journal has reached. Lines after a clock that stepped back keep
    /// their place behind it.
    second: i64,
    /// Lines of each call within that second.
    ordinals: AHashMap<u64, u32>,
    /// Time of the last line that had one.
    last: Option<Moment>,
}

impl Default for QueueLog {
    fn default() -> Self {
        Self { lines: Lines::new(LINE_BYTES_MAX), pass: Pass::default() }
    }
}

impl Decode for QueueLog {
    fn feed(&mut self, bytes: &[u8], _: Moment, batch: &mut Batch) {
        let pass = &mut self.pass;
        self.lines.cut(bytes, |place, line| pass.take(place, line, batch));
    }

    fn finish(&mut self, _: Moment, batch: &mut Batch) {
        let pass = &mut self.pass;
        self.lines.finish(|place, line| pass.take(place, line, batch));
    }

    fn pending_bytes(&self) -> u64 {
        self.lines.pending_bytes()
    }

    fn rewind(&mut self) {
        self.lines.rewind();
    }

    fn save(&self) -> serde_json::Value {
        let ordinals: Vec<(u64, u32)> = self.pass.ordinals.iter().map(|(call, count)| (*call, *count)).collect();
        let place = self.lines.place();
        serde_json::json!({ "second": self.pass.second, "ordinals": ordinals, "line": place.line, "byte": place.byte })
    }

    fn restore(&mut self, saved: &serde_json::Value) {
        let number = |key: &str| saved.get(key).and_then(serde_json::Value::as_u64);
        self.pass.second = saved.get("second").and_then(serde_json::Value::as_i64).unwrap_or_default();
        let ordinals: Option<Vec<(u64, u32)>> =
            saved.get("ordinals").and_then(|pairs| serde_json::from_value(pairs.clone()).ok());
        self.pass.ordinals = ordinals.unwrap_or_default().into_iter().collect();
        self.lines.resume(Place { line: number("line").unwrap_or(1), byte: number("byte").unwrap_or(0) });
    }
}

/// What it cannot tell: a blind transfer stands in it, not what became of it; of any other it says only
/// that the conversation ended.
pub const UNTOLD: [Untold; 2] = [Untold::AttendedTransfers, Untold::UnitAnswer];

/// Which parts of a line are the switch's own.
pub const SHAPE: Shape = Shape {
    end: b'\n',
    parts: |_, unit, parts| {
        let event = unit.split(|byte| *byte == b'|').nth(4).unwrap_or_default().trim_ascii();
        columns(unit, b'|', |place, value| stays(event, place, value), parts);
    },
};

/// Time, call, event, and those parameters that are measures.
fn stays(event: &[u8], place: usize, value: &[u8]) -> bool {
    let Some(parameter) = place.checked_sub(5) else { return matches!(place, 0 | 1 | 4) };
    match event {
        b"CONNECT" | b"ABANDON" | b"EXITWITHTIMEOUT" | b"EXITEMPTY" | b"COMPLETECALLER" | b"COMPLETEAGENT"
        | b"RINGNOANSWER" | b"RINGCANCELED" | b"WITHDRAW" => true,
        b"BLINDTRANSFER" | b"TRANSFER" | b"ENTERQUEUE" | b"EXITWITHKEY" => parameter >= 2,
        b"ATTENDEDTRANSFER" => parameter == 0 || (value.len() <= 6 && number(value).is_some()),
        b"ADDMEMBER" => value == b"PAUSED",
        _ => false,
    }
}

/// One line, split.
struct Line<'a> {
    bytes: &'a [u8],
    /// The line where it is UTF-8 as a whole, so that its fields need not be looked at one by one.
    text: Option<&'a str>,
    at: Moment,
    call: Field<'a>,
    queue: Field<'a>,
    agent: Field<'a>,
    event: &'a [u8],
    parameters: Parameters<'a>,
}

/// A field: its bytes, and where it begins in its line.
#[derive(Clone, Copy)]
struct Field<'a> {
    bytes: &'a [u8],
    start: usize,
}

impl Line<'_> {
    fn text(&self, field: Field<'_>) -> SmolStr {
        let known = self.text.and_then(|line| line.get(field.start..field.start + field.bytes.len()));
        known.map_or_else(|| text(field.bytes), SmolStr::new)
    }
}

/// The parameters, read as they are asked for; old branches have fewer.
#[derive(Clone, Copy)]
struct Parameters<'a>(&'a [u8]);

impl<'a> Parameters<'a> {
    fn get(self, place: usize) -> Option<&'a [u8]> {
        self.0.split(|byte| *byte == b'|').nth(place).map(<[u8]>::trim_ascii).filter(|text| !text.is_empty())
    }

    /// A parameter that is a whole number and not negative: a clock that stepped back makes
    /// negative spans, which nobody knows.
    fn number(self, place: usize) -> Option<i64> {
        number(self.get(place)?).filter(|number| *number >= 0)
    }

    fn wait(self, place: usize) -> Option<Wait> {
        self.number(place).map(|seconds| Wait::from_ms(seconds.saturating_mul(1000)))
    }

    fn talk(self, place: usize) -> Option<Talk> {
        self.number(place).map(|seconds| Talk::from_ms(seconds.saturating_mul(1000)))
    }
}

fn number(text: &[u8]) -> Option<i64> {
    let (negative, digits) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let value = digits
        .iter()
        .try_fold(0i64, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))?;
    Some(if negative { -value } else { value })
}

/// Texts are UTF-8 as a rule, and Windows-1252 or ISO 8859-1 where the switch passes bytes on.
fn text(bytes: &[u8]) -> SmolStr {
    match std::str::from_utf8(bytes) {
        Ok(text) => SmolStr::new(text),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn shown(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(&bytes[..bytes.len().min(64)])
}

impl Pass {
    fn take(&mut self, place: Place, line: Result<&[u8], Reject>, batch: &mut Batch) {
        let taken = match line {
            Ok(line) if line.trim_ascii().is_empty() => return,
            Ok(line) => self.line(line, batch).map_err(|(reason, detail)| {
                let reject = Reject::new(place.to_string(), reason, detail, line);
                Reject { at: self.last, ..reject }
            }),
            Err(reject) => Err(Reject { at: self.last, ..reject }),
        };
        batch.rejects.extend(taken.err());
    }

    fn line(&mut self, bytes: &[u8], batch: &mut Batch) -> Result<(), (Reason, String)> {
        let mut bars = memchr::memchr_iter(b'|', bytes);
        let mut next = || {
            bars.next().ok_or_else(|| (Reason::Malformed, "fewer than five fields before the parameters".to_owned()))
        };
        let ends = [next()?, next()?, next()?, next()?];
        // The bar behind the event is always written, but some tools trim it.
        let event_end = bars.next().unwrap_or(bytes.len());
        let field = |place: usize| {
            let start = ends[place - 1] + 1;
            Field { bytes: &bytes[start..ends[place]], start }
        };
        let seconds =
            number(&bytes[..ends[0]]).filter(|seconds| (0..=253_402_300_799).contains(seconds)).ok_or_else(|| {
                (Reason::BadTime, format!("`{}` is no time in seconds since 1970", shown(&bytes[..ends[0]])))
            })?;
        let line = Line {
            bytes,
            text: std::str::from_utf8(bytes).ok(),
            at: Moment::from_seconds(seconds),
            call: field(1),
            queue: field(2),
            agent: field(3),
            event: &bytes[ends[3] + 1..event_end],
            parameters: Parameters(bytes.get(event_end + 1..).unwrap_or_default()),
        };
        self.last = Some(line.at);
        if seconds > self.second {
            self.second = seconds;
            self.ordinals.clear();
        }
        self.events(&line, batch)
    }

    fn events(&mut self, line: &Line<'_>, batch: &mut Batch) -> Result<(), (Reason, String)> {
        let p = line.parameters;
        let queue = || line.text(line.queue);
        let left = |outcome, wait| EventKind::VisitLeft { queue: queue(), visit: None, outcome, wait };
        let refused = |reason| EventKind::VisitRefused { queue: queue(), reason };
        let kind = match line.event {
            b"ENTERQUEUE" => EventKind::VisitEntered { queue: queue(), visit: None },
            b"CONNECT" => EventKind::VisitAnswered {
                queue: queue(),
                visit: None,
                agent: Some(line.text(line.agent)),
                wait: p.wait(0),
                ring: p.number(2).map(|seconds| Ring::from_ms(seconds.saturating_mul(1000))),
            },
            b"ABANDON" => left(LeftOutcome::Abandoned, p.wait(2)),
            b"EXITWITHTIMEOUT" | b"EXITEMPTY" => left(LeftOutcome::Overflowed, p.wait(2)),
            b"EXITWITHKEY" => left(LeftOutcome::KeyExit, p.wait(3)),
            b"WITHDRAW" => left(LeftOutcome::System, p.wait(2)),
            b"SYSCOMPAT" => left(LeftOutcome::System, None),
            b"LEAVEEMPTY" => left(LeftOutcome::Overflowed, None),
            b"FULL" | b"DIVERT_CA_RATIO" | b"DIVERT_HOLDTIME" => refused(RefusedReason::Full),
            b"CLOSED" => refused(RefusedReason::Closed),
            b"JOINEMPTY" => refused(RefusedReason::Empty),
            b"COMPLETECALLER" => self.over(line, (0, 1), EndedBy::Caller),
            b"COMPLETEAGENT" => self.over(line, (0, 1), EndedBy::Agent),
            b"BLINDTRANSFER" | b"TRANSFER" => return self.blind_transfer(line, batch),
            b"ATTENDEDTRANSFER" => {
                // BRIDGE and APP have one word before the times, LINK has two channels.
                let times = if p.get(0) == Some(b"LINK") { (3, 4) } else { (2, 3) };
                self.over(line, times, EndedBy::Transfer)
            }
            b"RINGNOANSWER" | b"RINGCANCELED" | b"AGENTDUMP" => {
                let ring = p.number(0).map(Ring::from_ms);
                EventKind::AgentMissed { queue: queue(), agent: line.text(line.agent), ring }
            }
            b"DID" => EventKind::CallStarted { dialled: p.get(0).map(text), is_part: false },
            b"QUEUESTART" => EventKind::SourceStarted,
            b"HEARTBEAT" => EventKind::SourceHeartbeat,
            b"ADDMEMBER" if p.get(0) == Some(b"PAUSED") => agent(line, AgentState::Paused),
            b"ADDMEMBER" | b"UNPAUSE" | b"UNPAUSEALL" | b"AGENTLOGIN" | b"AGENTCALLBACKLOGIN" => {
                agent(line, AgentState::Available)
            }
            b"PAUSE" | b"PAUSEALL" => agent(line, AgentState::Paused),
            b"REMOVEMEMBER" | b"AGENTLOGOFF" | b"AGENTCALLBACKLOGOFF" => agent(line, AgentState::Offline),
            b"CONFIGRELOAD" | b"PENALTY" | b"RINGINUSE" | b"OUTCALL" | b"INFO" | b"CALLSTATUS" | b"URL" | b"HOLD"
            | b"UNHOLD" | b"WRAPUPSTART" | b"ADDITIONALMEMBER" | b"TRANSFERRED" => return Ok(()),
            other => {
                return Err((Reason::UnknownEvent, format!("there is no queue_log event `{}`", shown(other))));
            }
        };
        self.push(line, kind, b"", batch)
    }

    /// A conversation's end, with wait and talk at these places.
    #[expect(clippy::unused_self, reason = "reads as the others do")]
    fn over(&self, line: &Line<'_>, (wait, talk): (usize, usize), by: EndedBy) -> EventKind {
        EventKind::ConversationEnded {
            queue: Some(line.text(line.queue)),
            talk: line.parameters.talk(talk),
            wait: line.parameters.wait(wait),
            by: Some(by),
        }
    }

    /// One line, two events: the conversation ended, and the caller was sent on.
    fn blind_transfer(&mut self, line: &Line<'_>, batch: &mut Batch) -> Result<(), (Reason, String)> {
        let over = self.over(line, (2, 3), EndedBy::Transfer);
        self.push(line, over, b"", batch)?;
        let Some(target) = line.parameters.get(0) else { return Ok(()) };
        let sent = EventKind::TransferStarted {
            transfer: smol_str::format_smolstr!("{}-{}", line.at.seconds(), shown(target)),
            kind: TransferKind::Blind,
            target: text(target),
            queue: Some(line.text(line.queue)),
            agent: Some(line.text(line.agent)),
        };
        self.push(line, sent, b"sent", batch)
    }

    /// `part` tells the events of one line apart.
    fn push(
        &mut self,
        line: &Line<'_>,
        kind: EventKind,
        part: &[u8],
        batch: &mut Batch,
    ) -> Result<(), (Reason, String)> {
        let mut call = SmolStr::default();
        let mut ordinal = 0;
        if kind.is_about_call() {
            if matches!(line.call.bytes, b"" | b"NONE" | b"REALTIME" | b"MANAGER" | b"CLI") {
                return Err((Reason::BadField, format!("`{}` names no call", shown(line.call.bytes))));
            }
            if matches!(line.queue.bytes, b"" | b"NONE") && !matches!(kind, EventKind::CallStarted { .. }) {
                return Err((Reason::BadField, format!("`{}` names no queue", shown(line.queue.bytes))));
            }
            if line.call.bytes.len() > 256 || line.queue.bytes.len() > 256 {
                return Err((Reason::BadField, "a name of more than 256 bytes".to_owned()));
            }
            call = line.text(line.call);
            ordinal = self.ordinal(EventId::of(&[line.call.bytes]).0);
        }
        let id = match kind {
            // Attempts that look alike are different attempts.
            EventKind::AgentMissed { .. } => EventId::of(&[line.bytes, &ordinal.to_le_bytes()]),
            // The same line again, wherever it is read, is the same event.
            _ if part.is_empty() => EventId::of(&[line.bytes]),
            _ => EventId::of(&[line.bytes, part]),
        };
        let stamp = Stamp {
            at: line.at,
            order: Moment::from_seconds(self.second),
            ordinal,
            precision_ms: 1000,
            evidence: Evidence::Journal,
        };
        batch.events.push(CallEvent { id, stamp, source: None, call, kind });
        Ok(())
    }

    fn ordinal(&mut self, call: u64) -> u32 {
        if self.ordinals.len() >= CALLS_PER_SECOND_MAX && !self.ordinals.contains_key(&call) {
            return 0;
        }
        let ordinal = self.ordinals.entry(call).or_default();
        *ordinal += 1;
        *ordinal
    }
}

fn agent(line: &Line<'_>, state: AgentState) -> EventKind {
    let queue = (!matches!(line.queue.bytes, b"" | b"NONE")).then(|| line.text(line.queue));
    EventKind::AgentChanged { agent: line.text(line.agent), queue, state }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::SourceId;

    fn decode(log: &[u8]) -> Batch {
        let mut batch = Batch::of(SourceId(0));
        let mut decoder = QueueLog::default();
        decoder.feed(log, Moment(0), &mut batch);
        decoder.finish(Moment(0), &mut batch);
        batch
    }

    #[test]
    fn fields_of_old_and_new_branches() {
        let wait = |line: &str| match decode(line.as_bytes()).events.remove(0).kind {
            EventKind::VisitAnswered { wait, .. } | EventKind::VisitLeft { wait, .. } => wait.map(Wait::ms),
            EventKind::ConversationEnded { wait, talk, .. } => Some(wait.unwrap().ms() + talk.unwrap().ms()),
            other => panic!("{other:?}"),
        };
        assert_eq!(wait("1|a.1|q|m|CONNECT|30|a.2|7"), Some(30_000));
        assert_eq!(wait("1|a.1|q|m|CONNECT|30"), Some(30_000));
        assert_eq!(wait("1|a.1|q|NONE|ABANDON|1|1|"), None);
        assert_eq!(wait("1|a.1|q|NONE|ABANDON|1|1|-3"), None);
        assert_eq!(wait("1|a.1|q|NONE|EXITWITHKEY|1|1|1|4"), Some(4_000));
        assert_eq!(wait("1|a.1|q|NONE|EXITWITHTIMEOUT|1"), None);
        assert_eq!(wait("1|a.1|q|m|ATTENDEDTRANSFER|LINK|x|y|3|4|1"), Some(7_000));
        assert_eq!(wait("1|a.1|q|m|ATTENDEDTRANSFER|BRIDGE|x|3|4|1"), Some(7_000));
    }

    #[test]
    fn the_same_line_is_the_same_event_and_attempts_are_told_apart() {
        let batch = decode(
            b"1|a|q|NONE|ENTERQUEUE||\n1|a|q|NONE|ENTERQUEUE||\n1|a|q|m|RINGNOANSWER|0\n1|a|q|m|RINGNOANSWER|0\n",
        );
        let ids: Vec<EventId> = batch.events.iter().map(|event| event.id).collect();
        assert_eq!(ids[0], ids[1]);
        assert_ne!(ids[2], ids[3]);
    }

    #[test]
    fn a_clock_that_steps_back_does_not_reorder_the_lines() {
        let batch = decode(b"100|a|q|NONE|ENTERQUEUE||\n50|a|q|m|CONNECT|5||\n60|a|q|m|COMPLETEAGENT|5|10|1\n");
        let order: Vec<_> =
            batch.events.iter().map(|event| (event.stamp.order.seconds(), event.stamp.ordinal)).collect();
        assert_eq!(order, [(100, 1), (100, 2), (100, 3)]);
    }

    #[test]
    fn each_fault_has_its_reason_and_its_neighbours_count() {
        let log = b"1|a|q|NONE|ENTERQUEUE||\nnonsense\n\xff\xfe|||||\nx|a|q|NONE|ENTERQUEUE|\n1|a|q|NONE|EXPLODED|\n1|NONE|q|m|CONNECT|3|\n1|a|q|J\xf6ns|CONNECT|3|\n";
        let batch = decode(log);
        let reasons: Vec<_> = batch.rejects.iter().map(|reject| reject.reason.as_str()).collect();
        assert_eq!(reasons, ["malformed", "bad_time", "bad_time", "unknown_event", "bad_field"]);
        assert_eq!(batch.rejects[0].position, "line 2, byte 24");
        assert_eq!(batch.events.len(), 2);
        assert!(
            matches!(&batch.events[1].kind, EventKind::VisitAnswered { agent: Some(agent), .. } if agent == "Jöns")
        );
    }

    #[test]
    fn the_position_and_what_goes_with_it_survive_a_restart() {
        let log = b"1|a|q|NONE|ENTERQUEUE||\n1|a|q|m|RINGNOANSWER|0\n1|a|q|m|RINGNOANSWER|0\n1|a|q|m|CONNECT|0||\n";
        let whole = decode(log);
        let cut = 24 + 23;
        let mut first = QueueLog::default();
        let mut batch = Batch::of(SourceId(0));
        first.feed(&log[..cut], Moment(0), &mut batch);
        let mut second = QueueLog::default();
        second.restore(&first.save());
        second.feed(&log[cut..], Moment(0), &mut batch);
        assert_eq!(batch.events, whole.events);
    }
}
