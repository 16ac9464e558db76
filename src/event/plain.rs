//! Flat JSON objects of short texts and whole numbers without escapes: what nearly every line of the
//! public format is, cut without building anything.
//!
//! Knows no field and judges nothing. Whatever it does not recognise at a glance (escapes, control
//! characters, fractions, nesting, text that is not UTF-8) it leaves to the full reader, which takes
//! every valid form; what it takes, the full reader would take alike.

/// A value of a plain object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain<'a> {
    /// A text without escapes.
    Text(&'a str),
    /// A whole number of at most 18 digits.
    Number(i64),
}

impl Plain<'_> {
    /// Puts a number where none stands yet; no for a text, or for a second one.
    pub fn into_number(self, place: &mut Option<i64>) -> Option<()> {
        let (Self::Number(number), None) = (self, &*place) else { return None };
        *place = Some(number);
        Some(())
    }
}

/// Hands each field of the object in `line` to `put`, in order. `None` as soon as something is not
/// plain, or `put` says no.
pub fn read<'a>(line: &'a [u8], mut put: impl FnMut(&'a str, Plain<'a>) -> Option<()>) -> Option<()> {
    // Then a text ends at its next quotation mark. Looking at every byte goes many at a time.
    if line.iter().fold(0, |odd, byte| odd | u8::from(*byte < b' ') | u8::from(*byte == b'\\')) != 0 {
        return None;
    }
    let mut rest = after(std::str::from_utf8(line).ok()?.trim_matches(' '), b'{')?;
    loop {
        let (key, value) = text(rest)?;
        let value = after(value, b':')?;
        let (value, behind) = match value.as_bytes().first()? {
            b'"' => text(value).map(|(text, behind)| (Plain::Text(text), behind))?,
            _ => number(value)?,
        };
        put(key, value)?;
        match behind.as_bytes().first()? {
            b',' => rest = after(behind, b',')?,
            b'}' if behind.len() == 1 => return Some(()),
            _ => return None,
        }
    }
}

/// What stands behind the mark `text` begins with, and behind the spaces there.
fn after(text: &str, mark: u8) -> Option<&str> {
    begins(text, mark).then(|| unspaced(&text[1..]))
}

/// Whether this mark, which is ASCII, stands first. Asked of every field several times: to compare a byte
/// takes a tenth of what to compare texts takes.
fn begins(text: &str, mark: u8) -> bool {
    text.as_bytes().first() == Some(&mark)
}

/// A text in quotation marks, and what stands behind it and behind the spaces there.
fn text(from: &str) -> Option<(&str, &str)> {
    let inner = begins(from, b'"').then(|| &from[1..])?;
    let end = quotation_mark(inner.as_bytes())?;
    Some((&inner[..end], unspaced(&inner[end + 1..])))
}

/// Where the first quotation mark is. Keys and values are short: eight bytes at a time, as one number,
/// beat both each byte for itself and a search that must be prepared.
fn quotation_mark(bytes: &[u8]) -> Option<usize> {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    let (eights, rest) = bytes.as_chunks::<8>();
    for (at, eight) in eights.iter().enumerate() {
        // A mark is a zero byte here, and the lowest byte that borrows its highest bit is the first zero.
        let unlike = u64::from_le_bytes(*eight) ^ (EACH * u64::from(b'"'));
        let zeros = unlike.wrapping_sub(EACH) & !unlike & (EACH << 7);
        if zeros != 0 {
            return Some(at * 8 + zeros.trailing_zeros() as usize / 8);
        }
    }
    Some(bytes.len() - rest.len() + rest.iter().position(|byte| *byte == b'"')?)
}

fn number(from: &str) -> Option<(Plain<'_>, &str)> {
    let (is_negative, digits) = from.strip_prefix('-').map_or((false, from), |digits| (true, digits));
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    // To JSON, -0 is a fraction.
    let is_json = (1..=18).contains(&length) && (!digits.starts_with('0') || (length == 1 && !is_negative));
    if !is_json || digits.as_bytes().get(length).is_some_and(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return None;
    }
    let value = digits.bytes().take(length).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some((Plain::Number(if is_negative { -value } else { value }), unspaced(&digits[length..])))
}

fn unspaced(text: &str) -> &str {
    // Between key and value there is one space at most, as a rule none.
    if begins(text, b' ') { text.trim_start_matches(' ') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::json;
    use crate::measure::Moment;
    use proptest::prelude::*;

    fn fields(line: &str) -> Option<Vec<(&str, Plain<'_>)>> {
        let mut fields = Vec::new();
        read(line.as_bytes(), |key, value| {
            fields.push((key, value));
            Some(())
        })?;
        Some(fields)
    }

    #[test]
    fn plain_objects_are_cut_and_all_else_is_left_alone() {
        let told = fields(r#" { "a" : "x å" , "b":-17,"c":0} "#).unwrap();
        assert_eq!(told, [("a", Plain::Text("x å")), ("b", Plain::Number(-17)), ("c", Plain::Number(0))]);
        let left = [
            "{}",
            r#"{"a":"x\"y"}"#,
            r#"{"a":1.5}"#,
            r#"{"a":01}"#,
            r#"{"a":-}"#,
            r#"{"a":1e3}"#,
            r#"{"a":true}"#,
            r#"{"a":[1]}"#,
            r#"{"a":1}}"#,
            r#"{"a":1},"#,
            r#"{"a":1,}"#,
            r#"{"a" 1}"#,
            r#"["a"]"#,
            "",
            "{",
            r#"{"a"#,
            "{\"a\":\"\t\"}",
            r#"{"a":-0}"#,
            r#"{"a":1234567890123456789}"#,
            r#"{"a":1x}"#,
        ];
        for line in left {
            assert_eq!(fields(line), None, "{line}");
        }
    }

    fn field() -> impl Strategy<Value = String> {
        let key = prop::sample::select(vec![
            "id", "time", "type", "call", "queue", "agent", "outcome", "wait_ms", "by", "visit", "source", "news",
        ]);
        let value = prop_oneof![
            Just("\"visit.left\"".to_owned()),
            Just("\"abandoned\"".to_owned()),
            Just("\"2026-11-23T06:12:31.482Z\"".to_owned()),
            "\"[a-zå0-9.]{0,12}\"",
            "-?[0-9]{1,20}",
            "[ -~]{0,6}",
        ];
        (key, value, "[ ]{0,1}").prop_map(|(key, value, space)| format!("\"{key}\"{space}:{space}{value}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn what_is_read_at_a_glance_is_what_the_full_reader_reads(fields in prop::collection::vec(field(), 0..9)) {
            let line = format!("{{{}}}", fields.join(","));
            if let Some(told) = json::read_plain(line.as_bytes(), Moment(5)) {
                prop_assert_eq!(told, json::read(line.as_bytes(), Moment(5)));
            }
        }
    }
}
