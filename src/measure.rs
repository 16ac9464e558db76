//! What is measured: moments, spans of different meaning, and shares.
//!
//! A wait is not a talk, so they are different types. A share stays a numerator and a
//! denominator until somebody reads it, and nothing divided by nothing is *no data*. What a source
//! cannot tell is a closed list: a figure that hangs on it is absent for that source, never zero.

use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01T00:00:00Z. May be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub i64);

impl Moment {
    /// The instant of whole `seconds` since 1970.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant plus `ms` milliseconds (negative: earlier), saturating.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this instant; negative if it is later.
    pub const fn ms_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// As a date and time in UTC; the far ends of chrono's range where it does not reach.
    pub fn to_utc(self) -> chrono::DateTime<chrono::Utc> {
        chrono::DateTime::from_timestamp_millis(self.0).unwrap_or(if self.0 < 0 {
            chrono::DateTime::<chrono::Utc>::MIN_UTC
        } else {
            chrono::DateTime::<chrono::Utc>::MAX_UTC
        })
    }

    /// `2026-11-01T06:12:31.482Z`: RFC 3339 in UTC with exactly three decimals.
    pub fn to_rfc3339(self) -> String {
        self.to_utc().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
    }
}

impl<Z: chrono::TimeZone> From<chrono::DateTime<Z>> for Moment {
    fn from(at: chrono::DateTime<Z>) -> Self {
        Self(at.timestamp_millis())
    }
}

macro_rules! span {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u32);
        impl $name {
            /// A span of `ms` milliseconds; negative becomes 0, above 49 days is cut.
            pub const fn from_ms(ms: i64) -> Self {
                if ms < 0 { Self(0) } else if ms > u32::MAX as i64 { Self(u32::MAX) } else { Self(ms as u32) }
            }
            /// Milliseconds, 0 to 4 294 967 295.
            pub const fn ms(self) -> u32 {
                self.0
            }
        }
    };
}

span!(
    /// From offered to answered, abandoned or left.
    Wait
);
span!(
    /// From answered to the end of the conversation.
    Talk
);
span!(
    /// How long a device rang.
    Ring
);

/// A numerator and a denominator: `met` of `of`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// How many met the condition.
    pub met: i64,
    /// Of how many.
    pub of: i64,
}

impl Share {
    /// The share from 0 to 1, or `None` (no data) where the denominator is empty.
    pub fn ratio(self) -> Option<f64> {
        (self.of > 0).then(|| self.met as f64 / self.of as f64)
    }
}

impl Add for Share {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { met: self.met + other.met, of: self.of + other.of }
    }
}

impl AddAssign for Share {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub<Moment> for Moment {
    type Output = i64;
    fn sub(self, earlier: Moment) -> i64 {
        self.ms_since(earlier)
    }
}

/// A length of time in the configuration: `"250ms"`, `"30s"`, `"15m"`, `"4h"`, `"35d"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span(i64);

impl Span {
    /// A span of whole `seconds`.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * 1000)
    }

    /// A span of `ms` milliseconds.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds; never negative when it came from a text.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// The same as the standard library's duration; a negative one is empty.
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0.max(0) as u64)
    }
}

impl std::str::FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let scale = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => {
                return Err(format!("`{text}` is not a length of time; write for instance \"30s\", \"15m\" or \"4h\""));
            }
        };
        let number: i64 = number.parse().map_err(|_| format!("`{text}` does not begin with a whole number"))?;
        number.checked_mul(scale).filter(|ms| *ms < 1 << 50).map(Self).ok_or_else(|| format!("`{text}` is too long"))
    }
}

impl std::fmt::Display for Span {
    /// The largest unit that leaves a whole number: `90s`, `4h`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")];
        let (scale, unit) =
            units.into_iter().find(|(scale, _)| self.0 % scale == 0 && self.0 >= *scale).unwrap_or((1000, "s"));
        write!(f, "{}{unit}", self.0 / scale)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// Something that a source cannot tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Untold {
    /// How long callers waited: no service level, no mean wait, no short abandons.
    Wait,
    /// How a caller who was not answered left: hung up, moved on by time or rule, by a key. All of
    /// them count as abandoned where they seem to have gone, as overflowed where they went on.
    WayOut,
    /// Callers whom the queue would not let in.
    Refused,
    /// How long conversations were.
    Talk,
    /// Transfers altogether.
    Transfers,
    /// Transfers after a word with the unit: blind ones are told.
    AttendedTransfers,
    /// Whether the unit answered.
    UnitAnswer,
}

impl Untold {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Wait,
        Self::WayOut,
        Self::Refused,
        Self::Talk,
        Self::Transfers,
        Self::AttendedTransfers,
        Self::UnitAnswer,
    ];

    /// The one spelling: API value and part of the text key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::WayOut => "way_out",
            Self::Refused => "refused",
            Self::Talk => "talk",
            Self::Transfers => "transfers",
            Self::AttendedTransfers => "attended_transfers",
            Self::UnitAnswer => "unit_answer",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_and_print() {
        for text in ["250ms", "30s", "15m", "4h", "35d", "90s"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        assert_eq!("60s".parse::<Span>().unwrap().to_string(), "1m");
        for wrong in ["", "30", "s", "-3s", "1.5h", "99999999999999999d"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_of_nothing_is_no_data() {
        assert_eq!(Share::default().ratio(), None);
        assert_eq!(Share { met: 3, of: 4 }.ratio(), Some(0.75));
    }

    #[test]
    fn a_negative_span_is_zero() {
        assert_eq!(Wait::from_ms(-5).ms(), 0);
        assert_eq!(Wait::from_ms(i64::MAX).ms(), u32::MAX);
    }

    #[test]
    fn moments_print_with_three_decimals() {
        assert_eq!(Moment::from_seconds(0).to_rfc3339(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Moment(-1).seconds(), -1);
    }
}
