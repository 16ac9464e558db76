//! Counters that only grow, as Prometheus wants them: what happened live since the beginning.
//!
//! A correction changes figures in the store, never a counter: a counter that goes down reads as
//! a restart and turns one corrected call into a hundred thousand. Totals are stored with the
//! batch that moved them, so a restart neither repeats nor forgets.

use serde::{Deserialize, Serialize};

use crate::call::fact::{LegFact, LegOutcome, Outcome, VisitFact, Was};
use crate::directory::Queue;
use crate::measure::Wait;
use crate::names::DefinitionId;
use crate::stats::definition::verdict;

/// Upper bounds of the wait histogram's buckets, seconds; the last bucket has none.
pub const WAIT_BUCKETS_S: [u32; 12] = [5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600];

/// What happened in one queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueTotals {
    /// Entered while open.
    pub offered: u64,
    /// Entered while closed.
    pub outside_hours: u64,
    /// Ended, by outcome in the order of [`Outcome::ALL`]; the short abandons are in `abandoned` too.
    pub ended: [u64; Outcome::ALL.len()],
    /// Of the abandoned, the short ones.
    pub short_abandoned: u64,
    /// Per threshold: (T in ms, met, not met), by the queue's definition (else the default one).
    pub thresholds: Vec<(u32, u64, u64)>,
    /// Waits of the answered per bucket of [`WAIT_BUCKETS_S`], the unbounded one last.
    pub answered_waits: [u64; WAIT_BUCKETS_S.len() + 1],
    /// Sum of those waits, ms.
    pub answered_wait_ms: u64,
    /// Waits of the abandoned per bucket.
    pub abandoned_waits: [u64; WAIT_BUCKETS_S.len() + 1],
    /// Sum of those waits, ms.
    pub abandoned_wait_ms: u64,
    /// Conversations that ended and whose length is known.
    #[serde(default)]
    pub talks: u64,
    /// Sum of those lengths, ms.
    #[serde(default)]
    pub talk_ms: u64,
}

impl QueueTotals {
    /// Zeros, with the queue's thresholds.
    pub fn of_queue(queue: &Queue) -> Self {
        Self { thresholds: queue.thresholds_ms.iter().map(|t| (*t, 0, 0)).collect(), ..Self::default() }
    }

    /// Counts what is new in a change; says whether anything was.
    pub fn apply(&mut self, change: &Was<VisitFact>, queue: &Queue) -> bool {
        let Some(is) = &change.is else { return false };
        let is_new = change.was.is_none();
        if is_new {
            *(if is.outside_hours { &mut self.outside_hours } else { &mut self.offered }) += 1;
        }
        let was_open = change.was.as_ref().is_none_or(|was| was.outcome.is_none());
        if let (true, false, Some(outcome)) = (was_open, is.outside_hours, is.outcome) {
            self.end(is, outcome, queue);
        }
        let was_talk = change.was.as_ref().and_then(|was| was.talk);
        if let (None, false, Some(talk)) = (was_talk, is.outside_hours, is.talk) {
            self.talks += 1;
            self.talk_ms += u64::from(talk.ms());
        }
        // Whoever counts too much stores once too often, which does no harm.
        is_new || was_open || (was_talk.is_none() && is.talk.is_some())
    }

    fn end(&mut self, fact: &VisitFact, outcome: Outcome, queue: &Queue) {
        self.ended[outcome as usize] += 1;
        let is_short = outcome == Outcome::Abandoned
            && queue.short_abandon_ms.is_some_and(|limit| fact.wait.is_some_and(|wait| wait.ms() <= limit));
        self.short_abandoned += u64::from(is_short);
        if let Some(wait) = fact.wait {
            self.spread(outcome, wait);
        }
        if fact.wait.is_none() && outcome != Outcome::Refused {
            // Whether in time, nobody knows.
            return;
        }
        let wait_ms = fact.wait.map_or(u32::MAX, Wait::ms);
        let definition = queue.objective.map_or(DefinitionId::default(), |objective| objective.definition);
        for (threshold_ms, met, missed) in &mut self.thresholds {
            match verdict(definition, outcome, wait_ms, *threshold_ms, is_short) {
                Some(true) => *met += 1,
                Some(false) => *missed += 1,
                None => {}
            }
        }
    }

    fn spread(&mut self, outcome: Outcome, wait: Wait) {
        let bucket = WAIT_BUCKETS_S.iter().position(|bound| wait.ms() <= bound * 1000).unwrap_or(WAIT_BUCKETS_S.len());
        match outcome {
            Outcome::Answered => {
                self.answered_waits[bucket] += 1;
                self.answered_wait_ms += u64::from(wait.ms());
            }
            Outcome::Abandoned => {
                self.abandoned_waits[bucket] += 1;
                self.abandoned_wait_ms += u64::from(wait.ms());
            }
            _ => {}
        }
    }
}

/// What happened to the transfers to one unit: ended headline legs by outcome, in the order of
/// [`LegOutcome::ALL`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitTotals {
    /// Ended, by outcome.
    pub ended: [u64; LegOutcome::ALL.len()],
    /// Of those, hung up before the short-ring limit: left out of the answer rate.
    #[serde(default)]
    pub short: u64,
}

impl UnitTotals {
    /// Counts what is new in a change; says whether anything was.
    pub fn apply(&mut self, change: &Was<LegFact>) -> bool {
        let Some(is) = change.is.as_ref().filter(|is| is.is_headline()) else { return false };
        let was_open = change.was.as_ref().is_none_or(|was| was.outcome.is_none());
        let Some(outcome) = is.outcome.filter(|_| was_open) else { return false };
        self.ended[outcome as usize] += 1;
        self.short += u64::from(is.short);
        true
    }

    /// Ended legs as the unit's answer rate judges them: `answered`, `missed`, `left_out`.
    pub fn judged(&self) -> [(&'static str, u64); 3] {
        let sum = |is_wanted: fn(LegOutcome) -> bool| -> u64 {
            LegOutcome::ALL
                .iter()
                .filter(|outcome| is_wanted(**outcome))
                .map(|outcome| self.ended[*outcome as usize])
                .sum()
        };
        let answered = sum(LegOutcome::is_reached);
        let left_out = sum(|outcome| matches!(outcome, LegOutcome::Withdrawn | LegOutcome::Unknown)) + self.short;
        let all = sum(|_| true);
        [("answered", answered), ("missed", all.saturating_sub(answered + left_out)), ("left_out", left_out)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::QueueSettings;
    use crate::measure::{Moment, Wait};
    use crate::stats::{Counts, definition};

    #[test]
    fn one_visit_at_a_time_gives_the_same_level_as_the_sums() {
        let queue = QueueSettings::named("q").check(chrono_tz::UTC, None).unwrap();
        let mut visits = Vec::new();
        for outcome in Outcome::ALL {
            for wait in [0, 4_000, 5_000, 5_001, 29_999, 30_000, 30_001, 60_000, 90_000] {
                visits.push((*outcome, wait));
            }
        }
        for definition in DefinitionId::ALL {
            for threshold in [30_000, 60_000] {
                let (mut counts, mut met, mut of) = (Counts::of_queue(&queue), 0, 0);
                for (outcome, wait) in &visits {
                    let fact = crate::stats::snapshot::tests_support::visit(*outcome, Wait::from_ms(*wait), Moment(0));
                    counts.count_visit(&fact, &queue, 1);
                    let short = *outcome == Outcome::Abandoned && *wait <= 5_000;
                    let judged = verdict(definition, *outcome, *wait as u32, threshold, short);
                    met += i64::from(judged == Some(true));
                    of += i64::from(judged.is_some());
                }
                let level = definition::service_level(&counts, threshold, definition);
                assert_eq!((level.met, level.of), (met, of), "{} {threshold}", definition.as_str());
            }
        }
    }
}
