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
//! Knows no event and no web; does not judge. SQLite is the default. What is kept is written once,
//! over the few things that every database can do.
//!
//! - [`contract`]: the traits [`Store`] (write) and [`Reader`] · [`sight`]: who may see what
//! - [`figures`]: both over a [`Database`]; [`facts`], [`cells`]: to rows and back; [`mod@read`]: for reports
//! - [`saved`]: the stored form of a call · [`closing`]: months whose figures were signed, [`year`]: sums of them
//! - [`spool`]: what the store could not take yet, on disk
//! - [`ledger`]: what is kept beside the figures: [`audit`], [`outbox`], [`elsewhere`]
//! - [`tables`]: the list of tables; [`migrations`]: the steps that bring a store to this schema
//! - [`upkeep`]: whether a store is right, and into which other one it goes
//! - [`database`], [`value`]: what a kind of store must be able to do; [`sqlite`]: the embedded one;
//!   [`postgres`]: in a server
//! - [`mod@open`]: from an address to a store

pub mod audit;
pub mod cells;
pub mod closing;
pub mod contract;
pub mod database;
pub mod elsewhere;
pub mod facts;
pub mod figures;
pub mod ledger;
pub mod migrations;
pub mod open;
pub mod outbox;
pub mod postgres;
pub mod read;
pub mod saved;
pub mod sight;
pub mod spool;
pub mod sqlite;
pub mod tables;
pub mod turn;
pub mod upkeep;
pub mod value;
pub mod year;

pub use audit::{Act, ActRow};
pub use closing::Closing;
pub use contract::{
    After, Commit, DeadLetterRow, Gap, LegRow, Page, Quality, Reader, Restored, SourceState, Store, StoreError,
    VisitRow,
};
pub use database::Database;
pub use elsewhere::{Elsewhere, Told};
pub use ledger::Ledger;
pub use open::{
    StoreSettings, open, open_in_turn, open_ledger, open_ledger_of, open_reader, open_to_fill, open_upkeep,
    open_upkeep_alone, open_upkeep_of,
};
pub use sight::{Part, Sight};
pub use turn::{Fence, Turn};
pub use upkeep::Upkeep;
