//! Alerts: the conditions that somebody must know of, judged on the snapshot, held back until they
//! are sure, told once, and called off.
//!
//! One table of rules serves both ways: judged here for those who have no Prometheus, and written out
//! as rules for those who do. Knows the snapshot and the outbox; sends nothing itself, knows no mail
//! server and no page.
//!
//! - [`limits`]: every number of the rules · [`rule`]: what a rule is · [`rules`]: the rules
//! - [`judge`]: their conditions over the snapshot · [`promql`]: the same as queries
//! - [`watch`]: pending, firing, reminders, resolved; pure
//! - [`silence`]: what somebody wants to hear no more of for a while
//! - [`words`]: one sentence an alert · [`notice`]: what is sent of it
//! - [`settings`]: `[alert]` of the configuration
//! - [`run`]: the loop · [`board`]: how the alerts stand, for the surfaces

pub mod board;
pub mod judge;
pub mod limits;
pub mod notice;
pub mod promql;
pub mod rule;
pub mod rules;
pub mod run;
pub mod settings;
pub mod silence;
pub mod watch;
pub mod words;

pub use board::AlertBoard;
pub use settings::AlertSettings;
