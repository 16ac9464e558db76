//! Periods given as two days; those that have a name are read by
//! [`stats::period`](crate::stats::period).

use chrono::Datelike;

use crate::stats::period::Period;

/// The period from one local day to another, the second not included. The error says what to
/// write.
pub fn between(from: &str, until: &str) -> Result<Period, String> {
    let day = |text: &str| {
        let day = text.parse::<chrono::NaiveDate>().ok().filter(|day| (1970..=9998).contains(&day.year()));
        day.ok_or_else(|| format!("`{text}` is no date; write for instance 2026-11-01"))
    };
    let period = Period { from: day(from)?, until: day(until)? };
    if period.from >= period.until {
        return Err(format!("--from {from} must lie before --to {until}, which is the day after the last"));
    }
    Ok(period)
}
