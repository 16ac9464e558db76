//! Which parts of a line or an element stay as they are: the switch's own words, times, measures.
//!
//! Everything that is not said to stay is taken for somebody's, so that what nobody thought of is
//! disguised and not told.

use std::ops::Range;

use crate::source::SourceSettings;

/// How the bytes of a kind are made up, for telling apart what stays.
#[derive(Clone, Copy)]
pub struct Shape {
    /// What a unit ends with: a line, or an element.
    pub end: u8,
    /// The parts of a unit that are not to be disguised.
    pub parts: fn(&SourceSettings, &[u8], &mut Vec<Part>),
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "units that end with {:?}", char::from(self.end))
    }
}

/// A part of a unit that is not disguised, in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// It stays as it is.
    Stays(Range<usize>),
    /// Every digit of it is written as 0: keys that somebody pressed.
    Blank(Range<usize>),
}

impl Part {
    /// Where it stands.
    pub fn range(&self) -> &Range<usize> {
        match self {
            Self::Stays(range) | Self::Blank(range) => range,
        }
    }
}

/// Lines of any kind: times stay, and whole numbers of a column's length of which nothing is known
/// do not.
pub const LINES: Shape = Shape { end: b'\n', parts: |_, unit, parts| times(unit, 0, parts) };

/// `Key: value` lines: keys stay, and the values of those that `stays` says yes to. A line without a
/// key is all somebody's, but for the times in it.
pub fn headers(unit: &[u8], stays: impl Fn(&str, &[u8]) -> bool, blank: &[&str], parts: &mut Vec<Part>) {
    let colon = memchr::memchr(b':', unit).filter(|colon| is_name(&unit[..*colon]));
    let Some(colon) = colon else { return times(unit, 0, parts) };
    let key = std::str::from_utf8(&unit[..colon]).unwrap_or_default();
    if stays(key, unit[colon + 1..].trim_ascii()) {
        parts.push(Part::Stays(0..unit.len()));
    } else if blank.contains(&key) {
        parts.extend([Part::Stays(0..colon), Part::Blank(colon..unit.len())]);
    } else {
        parts.push(Part::Stays(0..colon));
    }
}

/// Lines of columns: those stay that `stays` says yes to by their place and value.
pub fn columns(unit: &[u8], separator: u8, stays: impl Fn(usize, &[u8]) -> bool, parts: &mut Vec<Part>) {
    let mut start = 0;
    let (mut place, mut is_quoted) = (0, false);
    for at in 0..=unit.len() {
        match unit.get(at) {
            Some(b'"') => is_quoted = !is_quoted,
            Some(byte) if *byte != separator || is_quoted => {}
            _ => {
                if stays(place, unit[start..at].trim_ascii()) {
                    parts.push(Part::Stays(start..at));
                }
                (start, place) = (at + 1, place + 1);
            }
        }
    }
}

/// JSON, a line or a piece of one: keys and bare words stay, and the values of keys that `stays` says
/// yes to.
pub fn json(unit: &[u8], stays: impl Fn(&str) -> bool, parts: &mut Vec<Part>) {
    let mut is_kept = false;
    let mut at = 0;
    while at < unit.len() {
        let start = at;
        match unit[at] {
            b'"' => {
                let end = string_end(unit, at);
                let is_key = unit[end..].trim_ascii_start().first() == Some(&b':');
                if is_key {
                    let key = unit.get(at + 1..end.saturating_sub(1)).unwrap_or_default();
                    is_kept = stays(std::str::from_utf8(key).unwrap_or_default());
                }
                if is_key || is_kept {
                    parts.push(Part::Stays(start..end));
                }
                at = end;
            }
            b'-' | b'0'..=b'9' => {
                at += unit[at..].iter().take_while(|byte| b"+-.eE0123456789".contains(byte)).count();
                if is_kept {
                    parts.push(Part::Stays(start..at));
                }
            }
            b'a'..=b'z' => {
                // true, false, null.
                at += unit[at..].iter().take_while(|byte| byte.is_ascii_lowercase()).count();
                if matches!(&unit[start..at], b"true" | b"false" | b"null") {
                    parts.push(Part::Stays(start..at));
                }
            }
            _ => at += 1,
        }
    }
}

/// Where a JSON string that begins at `at` ends.
fn string_end(unit: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(byte) = unit.get(end) {
        end += match byte {
            b'\\' => 2,
            b'"' => return end + 1,
            _ => 1,
        };
    }
    unit.len()
}

/// XML, a unit up to a `>`: names of elements and attributes stay, and the text of elements that
/// `stays` says yes to.
pub fn xml(unit: &[u8], stays: impl Fn(&str) -> bool, parts: &mut Vec<Part>) {
    let Some(open) = memchr::memchr(b'<', unit) else { return times(unit, 0, parts) };
    let tag = &unit[open + 1..];
    if let Some(name) = tag.strip_prefix(b"/") {
        // The text before an end belongs to its element; a prefix is nobody's business.
        let name = name.split(|byte| *byte == b':').next_back().unwrap_or_default();
        let name = &name[..name.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()];
        let is_kept = stays(std::str::from_utf8(name).unwrap_or_default());
        parts.push(Part::Stays(if is_kept { 0 } else { open }..unit.len()));
        return;
    }
    let mut start = open;
    let mut at = open;
    while let Some(quote) = unit[at..].iter().position(|byte| matches!(byte, b'"' | b'\'')) {
        let from = at + quote;
        let length = memchr::memchr(unit[from], &unit[from + 1..]).unwrap_or(unit.len() - from - 1);
        let is_declared = unit[..from].ends_with(b"version=") || unit[..from].ends_with(b"encoding=");
        let is_space = unit[at..from].windows(5).any(|word| word == b"xmlns");
        if !is_declared && !is_space {
            parts.push(Part::Stays(start..from + 1));
            start = (from + 1 + length).min(unit.len());
        }
        at = (from + 1 + length + 1).min(unit.len());
    }
    parts.push(Part::Stays(start..unit.len()));
}

/// Times as people write them, `2026-11-24`, `08:15:00`, `2026-11-24T08:15:00.000+01:00`, and in
/// seconds since 1970 with a fraction.
pub fn times(unit: &[u8], from: usize, parts: &mut Vec<Part>) {
    let mut at = from;
    while at < unit.len() {
        let is_of_time = |byte: &u8| byte.is_ascii_digit() || b"-:./".contains(byte);
        let length = unit[at..].iter().take_while(|byte| is_of_time(byte)).count();
        if is_time(&unit[at..at + length]) {
            parts.push(Part::Stays(at..at + length));
        }
        at += length.max(1);
        // A `T` between date and time, or a word of which digits are a part.
        at += unit[at..].iter().take_while(|byte| !is_of_time(byte)).count();
    }
}

fn is_time(text: &[u8]) -> bool {
    let groups = |mark: u8| -> Option<Vec<usize>> {
        let groups: Vec<&[u8]> = text.split(|byte| *byte == mark).collect();
        let are_digits = groups.iter().all(|group| !group.is_empty() && group.iter().all(u8::is_ascii_digit));
        are_digits.then(|| groups.iter().map(|group| group.len()).collect())
    };
    let is_date = |mark| matches!(groups(mark).as_deref(), Some([4, 1..=2, 1..=2] | [1..=2, 1..=2, 4]));
    let without_fraction = text.iter().position(|byte| *byte == b'.').map_or(text, |dot| &text[..dot]);
    let hours: Vec<&[u8]> = without_fraction.split(|byte| *byte == b':').collect();
    let is_hours = matches!(hours.len(), 2..=3)
        && hours.iter().all(|group| (1..=2).contains(&group.len()) && group.iter().all(u8::is_ascii_digit));
    is_date(b'-') || is_date(b'/') || is_date(b'.') || is_hours
}

fn is_name(key: &[u8]) -> bool {
    !key.is_empty() && key.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stays, with the rest as dots.
    fn shown(unit: &str, parts: impl Fn(&[u8], &mut Vec<Part>)) -> String {
        let mut told = Vec::new();
        parts(unit.as_bytes(), &mut told);
        let mut shown = vec![b'.'; unit.len()];
        for part in told {
            shown[part.range().clone()].copy_from_slice(&unit.as_bytes()[part.range().clone()]);
        }
        String::from_utf8(shown).unwrap()
    }

    #[test]
    fn keys_stay_and_values_do_where_they_are_said_to() {
        let lines = |unit: &str| shown(unit, |unit, parts| headers(unit, |key, _| key == "Event", &["Digit"], parts));
        assert_eq!(lines("Event: Hangup\r\n"), "Event: Hangup\r\n");
        assert_eq!(lines("CallerIDNum: 0701234567\r\n"), "CallerIDNum..............");
        assert_eq!(lines("no key 070 at 08:15:00\n"), "..............08:15:00.");
    }

    #[test]
    fn json_is_told_apart_by_key() {
        let line = r#"{"time":"2026-11-24T08:15:00Z","caller":"070\"1","n":12,"wait_ms":77,"ok":true,"in":{"time":3,"x":["a",4]}}"#;
        assert_eq!(
            shown(line, |unit, parts| json(unit, |key| key == "time" || key.ends_with("_ms"), parts)),
            r#"."time"."2026-11-24T08:15:00Z"."caller".........."n"...."wait_ms".77."ok".true."in".."time".3."x".........."#
        );
        for cut in 0..line.len() {
            shown(&line[..cut], |unit, parts| json(unit, |_| false, parts));
        }
    }

    #[test]
    fn xml_is_told_apart_by_element() {
        let units = |unit: &str| shown(unit, |unit, parts| xml(unit, |name| name == "cause", parts));
        assert_eq!(units("<a:callID x=\"070\">"), "<a:callID x=\"...\">");
        assert_eq!(units("0701234</callID>"), ".......</callID>");
        assert_eq!(units("normal</ns:cause>"), "normal</ns:cause>");
        assert_eq!(units("<?xml version=\"1.0\" encoding='UTF-8'?>"), "<?xml version=\"1.0\" encoding='UTF-8'?>");
        assert_eq!(units("<a xmlns=\"http://x/ed3\" b='7'>"), "<a xmlns=\"http://x/ed3\" b='.'>");
        assert_eq!(units("<a x=\"070"), "<a x=\"...");
    }

    #[test]
    fn columns_by_place_and_times_by_their_look() {
        let line = "1795467000|a.1|\"x|y\"|7100|ENTERQUEUE\n";
        let kept = |place: usize, _: &[u8]| place == 0 || place == 4;
        let dots = ".".repeat(r#"|a.1|"x|y"|7100|"#.len());
        assert_eq!(
            shown(line, |unit, parts| columns(unit, b'|', kept, parts)),
            format!("1795467000{dots}ENTERQUEUE\n")
        );
        let (those, others) = ("2026/11/24,08:15:00.5,24.11.2026,8:15", ", 0701234567, 10.0.0.1, 070-1234567");
        assert_eq!(
            shown(&format!("{those}{others}"), |unit, parts| times(unit, 0, parts)),
            those.replace(',', ".") + &".".repeat(others.len())
        );
    }
}
