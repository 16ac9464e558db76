//! Bytes to JSON objects that stand one after the other, with or without lines between them.

use crate::event::{Reason, Reject};

/// Longest record. Real ones have some twenty kilobytes, and more with every transfer.
pub const RECORD_BYTES_MAX: usize = 1024 * 1024;

/// Cuts bytes into objects.
#[derive(Debug, Default)]
pub struct Objects {
    held: Vec<u8>,
    depth: u32,
    is_in_text: bool,
    is_escaped: bool,
    is_too_long: bool,
    /// Bytes seen, and where the present object began.
    byte: u64,
    begun: u64,
}

impl Objects {
    /// Takes the next bytes in and hands out what has become whole: each object with the byte at which
    /// it begins.
    pub fn cut(&mut self, bytes: &[u8], mut take: impl FnMut(Result<(u64, &[u8]), Reject>)) {
        for byte in bytes {
            self.byte += 1;
            if self.depth == 0 && *byte != b'{' {
                // Commas, brackets and white space between records; or a record that is none.
                if !byte.is_ascii_whitespace() && !b"[],\xef\xbb\xbf".contains(byte) {
                    self.stray(*byte);
                } else if *byte == b'\n' {
                    self.end_stray(&mut take);
                }
                continue;
            }
            if self.depth == 0 {
                self.end_stray(&mut take);
                self.begun = self.byte - 1;
            }
            if self.held.len() < RECORD_BYTES_MAX {
                self.held.push(*byte);
            } else {
                self.is_too_long = true;
            }
            if self.count(*byte) {
                self.whole(&mut take);
            }
        }
    }

    /// The stream has ended: what is not whole is no record.
    pub fn finish(&mut self, mut take: impl FnMut(Result<(u64, &[u8]), Reject>)) {
        if self.depth > 0 {
            let reject = self.reject(Reason::Malformed, "a record without an end".to_owned());
            take(Err(reject));
            self.begin();
        } else {
            self.end_stray(&mut take);
        }
    }

    /// Bytes that are not yet part of a record.
    pub fn pending_bytes(&self) -> u64 {
        if self.depth > 0 { self.byte - self.begun } else { self.held.len() as u64 }
    }

    /// Another stream begins.
    pub fn rewind(&mut self) {
        *self = Self::default();
    }

    /// Counts braces outside texts. Whether the object has become whole.
    fn count(&mut self, byte: u8) -> bool {
        if self.is_in_text {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.is_in_text = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.is_in_text = true,
            b'{' => self.depth += 1,
            b'}' => self.depth -= 1,
            _ => {}
        }
        self.depth == 0
    }

    fn whole(&mut self, take: &mut impl FnMut(Result<(u64, &[u8]), Reject>)) {
        if self.is_too_long {
            let detail = format!("a record of more than {RECORD_BYTES_MAX} bytes");
            take(Err(self.reject(Reason::TooLong, detail)));
        } else {
            take(Ok((self.begun, &self.held)));
        }
        self.begin();
    }

    fn stray(&mut self, byte: u8) {
        if self.held.is_empty() {
            self.begun = self.byte - 1;
        }
        if self.held.len() < crate::event::reject::EXCERPT_BYTES_MAX {
            self.held.push(byte);
        }
    }

    fn end_stray(&mut self, take: &mut impl FnMut(Result<(u64, &[u8]), Reject>)) {
        if !self.held.is_empty() {
            take(Err(self.reject(Reason::Malformed, "not a JSON object".to_owned())));
            self.begin();
        }
    }

    fn begin(&mut self) {
        self.held.clear();
        (self.depth, self.is_in_text, self.is_escaped, self.is_too_long) = (0, false, false, false);
    }

    fn reject(&self, reason: Reason, detail: String) -> Reject {
        Reject::new(format!("byte {}", self.begun), reason, detail, &self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<String> {
        let mut objects = Objects::default();
        let mut told = Vec::new();
        let mut tell = |object: Result<(u64, &[u8]), Reject>| {
            told.push(match object {
                Ok((byte, object)) => format!("{byte} {}", String::from_utf8_lossy(object)),
                Err(reject) => format!("{} {}", reject.position, reject.detail),
            });
        };
        for piece in pieces {
            objects.cut(piece, &mut tell);
        }
        objects.finish(&mut tell);
        told
    }

    #[test]
    fn records_are_the_same_wherever_they_are_torn() {
        let text: &[u8] = br#"{"a":"}\"{"}
{"b":
 {"c":1}}nonsense
[{"d":2},{"e"#;
        let whole = cut(&[text]);
        assert_eq!(
            whole,
            [
                r#"0 {"a":"}\"{"}"#,
                "13 {\"b\":\n {\"c\":1}}",
                "byte 28 not a JSON object",
                r#"38 {"d":2}"#,
                "byte 46 a record without an end"
            ]
        );
        for at in 0..text.len() {
            assert_eq!(cut(&[&text[..at], &text[at..]]), whole, "{at}");
        }
    }

    #[test]
    fn an_endless_record_is_one_reject_and_little_memory() {
        let mut objects = Objects::default();
        let mut rejects = Vec::new();
        objects.cut(b"{\"a\":\"", |_| {});
        for _ in 0..=RECORD_BYTES_MAX / 4096 {
            objects.cut(&[b'x'; 4096], |_| {});
            assert!(objects.held.len() <= RECORD_BYTES_MAX);
        }
        objects.cut(b"\"}{}", |object| rejects.push(object.map(|(_, object)| object.len()).map_err(|r| r.detail)));
        assert_eq!(rejects, [Err("a record of more than 1048576 bytes".to_owned()), Ok(2)]);
    }
}
