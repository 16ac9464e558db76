//! What a document is made of.

use crate::measure::Share;

/// A report for people, in one language.
#[derive(Clone, Debug)]
pub struct Document {
    /// `Servicegrad november 2026`.
    pub title: String,
    /// What stands under the title: name and value.
    pub facts: Vec<(String, String)>,
    /// In the order of reading.
    pub chapters: Vec<Chapter>,
}

/// A chapter under a heading of its own.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// The heading; short enough for the tab of a spreadsheet (31 characters).
    pub title: String,
    /// In the order of reading.
    pub blocks: Vec<Block>,
}

/// A part of a chapter.
#[derive(Clone, Debug)]
pub enum Block {
    /// A sentence or two.
    Text(String),
    /// A table, and perhaps a chart of it.
    Table(Table),
}

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What it is about, without spaces: `queues`, `comparison:kundtjanst`.
    pub id: String,
    /// What stands above it; empty where the chapter's heading says it all.
    pub caption: String,
    /// The first names the rows.
    pub columns: Vec<Column>,
    /// Each as wide as `columns`.
    pub rows: Vec<Row>,
    /// A picture of some of its columns.
    pub chart: Option<Chart>,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// The key that the figure has in the JSON form, path joined by dots: `wait_seconds.p90`.
    pub id: String,
    /// What people read.
    pub title: String,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// The name of what it is about.
    pub id: String,
    /// One a column.
    pub cells: Vec<Value>,
    /// How it is to be seen.
    pub weight: Weight,
}

/// How a row is to be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weight {
    /// As any other.
    #[default]
    Usual,
    /// Rests on too little: greyed.
    Faint,
    /// A sum of others.
    Total,
}

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing that applies.
    Empty,
    /// Words.
    Text(String),
    /// A count.
    Whole(i64),
    /// A number with one decimal.
    Decimal(f64),
    /// A share from 0 to 1; `None` is no data.
    Percent(Option<f64>),
    /// A target from 0 to 1, without needless decimals.
    Target(f64),
    /// A difference of two shares; `None` where either has no data.
    Points(Option<f64>),
    /// A span in seconds; `None` is no data.
    Seconds(Option<f64>),
    /// A count that was not taken.
    NoData,
}

impl Value {
    /// A share of counts.
    pub fn share(share: Share) -> Self {
        Self::Percent(share.ratio())
    }

    /// Words, or nothing.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The number behind it, as it stands in the JSON form.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(number) => Some(*number as f64),
            Self::Percent(number) | Self::Points(number) | Self::Seconds(number) => *number,
            Self::Target(number) | Self::Decimal(number) => Some(*number),
            Self::Empty | Self::Text(_) | Self::NoData => None,
        }
    }

    /// Whether it stands to the left, as words do.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}

/// A picture of some columns of a table; the table is its data.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What it shows, in a sentence for those who do not see it.
    pub title: String,
    /// Bars or a line.
    pub kind: ChartKind,
    /// Places of the columns that are drawn; all are shares, or all are counts.
    pub series: Vec<usize>,
    /// A line across, from 0 to 1: what was promised.
    pub target: Option<f64>,
}

/// How figures are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartKind {
    /// One bar a row.
    Bars,
    /// One point a row, joined.
    Line,
}

impl Column {
    /// A column.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self { id: id.into(), title: title.into() }
    }
}

impl Row {
    /// A usual row.
    pub fn new(id: impl Into<String>, cells: Vec<Value>) -> Self {
        Self { id: id.into(), cells, weight: Weight::Usual }
    }

    /// The same, seen so.
    #[must_use]
    pub fn weighing(self, weight: Weight) -> Self {
        Self { weight, ..self }
    }
}

impl Table {
    /// Whether a column is of words and stands to the left: the first, and those without a figure.
    pub fn is_words(&self, column: usize) -> bool {
        let mut cells = self.rows.iter().map(|row| &row.cells[column]);
        column == 0 || (cells.clone().any(Value::is_text) && !cells.any(|cell| cell.number().is_some()))
    }

    /// A table without rows.
    pub fn new(id: impl Into<String>, caption: impl Into<String>, columns: Vec<Column>) -> Self {
        Self { id: id.into(), caption: caption.into(), columns, ..Self::default() }
    }
}
