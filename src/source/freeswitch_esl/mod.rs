//! FreeSWITCH's event socket (ESL): everything, live, to the millisecond; nothing twice.
//!
//! Knows the wire, how to log in, and what the events are called. What channels and queues do with
//! a call is told by [`freeswitch`](crate::source::freeswitch).
//!
//! - [`packet`], [`event`]: bytes to packets, packets to events, plain or JSON
//! - [`decoder`]: events to what happens to calls, attendants and the switch
//! - [`listing`], `resume`: what the switch answers when asked who is in it now, and what that says
//!   after a break
//! - [`shape`]: which of its words are somebody's
//! - [`conversation`]: logging in, keeping alive, catching up after a break

pub mod conversation;
pub mod decoder;
pub mod event;
pub mod listing;
pub mod packet;
mod resume;
pub mod shape;

pub use conversation::Conversation;
pub use decoder::Esl;
