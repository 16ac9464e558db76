//! Bytes of records to events.

use std::collections::VecDeque;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::event::json::Unusable;
use crate::event::{EventId, Reason, Reject};
use crate::measure::{Moment, Span};
use crate::source::lines::{Lines, Place};
use crate::source::records::group::Groups;
use crate::source::records::layout::Plan;
use crate::source::records::row::Row;
use crate::source::records::story::Teller;
use crate::source::{Batch, Decode};

/// Longest line. A Cisco record has some 2 KiB.
pub const LINE_BYTES_MAX: usize = 16 * 1024;
/// Equal lines are told apart when they stand this near to each other: they are written in one
/// second, and no switch ends more calls in one.
const TWINS_MAX: usize = 64;

/// Decodes records.
#[derive(Debug)]
pub struct Records {
    lines: Lines,
    reader: Reader,
}

/// What is known from the lines before.
#[derive(Debug)]
struct Reader {
    plan: Arc<Plan>,
    groups: Groups,
    /// The instant that the records have got to.
    reached: Option<Moment>,
    /// The last lines, to tell equal ones apart.
    twins: VecDeque<u64>,
    file: File,
    /// Rows that waited for more when the mapping was changed.
    left_behind: usize,
}

/// What is known of the present file.
#[derive(Debug, Default)]
struct File {
    /// Lines seen, empty ones included.
    lines: u64,
    /// For each column that is read, where it stands; `None` until that is known.
    places: Option<Vec<Option<usize>>>,
    /// Names of its columns as the header told them, to be told again after a restart.
    header: Option<Vec<String>>,
    /// It is not ours to read.
    is_foreign: bool,
    /// Nothing of it can be used, and why.
    fault: Option<String>,
    used: u64,
    rejected: u64,
}

impl Records {
    /// A decoder by `plan`.
    pub fn new(plan: Arc<Plan>) -> Self {
        let mut reader = Reader {
            plan,
            groups: Groups::default(),
            reached: None,
            twins: VecDeque::new(),
            file: File::default(),
            left_behind: 0,
        };
        reader.begin();
        Self { lines: Lines::new(LINE_BYTES_MAX), reader }
    }

    /// Reads one line into a row, without telling anything: for people.
    pub fn row(&mut self, place: &str, line: &[u8], received: Moment) -> Result<Option<Row>, Unusable> {
        self.reader.row(place, line, received)
    }
}

/// A decoder by a source's settings, which have been checked. Settings that were not make one that
/// refuses every line with the reason.
pub fn by_settings(source: &crate::source::SourceSettings) -> Box<dyn Decode> {
    let plan = source.records.clone().unwrap_or_default().plan();
    match plan {
        Ok(plan) => Box::new(Records::new(Arc::new(plan))),
        Err(wrong) => Box::new(Unplanned { lines: Lines::new(LINE_BYTES_MAX), why: format!("{wrong:?}") }),
    }
}

/// Refuses every line.
#[derive(Debug)]
struct Unplanned {
    lines: Lines,
    why: String,
}

impl Decode for Unplanned {
    fn feed(&mut self, bytes: &[u8], _: Moment, batch: &mut Batch) {
        let why = &self.why;
        self.lines.cut(bytes, |place, line| {
            batch.rejects.push(Reject::new(
                place.to_string(),
                Reason::Malformed,
                why.clone(),
                line.unwrap_or_default(),
            ));
        });
    }

    fn finish(&mut self, received: Moment, batch: &mut Batch) {
        if self.lines.pending_bytes() > 0 {
            self.feed(b"\n", received, batch);
        }
    }

    fn pending_bytes(&self) -> u64 {
        self.lines.pending_bytes()
    }

    fn rewind(&mut self) {
        self.lines.rewind();
    }

    fn fault(&self) -> Option<String> {
        Some(self.why.clone())
    }
}

impl Decode for Records {
    fn feed(&mut self, bytes: &[u8], received: Moment, batch: &mut Batch) {
        let reader = &mut self.reader;
        self.lines.cut(bytes, |place, line| reader.take(place, line, received, batch));
    }

    fn finish(&mut self, received: Moment, batch: &mut Batch) {
        let reader = &mut self.reader;
        self.lines.finish(|place, line| reader.take(place, line, received, batch));
    }

    fn pending_bytes(&self) -> u64 {
        self.lines.pending_bytes()
    }

    fn rewind(&mut self) {
        self.lines.rewind();
        self.reader.begin();
    }

    fn quiet(&mut self, now: Moment, batch: &mut Batch) {
        let (plan, groups) = (Arc::clone(&self.reader.plan), &mut self.reader.groups);
        groups.quiet(now, &mut |rows| tell(&plan, rows, batch));
    }

    fn flush(&mut self, batch: &mut Batch) {
        let (plan, groups) = (Arc::clone(&self.reader.plan), &mut self.reader.groups);
        groups.flush(&mut |rows| tell(&plan, rows, batch));
    }

    fn fault(&self) -> Option<String> {
        let file = &self.reader.file;
        let none_used = || {
            let rejected = file.rejected;
            (file.used == 0 && rejected > 0)
                .then(|| format!("none of its {rejected} rows can be used; see dead_letter"))
        };
        file.fault.clone().or_else(none_used)
    }

    fn save(&self) -> serde_json::Value {
        let (place, reader) = (self.lines.place(), &self.reader);
        serde_json::json!({
            "mapping": reader.plan.checksum,
            "line": place.line,
            "byte": place.byte,
            "lines": reader.file.lines,
            "header": reader.file.header,
            "used": reader.file.used,
            "rejected": reader.file.rejected,
            "reached": reader.reached,
            "twins": reader.twins,
            "rows": reader.groups.save(),
        })
    }

    fn restore(&mut self, saved: &serde_json::Value) {
        let number = |key: &str| saved.get(key).and_then(serde_json::Value::as_u64).unwrap_or_default();
        let part = |key: &str| saved.get(key).cloned().unwrap_or_default();
        let reader = &mut self.reader;
        reader.file.lines = number("lines");
        if let Ok(Some(header)) = serde_json::from_value::<Option<Vec<String>>>(part("header")) {
            reader.header(&header);
        }
        (reader.file.used, reader.file.rejected) = (number("used"), number("rejected"));
        reader.reached = serde_json::from_value(part("reached")).ok().flatten();
        reader.twins = serde_json::from_value(part("twins")).unwrap_or_default();
        let groups: crate::source::records::group::Saved = serde_json::from_value(part("rows")).unwrap_or_default();
        let (plan, waits) = (Arc::clone(&reader.plan), reader.waits());
        reader.left_behind = reader.groups.restore(groups, &plan.columns, &*plan.story, waits);
        self.lines.resume(Place { line: number("line").max(1), byte: number("byte") });
    }
}

fn tell(plan: &Plan, rows: &[Row], batch: &mut Batch) {
    let Some(first) = rows.first() else { return };
    if let Err(wrong) = plan.story.tell(rows, &mut Teller::new(batch, plan.layout.precision_ms)) {
        let excerpt: Vec<String> = first.shown().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let reject = Reject::new(first.place.clone(), wrong.reason, wrong.detail, excerpt.join(" ").as_bytes());
        batch.rejects.push(reject.at(first.written));
    }
}

impl Reader {
    fn waits(&self) -> (Span, Span) {
        (self.plan.layout.idle, self.plan.layout.patience)
    }

    /// Another file.
    fn begin(&mut self) {
        self.file = File::default();
        if !self.plan.layout.has_header {
            let plan = Arc::clone(&self.plan);
            let names: Vec<String> = plan.layout.names.iter().map(ToString::to_string).collect();
            self.header(&names);
            self.file.header = None;
        }
    }

    fn take(&mut self, place: Place, line: Result<&[u8], Reject>, received: Moment, batch: &mut Batch) {
        if std::mem::take(&mut self.left_behind) > 0 {
            let detail = "rows that waited for more of their calls were left behind when the mapping was changed; import their file again";
            batch.rejects.push(Reject::new(place.to_string(), Reason::BadField, detail, b""));
        }
        let taken = match line {
            Ok(line) => {
                let row = self.row(&place.to_string(), line, received);
                row.map_err(|wrong| Reject::new(place.to_string(), wrong.reason, wrong.detail, line))
            }
            Err(reject) => Err(reject),
        };
        match taken {
            Ok(None) => {}
            Ok(Some(row)) => {
                self.file.used += 1;
                let (plan, waits) = (Arc::clone(&self.plan), self.waits());
                self.groups.take(row, &*plan.story, waits, &mut |rows| tell(&plan, rows, batch));
            }
            Err(reject) => {
                self.file.rejected += 1;
                batch.rejects.push(Reject { at: self.reached, ..reject });
            }
        }
    }

    /// One line; `Ok(None)`: it says nothing.
    fn row(&mut self, place: &str, line: &[u8], received: Moment) -> Result<Option<Row>, Unusable> {
        let plan = Arc::clone(&self.plan);
        let layout = &plan.layout;
        self.file.lines += 1;
        let nth = self.file.lines;
        let bytes = if nth == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        let text = layout.charset.read(bytes);
        let header_at = layout.skip_lines + u64::from(layout.has_header);
        let is_skipped = nth <= layout.skip_lines || (nth > header_at && nth <= header_at + layout.skip_after_header);
        let is_header = layout.has_header && nth == header_at;
        if is_skipped || self.file.is_foreign || (self.file.fault.is_some() && !is_header) {
            return Ok(None);
        }
        if text.trim().is_empty() || layout.ignore.as_ref().is_some_and(|ignore| ignore.is_match(&text)) {
            // An empty line in place of the header is not the header.
            self.file.lines -= u64::from(is_header);
            return Ok(None);
        }
        let malformed = |why: String| Unusable::new(Reason::Malformed, why);
        let fields = layout.cut.cut(&text).map_err(malformed)?;
        if is_header {
            let names: Vec<String> = fields.iter().map(|name| name.trim().to_owned()).collect();
            self.header(&names);
            return self.file.fault.clone().map_or(Ok(None), |fault| Err(malformed(fault)));
        }
        let Some(places) = &self.file.places else { return Err(malformed("stands before the header".into())) };
        let last_needed = plan.columns.list.iter().zip(places).filter(|(column, _)| column.is_required);
        let needed = last_needed.filter_map(|(_, place)| *place).max().map_or(0, |last| last + 1);
        if fields.len() < needed {
            return Err(malformed(format!("{} columns; at least {needed} are needed", fields.len())));
        }
        let value = |place: &Option<usize>| {
            let text = place.and_then(|place| fields.get(place)).map_or("", |field| field.trim());
            SmolStr::new(if layout.absent.iter().any(|word| word == text) { "" } else { text })
        };
        let values = places.iter().map(value).collect();
        let hash = EventId::of(&[line]).0;
        let mut row = Row::new(Arc::clone(&plan.columns), place.to_owned(), hash, received, values);
        if plan.story.is_noise(&row) {
            return Ok(None);
        }
        let reached = self.reached;
        row.read_times(|format, text| format.read(text, layout.zone, reached, received), &layout.ends_after)?;
        self.reached = Some(row.written);
        let ordinal = self.twins.iter().filter(|twin| **twin == hash).count() as u64;
        if self.twins.len() == TWINS_MAX {
            self.twins.pop_front();
        }
        self.twins.push_back(hash);
        row.ordinal = ordinal;
        Ok(Some(row))
    }

    /// Finds the columns that are read among those of the file.
    fn header(&mut self, names: &[String]) {
        let plan = Arc::clone(&self.plan);
        let shown: Vec<&str> = names.iter().map(String::as_str).collect();
        if plan.story.is_foreign(&shown) {
            self.file.is_foreign = true;
            return;
        }
        let place = |name: &SmolStr| names.iter().position(|known| known.eq_ignore_ascii_case(name));
        let places: Vec<Option<usize>> = plan.columns.list.iter().map(|column| place(&column.name)).collect();
        let missing: Vec<&str> = plan
            .columns
            .list
            .iter()
            .zip(&places)
            .filter(|(column, place)| column.is_required && place.is_none())
            .map(|(column, _)| column.name.as_str())
            .collect();
        if !missing.is_empty() {
            self.file.fault = Some(format!("there is no column {}", missing.join(", ")));
        }
        self.file.places = Some(places);
        self.file.header = Some(names.to_vec());
    }
}
