//! Bytes to text: switches write what they like.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// How the text of a source is encoded.
#[derive(Clone, Copy, Debug)]
pub enum Charset {
    /// UTF-8, and a line that is not in it Windows-1252: many a switch passes on what it was given.
    Either,
    /// This one.
    Of(&'static Encoding),
}

impl Charset {
    /// The encoding of this name as the web knows it (`utf-8`, `iso-8859-1`, `windows-1252`…), or
    /// `auto`.
    pub fn named(name: &str) -> Option<Self> {
        if name == "auto" {
            return Some(Self::Either);
        }
        Encoding::for_label(name.as_bytes()).map(Self::Of)
    }

    /// The text of a line. What cannot be read is replaced by a mark, never refused: the names of
    /// people are the usual trouble, and no figure hangs on them.
    pub fn read(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Either => match std::str::from_utf8(bytes) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
            },
            Self::Of(encoding) if encoding == UTF_8 => String::from_utf8_lossy(bytes),
            Self::Of(encoding) => encoding.decode_without_bom_handling(bytes).0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swedish_letters_are_read_from_every_encoding() {
        let read = |name: &str, bytes: &[u8]| Charset::named(name).unwrap().read(bytes).into_owned();
        let ostrom = "Åsa Öström";
        assert_eq!(read("auto", ostrom.as_bytes()), ostrom);
        for latin in ["auto", "iso-8859-1", "windows-1252"] {
            assert_eq!(read(latin, b"\xc5sa \xd6str\xf6m"), ostrom, "{latin}");
        }
        assert_eq!(read("utf-8", b"\xc5sa"), "\u{fffd}sa");
        assert!(Charset::named("klingon").is_none());
    }
}
