//! The embedded store: one SQLite file in WAL mode, durable at every commit (`synchronous=FULL`).
//!
//! Facts stand in plain columns under the terms of the design, so that anyone with SQLite can
//! check a figure by hand; see `schema.sql`.
//!
//! - [`mod@write`]: the one writer
//! - [`mod@read`]: readers beside it
//! - [`row`]: cells to rows and back

pub mod read;
pub mod row;
pub mod write;

pub use read::SqliteReader;
pub use write::SqliteStore;
