//! Opening hours: opening-hours notation, public holidays, dated exceptions.
//!
//! Half-open: open at 08:00:00.000, closed at 16:30:00.000. Judged in the zone's wall time, so a
//! day of the clock change is nothing special. The notation and the holidays are those of the crate
//! `opening-hours`; its Swedish holidays are the legal ones and the three eves (midsummer,
//! Christmas, New Year) on which no switchboard is manned either, as a test lists.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;
use opening_hours::localization::Country;
use opening_hours::{Context, OpeningHours, RuleKind};

use crate::clock::{local_day, local_midnight, local_moment};
use crate::measure::Moment;

/// Days whose hours are kept worked out: ten years. Beyond it they are worked out again.
const DAYS_MAX: usize = 3_660;
/// How far ahead the next change is looked for: nothing that changes once a year is overlooked.
const AHEAD_DAYS: u64 = 400;

/// Opening hours of a queue.
#[derive(Debug)]
pub struct Hours(Option<Rules>);

#[derive(Debug)]
struct Rules {
    text: String,
    usual: OpeningHours,
    exceptions: BTreeMap<NaiveDate, OpeningHours>,
    zone: Tz,
    /// By start of the local day.
    days: RwLock<BTreeMap<Moment, Day>>,
}

/// A local day: when it ends, and when it is open.
#[derive(Clone, Debug)]
struct Day {
    end: Moment,
    open: Vec<(Moment, Moment)>,
}

impl Hours {
    /// Always open.
    pub fn always() -> Self {
        Self(None)
    }

    /// Reads opening-hours notation, `Mo-Fr 07:30-16:30; PH off`, with exceptions by date that
    /// replace everything else on that day. `holidays`: country of `PH`, of which `SE` is known.
    pub fn parse(
        text: &str,
        exceptions: &BTreeMap<String, String>,
        zone: Tz,
        holidays: Option<&str>,
    ) -> Result<Self, String> {
        let context = match holidays {
            None => Context::default(),
            Some("SE") => Context::default().with_holidays(Country::SE.holidays()),
            Some(other) => return Err(format!("holidays of `{other}` are not known; write \"SE\" or \"none\"")),
        };
        let read = |text: &str| {
            text.parse::<OpeningHours>().map(|hours| hours.with_context(context.clone())).map_err(|error| {
                format!(
                    "`{text}` is no opening-hours notation ({error}); write for instance \"Mo-Fr 07:30-16:30; PH off\""
                )
            })
        };
        let usual = read(text)?;
        let mut dated = BTreeMap::new();
        for (date, hours) in exceptions {
            let day: NaiveDate =
                date.parse().map_err(|_| format!("exception `{date}` is no date; write 2026-12-23"))?;
            dated.insert(day, read(hours)?);
        }
        Ok(Self(Some(Rules { text: text.to_owned(), usual, exceptions: dated, zone, days: RwLock::default() })))
    }

    /// The usual hours as they were written; `None`: always open.
    pub fn text(&self) -> Option<&str> {
        self.0.as_ref().map(|rules| rules.text.as_str())
    }

    /// Whether the queue is open at `at`.
    pub fn is_open(&self, at: Moment) -> bool {
        let Some(rules) = &self.0 else { return true };
        rules.with_day(at, |_, day| day.open.iter().any(|(from, until)| *from <= at && at < *until))
    }

    /// When that changes next; `None`: not within a year.
    pub fn next_change(&self, at: Moment) -> Option<Moment> {
        let rules = self.0.as_ref()?;
        let is_open = self.is_open(at);
        let mut day_of = at;
        for _ in 0..AHEAD_DAYS {
            let (edges, end) = rules.with_day(day_of, |start, day| {
                let edges = day.open.iter().flat_map(|(from, until)| [*from, *until]);
                (std::iter::once(start).chain(edges).collect::<Vec<_>>(), day.end)
            });
            let change = edges.into_iter().filter(|edge| *edge > at).find(|edge| self.is_open(*edge) != is_open);
            if change.is_some() {
                return change;
            }
            day_of = end;
        }
        None
    }
}

impl Rules {
    fn with_day<T>(&self, at: Moment, ask: impl Fn(Moment, &Day) -> T) -> T {
        // A poisoned lock only means that another thread stopped while it held it; the map is whole.
        let known = self.days.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((start, day)) = known.range(..=at).next_back()
            && at < day.end
        {
            return ask(*start, day);
        }
        drop(known);
        let (start, day) = self.day(local_day(at, self.zone));
        let answer = ask(start, &day);
        let mut known = self.days.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= DAYS_MAX {
            known.clear();
        }
        known.insert(start, day);
        answer
    }

    fn day(&self, date: NaiveDate) -> (Moment, Day) {
        let next = date.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
        let hours = self.exceptions.get(&date).unwrap_or(&self.usual);
        let midnight = |date: NaiveDate| NaiveDateTime::new(date, NaiveTime::MIN);
        let open = hours
            .iter_range(midnight(date), midnight(next))
            .filter(|range| range.kind == RuleKind::Open)
            .map(|range| (local_moment(range.range.start, self.zone), local_moment(range.range.end, self.zone)))
            .collect();
        (local_midnight(date, self.zone), Day { end: local_midnight(next, self.zone), open })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str, exceptions: &[(&str, &str)]) -> Hours {
        let exceptions = exceptions.iter().map(|(day, hours)| ((*day).to_owned(), (*hours).to_owned())).collect();
        Hours::parse(text, &exceptions, chrono_tz::Europe::Stockholm, Some("SE")).unwrap()
    }

    fn at(text: &str) -> Moment {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().into()
    }

    #[test]
    fn hours_are_half_open() {
        let hours = hours("Mo-Fr 08:00-16:30; PH off", &[]);
        let told = ["07:59:59.999", "08:00:00.000", "16:29:59.999", "16:30:00.000"];
        let open = told.map(|time| hours.is_open(at(&format!("2026-03-02T{time}+01:00"))));
        assert_eq!(open, [false, true, true, false]);
        assert_eq!(hours.next_change(at("2026-03-06T17:00:00+01:00")), Some(at("2026-03-09T08:00:00+01:00")));
    }

    #[test]
    fn swedish_holidays_of_2023_to_2027_and_the_three_eves_are_off() {
        let hours = hours("Mo-Su 08:00-16:30; PH off", &[]);
        let off = |year: i32| {
            let days = NaiveDate::from_ymd_opt(year, 1, 1)
                .unwrap()
                .iter_days()
                .take_while(|day| chrono::Datelike::year(day) == year);
            let closed = days.filter(|day| !hours.is_open(at(&format!("{day}T12:00:00+01:00"))));
            closed.map(|day| day.format("%m-%d").to_string()).collect::<Vec<_>>().join(" ")
        };
        let expected = [
            (2023, "01-01 01-06 04-07 04-09 04-10 05-01 05-18 05-28 06-06 06-23 06-24 11-04 12-24 12-25 12-26 12-31"),
            (2024, "01-01 01-06 03-29 03-31 04-01 05-01 05-09 05-19 06-06 06-21 06-22 11-02 12-24 12-25 12-26 12-31"),
            (2025, "01-01 01-06 04-18 04-20 04-21 05-01 05-29 06-06 06-08 06-20 06-21 11-01 12-24 12-25 12-26 12-31"),
            (2026, "01-01 01-06 04-03 04-05 04-06 05-01 05-14 05-24 06-06 06-19 06-20 10-31 12-24 12-25 12-26 12-31"),
            (2027, "01-01 01-06 03-26 03-28 03-29 05-01 05-06 05-16 06-06 06-25 06-26 11-06 12-24 12-25 12-26 12-31"),
        ];
        for (year, days) in expected {
            assert_eq!(off(year), days, "{year}");
        }
    }

    #[test]
    fn half_days_before_holidays_come_every_year() {
        let hours = hours(
            "Mo-Fr 07:30-16:30; Jan 05 07:30-12:00; easter -3 days 07:30-12:00; Apr 30 07:30-12:00; Dec 23 07:30-12:00; PH off",
            &[],
        );
        let is_open = |day: &str, time: &str| {
            let local: NaiveDateTime = format!("{day}T{time}").parse().unwrap();
            hours.is_open(local_moment(local, chrono_tz::Europe::Stockholm))
        };
        // Eve of Epiphany, Maundy Thursday, Walpurgis Eve, the day before Christmas Eve.
        for half_days in [
            ["2023-01-05", "2023-04-06", "2023-04-30", "2023-12-23"],
            ["2024-01-05", "2024-03-28", "2024-04-30", "2024-12-23"],
            ["2025-01-05", "2025-04-17", "2025-04-30", "2025-12-23"],
            ["2026-01-05", "2026-04-02", "2026-04-30", "2026-12-23"],
            ["2027-01-05", "2027-03-25", "2027-04-30", "2027-12-23"],
        ] {
            for day in half_days {
                let told = ["07:29:59", "07:30:00", "11:59:59", "12:00:00", "16:00:00"].map(|time| is_open(day, time));
                assert_eq!(told, [false, true, true, false, false], "{day}");
            }
        }
        assert!(is_open("2026-04-01", "16:00:00") && !is_open("2026-04-03", "10:00:00"));
    }

    #[test]
    fn a_dated_exception_replaces_everything_on_its_day() {
        let hours = hours(
            "Mo-Fr 08:00-16:30; PH off",
            &[("2026-12-23", "08:00-12:00"), ("2026-12-30", "off"), ("2026-12-26", "10:00-11:00")],
        );
        assert!(hours.is_open(at("2026-12-23T11:59:59+01:00")) && !hours.is_open(at("2026-12-23T12:00:00+01:00")));
        assert!(!hours.is_open(at("2026-12-30T10:00:00+01:00")));
        assert!(hours.is_open(at("2026-12-26T10:30:00+01:00")));
    }

    #[test]
    fn days_of_the_clock_change_open_and_close_by_the_wall() {
        let hours = hours("Mo-Su 08:00-16:30", &[]);
        assert!(!hours.is_open(at("2026-03-29T05:59:59Z")) && hours.is_open(at("2026-03-29T06:00:00Z")));
        assert!(!hours.is_open(at("2026-10-25T06:59:59Z")) && hours.is_open(at("2026-10-25T07:00:00Z")));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let none = BTreeMap::new();
        let parse = |text: &str, country| Hours::parse(text, &none, chrono_tz::UTC, country).unwrap_err();
        assert!(parse("when we feel like it", None).contains("Mo-Fr 07:30-16:30"));
        assert!(parse("Mo-Fr 08:00-16:00", Some("XX")).contains("SE"));
    }
}
