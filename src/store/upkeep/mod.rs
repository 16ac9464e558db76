//! Looking after a store: is it right, and where else can it be.
//!
//! Everything here works beside a running daemon: what is read is read as of one moment, and
//! intake is not held up.
//!
//! - [`keeper`]: the [`Upkeep`] itself, and how far long work has come
//! - [`facts`]: the facts of a month, streamed and counted again
//! - [`verify`]: every rollup beside what its facts come to
//! - [`signing`]: months closed and revised · [`recount`]: a month counted anew from its facts
//! - [`retention`]: what is old is let go · [`person`]: what is kept about somebody, shown and erased
//! - [`settings`]: what steers it · [`pass`]: what the daemon does by itself
//! - [`carry`]: all rows into another store, and both stores row by row · [`backup`]: a file whole

pub mod backup;
pub mod carry;
pub mod facts;
pub mod keeper;
pub mod pass;
pub mod person;
pub mod recount;
pub mod retention;
pub mod settings;
pub mod signing;
pub mod verify;

pub use keeper::{Progress, Upkeep};
pub use settings::UpkeepSettings;
