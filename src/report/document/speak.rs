//! Numbers and words in one language.

use chrono::{Datelike, Days, NaiveDate};

use crate::i18n::{Language, numbers, text, text_with};
use crate::report::document::Value;
use crate::report::period::{Shape, shape};
use crate::stats::period::Period;

/// Speaks one language.
#[derive(Clone, Copy, Debug)]
pub struct Speak(pub Language);

impl Speak {
    /// The text of a key.
    pub fn text(self, key: &str) -> String {
        text(self.0, key)
    }

    /// The text of a key with values put in.
    pub fn with(self, key: &str, values: &[(&str, String)]) -> String {
        text_with(self.0, key, values)
    }

    /// A count.
    pub fn whole(self, number: i64) -> String {
        numbers::whole(self.0, number)
    }

    /// A share with one decimal.
    pub fn percent(self, share: Option<f64>) -> String {
        numbers::percent(self.0, share)
    }

    /// A span, or a dash.
    pub fn seconds(self, seconds: Option<f64>) -> String {
        seconds.map_or_else(|| numbers::NO_DATA.to_owned(), |seconds| numbers::seconds(self.0, seconds))
    }

    /// A threshold as its queue has it, in seconds: `60 s` and not a minute.
    pub fn threshold(self, ms: u32) -> String {
        let decimals = usize::from(!ms.is_multiple_of(1000));
        format!("{}\u{a0}s", numbers::decimal(self.0, f64::from(ms) / 1000.0, decimals))
    }

    /// A promise: `90 %`, with a decimal only where it has one.
    pub fn target(self, target: f64) -> String {
        let percent = target * 100.0;
        let decimals = usize::from((percent - percent.round()).abs() > 1e-9);
        let space = if self.0 == Language::Sv { "\u{a0}" } else { "" };
        format!("{}{space}%", numbers::decimal(self.0, percent, decimals))
    }

    /// Whether a promise was kept, in words.
    pub fn met(self, kept: Option<bool>) -> String {
        kept.map_or_else(|| numbers::NO_DATA.to_owned(), |kept| self.text(if kept { "met" } else { "not-met" }))
    }

    /// `+1,4`: a difference in points of a percentage.
    fn points(self, difference: Option<f64>) -> String {
        let Some(difference) = difference else { return numbers::NO_DATA.to_owned() };
        let points = difference * 100.0;
        let sign = if points < -0.05 {
            "−"
        } else if points >= 0.05 {
            "+"
        } else {
            "±"
        };
        format!("{sign}{}", numbers::decimal(self.0, points.abs(), 1))
    }

    /// A cell of a table.
    pub fn spell(self, value: &Value) -> String {
        match value {
            Value::Empty => String::new(),
            Value::NoData => numbers::NO_DATA.to_owned(),
            Value::Text(text) => text.clone(),
            Value::Whole(number) => self.whole(*number),
            Value::Decimal(number) => numbers::decimal(self.0, *number, 1),
            Value::Percent(share) => self.percent(*share),
            Value::Target(target) => self.target(*target),
            Value::Points(difference) => self.points(*difference),
            Value::Seconds(seconds) => self.seconds(*seconds),
        }
    }

    /// A month by name: `november`.
    pub fn month(self, month: u32) -> String {
        const MONTHS: [&str; 12] = [
            "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8", "month-9",
            "month-10", "month-11", "month-12",
        ];
        MONTHS.get(month as usize - 1).map_or_else(String::new, |key| self.text(key))
    }

    /// The days of the week, Monday first.
    pub fn weekdays(self) -> [String; 7] {
        ["weekday-1", "weekday-2", "weekday-3", "weekday-4", "weekday-5", "weekday-6", "weekday-7"]
            .map(|key| self.text(key))
    }

    /// A period as people say it: `november 2026`, `tertial 3 2026`, `2026`, `3 november 2026`, or
    /// its first and last day.
    pub fn period(self, period: Period) -> String {
        let from = period.from;
        let year = from.year().to_string();
        let numbered = |key: &str, months: u32| {
            self.with(key, &[("n", (from.month0() / months + 1).to_string()), ("year", year.clone())])
        };
        match shape(period) {
            Shape::Year => year,
            Shape::Tertial => numbered("period-tertial", 4),
            Shape::Quarter => numbered("period-quarter", 3),
            Shape::Month => format!("{} {year}", self.month(from.month())),
            Shape::Day => self.day(from),
            Shape::Other => format!("{} – {}", from, period.until.checked_sub_days(Days::new(1)).unwrap_or(from)),
        }
    }

    fn day(self, day: NaiveDate) -> String {
        format!("{} {} {}", day.day(), self.month(day.month()), day.year())
    }
}
