//! Why something could not be used. Nothing is dropped silently: a reject becomes a dead letter
//! with source, position and one of these reasons.

use serde::{Deserialize, Serialize};

use crate::event::mask::masked;
use crate::measure::Moment;

/// The closed list of reasons; each is a metric label and a key of the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Not a line, object or record of the source's format.
    Malformed,
    /// Well formed, but of a type that nobody knows.
    UnknownEvent,
    /// A field that the type needs is missing or of the wrong form.
    BadField,
    /// The time cannot be read or lies outside the years 1970 to 9999.
    BadTime,
    /// Longer than the format allows.
    TooLong,
    /// An answer, completion or abandon whose beginning was never seen and cannot be worked out.
    OrphanEnd,
    /// More events than one call can have.
    TooManyEvents,
    /// Of a call whose other events have been let go: it might be counted a second time.
    LetGo,
    /// The file went away or could not be read.
    Unreadable,
}

impl Reason {
    /// Every reason, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Malformed,
        Self::UnknownEvent,
        Self::BadField,
        Self::BadTime,
        Self::TooLong,
        Self::OrphanEnd,
        Self::TooManyEvents,
        Self::LetGo,
        Self::Unreadable,
    ];

    /// The reason's one spelling, as in labels and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownEvent => "unknown_event",
            Self::BadField => "bad_field",
            Self::BadTime => "bad_time",
            Self::TooLong => "too_long",
            Self::OrphanEnd => "orphan_end",
            Self::TooManyEvents => "too_many_events",
            Self::LetGo => "let_go",
            Self::Unreadable => "unreadable",
        }
    }
}

/// Something that could not be used: where it stood, why, and how it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// Where: `line 17`, `byte 4711`, `item 3`, a call.
    pub position: String,
    /// Why, from the closed list.
    pub reason: Reason,
    /// Why, in words for the administrator: what was wrong and what was expected. What it shows of
    /// the line stands between backticks, without anybody's number.
    pub detail: String,
    /// The beginning of what could not be used, at most [`EXCERPT_BYTES_MAX`] bytes, without
    /// anybody's number.
    pub excerpt: String,
    /// When it happened by the source's own time, where that is known.
    pub at: Option<Moment>,
}

/// How much of the offending bytes a dead letter keeps. Enough to recognise the line by; the
/// rest stays in the source.
pub const EXCERPT_BYTES_MAX: usize = 200;

impl Reject {
    /// A reject of `bytes` at `position`.
    pub fn new(position: impl Into<String>, reason: Reason, detail: impl Into<String>, bytes: &[u8]) -> Self {
        let head = &bytes[..bytes.len().min(EXCERPT_BYTES_MAX)];
        Self {
            position: position.into(),
            reason,
            detail: without_numbers(&detail.into()),
            excerpt: masked(&String::from_utf8_lossy(head).replace(['\n', '\r', '\0'], " ")),
            at: None,
        }
    }

    /// The same, known to have happened at `at`.
    #[must_use]
    pub fn at(mut self, at: Moment) -> Self {
        self.at = Some(at);
        self
    }
}

/// A detail whose quoted parts, which are the sender's words, hold nobody's number.
fn without_numbers(detail: &str) -> String {
    let parts = detail.split('`').enumerate();
    let parts: Vec<String> = parts.map(|(at, part)| if at % 2 == 1 { masked(part) } else { part.to_owned() }).collect();
    parts.join("`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_line_holds_nobodys_number() {
        let reject = Reject::new("line 1", Reason::BadTime, "`0701234567` is no time of 1000000", b"0701234567|7100\n");
        assert_eq!((&*reject.detail, &*reject.excerpt), ("`##########` is no time of 1000000", "##########|7100 "));
    }
}
