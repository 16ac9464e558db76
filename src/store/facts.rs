//! Facts to rows and back.

use crate::call::fact::{
    CallChanges, Change, JourneyFact, LegFact, LegOutcome, Outcome, UnitJourneyFact, VisitFact, Was,
};
use crate::directory::Directory;
use crate::event::TransferKind;
use crate::measure::{Moment, Ring, Talk, Wait};
use crate::names::{OrganisationId, QueueId, UnitId};
use crate::store::database::Write;
use crate::store::tables::{JOURNEY, LEG, UNIT_JOURNEY, VISIT};
use crate::store::value::{Row, Value};
use crate::store::{LegRow, StoreError};

/// Gives the changes of the rows that the changes of one call make.
pub(super) fn write<'a>(call: &'a CallChanges, directory: &'a Directory, mut to: impl FnMut(Write<'a>)) {
    let rows = Rows { directory, source: directory.source_name(call.key.source), call: &call.key.call };
    for change in &call.changes {
        match change {
            Change::Visit(Was { was, is }) => {
                let key = |fact: &VisitFact| {
                    rows.key([directory.queue(fact.queue).name.as_str().into(), fact.number.into()], fact.offered)
                };
                each(was.as_ref(), is.as_ref(), key, |is| rows.visit(is), &VISIT, &mut to);
            }
            Change::Leg(Was { was, is }) => {
                let key = |fact: &LegFact| rows.key([fact.number.into()], fact.started);
                each(was.as_ref(), is.as_ref(), key, |is| rows.leg(is), &LEG, &mut to);
            }
            Change::Journey(Was { was, is }) => {
                let key = |fact: &JourneyFact| rows.key([], fact.offered);
                each(was.as_ref(), is.as_ref(), key, |is| rows.journey(is), &JOURNEY, &mut to);
            }
            Change::UnitJourney(Was { was, is }) => {
                let key =
                    |fact: &UnitJourneyFact| rows.key([directory.unit(fact.unit).name.as_str().into()], fact.started);
                each(was.as_ref(), is.as_ref(), key, |is| rows.unit_journey(is), &UNIT_JOURNEY, &mut to);
            }
        }
    }
}

/// What was is taken away where it stood under another key; what is is put.
fn each<'a, T>(
    was: Option<&'a T>,
    is: Option<&'a T>,
    key: impl Fn(&'a T) -> Vec<Value<'a>>,
    row: impl Fn(&'a T) -> Vec<Value<'a>>,
    table: &'static crate::store::tables::Table,
    to: &mut impl FnMut(Write<'a>),
) {
    let (old, new) = (was.map(&key), is.map(&key));
    if let Some(old) = old
        && Some(&old) != new.as_ref()
    {
        to(Write::Take(table, old));
    }
    if let Some(is) = is {
        to(Write::Put(table, row(is)));
    }
}

struct Rows<'a> {
    directory: &'a Directory,
    source: &'a str,
    call: &'a str,
}

impl<'a> Rows<'a> {
    fn key<const N: usize>(&self, more: [Value<'a>; N], moment: Moment) -> Vec<Value<'a>> {
        let mut key = vec![self.source.into(), self.call.into()];
        key.extend(more);
        key.push(moment.into());
        key
    }

    fn visit(&self, fact: &'a VisitFact) -> Vec<Value<'a>> {
        vec![
            self.source.into(),
            self.call.into(),
            self.directory.queue(fact.queue).name.as_str().into(),
            fact.number.into(),
            fact.offered.into(),
            fact.outcome.map(Outcome::as_str).into(),
            fact.decided.into(),
            fact.wait.map(Wait::ms).into(),
            fact.talk.map(Talk::ms).into(),
            fact.over.into(),
            fact.outside_hours.into(),
            fact.derived.into(),
            fact.inconsistent.into(),
            fact.late.into(),
            fact.coarse.into(),
        ]
    }

    fn leg(&self, fact: &'a LegFact) -> Vec<Value<'a>> {
        vec![
            self.source.into(),
            self.call.into(),
            fact.number.into(),
            fact.queue.map(|queue| self.directory.queue(queue).name.as_str()).into(),
            fact.kind.as_str().into(),
            fact.target.as_str().into(),
            self.directory.unit(fact.unit).name.as_str().into(),
            self.directory.organisation(fact.organisation).name.as_str().into(),
            fact.started.into(),
            fact.outcome.map(LegOutcome::as_str).into(),
            fact.ring.map(Ring::ms).into(),
            fact.short.into(),
            fact.not_completed.into(),
        ]
    }

    fn journey(&self, fact: &'a JourneyFact) -> Vec<Value<'a>> {
        vec![
            self.source.into(),
            self.call.into(),
            self.directory.queue(fact.queue).name.as_str().into(),
            fact.offered.into(),
            fact.outcome.map(Outcome::as_str).into(),
            fact.decided.into(),
            fact.wait.map(Wait::ms).into(),
            fact.outside_hours.into(),
        ]
    }

    fn unit_journey(&self, fact: &'a UnitJourneyFact) -> Vec<Value<'a>> {
        vec![
            self.source.into(),
            self.call.into(),
            self.directory.unit(fact.unit).name.as_str().into(),
            fact.started.into(),
            fact.reached.into(),
        ]
    }
}

/// The columns that [`read_visit`] reads.
pub(super) const VISIT_COLUMNS: &str =
    "number, offered, outcome, decided, wait_ms, talk_ms, over, outside_hours, derived, inconsistent, late, coarse";

/// Reads a visit of `queue` whose first column is `first`.
pub(super) fn read_visit(row: &Row<'_>, first: usize, queue: QueueId) -> Result<VisitFact, StoreError> {
    Ok(VisitFact {
        queue,
        number: row.small(first)?,
        offered: Moment(row.int(first + 1)?),
        outcome: row.maybe_text(first + 2)?.and_then(Outcome::parse),
        decided: row.maybe_int(first + 3)?.map(Moment),
        wait: row.maybe_int(first + 4)?.map(Wait::from_ms),
        talk: row.maybe_int(first + 5)?.map(Talk::from_ms),
        over: row.flag(first + 6)?,
        outside_hours: row.flag(first + 7)?,
        derived: row.flag(first + 8)?,
        inconsistent: row.flag(first + 9)?,
        late: row.flag(first + 10)?,
        coarse: row.flag(first + 11)?,
    })
}

/// Reads the journey of a call whose first visit was to `queue`: offered, outcome, decided, wait_ms,
/// outside_hours.
pub(super) fn read_journey(row: &Row<'_>, queue: QueueId) -> Result<JourneyFact, StoreError> {
    Ok(JourneyFact {
        queue,
        offered: Moment(row.int(0)?),
        outcome: row.maybe_text(1)?.and_then(Outcome::parse),
        decided: row.maybe_int(2)?.map(Moment),
        wait: row.maybe_int(3)?.map(Wait::from_ms),
        outside_hours: row.flag(4)?,
    })
}

/// Reads a journey to `unit`: a column, started, reached.
pub(super) fn read_unit_journey(
    row: &Row<'_>,
    unit: UnitId,
    organisation: OrganisationId,
) -> Result<UnitJourneyFact, StoreError> {
    Ok(UnitJourneyFact { unit, organisation, started: Moment(row.int(1)?), reached: row.flag(2)? })
}

/// Reads a leg to `unit` whole: number, queue, kind, target, started, outcome, ring_ms, short,
/// not_completed.
pub(super) fn read_leg_fact(
    row: &Row<'_>,
    unit: UnitId,
    organisation: OrganisationId,
    directory: &Directory,
) -> Result<LegFact, StoreError> {
    Ok(LegFact {
        number: row.small(0)?,
        // A queue that is no longer configured was one when the leg was counted.
        queue: row.maybe_text(1)?.map(|name| directory.queue_named(name).unwrap_or(FORMER_QUEUE)),
        kind: read_kind(row.text(2)?)?,
        target: row.text(3)?.into(),
        unit,
        organisation,
        started: Moment(row.int(4)?),
        outcome: row.maybe_text(5)?.and_then(LegOutcome::parse),
        ring: row.maybe_int(6)?.map(Ring::from_ms),
        short: row.flag(7)?,
        not_completed: row.flag(8)?,
    })
}

/// Stands for a queue that is no longer configured; legs are counted by their unit.
const FORMER_QUEUE: QueueId = QueueId(u32::MAX);

fn read_kind(kind: &str) -> Result<TransferKind, StoreError> {
    let unknown = || StoreError::Damaged { what: format!("a leg of the unknown kind `{kind}`") };
    TransferKind::parse(kind).ok_or_else(unknown)
}

/// Reads a leg to `unit`: source, call, number, queue, kind, started, outcome, ring_ms, short.
pub(super) fn read_leg(row: &Row<'_>, unit: UnitId, directory: &Directory) -> Result<LegRow, StoreError> {
    Ok(LegRow {
        source: row.text(0)?.to_owned(),
        call: row.text(1)?.into(),
        number: row.small(2)?,
        queue: row.maybe_text(3)?.and_then(|name| directory.queue_named(name)),
        unit,
        kind: read_kind(row.text(4)?)?,
        started: Moment(row.int(5)?),
        outcome: row.maybe_text(6)?.and_then(LegOutcome::parse),
        ring: row.maybe_int(7)?.map(Ring::from_ms),
        short: row.flag(8)?,
    })
}
