//! PDF: pages that can be printed, signed and read aloud. Tagged after PDF/UA-1, and not written where
//! they would break it. Present where the program was built with the feature `pdf`.
//!
//! A document is first laid out, without a word of PDF: parts of the reading order, and bricks that are
//! stacked into pages. Only [`mod@file`] knows the file format; nothing here knows calls.
//!
//! - [`fonts`]: the fonts of the system: found, measured
//! - [`tree`]: the reading order, as those are told it who do not see the page
//! - [`pages`]: bricks, and how they come onto pages
//! - [`layout`]: a document as bricks · [`tables`], [`charts`]: its tables and pictures
//! - [`mod@file`]: pages as a file

pub mod charts;
pub mod file;
pub mod fonts;
pub mod layout;
pub mod pages;
pub mod tables;
pub mod tree;

pub use file::{render, write};
