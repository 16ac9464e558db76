//! Looking after a store: is it right, and where else can it be.
//!
//! Everything here works beside a running daemon: what is read is read as of one moment, and
//! intake is not held up.
//!
//! - [`keeper`]: the [`Upkeep`] itself, and how far long work has come
//! - [`facts`]: the facts of a month, streamed and counted again
//! - [`verify`]: every rollup beside what its facts come to
//! - [`carry`]: all rows into another store, and both stores row by row · [`backup`]: a file whole

pub mod backup;
pub mod carry;
pub mod facts;
pub mod keeper;
pub mod verify;

pub use keeper::{Progress, Upkeep};
