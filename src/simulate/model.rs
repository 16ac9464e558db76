//! The model customer: a federation of four municipalities with a shared switchboard and an IT
//! support desk. Its yearly figures are those of its published annual report.

use std::collections::BTreeMap;

use chrono::{Datelike, Timelike, Weekday};
use chrono_tz::Tz;

use crate::directory::{Hours, UnitRow};
use crate::measure::Moment;

/// What is simulated.
#[derive(Debug)]
pub struct Scenario {
    /// The queues.
    pub queues: Vec<QueueModel>,
    /// Where callers are sent on to.
    pub units: Vec<UnitModel>,
    /// Whether attendants' states are told, for live gauges.
    pub tells_agents: bool,
    /// How people and phones behave.
    pub manners: Manners,
    zone: Tz,
    is_around_the_clock: bool,
}

/// One queue: its callers and its attendants.
#[derive(Debug)]
pub struct QueueModel {
    /// The switch's name of it, and ours.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Calls in a usual year.
    pub calls_a_year: f64,
    /// Mean length of a conversation, seconds.
    pub talk_s: f64,
    /// Mean after-call work, seconds.
    pub wrapup_s: f64,
    /// Mean patience of those who wait, seconds.
    pub patience_s: f64,
    /// Share of the answered who are sent on to a unit.
    pub transferred: f64,
    /// How many spare attendants beyond the load, in roots of the load.
    pub spare: f64,
    /// Share of the shifts that have one attendant less than planned.
    pub short_staffed: f64,
    /// Fewest and most attendants on shift.
    pub attendants: (usize, usize),
    /// When it is open.
    pub hours: Hours,
}

/// How people and phones behave.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// The greeting before the queue, ms.
    pub greeting_ms: i64,
    /// Shortest ringing at an attendant, and how much longer it is on average, seconds.
    pub ring_s: (f64, f64),
    /// Share of the rings that an attendant misses.
    pub missed: f64,
    /// Shortest conversation, seconds, and of how many exponential parts the rest is: few
    /// conversations are very short.
    pub talk: (f64, u32),
    /// Shortest patience, seconds.
    pub patience_least_s: f64,
    /// Share of the callers who find at once that they have dialled wrongly.
    pub misdialled: f64,
    /// Share of those who lose patience that leave by a key.
    pub by_key: f64,
    /// Callers who have waited this long are let go, ms.
    pub overflow_ms: i64,
}

impl Manners {
    /// As at a municipal switchboard.
    pub const MUNICIPAL: Self = Self {
        greeting_ms: 1_500,
        ring_s: (1.2, 2.6),
        missed: 0.03,
        talk: (6.0, 2),
        patience_least_s: 4.0,
        misdialled: 0.008,
        by_key: 0.08,
        overflow_ms: 15 * 60_000,
    };

    /// As the formulas of queues assume: everything exponential, nobody misses anything.
    pub const TEXTBOOK: Self = Self {
        greeting_ms: 0,
        ring_s: (0.0, 0.0),
        missed: 0.0,
        talk: (0.0, 1),
        patience_least_s: 0.0,
        misdialled: 0.0,
        by_key: 0.0,
        overflow_ms: 24 * 3_600_000,
    };
}

/// One unit.
#[derive(Clone, Debug)]
pub struct UnitModel {
    /// The extension dialled.
    pub extension: String,
    /// Share of the transfers that it answers.
    pub answers: f64,
}

/// Seconds of opening in a year, weighted as in `arrivals`; what makes a year's calls come out.
const WEIGHTED_SECONDS: f64 = 6_860_000.0;
/// How busy it is around the clock.
const EVEN: f64 = 1.25;

/// Rows of the example's directory: the model customer's units.
const UNITS: &str = include_str!("../../config/lystkom-units.csv");

impl Scenario {
    /// The model customer in a usual year.
    pub fn municipal() -> Self {
        let zone = chrono_tz::Europe::Stockholm;
        let hours =
            |text: &str| Hours::parse(text, &BTreeMap::new(), zone, Some("SE")).unwrap_or_else(|_| Hours::always());
        Self {
            queues: vec![
                QueueModel {
                    name: "kundtjanst",
                    title: "Kundtjänst",
                    // Recalls come on top, and not all are answered: some 112 000 are.
                    calls_a_year: 120_000.0,
                    talk_s: 78.0,
                    wrapup_s: 14.0,
                    patience_s: 260.0,
                    transferred: 0.46,
                    spare: 1.12,
                    short_staffed: 0.0,
                    attendants: (1, 10),
                    hours: hours("Mo-Fr 07:30-16:30; PH off"),
                },
                QueueModel {
                    name: "itsupport",
                    title: "IT-support",
                    calls_a_year: 10_400.0,
                    talk_s: 330.0,
                    wrapup_s: 90.0,
                    patience_s: 420.0,
                    transferred: 0.04,
                    spare: 1.0,
                    short_staffed: 0.63,
                    attendants: (1, 4),
                    hours: hours("Mo-Fr 07:00-17:00; PH off"),
                },
            ],
            units: Self::unit_rows().iter().filter(|row| row.valid_from.is_empty()).enumerate().map(unit).collect(),
            tells_agents: false,
            manners: Manners::MUNICIPAL,
            zone,
            is_around_the_clock: false,
        }
    }

    /// One queue as the formulas of queues assume it: so many calls an hour, mean conversation and
    /// patience in seconds, always so many attendants.
    pub fn textbook(calls_per_hour: f64, talk_s: f64, patience_s: f64, attendants: usize) -> Self {
        let queue = QueueModel {
            name: "textbook",
            title: "Textbook",
            calls_a_year: calls_per_hour / 3600.0 / EVEN * WEIGHTED_SECONDS,
            talk_s,
            wrapup_s: 0.0,
            patience_s,
            transferred: 0.0,
            spare: 0.0,
            short_staffed: 0.0,
            attendants: (attendants, attendants),
            hours: Hours::always(),
        };
        Self {
            queues: vec![queue],
            units: Vec::new(),
            tells_agents: false,
            manners: Manners::TEXTBOOK,
            zone: chrono_tz::UTC,
            is_around_the_clock: true,
        }
    }

    /// The same, always open and as busy as on a forenoon: for a demonstration at any hour.
    #[must_use]
    pub fn around_the_clock(mut self) -> Self {
        for queue in &mut self.queues {
            queue.hours = Hours::always();
        }
        self.is_around_the_clock = true;
        self.tells_agents = true;
        self
    }

    /// Callers times `factor`.
    #[must_use]
    pub fn busier(mut self, factor: f64) -> Self {
        for queue in &mut self.queues {
            queue.calls_a_year *= factor;
        }
        self
    }

    /// The units as a directory takes them.
    pub fn unit_rows() -> Vec<UnitRow> {
        // Our own file, which a test reads.
        csv::Reader::from_reader(UNITS.as_bytes()).deserialize().filter_map(Result::ok).collect()
    }

    /// Names and titles of the organisations of those units.
    pub const ORGANISATIONS: [(&'static str, &'static str); 5] = [
        ("lycksele", "Lycksele kommun"),
        ("storuman", "Storumans kommun"),
        ("vilhelmina", "Vilhelmina kommun"),
        ("asele", "Åsele kommun"),
        ("dorotea", "Dorotea kommun"),
    ];

    /// Callers a second that arrive at a queue at `at`.
    pub(super) fn arrivals(&self, queue: &QueueModel, at: Moment) -> f64 {
        let local = at.to_utc().with_timezone(&self.zone);
        let hour = f64::from(local.num_seconds_from_midnight()) / 3600.0;
        let even = queue.calls_a_year / WEIGHTED_SECONDS;
        if self.is_around_the_clock {
            return even * EVEN;
        }
        let weekday = match local.weekday() {
            Weekday::Mon => 1.25,
            Weekday::Tue | Weekday::Wed => 1.05,
            Weekday::Thu => 1.0,
            Weekday::Fri => 0.85,
            Weekday::Sat | Weekday::Sun => 0.02,
        };
        let season = match local.month() {
            7 => 0.6,
            1 | 9 => 1.15,
            _ => 1.0,
        };
        let hump = |middle: f64, width: f64| (-((hour - middle) / width).powi(2)).exp();
        let profile = if queue.hours.is_open(at) {
            0.35 + 1.1 * hump(9.3, 1.2) + 0.8 * hump(13.3, 1.1) - 0.15 * hump(12.0, 0.5)
        } else {
            0.004 // those who have not read the opening hours
        };
        even * weekday * season * profile
    }

    /// How many attendants are on shift in a queue at `at`: planned for the load of the hour, as a
    /// group leader would, with lunch taken in turns.
    pub(super) fn staffed(&self, queue: &QueueModel, at: Moment) -> usize {
        if !queue.hours.is_open(at) {
            return 0;
        }
        let hour = Moment(at.0 - at.0.rem_euclid(3_600_000) + 1_800_000);
        let load = self.arrivals(queue, hour) * (queue.talk_s + queue.wrapup_s + 5.0);
        let planned = (load + queue.spare * load.sqrt()).ceil().max(1.0) as usize;
        // Which shifts are short is settled by the date, not by chance, so that it can be planned.
        let shift = at.seconds().div_euclid(4 * 3600).unsigned_abs();
        let is_short = (shift.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / (1u64 << 24) as f64;
        let missing = usize::from(is_short < queue.short_staffed);
        planned.saturating_sub(missing).clamp(queue.attendants.0, queue.attendants.1)
    }
}

fn unit((at, row): (usize, &UnitRow)) -> UnitModel {
    // From under 50 to about 70 %, the same unit always the same.
    let place = (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    UnitModel { extension: row.from.clone(), answers: 0.46 + 0.25 * place as f64 / (1u64 << 24) as f64 }
}
