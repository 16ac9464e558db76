//! The only place that asks what time it is.
//!
//! Everything below the daemon takes the time as an argument; what must ask, asks a [`Clock`],
//! and a test moves one by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::measure::Moment;

/// Tells the time: the machine's, or one that a test moves.
#[derive(Clone, Debug)]
pub struct Clock(Hand);

#[derive(Clone, Debug)]
enum Hand {
    /// Goes with the machine's, so many ms ahead of it.
    Going(i64),
    Standing(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self(Hand::Going(0))
    }

    /// A clock that shows `at` now and goes on from there with the machine's.
    pub fn going_from(at: Moment) -> Self {
        Self(Hand::Going(at - Self::system().now()))
    }

    /// A clock that stands at `at` until [`Clock::set`] moves it.
    pub fn standing_at(at: Moment) -> Self {
        Self(Hand::Standing(Arc::new(AtomicI64::new(at.0))))
    }

    /// Moves a standing clock; one that goes is left alone.
    pub fn set(&self, at: Moment) {
        if let Hand::Standing(hand) = &self.0 {
            hand.store(at.0, Ordering::Relaxed);
        }
    }

    /// Now.
    pub fn now(&self) -> Moment {
        match &self.0 {
            Hand::Standing(hand) => Moment(hand.load(Ordering::Relaxed)),
            Hand::Going(ahead_ms) => Moment::from(chrono::Utc::now()).plus_ms(*ahead_ms),
        }
    }
}

/// The instant at which the local day `date` begins in `zone`.
pub fn local_midnight(date: chrono::NaiveDate, zone: chrono_tz::Tz) -> Moment {
    local_moment(date.and_time(chrono::NaiveTime::MIN), zone)
}

/// The instant at which the wall clocks of `zone` show `wall`. Where they skip it, the first instant
/// after; where they show it twice, the first.
pub fn local_moment(mut wall: chrono::NaiveDateTime, zone: chrono_tz::Tz) -> Moment {
    // Zones skip at most a few hours; a quarter is the finest step any of them uses.
    for _ in 0..24 * 4 {
        if let Some(at) = chrono::TimeZone::from_local_datetime(&zone, &wall).earliest() {
            return at.into();
        }
        wall += chrono::TimeDelta::minutes(15);
    }
    wall.and_utc().into()
}

/// The local calendar day of `at` in `zone`.
pub fn local_day(at: Moment, zone: chrono_tz::Tz) -> chrono::NaiveDate {
    at.to_utc().with_timezone(&zone).date_naive()
}
