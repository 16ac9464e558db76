//! Every number of the rules. Both the built-in alerts and the rules for Prometheus read them here.

/// Fewest calls in the last hour for its answer rate to mean anything: with fewer, two callers who
/// hang up are ten percent.
pub const CALLS_MIN: i64 = 20;
/// Width of the benefit of the doubt: one-sided 95 %.
pub const Z: f64 = 1.645;
/// Share of the month's budget of late calls that may go in an hour, and in a day. At a target of
/// 90 % the largest possible burn rate is 10, so the usual factors of 14.4 could never be reached.
pub const BURN_FAST: f64 = 0.02;
/// See [`BURN_FAST`].
pub const BURN_SLOW: f64 = 0.10;
/// Fewest late calls that burn anything: a small desk's 2 % are three calls.
pub const BURN_CALLS_MIN: f64 = 8.0;
/// A caller who has waited this many thresholds has waited too long.
pub const LONG_WAIT: f64 = 3.0;
/// A unit that answers less than this share of its transfers ...
pub const UNIT_RATE: f64 = 0.5;
/// ... of at least this many this month.
pub const UNIT_LEGS_MIN: i64 = 30;
/// A gap or a dead letter is news for this long, seconds.
pub const NEWS_S: i64 = 15 * 60;
/// A source this far behind is too slow for its switch, bytes.
pub const BEHIND_BYTES: u64 = 10 * 1024 * 1024;
/// A report may be this late, seconds.
pub const REPORT_LATE_S: i64 = 60 * 60;
/// Figures older than this mean that the engine stands still, seconds.
pub const FIGURES_OLD_S: i64 = 60;
