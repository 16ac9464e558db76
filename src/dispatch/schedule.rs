//! Which period comes next, and when its report is due.

use chrono::{Datelike, Days, Months, NaiveDate};
use chrono_tz::Tz;
use serde::Deserialize;

use crate::clock::local_moment;
use crate::dispatch::DispatchSettings;
use crate::measure::Moment;
use crate::stats::period::Period;

/// Lengths of the periods of which reports are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// A local day.
    Day,
    /// A calendar month.
    #[default]
    Month,
    /// Three months.
    Quarter,
    /// Four months.
    Tertial,
    /// A calendar year.
    Year,
}

impl Every {
    /// The one spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Tertial => "tertial",
            Self::Year => "year",
        }
    }

    /// How many months; `None`: it is a day.
    const fn months(self) -> Option<u32> {
        match self {
            Self::Day => None,
            Self::Month => Some(1),
            Self::Quarter => Some(3),
            Self::Tertial => Some(4),
            Self::Year => Some(12),
        }
    }

    /// The period that holds `day`.
    pub fn holding(self, day: NaiveDate) -> Period {
        let Some(months) = self.months() else {
            return Period { from: day, until: day.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX) };
        };
        let first = day.month0() / months * months + 1;
        let from = NaiveDate::from_ymd_opt(day.year(), first, 1).unwrap_or(day);
        Period { from, until: from.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX) }
    }

    /// The period as people write it, and as it stands in names of files.
    pub fn label(self, period: Period) -> String {
        let (year, month0) = (period.from.year(), period.from.month0());
        match self {
            Self::Day => period.from.to_string(),
            Self::Month => format!("{year}-{:02}", month0 + 1),
            Self::Quarter => format!("{year}-Q{}", month0 / 3 + 1),
            Self::Tertial => format!("{year}-T{}", month0 / 4 + 1),
            Self::Year => year.to_string(),
        }
    }
}

/// When the report of `period` is due.
pub fn due(settings: &DispatchSettings, period: Period, zone: Tz) -> Moment {
    let later = Days::new(u64::from(settings.day.saturating_sub(1)));
    let day = period.until.checked_add_days(later).unwrap_or(NaiveDate::MAX);
    local_moment(day.and_time(settings.time().unwrap_or_default()), zone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::local_midnight;

    const ZONE: Tz = chrono_tz::Europe::Stockholm;

    #[test]
    fn periods_follow_each_other_without_a_hole() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 25).unwrap();
        for (every, label, next) in [
            (Every::Day, "2026-11-25", "2026-11-26"),
            (Every::Month, "2026-11", "2026-12"),
            (Every::Quarter, "2026-Q4", "2027-Q1"),
            (Every::Tertial, "2026-T3", "2027-T1"),
            (Every::Year, "2026", "2027"),
        ] {
            let period = every.holding(day);
            assert_eq!(every.label(period), label);
            assert_eq!(Period::parse(label), Ok(period));
            assert_eq!(every.label(every.holding(period.until)), next);
        }
    }

    #[test]
    fn a_report_is_due_at_its_local_time_also_on_the_day_that_lacks_an_hour() {
        let settings: DispatchSettings =
            toml::from_str("name = \"a\"\nevery = \"day\"\nat = \"02:30\"\nto = []").unwrap();
        let saturday = Every::Day.holding(NaiveDate::from_ymd_opt(2026, 3, 28).unwrap());
        let midnight = local_midnight(saturday.until, ZONE);
        assert_eq!(due(&settings, saturday, ZONE) - midnight, 2 * 3_600_000, "half past two is not there: three");
        let settings: DispatchSettings = toml::from_str("name = \"a\"\nday = 3\nto = []").unwrap();
        let october = Every::Month.holding(NaiveDate::from_ymd_opt(2026, 10, 9).unwrap());
        assert_eq!(due(&settings, october, ZONE).to_rfc3339(), "2026-11-03T06:00:00.000Z");
    }
}
