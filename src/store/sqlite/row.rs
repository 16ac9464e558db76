//! Cells to rows and back, and the names that stand for ids in rows.

use std::collections::BTreeMap;

use rusqlite::Row;
use rusqlite::types::Value;
use smallvec::SmallVec;

use crate::directory::Directory;
use crate::measure::{Moment, Wait};
use crate::names::{QueueId, UnitId};
use crate::stats::counts::ThresholdCounts;
use crate::stats::{Cell, Counts, LegCounts, Scope, ScopeKind, VisitCell, Waits};
use crate::store::StoreError;

/// The stored spelling of a scope of visits.
pub(super) fn scope_name(kind: ScopeKind) -> &'static str {
    match kind {
        ScopeKind::Queue => "queue",
        ScopeKind::Calls => "calls",
        ScopeKind::Unit => "unit",
    }
}

/// The name of what a scope is about.
pub(super) fn name_of(scope: Scope, directory: &Directory) -> &str {
    match scope {
        Scope::Queue(id) | Scope::Calls(id) => &directory.queue(id).name,
        Scope::Unit(id) => &directory.unit(id).name,
    }
}

/// Names back to ids, for reading many rows.
#[derive(Debug)]
pub(super) struct Ids<'a> {
    queues: BTreeMap<&'a str, QueueId>,
    units: BTreeMap<&'a str, UnitId>,
}

impl<'a> Ids<'a> {
    pub(super) fn of(directory: &'a Directory) -> Self {
        let queues = directory.queues().iter().enumerate();
        let units = directory.units().iter().enumerate();
        Self {
            queues: queues.map(|(at, queue)| (queue.name.as_str(), QueueId(at as u32))).collect(),
            units: units.map(|(at, unit)| (unit.name.as_str(), UnitId(at as u32))).collect(),
        }
    }

    pub(super) fn queue(&self, name: &str) -> Option<QueueId> {
        self.queues.get(name).copied()
    }

    pub(super) fn scope(&self, kind: ScopeKind, name: &str) -> Option<Scope> {
        match kind {
            ScopeKind::Queue => self.queue(name).map(Scope::Queue),
            ScopeKind::Calls => self.queue(name).map(Scope::Calls),
            ScopeKind::Unit => self.units.get(name).copied().map(Scope::Unit),
        }
    }
}

/// The columns of a cell of visits, in the order of [`visit_columns`].
pub(super) fn visit_values(cell: &VisitCell) -> Vec<Value> {
    let thresholds: BTreeMap<u32, [i64; 3]> = cell
        .counts
        .thresholds
        .iter()
        .map(|at| (at.threshold_ms, [at.within, at.abandoned_within, at.on_threshold]))
        .collect();
    let max = |wait: Option<Wait>| wait.map_or(Value::Null, |wait| Value::Integer(i64::from(wait.ms())));
    let mut values = vec![
        Value::Text(serde_json::to_string(&thresholds).unwrap_or_default()),
        Value::Blob(cell.waits.to_bytes()),
        max(cell.max_answered),
        max(cell.max_all),
    ];
    values.extend(cell.counts.values().map(Value::Integer));
    values
}

/// Names of the columns of a cell of visits.
pub(super) fn visit_columns() -> String {
    format!("thresholds, waits, max_answered, max_all, {}", Counts::NAMES.join(", "))
}

/// Names of the columns of a cell of legs.
pub(super) fn leg_columns() -> String {
    LegCounts::NAMES.join(", ")
}

/// Reads a cell of visits whose first column is `first`.
pub(super) fn read_visits(row: &Row<'_>, first: usize) -> Result<VisitCell, StoreError> {
    let read = |error| StoreError::Sqlite { doing: "reading a rollup", source: error };
    let damaged = |what: &str| StoreError::Damaged { what: format!("a rollup's {what}") };
    let thresholds: String = row.get(first).map_err(read)?;
    let thresholds: BTreeMap<u32, [i64; 3]> = serde_json::from_str(&thresholds).map_err(|_| damaged("thresholds"))?;
    let thresholds: SmallVec<[ThresholdCounts; 2]> = thresholds
        .into_iter()
        .map(|(threshold_ms, [within, abandoned_within, on_threshold])| ThresholdCounts {
            threshold_ms,
            within,
            abandoned_within,
            on_threshold,
        })
        .collect();
    let waits = row.get_ref(first + 1).map_err(read)?;
    let waits = waits.as_blob().ok().and_then(Waits::from_bytes).ok_or_else(|| damaged("waits"))?;
    let max = |at: usize| row.get::<_, Option<i64>>(first + at).map(|ms| ms.map(Wait::from_ms)).map_err(read);
    let mut values = [0; Counts::NAMES.len()];
    for (at, value) in values.iter_mut().enumerate() {
        *value = row.get(first + 4 + at).map_err(read)?;
    }
    Ok(VisitCell {
        counts: Counts::from_values(values, thresholds),
        waits,
        max_answered: max(2)?,
        max_all: max(3)?,
        max_unsure: false,
    })
}

/// Reads a cell of legs whose first column is `first`.
pub(super) fn read_legs(row: &Row<'_>, first: usize) -> Result<LegCounts, StoreError> {
    let mut values = [0; LegCounts::NAMES.len()];
    for (at, value) in values.iter_mut().enumerate() {
        *value =
            row.get(first + at).map_err(|error| StoreError::Sqlite { doing: "reading a rollup", source: error })?;
    }
    Ok(LegCounts::from_values(values))
}

/// Reads a cell of either kind.
pub(super) fn read_cell(kind: ScopeKind, row: &Row<'_>, first: usize) -> Result<Cell, StoreError> {
    match kind {
        ScopeKind::Unit => Ok(Cell::Legs(Box::new(read_legs(row, first)?))),
        ScopeKind::Queue | ScopeKind::Calls => Ok(Cell::Visits(Box::new(read_visits(row, first)?))),
    }
}

/// A moment, or null.
pub(super) fn moment(at: Option<Moment>) -> Option<i64> {
    at.map(|at| at.0)
}
