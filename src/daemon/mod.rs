//! The daemon: joins sources, engine and web once; starts and stops them.
//!
//! `run`, `demo` and the tests use the same joint.
//!
//! - [`joint`]: start, and stop in order
//! - [`feeds`]: from settings to running sources

pub mod feeds;
pub mod joint;

pub use joint::{Daemon, StartError};
