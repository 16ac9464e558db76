//! CSTA phase III in XML (ECMA-323) over TCP, as MX-ONE, OpenScape and Alcatel switches speak it: a
//! session, a monitor for each device, and what those monitors tell.
//!
//! A connection of a call and a device is to it what a channel is to an Asterisk, so that the same
//! story is told, by [`asterisk`](crate::source::asterisk). The switch tells no time: ours stands.
//! Knows no queue or unit of ours; which devices are queues of the switch the settings say.
//!
//! - [`frame`]: bytes to frames · [`document`]: frames to elements
//! - [`decoder`]: elements to what they tell · [`calls`]: calls, connections and who is who in them
//! - [`told`]: what each event means · [`snapshot`]: what goes on when a line is new
//! - [`conversation`]: the session · [`shape`]: which words are the switch's own

pub mod calls;
pub mod conversation;
pub mod decoder;
pub mod document;
pub mod frame;
pub mod shape;
pub mod snapshot;
pub mod told;

pub use conversation::Conversation;
pub use decoder::Csta;
