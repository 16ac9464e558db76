//! The API, version 1: what the pages show, as JSON, for other programs.
//!
//! Every answer about figures names the definition behind them and the days it is of. Longer lists
//! come in pages. Within a version fields are added and never taken away or given another meaning.
//! What a visitor may not see is as if it were not there.
//!
//! - [`queues`]: queues, their intervals, hours of the week and visits
//! - [`units`]: units, organisations, transfers, ring times
//! - [`status`]: sources, gaps, dead letters, health · [`audit`]: who did what
//! - [`reports`]: the reports, in every format
//! - [`list`]: pages of a longer list · [`openapi`]: the description of all this

pub mod audit;
pub mod list;
pub mod openapi;
pub mod queues;
pub mod reports;
pub mod status;
pub mod units;
