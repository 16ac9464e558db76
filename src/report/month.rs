//! The report of a month, or of any other stretch of local days.

use crate::clock::local_midnight;
use crate::directory::{Directory, Queue, Terms};
use crate::measure::{Moment, Share, Untold};
use crate::names::{OrganisationId, QueueId, SourceId, UNKNOWN_UNIT};
use crate::report::carried::Carried;
use crate::report::figures::{of_legs, of_visits};
use crate::report::gather::{self, Sums, Wanted};
use crate::report::pattern::patterns;
use crate::report::revisions::revisions;
use crate::report::rules::{Held, held, months};
use crate::report::sheet::{
    CallsSheet, GapSheet, OrganisationSheet, PeriodSheet, QualitySheet, QueueSheet, Report, Status, UnitSheet,
    VisitFigures,
};
use crate::report::tickets::tickets;
use crate::report::{Request, compare};
use crate::stats::{Counts, LegCounts, VisitCell};
use crate::store::contract::{Gap, Quality};
use crate::store::sight::Part;
use crate::store::{Closing, Reader, Sight, StoreError};

/// Builds the report of `request` as of `now`.
///
/// # Errors
/// Where the store cannot be read.
pub fn month_report(
    reader: &dyn Reader,
    directory: &Directory,
    request: &Request,
    now: Moment,
) -> Result<Report, StoreError> {
    let (start, end) = request.moments(directory.zone());
    let beside = compare::periods(request);
    let others = beside.iter().map(|(_, period)| period.moments(directory.zone()));
    let others = others.map(|(from, until)| Wanted::without_calls(from, until));
    let wanted: Vec<Wanted> = std::iter::once(Wanted::whole(start, end)).chain(others).collect();
    let mut sums_beside = gather::sums_of(reader, directory, &request.sight, &wanted)?;
    let sums = sums_beside.remove(0);
    let closings = reader.closings(start, end)?;
    let rules = held(directory, &closings, request.period);
    let units = units(directory, &sums);
    let listed: Vec<&str> = units.iter().map(|unit| unit.name.as_str()).collect();
    let beside = beside.into_iter().zip(sums_beside);
    let kept = reader.elsewhere(&request.sight)?;
    let carried = Carried::of(kept.iter().chain(request.elsewhere.iter()), directory);
    let comparisons = compare::comparisons(reader, directory, (request, &carried), beside, &listed)?;
    Ok(Report {
        kind: request.kind,
        organisation: only_organisation(directory, &request.sight),
        period: PeriodSheet {
            from: request.period.from,
            until: request.period.until,
            start,
            end,
            zone: directory.zone(),
            status: status(directory, request, &closings),
            made: now,
            interval: request.interval,
            shown: None,
        },
        queues: queues(reader, directory, &sums, &rules, request)?,
        calls: calls(directory, &sums, &rules, &request.sight),
        units,
        unknown_targets: of_legs(&sums.units[UNKNOWN_UNIT.index()]),
        organisations: organisations(directory, &sums, &request.sight),
        comparisons,
        tickets: tickets(reader, directory, (request, &carried))?,
        patterns: patterns(reader, directory, &rules, request)?,
        quality: quality(reader, directory, &sums, start, end)?,
        revisions: revisions(reader, directory, request, &closings)?,
    })
}

fn status(directory: &Directory, request: &Request, closings: &[Closing]) -> Status {
    let zone = directory.zone();
    let last = |month| closings.iter().rev().find(|closing| closing.month == local_midnight(month, zone));
    let mut revision = 1;
    for month in months(request.period) {
        let Some(closing) = last(month) else { return Status::Provisional };
        revision = revision.max(closing.revision);
    }
    if revision > 1 { Status::Revised } else { Status::Closed }
}

fn queues(
    reader: &dyn Reader,
    directory: &Directory,
    sums: &Sums,
    rules: &[Held],
    request: &Request,
) -> Result<Vec<QueueSheet>, StoreError> {
    let (start, end) = request.moments(directory.zone());
    let mut intervals: Vec<Vec<_>> = vec![Vec::new(); directory.queues().len()];
    if let Some(interval) = request.interval {
        for ((id, at), cell) in gather::intervals(reader, directory, &request.sight, interval, start, end)? {
            let queue = directory.queue(id);
            intervals[id.index()].push((at, of_queue(directory, queue, &rules[id.index()], &cell)));
        }
    }
    let seen = seen_queues(directory, &request.sight);
    let sheets = seen.map(|(id, queue)| QueueSheet {
        name: queue.name.clone(),
        title: queue.title.clone(),
        objective: rules[id.index()].terms.objective,
        short_abandon_ms: rules[id.index()].terms.short_abandon_ms,
        hours: rules[id.index()].terms.hours.clone(),
        has_changed: rules[id.index()].has_changed,
        figures: of_queue(directory, queue, &rules[id.index()], &sums.queues[id.index()]),
        intervals: std::mem::take(&mut intervals[id.index()]),
    });
    Ok(sheets.collect())
}

/// The queues that the reader of the report may see, in the order of the configuration.
pub(super) fn seen_queues<'a>(
    directory: &'a Directory,
    sight: &'a Sight,
) -> impl Iterator<Item = (QueueId, &'a Queue)> {
    let queues = directory.queues().iter().enumerate().map(|(at, queue)| (QueueId(at as u32), queue));
    queues.filter(|(id, _)| sight.sees_queue(*id))
}

fn calls(directory: &Directory, sums: &Sums, rules: &[Held], sight: &Sight) -> CallsSheet {
    let terms: Vec<&Terms> = seen_queues(directory, sight).map(|(id, _)| &rules[id.index()].terms).collect();
    let of_first =
        |(id, queue): (QueueId, &Queue)| of_queue(directory, queue, &rules[id.index()], &sums.calls[id.index()]);
    let by_first_queue: Vec<_> = seen_queues(directory, sight).map(of_first).collect();
    let mut all = VisitCell::default();
    sums.calls.iter().for_each(|cell| all.merge(cell));
    // A call is counted at the thresholds of its first queue; at one that some queue lacks, the
    // sum over queues would miss calls and pass for a low service level.
    let first = terms.first().map_or(&[][..], |terms| &terms.thresholds_ms);
    let is_common = |threshold: &u32| terms.iter().all(|terms| terms.thresholds_ms.contains(threshold));
    let common: Vec<u32> = first.iter().copied().filter(is_common).collect();
    let mut total = of_visits(&all, &common, None);
    let is_untold = |what: &Untold| {
        !by_first_queue.is_empty() && by_first_queue.iter().all(|figures: &VisitFigures| figures.untold.contains(what))
    };
    total.untold = Untold::ALL.into_iter().filter(is_untold).collect();
    total.judged = by_first_queue.iter().filter_map(|figures| figures.judged).reduce(|sum, judged: Share| sum + judged);
    CallsSheet { total, by_first_queue }
}

/// Whether anything was sent there.
pub(super) fn is_used(counts: &LegCounts) -> bool {
    counts.transfers > 0 || counts.apart > 0 || counts.journeys > 0
}

fn units(directory: &Directory, sums: &Sums) -> Vec<UnitSheet> {
    let mut used: Vec<_> = directory.units().iter().zip(&sums.units).skip(1).filter(|(_, c)| is_used(c)).collect();
    used.sort_by_key(|(unit, _)| unit.organisation);
    used.into_iter()
        .map(|(unit, counts)| UnitSheet {
            name: unit.name.clone(),
            title: unit.title.clone(),
            organisation: directory.organisation(unit.organisation).name.clone(),
            figures: of_legs(counts),
        })
        .collect()
}

fn organisations(directory: &Directory, sums: &Sums, sight: &Sight) -> Vec<OrganisationSheet> {
    let sheet = |id: OrganisationId| {
        let (sum, units) = sum_of(directory, sums, id);
        let organisation = directory.organisation(id);
        let (name, title) = (organisation.name.clone(), organisation.title.clone());
        OrganisationSheet { name, title, units, figures: of_legs(&sum) }
    };
    seen_organisations(directory, sight).map(sheet).collect()
}

/// The organisations that the reader of the report may see, in the order of the configuration.
pub(super) fn seen_organisations<'a>(
    directory: &Directory,
    sight: &'a Sight,
) -> impl Iterator<Item = OrganisationId> + use<'a> {
    let all = (1..directory.organisations().len() as u32).map(OrganisationId);
    all.filter(|id| sight.sees_organisation(*id))
}

/// The title of the only organisation that may be seen, if it is one.
fn only_organisation(directory: &Directory, sight: &Sight) -> Option<String> {
    let mut seen = seen_organisations(directory, sight);
    let only = seen.next()?;
    (seen.next().is_none() && sight.organisations != Part::All).then(|| directory.organisation(only).title.clone())
}

/// Legs to the units of an organisation, and to how many units there were any.
pub(super) fn sum_of(directory: &Directory, sums: &Sums, organisation: OrganisationId) -> (LegCounts, usize) {
    let mut sum = LegCounts::default();
    let mut used = 0;
    let units = directory.units().iter().zip(&sums.units);
    for (_, counts) in units.filter(|(unit, _)| unit.organisation == organisation) {
        sum.combine(counts, 1);
        used += usize::from(is_used(counts));
    }
    (sum, used)
}

/// The other feed of a gap's switch that was heard in that time and has told beyond it.
fn filled_by(gap: &Gap, stored: &Quality, directory: &Directory) -> Option<String> {
    let switch = directory.switch_of(directory.source_named(&gap.source)?);
    let fills = |name: &String| {
        let is_of_switch = directory.source_named(name).map(|source| directory.switch_of(source)) == Some(switch);
        let was_down = |other: &&Gap| other.source == *name && other.from < gap.to && gap.from < other.to;
        is_of_switch && *name != gap.source && !stored.gaps.iter().any(|other| was_down(&other))
    };
    let told = stored.told_until.iter().find(|(name, until)| *until >= gap.to && fills(name));
    told.map(|(name, _)| name.clone())
}

/// Figures of a queue, and what none of its sources tells.
fn of_queue(directory: &Directory, queue: &Queue, rules: &Held, cell: &VisitCell) -> VisitFigures {
    let figures = of_visits(cell, &rules.terms.thresholds_ms, rules.terms.objective.as_ref());
    VisitFigures { untold: directory.untold_of(queue), ..figures }
}

/// What each source cannot tell.
fn untold(directory: &Directory) -> Vec<(String, Vec<Untold>)> {
    let each = directory.sources().iter().enumerate();
    each.map(|(at, name)| (name.clone(), directory.untold_by(SourceId(at as u32)).to_vec()))
        .filter(|(_, untold)| !untold.is_empty())
        .collect()
}

fn quality(
    reader: &dyn Reader,
    directory: &Directory,
    sums: &Sums,
    start: Moment,
    end: Moment,
) -> Result<QualitySheet, StoreError> {
    let stored = reader.quality(start, end)?;
    let sum = |count: fn(&Counts) -> i64| sums.queues.iter().map(|cell| count(&cell.counts)).sum();
    Ok(QualitySheet {
        gaps: stored
            .gaps
            .iter()
            .map(|gap| GapSheet {
                source: gap.source.clone(),
                from: gap.from,
                to: gap.to,
                reason: gap.reason.clone(),
                filled_by: filled_by(gap, &stored, directory),
            })
            .collect(),
        dead_letters: stored.dead_letters.iter().map(|(_, count)| count).sum(),
        dead_letters_by_reason: stored.dead_letters,
        derived: sum(|counts| counts.derived),
        unmeasured: sum(Counts::unmeasured),
        late: sum(|counts| counts.late),
        inconsistent: sum(|counts| counts.inconsistent),
        lost: sum(|counts| counts.lost),
        unknown: sum(|counts| counts.unknown),
        untold: untold(directory),
        precision_ms: sums.queues.iter().filter_map(|cell| cell.counts.precision_ms()).max(),
    })
}

#[cfg(test)]
mod tests {
    use crate::call::fact::{LegOutcome, Outcome};
    use crate::measure::Share;
    use crate::names::{DefinitionId, OrganisationId};
    use crate::report::tests_support::{Memory, at};
    use crate::report::{Interval, Status};
    use crate::store::Sight;

    #[test]
    fn a_month_is_the_sum_of_its_days_hours_and_quarters() {
        let mut memory = Memory::new();
        for day in 1..=30 {
            for (hour, wait) in [(8, 12.0), (8, 31.5), (15, 90.0)] {
                let outcome = if day % 7 == 0 { Outcome::Abandoned } else { Outcome::Answered };
                memory.call(0, &format!("2026-11-{day:02}T{hour:02}:{:02}:10+01:00", day % 60), outcome, wait);
            }
        }
        for interval in Interval::ALL {
            let report = memory.report("2026-11", Some(interval));
            let queue = &report.queues[0];
            let mut sum = crate::stats::Counts::default();
            queue.intervals.iter().for_each(|(_, figures)| sum += &figures.counts);
            assert_eq!(sum, queue.figures.counts, "{}", interval.as_str());
        }
        let report = memory.report("2026-11", Some(Interval::Day));
        assert_eq!((report.queues[0].figures.counts.offered, report.queues[0].intervals.len()), (90, 30));
        assert_eq!(report.calls.total.counts.answered, report.queues[0].figures.counts.answered);
    }

    #[test]
    fn the_hour_that_comes_twice_is_two_and_the_one_that_does_not_is_none() {
        let mut memory = Memory::new();
        for offered in ["2026-10-25T02:10:00+02:00", "2026-10-25T02:50:00+02:00", "2026-10-25T02:10:00+01:00"] {
            memory.call(0, offered, Outcome::Answered, 5.0);
        }
        for offered in ["2026-03-29T01:50:00+01:00", "2026-03-29T03:10:00+02:00"] {
            memory.call(0, offered, Outcome::Answered, 5.0);
        }
        let hours = |day: &str| {
            let report = memory.report(day, Some(Interval::Hour));
            let told = |(start, figures): &(_, crate::report::sheet::VisitFigures)| {
                format!("{} {}", report.period.local(*start), figures.counts.offered)
            };
            report.queues[0].intervals.iter().map(told).collect::<Vec<_>>()
        };
        assert_eq!(hours("2026-10-25"), ["2026-10-25T02:00:00+02:00 2", "2026-10-25T02:00:00+01:00 1"]);
        assert_eq!(hours("2026-03-29"), ["2026-03-29T01:00:00+01:00 1", "2026-03-29T03:00:00+02:00 1"]);
    }

    #[test]
    fn months_are_cut_at_the_ends_of_the_period() {
        let mut memory = Memory::new();
        for offered in ["2026-10-31T12:00:00+01:00", "2026-11-30T12:00:00+01:00", "2026-12-01T12:00:00+01:00"] {
            memory.call(0, offered, Outcome::Answered, 5.0);
        }
        let report = memory.report("2026-Q4", Some(Interval::Month));
        let counts: Vec<i64> = report.queues[0].intervals.iter().map(|(_, figures)| figures.counts.offered).collect();
        assert_eq!(counts, [1, 1, 1]);
        let report = memory.report("2026-11-30", Some(Interval::Month));
        assert_eq!(report.queues[0].intervals[0].0, at("2026-11-30T00:00:00+01:00"));
        assert_eq!(report.queues[0].figures.counts.offered, 1);
    }

    #[test]
    fn nothing_is_no_data_and_every_queue_is_there() {
        let report = Memory::new().report("2026", None);
        assert_eq!(report.queues.len(), 2);
        let figures = &report.queues[0].figures;
        assert_eq!(figures.judged.and_then(Share::ratio), None);
        assert_eq!((figures.waits.mean, figures.waits.p50, figures.waits.max), (None, None, None));
        assert!(report.units.is_empty() && report.quality.precision_ms.is_none());
        assert_eq!(report.organisations.len(), 2);
    }

    #[test]
    fn units_stand_by_organisation_and_unknown_targets_apart() {
        let mut memory = Memory::new();
        for (unit, outcome) in [
            (1, LegOutcome::Answered),
            (3, LegOutcome::Busy),
            (3, LegOutcome::AnsweredElsewhere),
            (2, LegOutcome::Voicemail),
            (0, LegOutcome::Answered),
        ] {
            memory.transfer(unit, "2026-11-03T10:00:00+01:00", outcome);
        }
        let report = memory.report("2026-11", None);
        let names: Vec<&str> = report.units.iter().map(|unit| unit.name.as_str()).collect();
        assert_eq!(names, ["bygg", "vard", "skola"]);
        let lycksele = &report.organisations[0];
        assert_eq!((lycksele.units, lycksele.figures.answer_rate), (2, Share { met: 1, of: 3 }));
        assert_eq!(lycksele.figures.reached_rate, Share { met: 2, of: 3 });
        assert_eq!(report.unknown_targets.counts.transfers, 1);
    }

    #[test]
    fn a_municipality_gets_its_own_units_and_nothing_of_others() {
        let mut memory = Memory::new();
        memory.call(0, "2026-11-03T10:00:00+01:00", Outcome::Answered, 10.0);
        for unit in [0, 1, 2, 3] {
            memory.transfer(unit, "2026-11-03T10:00:00+01:00", LegOutcome::Answered);
        }
        let whole = memory.report("2026-11", Some(Interval::Day));
        let theirs = Sight::of_organisations([OrganisationId(2)]);
        let report = memory.report_for(&theirs, "2026-11", Some(Interval::Day), "2030-01-01T00:00:00Z");
        assert_eq!((whole.queues.len(), whole.units.len(), whole.organisations.len()), (2, 3, 2));
        assert_eq!((report.queues.len(), report.calls.by_first_queue.len()), (0, 0));
        assert_eq!(report.calls.total.counts.offered, 0);
        assert_eq!(report.unknown_targets.counts.transfers, 0);
        let names: Vec<&str> = report.units.iter().map(|unit| unit.organisation.as_str()).collect();
        assert_eq!(names, [report.organisations[0].name.as_str()]);
        assert_eq!(report.organisations.len(), 1);
    }

    #[test]
    fn a_period_is_closed_when_each_of_its_months_is_and_says_which_were_corrected() {
        let mut memory = Memory::new();
        memory.call(0, "2026-11-03T10:00:00+01:00", Outcome::Answered, 30.0);
        let status = |memory: &Memory, period: &str| memory.report(period, None).period.status;
        assert_eq!(status(&memory, "2026-11"), Status::Provisional);
        memory.close("2026-11", "all calls have ended");
        assert_eq!((status(&memory, "2026-11"), status(&memory, "2026-11-03")), (Status::Closed, Status::Closed));
        assert_eq!(status(&memory, "2026-Q4"), Status::Provisional);
        memory.close("2026-10", "all calls have ended");
        memory.close("2026-12", "all calls have ended");
        assert_eq!(status(&memory, "2026-Q4"), Status::Closed);
        memory.close("2026-12", "again");
        assert_eq!((status(&memory, "2026-Q4"), status(&memory, "2026-11")), (Status::Revised, Status::Closed));
    }

    #[test]
    fn a_closed_month_stays_as_signed_until_a_revision_says_what_changed() {
        let mut memory = Memory::new();
        memory.call(0, "2026-11-03T10:00:00+01:00", Outcome::Answered, 10.0);
        memory.transfer(1, "2026-11-03T10:01:00+01:00", LegOutcome::Answered);
        memory.close("2026-11", "all calls have ended");
        memory.call(0, "2026-11-04T10:00:00+01:00", Outcome::Abandoned, 40.0);
        let offered = |memory: &Memory| memory.report("2026-11", None).queues[0].figures.counts.offered;
        assert_eq!(offered(&memory), 1, "as signed");
        memory.close("2026-11", "a journal came late");
        let report = memory.report("2026-11", Some(Interval::Day));
        assert_eq!((offered(&memory), report.queues[0].intervals.len()), (2, 2));
        assert_eq!(report.revisions.len(), 2);
        let told: Vec<String> = report.revisions[1]
            .changes
            .iter()
            .map(|one| format!("{} {} {:?} {:?}", one.name, one.figure, one.was, one.is))
            .collect();
        assert_eq!(
            told,
            [
                "kundtjanst offered Count(1) Count(2)",
                "kundtjanst abandoned Count(0) Count(1)",
                "kundtjanst objective.value Share(Some(1.0)) Share(Some(0.5))",
                "kundtjanst answer_rate Share(Some(1.0)) Share(Some(0.5))",
            ]
        );
        assert!(report.revisions[0].changes.is_empty());
    }

    #[test]
    fn percentiles_never_exceed_the_longest_wait() {
        let mut memory = Memory::new();
        memory.call(0, "2026-11-03T10:00:00+01:00", Outcome::Answered, 30.0);
        let waits = memory.report("2026-11", None).queues[0].figures.waits;
        assert_eq!((waits.p50, waits.max), (Some(30.0), Some(30.0)));
    }

    #[test]
    fn calls_over_queues_are_judged_by_their_first_queue() {
        let mut memory = Memory::new();
        memory.call(0, "2026-11-03T10:00:00+01:00", Outcome::Answered, 10.0);
        memory.call(1, "2026-11-03T10:00:00+01:00", Outcome::Answered, 10.0);
        let calls = memory.report("2026-11", None).calls;
        assert_eq!(calls.total.judged, Some(Share { met: 1, of: 1 }));
        let thresholds: Vec<u32> = calls.total.thresholds.iter().map(|at| at.counts.threshold_ms).collect();
        assert_eq!(thresholds, [60_000]);
        let offered_by = DefinitionId::ALL.iter().position(|id| *id == DefinitionId::OfOffered).unwrap();
        assert_eq!(calls.total.thresholds[0].levels[offered_by], Share { met: 2, of: 2 });
    }
}
