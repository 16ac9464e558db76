//! Records of finished calls: a line a call, or a leg of one, as switches write them to files or send
//! them to a printer.
//!
//! Knows how such lines are cut, read and put together, and what the columns of known switches mean.
//! Tells afterwards and not everything: what a source leaves untold is in one list
//! ([`Untold`](crate::measure::Untold)), and its figures are absent, never zero. Knows no live call.
//!
//! From the outside in:
//!
//! - [`decoder`]: bytes in, events out · [`settings`]: `[source.records]` of the configuration
//! - [`layout`]: what a line looks like · [`columns`]: a line to its columns · [`text`]: bytes to text
//! - [`time`]: times without a zone, the hour that comes twice · [`span`]: lengths of time
//! - [`row`]: one line, read · [`group`]: the rows of one call
//! - [`story`]: what rows mean, as a trait, and how events are made of them · [`mapped`]: the same from
//!   the configuration · [`presets`]: known switches
//! - [`trial`]: what a file would come to, for people

pub mod columns;
pub mod decoder;
pub mod group;
pub mod layout;
pub mod mapped;
pub mod presets;
pub mod row;
pub mod settings;
pub mod span;
pub mod story;
pub mod text;
pub mod time;
pub mod trial;

pub use decoder::Records;
pub use settings::RecordsSettings;
