//! Bytes to packets: header lines, an empty line, and as many bytes of body as the header promises.

use std::borrow::Cow;

use crate::event::{Reason, Reject};

/// Most bytes of a packet's own header. Real ones have a few hundred.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Largest body. An event has some twenty kilobytes; the list of a large switch's channels, some
/// megabytes. What is longer is skipped and told as one reject.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Cuts bytes into packets.
#[derive(Debug, Default)]
pub struct Packets {
    stage: Stage,
    held: Vec<u8>,
    /// The present line of the header is not empty.
    has_begun_line: bool,
    /// The header is too long: it is read to its end and not kept.
    is_too_long: bool,
    /// Bytes seen, to say where something stood.
    byte: u64,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Head,
    Body {
        head: String,
        length: usize,
    },
    Skip {
        left: usize,
    },
}

/// One packet.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    head: &'a str,
    /// What the header promised.
    pub body: &'a [u8],
}

impl Packet<'_> {
    /// A value of the header, whatever the case of its key; empty where there is none.
    pub fn get(&self, key: &str) -> &str {
        value(self.head, key)
    }

    /// What kind of packet: `auth/request`, `command/reply`, `api/response`, `text/event-json` ...
    pub fn content_type(&self) -> &str {
        self.get("Content-Type")
    }

    /// The body as text.
    pub fn text(&self) -> Cow<'_, str> {
        decode(self.body)
    }
}

impl Packets {
    /// Takes the next bytes in and hands out what has become whole.
    pub fn cut(&mut self, mut bytes: &[u8], mut take: impl FnMut(Result<Packet<'_>, Reject>)) {
        while !bytes.is_empty() {
            let used = match &mut self.stage {
                Stage::Head => self.head(bytes, &mut take),
                Stage::Skip { left } => {
                    let used = bytes.len().min(*left);
                    *left -= used;
                    if *left == 0 {
                        self.stage = Stage::Head;
                    }
                    used
                }
                Stage::Body { head, length } => {
                    let used = bytes.len().min(*length - self.held.len());
                    self.held.extend_from_slice(&bytes[..used]);
                    if self.held.len() == *length {
                        take(Ok(Packet { head, body: &self.held }));
                        self.begin();
                    }
                    used
                }
            };
            self.byte += used as u64;
            bytes = &bytes[used..];
        }
    }

    /// Bytes that are not yet part of a packet.
    pub fn pending_bytes(&self) -> u64 {
        self.held.len() as u64
    }

    /// Another stream begins.
    pub fn rewind(&mut self) {
        *self = Self::default();
    }

    fn begin(&mut self) {
        self.held.clear();
        (self.stage, self.has_begun_line, self.is_too_long) = (Stage::Head, false, false);
    }

    /// Some of one line of a header. Gives how many bytes it took.
    fn head(&mut self, bytes: &[u8], take: &mut impl FnMut(Result<Packet<'_>, Reject>)) -> usize {
        let end = memchr::memchr(b'\n', bytes);
        let used = end.map_or(bytes.len(), |end| end + 1);
        self.has_begun_line |= bytes[..used].iter().any(|byte| !matches!(byte, b'\r' | b'\n'));
        if self.held.len() + used <= HEAD_BYTES_MAX {
            self.held.extend_from_slice(&bytes[..used]);
        } else {
            // Its beginning is enough to recognise it by.
            self.is_too_long = true;
        }
        if end.is_some() && !std::mem::take(&mut self.has_begun_line) {
            self.head_ends(take);
        }
        used
    }

    fn head_ends(&mut self, take: &mut impl FnMut(Result<Packet<'_>, Reject>)) {
        let place = format!("byte {}", self.byte);
        if self.is_too_long {
            let detail = format!("a header of more than {HEAD_BYTES_MAX} bytes");
            take(Err(Reject::new(place, Reason::TooLong, detail, &self.held)));
            return self.begin();
        }
        let head = decode(&self.held).trim_end().to_owned();
        let length = match value(&head, "Content-Length") {
            "" => Some(0),
            text => text.parse::<usize>().ok(),
        };
        match length {
            // Empty lines between packets.
            _ if head.is_empty() => self.begin(),
            None => {
                let detail = format!("Content-Length `{}` is no number", value(&head, "Content-Length"));
                take(Err(Reject::new(place, Reason::Malformed, detail, &self.held)));
                self.begin();
            }
            Some(0) => {
                take(Ok(Packet { head: &head, body: &[] }));
                self.begin();
            }
            Some(length) if length > BODY_BYTES_MAX => {
                let detail = format!("a body of {length} bytes; at most {BODY_BYTES_MAX} are read");
                take(Err(Reject::new(place, Reason::TooLong, detail, &self.held)));
                self.begin();
                self.stage = Stage::Skip { left: length };
            }
            Some(length) => {
                self.begin();
                self.stage = Stage::Body { head, length };
            }
        }
    }
}

/// The value of `key` among header lines.
pub(super) fn value<'a>(head: &'a str, key: &str) -> &'a str {
    let value = head.lines().find_map(|line| {
        let (name, value) = line.split_at_checked(key.len())?;
        let value = value.strip_prefix(':')?;
        name.eq_ignore_ascii_case(key).then(|| value.trim())
    });
    value.unwrap_or_default()
}

/// UTF-8 where it is; else each byte a character, as in ISO 8859-1.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<String> {
        let mut packets = Packets::default();
        let mut told = Vec::new();
        for piece in pieces {
            packets.cut(piece, |packet| {
                told.push(match packet {
                    Ok(packet) => format!("{} {} {}", packet.content_type(), packet.get("reply-text"), packet.text()),
                    Err(reject) => reject.detail,
                });
            });
        }
        told
    }

    #[test]
    fn packets_are_the_same_wherever_they_are_torn() {
        let text: &[u8] = b"Content-Type: auth/request\n\n\nContent-Length: 9\nContent-Type: api/response\r\n\r\na: b\n\nc\n\xe5Content-Type: command/reply\nReply-Text: +OK accepted\n\n";
        let whole = cut(&[text]);
        assert_eq!(whole, ["auth/request  ", "api/response  a: b\n\nc\nå", "command/reply +OK accepted "]);
        for at in 0..text.len() {
            assert_eq!(cut(&[&text[..at], &text[at..]]), whole, "{at}");
        }
        let single: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(cut(&single), whole);
    }

    #[test]
    fn endless_headers_and_bodies_are_one_reject_and_little_memory() {
        let mut packets = Packets::default();
        let mut told = Vec::new();
        let mut tell = |packet: Result<Packet<'_>, Reject>| {
            told.push(packet.map_or_else(|reject| reject.detail, |packet| packet.content_type().to_owned()));
        };
        for line in ["x: y\n", "no end of line"] {
            for _ in 0..10_000 {
                packets.cut(line.as_bytes(), &mut tell);
                assert!(packets.held.len() <= HEAD_BYTES_MAX);
            }
            packets.cut(b"\n\n", &mut tell);
        }
        packets.cut(format!("Content-Length: {}\n\n", BODY_BYTES_MAX + 1).as_bytes(), &mut tell);
        for _ in 0..=BODY_BYTES_MAX / 4096 {
            packets.cut(&[b'x'; 4096], &mut tell);
        }
        assert_eq!(packets.pending_bytes(), 4095);
        packets.cut(b"\n\nContent-Length: -1\n\nContent-Type: a/b\n\n", &mut tell);
        assert_eq!(
            told,
            [
                "a header of more than 16384 bytes",
                "a header of more than 16384 bytes",
                "a body of 8388609 bytes; at most 8388608 are read",
                "",
                "Content-Length `-1` is no number",
                "a/b"
            ]
        );
    }
}
