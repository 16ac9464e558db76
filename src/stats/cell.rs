//! Counts and waits of one queue, of the calls that began there, or of one unit, in one interval.

use serde::{Deserialize, Serialize};

use crate::call::fact::{JourneyFact, Outcome, VisitFact};
use crate::directory::Queue;
use crate::measure::{Moment, Wait};
use crate::names::{QueueId, UnitId};
use crate::stats::{Counts, LegCounts, Waits};

/// The three sizes of intervals that are kept; each is the sum of those below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// A quarter-hour.
    Quarter,
    /// A local calendar day of the deployment's zone.
    Day,
    /// A local calendar month.
    Month,
}

impl Tier {
    /// All, smallest first.
    pub const ALL: [Self; 3] = [Self::Quarter, Self::Day, Self::Month];

    /// The stored spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quarter => "quarter",
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

/// What a cell is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Visits of a queue.
    Queue(QueueId),
    /// Whole calls whose first visit was to this queue.
    Calls(QueueId),
    /// Transfer legs to a unit.
    Unit(UnitId),
}

/// The kind of a [`Scope`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScopeKind {
    /// Visits of queues.
    Queue,
    /// Whole calls.
    Calls,
    /// Transfer legs.
    Unit,
}

impl Scope {
    /// Its kind.
    pub const fn kind(self) -> ScopeKind {
        match self {
            Self::Queue(_) => ScopeKind::Queue,
            Self::Calls(_) => ScopeKind::Calls,
            Self::Unit(_) => ScopeKind::Unit,
        }
    }
}

/// Which cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellKey {
    /// About what.
    pub scope: Scope,
    /// Of which size.
    pub tier: Tier,
    /// When its interval begins.
    pub start: Moment,
}

/// A cell of either kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Of visits or calls.
    Visits(Box<VisitCell>),
    /// Of transfer legs.
    Legs(Box<LegCounts>),
}

/// Counts and waits of visits (or of calls) in one interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VisitCell {
    /// Exact counts.
    pub counts: Counts,
    /// Waits of the answered.
    pub waits: Waits,
    /// Longest wait of the answered.
    pub max_answered: Option<Wait>,
    /// Longest wait of all with a known wait.
    pub max_all: Option<Wait>,
    /// The longest wait was taken out: the two maxima must be looked up among the facts again,
    /// since a maximum cannot be subtracted.
    pub max_unsure: bool,
}

impl VisitCell {
    /// An empty cell of a queue.
    pub fn of_queue(queue: &Queue) -> Self {
        Self { counts: Counts::of_queue(queue), ..Self::default() }
    }

    /// Counts a visit in or out.
    pub fn count_visit(&mut self, fact: &VisitFact, queue: &Queue, sign: i64) {
        self.counts.count_visit(fact, queue, sign);
        self.spread(fact.outcome, fact.wait, fact.outside_hours, sign);
    }

    /// Counts a whole call in or out.
    pub fn count_journey(&mut self, fact: &JourneyFact, queue: &Queue, sign: i64) {
        self.counts.count_journey(fact, queue, sign);
        self.spread(fact.outcome, fact.wait, fact.outside_hours, sign);
    }

    fn spread(&mut self, outcome: Option<Outcome>, wait: Option<Wait>, outside_hours: bool, sign: i64) {
        let (Some(outcome), Some(wait), false) = (outcome, wait, outside_hours) else { return };
        if matches!(outcome, Outcome::Lost | Outcome::Unknown | Outcome::Refused) {
            return;
        }
        let is_answer = outcome == Outcome::Answered;
        if sign > 0 {
            self.max_all = self.max_all.max(Some(wait));
            if is_answer {
                self.waits.add(wait);
                self.max_answered = self.max_answered.max(Some(wait));
            }
        } else {
            self.max_unsure |= self.max_all == Some(wait) || (is_answer && self.max_answered == Some(wait));
            if is_answer {
                self.waits.remove(wait);
            }
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.counts += &other.counts;
        self.waits.merge(&other.waits);
        self.max_answered = self.max_answered.max(other.max_answered);
        self.max_all = self.max_all.max(other.max_all);
        self.max_unsure |= other.max_unsure;
    }
}
