//! The engine: the only one that changes anything.
//!
//! Batches come in, become facts, are added up, are committed in one transaction, and only then
//! acknowledged; after that a finished [`Snapshot`](crate::stats::Snapshot) is published. State has
//! one owner, a thread of its own, and no locks. A store that fails is tried again with the very
//! same batch while the live figures stay live; sources are held back by the bounded channel.
//!
//! Knows no file, no socket and no page.
//!
//! - [`core`]: take, commit, end of an import
//! - [`restore`]: what a start puts back
//! - [`publish`]: state to snapshot
//! - `mapping`: by which mapping of its columns a source is read
//! - `standing`: how sources and store have fared since the start
//! - [`run`]: the loop of the daemon: group commit, retry, expiry, publishing

pub mod core;
mod mapping;
pub mod publish;
pub mod restore;
pub mod run;
mod standing;

pub use self::core::{Engine, Intake};
