//! A switchboard that is not there: people call, wait, lose patience, are answered by attendants on
//! shift and sent on to units. Waits come out of real queues of callers before real attendants;
//! nothing draws a service level from a hat.
//!
//! Pure: a seed and moments in, canonical events out, in order. The same seed gives the same events
//! however time is cut.
//!
//! - [`model`]: the model customer: who calls when, how long it takes, who answers · [`years`]: in
//!   the years of its published figures
//! - [`random`]: chance, from a seed
//! - [`switchboard`]: the simulation itself
//! - [`legs`]: what becomes of those who are sent on
//! - [`queue_log`]: the same events as an Asterisk would log them
//! - [`spoken`]: a switch that speaks a wire protocol · [`ami`], [`ami_switch`]: Asterisk's manager
//!   interface, what it says and to whom · [`esl`], [`esl_switch`], [`esl_wire`]: FreeSWITCH's event
//!   socket likewise

pub mod ami;
pub mod ami_switch;
pub mod esl;
pub mod esl_switch;
pub mod esl_wire;
pub mod legs;
pub mod model;
pub mod queue_log;
pub mod random;
pub mod spoken;
pub mod switchboard;
pub mod years;

pub use model::Scenario;
pub use spoken::{Said, Spoken};
pub use switchboard::{Switchboard, Told};
