//! Known switches: one file a switch, one line in [`PRESETS`].
//!
//! Each has a layout, written as it would stand in the configuration, where every key of it can be
//! overridden, and a [`Story`](crate::source::records::story::Story). What each can and cannot tell
//! stands in `config/switches/records.md`.

pub mod asterisk;
pub mod avaya;
pub mod cisco;
pub mod freeswitch;
pub mod list;
pub mod mitel;
pub mod threecx;

pub use list::{PRESETS, Preset, names, preset_named};
