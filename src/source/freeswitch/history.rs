//! The switch's own note of transfers, a variable of the channel that was transferred:
//! `1515666344:b4300942-…:bl_xfer:1002/default/XML`.

/// One transfer that a channel went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// When, in seconds since 1970.
    pub second: i64,
    /// How.
    pub kind: Kind<'a>,
}

/// How a channel was transferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// To this extension, by an attendant, a program or the dialplan: the note does not tell whom.
    Blind(&'a str),
    /// To whoever was asked first.
    Attended,
}

impl<'a> Note<'a> {
    /// Reads a note; `None` where it is of another kind.
    pub fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(4, ':');
        let second = parts.next()?.parse().ok()?;
        let (_, kind, rest) = (parts.next()?, parts.next()?, parts.next()?);
        let kind = match kind {
            "bl_xfer" => Kind::Blind(rest.split('/').next().filter(|extension| !extension.is_empty())?),
            "att_xfer" | "uuid_br" => Kind::Attended,
            _ => return None,
        };
        Some(Self { second, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_of_transfers() {
        let note = |text: &'static str| Note::read(text).map(|note| (note.second, note.kind));
        let blind = "1515666344:b4300942-e809-4393-99cb-d39a1bc3c219:bl_xfer:1002/default/XML";
        assert_eq!(note(blind), Some((1_515_666_344, Kind::Blind("1002"))));
        let attended = "1515666344:b430:att_xfer:1001@10.0.0.1:5060/7100@10.0.0.1";
        assert_eq!(note(attended), Some((1_515_666_344, Kind::Attended)));
        assert_eq!((note("x:y:bl_xfer:1"), note("1:y:bl_xfer:"), note("1:y:other:1")), (None, None, None));
    }
}
