//! A closed month as one of its revisions has it: what was told of it before it was corrected.
//!
//! Figures are read as that revision signed them, by the rules that it was signed by, also where the
//! month is part of the year so far. Other months are shown as they were signed last, and gaps and
//! dead letters as they are known today: neither is kept by revision.

use crate::clock::local_midnight;
use crate::directory::Directory;
use crate::measure::Moment;
use crate::names::{QueueId, UnitId};
use crate::report::period::months;
use crate::report::sheet::{Report, Shown, Status};
use crate::report::{Request, month_report};
use crate::stats::{Cell, CellKey, ScopeKind, Tier};
use crate::store::{
    ActRow, Closing, DeadLetterRow, Elsewhere, LegRow, Page, Quality, Reader, Sight, StoreError, VisitRow,
};

/// Why a period cannot be shown as one of its revisions.
#[derive(Debug, thiserror::Error)]
pub enum NoRevision {
    /// Months are signed, nothing else is.
    #[error("a revision is one of a month: give a month, for instance 2026-11")]
    NoMonth,
    /// The month was never signed.
    #[error("the month is not closed, so it has no revision yet")]
    NotClosed,
    /// It was signed less often.
    #[error("there is no revision {asked} of the month: it has 1 to {last}")]
    NoSuch {
        /// Which was asked for.
        asked: u32,
        /// The last there is.
        last: u32,
    },
    /// The store cannot be read.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Builds the report of `request`, a closed month, as its revision `asked` has it.
///
/// # Errors
/// Where the period is no month or has no such revision, and where the store cannot be read.
pub fn earlier_report(
    reader: &dyn Reader,
    directory: &Directory,
    request: &Request,
    asked: u32,
    now: Moment,
) -> Result<Report, NoRevision> {
    if months(request.period) != Some(1) {
        return Err(NoRevision::NoMonth);
    }
    let month = local_midnight(request.period.from, directory.zone());
    let closings = reader.closings(month, month.plus_ms(1))?;
    let last = closings.last().ok_or(NoRevision::NotClosed)?.revision;
    let closing = closings.into_iter().find(|closing| closing.revision == asked);
    let closing = closing.ok_or(NoRevision::NoSuch { asked, last })?;
    let mut report = month_report(&Earlier { reader, closing }, directory, request, now)?;
    report.period.shown = Some(Shown { revision: asked, last });
    if asked < last {
        report.period.status = Status::Superseded;
    }
    Ok(report)
}

/// Reads one month as a revision has it, and everything else as it is.
struct Earlier<'a> {
    reader: &'a dyn Reader,
    closing: Closing,
}

impl Reader for Earlier<'_> {
    fn each_cell(
        &self,
        sight: &Sight,
        kind: ScopeKind,
        tier: Tier,
        from: Moment,
        until: Moment,
        give: &mut dyn FnMut(CellKey, Cell),
    ) -> Result<(), StoreError> {
        let Closing { month, ends, revision, .. } = self.closing;
        if from < month {
            self.reader.each_cell(sight, kind, tier, from, until.min(month), give)?;
        }
        let within = (from.max(month), until.min(ends));
        if within.0 < within.1 {
            let signed = self.reader.signed(sight, kind, tier, within, (month, revision))?;
            signed.into_iter().for_each(|(key, cell)| give(key, cell));
        }
        if ends < until {
            self.reader.each_cell(sight, kind, tier, from.max(ends), until, give)?;
        }
        Ok(())
    }

    fn closings(&self, from: Moment, until: Moment) -> Result<Vec<Closing>, StoreError> {
        let mut closings = self.reader.closings(from, until)?;
        closings.retain(|other| other.month != self.closing.month || other.revision <= self.closing.revision);
        Ok(closings)
    }

    fn signed(
        &self,
        sight: &Sight,
        kind: ScopeKind,
        tier: Tier,
        stretch: (Moment, Moment),
        revision: (Moment, u32),
    ) -> Result<Vec<(CellKey, Cell)>, StoreError> {
        self.reader.signed(sight, kind, tier, stretch, revision)
    }

    fn visits(
        &self,
        sight: &Sight,
        queue: QueueId,
        from: Moment,
        until: Moment,
        page: &Page,
    ) -> Result<Vec<VisitRow>, StoreError> {
        self.reader.visits(sight, queue, from, until, page)
    }

    fn legs(
        &self,
        sight: &Sight,
        unit: UnitId,
        from: Moment,
        until: Moment,
        page: &Page,
    ) -> Result<Vec<LegRow>, StoreError> {
        self.reader.legs(sight, unit, from, until, page)
    }

    fn dead_letters(&self, sight: &Sight, before: Option<i64>, limit: usize) -> Result<Vec<DeadLetterRow>, StoreError> {
        self.reader.dead_letters(sight, before, limit)
    }

    fn acts(&self, sight: &Sight, before: Option<i64>, limit: usize) -> Result<Vec<ActRow>, StoreError> {
        self.reader.acts(sight, before, limit)
    }

    fn elsewhere(&self, sight: &Sight) -> Result<Vec<Elsewhere>, StoreError> {
        self.reader.elsewhere(sight)
    }

    fn quality(&self, from: Moment, until: Moment) -> Result<Quality, StoreError> {
        self.reader.quality(from, until)
    }

    fn has_open(&self, from: Moment, until: Moment) -> Result<bool, StoreError> {
        self.reader.has_open(from, until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::fact::{LegOutcome, Outcome};
    use crate::i18n::Language;
    use crate::report::document::{Speak, document};
    use crate::report::tests_support::{Memory, at, request};
    use crate::report::{Interval, Style, render};

    /// October with one visit, and November that was signed three times.
    fn signed_thrice() -> Memory {
        let mut memory = Memory::new();
        memory.call(0, "2026-10-05T10:00:00+02:00", Outcome::Answered, 10.0);
        memory.call(0, "2026-11-03T10:00:00+01:00", Outcome::Answered, 10.0);
        memory.transfer(1, "2026-11-03T10:01:00+01:00", LegOutcome::Answered);
        memory.close("2026-11", "all calls have ended");
        memory.call(0, "2026-11-04T10:00:00+01:00", Outcome::Abandoned, 40.0);
        memory.close("2026-11", "a journal came late");
        memory.transfer(1, "2026-11-05T10:01:00+01:00", LegOutcome::Busy);
        memory.close("2026-11", "another journal");
        memory
    }

    fn shown(memory: &Memory, period: &str, interval: Option<Interval>, revision: u32) -> Result<Report, NoRevision> {
        let now = at("2030-01-01T00:00:00Z");
        earlier_report(memory, &memory.directory, &request(period, interval), revision, now)
    }

    #[test]
    fn each_revision_shows_what_it_signed_in_sums_days_and_the_year_so_far() {
        let memory = signed_thrice();
        // offered, days with visits, transfers to the unit, offered in the year so far, revisions told, status
        let told = |revision| {
            let report = shown(&memory, "2026-11", Some(Interval::Day), revision).unwrap();
            let year = report.comparisons[0].queues[0].as_ref().unwrap();
            (
                report.queues[0].figures.counts.offered,
                report.queues[0].intervals.len(),
                report.units[0].figures.counts.transfers,
                year.counts.offered,
                report.revisions.len(),
                report.period.status,
            )
        };
        assert_eq!(told(1), (1, 1, 1, 2, 1, Status::Superseded));
        assert_eq!(told(2), (2, 2, 1, 3, 2, Status::Superseded));
        assert_eq!(told(3), (2, 2, 2, 3, 3, Status::Revised));
        let last = memory.report("2026-11", None);
        assert_eq!(last.units[0].figures.counts.transfers, 2, "without the question nothing has changed");
        assert_eq!(last.period.shown, None);
    }

    #[test]
    fn every_form_says_which_revision_it_shows() {
        let memory = signed_thrice();
        let report = shown(&memory, "2026-11", None, 1).unwrap();
        let facts = document(&report, Speak(Language::En)).facts;
        assert!(facts.iter().any(|(name, value)| name == "Revision" && value == "1 of 3"), "{facts:?}");
        let written = |render: fn(&Report, &Style, &mut dyn std::io::Write) -> std::io::Result<()>| {
            let mut bytes = Vec::new();
            render(&report, &Style::default(), &mut bytes).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        let json: serde_json::Value = serde_json::from_str(&written(render::json::render)).unwrap();
        assert_eq!(json["period"]["status"], "superseded");
        assert_eq!((&json["period"]["revision"], &json["period"]["last_revision"]), (&1.into(), &3.into()));
        let csv = written(render::csv::render);
        assert!(csv.contains("period_revision") && csv.contains("superseded"), "{csv}");
        assert!(written(render::html::render).contains("ersatt"));
    }

    #[test]
    fn what_is_no_closed_month_has_no_revision() {
        let memory = signed_thrice();
        let why = |period, revision| shown(&memory, period, None, revision).unwrap_err().to_string();
        assert_eq!(why("2026-Q4", 1), "a revision is one of a month: give a month, for instance 2026-11");
        assert_eq!(why("2026-11-03", 1), "a revision is one of a month: give a month, for instance 2026-11");
        assert_eq!(why("2026-10", 1), "the month is not closed, so it has no revision yet");
        assert_eq!(why("2026-11", 4), "there is no revision 4 of the month: it has 1 to 3");
        assert_eq!(why("2026-11", 0), "there is no revision 0 of the month: it has 1 to 3");
    }
}
