//! Servicegrad: service levels of a switchboard, exact and live.
pub mod call;
pub mod clock;
pub mod directory;
pub mod engine;
pub mod event;
pub mod measure;
pub mod names;
pub mod source;
pub mod stats;
pub mod store;
