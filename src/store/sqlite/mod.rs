//! The embedded store: one SQLite file in WAL mode, durable at every commit (`synchronous=FULL`).
//!
//! Facts stand in plain columns under the terms of the design, so that anyone with SQLite can
//! check a figure by hand; see `migrations/001_first.sql`.
//!
//! - [`mod@file`]: the file, opened with its pragmas, for writing or reading
//! - [`migrate`]: brought to this program's schema
//! - [`database`]: SQL on it · [`backup`]: copied while it is written to

pub mod backup;
pub mod database;
pub mod file;
pub mod migrate;

pub use database::Sqlite;
use file::failed;
