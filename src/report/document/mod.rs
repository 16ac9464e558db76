//! The report as people read it: chapters of tables, charts and sentences in one language, with
//! every figure still a number. The formats for people (table, XLSX, HTML, PDF) all show this one
//! document, so they cannot disagree.
//!
//! Knows finished figures and words; no cell, no store, and no form: not how wide a column is, nor
//! where a page ends.
//!
//! - [`parts`]: what a document is made of · [`speak`]: numbers and words in one language
//! - [`compose`]: from a report to its document
//! - chapters: [`summary`], [`comparison`], [`course`] (by interval), [`hours`] (by weekday and
//!   hour), [`units`], [`tickets`], [`definitions`], [`method`], [`revisions`], [`quality`]; their common columns in `visits`
//! - documents of their own: [`explain`] (how a figure came about), [`staffing`] (attendants needed)

pub mod comparison;
pub mod compose;
pub mod course;
pub mod definitions;
pub mod explain;
pub mod hours;
pub mod method;
pub mod parts;
pub mod quality;
pub mod revisions;
pub mod speak;
pub mod staffing;
pub mod summary;
pub mod tickets;
pub mod units;
mod visits;

pub use compose::document;
pub use parts::{Block, Chapter, Chart, ChartKind, Column, Document, Row, Table, Value, Weight};
pub use speak::Speak;
