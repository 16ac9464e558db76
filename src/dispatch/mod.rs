//! Reports that are sent by themselves: each recipient's own, when a day, month or year has ended.
//!
//! That a report was sent and the letters with it are kept in one transaction of the store, so a
//! crash neither forgets one nor sends it twice; the outbox delivers. Knows what is due and for whom;
//! what stands in a report is the [`report`](crate::report) room's, how it travels
//! [`post`](crate::post)'s.
//!
//! - [`settings`]: `[[report]]` of the configuration
//! - [`schedule`]: which period is next, and when its report is due; pure
//! - [`letters`]: a report as a mail and as files
//! - [`run`]: the loop, and what it remembers

pub mod letters;
pub mod run;
pub mod schedule;
pub mod settings;

pub use settings::DispatchSettings;
