//! From a [`Report`](crate::report::Report) to bytes. A format knows sheets, not calls.
//!
//! - [`formats`]: [`FORMATS`], and what a reader can choose: language, locale, colour
//! - [`json`]: for programs; its keys are a contract, and stand as types in `json_keys`
//! - [`csv`]: for spreadsheets
//! - [`table`]: for people at a terminal

pub mod csv;
pub mod formats;
pub mod json;
mod json_keys;
pub mod table;

pub use formats::{FORMATS, Format, Locale, Style};
