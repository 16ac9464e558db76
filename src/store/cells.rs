//! Cells to rows and back, and the names that stand for ids in rows.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::directory::Directory;
use crate::measure::{Moment, Wait};
use crate::stats::counts::ThresholdCounts;
use crate::stats::period::Calendar;
use crate::stats::{Cell, CellKey, Counts, LegCounts, Scope, ScopeKind, Tier, VisitCell, Waits};
use crate::store::closing::Stretch;
use crate::store::database::Statement;
use crate::store::tables::{LEG_CELL, Table, VISIT_CELL};
use crate::store::value::{Row, Value};
use crate::store::{Database, StoreError};

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

/// What a stored name is about, if it still is configured.
pub(super) fn scope_named(kind: ScopeKind, name: &str, directory: &Directory) -> Option<Scope> {
    match kind {
        ScopeKind::Queue => directory.queue_named(name).map(Scope::Queue),
        ScopeKind::Calls => directory.queue_named(name).map(Scope::Calls),
        ScopeKind::Unit => directory.unit_named(name).map(Scope::Unit),
    }
}

/// The row of a cell.
pub(super) fn row(key: CellKey, cell: &Cell, directory: &Directory) -> (&'static Table, Vec<Value<'static>>) {
    let name = name_of(key.scope, directory).to_owned();
    let mut values: Vec<Value<'static>> = vec![key.tier.as_str().into(), key.start.into(), name.into()];
    match cell {
        Cell::Visits(cell) => {
            values.insert(0, scope_name(key.scope.kind()).into());
            let thresholds: BTreeMap<u32, [i64; 3]> = cell
                .counts
                .thresholds
                .iter()
                .map(|at| (at.threshold_ms, [at.within, at.abandoned_within, at.on_threshold]))
                .collect();
            let max = |wait: Option<Wait>| wait.map(Wait::ms).into();
            values.push(serde_json::to_string(&thresholds).unwrap_or_default().into());
            values.push(cell.waits.to_bytes().into());
            values.extend([max(cell.max_answered), max(cell.max_all)]);
            values.extend(cell.counts.values().map(Value::Int));
            (&VISIT_CELL, values)
        }
        Cell::Legs(counts) => {
            values.extend(counts.values().map(Value::Int));
            (&LEG_CELL, values)
        }
    }
}

/// Names of the columns that [`read`] reads.
pub(super) fn columns(kind: ScopeKind) -> String {
    match kind {
        ScopeKind::Unit => LegCounts::NAMES.join(", "),
        _ => format!("thresholds, waits, max_answered, max_all, {}", Counts::NAMES.join(", ")),
    }
}

/// Reads a cell whose first column is `first`.
pub(super) fn read(kind: ScopeKind, row: &Row<'_>, first: usize) -> Result<Cell, StoreError> {
    if kind == ScopeKind::Unit {
        let mut values = [0; LegCounts::NAMES.len()];
        for (at, value) in values.iter_mut().enumerate() {
            *value = row.int(first + at)?;
        }
        return Ok(Cell::Legs(Box::new(LegCounts::from_values(values))));
    }
    let damaged = |what: &str| StoreError::Damaged { what: format!("a rollup's {what}") };
    let thresholds: BTreeMap<u32, [i64; 3]> =
        serde_json::from_str(row.text(first)?).map_err(|_| damaged("thresholds"))?;
    let thresholds: SmallVec<[ThresholdCounts; 2]> = thresholds
        .into_iter()
        .map(|(threshold_ms, [within, abandoned_within, on_threshold])| ThresholdCounts {
            threshold_ms,
            within,
            abandoned_within,
            on_threshold,
        })
        .collect();
    let waits = Waits::from_bytes(row.bytes(first + 1)?).ok_or_else(|| damaged("waits"))?;
    let max = |at: usize| row.maybe_int(first + at).map(|ms| ms.map(Wait::from_ms));
    let mut values = [0; Counts::NAMES.len()];
    for (at, value) in values.iter_mut().enumerate() {
        *value = row.int(first + 4 + at)?;
    }
    Ok(Cell::Visits(Box::new(VisitCell {
        counts: Counts::from_values(values, thresholds),
        waits,
        max_answered: max(2)?,
        max_all: max(3)?,
        max_unsure: false,
    })))
}

/// Gives the cells of one kind and tier that begin in a stretch to `give`, by start and name. What is not
/// configured, or is not wanted, is passed over unread.
pub(super) fn each(
    (database, directory): (&dyn Database, &Directory),
    (kind, tier): (ScopeKind, Tier),
    stretch: Stretch,
    is_wanted: &dyn Fn(Scope) -> bool,
    give: &mut dyn FnMut(CellKey, Cell),
) -> Result<(), StoreError> {
    let (sql, with) = query(kind, tier, stretch);
    database.each("reading rollups", &sql, &with, &mut |row| {
        let scope = scope_named(kind, row.text(1)?, directory);
        if let Some(scope) = scope.filter(|scope| is_wanted(*scope)) {
            give(CellKey { scope, tier, start: Moment(row.int(0)?) }, read(kind, &row, 2)?);
        }
        Ok(())
    })
}

/// The statement that reads all cells of one kind and tier that begin in a stretch, by start and name, and
/// its parameters: start, name, and the columns that [`read`] reads.
pub(super) fn query(kind: ScopeKind, tier: Tier, (from, until, signed): Stretch) -> (String, Vec<Value<'static>>) {
    let columns = columns(kind);
    let mut with = vec![tier.as_str().into(), from.into(), until.into()];
    let mut rows = "tier = $1 AND start >= $2 AND start < $3".to_owned();
    if let Some((month, revision)) = signed {
        with.extend([month.into(), revision.into()]);
        rows.push_str(" AND month = $4 AND revision = $5");
    }
    let table = if kind == ScopeKind::Unit {
        "leg_cell"
    } else {
        with.push(scope_name(kind).into());
        rows = format!("{rows} AND scope = ${}", with.len());
        "visit_cell"
    };
    let of = if signed.is_some() { "signed_" } else { "" };
    (format!("SELECT start, name, {columns} FROM {of}{table} WHERE {rows} ORDER BY start, name"), with)
}

/// The table of a cell, and the columns by which it is found.
pub(super) fn key_row(key: CellKey, directory: &Directory) -> (&'static Table, Vec<Value<'static>>) {
    let mut values: Vec<Value<'static>> =
        vec![key.tier.as_str().into(), key.start.into(), name_of(key.scope, directory).to_owned().into()];
    if key.scope.kind() == ScopeKind::Unit {
        return (&LEG_CELL, values);
    }
    values.insert(0, scope_name(key.scope.kind()).into());
    (&VISIT_CELL, values)
}

/// A longest wait was corrected away: finds the next longest among the facts, which are written.
pub(super) fn look_up_maxima(key: CellKey, directory: &Directory) -> Statement<'_> {
    let table = if matches!(key.scope, Scope::Calls(_)) { "journey" } else { "visit" };
    let until = Calendar::new(directory.zone()).next(key.tier, key.start);
    let longest = |also: &str| {
        format!(
            "(SELECT max(wait_ms) FROM {table} WHERE queue = $1 AND offered >= $2 AND offered < $3
              AND NOT outside_hours AND outcome NOT IN ('lost', 'unknown') {also})"
        )
    };
    let sql = format!(
        "UPDATE visit_cell SET max_all = {}, max_answered = {}
         WHERE name = $1 AND start = $2 AND scope = $4 AND tier = $5",
        longest(""),
        longest("AND outcome = 'answered'")
    );
    let (scope, tier) = (scope_name(key.scope.kind()), key.tier.as_str());
    let with = vec![name_of(key.scope, directory).into(), key.start.into(), until.into(), scope.into(), tier.into()];
    Statement { sql, with }
}
