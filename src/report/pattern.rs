//! When people call: counts by weekday and local hour.

use chrono::{Datelike, Timelike};

use crate::directory::Directory;
use crate::measure::Share;
use crate::names::DefinitionId;
use crate::report::figures::threshold_of;
use crate::report::kinds::HOURS;
use crate::report::rules::Held;
use crate::report::{Request, gather, month};
use crate::stats::{Cell, Counts, Scope, ScopeKind, Tier, definition};
use crate::store::{Reader, StoreError};

/// Queues beyond which a report is not told by weekday and hour, unless that is what was asked for.
/// Two tables a queue, from a row a queue and quarter-hour, would take longer than all the rest: of
/// 2 000 queues more than a million rows a month. The report says so in their place.
pub const QUEUES_MAX: usize = 50;

/// One queue's counts by weekday and hour.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The threshold of the service level, ms: that of the objective, else the queue's first.
    pub threshold_ms: u32,
    /// By which definition.
    pub definition: DefinitionId,
    /// Monday first, then by local hour 0 to 23. The hour that comes twice in autumn is one here.
    pub cells: Vec<[Counts; 24]>,
}

impl Pattern {
    /// Hours in which anything was offered on any weekday.
    pub fn hours(&self) -> Vec<usize> {
        (0..24).filter(|hour| self.cells.iter().any(|day| day[*hour].offered > 0)).collect()
    }

    /// The service level of a weekday and hour.
    pub fn level(&self, weekday: usize, hour: usize) -> Share {
        definition::service_level(&self.cells[weekday][hour], self.threshold_ms, self.definition)
    }
}

/// Patterns of the queues that may be seen over a period, in the order of the directory. `None`: there
/// are more than [`QUEUES_MAX`], and the request is for something else.
pub(super) fn patterns(
    reader: &dyn Reader,
    directory: &Directory,
    rules: &[Held],
    request: &Request,
) -> Result<Option<Vec<Pattern>>, StoreError> {
    let seen = month::seen_queues(directory, &request.sight).count();
    if seen > QUEUES_MAX && request.kind.name != HOURS {
        return Ok(None);
    }
    let (from, until) = request.moments(directory.zone());
    let of_queue = |(queue, held): (&crate::directory::Queue, &Held)| {
        let (threshold_ms, definition) = threshold_of(held.terms.objective.as_ref(), &held.terms.thresholds_ms);
        let empty = || std::array::from_fn(|_| Counts::of_queue(queue));
        Pattern { threshold_ms, definition, cells: (0..7).map(|_| empty()).collect() }
    };
    let mut patterns: Vec<Pattern> = directory.queues().iter().zip(rules).map(of_queue).collect();
    let quarters = (ScopeKind::Queue, Tier::Quarter);
    gather::each_cell(reader, directory, &request.sight, quarters, (from, until), |key, cell| {
        let (Scope::Queue(queue), Cell::Visits(cell)) = (key.scope, cell) else { return };
        let local = key.start.to_utc().with_timezone(&directory.zone());
        if let Some(pattern) = patterns.get_mut(queue.index()) {
            pattern.cells[local.weekday().num_days_from_monday() as usize][local.hour() as usize] += &cell.counts;
        }
    })?;
    let seen = month::seen_queues(directory, &request.sight).map(|(id, _)| patterns[id.index()].clone());
    Ok(Some(seen.collect()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::call::fact::Outcome;
    use crate::directory::{QueueSettings, Units};
    use crate::i18n::Language;
    use crate::report::document::{Block, Speak, hours};
    use crate::report::tests_support::{Memory, STOCKHOLM, request};
    use crate::report::{ReportKind, month_report};

    #[test]
    fn many_queues_are_told_by_weekday_and_hour_only_where_that_is_asked_for() {
        let queue = |at| QueueSettings::named(&format!("kt-{at}")).check(STOCKHOLM, None).unwrap();
        let queues = (0..=QUEUES_MAX).map(queue).collect();
        let directory = Arc::new(Directory::new(STOCKHOLM, vec!["vaxel".into()], queues, Units::none()).unwrap());
        let mut memory = Memory::of(directory);
        memory.call(50, "2026-11-03T10:00:00+01:00", Outcome::Answered, 10.0);
        let report = |kind: &str| {
            let request = Request { kind: ReportKind::named(kind).unwrap(), ..request("2026-11", None) };
            month_report(&memory, &memory.directory, &request, crate::measure::Moment(0)).unwrap()
        };
        let month = report("month");
        assert!(month.patterns.is_none());
        let chapter = hours::chapter(&month, Speak(Language::En)).unwrap();
        assert!(matches!(&chapter.blocks[..], [Block::Text(said)] if said.contains("at most 50 queues")));
        let by_hour = report(HOURS);
        assert_eq!(by_hour.patterns.as_ref().unwrap()[50].cells[1][10].offered, 1);
        assert_eq!(hours::chapter(&by_hour, Speak(Language::En)).unwrap().blocks.len(), 2);
    }
}
