//! Periods given as two days, and the periods that one is compared with. Those that have a name are
//! read by [`stats::period`](crate::stats::period).

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::stats::period::Period;

/// The period from one local day to another, the second not included. The error says what to
/// write.
pub fn between(from: &str, until: &str) -> Result<Period, String> {
    let day = |text: &str| {
        let day = text.parse::<NaiveDate>().ok().filter(|day| (1970..=9998).contains(&day.year()));
        day.ok_or_else(|| format!("`{text}` is no date; write for instance 2026-11-01"))
    };
    let period = Period { from: day(from)?, until: day(until)? };
    if period.from >= period.until {
        return Err(format!("--from {from} must lie before --to {until}, which is the day after the last"));
    }
    Ok(period)
}

/// What a period is in the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A calendar year.
    Year,
    /// Four months, the first January, May or September.
    Tertial,
    /// A quarter of a year.
    Quarter,
    /// A calendar month.
    Month,
    /// One day.
    Day,
    /// Any other stretch of days.
    Other,
}

/// What `period` is in the calendar.
pub fn shape(period: Period) -> Shape {
    let month = period.from.month0();
    match months(period) {
        Some(12) if month == 0 => Shape::Year,
        Some(4) if month.is_multiple_of(4) => Shape::Tertial,
        Some(3) if month.is_multiple_of(3) => Shape::Quarter,
        Some(1) => Shape::Month,
        _ if period.from.checked_add_days(Days::new(1)) == Some(period.until) => Shape::Day,
        _ => Shape::Other,
    }
}

/// Of how many whole calendar months the period consists; `None` where it is no such.
pub fn months(period: Period) -> Option<u32> {
    let since = |day: NaiveDate| day.year() * 12 + day.month0() as i32;
    let is_whole = period.from.day() == 1 && period.until.day() == 1;
    is_whole.then(|| since(period.until).saturating_sub(since(period.from)).unsigned_abs())
}

/// The period of the same length that ends where this one begins: as many months before whole
/// months, as many days before others. `None` before the calendar begins.
pub fn before(period: Period) -> Option<Period> {
    let from = match months(period) {
        Some(months) => period.from.checked_sub_months(Months::new(months))?,
        None => period.from.checked_sub_days(Days::new((period.until - period.from).num_days().unsigned_abs()))?,
    };
    Some(Period { from, until: period.from })
}

/// The same days a year earlier.
pub fn year_ago(period: Period) -> Option<Period> {
    let year = Months::new(12);
    let (from, until) = (period.from.checked_sub_months(year)?, period.until.checked_sub_months(year)?);
    // The 29th of February has no like: its day a year ago is the 28th.
    (from < until).then_some(Period { from, until }).or_else(|| {
        let until = from.checked_add_days(Days::new(1))?;
        Some(Period { from, until })
    })
}

/// From New Year of the year of the last day to the end of the period.
pub fn year_so_far(period: Period) -> Option<Period> {
    let last = period.until.checked_sub_days(Days::new(1))?;
    Some(Period { from: NaiveDate::from_ymd_opt(last.year(), 1, 1)?, until: period.until })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(period: Option<Period>) -> String {
        period.map_or("none".into(), |period| format!("{} {}", period.from, period.until))
    }

    #[test]
    fn a_period_is_compared_with_its_like() {
        for (spoken, before_it, ago, so_far) in [
            ("2026-11", "2026-10-01 2026-11-01", "2025-11-01 2025-12-01", "2026-01-01 2026-12-01"),
            ("2026-01", "2025-12-01 2026-01-01", "2025-01-01 2025-02-01", "2026-01-01 2026-02-01"),
            ("2026-T3", "2026-05-01 2026-09-01", "2025-09-01 2026-01-01", "2026-01-01 2027-01-01"),
            ("2026-Q1", "2025-10-01 2026-01-01", "2025-01-01 2025-04-01", "2026-01-01 2026-04-01"),
            ("2026", "2025-01-01 2026-01-01", "2025-01-01 2026-01-01", "2026-01-01 2027-01-01"),
            ("2024-02-29", "2024-02-28 2024-02-29", "2023-02-28 2023-03-01", "2024-01-01 2024-03-01"),
            ("2024-02", "2024-01-01 2024-02-01", "2023-02-01 2023-03-01", "2024-01-01 2024-03-01"),
        ] {
            let period = Period::parse(spoken).unwrap();
            assert_eq!(told(before(period)), before_it, "{spoken}");
            assert_eq!(told(year_ago(period)), ago, "{spoken}");
            assert_eq!(told(year_so_far(period)), so_far, "{spoken}");
        }
        let week = between("2026-11-02", "2026-11-09").unwrap();
        assert_eq!(told(before(week)), "2026-10-26 2026-11-02");
    }

    #[test]
    fn shapes_are_those_of_the_calendar() {
        for (spoken, expected) in [
            ("2026", Shape::Year),
            ("2026-T2", Shape::Tertial),
            ("2026-Q2", Shape::Quarter),
            ("2026-11", Shape::Month),
            ("2026-11-23", Shape::Day),
        ] {
            assert_eq!(shape(Period::parse(spoken).unwrap()), expected, "{spoken}");
        }
        assert_eq!(shape(between("2026-02-01", "2026-06-01").unwrap()), Shape::Other);
        assert_eq!(shape(between("2026-11-02", "2026-11-09").unwrap()), Shape::Other);
    }
}
