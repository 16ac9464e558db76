//! What is asked of a report.

use std::sync::Arc;

use chrono_tz::Tz;

use crate::measure::Moment;
use crate::report::ReportKind;
use crate::stats::period::Period;
use crate::store::{Elsewhere, Sight};

/// Which days, cut how finely, for whom.
#[derive(Clone, Debug)]
pub struct Request {
    /// The local days, in the deployment's zone. The last is the day before `until`.
    pub period: Period,
    /// What is told of them to people; programs get everything.
    pub kind: &'static ReportKind,
    /// Intervals to list beside the sums; `None`: sums only.
    pub interval: Option<Interval>,
    /// What no switch told, beside what is kept of that, for this report alone.
    pub elsewhere: Arc<[Elsewhere]>,
    /// Whose report it is: queues and organisations outside are not in it.
    pub sight: Sight,
}

impl Request {
    /// Both ends of the period as instants: `from` included, `until` not.
    pub fn moments(&self, zone: Tz) -> (Moment, Moment) {
        self.period.moments(zone)
    }
}

/// Sizes of the intervals that a report can list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// Quarter-hours.
    Quarter,
    /// Local hours; of the hour that comes twice, each is one.
    Hour,
    /// Local days, of 23 to 25 hours.
    Day,
    /// Local months; the first and last only as far as they lie in the period.
    Month,
}

impl Interval {
    /// All, smallest first.
    pub const ALL: [Self; 4] = [Self::Quarter, Self::Hour, Self::Day, Self::Month];

    /// The one spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quarter => "15m",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// Reads the one spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interval| interval.as_str() == text)
    }
}
