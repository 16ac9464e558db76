//! The daemon: joins sources, engine and web once; starts and stops them.
//!
//! `run`, `demo` and the tests use the same joint.
//!
//! - [`joint`]: start, and stop in order
//! - `surface`: what all pages share · [`feeds`]: from settings to running sources
//! - `outgoing`: alerts and letters on threads of their own · `upkeep`: the store looked after on another
//! - [`played`]: a switch that is not there, on a port, for demonstrations and tests
//! - `standby`: until this program may write · `early`: until the server of the store is there
//! - [`record`]: a source read as always, and recorded in disguise

mod early;
pub mod feeds;
pub mod joint;
mod outgoing;
pub mod played;
pub mod record;
mod standby;
mod surface;
mod upkeep;

pub use joint::{Daemon, StartError};
pub use played::Played;
