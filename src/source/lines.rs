//! Bytes to lines, bounded: a line may be cut anywhere, and one that is too long is one reject.

use crate::event::{Reason, Reject};

/// Cuts a stream of bytes into lines.
#[derive(Debug)]
pub struct Lines {
    held: Vec<u8>,
    /// The present line is too long; only its head is held.
    is_skipping: bool,
    /// Bytes of it that are not held.
    skipped: u64,
    bytes_max: usize,
    line: u64,
    byte: u64,
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line number, from 1.
    pub line: u64,
    /// Byte at which it begins, from 0.
    pub byte: u64,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, byte {}", self.line, self.byte)
    }
}

impl Lines {
    /// Lines of at most `bytes_max` bytes.
    pub fn new(bytes_max: usize) -> Self {
        Self { held: Vec::new(), is_skipping: false, skipped: 0, bytes_max, line: 1, byte: 0 }
    }

    /// Cuts `bytes`; each whole line goes to `line` without its end, each that is too long to
    /// `reject`.
    pub fn cut(&mut self, mut bytes: &[u8], mut line: impl FnMut(Place, Result<&[u8], Reject>)) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (head, rest) = (&bytes[..end], &bytes[end + 1..]);
            let place = Place { line: self.line, byte: self.byte };
            let length = self.held.len() as u64 + self.skipped + end as u64 + 1;
            if self.is_skipping || self.held.len() + end > self.bytes_max {
                line(place, Err(self.too_long(place, head, length - 1)));
            } else if self.held.is_empty() {
                line(place, Ok(trim(head)));
            } else {
                self.held.extend_from_slice(head);
                line(place, Ok(trim(&self.held)));
            }
            self.held.clear();
            (self.is_skipping, self.skipped) = (false, 0);
            self.line += 1;
            self.byte += length;
            bytes = rest;
        }
        if self.is_skipping {
            self.skipped += bytes.len() as u64;
        } else if self.held.len() + bytes.len() > self.bytes_max {
            // Enough is kept to recognise the line by; the rest is only counted.
            let kept = crate::event::reject::EXCERPT_BYTES_MAX.saturating_sub(self.held.len()).min(bytes.len());
            self.held.extend_from_slice(&bytes[..kept]);
            (self.is_skipping, self.skipped) = (true, (bytes.len() - kept) as u64);
        } else {
            self.held.extend_from_slice(bytes);
        }
    }

    /// The stream has ended: a last line without an end is a line.
    pub fn finish(&mut self, mut line: impl FnMut(Place, Result<&[u8], Reject>)) {
        if self.pending_bytes() > 0 {
            self.cut(b"\n", &mut line);
        }
    }

    /// Bytes of the line that is not yet whole.
    pub fn pending_bytes(&self) -> u64 {
        self.held.len() as u64 + self.skipped
    }

    /// Begins anew at line 1, byte 0; a half line is forgotten.
    pub fn rewind(&mut self) {
        *self = Self::new(self.bytes_max);
    }

    /// Reads on at a place known from before.
    pub fn resume(&mut self, place: Place) {
        self.rewind();
        (self.line, self.byte) = (place.line, place.byte);
    }

    /// Where the next line begins.
    pub fn place(&self) -> Place {
        Place { line: self.line, byte: self.byte }
    }

    fn too_long(&self, place: Place, tail: &[u8], length: u64) -> Reject {
        let head = if self.held.is_empty() { tail } else { &self.held };
        let detail = format!("a line of {length} bytes; at most {} are read", self.bytes_max);
        Reject::new(place.to_string(), Reason::TooLong, detail, head)
    }
}

fn trim(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::new(8);
        let mut told = Vec::new();
        let mut tell = |place: Place, line: Result<&[u8], Reject>| {
            told.push(match line {
                Ok(line) => format!("{}@{} {}", place.line, place.byte, String::from_utf8_lossy(line)),
                Err(reject) => format!("{}@{} {}", place.line, place.byte, reject.detail),
            });
        };
        for piece in pieces {
            lines.cut(piece, &mut tell);
        }
        lines.finish(&mut tell);
        told
    }

    #[test]
    fn lines_are_the_same_however_they_are_cut() {
        let text: &[u8] = b"one\r\ntwo\n\nnine chars\nend";
        let whole = cut(&[text]);
        assert_eq!(whole, ["1@0 one", "2@5 two", "3@9 ", "4@10 a line of 10 bytes; at most 8 are read", "5@21 end"]);
        for at in 0..text.len() {
            assert_eq!(cut(&[&text[..at], &text[at..]]), whole, "{at}");
        }
        let single: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(cut(&single), whole);
    }

    #[test]
    fn a_line_of_ten_megabytes_is_one_reject_and_little_memory() {
        let mut lines = Lines::new(8192);
        let mut rejects = 0;
        for _ in 0..10_000 {
            lines.cut(&[b'x'; 1000], |_, _| rejects += 1);
            assert!(lines.held.len() <= 8192 + 200);
        }
        lines.cut(b"\n", |_, line| {
            rejects += i32::from(line.unwrap_err().detail.starts_with("a line of 10000000 bytes"));
        });
        assert_eq!(rejects, 1);
    }
}
