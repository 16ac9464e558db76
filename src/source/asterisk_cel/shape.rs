//! Which of the log's words are its own, and which are somebody's.

use crate::source::disguise::shape::columns;
use crate::source::disguise::{Part, Shape};

/// Applications whose names say what is done with a call.
const APPLICATIONS: [&[u8]; 9] =
    [b"Answer", b"AppDial", b"AppDial2", b"AppQueue", b"Dial", b"FollowMe", b"Playback", b"Queue", b"VoiceMail"];
/// Keys of the last column whose values are the switch's own.
const OWN: [&[u8]; 4] = [b"bridge_id", b"bridge_technology", b"dialstatus", b"hangupcause"];

/// How a row's bytes are told apart.
pub const SHAPE: Shape = Shape {
    end: b'\n',
    parts: |_, unit, parts| {
        if super::row::head(unit).is_some() {
            return parts.push(Part::Stays(0..unit.len()));
        }
        let separator = if unit.contains(&b'|') { b'|' } else { b',' };
        columns(unit, separator, |_, value| stays(value), parts);
        extra(unit, parts);
    },
};

/// Kinds of rows, times, and the names of channels that are made of a time.
fn stays(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
    let is_kind = value.len() > 3 && value.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    let is_time = value.len() > 10
        && value.contains(&b'.')
        && value.iter().all(|byte| byte.is_ascii_digit() || b".:+- ".contains(byte));
    is_kind || is_time || APPLICATIONS.contains(&value)
}

/// The keys of the last column stay, and the values of those that are the switch's own.
fn extra(unit: &[u8], parts: &mut Vec<Part>) {
    let Some(start) = memchr::memchr(b'{', unit) else { return };
    // What stood before has been told apart by columns; the last of them is this one.
    parts.retain(|part| part.range().end <= start);
    let quote: &[u8] = if unit[start..].windows(2).any(|two| two == b"\"\"") { b"\"\"" } else { b"\"" };
    let mut key: &[u8] = b"";
    let mut at = start;
    let mut is_inside = false;
    while at <= unit.len() {
        let rest = &unit[at..];
        let length = memchr::memmem::find(rest, quote).unwrap_or(rest.len());
        let (word, end) = (&rest[..length], at + length);
        let is_key = is_inside && unit.get(end + quote.len()..).is_some_and(|after| after.starts_with(b":"));
        if is_key {
            key = word;
        }
        let is_own = OWN.contains(&key) || key.ends_with(b"_uniqueid") || word.starts_with(b"dialplan/");
        if is_inside && key == b"digit" && !is_key {
            parts.push(Part::Blank(at..end));
        } else if !is_inside || is_key || is_own {
            parts.push(Part::Stays(at..end));
        }
        is_inside = !is_inside;
        at = end + quote.len();
    }
}
