//! Torn bytes through shape and fakes.

use crate::source::SourceSettings;
use crate::source::disguise::{Fakes, Part, Shape};

/// Longest unit that is held. A longer one is disguised in parts, of which none is then said to stay.
const UNIT_BYTES_MAX: usize = 64 * 1024;

/// A stream in disguise.
#[derive(Debug)]
pub struct Disguised {
    settings: SourceSettings,
    shape: Shape,
    fakes: Fakes,
    held: Vec<u8>,
    /// The present unit is too long, and part of it has been told.
    is_torn: bool,
}

impl Disguised {
    /// A stream of a source of these settings.
    pub fn new(settings: SourceSettings, shape: Shape, fakes: Fakes) -> Self {
        Self { settings, shape, fakes, held: Vec::new(), is_torn: false }
    }

    /// Takes the next bytes in, and puts what has become whole behind `out`, disguised.
    pub fn take(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while let Some(end) = memchr::memchr(self.shape.end, bytes) {
            let (head, rest) = bytes.split_at(end + 1);
            self.hold(head, out);
            self.tell(out);
            self.is_torn = false;
            bytes = rest;
        }
        self.hold(bytes, out);
    }

    /// The stream has ended: what is left is told as it is.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.tell(out);
        self.is_torn = false;
    }

    fn hold(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while self.held.len() + bytes.len() > UNIT_BYTES_MAX {
            let (head, rest) = bytes.split_at(UNIT_BYTES_MAX - self.held.len());
            self.held.extend_from_slice(head);
            self.is_torn = true;
            self.tell(out);
            bytes = rest;
        }
        self.held.extend_from_slice(bytes);
    }

    fn tell(&mut self, out: &mut Vec<u8>) {
        let mut parts = Vec::new();
        if !self.is_torn {
            (self.shape.parts)(&self.settings, &self.held, &mut parts);
        }
        let mut done = 0;
        for part in parts {
            let range = part.range().clone();
            // A shape that tells parts out of order or beyond the end tells nothing.
            let Some(before) = self.held.get_mut(done..range.start) else { continue };
            self.fakes.replace(before);
            let Some(within) = self.held.get_mut(range.clone()) else { continue };
            if matches!(part, Part::Blank(_)) {
                within.iter_mut().filter(|byte| byte.is_ascii_digit()).for_each(|byte| *byte = b'0');
            }
            done = range.end;
        }
        self.fakes.replace(&mut self.held[done..]);
        out.append(&mut self.held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::disguise::shape::{headers, xml};

    fn stream(shape: Shape, pieces: &[&[u8]]) -> Vec<u8> {
        let settings = SourceSettings::named("x", "ndjson");
        let mut stream = Disguised::new(settings, shape, Fakes::new([3; 16], |_| false));
        let mut out = Vec::new();
        pieces.iter().for_each(|piece| stream.take(piece, &mut out));
        stream.finish(&mut out);
        out
    }

    const LINES: Shape =
        Shape { end: b'\n', parts: |_, unit, parts| headers(unit, |key, _| key == "Event", &["Digit"], parts) };
    const ELEMENTS: Shape = Shape { end: b'>', parts: |_, unit, parts| xml(unit, |name| name == "cause", parts) };

    #[test]
    fn torn_anywhere_it_is_told_the_same_and_as_long() {
        let text: &[u8] = b"Event: A\r\nCallerIDName: \xc3\x85sa 0701234567\r\nDigit: 7\r\n\r\nno end";
        let elements: &[u8] = b"\x00\x00\x01\x31<a><device>0701234567</device><cause>normal</cause></a>tail";
        for (shape, text) in [(LINES, text), (ELEMENTS, elements)] {
            let whole = stream(shape, &[text]);
            assert_eq!(whole.len(), text.len());
            assert!(memchr::memmem::find(&whole, b"0701234567").is_none());
            for at in 0..text.len() {
                assert_eq!(stream(shape, &[&text[..at], &text[at..]]), whole, "{at}");
            }
        }
        assert!(memchr::memmem::find(&stream(LINES, &[text]), b"Digit: 0\r\n").is_some());
    }

    #[test]
    fn an_endless_line_is_not_held_and_tells_nobody() {
        let text = b"Event: 0701234567 ".repeat(20_000);
        let told = stream(LINES, &[&text, b"\nEvent: B\n"]);
        assert!(memchr::memmem::find(&told, b"0701234567").is_none());
        assert!(told.ends_with(b"\nEvent: B\n"));
    }
}
