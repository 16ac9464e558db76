//! The store in a PostgreSQL server, for those who want their data there: the same tables, the same
//! figures.
//!
//! One connection writes; readers share a pool of their own, which cannot write. What a batch needs is
//! asked with a statement a table, and written in one transaction with a statement a table, whatever
//! its size. Facts are kept in monthly partitions.
//! The `report_` views are for Grafana and the like; the role `servicegrad_read` sees them and
//! nothing else.
//!
//! - [`connect`]: address, encryption, timeouts, pool
//! - [`migrate`]: brought to this program's schema
//! - [`lease`]: which of several programs writes
//! - [`database`]: SQL on it; [`rows`]: a batch by table and column; [`months`]: partitions

pub mod connect;
pub mod database;
pub mod lease;
pub mod migrate;
pub mod months;
pub mod rows;

pub use database::Postgres;
