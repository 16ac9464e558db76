//! `store`: looking after what is kept.
//!
//! - [`command`]: what can be typed
//! - `whole`: migrate, verify, backup, restore, move: the store as a whole

pub mod command;
mod whole;

pub use command::{StoreArgs, run};
