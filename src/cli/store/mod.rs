//! `store`: looking after what is kept.
//!
//! - [`command`]: what can be typed
//! - `whole`: migrate, verify, backup, restore, move: the store as a whole
//! - `elsewhere`: what no switch told
//! - `months`: close, recompute · `people`: export, erase, retain

pub mod command;
mod elsewhere;
mod months;
mod people;
mod whole;

pub use command::{StoreArgs, run};
