//! Reports: the figures of a stretch of local days, from the store's rollups.
//!
//! A report is built once as a [`Report`], a sheet of finished figures; a format knows sheets and
//! nothing of calls, stores or the directory. Sums are sums of cells (months, days and quarters),
//! never of calls, so a year costs as little as a month. Shares are sums of numerators over sums of
//! denominators at every level; a percentage is never averaged.
//!
//! Knows no live figure and no file: the store's [`Reader`](crate::store::Reader) goes in, bytes
//! come out, and the caller says what time it is.
//!
//! - [`request`]: what is asked for: days, intervals · [`period`]: days as people write them, and
//!   what they are compared with
//! - [`kinds`]: the list, [`REPORTS`]
//! - [`sheet`]: the report as finished figures · [`figures`]: from cells to figures
//! - [`gather`]: the cells of a period added up
//! - [`month`]: the report itself: queues, whole calls, units, organisations, quality
//! - [`compare`]: the year so far, the period before, a year ago · [`pattern`]: by weekday and hour
//! - [`delivery`], [`carried`]: totals of an old system and tickets, read and used · [`tickets`]: beside
//!   answered calls
//! - [`rules`]: by which rules queues are judged over a period · [`revisions`]: what was signed, and
//!   what changed since · [`earlier`]: a month as one of its revisions has it
//! - [`explain`]: how a figure came about, down to the visits
//! - [`staffing`]: attendants needed, from the last same weekdays
//! - [`document`]: the same for people: chapters of tables, charts and sentences
//! - [`render`]: [`FORMATS`]: JSON and CSV for programs, table, XLSX, HTML and PDF for people

pub mod carried;
pub mod compare;
pub mod delivery;
pub mod document;
pub mod earlier;
pub mod explain;
pub mod figures;
pub mod gather;
pub mod kinds;
pub mod month;
pub mod pattern;
pub mod period;
pub mod render;
pub mod request;
pub mod revisions;
pub mod rules;
pub mod sheet;
pub mod staffing;
#[cfg(test)]
mod tests_agreement;
#[cfg(test)]
#[cfg(feature = "pdf")]
mod tests_pdf;
#[cfg(test)]
pub(crate) mod tests_support;
pub mod tickets;

pub use earlier::{NoRevision, earlier_report};
pub use kinds::{REPORTS, ReportKind};
pub use month::month_report;
pub use render::{FORMATS, Format, LEFT_OUT, Locale, Style};
pub use request::{Interval, Request};
pub use sheet::{Report, Status};
