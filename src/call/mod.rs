//! The call tracker: events in, facts out. Pure: no clock, no file, no random, no configuration
//! beyond the directory.
//!
//! A call is the *set* of its events. Facts are a function of that set, so order, repetition and
//! the way the set was cut over batches and restarts cannot matter: after each batch a call's
//! facts are worked out anew and the difference to what was said before is handed on as a
//! [`Change`](fact::Change) `{was, is}`.
//!
//! - [`fact`]: what is said of a visit, a transfer leg, a journey; [`fact::Change`]
//! - [`testimony`]: the compact form in which a call keeps its events
//! - [`stay`]: testimonies to stays in switch-side queues, and what ended them
//! - [`two_feeds`]: what two feeds of one switch tell, put together
//! - [`visit`]: stays to visits of measured queues, with waits; and the journey
//! - [`transfer`]: transfer legs with outcomes, and journeys to units
//! - [`fold`]: all of a call's testimonies to all of its facts, and what changed
//! - [`tracker`]: calls in memory; apply, settle, expire
//! - [`settings`]: what steers it

pub mod fact;
pub mod fold;
pub mod settings;
pub mod stay;
pub mod testimony;
pub mod tracker;
pub mod transfer;
pub mod two_feeds;
pub mod visit;

pub use settings::TrackerSettings;
pub use tracker::{Applied, Archive, Call, NoArchive, Recalled, Settled, Tracker};
