//! What the lines of a source look like: checked, ready to read by.

use std::sync::Arc;

use chrono_tz::Tz;
use regex::Regex;
use smol_str::SmolStr;

use crate::measure::Span;
use crate::source::records::columns::Cut;
use crate::source::records::row::Columns;
use crate::source::records::story::Story;
use crate::source::records::text::Charset;

/// What the lines look like.
#[derive(Debug)]
pub struct Layout {
    /// How their text is encoded.
    pub charset: Charset,
    /// How they are cut.
    pub cut: Cut,
    /// The first line that is not skipped names the columns.
    pub has_header: bool,
    /// Lines to skip at the beginning of a file.
    pub skip_lines: u64,
    /// Lines to skip behind the header.
    pub skip_after_header: u64,
    /// Names of the columns in their order, where no header tells.
    pub names: Vec<SmolStr>,
    /// Lines that say nothing: page headers, rulers.
    pub ignore: Option<Regex>,
    /// Words that stand for an empty column.
    pub absent: Vec<String>,
    /// Zone of local times.
    pub zone: Tz,
    /// Columns of lengths that go by between the last time of a row and its writing.
    pub ends_after: Vec<SmolStr>,
    /// Step of the clock, ms.
    pub precision_ms: u16,
    /// How long the rows of a call are waited for after the last one, where more may come.
    pub idle: Span,
    /// The same where more must come.
    pub patience: Span,
}

/// A layout and what its columns mean.
#[derive(Debug)]
pub struct Plan {
    /// What the lines look like.
    pub layout: Layout,
    /// The columns that are read.
    pub columns: Arc<Columns>,
    /// What they mean.
    pub story: Box<dyn Story>,
    /// Tells one mapping from another: sixteen hexadecimal digits.
    pub checksum: String,
}
