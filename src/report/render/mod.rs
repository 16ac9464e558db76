//! From a [`Report`](crate::report::Report) to bytes. A format knows sheets, not calls.
//!
//! - [`formats`]: [`FORMATS`], and what a reader can choose: language, locale, colour
//! - [`json`]: for programs; its keys are a contract, and stand as types in `json_keys` and
//!   `json_beside`
//! - [`csv`]: flat, for programs and pivot tables
//! - [`table`]: for people at a terminal · [`xlsx`]: a workbook, brought onto paper by `xlsx_print`
//! - [`html`]: a page for screen and print, its charts in `svg` · `pdf`: tagged pages, where the program
//!   was built with them; what both draw alike is in `picture`
//! - [`tables`]: [`DOCUMENT_FORMATS`], for documents that are no report

pub mod csv;
pub mod formats;
pub mod html;
pub mod json;
mod json_beside;
mod json_keys;
#[cfg(feature = "pdf")]
pub mod pdf;
mod picture;
mod svg;
pub mod table;
pub mod tables;
pub mod xlsx;
mod xlsx_print;

pub use formats::{FORMATS, Format, LEFT_OUT, Locale, Style};
pub use tables::{DOCUMENT_FORMATS, DocumentFormat};
