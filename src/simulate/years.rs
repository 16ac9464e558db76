//! Three years of the model customer, each tuned to its published annual figures. What is tuned is
//! what a lead can change or suffer: how many call, how long it takes, how many attendants are
//! planned and how often one is missing. The levels come out of the queue.

use crate::simulate::Scenario;

/// A year with what was published of it.
#[derive(Clone, Copy, Debug)]
pub struct Year {
    /// Which.
    pub year: i32,
    /// The seed whose calls come closest.
    pub seed: u64,
    /// Published: answered calls of customer service, and the share of them answered within 30 s.
    pub kundtjanst: (Option<i64>, Option<f64>),
    /// Published: calls to IT support, and the share of them answered within a minute.
    pub itsupport: (i64, f64),
    /// Published: tickets that IT support registered.
    pub tickets: i64,
    tuned: [Tuned; 2],
}

/// One queue's year.
#[derive(Clone, Copy, Debug)]
struct Tuned {
    calls: f64,
    talk_s: f64,
    spare: f64,
    short_staffed: f64,
}

/// The published years. Nothing is published of customer service in 2021, nor of its answered calls
/// in 2022; there the simulation stands for itself.
pub const YEARS: [Year; 3] = [
    Year {
        year: 2021,
        seed: 3,
        kundtjanst: (None, None),
        itsupport: (14_000, 0.74),
        tickets: 8_600,
        tuned: [
            Tuned { calls: 118_000.0, talk_s: 80.0, spare: 0.72, short_staffed: 0.10 },
            Tuned { calls: 13_950.0, talk_s: 300.0, spare: 1.05, short_staffed: 0.50 },
        ],
    },
    Year {
        year: 2022,
        seed: 54,
        kundtjanst: (None, Some(0.86)),
        itsupport: (9_800, 0.86),
        tickets: 9_500,
        tuned: [
            Tuned { calls: 119_000.0, talk_s: 80.0, spare: 0.81, short_staffed: 0.08 },
            Tuned { calls: 9_830.0, talk_s: 310.0, spare: 1.35, short_staffed: 0.13 },
        ],
    },
    Year {
        year: 2023,
        seed: 42,
        kundtjanst: (Some(112_076), Some(0.916)),
        itsupport: (10_400, 0.68),
        tickets: 8_600,
        tuned: [
            Tuned { calls: 119_500.0, talk_s: 78.0, spare: 1.11, short_staffed: 0.0 },
            Tuned { calls: 10_400.0, talk_s: 330.0, spare: 0.93, short_staffed: 0.70 },
        ],
    },
];

impl Scenario {
    /// The model customer in one of [`YEARS`].
    pub fn of_year(year: &Year) -> Self {
        let mut scenario = Self::municipal();
        for (queue, tuned) in scenario.queues.iter_mut().zip(year.tuned) {
            queue.calls_a_year = tuned.calls;
            queue.talk_s = tuned.talk_s;
            queue.spare = tuned.spare;
            queue.short_staffed = tuned.short_staffed;
        }
        scenario
    }
}

impl Year {
    /// The published year, if there is one.
    pub fn named(year: i32) -> Option<&'static Self> {
        YEARS.iter().find(|published| published.year == year)
    }
}
