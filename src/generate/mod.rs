//! Files for other programs, written from the same definitions that the program itself works by, so
//! that neither can go stale: `servicegrad generate` writes them, a test holds them current.
//!
//! Knows metrics, alerts and texts; no figure, no socket.
//!
//! - [`artefact`]: every file once
//! - [`boards`]: the dashboards of Grafana · [`mod@dashboard`]: what a dashboard is · [`panel`]: a panel
//! - [`rules`]: recording and alert rules for Prometheus
//! - [`metrics_page`]: the catalogue of metrics, for people

pub mod artefact;
pub mod boards;
pub mod dashboard;
pub mod metrics_page;
pub mod panel;
pub mod rules;

pub use artefact::{Artefact, artefacts};
