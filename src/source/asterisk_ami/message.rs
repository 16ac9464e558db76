//! Bytes to messages: lines of `Key: Value`, ended by an empty one; bounded, and never trusted to
//! be UTF-8, since callers' names pass through as they came.

use std::borrow::Cow;

use crate::event::{Reason, Reject};
use crate::source::lines::Lines;

/// Longest line. The longest real ones, of variables, have a few kilobytes.
const LINE_BYTES_MAX: usize = 16 * 1024;
/// Largest message. The largest real ones have some ten kilobytes.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// The first line of a connection, before the first message.
pub(super) const BANNER: &[u8] = b"Asterisk Call Manager/";

/// Cuts bytes into messages.
#[derive(Debug)]
pub struct Messages {
    lines: Lines,
    held: Vec<u8>,
    is_too_long: bool,
}

/// What comes out.
#[derive(Debug)]
pub enum Cut<'a> {
    /// A connection begins; the interface's version.
    Banner(&'a str),
    /// A message.
    Message(Message<'a>),
    /// What could not be used.
    Reject(Reject),
}

/// A message.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    text: Cow<'a, str>,
}

impl Default for Messages {
    fn default() -> Self {
        Self { lines: Lines::new(LINE_BYTES_MAX), held: Vec::new(), is_too_long: false }
    }
}

impl Messages {
    /// Takes the next bytes in and hands out what has become whole.
    pub fn cut(&mut self, bytes: &[u8], mut take: impl FnMut(Cut<'_>)) {
        let Self { lines, held, is_too_long } = self;
        lines.cut(bytes, |place, line| match line {
            Err(reject) => take(Cut::Reject(reject)),
            Ok(line) if line.starts_with(BANNER) => {
                held.clear();
                *is_too_long = false;
                take(Cut::Banner(std::str::from_utf8(&line[BANNER.len()..]).unwrap_or_default()));
            }
            Ok([]) => {
                if std::mem::take(is_too_long) {
                    let detail = format!("a message of more than {MESSAGE_BYTES_MAX} bytes");
                    take(Cut::Reject(Reject::new(place.to_string(), Reason::TooLong, detail, held)));
                } else if !held.is_empty() {
                    take(Cut::Message(Message { text: decode(held) }));
                }
                held.clear();
            }
            Ok(line) if held.len() + line.len() >= MESSAGE_BYTES_MAX => *is_too_long = true,
            Ok(line) => {
                held.extend_from_slice(line);
                held.push(b'\n');
            }
        });
    }

    /// Bytes that are not yet part of a message.
    pub fn pending_bytes(&self) -> u64 {
        self.held.len() as u64 + self.lines.pending_bytes()
    }

    /// Another stream begins.
    pub fn rewind(&mut self) {
        *self = Self::default();
    }
}

/// UTF-8 where it is; else each byte a character, as in ISO 8859-1.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
    }
}

impl Message<'_> {
    /// The first value under `key`, whose case does not matter; empty where there is none.
    pub fn get(&self, key: &str) -> &str {
        let value = self.text.lines().find_map(|line| {
            let (name, value) = line.split_at_checked(key.len())?;
            let value = value.strip_prefix(':')?;
            name.eq_ignore_ascii_case(key).then(|| value.trim_start_matches(' '))
        });
        value.unwrap_or_default()
    }

    /// The value under `key`, `None` where the switch says that it has none.
    pub fn some(&self, key: &str) -> Option<&str> {
        Some(self.get(key)).filter(|value| !matches!(*value, "" | "<unknown>" | "unknown" | "(null)"))
    }

    /// A whole number under `key`.
    pub fn number(&self, key: &str) -> Option<u32> {
        self.get(key).parse().ok()
    }

    /// All of it.
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<String> {
        let mut messages = Messages::default();
        let mut told = Vec::new();
        for piece in pieces {
            messages.cut(piece, |cut| {
                told.push(match cut {
                    Cut::Banner(version) => format!("banner {version}"),
                    Cut::Message(message) => format!("{} {}", message.get("event"), message.get("CallerIDName")),
                    Cut::Reject(reject) => reject.detail,
                });
            });
        }
        told
    }

    #[test]
    fn messages_are_the_same_wherever_they_are_torn() {
        let text: &[u8] =
            b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\n\r\n\r\nEvent: A\r\nCallerIDName: \xe5:b\r\n\r\n";
        let whole = cut(&[text]);
        assert_eq!(whole, ["banner 11.0.0", " ", "A å:b"]);
        for at in 0..text.len() {
            assert_eq!(cut(&[&text[..at], &text[at..]]), whole, "{at}");
        }
    }

    #[test]
    fn an_endless_message_is_one_reject() {
        let line = format!("Variable: {}\r\n", "x".repeat(1000));
        let text = format!("Event: A\r\n{}\r\nEvent: B\r\n\r\n", line.repeat(200));
        let told = cut(&[text.as_bytes()]);
        assert_eq!(told, ["a message of more than 65536 bytes", "B "]);
    }
}
