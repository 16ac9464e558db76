//! The web: live figures, metrics, health, intake of posted events, and the wallboard.
//!
//! Reads finished snapshots; never reaches into the engine.
//!
//! - [`settings`]: `[http]` of the configuration
//! - [`routes`]: what is served where · [`access`]: who may, and the headers of every answer
//! - [`live`]: the live figures as JSON and as a stream · [`view`]: the types that leave the house
//! - [`board`]: the wallboard · [`assets`]: its style and script
//! - [`ingest`]: posted events · [`sender`]: who may post them · [`unpack`]: gzip, bounded
//! - [`health`]: alive, ready, metrics

pub mod access;
pub mod assets;
pub mod board;
pub mod health;
pub mod ingest;
pub mod live;
pub mod routes;
pub mod sender;
pub mod settings;
pub mod unpack;
pub mod view;

pub use routes::{Shared, router};
pub use settings::HttpSettings;
