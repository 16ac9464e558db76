//! One line, read: the columns that somebody asked for, times as instants.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::event::Reason;
use crate::event::json::{NAME_BYTES_MAX, Unusable};
use crate::measure::Moment;
use crate::source::records::span::SpanFormat;
use crate::source::records::time::{Read, TimeFormat};

/// The columns that are read, in their order in a row.
#[derive(Debug)]
pub struct Columns {
    /// Each with what is in it.
    pub list: Vec<Column>,
}

/// One column that is read.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name in the header or in the list of columns.
    pub name: SmolStr,
    /// What is in it.
    pub content: Content,
    /// A source without it is not one of this kind.
    pub is_required: bool,
}

/// What is in a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text, or a number.
    Text,
    /// A time.
    Time(TimeFormat),
    /// A length of time.
    Span(SpanFormat),
}

impl Columns {
    fn place(&self, name: &str) -> Option<usize> {
        self.list.iter().position(|column| column.name == name)
    }
}

/// One line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// Where it stands, for people.
    pub place: String,
    /// Hash of the line.
    pub hash: u64,
    /// How many equal lines stand shortly before it.
    pub ordinal: u64,
    /// When we got it.
    pub received: Moment,
    /// When it was written, as far as its times tell.
    pub written: Moment,
    fields: Vec<SmolStr>,
    times: Vec<Option<Read>>,
    #[serde(skip)]
    columns: Option<Arc<Columns>>,
}

impl Row {
    /// A row of these fields, in the order of `columns`.
    pub fn new(columns: Arc<Columns>, place: String, hash: u64, received: Moment, fields: Vec<SmolStr>) -> Self {
        let times = vec![None; fields.len()];
        Self { place, hash, ordinal: 0, received, written: received, fields, times, columns: Some(columns) }
    }

    /// Reads times and checks lengths. `read`: what a text is by a format.
    pub fn read_times(
        &mut self,
        mut read: impl FnMut(&TimeFormat, &str) -> Result<Option<Read>, String>,
        ends_after: &[SmolStr],
    ) -> Result<(), Unusable> {
        let Some(columns) = self.columns.clone() else { return Ok(()) };
        for (at, column) in columns.list.iter().enumerate() {
            let text = self.fields[at].as_str();
            match &column.content {
                Content::Text if text.len() > NAME_BYTES_MAX => {
                    let detail = format!("{}: {} bytes; at most {NAME_BYTES_MAX} are read", column.name, text.len());
                    return Err(Unusable::new(Reason::TooLong, detail));
                }
                Content::Text => {}
                Content::Time(format) => {
                    let time = read(format, text);
                    self.times[at] =
                        time.map_err(|why| Unusable::new(Reason::BadTime, format!("{}: {why}", column.name)))?;
                }
                Content::Span(format) => {
                    if !text.is_empty() && format.read_ms(text).is_none() {
                        let detail = format!("{}: `{text}` is no length of time", column.name);
                        return Err(Unusable::new(Reason::BadField, detail));
                    }
                }
            }
        }
        let Some(last) = self.times.iter().flatten().map(|read| read.at).max() else {
            return Err(Unusable::new(Reason::BadTime, "no column tells a time"));
        };
        let after: i64 = ends_after.iter().filter_map(|name| self.span_ms(name)).sum();
        self.written = last.plus_ms(after);
        Ok(())
    }

    /// The same after a restart, when the columns are known again.
    pub fn resume(&mut self, columns: &Arc<Columns>) -> bool {
        self.columns = Some(Arc::clone(columns));
        self.fields.len() == columns.list.len() && self.times.len() == columns.list.len()
    }

    /// What makes the row itself where nothing in it does: equal rows are different ones.
    pub fn own_name(&self) -> SmolStr {
        smol_str::format_smolstr!("{:016x}-{}", self.hash, self.ordinal)
    }

    /// Text of a column; `None` where it is empty or there is no such column.
    pub fn text(&self, name: &str) -> Option<&str> {
        let at = self.columns.as_ref()?.place(name)?;
        Some(self.fields.get(at)?.as_str()).filter(|text| !text.is_empty())
    }

    /// Text of a column that must be there.
    pub fn need(&self, name: &str) -> Result<&str, Unusable> {
        self.text(name).ok_or_else(|| missing(name))
    }

    /// A column's time; `None` where there was no such moment.
    pub fn time(&self, name: &str) -> Option<Read> {
        let at = self.columns.as_ref()?.place(name)?;
        *self.times.get(at)?
    }

    /// A column's time that must be there.
    pub fn need_time(&self, name: &str) -> Result<Read, Unusable> {
        self.time(name).ok_or_else(|| missing(name))
    }

    /// A column's length in milliseconds.
    pub fn span_ms(&self, name: &str) -> Option<i64> {
        let at = self.columns.as_ref()?.place(name)?;
        let Content::Span(format) = &self.columns.as_ref()?.list[at].content else { return None };
        format.read_ms(self.fields.get(at)?)
    }

    /// Names and values of the columns that hold something, times as instants.
    pub fn shown(&self) -> Vec<(SmolStr, String)> {
        let columns = self.columns.iter().flat_map(|columns| &columns.list);
        let each = columns.zip(self.fields.iter().zip(&self.times)).map(|(column, (field, time))| {
            let shown = time.map_or_else(
                || field.to_string(),
                |read| format!("{}{}", read.at.to_rfc3339(), if read.is_doubtful { "?" } else { "" }),
            );
            (column.name.clone(), shown)
        });
        each.filter(|(_, shown)| !shown.is_empty()).collect()
    }
}

fn missing(name: &str) -> Unusable {
    Unusable::new(Reason::BadField, format!("column `{name}` is empty"))
}
