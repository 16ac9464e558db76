//! The last minutes of a queue, by the moment of the outcome, and who waits in it now.
//!
//! The visits themselves are kept for an hour, so any window, threshold and percentile is exact.

use std::collections::{BTreeMap, VecDeque};

use crate::call::fact::{Outcome, VisitFact, Was};
use crate::directory::Queue;
use crate::measure::{Moment, Wait};
use crate::stats::VisitCell;

/// The live windows, in minutes.
pub const WINDOWS_MIN: [i64; 4] = [5, 15, 30, 60];

/// Longest window, ms.
const KEPT_MS: i64 = 60 * 60 * 1000;

/// The last hour of one queue.
#[derive(Debug, Default)]
pub struct Recent {
    /// Decided visits in the order of their outcome.
    decided: VecDeque<VisitFact>,
    /// Waiting visits: how many were offered at each moment.
    waiting: BTreeMap<Moment, u32>,
    /// Conversations going on.
    talking: u32,
}

impl Recent {
    /// Follows one change of a visit. What was decided before `oldest`, or told later than the
    /// allowed lateness, does not enter the windows; what is in them can always be corrected.
    pub fn apply(&mut self, change: &Was<VisitFact>, oldest: Moment) {
        let was_in = change.was.as_ref().is_some_and(|was| self.leave(was));
        if let Some(is) = &change.is {
            self.enter(is, oldest, was_in || !is.late);
        }
    }

    fn enter(&mut self, fact: &VisitFact, oldest: Moment, is_timely: bool) {
        if fact.outcome == Some(Outcome::Answered) && !fact.over {
            self.talking += 1;
        }
        match (fact.outcome, fact.decided) {
            (None, _) => *self.waiting.entry(fact.offered).or_default() += 1,
            (Some(_), Some(at)) if at >= oldest && is_timely => {
                let place = self.decided.iter().rposition(|held| held.decided <= Some(at)).map_or(0, |last| last + 1);
                self.decided.insert(place, fact.clone());
            }
            _ => {}
        }
    }

    /// Takes a visit out; says whether it was in the windows.
    fn leave(&mut self, fact: &VisitFact) -> bool {
        if fact.outcome == Some(Outcome::Answered) && !fact.over {
            self.talking = self.talking.saturating_sub(1);
        }
        if fact.outcome.is_none() {
            if let Some(count) = self.waiting.get_mut(&fact.offered) {
                *count -= 1;
                if *count == 0 {
                    self.waiting.remove(&fact.offered);
                }
            }
            return false;
        }
        let place = self.decided.iter().rposition(|held| held == fact);
        place.is_some_and(|place| self.decided.remove(place).is_some())
    }

    /// Lets go of what no window will show again at `now`.
    pub fn trim(&mut self, now: Moment) {
        let oldest = now.plus_ms(-KEPT_MS);
        while self.decided.front().is_some_and(|fact| fact.decided < Some(oldest)) {
            self.decided.pop_front();
        }
    }

    /// Counts and waits of each live window ending at `now`, in the order of [`WINDOWS_MIN`].
    pub fn figures(&self, queue: &Queue, now: Moment) -> [VisitCell; WINDOWS_MIN.len()] {
        let mut cells = std::array::from_fn(|_| VisitCell::of_queue(queue));
        let mut sum = VisitCell::of_queue(queue);
        let mut rest = self.decided.iter().rev().peekable();
        for (cell, minutes) in cells.iter_mut().zip(WINDOWS_MIN) {
            let oldest = now.plus_ms(-minutes * 60_000);
            while let Some(fact) = rest.next_if(|fact| fact.decided > Some(oldest)) {
                sum.count_visit(None, Some(fact), queue);
            }
            *cell = sum.clone();
        }
        cells
    }

    /// How many wait now.
    pub fn waiting(&self) -> u32 {
        self.waiting.values().sum()
    }

    /// How long the first of those who wait has waited at `now`.
    pub fn longest_wait(&self, now: Moment) -> Option<Wait> {
        self.waiting.keys().next().map(|offered| Wait::from_ms(now - *offered))
    }

    /// How many of those who wait now have waited longer than `threshold_ms`: too late already.
    pub fn waiting_beyond(&self, threshold_ms: u32, now: Moment) -> u32 {
        let latest = now.plus_ms(-i64::from(threshold_ms));
        self.waiting.range(..latest).map(|(_, count)| count).sum()
    }

    /// Conversations going on.
    pub fn talking(&self) -> u32 {
        self.talking
    }
}
