//! Asterisk's manager interface (AMI): everything, live, in milliseconds; nothing twice.
//!
//! Knows the wire, who to log in as, and what the events are called. What channels and queues do
//! with a call is told by [`asterisk`](crate::source::asterisk).
//!
//! - [`message`]: bytes to messages
//! - [`decoder`]: messages to events of calls, attendants and the switch
//! - [`conversation`]: logging in, keeping alive, catching up after a break
//! - `rights`: which classes of events the switch lets us hear
//! - [`shape`]: which words are the switch's own

pub mod conversation;
pub mod decoder;
pub mod message;
mod rights;
pub mod shape;

pub use conversation::Conversation;
pub use decoder::Ami;
