//! What can be sent.

use serde::{Deserialize, Serialize};

use crate::store::outbox::NewLetter;

/// A letter. Secrets and addresses of the web are not in it: they are looked up when it is sent, so
/// that the store holds no secret and a corrected address reaches old letters too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Letter {
    /// A mail.
    Mail(Mail),
    /// JSON for a receiver of the web, by its name in the configuration.
    Post {
        /// Name of the receiver.
        receiver: String,
        /// The JSON.
        body: String,
    },
    /// Files for a folder, by the name of its report in the configuration.
    Files {
        /// Name of the report.
        receiver: String,
        /// The files.
        files: Vec<Attachment>,
    },
}

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// To whom; one mail to all.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// Files with it.
    pub attachments: Vec<Attachment>,
}

/// A file that goes with a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Name of the file.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its content.
    pub content: Vec<u8>,
}

impl Letter {
    /// As the outbox takes it. `key` tells it from every other: a second letter of the same key is not
    /// put in.
    pub fn under(&self, key: String) -> NewLetter {
        let to = match self {
            Self::Mail(mail) => mail.to.join(", "),
            Self::Post { receiver, .. } | Self::Files { receiver, .. } => receiver.clone(),
        };
        let content = postcard::to_allocvec(self);
        debug_assert!(content.is_ok(), "writing to memory does not fail");
        NewLetter { key, to, content: content.unwrap_or_default() }
    }

    /// Reads what the outbox held; `None` when it is no letter of this program.
    pub fn read(content: &[u8]) -> Option<Self> {
        postcard::from_bytes(content).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_comes_out_of_the_outbox_as_it_went_in() {
        let attachment = Attachment { name: "x.csv".into(), media_type: "text/csv".into(), content: vec![0, 255] };
        let letter = Letter::Mail(Mail {
            to: vec!["chef@example.se".into()],
            subject: "Månadsrapport".into(),
            text: "Hej".into(),
            attachments: vec![attachment],
        });
        let held = letter.under("report/2026-11".into());
        assert_eq!((held.key.as_str(), held.to.as_str()), ("report/2026-11", "chef@example.se"));
        assert_eq!(Letter::read(&held.content), Some(letter));
        assert_eq!(Letter::read(b"nonsense"), None);
    }
}
