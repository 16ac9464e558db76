//! What an Asterisk does with channels, told as calls: shared by its live manager interface and by
//! its channel event log.
//!
//! Knows channels, queues, dial legs and bridges, and which of them are one caller's call. Knows no
//! wire format ([`asterisk_ami`](crate::source::asterisk_ami) does), no queue or unit of ours, no
//! clock.
//!
//! - [`channel`]: channels, their devices and their parts
//! - [`story`]: the calls, time, and what is told of them
//! - [`visit`]: into the queue, out of it, the conversation with the attendant
//! - [`attempt`]: transfers to units, by the fate of the dial legs that follow them
//! - [`unit_queue`]: transfers to units with a queue of their own
//! - [`consult`]: who is asked first, handed over to, or taken back from

pub mod attempt;
pub mod channel;
pub mod consult;
pub mod story;
pub mod unit_queue;
pub mod visit;

pub use story::Story;
