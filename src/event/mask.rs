//! Numbers of people are left out of what is kept of a line that could not be used.
//!
//! Knows how a telephone number looks. Leaves times in seconds since 1970, since a line is
//! recognised by them; extensions of up to four digits say nothing of a caller.

/// Shortest run of digits that may be somebody's number.
const DIGITS_MIN: usize = 5;
/// Shortest number that is written in groups, `070-123 45 67`.
const GROUPED_DIGITS_MIN: usize = 7;

/// The text with every digit of what may be somebody's number as `#`.
pub fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            let rest = text[at..].find(|letter: char| letter.is_ascii_digit()).map_or(text.len(), |next| at + next);
            out.push_str(&text[at..rest]);
            at = rest;
            continue;
        }
        let end = groups_end(bytes, at);
        let groups = &text[at..end];
        let digits = groups.bytes().filter(u8::is_ascii_digit).count();
        let is_one = (groups.starts_with('0') || text[..at].ends_with('+')) && digits >= GROUPED_DIGITS_MIN;
        for run in groups.split_inclusive([' ', '-']) {
            let number = run.trim_end_matches([' ', '-']);
            let is_somebodys = is_one || (number.len() >= DIGITS_MIN && !is_seconds(number));
            if is_somebodys {
                out.extend(run.chars().map(|letter| if letter.is_ascii_digit() { '#' } else { letter }));
            } else {
                out.push_str(run);
            }
        }
        at = end;
    }
    out
}

/// Where digits end that stand in groups with one space or hyphen between.
fn groups_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    loop {
        at += bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        match bytes.get(at..at + 2) {
            Some([b' ' | b'-', next]) if next.is_ascii_digit() => at += 1,
            _ => return at,
        }
    }
}

/// Seconds since 1970 of the years 2001 to 2033; no telephone number has ten digits and begins so.
fn is_seconds(number: &str) -> bool {
    number.len() == 10 && number.starts_with('1')
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn numbers_of_people_are_masked_and_times_and_extensions_stay() {
        let cases = [
            (
                "1795467000|1795466973.2|kundtjanst|NONE|ENTEREDQUEUE||0950200055|1",
                "1795467000|1795466973.2|kundtjanst|NONE|ENTEREDQUEUE||##########|1",
            ),
            ("{\"caller\":\"+46 70-123 45 67\"}", "{\"caller\":\"+## ##-### ## ##\"}"),
            ("ring 070-123 45 67 eller 12345", "ring ###-### ## ## eller #####"),
            ("2026-11-24 08:15:00 7100 på 600", "2026-11-24 08:15:00 7100 på 600"),
            ("å0701234567ö", "å##########ö"),
            ("", ""),
        ];
        for (text, told) in cases {
            assert_eq!(masked(text), told);
        }
    }
}
