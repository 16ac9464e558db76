//! Servicegrad: service levels of a switchboard, exact and live.
//!
//! # The way of one call, from wire to report
//!
//! A caller dials the switchboard, waits, is answered, and is sent on to a unit. The switch says so
//! in its own words; this is what becomes of them.
//!
//! 1. **Source.** [`source::follow`] reads what was appended to the switch's log and hands the bytes
//!    to the feed's decoder, [`source::asterisk_queue_log`] say. `ENTERQUEUE` becomes a
//!    [`CallEvent`](event::CallEvent) `visit.entered`, `CONNECT` a `visit.answered`. A line that
//!    cannot be used becomes a [`Reject`](event::Reject). Both go into a
//!    [`Batch`](source::Batch) with the position read so far.
//! 2. **Call.** The [`Engine`](engine::Engine) gives each event to the
//!    [`Tracker`](call::Tracker), which keeps it among the call's testimonies. What is known already
//!    changes nothing. After the batch, [`call::fold`] works out anew what all testimonies of a
//!    touched call come to: a [`VisitFact`](call::fact::VisitFact) with queue, outcome and wait, a
//!    [`LegFact`](call::fact::LegFact) a transfer; the [`Directory`](directory::Directory) says which
//!    measured queue and which unit. The difference to what was said before is a
//!    [`Change`](call::fact::Change).
//! 3. **Statistics.** [`stats::rollup`] takes what *was* out of the quarter-hour, day and month in
//!    which the call was offered, and puts in what *is*. [`stats::window`] does so for the last hour
//!    by the moment of the outcome. [`stats::definition`] turns counts into service levels, and
//!    nobody else does.
//! 4. **Store.** Facts, the call, its cells and the position of the source are one
//!    [`Commit`](store::Commit), one transaction of the store. Only then is the batch
//!    acknowledged: killed at any moment, the daemon reads on from there and every figure is as if
//!    nothing had happened.
//! 5. **Surfaces.** The engine publishes a [`Snapshot`](stats::Snapshot). [`metrics`] and [`web`]
//!    show it; they never reach into the engine. A [`Report`](report::Report) is read from the
//!    store's cells, months later, and says by which definition and on what data.
//!
//! # The house
//!
//! A room uses lower floors only, never its own; `tests/house.rs` holds that.
//!
//! ```text
//! 11  cli                       commands; talks to people
//! 10  daemon                    joins everything once; start and stop
//!  9  config                    loads, merges, checks; owns no setting of its own
//!  8  web  generate  dispatch   pages, live figures, posted events; files for other programs; reports sent
//!  7  engine  metrics  alert  report   engine alone changes state; the others read
//!  6  post                      mails and posts, carried from the outbox
//!  5  store                     the contract of keeping; SQLite, PostgreSQL
//!  4  stats                     definitions, counts, waits, windows, rollups, the snapshot
//!  3  source  call  simulate    bytes into events; events into facts; a switchboard that is not there
//!  2  event  directory          the canonical event; who is who and when
//!  1  clock  i18n  secret       what time it is; what people read; words that stand in files
//!  0  names  measure            names; moments, spans, shares
//! ```
//!
//! # What always holds
//!
//! - A call's facts are a function of the *set* of its events: order, repetition and restarts do not
//!   matter.
//! - Service levels are counted exactly at their thresholds, never read off a histogram.
//! - Everything about a visit belongs to the quarter-hour in which it was offered, so months are
//!   sums of their days. Percentages are never averaged. Nothing divided by nothing is no data.
//! - Nothing is dropped silently, and every queue, table and buffer has a limit with a name.

pub mod alert;
pub mod call;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod directory;
pub mod dispatch;
pub mod engine;
pub mod event;
pub mod generate;
pub mod i18n;
pub mod measure;
pub mod metrics;
pub mod names;
pub mod post;
pub mod report;
pub mod secret;
pub mod simulate;
pub mod source;
pub mod stats;
pub mod store;
pub mod web;
