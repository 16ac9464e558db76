//! Alerts: the conditions that somebody must know of, judged on the snapshot, held back until they
//! are sure, told once, and called off.
//!
//! One table of rules serves both ways: judged here for those who have no Prometheus, and written out
//! as rules for those who do. Knows the snapshot; no page, and no mail server.
//!
//! - [`limits`]: every number of the rules · [`rule`]: what a rule is · [`rules`]: the rules
//! - [`judge`]: their conditions over the snapshot · [`promql`]: the same as queries
//! - [`watch`]: pending, firing, reminders, resolved; pure
//! - [`silence`]: what somebody wants to hear no more of for a while
//! - [`words`]: one sentence an alert
//! - [`settings`]: `[alert]` of the configuration

pub mod judge;
pub mod limits;
pub mod promql;
pub mod rule;
pub mod rules;
pub mod settings;
pub mod silence;
pub mod watch;
pub mod words;

pub use settings::AlertSettings;
