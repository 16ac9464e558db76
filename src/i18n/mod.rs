//! What people read, in Swedish and English, from one catalogue.
//!
//! - [`catalogue`]: texts by key, `sv.ftl` and `en.ftl`
//! - [`numbers`]: numbers, shares, times and dates as each language writes them

pub mod catalogue;
pub mod numbers;

pub use catalogue::{Language, keys, text, text_with};
