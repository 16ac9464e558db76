//! What goes out: mails, posts to addresses of the web and files for folders, taken from the store's
//! outbox, tried until they are taken or given up.
//!
//! A letter is in the outbox before anybody tries to send it, and is struck off when the receiver has
//! taken it, so that neither a crash nor a receiver that is away for a night loses one. A crash
//! between the two sends it again under the same key: by it a receiver knows what it has had, as
//! `Idempotency-Key`, as `Message-ID`, and Alertmanager by the labels of the alert.
//!
//! Only the program that leads carries letters. It makes sure of that for each of them, in the
//! transaction in which the letter is taken out; one that is frozen after that for longer than a few
//! seconds takes it out anew. What was already on the line when it froze may still arrive, twice then,
//! under the same key.
//!
//! Knows no alert and no report.
//!
//! - [`settings`]: `[mail]` of the configuration
//! - [`letter`]: what can be sent · [`mail`]: by SMTP · [`web`]: by HTTP, signed · [`folder`]: as files
//! - [`carrier`]: takes letters out of the outbox and delivers them

pub mod carrier;
pub mod folder;
pub mod letter;
pub mod mail;
pub mod settings;
pub mod web;

pub use carrier::Carrier;
pub use letter::{Attachment, Letter, Mail};
pub use settings::MailSettings;
