//! Files for other programs, written from the same definitions that the program itself works by, so
//! that neither can go stale: `servicegrad generate` writes them, a test holds them current.
//!
//! Knows metrics, alerts and texts; no figure, no socket.
//!
//! - [`artefact`]: every file once
//! - [`metrics_page`]: the catalogue of metrics, for people

pub mod artefact;
pub mod metrics_page;

pub use artefact::{Artefact, artefacts};
