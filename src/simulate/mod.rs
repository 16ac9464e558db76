//! A switchboard that is not there: people call, wait, lose patience, are answered by attendants on
//! shift and sent on to units. Waits come out of real queues of callers before real attendants;
//! nothing draws a service level from a hat.
//!
//! Pure: a seed and moments in, canonical events out, in order. The same seed gives the same events
//! however time is cut.
//!
//! - [`model`]: the model customer: who calls when, how long it takes, who answers
//! - [`random`]: chance, from a seed
//! - [`switchboard`]: the simulation itself
//! - [`legs`]: what becomes of those who are sent on
//! - [`queue_log`]: the same events as an Asterisk would log them

pub mod legs;
pub mod model;
pub mod queue_log;
pub mod random;
pub mod switchboard;

pub use model::Scenario;
pub use switchboard::{Switchboard, Told};
