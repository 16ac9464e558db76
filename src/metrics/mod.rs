//! Prometheus metrics, read off the snapshot when asked; nothing is counted here.
//!
//! Counters only grow and survive restarts, because the snapshot's totals do. No data is an absent
//! sample, never 0 or 1. Labels come from the configuration only.
//!
//! - [`catalogue`]: every family once, with what it says and how it is read
//! - [`text`]: the text format 0.0.4
//! - [`page`]: the whole page, with the process's own metrics by the crate `prometheus`

pub mod catalogue;
pub mod page;
pub mod text;

pub use page::render;
