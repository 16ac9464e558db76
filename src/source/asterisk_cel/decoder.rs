//! Rows in order, and from where to read on after a restart.
//!
//! What a row means depends on those before it, so the place to read on from is the first row of
//! the oldest call that still goes on. The rows read anew tell what they told before; those of calls
//! that were over by then are passed over.
//!
//! A log grows and its rows stand in order. An export, known by its line of column names, may stand
//! newest first: its rows are held and put in order.

use ahash::{AHashMap, AHashSet};
use chrono_tz::Tz;
use smol_str::SmolStr;

use crate::event::{Reason, Reject};
use crate::measure::Moment;
use crate::source::asterisk_cel::row::{self, Columns, Form, Row};
use crate::source::asterisk_cel::telling::Telling;
use crate::source::lines::{Lines, Place};
use crate::source::{Batch, Decode, SourceSettings};

/// Longest line. The longest real ones, with the arguments of applications, have some kilobytes.
const LINE_BYTES_MAX: usize = 16 * 1024;
/// Most rows of an export that are put in order at a time: a month of a large switchboard, some
/// hundred megabytes. A larger one is told in pieces, and must then stand oldest first.
const EXPORT_ROWS_MAX: usize = 500_000;
/// A call whose end has not come after this long does not hold back the place to read on from.
const STALE_MS: i64 = 4 * 60 * 60 * 1000;
/// Most calls that are waited for in that way.
const OPEN_MAX: usize = 50_000;

/// Decodes the channel event log.
#[derive(Debug)]
pub struct Cel {
    lines: Lines,
    /// As the configuration names them.
    columns: Option<Columns>,
    zone: Option<Tz>,
    form: Form,
    /// As the export's own head names them.
    told_columns: Option<Columns>,
    /// The rows of an export.
    export: Vec<Row>,
    telling: Telling,
    open: AHashMap<SmolStr, Open>,
    /// Rows before this byte were read before; of those only these calls go on.
    again: (u64, AHashSet<SmolStr>),
    last: Option<Moment>,
}

/// What is wrong with the settings; complaints are `(key, reason)`.
pub fn check(settings: &SourceSettings) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    if let Some(Err(why)) = settings.columns.as_ref().map(|names| Columns::named(names)) {
        wrong.push(("columns".to_owned(), why));
    }
    if let Some(zone) = settings.zone.as_deref().filter(|zone| zone.parse::<Tz>().is_err()) {
        wrong.push(("zone".to_owned(), format!("`{zone}` is no time zone; write for instance \"Europe/Stockholm\"")));
    }
    wrong
}

/// A call that goes on.
#[derive(Clone, Debug)]
struct Open {
    since: Moment,
    place: Place,
    /// Linkedids of calls that have become part of it.
    with: Vec<SmolStr>,
}

impl Cel {
    /// One that reads columns as the settings name them.
    pub fn new(settings: &SourceSettings) -> Self {
        Self {
            lines: Lines::new(LINE_BYTES_MAX),
            columns: settings.columns.as_ref().and_then(|names| Columns::named(names).ok()),
            zone: settings.zone.as_deref().and_then(|zone| zone.parse().ok()),
            form: Form::Csv,
            told_columns: None,
            export: Vec::new(),
            telling: Telling::default(),
            open: AHashMap::new(),
            again: (0, AHashSet::new()),
            last: None,
        }
    }

    fn line(&mut self, place: Place, line: Result<&[u8], Reject>, batch: &mut Batch) {
        let is_again = place.byte < self.again.0;
        let line = match line {
            Ok(line) if line.trim_ascii().is_empty() => return,
            Ok(line) => line,
            Err(_) if is_again => return,
            Err(reject) => return batch.rejects.push(Reject { at: self.last, ..reject }),
        };
        let mut refuse = |(reason, detail): (Reason, String)| {
            let reject = Reject::new(place.to_string(), reason, detail, line);
            batch.rejects.push(Reject { at: self.last, ..reject });
        };
        if let Some((form, columns)) = row::head(line) {
            match columns {
                Ok(columns) => (self.form, self.told_columns) = (form, Some(columns)),
                Err(why) => refuse((Reason::Malformed, format!("in the names of the columns {why}"))),
            }
            return;
        }
        let columns = self.told_columns.as_ref().or(self.columns.as_ref());
        match row::read(line, self.form, columns, self.zone) {
            Err(why) if !is_again => refuse(why),
            Err(_) | Ok(None) => {}
            Ok(Some(row)) if self.told_columns.is_some() => {
                self.export.push(row);
                if self.export.len() >= EXPORT_ROWS_MAX {
                    self.tell_export(batch);
                }
            }
            Ok(Some(row)) => {
                if !is_again || self.again.1.contains(&row.linkedid) {
                    self.last = Some(row.at);
                    self.follow(&row, place);
                    self.telling.take(&row, batch);
                }
            }
        }
    }

    fn tell_export(&mut self, batch: &mut Batch) {
        let mut rows = std::mem::take(&mut self.export);
        // Of one moment, a channel hangs up, is gone, and with the last one the call.
        let rank = |row: &Row| match row.kind.as_str() {
            "HANGUP" => 1,
            "CHAN_END" => 2,
            "LINKEDID_END" => 3,
            _ => 0,
        };
        rows.sort_by_key(|row| (row.at, row.micros, rank(row)));
        for row in &rows {
            self.telling.take(row, batch);
        }
    }

    /// Notes which calls go on, and since which line.
    fn follow(&mut self, row: &Row, place: Place) {
        if row.kind == "LINKEDID_END" {
            self.open.remove(&row.linkedid);
            return;
        }
        if row.kind == "CHAN_START" && !self.open.contains_key(&row.linkedid) {
            if self.open.len() >= OPEN_MAX {
                let now = row.at;
                self.open.retain(|_, open| now - open.since <= STALE_MS);
            }
            if self.open.len() < OPEN_MAX {
                self.open.insert(row.linkedid.clone(), Open { since: row.at, place, with: Vec::new() });
            }
        }
        // Channels that meet take the older Linkedid: what was known under the other goes with it.
        let before = self.telling.linkedid_of(&row.id).filter(|before| **before != row.linkedid).cloned();
        if let Some(joined) = before.as_ref().and_then(|before| self.open.get(before)).cloned()
            && let (Some(open), Some(before)) = (self.open.get_mut(&row.linkedid), before)
        {
            if joined.place.byte < open.place.byte {
                (open.since, open.place) = (joined.since, joined.place);
            }
            open.with.extend(joined.with);
            open.with.push(before);
        }
    }

    /// Where to read on from.
    fn resume_at(&self) -> Place {
        let now = self.last.unwrap_or_default();
        let live = self.open.values().filter(|open| now - open.since <= STALE_MS);
        live.map(|open| open.place).min_by_key(|place| place.byte).unwrap_or_else(|| self.lines.place())
    }
}

impl Decode for Cel {
    fn feed(&mut self, bytes: &[u8], _: Moment, batch: &mut Batch) {
        let mut lines = std::mem::replace(&mut self.lines, Lines::new(LINE_BYTES_MAX));
        lines.cut(bytes, |place, line| self.line(place, line, batch));
        self.lines = lines;
    }

    fn finish(&mut self, _: Moment, batch: &mut Batch) {
        let mut lines = std::mem::replace(&mut self.lines, Lines::new(LINE_BYTES_MAX));
        lines.finish(|place, line| self.line(place, line, batch));
        self.lines = lines;
        self.tell_export(batch);
        self.telling.finish(batch);
    }

    fn pending_bytes(&self) -> u64 {
        let read_to = self.lines.place().byte;
        let from = if self.told_columns.is_some() { 0 } else { self.resume_at().byte };
        read_to - from.min(read_to) + self.lines.pending_bytes()
    }

    fn rewind(&mut self) {
        self.lines.rewind();
        self.open.clear();
        self.export.clear();
        self.again = (0, AHashSet::new());
        (self.form, self.told_columns) = (Form::Csv, None);
    }

    fn save(&self) -> serde_json::Value {
        let place = self.resume_at();
        let calls: Vec<&SmolStr> =
            self.open.iter().flat_map(|(linkedid, open)| std::iter::once(linkedid).chain(&open.with)).collect();
        serde_json::json!({ "line": place.line, "byte": place.byte, "read": self.lines.place().byte, "calls": calls })
    }

    fn restore(&mut self, saved: &serde_json::Value) {
        let number = |key: &str| saved.get(key).and_then(serde_json::Value::as_u64);
        self.lines.resume(Place { line: number("line").unwrap_or(1), byte: number("byte").unwrap_or(0) });
        let calls = saved.get("calls").and_then(serde_json::Value::as_array).into_iter().flatten();
        let calls = calls.filter_map(|call| call.as_str().map(SmolStr::new)).collect();
        self.again = (number("read").unwrap_or(0), calls);
        self.open.clear();
        self.telling = Telling::default();
    }
}
