//! Numbers as each language writes them. No data is a dash.

use crate::i18n::Language;

/// What stands where there is no data.
pub const NO_DATA: &str = "–";
const NO_BREAK_SPACE: char = '\u{a0}';

/// `112 076` or `112,076`.
pub fn whole(language: Language, number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mark = if language == Language::Sv { NO_BREAK_SPACE } else { ',' };
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(mark);
        }
        out.push(digit);
    }
    if number < 0 { format!("−{out}") } else { out }
}

/// With this many decimals: `91,6` or `91.6`. Halves go away from nought, as readers and browsers
/// round; plain formatting would make 81,2 of 13 in 16 where the wallboard says 81,3.
pub fn decimal(language: Language, number: f64, decimals: usize) -> String {
    let step = 10_f64.powi(decimals as i32);
    let text = format!("{:.decimals$}", (number * step).round() / step);
    if language == Language::Sv { text.replace('.', ",") } else { text }
}

/// A share from 0 to 1 as `91,6 %` or `91.6%`.
pub fn percent(language: Language, share: Option<f64>) -> String {
    let Some(share) = share else { return NO_DATA.to_owned() };
    let number = decimal(language, share * 100.0, 1);
    if language == Language::Sv { format!("{number}{NO_BREAK_SPACE}%") } else { format!("{number}%") }
}

/// A target from 0 to 1, without decimals where it has none: `90 %`, `92,5 %`.
pub fn target(language: Language, share: f64) -> String {
    let zero = if language == Language::Sv { ",0" } else { ".0" };
    percent(language, Some(share)).replace(zero, "")
}

/// A threshold, as it is promised: `30 s`, `60 s`, `5 min`.
pub fn threshold(language: Language, seconds: f64) -> String {
    if seconds > 60.0 && seconds % 60.0 == 0.0 {
        format!("{}{NO_BREAK_SPACE}min", seconds / 60.0)
    } else {
        format!("{}{NO_BREAK_SPACE}s", decimal(language, seconds, usize::from(seconds.fract() != 0.0)))
    }
}

/// A span: `42 s`, or `1:05` from a minute on.
pub fn seconds(language: Language, seconds: f64) -> String {
    let rounded = seconds.round() as i64;
    if rounded >= 60 {
        return format!("{}:{:02}", rounded / 60, rounded % 60);
    }
    if seconds.fract() == 0.0 || seconds >= 10.0 {
        format!("{rounded}{NO_BREAK_SPACE}s")
    } else {
        format!("{}{NO_BREAK_SPACE}s", decimal(language, seconds, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swedish_and_english() {
        assert_eq!(whole(Language::Sv, 112_076), "112\u{a0}076");
        assert_eq!(whole(Language::En, 1_112_076), "1,112,076");
        assert_eq!(percent(Language::Sv, Some(0.916)), "91,6\u{a0}%");
        assert_eq!(percent(Language::En, Some(0.916)), "91.6%");
        assert_eq!(percent(Language::Sv, None), "–");
        assert_eq!(percent(Language::En, Some(13.0 / 16.0)), "81.3%");
        assert_eq!(target(Language::Sv, 0.9), "90\u{a0}%");
        assert_eq!(target(Language::En, 0.925), "92.5%");
        assert_eq!(seconds(Language::Sv, 4.25), "4,3\u{a0}s");
        assert_eq!(seconds(Language::Sv, 65.0), "1:05");
    }
}
