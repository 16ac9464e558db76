//! Facts added up: definitions, exact counts, waits, windows, rollups, and the [`snapshot`] that
//! every surface reads. Pure: no clock, no file, no store.
//!
//! Whatever is counted is counted exactly and merges by addition; percentages are worked out by
//! whoever reads, from sums of numerators over sums of denominators. Service levels never come
//! off a histogram: thresholds are counted, the histogram gives percentiles.
//!
//! - [`counts`]: what is counted of visits · [`leg_counts`]: of transfer legs
//! - [`definition`]: the six service levels and the answer rate · [`unit_rates`]: the units' rates
//! - [`staffing`]: how many attendants a load needs
//! - [`waits`]: the distribution of answer times · [`stored_waits`]: its stored form
//! - [`cell`]: counts and waits of one queue or unit in one interval
//! - [`period`]: calendar in a zone: quarter-hours, local days, months; spoken periods
//! - [`rollup`]: cells kept up to date by changes of facts
//! - [`window`]: the last 5 to 60 minutes, by the moment of the outcome; who waits now
//! - [`budget`]: late calls that a month can bear
//! - [`wilson`]: how far a share may be from what it would be over many calls
//! - [`totals`]: counters that only grow, for Prometheus
//! - [`snapshot`]: what every surface sees

pub mod budget;
pub mod cell;
pub mod counts;
pub mod definition;
pub mod leg_counts;
pub mod period;
pub mod rollup;
pub mod snapshot;
pub mod staffing;
pub mod stored_waits;
pub mod totals;
pub mod unit_rates;
pub mod waits;
pub mod wilson;
pub mod window;

pub use cell::{Cell, CellKey, Scope, ScopeKind, Tier, VisitCell};
pub use counts::Counts;
pub use leg_counts::LegCounts;
pub use snapshot::Snapshot;
pub use waits::Waits;
