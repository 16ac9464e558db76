//! Servicegrad: service levels of a switchboard, exact and live.
pub mod call;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod directory;
pub mod engine;
pub mod event;
pub mod i18n;
pub mod measure;
pub mod metrics;
pub mod names;
pub mod report;
pub mod source;
pub mod stats;
pub mod store;
pub mod web;
