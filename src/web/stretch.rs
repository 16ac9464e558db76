//! The stretch of time that a question is about.

use chrono::{Datelike, Days, NaiveDate};
use chrono_tz::Tz;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::clock::local_day;
use crate::measure::Moment;
use crate::report::period::between;
use crate::stats::period::Period;

/// Longest stretch that is answered in quarter-hours or hours, days: some 6 000 rows a queue.
pub const FINE_DAYS_MAX: i64 = 62;
/// Longest stretch of any question, days.
pub const DAYS_MAX: i64 = 3_700;

/// A stretch of local days, as a period or as two days. Default: today.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StretchQuery {
    /// `2026`, `2026-11`, `2026-Q4`, `2026-T3` (tertial) or `2026-11-23`.
    pub period: Option<String>,
    /// First local day, `2026-11-01`.
    pub from: Option<String>,
    /// The day after the last.
    pub until: Option<String>,
}

impl StretchQuery {
    /// The days that are meant, of at most `days_max`. The error says what to write.
    pub fn days(&self, now: Moment, zone: Tz, days_max: i64) -> Result<Period, String> {
        let empty =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let period = match (empty(&self.period), empty(&self.from), empty(&self.until)) {
            (None, None, None) => day_of(local_day(now, zone)),
            (Some(period), None, None) => Period::parse(&period)?,
            (None, Some(from), Some(until)) => between(&from, &until)?,
            _ => return Err("give period, or from and until".to_owned()),
        };
        let days = (period.until - period.from).num_days();
        if days > days_max {
            return Err(format!("{days} days are more than the {days_max} that are answered at once; ask in parts"));
        }
        Ok(period)
    }
}

/// One day.
pub fn day_of(day: NaiveDate) -> Period {
    Period { from: day, until: day + Days::new(1) }
}

/// The calendar month of a day.
pub fn month_of(day: NaiveDate) -> Period {
    let from = day.with_day(1).unwrap_or(day);
    Period { from, until: from.checked_add_months(chrono::Months::new(1)).unwrap_or(NaiveDate::MAX) }
}

/// The month before.
pub fn month_before(day: NaiveDate) -> Period {
    let first = day.with_day(1).unwrap_or(day);
    month_of(first.pred_opt().unwrap_or(first))
}

/// The week of a day, from Monday.
pub fn week_of(day: NaiveDate) -> Period {
    let from = day - Days::new(u64::from(day.weekday().num_days_from_monday()));
    Period { from, until: from + Days::new(7) }
}

/// The week before.
pub fn week_before(day: NaiveDate) -> Period {
    week_of(day - Days::new(7))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(query: &StretchQuery, days_max: i64) -> Result<String, String> {
        let now = chrono::DateTime::parse_from_rfc3339("2026-11-24T00:30:00+01:00").unwrap().into();
        let period = query.days(now, chrono_tz::Europe::Stockholm, days_max)?;
        Ok(format!("{}..{}", period.from, period.until))
    }

    #[test]
    fn today_is_local_and_too_much_is_told() {
        assert_eq!(days(&StretchQuery::default(), 62).unwrap(), "2026-11-24..2026-11-25");
        let of = |period: &str| StretchQuery { period: Some(period.into()), ..StretchQuery::default() };
        assert_eq!(days(&of("2026-11"), 62).unwrap(), "2026-11-01..2026-12-01");
        assert!(days(&of("2026"), 62).unwrap_err().contains("ask in parts"));
        assert!(days(&StretchQuery { from: Some("2026-11-01".into()), ..StretchQuery::default() }, 62).is_err());
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let day: NaiveDate = "2026-03-01".parse().unwrap();
        assert_eq!(week_of(day).from.to_string(), "2026-02-23");
        assert_eq!(week_before(day).from.to_string(), "2026-02-16");
        assert_eq!((month_before(day).from.to_string(), month_before(day).until), ("2026-02-01".into(), day));
    }
}
