//! A store in memory, filled from facts the way the engine fills one.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::call::fact::{Change, JourneyFact, LegFact, LegOutcome, Outcome, UnitJourneyFact, VisitFact, Was};
use crate::directory::{Directory, ObjectiveSettings, OrganisationSettings, QueueSettings, UnitRow, Units};
use crate::event::TransferKind;
use crate::measure::{Moment, Ring, Span, Talk, Wait};
use crate::names::{DefinitionId, QueueId, UnitId};
use crate::report::{Interval, REPORTS, Report, Request, month_report};
use crate::stats::period::Period;
use crate::stats::rollup::Rollup;
use crate::stats::{Cell, CellKey, ScopeKind, Tier};
use crate::store::closing::{ENDED, Rules};
use crate::store::{
    ActRow, Closing, DeadLetterRow, Elsewhere, Gap, LegRow, Page, Quality, Reader, Sight, StoreError, VisitRow,
};

pub(super) const STOCKHOLM: chrono_tz::Tz = chrono_tz::Europe::Stockholm;

pub(super) fn at(text: &str) -> Moment {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().into()
}

/// Two queues, one with an objective; two organisations, three units.
pub(super) fn directory() -> Arc<Directory> {
    let kundtjanst = QueueSettings {
        title: Some("Kundtjänst".into()),
        objective: Some(ObjectiveSettings {
            threshold: Span::from_seconds(30),
            target: 0.9,
            definition: DefinitionId::ShortAbandonsIgnored,
        }),
        ..QueueSettings::named("kundtjanst")
    };
    let it = QueueSettings {
        title: Some("=IT-support".into()),
        thresholds: vec![Span::from_ms(1500), Span::from_seconds(60)],
        ..QueueSettings::named("it")
    };
    let queues = [kundtjanst, it].map(|queue| queue.check(STOCKHOLM, None).unwrap());
    let organisation = |name: &str| OrganisationSettings { name: name.into(), title: None };
    let row = |from: &str, unit: &str, organisation: &str| UnitRow {
        from: from.into(),
        to: String::new(),
        unit: unit.into(),
        title: String::new(),
        organisation: organisation.into(),
        valid_from: String::new(),
        valid_to: String::new(),
    };
    let rows = [row("1", "skola", "storuman"), row("2", "bygg", "lycksele"), row("3", "vard", "lycksele")];
    let units = Units::check(&[organisation("lycksele"), organisation("storuman")], &rows, STOCKHOLM).unwrap();
    Arc::new(Directory::new(STOCKHOLM, vec!["vaxel".into()], queues.into(), units).unwrap())
}

/// The store: cells by key.
pub(crate) struct Memory {
    pub(super) directory: Arc<Directory>,
    rollup: Rollup,
    visits: Vec<VisitFact>,
    pub(super) quality: Quality,
    pub(super) has_open: bool,
    /// What no switch told.
    pub(super) elsewhere: Vec<Elsewhere>,
    /// What was signed, with the cells as they were.
    signed: Vec<(Closing, BTreeMap<CellKey, Cell>)>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self::of(directory())
    }

    pub(super) fn of(directory: Arc<Directory>) -> Self {
        Self {
            rollup: Rollup::new(Arc::clone(&directory)),
            visits: Vec::new(),
            directory,
            quality: Quality::default(),
            has_open: false,
            elsewhere: Vec::new(),
            signed: Vec::new(),
        }
    }

    /// Signs a month as it now is.
    pub(super) fn close(&mut self, month: &str, why: &str) {
        let (start, ends) = Period::parse(month).unwrap().moments(STOCKHOLM);
        let cells = self.rollup.touched().filter(|(key, _)| start <= key.start && key.start < ends);
        let cells = cells.map(|(key, cell)| (*key, cell.clone())).collect();
        let before = self.signed.iter().filter(|(closing, _)| closing.month == start).count() as u32;
        let queues = self.directory.queues().iter().map(|queue| (queue.name.clone(), queue.terms()));
        let closing = Closing {
            month: start,
            ends,
            revision: before + 1,
            at: ends.plus_ms(36 * 3_600_000 + i64::from(before) * 86_400_000),
            who: "servicegrad".into(),
            why: why.into(),
            rules: Rules { version: 1, queues: queues.collect() },
        };
        self.signed.push((closing, cells));
        self.signed.sort_by_key(|(closing, _)| (closing.month, closing.revision));
    }

    fn put(&mut self, change: &Change) {
        self.rollup.apply(change);
    }

    /// One call with one visit.
    pub(super) fn call(&mut self, queue: u32, offered: &str, outcome: Outcome, wait_s: f64) {
        let wait = Wait::from_ms((wait_s * 1000.0) as i64);
        let visit = crate::stats::snapshot::tests_support::visit(outcome, wait, at(offered));
        let visit = VisitFact { queue: QueueId(queue), ..visit };
        let journey = JourneyFact {
            queue: visit.queue,
            offered: visit.offered,
            outcome: visit.outcome,
            decided: visit.decided,
            wait: visit.wait,
            outside_hours: false,
        };
        self.visit(visit);
        self.put(&Change::Journey(Was { was: None, is: Some(journey) }));
    }

    /// One call with one visit and a conversation.
    pub(super) fn talk(&mut self, queue: u32, offered: &str, outcome: Outcome, wait_s: f64, talk_s: f64) {
        let wait = Wait::from_ms((wait_s * 1000.0) as i64);
        let visit = crate::stats::snapshot::tests_support::visit(outcome, wait, at(offered));
        let talk = (outcome == Outcome::Answered).then(|| Talk::from_ms((talk_s * 1000.0) as i64));
        self.visit(VisitFact { queue: QueueId(queue), talk, ..visit });
    }

    pub(super) fn visit(&mut self, visit: VisitFact) {
        self.visits.push(visit.clone());
        self.put(&Change::Visit(Was { was: None, is: Some(visit) }));
    }

    /// One transfer of a caller to a unit.
    pub(super) fn transfer(&mut self, unit: u32, started: &str, outcome: LegOutcome) {
        let organisation = self.directory.unit(UnitId(unit)).organisation;
        let leg = LegFact {
            number: 1,
            queue: Some(QueueId(0)),
            kind: TransferKind::Blind,
            target: "1".into(),
            unit: UnitId(unit),
            organisation,
            started: at(started),
            outcome: Some(outcome),
            ring: Some(Ring::from_ms(8000)),
            short: false,
            not_completed: false,
        };
        let reached = outcome.is_reached();
        let journey = UnitJourneyFact { unit: leg.unit, organisation, started: leg.started, reached };
        self.put(&Change::Leg(Was { was: None, is: Some(leg) }));
        self.put(&Change::UnitJourney(Was { was: None, is: Some(journey) }));
    }

    pub(super) fn gap(&mut self, from: &str, to: &str) {
        let gap = Gap { source: "vaxel".into(), from: at(from), to: at(to), reason: None };
        self.quality.gaps.push(gap);
    }

    /// The report of a spoken period, long after it.
    pub(crate) fn report(&self, period: &str, interval: Option<Interval>) -> Report {
        self.report_at(period, interval, "2030-01-01T00:00:00Z")
    }

    pub(super) fn report_at(&self, period: &str, interval: Option<Interval>, now: &str) -> Report {
        self.report_for(&Sight::ALL, period, interval, now)
    }

    pub(super) fn report_for(&self, sight: &Sight, period: &str, interval: Option<Interval>, now: &str) -> Report {
        let request = Request { sight: sight.clone(), ..request(period, interval) };
        month_report(self, &self.directory, &request, at(now)).unwrap()
    }

    /// The report for one organisation.
    pub(super) fn report_of(&self, period: &str, organisation: &str) -> Report {
        let sight = Sight::of_organisations(self.directory.organisation_named(organisation));
        self.report_for(&sight, period, None, "2030-01-01T00:00:00Z")
    }
}

/// Everything of a spoken period.
pub(super) fn request(period: &str, interval: Option<Interval>) -> Request {
    Request {
        period: Period::parse(period).unwrap(),
        kind: &REPORTS[0],
        interval,
        elsewhere: Arc::default(),
        sight: Sight::ALL,
    }
}

impl Reader for Memory {
    fn each_cell(
        &self,
        sight: &Sight,
        kind: ScopeKind,
        tier: Tier,
        from: Moment,
        until: Moment,
        give: &mut dyn FnMut(CellKey, Cell),
    ) -> Result<(), StoreError> {
        let is_asked = |key: &CellKey| {
            key.scope.kind() == kind
                && key.tier == tier
                && from <= key.start
                && key.start < until
                && sight.sees(key.scope, &self.directory)
        };
        let signed_of = |key: &CellKey| {
            self.signed.iter().rev().find(|(closing, _)| closing.month <= key.start && key.start < closing.ends)
        };
        let mut cells: BTreeMap<CellKey, Cell> = BTreeMap::new();
        for (key, cell) in self.rollup.touched().filter(|(key, _)| is_asked(key)) {
            match signed_of(key) {
                None => cells.insert(*key, cell.clone()),
                Some((_, signed)) => signed.get(key).and_then(|cell| cells.insert(*key, cell.clone())),
            };
        }
        cells.into_iter().for_each(|(key, cell)| give(key, cell));
        Ok(())
    }

    fn closings(&self, from: Moment, until: Moment) -> Result<Vec<Closing>, StoreError> {
        let all = self.signed.iter().map(|(closing, _)| closing);
        Ok(all.filter(|closing| closing.month < until && closing.ends > from).cloned().collect())
    }

    fn signed(
        &self,
        sight: &Sight,
        kind: ScopeKind,
        tier: Tier,
        (from, until): (Moment, Moment),
        revision: (Moment, u32),
    ) -> Result<Vec<(CellKey, Cell)>, StoreError> {
        let found = self.signed.iter().find(|(closing, _)| (closing.month, closing.revision) == revision);
        let cells = found.into_iter().flat_map(|(_, cells)| cells);
        let is_asked = |key: &CellKey| {
            key.scope.kind() == kind
                && key.tier == tier
                && from <= key.start
                && key.start < until
                && sight.sees(key.scope, &self.directory)
        };
        Ok(cells.filter(|(key, _)| is_asked(key)).map(|(key, cell)| (*key, cell.clone())).collect())
    }

    fn visits(
        &self,
        _: &Sight,
        queue: QueueId,
        from: Moment,
        until: Moment,
        page: &Page,
    ) -> Result<Vec<VisitRow>, StoreError> {
        let is_asked = |visit: &&VisitFact| visit.queue == queue && from <= visit.offered && visit.offered < until;
        let row = |visit: &VisitFact| VisitRow { source: "vaxel".into(), call: "1".into(), visit: visit.clone() };
        Ok(self.visits.iter().filter(is_asked).map(row).take(page.limit).collect())
    }

    fn legs(&self, _: &Sight, _: UnitId, _: Moment, _: Moment, _: &Page) -> Result<Vec<LegRow>, StoreError> {
        unreachable!("a report reads rollups, never legs")
    }

    fn dead_letters(&self, _: &Sight, _: Option<i64>, _: usize) -> Result<Vec<DeadLetterRow>, StoreError> {
        unreachable!("a report counts dead letters, it does not read them")
    }

    fn acts(&self, _: &Sight, _: Option<i64>, _: usize) -> Result<Vec<ActRow>, StoreError> {
        unreachable!("a report tells of no acts")
    }

    fn elsewhere(&self, _: &Sight) -> Result<Vec<Elsewhere>, StoreError> {
        Ok(self.elsewhere.clone())
    }

    fn quality(&self, _: Moment, _: Moment) -> Result<Quality, StoreError> {
        Ok(self.quality.clone())
    }

    fn has_open(&self, _: Moment, _: Moment) -> Result<bool, StoreError> {
        Ok(self.has_open)
    }
}

/// A small month: what the golden files show.
pub(crate) fn small_month() -> Memory {
    let mut memory = Memory::new();
    for (queue, offered, outcome, wait_s) in [
        (0, "2026-11-02T07:31:00+01:00", Outcome::Answered, 8.5),
        (0, "2026-11-02T07:44:59+01:00", Outcome::Answered, 30.0),
        (0, "2026-11-02T09:10:00+01:00", Outcome::Answered, 45.25),
        (0, "2026-11-02T09:12:00+01:00", Outcome::Abandoned, 3.0),
        (0, "2026-11-03T12:00:00+01:00", Outcome::Abandoned, 61.0),
        (0, "2026-11-03T12:01:00+01:00", Outcome::Overflowed, 120.0),
        (1, "2026-11-03T13:00:00+01:00", Outcome::Answered, 1.5),
    ] {
        memory.call(queue, offered, outcome, wait_s);
    }
    memory.transfer(1, "2026-11-02T07:40:00+01:00", LegOutcome::Answered);
    memory.transfer(1, "2026-11-02T09:20:00+01:00", LegOutcome::NoAnswerRecalled);
    memory.transfer(2, "2026-11-03T13:10:00+01:00", LegOutcome::Voicemail);
    memory.transfer(0, "2026-11-03T13:20:00+01:00", LegOutcome::Answered);
    memory.gap("2026-11-04T01:00:00+01:00", "2026-11-04T01:20:00+01:00");
    memory.quality.dead_letters = vec![("malformed".into(), 2), ("orphan_end".into(), 1)];
    memory.close("2026-11", ENDED);
    memory
}
