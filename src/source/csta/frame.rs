//! Bytes to frames: a header of eight bytes, then a document.
//!
//! ```text
//! 00 00   length, big endian, header included   invoke id, four digits   <?xml …
//! ```
//!
//! Where a header is wrong nothing tells where the next one is: the line must be given up.

use crate::event::{Reason, Reject};

/// Bytes of the header.
const HEADER_BYTES: usize = 8;
/// The invoke id of what the switch says unasked.
pub const EVENT: u16 = 9999;

/// Cuts bytes into frames.
#[derive(Debug, Default)]
pub struct Frames {
    held: Vec<u8>,
    /// Bytes of all frames so far.
    byte: u64,
    is_broken: bool,
}

impl Frames {
    /// Takes the next bytes in; hands out the place, invoke id and document of each frame that has
    /// become whole, or why there are no more. The length has two bytes, so a frame is bounded.
    pub fn cut(&mut self, bytes: &[u8], mut take: impl FnMut(u64, Result<(u16, &[u8]), Reject>)) {
        if self.is_broken {
            return;
        }
        self.held.extend_from_slice(bytes);
        let mut from = 0;
        while let Some(header) = self.held.get(from..from + HEADER_BYTES) {
            let (length, invoke) = match read_header(header) {
                Ok(told) => told,
                Err(why) => {
                    let place = self.byte + from as u64;
                    take(place, Err(Reject::new(format!("byte {place}"), Reason::Malformed, why, header)));
                    self.is_broken = true;
                    break;
                }
            };
            let Some(frame) = self.held.get(from..from + length) else { break };
            take(self.byte + from as u64, Ok((invoke, &frame[HEADER_BYTES..])));
            from += length;
        }
        self.held.drain(..from);
        self.byte += from as u64;
    }

    /// Whether the line must be given up.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Bytes of the frame that is not yet whole.
    pub fn pending_bytes(&self) -> u64 {
        self.held.len() as u64
    }
}

fn read_header(header: &[u8]) -> Result<(usize, u16), String> {
    if header[..2] != [0, 0] {
        return Err("not a CSTA frame: it must begin with two zero bytes; is this the right port?".to_owned());
    }
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    if length <= HEADER_BYTES {
        return Err(format!("a frame of {length} bytes holds no document"));
    }
    let digits = std::str::from_utf8(&header[4..]).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let invoke = digits.and_then(|digits| digits.parse().ok()).ok_or("the invoke id is not four digits")?;
    Ok((length, invoke))
}

/// A frame around a document; `None` where it is longer than a frame can be.
pub fn wrap(invoke: u16, document: &str) -> Option<Vec<u8>> {
    let length = u16::try_from(document.len() + HEADER_BYTES).ok()?;
    let mut frame = vec![0, 0];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(format!("{invoke:04}").as_bytes());
    frame.extend_from_slice(document.as_bytes());
    Some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<String> {
        let (mut frames, mut told) = (Frames::default(), Vec::new());
        for piece in pieces {
            frames.cut(piece, |place, frame| {
                told.push(match frame {
                    Ok((invoke, document)) => format!("{place} {invoke} {}", String::from_utf8_lossy(document)),
                    Err(reject) => format!("{place} {}", reject.detail),
                });
            });
        }
        told
    }

    #[test]
    fn frames_are_the_same_wherever_they_are_torn() {
        let bytes = [wrap(1, "<a/>").unwrap(), wrap(EVENT, "<b/>").unwrap()].concat();
        let whole = cut(&[&bytes]);
        assert_eq!(whole, ["0 1 <a/>", "12 9999 <b/>"]);
        for at in 0..bytes.len() {
            assert_eq!(cut(&[&bytes[..at], &bytes[at..]]), whole, "{at}");
        }
    }

    #[test]
    fn after_a_wrong_header_nothing_is_believed() {
        let good = wrap(7, "<a/>").unwrap();
        for wrong in [&b"GET / HT"[..], b"\0\0\0\x080001", b"\0\0\0\x0900x1<"] {
            let told = cut(&[wrong, &good]);
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(told[0].starts_with("0 "), "{told:?}");
        }
    }
}
