//! What a FreeSWITCH does with channels, told as calls.
//!
//! Knows channels, bridges, queues of mod_callcenter and mod_fifo, and which of them are one
//! caller's call. Knows no wire format ([`freeswitch_esl`](crate::source::freeswitch_esl) does), no
//! queue or unit of ours, no clock.
//!
//! - [`cause`]: what a hang-up cause says of a phone
//! - [`channel`]: channels, their devices and their parts
//! - [`history`]: the switch's own note of transfers
//! - [`story`]: the calls, time, and what is told of them
//! - [`visit`]: into the queue, out of it, the conversation with the attendant
//! - [`attempt`]: transfers to units, by the fate of the channels that follow them
//! - [`outcome`]: whether a unit has answered, and if not, why
//! - [`consult`]: units that are asked first, handed over to, or taken back from

pub mod attempt;
pub mod cause;
pub mod channel;
pub mod consult;
pub mod history;
pub mod outcome;
pub mod story;
pub mod visit;

pub use story::Story;
