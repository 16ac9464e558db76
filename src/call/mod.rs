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
//! - [`visit`]: stays in queues to visits with outcomes
//! - [`transfer`]: transfer legs with outcomes, and journeys to units
//! - [`fold`]: a call's testimonies to its facts
//! - [`tracker`]: open calls; apply, expire, restore

pub mod fact;
