//! Sources: bytes into events. One file a feed, one line in the registry.
//!
//! A feed's own part is a [`Decode`]: pure, bytes in, events and rejects out, the
//! same for following a file, importing old ones, listening and testing. What every feed needs
//! besides is written once: cutting lines, following a file, listening, importing.
//!
//! Knows no queue of ours and no call: a feed's words are translated, not judged.
//!
//! - [`kind`]: the registry of kinds · [`settings`]: `[[source]]` of the configuration
//! - [`decode`], [`dialogue`]: the traits · [`lines`]: bytes to lines, bounded
//! - [`asterisk_queue_log`], [`asterisk_ami`], [`asterisk_cel`], [`csta`], [`freeswitch_esl`],
//!   [`freeswitch_cdr`], [`ndjson`]: the formats · [`asterisk`], [`freeswitch`]: channels told as calls
//! - [`records`]: records of finished calls, of known switches and of any other by its columns
//! - [`follow`]: a file that grows and rotates · [`drop_folder`]: a folder that files are put into ·
//!   [`import`]: old files · [`listen`]: TCP lines · [`peers`]: who may send them · [`dial`]: a switch
//!   that is dialled
//! - [`look`]: a source looked at once
//! - [`disguise`]: the bytes of a feed with numbers and names replaced
//! - [`rung`]: how a phone ended that was rung, and what that comes to
//! - [`batch`]: what goes to the engine · [`health`]: how a source fares

pub mod asterisk;
pub mod asterisk_ami;
pub mod asterisk_cel;
pub mod asterisk_queue_log;
pub mod batch;
pub mod csta;
pub mod decode;
pub mod dial;
pub mod dialogue;
pub mod disguise;
pub mod drop_folder;
pub mod follow;
pub mod freeswitch;
pub mod freeswitch_cdr;
pub mod freeswitch_esl;
pub mod health;
pub mod import;
pub mod kind;
pub mod lines;
pub mod listen;
pub mod look;
pub mod ndjson;
pub mod peers;
pub mod records;
pub mod rung;
pub mod settings;

pub use batch::{Batch, Delivery, Fate, Receipt, Sink};
pub use decode::Decode;
pub use dialogue::{Dialogue, Findings, Standing};
pub use health::{Health, HealthBoard};
pub use records::RecordsSettings;
pub use settings::SourceSettings;
