//! The dashboards: one for each kind of reader, in both languages, a dozen panels each at most.
//!
//! - [`live`]: for the lead on duty · [`units`]: for the organisations whose units callers are sent to
//! - [`month`]: for managers · [`system`]: for those who run it

pub mod live;
pub mod month;
pub mod system;
pub mod units;

use crate::generate::dashboard::Dashboard;

/// Every dashboard.
pub const DASHBOARDS: &[&Dashboard] = &[&live::LIVE, &units::UNITS, &month::MONTH, &system::SYSTEM];
