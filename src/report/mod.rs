//! Reports: the figures of a period, from rollups alone, with their definitions and the quality of
//! the data beside them.
//!
//! Knows no file format: a [`Report`](period::Report) holds figures, the renderers in [`render`]
//! know how they are written. Reads whole commits through the store's reader; never calls.
//!
//! - [`period`]: the report of a period, and the rows in it
//! - [`render`]: table, JSON, CSV: the formats

pub mod period;
pub mod render;

pub use period::{Interval, Report, Request};
pub use render::{FORMATS, Format};
