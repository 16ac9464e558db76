//! The only place that asks what time it is.
//!
//! Everything below the daemon takes the time as an argument; what must ask, asks a [`Clock`],
//! and a test moves one by hand. What would do harm by a time that is wrong for a while – closing a
//! month, letting go what is old, sending a report, giving up a caller – asks a [`CalmClock`].

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use crate::measure::Moment;

/// A clock that is off by no more than this has been corrected, and is followed at once.
const SLACK_MS: i64 = 30_000;
/// Where intervals of this process are counted from.
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Tells the time: the machine's, or one that a test moves.
#[derive(Clone, Debug)]
pub struct Clock(Hand);

#[derive(Clone, Debug)]
enum Hand {
    /// Goes with the machine's, so many ms ahead of it.
    Going(i64),
    Standing(Arc<Shown>),
}

/// A clock that is moved by hand: what it shows, and how much time has passed.
#[derive(Debug)]
struct Shown {
    at: AtomicI64,
    passed_ms: AtomicI64,
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
        Self(Hand::Standing(Arc::new(Shown { at: AtomicI64::new(at.0), passed_ms: AtomicI64::new(0) })))
    }

    /// Moves a standing clock, as time does; one that goes is left alone.
    pub fn set(&self, at: Moment) {
        if let Hand::Standing(shown) = &self.0 {
            let before = shown.at.swap(at.0, Ordering::Relaxed);
            shown.passed_ms.fetch_add((at.0 - before).max(0), Ordering::Relaxed);
        }
    }

    /// Sets a standing clock, as somebody does who corrects it or gets it wrong: no time passes.
    pub fn step(&self, ms: i64) {
        if let Hand::Standing(shown) = &self.0 {
            shown.at.fetch_add(ms, Ordering::Relaxed);
        }
    }

    /// Now.
    pub fn now(&self) -> Moment {
        match &self.0 {
            Hand::Standing(shown) => Moment(shown.at.load(Ordering::Relaxed)),
            Hand::Going(ahead_ms) => Moment::from(chrono::Utc::now()).plus_ms(*ahead_ms),
        }
    }

    /// How much time has passed since some moment of the past, ms: nobody can set it.
    fn passed_ms(&self) -> i64 {
        match &self.0 {
            Hand::Standing(shown) => shown.passed_ms.load(Ordering::Relaxed),
            Hand::Going(_) => i64::try_from(BEGAN.elapsed().as_millis()).unwrap_or(i64::MAX),
        }
    }
}

/// A clock that does not believe at once when it is set. Until a step has lasted, time goes on as it
/// did before; then the new time is the right one.
#[derive(Clone, Debug)]
pub struct CalmClock {
    clock: Clock,
    patience_ms: i64,
    /// What the clock shows beyond the time passed, as far as it is believed.
    believed_ms: i64,
    /// Since when it shows something else, by the time passed.
    off_since: Option<i64>,
}

impl CalmClock {
    /// Believes what `clock` shows now, and a step once it has lasted for `patience_ms`.
    pub fn new(clock: Clock, patience_ms: i64) -> Self {
        let believed_ms = clock.now().0 - clock.passed_ms();
        Self { clock, patience_ms, believed_ms, off_since: None }
    }

    /// Now, as far as it is believed. Is to be asked again and again, so that it sees how long a step
    /// lasts.
    pub fn now(&mut self) -> Moment {
        let passed_ms = self.clock.passed_ms();
        let is_off = self.ahead_ms().abs() > SLACK_MS;
        if !is_off || passed_ms - *self.off_since.get_or_insert(passed_ms) >= self.patience_ms {
            self.off_since = None;
            self.believed_ms = self.clock.now().0 - passed_ms;
        }
        self.peek()
    }

    /// The same for one who only looks.
    pub fn peek(&self) -> Moment {
        Moment(self.clock.passed_ms() + self.believed_ms)
    }

    /// Whether the clock shows something else than what is believed.
    pub fn is_off(&self) -> bool {
        self.off_since.is_some()
    }

    /// How far the clock is ahead of what is believed, ms.
    pub fn ahead_ms(&self) -> i64 {
        self.clock.now() - self.peek()
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

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: i64 = 60_000;

    #[test]
    fn a_step_is_believed_once_it_has_lasted_and_one_that_is_taken_back_never_was() {
        let clock = Clock::standing_at(Moment(0));
        let mut calm = CalmClock::new(clock.clone(), 10 * MINUTE_MS);
        let mut pass = |ms: i64| {
            clock.set(clock.now().plus_ms(ms));
            calm.now().0
        };
        assert_eq!(pass(MINUTE_MS), MINUTE_MS);
        for step_ms in [120 * MINUTE_MS, -180 * MINUTE_MS] {
            let before = pass(0);
            clock.step(step_ms);
            assert_eq!(pass(9 * MINUTE_MS), before + 9 * MINUTE_MS);
            clock.step(-step_ms);
            assert_eq!(pass(2 * MINUTE_MS), before + 11 * MINUTE_MS);
        }
        let before = pass(0);
        clock.step(-60 * MINUTE_MS);
        assert_eq!(pass(0), before);
        assert_eq!(pass(9 * MINUTE_MS), before + 9 * MINUTE_MS);
        assert_eq!(pass(MINUTE_MS), before - 50 * MINUTE_MS, "it has lasted");
        // What a clock is corrected by all the time is followed at once.
        let before = pass(0);
        clock.step(900);
        assert_eq!(pass(0), before + 900);
    }
}
