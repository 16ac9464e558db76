//! The engine: the only one that changes anything.
//!
//! Batches come in, become facts, are added up, are committed in one transaction, and only then
//! acknowledged; after that a finished [`Snapshot`](crate::stats::Snapshot) is published. State has
//! one owner, a thread of its own, and no locks. A store that fails is tried again with the very
//! same batch; when it goes on failing, what live sources say lies in the spool and the live figures
//! stay live, while files wait.
//!
//! Knows no file, no socket and no page.
//!
//! - [`core`]: take, commit, end of an import · `intake`: a batch on its way in ·
//!   `recall`: calls that are no longer in memory
//! - [`restore`]: what a start puts back
//! - [`publish`]: state to snapshot
//! - `mapping`: by which mapping of its columns a source is read
//! - `standing`: how sources and store have fared since the start
//! - [`anteroom`]: before there is a store · [`away`]: while the store cannot take anything
//! - [`run`]: the loop of the daemon: group commit, retry, the spool, expiry, publishing

pub mod anteroom;
pub mod away;
pub mod core;
mod intake;
mod mapping;
pub mod publish;
mod recall;
pub mod restore;
pub mod run;
mod standing;

pub use self::anteroom::Anteroom;
pub use self::core::Engine;
pub use self::intake::Intake;
