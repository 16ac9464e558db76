//! Lengths of time as records write them.

/// How a column writes a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanFormat {
    /// A number of this many milliseconds: `s`, `ms`, `us` (below one), `min`.
    Unit {
        /// Milliseconds of one unit, times a thousand.
        us: i64,
    },
    /// `h:mm:ss`, `mm:ss` or `ss`, told apart by the number of colons; the last may have decimals.
    Clock,
}

impl SpanFormat {
    /// The format of this name: `ms`, `us`, `s`, `min` or `hh:mm:ss`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "us" => Some(Self::Unit { us: 1 }),
            "ms" => Some(Self::Unit { us: 1_000 }),
            "s" => Some(Self::Unit { us: 1_000_000 }),
            "min" => Some(Self::Unit { us: 60_000_000 }),
            "hh:mm:ss" => Some(Self::Clock),
            _ => None,
        }
    }

    /// Milliseconds of `text`, rounded down; `None` where it is no such length or negative.
    pub fn read_ms(self, text: &str) -> Option<i64> {
        match self {
            Self::Unit { us } => decimal_us(text, us).map(|us| us / 1000),
            Self::Clock => {
                let mut total: i64 = 0;
                let mut parts = text.split(':').peekable();
                while let Some(part) = parts.next() {
                    let last = parts.peek().is_none();
                    let us = if last { decimal_us(part, 1_000_000)? } else { whole(part)?.checked_mul(1_000_000)? };
                    total = total.checked_mul(60)?.checked_add(us)?;
                }
                (text.split(':').count() <= 3).then_some(total / 1000)
            }
        }
    }
}

fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    (!text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// A number with or without decimals (point or comma) of units of `us` microseconds.
pub fn decimal_us(text: &str, us: i64) -> Option<i64> {
    let text = text.trim();
    let (head, decimals) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let mut total = whole(head)?.checked_mul(us)?;
    let mut scale = us;
    for digit in decimals.bytes() {
        if !digit.is_ascii_digit() {
            return None;
        }
        scale /= 10;
        total = total.checked_add(i64::from(digit - b'0') * scale)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_they_are_written() {
        let ms = |format: &str, text: &str| SpanFormat::named(format).unwrap().read_ms(text);
        assert_eq!(ms("s", "12"), Some(12_000));
        assert_eq!(ms("s", " 12,5 "), Some(12_500));
        assert_eq!(ms("s", "6.519603"), Some(6_519));
        assert_eq!(ms("us", "6519603"), Some(6_519));
        assert_eq!(ms("min", "2"), Some(120_000));
        assert_eq!(ms("hh:mm:ss", "00:01:05"), Some(65_000));
        assert_eq!(ms("hh:mm:ss", "1:05"), Some(65_000));
        assert_eq!(ms("hh:mm:ss", "05.250"), Some(5_250));
        for (format, wrong) in
            [("s", ""), ("s", "-3"), ("s", "x"), ("s", "1e3"), ("hh:mm:ss", "1:2:3:4"), ("hh:mm:ss", "1::2")]
        {
            assert_eq!(ms(format, wrong), None, "{wrong}");
        }
        assert_eq!(ms("s", "99999999999999"), None);
    }
}
