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

impl ScopeKind {
    /// All.
    pub const ALL: [Self; 3] = [Self::Queue, Self::Calls, Self::Unit];
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

impl Cell {
    /// Adds all of `other`, which is of the same kind.
    pub fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Visits(sum), Self::Visits(cell)) => sum.merge(cell),
            (Self::Legs(sum), Self::Legs(cell)) => sum.combine(cell, 1),
            _ => debug_assert!(false, "visits and legs are never added up"),
        }
    }

    /// Whether its longest waits are known: see [`VisitCell::max_unsure`].
    pub fn is_sure(&self) -> bool {
        !matches!(self, Self::Visits(cell) if cell.max_unsure)
    }
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

    /// Counts a visit out as it was and in as it is.
    pub fn count_visit(&mut self, was: Option<&VisitFact>, is: Option<&VisitFact>, queue: &Queue) {
        let stay = |fact: &VisitFact| (fact.offered, fact.outcome, fact.wait, fact.outside_hours);
        if was.map(stay) == is.map(stay) {
            // The conversation ended: of most calls the last that is heard.
            both(was, is).for_each(|(fact, sign)| self.counts.count_conversation(fact, sign));
            return;
        }
        for (fact, sign) in both(was, is) {
            self.counts.count_visit(fact, queue, sign);
        }
        let measured = |fact: &VisitFact| Measured::of(fact.outcome, fact.wait, fact.outside_hours);
        self.spread(was.and_then(measured), is.and_then(measured));
    }

    /// Counts a whole call out as it was and in as it is.
    pub fn count_journey(&mut self, was: Option<&JourneyFact>, is: Option<&JourneyFact>, queue: &Queue) {
        for (fact, sign) in both(was, is) {
            self.counts.count_journey(fact, queue, sign);
        }
        let measured = |fact: &JourneyFact| Measured::of(fact.outcome, fact.wait, fact.outside_hours);
        self.spread(was.and_then(measured), is.and_then(measured));
    }

    /// Where the wait stays what it was, neither the distribution nor the maxima have anything to do.
    fn spread(&mut self, was: Option<Measured>, is: Option<Measured>) {
        if was == is {
            return;
        }
        if let Some(Measured { wait, is_answer }) = was {
            self.max_unsure |= self.max_all == Some(wait) || (is_answer && self.max_answered == Some(wait));
            if is_answer {
                self.waits.remove(wait);
            }
        }
        if let Some(Measured { wait, is_answer }) = is {
            self.max_all = self.max_all.max(Some(wait));
            if is_answer {
                self.waits.add(wait);
                self.max_answered = self.max_answered.max(Some(wait));
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

/// A wait that counts.
#[derive(Clone, Copy, PartialEq)]
struct Measured {
    wait: Wait,
    is_answer: bool,
}

impl Measured {
    fn of(outcome: Option<Outcome>, wait: Option<Wait>, outside_hours: bool) -> Option<Self> {
        let outcome = outcome.filter(|outcome| !matches!(outcome, Outcome::Lost | Outcome::Unknown | Outcome::Refused));
        let (Some(outcome), Some(wait), false) = (outcome, wait, outside_hours) else { return None };
        Some(Self { wait, is_answer: outcome == Outcome::Answered })
    }
}

/// What there is of a change, each with its sign.
pub(super) fn both<'a, T>(was: Option<&'a T>, is: Option<&'a T>) -> impl Iterator<Item = (&'a T, i64)> {
    was.map(|fact| (fact, -1)).into_iter().chain(is.map(|fact| (fact, 1)))
}
