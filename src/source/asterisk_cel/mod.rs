//! Asterisk's channel event log (CEL): what the manager interface tells live, in a file that can be
//! read again, with stamps in micro-seconds. Read from the switch's own CSV log, which grows, and
//! from exports of its table.
//!
//! Tells the same story as [`asterisk_ami`](crate::source::asterisk_ami), through
//! [`asterisk`](crate::source::asterisk): visits to the millisecond, every transfer and whether
//! anybody answered. It does not tell attendants' names (only their phones), attendants' states, or
//! that the switch was restarted; and why a queue would not take a caller is not in it.
//!
//! - [`row`]: lines to rows, whatever the order of their columns
//! - [`decoder`]: rows in order, and from where to read on after a restart
//! - [`telling`]: what rows say of channels and queues
//! - [`dialled`]: which channel rings which, which the log does not say
//! - [`shape`]: which of its words are its own

pub mod decoder;
pub mod dialled;
pub mod row;
pub mod shape;
pub mod telling;

pub use decoder::Cel;
