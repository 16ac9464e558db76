//! How a report is written. One file a format, one line in [`FORMATS`].
//!
//! - [`formats`]: the list · [`json`] · [`csv`] · [`table`]

pub mod csv;
pub mod formats;
pub mod json;
pub mod table;

pub use formats::{FORMATS, Format};
