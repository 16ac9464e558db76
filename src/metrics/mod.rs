//! Prometheus metrics, read off the snapshot when asked: a scrape touches no counter and no engine.
//!
//! Counters only grow and survive restarts, because the snapshot's totals do. No data is an absent
//! sample, never 0 or 1. Labels come from the configuration only. Knows no page and no socket.
//!
//! - [`catalogue`]: every family once, by subject · [`family`]: what a family is
//! - [`calls`], [`live`], [`levels`], [`units`], [`sources`], [`system`]: the families, with what
//!   they say and how they are read
//! - [`http`]: what the web counts itself, by the crate `prometheus`
//! - [`text`]: the text format 0.0.4 · [`page`]: the whole page, within its limit

pub mod calls;
pub mod catalogue;
pub mod family;
pub mod http;
pub mod levels;
pub mod live;
pub mod page;
pub mod sources;
pub mod system;
pub mod text;
pub mod units;

pub use http::HttpMetrics;
pub use page::{MetricsSettings, render};
