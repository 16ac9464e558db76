//! The web: live figures, metrics, health, intake of posted events, and the wallboard.
//!
//! Reads finished snapshots; never reaches into the engine.
//!
//! - [`settings`]: `[http]` of the configuration

pub mod settings;

pub use settings::HttpSettings;
