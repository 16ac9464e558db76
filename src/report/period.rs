//! The report of a period: sums of cells per queue, unit, organisation and whole calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::directory::Directory;
use crate::measure::{Moment, Span};
use crate::names::{OrganisationId, QueueId, UnitId};
use crate::stats::period::{Calendar, Period};
use crate::stats::{Cell, CellKey, LegCounts, Scope, ScopeKind, Tier, VisitCell};
use crate::store::{Quality, Reader, StoreError};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Local days.
    pub period: Period,
    /// Cut into intervals of this size as well.
    pub interval: Option<Interval>,
    /// Now: decides whether the period is over.
    pub now: Moment,
    /// How long a call may be silent before it counts as ended.
    pub stale_after: Span,
}

/// Size of the intervals of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Interval {
    /// Quarter-hours.
    #[value(name = "15m")]
    Quarter,
    /// Hours by the instant; the hour that comes twice in autumn is two.
    Hour,
    /// Local days.
    Day,
    /// Local months.
    Month,
}

/// The figures of a period.
#[derive(Debug)]
pub struct Report {
    /// Who is who.
    pub directory: Arc<Directory>,
    /// Which days.
    pub period: Period,
    /// The period is over and nothing in it is open: its figures stand.
    pub is_closed: bool,
    /// Every measured queue, in the order of the configuration.
    pub queues: Vec<QueueRow>,
    /// Units with transfers in the period, by organisation and name of the configuration.
    pub units: Vec<(UnitId, LegCounts)>,
    /// Every organisation: the sum of its units. The first is `unknown`.
    pub organisations: Vec<(OrganisationId, LegCounts)>,
    /// Whole calls by the queue of their first visit.
    pub calls: Vec<(QueueId, VisitCell)>,
    /// Gaps and dead letters.
    pub quality: Quality,
}

/// A queue in a report.
#[derive(Debug)]
pub struct QueueRow {
    /// Which.
    pub queue: QueueId,
    /// Over the whole period.
    pub whole: VisitCell,
    /// By interval of offering, those with visits only, in order.
    pub intervals: Vec<(Moment, VisitCell)>,
}

impl Report {
    /// Reads the report of a period.
    pub fn read(reader: &dyn Reader, directory: &Arc<Directory>, request: Request) -> Result<Self, StoreError> {
        let (from, until) = request.period.moments(directory.zone());
        let calendar = Calendar::new(directory.zone());
        let cover = calendar.cover(from, until);
        let sum = |kind: ScopeKind| -> Result<BTreeMap<Scope, Cell>, StoreError> {
            let mut sums = BTreeMap::new();
            for (tier, from, until) in &cover {
                for (key, cell) in reader.cells(kind, *tier, *from, *until)? {
                    add(&mut sums, key.scope, cell);
                }
            }
            Ok(sums)
        };
        let (mut queues, mut calls, units) = (sum(ScopeKind::Queue)?, sum(ScopeKind::Calls)?, sum(ScopeKind::Unit)?);
        let ids = (0..directory.queues().len() as u32).map(QueueId);
        let mut rows: Vec<QueueRow> = ids
            .clone()
            .map(|queue| QueueRow {
                queue,
                whole: visits(queues.remove(&Scope::Queue(queue)), directory, queue),
                intervals: Vec::new(),
            })
            .collect();
        if let Some(interval) = request.interval {
            for (key, start, cell) in intervals(reader, interval, from, until)? {
                if let (Scope::Queue(queue), Cell::Visits(cell)) = (key.scope, cell) {
                    put(&mut rows[queue.index()].intervals, start, *cell);
                }
            }
        }
        let calls = ids.map(|queue| (queue, visits(calls.remove(&Scope::Calls(queue)), directory, queue))).collect();
        let mut organisations: Vec<(OrganisationId, LegCounts)> =
            (0..directory.organisations().len() as u32).map(|at| (OrganisationId(at), LegCounts::default())).collect();
        let mut listed = Vec::new();
        for (scope, cell) in units {
            let (Scope::Unit(unit), Cell::Legs(counts)) = (scope, cell) else { continue };
            organisations[directory.unit(unit).organisation.index()].1.combine(&counts, 1);
            listed.push((unit, *counts));
        }
        listed.sort_by_key(|(unit, _)| (directory.unit(*unit).organisation, *unit));
        let is_over = request.now >= until.plus_ms(request.stale_after.ms());
        Ok(Self {
            is_closed: is_over && !reader.has_open(from, until)?,
            directory: Arc::clone(directory),
            period: request.period,
            queues: rows,
            units: listed,
            organisations,
            calls,
            quality: reader.quality(from, until)?,
        })
    }
}

fn add(sums: &mut BTreeMap<Scope, Cell>, scope: Scope, cell: Cell) {
    match (sums.get_mut(&scope), cell) {
        (Some(Cell::Visits(sum)), Cell::Visits(cell)) => sum.merge(&cell),
        (Some(Cell::Legs(sum)), Cell::Legs(cell)) => sum.combine(&cell, 1),
        (_, cell) => {
            sums.insert(scope, cell);
        }
    }
}

fn visits(cell: Option<Cell>, directory: &Directory, queue: QueueId) -> VisitCell {
    let mut sum = VisitCell::of_queue(directory.queue(queue));
    if let Some(Cell::Visits(cell)) = cell {
        sum.merge(&cell);
    }
    sum
}

/// Cells of the queues in the asked-for size, each with the start of its interval.
fn intervals(
    reader: &dyn Reader,
    interval: Interval,
    from: Moment,
    until: Moment,
) -> Result<Vec<(CellKey, Moment, Cell)>, StoreError> {
    const HOUR_MS: i64 = 3_600_000;
    let tier = match interval {
        Interval::Quarter | Interval::Hour => Tier::Quarter,
        Interval::Day => Tier::Day,
        Interval::Month => Tier::Month,
    };
    let start = |at: Moment| match interval {
        // Local hours begin on whole hours of UTC in every zone that has one; in those of half hours
        // the interval is the hour of UTC.
        Interval::Hour => Moment(at.0 - at.0.rem_euclid(HOUR_MS)),
        _ => at,
    };
    let cells = reader.cells(ScopeKind::Queue, tier, from, until)?;
    Ok(cells.into_iter().map(|(key, cell)| (key, start(key.start), cell)).collect())
}

fn put(intervals: &mut Vec<(Moment, VisitCell)>, start: Moment, cell: VisitCell) {
    if cell.counts.offered == 0 {
        return;
    }
    match intervals.last_mut() {
        Some((last, sum)) if *last == start => sum.merge(&cell),
        _ => intervals.push((start, cell)),
    }
}

/// A period given as two local days, the second not included.
pub fn between(from: &str, until: &str) -> Result<Period, String> {
    let day =
        |text: &str| text.parse::<chrono::NaiveDate>().map_err(|_| format!("`{text}` is no date; write 2026-11-01"));
    let period = Period { from: day(from)?, until: day(until)? };
    if period.from >= period.until {
        return Err(format!("--from {from} must lie before --to {until}, which is the day after the last"));
    }
    Ok(period)
}

/// An instant with the offset of the zone at that moment.
pub fn local_text(at: Moment, zone: chrono_tz::Tz) -> String {
    at.to_utc().with_timezone(&zone).to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
}
