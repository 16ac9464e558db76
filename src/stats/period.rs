//! The calendar in a zone: quarter-hours, local days and months as instants, and periods as people
//! say them.
//!
//! Intervals are keyed by the instant at which they begin, so a day of 23 or 25 hours is nothing
//! special. Every zone in use is a whole number of quarter-hours from UTC.

use std::cell::Cell as Slot;

use chrono::{Datelike, Days, Months, NaiveDate};
use chrono_tz::Tz;

use crate::clock::{local_day, local_midnight};
use crate::measure::Moment;
use crate::stats::Tier;

const QUARTER_MS: i64 = 15 * 60 * 1000;

/// Starts of intervals in a zone. Remembers the last day asked for, since events come in order.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: Tz,
    last: Slot<Option<(Moment, Moment, Moment)>>,
}

impl Calendar {
    /// The calendar of `zone`.
    pub fn new(zone: Tz) -> Self {
        Self { zone, last: Slot::new(None) }
    }

    /// Its zone.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Start of the interval of size `tier` that holds `at`.
    pub fn start(&self, tier: Tier, at: Moment) -> Moment {
        match tier {
            Tier::Quarter => Moment(at.0 - at.0.rem_euclid(QUARTER_MS)),
            Tier::Day => self.day(at).0,
            Tier::Month => self.day(at).2,
        }
    }

    /// Start of the interval of size `tier` after the one that holds `at`.
    pub fn next(&self, tier: Tier, at: Moment) -> Moment {
        match tier {
            Tier::Quarter => self.start(tier, at).plus_ms(QUARTER_MS),
            Tier::Day => self.day(at).1,
            Tier::Month => {
                let first = first_of_month(local_day(at, self.zone));
                local_midnight(first.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX), self.zone)
            }
        }
    }

    /// Start and end of the local day of `at`, and start of its month.
    fn day(&self, at: Moment) -> (Moment, Moment, Moment) {
        if let Some(last) = self.last.get()
            && last.0 <= at
            && at < last.1
        {
            return last;
        }
        let date = local_day(at, self.zone);
        let next = date.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
        let day = (
            local_midnight(date, self.zone),
            local_midnight(next, self.zone),
            local_midnight(first_of_month(date), self.zone),
        );
        self.last.set(Some(day));
        day
    }

    /// Cuts `from..until` into the fewest intervals of the three tiers that cover it exactly, in
    /// order. Ends are rounded outward to quarter-hours.
    pub fn cover(&self, from: Moment, until: Moment) -> Vec<(Tier, Moment, Moment)> {
        let mut runs: Vec<(Tier, Moment, Moment)> = Vec::new();
        let mut at = self.start(Tier::Quarter, from);
        while at < until {
            let fits = |tier: Tier| self.start(tier, at) == at && self.next(tier, at) <= until;
            let tier = if fits(Tier::Month) {
                Tier::Month
            } else if fits(Tier::Day) {
                Tier::Day
            } else {
                Tier::Quarter
            };
            let next = self.next(tier, at);
            match runs.last_mut() {
                Some(run) if run.0 == tier => run.2 = next,
                _ => runs.push((tier, at, next)),
            }
            at = next;
        }
        runs
    }
}

fn first_of_month(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

/// A stretch of local days, `from` included and `until` not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First local day.
    pub from: NaiveDate,
    /// The day after the last.
    pub until: NaiveDate,
}

impl Period {
    /// Reads `2026`, `2026-11`, `2026-Q4`, `2026-T3` (tertial: four months) or `2026-11-23`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no period; write 2026, 2026-11, 2026-Q4, 2026-T3 or 2026-11-23");
        let (year, rest) = text.split_once('-').map_or((text, None), |(year, rest)| (year, Some(rest)));
        let year: i32 = year.parse().ok().filter(|year| (1970..=9998).contains(year)).ok_or_else(wrong)?;
        let months = |index: u32, length: u32| {
            let from = NaiveDate::from_ymd_opt(year, index * length + 1, 1).ok_or_else(wrong)?;
            let until = from.checked_add_months(Months::new(length)).ok_or_else(wrong)?;
            Ok(Self { from, until })
        };
        let Some(rest) = rest else { return months(0, 12) };
        let number = |text: &str| text.parse::<u32>().ok().and_then(|number| number.checked_sub(1));
        if let Some(quarter) = rest.strip_prefix(['Q', 'q']) {
            return months(number(quarter).filter(|n| *n < 4).ok_or_else(wrong)?, 3);
        }
        if let Some(tertial) = rest.strip_prefix(['T', 't']) {
            return months(number(tertial).filter(|n| *n < 3).ok_or_else(wrong)?, 4);
        }
        if rest.contains('-') {
            let from: NaiveDate = text.parse().map_err(|_| wrong())?;
            return Ok(Self { from, until: from + Days::new(1) });
        }
        months(number(rest).filter(|n| *n < 12).ok_or_else(wrong)?, 1)
    }

    /// Both ends as instants in `zone`.
    pub fn moments(self, zone: Tz) -> (Moment, Moment) {
        (local_midnight(self.from, zone), local_midnight(self.until, zone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOCKHOLM: Tz = chrono_tz::Europe::Stockholm;

    fn at(text: &str) -> Moment {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().into()
    }

    #[test]
    fn spoken_periods() {
        let days = |text: &str| {
            let period = Period::parse(text).unwrap();
            format!("{}..{}", period.from, period.until)
        };
        assert_eq!(days("2026"), "2026-01-01..2027-01-01");
        assert_eq!(days("2026-11"), "2026-11-01..2026-12-01");
        assert_eq!(days("2026-Q4"), "2026-10-01..2027-01-01");
        assert_eq!(days("2026-T3"), "2026-09-01..2027-01-01");
        assert_eq!(days("2026-02-28"), "2026-02-28..2026-03-01");
        for wrong in ["", "november", "2026-13", "2026-Q5", "2026-T0", "2026-02-30", "99999"] {
            assert!(Period::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn days_of_the_clock_change_have_23_and_25_hours() {
        let calendar = Calendar::new(STOCKHOLM);
        for (noon, hours) in [("2026-03-29T12:00:00Z", 23), ("2026-10-25T12:00:00Z", 25), ("2026-06-01T12:00:00Z", 24)]
        {
            let noon = at(noon);
            let length = calendar.next(Tier::Day, noon) - calendar.start(Tier::Day, noon);
            assert_eq!(length, hours * 3_600_000);
        }
    }

    #[test]
    fn a_range_is_covered_by_months_days_and_quarters() {
        let calendar = Calendar::new(STOCKHOLM);
        let runs = calendar.cover(at("2026-01-30T23:40:00+01:00"), at("2026-04-02T00:00:00+02:00"));
        let told: Vec<String> = runs
            .iter()
            .map(|(tier, from, until)| {
                format!("{} {} {}", tier.as_str(), local_day(*from, STOCKHOLM), local_day(*until, STOCKHOLM))
            })
            .collect();
        assert_eq!(
            told,
            [
                "quarter 2026-01-30 2026-01-31",
                "day 2026-01-31 2026-02-01",
                "month 2026-02-01 2026-04-01",
                "day 2026-04-01 2026-04-02",
            ]
        );
        for pair in runs.windows(2) {
            assert_eq!(pair[0].2, pair[1].1);
        }
    }
}
