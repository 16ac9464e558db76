//! The registry of kinds: one line a feed.

use crate::measure::Untold;
use crate::source::asterisk_queue_log::QueueLog;
use crate::source::disguise::{self, Shape};
use crate::source::freeswitch_cdr::Cdr;
use crate::source::ndjson::Ndjson;
use crate::source::records;
use crate::source::{Decode, Dialogue, SourceSettings};
use crate::source::{asterisk_ami, asterisk_cel, asterisk_queue_log, csta, freeswitch_esl, ndjson};

/// What a feed is by nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Told as it happens, no second chance.
    Live,
    /// Can be read again.
    Journal,
    /// Told when the call is over, a line a call or a leg of one; can be read again.
    Records,
}

/// One kind of feed.
#[derive(Debug)]
pub struct Kind {
    /// Its name in the configuration.
    pub name: &'static str,
    /// What it is, and what it can and cannot tell.
    pub about: &'static str,
    /// What it is by nature.
    pub nature: Nature,
    /// How it is reached.
    pub transport: Transport,
    /// A fresh decoder.
    pub decoder: fn(&SourceSettings) -> Box<dyn Decode>,
    /// Which parts of its bytes are the switch's own words, so that the rest can be disguised;
    /// [`disguise::shape::LINES`] where nothing is known.
    pub shape: Shape,
    /// What is wrong with the settings that only this kind knows; complaints are `(key, reason)`.
    pub check: fn(&SourceSettings) -> Vec<(String, String)>,
    /// What it cannot tell; empty where it is not known to leave anything untold.
    pub untold: fn(&SourceSettings) -> Vec<Untold>,
}

/// How a feed is reached.
#[derive(Clone, Copy, Debug)]
pub enum Transport {
    /// A file that grows: `path`.
    File,
    /// A file (`path`, `-` for standard input) or a TCP listener (`listen`).
    FileOrListen,
    /// A file (`path`), a folder that finished files are put into (`folder`), or a TCP listener
    /// (`listen`) for senders that expect no answer and give no token.
    FileFolderOrListen,
    /// Pushed over HTTP; opens nothing itself.
    Http,
    /// Dialled over TCP or TLS: `connect`.
    Dial {
        /// Where such switches listen when nothing else is said.
        port: u16,
        /// A fresh conversation; the second argument is the secret.
        dialogue: fn(&SourceSettings, &str) -> Box<dyn Dialogue>,
    },
}

/// For kinds that log in with a name and a secret.
fn needs_login(settings: &SourceSettings) -> Vec<(String, String)> {
    let mut wrong = needs_secret(settings);
    if settings.user.as_deref().unwrap_or_default().is_empty() {
        wrong.push(("user".to_owned(), "is missing: the name to log in with".to_owned()));
    }
    wrong
}

/// For kinds that log in with a secret, and with a name where one is given.
fn needs_secret(settings: &SourceSettings) -> Vec<(String, String)> {
    let has_secret = settings.secret.is_some() || settings.secret_file.is_some();
    let missing = ("secret".to_owned(), "is missing: give `secret_file` or `secret`".to_owned());
    if has_secret { Vec::new() } else { vec![missing] }
}

/// For kinds without settings of their own.
fn nothing_to_check(_: &SourceSettings) -> Vec<(String, String)> {
    Vec::new()
}

/// For kinds that tell everything, and for those that tell what they were set up to.
fn nothing_untold(_: &SourceSettings) -> Vec<Untold> {
    Vec::new()
}

/// Every kind there is.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "asterisk_queue_log",
        about: "Asterisk's queue_log file: waits in whole seconds; tells blind transfers but not whether the unit answered",
        nature: Nature::Journal,
        transport: Transport::File,
        decoder: |_| Box::<QueueLog>::default(),
        shape: asterisk_queue_log::SHAPE,
        check: nothing_to_check,
        untold: |_| asterisk_queue_log::UNTOLD.to_vec(),
    },
    Kind {
        name: "asterisk_ami",
        about: "Asterisk's manager interface, live: waits in milliseconds, every transfer and whether the unit answered; nothing can be read twice, so let an asterisk_queue_log of the same `switch` fill the gaps",
        nature: Nature::Live,
        transport: Transport::Dial {
            port: 5038,
            dialogue: |settings, secret| Box::new(asterisk_ami::Conversation::new(settings, secret)),
        },
        decoder: |_| Box::<asterisk_ami::Ami>::default(),
        shape: asterisk_ami::shape::SHAPE,
        check: needs_login,
        untold: nothing_untold,
    },
    Kind {
        name: "asterisk_cel",
        about: "Asterisk's channel event log as a CSV file, and exports of its table: waits in milliseconds, every transfer and whether the unit answered; can be read again, but names no attendants and tells of no restart",
        nature: Nature::Journal,
        transport: Transport::File,
        decoder: |settings| Box::new(asterisk_cel::Cel::new(settings)),
        shape: asterisk_cel::shape::SHAPE,
        check: asterisk_cel::decoder::check,
        untold: nothing_untold,
    },
    Kind {
        name: "csta",
        about: "CSTA III in XML, live: queues, attendants and units as far as they are monitored; times are ours; nothing can be read twice; not tried against any real switch",
        nature: Nature::Live,
        transport: Transport::Dial { port: 1040, dialogue: |settings, _| Box::new(csta::Conversation::new(settings)) },
        decoder: |settings| Box::new(csta::Csta::new(settings)),
        shape: csta::shape::SHAPE,
        check: csta::conversation::check,
        untold: nothing_untold,
    },
    Kind {
        name: "freeswitch_esl",
        about: "FreeSWITCH's event socket, live: mod_callcenter and mod_fifo, waits in milliseconds, every transfer and whether the unit answered; nothing can be read twice, so let a freeswitch_cdr of the same `switch` fill the gaps",
        nature: Nature::Live,
        transport: Transport::Dial {
            port: 8021,
            dialogue: |settings, secret| Box::new(freeswitch_esl::Conversation::new(settings, secret)),
        },
        decoder: |_| Box::<freeswitch_esl::Esl>::default(),
        shape: freeswitch_esl::shape::SHAPE,
        check: needs_secret,
        untold: nothing_untold,
    },
    Kind {
        name: "freeswitch_cdr",
        about: "FreeSWITCH's call records in JSON, read when a call is over: waits in whole seconds, blind transfers and whether the unit answered, of units that were asked first only those handed over to; of a call in several queues the last",
        nature: Nature::Journal,
        transport: Transport::File,
        decoder: |_| Box::<Cdr>::default(),
        shape: freeswitch_esl::shape::SHAPE,
        check: nothing_to_check,
        untold: nothing_untold,
    },
    Kind {
        name: "records",
        about: "records of finished calls, of known switches by a preset or of any other by its columns: afterwards, and not everything; what each leaves untold stands in config/switches/records.md",
        nature: Nature::Records,
        transport: Transport::FileFolderOrListen,
        decoder: records::decoder::by_settings,
        shape: disguise::shape::LINES,
        check: records::settings::check,
        untold: records::settings::untold,
    },
    Kind {
        name: "ndjson",
        about: "canonical events, one JSON object a line, from a file, standard input or TCP: tells everything",
        nature: Nature::Journal,
        transport: Transport::FileOrListen,
        decoder: |_| Box::<Ndjson>::default(),
        shape: ndjson::SHAPE,
        check: nothing_to_check,
        untold: nothing_untold,
    },
    Kind {
        name: "http",
        about: "canonical events posted to /api/v1/events: tells everything",
        nature: Nature::Live,
        transport: Transport::Http,
        decoder: |_| Box::<Ndjson>::default(),
        shape: ndjson::SHAPE,
        check: nothing_to_check,
        untold: nothing_untold,
    },
];

/// The kind of this name.
pub fn kind_named(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
