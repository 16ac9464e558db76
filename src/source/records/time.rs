//! Times as records write them: local time without a zone, epoch seconds, or with an offset.
//!
//! Local time is not always one instant. In the autumn hour that comes twice, the reading is taken
//! that lies nearest to where the file has got to, since records are written in the order in which
//! calls end. A time of the spring hour that does not exist is read as if the clocks had not been
//! changed. Where the order of the file leaves a doubt, and always in spring, the moment is
//! [untimed](crate::event::Stamp::is_untimed).

use chrono::{Datelike, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;

use crate::measure::Moment;
use crate::source::records::span::decimal_us;

/// A time in the hour that comes twice is believed where the file has got this near to it.
const NEAR_MS: i64 = 20 * 60 * 1000;

/// How a column writes a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeFormat {
    /// Seconds since 1970, with or without decimals, or milliseconds or microseconds; 0 is no time.
    Epoch {
        /// Microseconds of one unit.
        us: i64,
    },
    /// A chrono format of local date and time, or with `%z` of an instant.
    Pattern(String),
    /// `mm/dd` and a time of day, no year: that which brings it nearest to now. `%H:%M:%S`, or
    /// `%H:%M` with a `p` behind it in the afternoon.
    NoYear,
}

/// A time that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Read {
    /// The instant.
    pub at: Moment,
    /// Its hour is in doubt.
    pub is_doubtful: bool,
}

impl TimeFormat {
    /// The format of this name: `epoch`, `epoch_ms`, `epoch_us`, `mm/dd hh:mm`, or a pattern.
    pub fn named(name: &str) -> Result<Self, String> {
        match name {
            "epoch" => Ok(Self::Epoch { us: 1_000_000 }),
            "epoch_ms" => Ok(Self::Epoch { us: 1_000 }),
            "epoch_us" => Ok(Self::Epoch { us: 1 }),
            "mm/dd hh:mm" => Ok(Self::NoYear),
            pattern => {
                let is_wrong = |item: chrono::format::Item<'_>| matches!(item, chrono::format::Item::Error);
                if !pattern.contains('%') || chrono::format::StrftimeItems::new(pattern).any(is_wrong) {
                    return Err(format!(
                        "`{pattern}` is no format of a time; write for instance \"%Y-%m-%d %H:%M:%S\", or epoch, epoch_ms, epoch_us"
                    ));
                }
                Ok(Self::Pattern(pattern.to_owned()))
            }
        }
    }

    /// Reads `text`; `Ok(None)` where it says that there was no such moment (empty, 0). `reached`: the
    /// newest instant of the file so far; `received`: our own time, for times without a year.
    pub fn read(
        &self,
        text: &str,
        zone: Tz,
        reached: Option<Moment>,
        received: Moment,
    ) -> Result<Option<Read>, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = |hint: &str| format!("`{}` is no time {hint}", text.chars().take(40).collect::<String>());
        match self {
            Self::Epoch { us } => {
                let ms = decimal_us(text, *us).ok_or_else(|| wrong("since 1970"))? / 1000;
                if ms == 0 {
                    return Ok(None);
                }
                if ms > 253_402_300_799_999 {
                    return Err(wrong("before the year 10000"));
                }
                Ok(Some(Read { at: Moment(ms), is_doubtful: false }))
            }
            Self::Pattern(pattern) => {
                if pattern.contains("%z") || pattern.contains("%:z") {
                    let at = chrono::DateTime::parse_from_str(text, pattern);
                    return at
                        .map(|at| Some(Read { at: at.into(), is_doubtful: false }))
                        .map_err(|_| wrong(&in_form(pattern)));
                }
                let local = NaiveDateTime::parse_from_str(text, pattern).map_err(|_| wrong(&in_form(pattern)))?;
                Ok(Some(resolve(local, zone, reached)))
            }
            Self::NoYear => {
                let (day, time) = text.split_once(' ').ok_or_else(|| wrong("as mm/dd and hh:mm"))?;
                let time = time_of_day(time.trim()).ok_or_else(|| wrong("as mm/dd and hh:mm"))?;
                let (month, day) = day.split_once('/').ok_or_else(|| wrong("as mm/dd and hh:mm"))?;
                let number = |text: &str| text.parse::<u32>().ok();
                let (Some(month), Some(day)) = (number(month), number(day)) else {
                    return Err(wrong("as mm/dd and hh:mm"));
                };
                let date = nearest(month, day, received, zone).ok_or_else(|| wrong("of any day"))?;
                Ok(Some(resolve(date.and_time(time), zone, reached)))
            }
        }
    }
}

fn in_form(pattern: &str) -> String {
    format!("of the form {pattern}")
}

/// `14:05`, `14:05:09` or `02:05p`.
fn time_of_day(text: &str) -> Option<NaiveTime> {
    let (text, is_afternoon) = match text.strip_suffix(['p', 'P']) {
        Some(text) => (text, true),
        None => (text, false),
    };
    let time =
        NaiveTime::parse_from_str(text, "%H:%M:%S").or_else(|_| NaiveTime::parse_from_str(text, "%H:%M")).ok()?;
    let is_morning = chrono::Timelike::hour(&time) < 12;
    Some(if is_afternoon && is_morning { time + chrono::TimeDelta::hours(12) } else { time })
}

/// The day of that month and day which is nearest to `received`: New Year lies between a call and
/// its record.
fn nearest(month: u32, day: u32, received: Moment, zone: Tz) -> Option<NaiveDate> {
    let today = received.to_utc().with_timezone(&zone).date_naive();
    let years = today.year() - 1..=today.year() + 1;
    let days = years.filter_map(|year| NaiveDate::from_ymd_opt(year, month, day));
    days.min_by_key(|date| (*date - today).num_days().abs())
}

/// The instant of a local time.
fn resolve(local: NaiveDateTime, zone: Tz, reached: Option<Moment>) -> Read {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => Read { at: at.into(), is_doubtful: false },
        LocalResult::Ambiguous(first, second) => {
            let (first, second): (Moment, Moment) = (first.into(), second.into());
            let Some(reached) = reached else { return Read { at: first, is_doubtful: true } };
            let away = |at: Moment| (at - reached).abs();
            let at = if away(second) < away(first) { second } else { first };
            Read { at, is_doubtful: away(at) > NEAR_MS }
        }
        LocalResult::None => {
            // As if the clocks had not been changed: by the offset that held an hour before.
            let before = zone.from_local_datetime(&(local - chrono::TimeDelta::hours(1))).earliest();
            let at = before.map_or_else(|| local.and_utc().into(), |before| Moment::from(before).plus_ms(3_600_000));
            Read { at, is_doubtful: true }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOCKHOLM: Tz = chrono_tz::Europe::Stockholm;

    fn utc(text: &str) -> Moment {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().into()
    }

    fn read(format: &str, text: &str, reached: Option<&str>) -> (String, bool) {
        let format = TimeFormat::named(format).unwrap();
        let received = utc("2026-11-24T12:00:00Z");
        let read = format.read(text, STOCKHOLM, reached.map(utc), received).unwrap().unwrap();
        (read.at.to_rfc3339(), read.is_doubtful)
    }

    const LOCAL: &str = "%Y-%m-%d %H:%M:%S";

    #[test]
    fn the_hour_that_comes_twice_is_read_by_the_order_of_the_file() {
        let (text, first, second) =
            ("2026-10-25 02:30:00", "2026-10-25T00:30:00.000Z".to_owned(), "2026-10-25T01:30:00.000Z".to_owned());
        assert_eq!(read(LOCAL, text, Some("2026-10-25T00:25:00Z")), (first.clone(), false));
        assert_eq!(read(LOCAL, text, Some("2026-10-25T01:25:00Z")), (second.clone(), false));
        // A call that ended a while before the one that was written last.
        assert_eq!(read(LOCAL, text, Some("2026-10-25T00:45:00Z")), (first.clone(), false));
        assert_eq!(read(LOCAL, text, Some("2026-10-25T01:59:00Z")), (second, true));
        // A quiet night: nothing tells.
        assert_eq!(read(LOCAL, text, Some("2026-10-24T20:00:00Z")), (first.clone(), true));
        assert_eq!(read(LOCAL, text, None), (first, true));
    }

    #[test]
    fn the_hour_that_does_not_exist_is_in_doubt() {
        assert_eq!(read(LOCAL, "2026-03-29 02:30:00", None), ("2026-03-29T01:30:00.000Z".into(), true));
        assert_eq!(read(LOCAL, "2026-03-29 03:00:00", None), ("2026-03-29T01:00:00.000Z".into(), false));
    }

    #[test]
    fn seconds_since_1970_know_no_zone_and_zero_is_never() {
        assert_eq!(read("epoch", "1795466973.153592", None).0, "2026-11-23T20:49:33.153Z");
        assert_eq!(read("epoch_us", "1795466973153592", None).0, "2026-11-23T20:49:33.153Z");
        let format = TimeFormat::named("epoch").unwrap();
        for never in ["", "0", "0.000000"] {
            assert_eq!(format.read(never, STOCKHOLM, None, Moment(0)), Ok(None));
        }
        assert!(format.read("soon", STOCKHOLM, None, Moment(0)).unwrap_err().contains("soon"));
    }

    #[test]
    fn a_time_without_a_year_is_of_the_year_that_is_nearest() {
        assert_eq!(read("mm/dd hh:mm", "11/23 02:05p", None).0, "2026-11-23T13:05:00.000Z");
        assert_eq!(read("mm/dd hh:mm", "11/23 14:05:09", None).0, "2026-11-23T13:05:09.000Z");
        assert_eq!(read("mm/dd hh:mm", "12/31 23:59", None).0, "2026-12-31T22:59:00.000Z");
        // In the first days of a year the last ones of the year before are near.
        let format = TimeFormat::NoYear;
        let at = format.read("12/31 23:59", STOCKHOLM, None, utc("2027-01-01T00:05:00Z")).unwrap().unwrap();
        assert_eq!(at.at.to_rfc3339(), "2026-12-31T22:59:00.000Z");
        assert!(format.read("13/31 23:59", STOCKHOLM, None, Moment(0)).is_err());
    }

    #[test]
    fn a_pattern_that_is_none_is_told() {
        for wrong in ["sometime", "%Y-%Q"] {
            assert!(TimeFormat::named(wrong).is_err(), "{wrong}");
        }
    }
}
