//! NDJSON: our public format, an event a line, bare or in CloudEvents envelopes.
//!
//! Can tell everything that the event can. Not a journal by itself: its lines may come in any
//! order, so order is by time.

use crate::event::json::LINE_BYTES_MAX;
use crate::event::{Reject, envelope};
use crate::measure::Moment;
use crate::source::disguise::Shape;
use crate::source::disguise::shape::json;
use crate::source::lines::Lines;
use crate::source::{Batch, Decode};

/// Decodes NDJSON.
#[derive(Debug)]
pub struct Ndjson {
    lines: Lines,
    newest: Option<Moment>,
}

impl Default for Ndjson {
    fn default() -> Self {
        Self { lines: Lines::new(LINE_BYTES_MAX), newest: None }
    }
}

/// Which parts of an event are not somebody's: what kind of thing happened, when and for how long.
pub const SHAPE: Shape =
    Shape { end: b'\n', parts: |_, unit, parts| json(unit, |key| OWN.contains(&key) || key.ends_with("_ms"), parts) };

const OWN: [&str; 14] = [
    "time",
    "type",
    "outcome",
    "kind",
    "result",
    "by",
    "answered_by",
    "state",
    "waiting",
    "part",
    "from",
    "to",
    "specversion",
    "datacontenttype",
];

impl Ndjson {
    fn take(
        newest: &mut Option<Moment>,
        place: &dyn std::fmt::Display,
        line: Result<&[u8], Reject>,
        received: Moment,
        batch: &mut Batch,
    ) {
        let line = match line {
            Ok(line) if line.trim_ascii().is_empty() => return,
            Ok(line) => line,
            Err(reject) => {
                batch.rejects.push(Reject { at: *newest, ..reject });
                return;
            }
        };
        match envelope::read(line, received) {
            Ok(event) => {
                *newest = (*newest).max(Some(event.stamp.at));
                batch.events.push(event);
            }
            Err(wrong) => {
                let reject = Reject::new(place.to_string(), wrong.reason, wrong.detail, line);
                batch.rejects.push(Reject { at: wrong.at.or(*newest), ..reject });
            }
        }
    }
}

impl Decode for Ndjson {
    fn feed(&mut self, bytes: &[u8], received: Moment, batch: &mut Batch) {
        let newest = &mut self.newest;
        self.lines.cut(bytes, |place, line| Self::take(newest, &place, line, received, batch));
    }

    fn finish(&mut self, received: Moment, batch: &mut Batch) {
        let newest = &mut self.newest;
        self.lines.finish(|place, line| Self::take(newest, &place, line, received, batch));
    }

    fn pending_bytes(&self) -> u64 {
        self.lines.pending_bytes()
    }

    fn rewind(&mut self) {
        self.lines.rewind();
    }
}
