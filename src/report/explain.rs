//! How a figure came about: the counts it is made of, counted once more from the stored visits, and
//! the visits themselves with what each of them counted for.

use crate::call::fact::{Outcome, VisitFact};
use crate::directory::{Directory, Queue};
use crate::measure::Wait;
use crate::names::{DefinitionId, QueueId};
use crate::report::Request;
use crate::report::figures::{of_visits, threshold_of};
use crate::report::gather;
use crate::report::rules::{Held, held};
use crate::report::sheet::VisitFigures;
use crate::stats::period::Period;
use crate::stats::{Counts, definition};
use crate::store::contract::Page;
use crate::store::{Reader, StoreError, VisitRow};

/// Most visits that are counted once more: some 100 MB of memory. A longer period is explained by its
/// counts alone, and says so.
pub const RECOUNTED_MAX: usize = 500_000;

/// What a visit counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Numerator and denominator.
    Met,
    /// Denominator only.
    Missed,
    /// In neither by the definition: a short abandon, say.
    LeftOut,
    /// In no denominator at all: outside hours, lost, unknown, still waiting.
    NotCounted,
}

impl Verdict {
    /// The one spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::LeftOut => "left_out",
            Self::NotCounted => "not_counted",
        }
    }
}

/// A queue's figure, explained.
#[derive(Debug)]
pub struct Explanation {
    /// Of which days.
    pub period: Period,
    /// Which queue.
    pub queue: QueueId,
    /// Threshold, ms.
    pub threshold_ms: u32,
    /// From the rollups, as the report shows them.
    pub figures: VisitFigures,
    /// The same counts from the stored visits; `None`: too many to count, or deleted by now.
    pub recounted: Option<Counts>,
    /// Visits with what each counted for, in the order of their time.
    pub visits: Vec<(VisitRow, Verdict)>,
}

/// Explains the figure of a queue. Lists at most `listed` visits; only those that were not answered
/// in time where `only_missed`.
///
/// # Errors
/// Where the store cannot be read.
pub fn explain(
    reader: &dyn Reader,
    directory: &Directory,
    request: &Request,
    id: QueueId,
    listed: usize,
    only_missed: bool,
) -> Result<Explanation, StoreError> {
    let (start, end) = request.moments(directory.zone());
    let sums = gather::sums(reader, directory, &request.sight, start, end)?;
    let closings = reader.closings(start, end)?;
    let Held { terms, .. } = held(directory, &closings, request.period).swap_remove(id.index());
    let figures = of_visits(&sums.queues[id.index()], &terms.thresholds_ms, terms.objective.as_ref());
    let (threshold_ms, by) = threshold_of(terms.objective.as_ref(), &terms.thresholds_ms);
    let queue = directory.queue(id);
    let stored = reader.visits(&request.sight, id, start, end, &Page::first(RECOUNTED_MAX + 1))?;
    let recounted = (stored.len() <= RECOUNTED_MAX).then(|| {
        let mut counts = Counts::of_queue(queue.at(start));
        stored.iter().for_each(|row| counts.count_visit(&row.visit, queue, 1));
        counts
    });
    let judged = stored.into_iter().map(|row| {
        let verdict = verdict(&row.visit, queue, threshold_ms, by);
        (row, verdict)
    });
    let wanted = judged.filter(|(_, verdict)| !only_missed || *verdict == Verdict::Missed);
    let visits = wanted.take(listed).collect();
    Ok(Explanation { period: request.period, queue: id, threshold_ms, figures, recounted, visits })
}

/// What a visit counts for in the queue's own service level.
fn verdict(visit: &VisitFact, queue: &Queue, threshold_ms: u32, by: DefinitionId) -> Verdict {
    let outcome = match visit.outcome {
        Some(outcome) if !visit.outside_hours && !matches!(outcome, Outcome::Lost | Outcome::Unknown) => outcome,
        _ => return Verdict::NotCounted,
    };
    if visit.wait.is_none() && outcome != Outcome::Refused {
        // Whether in time, nobody knows.
        return Verdict::LeftOut;
    }
    let wait_ms = visit.wait.map_or(u32::MAX, Wait::ms);
    let is_short =
        outcome == Outcome::Abandoned && queue.at(visit.offered).short_abandon_ms.is_some_and(|limit| wait_ms <= limit);
    match definition::verdict(by, outcome, wait_ms, threshold_ms, is_short) {
        Some(true) => Verdict::Met,
        Some(false) => Verdict::Missed,
        None => Verdict::LeftOut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests_support::small_month;

    #[test]
    fn the_visits_add_up_to_the_figure_that_they_explain() {
        let memory = small_month();
        let request = crate::report::tests_support::request("2026-11", None);
        let told = explain(&memory, &memory.directory, &request, QueueId(0), 100, false).unwrap();
        assert_eq!(told.recounted.as_ref(), Some(&told.figures.counts));
        let count = |wanted: Verdict| told.visits.iter().filter(|(_, verdict)| *verdict == wanted).count() as i64;
        let share = told.figures.judged.unwrap();
        assert_eq!(count(Verdict::Met), share.met);
        assert_eq!(count(Verdict::Met) + count(Verdict::Missed), share.of);
        assert_eq!((count(Verdict::LeftOut), count(Verdict::NotCounted)), (1, 0));
        let missed = explain(&memory, &memory.directory, &request, QueueId(0), 2, true).unwrap();
        assert_eq!(missed.visits.len(), 2);
        assert!(missed.visits.iter().all(|(_, verdict)| *verdict == Verdict::Missed));
    }
}
