//! What is kept, and the contract of keeping it.
//!
//! One batch is one transaction: facts, the calls they came from, rollups, totals, dead letters,
//! gaps and the position of the source are committed together or not at all. After `kill -9` at
//! any moment the store is as after some whole batch, and the source is read again from there.
//!
//! Everything written is absolute (a fact as it now is, a cell as it now adds up), so a commit
//! that is tried again changes nothing. The book of account are the facts; every rollup can be
//! worked out from them again.
//!
//! Knows no event and no web; does not judge. SQLite is the default; others follow the same traits.
//!
//! - [`contract`]: the traits [`Store`] (write) and [`Reader`] · [`sight`]: who may see what
//! - [`saved`]: the stored form of a call
//! - [`sqlite`]: the embedded store
//! - [`mod@open`]: from an address to a store

pub mod contract;
pub mod open;
pub mod saved;
pub mod sight;
pub mod sqlite;

pub use contract::{
    After, Commit, DeadLetterRow, Gap, LegRow, Page, Quality, Reader, Restored, SourceState, Store, StoreError,
    VisitRow,
};
pub use open::{StoreSettings, open, open_reader};
pub use sight::{Part, Sight};
