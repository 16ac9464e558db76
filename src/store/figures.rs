//! The figures over any database: what the engine writes.

use std::sync::Arc;

use crate::directory::Directory;
use crate::measure::Moment;
use crate::names::{CallKey, QueueId, SourceId};
use crate::stats::{Cell, CellKey};
use crate::store::cells;
use crate::store::contract::{Commit, Restored, SourceState, Store, StoreError};
use crate::store::database::{Database, Statement, Write};
use crate::store::facts::{self, VISIT_COLUMNS};
use crate::store::tables::{CALL, DEAD_LETTER, GAP, LEG_CELL, SOURCE, TOTAL, VISIT_CELL};
use crate::store::upkeep::retention;
use crate::store::value::Value;

/// A visit is decided at most this long after it was offered: bounds the search for recent ones.
const LONGEST_VISIT_MS: i64 = 24 * 3_600_000;

/// Under which name it is remembered how much of the spool is stored.
const SPOOL: &str = "spool";
const KEEP_MARK: &str = "INSERT INTO memory (writer, content) VALUES ($1, $2)
     ON CONFLICT (writer) DO UPDATE SET content = excluded.content";

/// The figures in a store.
#[derive(Debug)]
pub struct Figures {
    pub(super) database: Box<dyn Database>,
    pub(super) directory: Arc<Directory>,
}

impl Figures {
    /// The figures of `directory`'s queues and units in `database`.
    pub fn new(database: Box<dyn Database>, directory: Arc<Directory>) -> Self {
        Self { database, directory }
    }
}

/// The changes of rows that a commit makes.
fn writes<'a>(commit: &'a Commit<'_>, directory: &'a Directory) -> Result<Vec<Write<'a>>, StoreError> {
    let mut writes = Vec::with_capacity(commit.changes.len() * 3 + commit.calls.len() + commit.cells.len());
    for call in &commit.calls {
        let source = directory.source_name(call.key.source);
        let bytes = call.bytes.as_slice();
        let row =
            vec![source.into(), call.key.call.as_str().into(), call.newest.into(), call.is_over.into(), bytes.into()];
        writes.push(Write::Put(&CALL, row));
    }
    for call in commit.changes {
        facts::write(call, directory, |write| writes.push(write));
    }
    for (key, cell) in &commit.cells {
        let (table, row) = cells::row(*key, cell, directory);
        writes.push(Write::Put(table, row));
    }
    for (id, totals) in &commit.queue_totals {
        writes.push(Write::Put(&TOTAL, total("queue", &directory.queue(*id).name, totals)?));
    }
    for (id, totals) in &commit.unit_totals {
        writes.push(Write::Put(&TOTAL, total("unit", &directory.unit(*id).name, totals)?));
    }
    for (source, received, reject) in &commit.dead_letters {
        let row = vec![
            directory.source_name(*source).into(),
            (&reject.position).into(),
            reject.reason.as_str().into(),
            (&reject.excerpt).into(),
            (&reject.detail).into(),
            reject.at.unwrap_or(*received).into(),
            (*received).into(),
        ];
        writes.push(Write::Put(&DEAD_LETTER, row));
    }
    for gap in &commit.gaps {
        let row = vec![(&gap.source).into(), gap.from.into(), gap.to.into(), gap.reason.as_deref().into()];
        writes.push(Write::Put(&GAP, row));
    }
    for (source, state) in &commit.sources {
        writes.push(Write::Put(&SOURCE, vec![directory.source_name(*source).into(), json(state)?]));
    }
    Ok(writes)
}

fn total<'a>(kind: &'a str, name: &'a str, totals: &impl serde::Serialize) -> Result<Vec<Value<'a>>, StoreError> {
    Ok(vec![kind.into(), name.into(), json(totals)?])
}

fn json(value: &impl serde::Serialize) -> Result<Value<'static>, StoreError> {
    let text = serde_json::to_string(value);
    text.map(Value::from)
        .map_err(|error| StoreError::Damaged { what: format!("a state that cannot be written ({error})") })
}

impl Store for Figures {
    fn restore(&mut self, since: Moment) -> Result<Restored, StoreError> {
        let doing = "restoring";
        let mut restored = Restored::default();
        let database = &*self.database;
        let named = |what: &str, text: &str| StoreError::Damaged { what: format!("the state of {what} `{text}`") };
        restored.sources = database.all(doing, "SELECT name, state FROM source", &[], |row| {
            let (name, state) = (row.text(0)?.to_owned(), row.text(1)?);
            let state: SourceState = serde_json::from_str(state).map_err(|_| named("source", &name))?;
            Ok((name, state))
        })?;
        database.each(doing, "SELECT kind, name, state FROM total", &[], &mut |row| {
            let (kind, name, state) = (row.text(0)?, row.text(1)?, row.text(2)?);
            let damaged = |_| named(kind, name);
            if kind == "queue" {
                let Some(id) = self.directory.queue_named(name) else { return Ok(()) };
                restored.queue_totals.push((id, serde_json::from_str(state).map_err(damaged)?));
            } else if let Some(id) = self.directory.unit_named(name) {
                restored.unit_totals.push((id, serde_json::from_str(state).map_err(damaged)?));
            }
            Ok(())
        })?;
        database.each(doing, "SELECT source, call, content FROM call WHERE NOT is_over", &[], &mut |row| {
            if let Some(source) = self.directory.source_named(row.text(0)?) {
                restored.open_calls.push((CallKey { source, call: row.text(1)?.into() }, row.bytes(2)?.to_vec()));
            }
            Ok(())
        })?;
        let mark = "SELECT content FROM memory WHERE writer = $1";
        let mark = database.first(doing, mark, &[SPOOL.into()], |row| Ok(row.text(0)?.to_owned()))?;
        restored.spooled = mark.and_then(|mark| serde_json::from_str(&mark).ok());
        for (at, queue) in self.directory.queues().iter().enumerate() {
            let sql = format!(
                "SELECT {VISIT_COLUMNS} FROM visit WHERE queue = $1 AND offered >= $2 AND decided >= $3 ORDER BY decided"
            );
            let with = [(&*queue.name).into(), since.plus_ms(-LONGEST_VISIT_MS).into(), since.into()];
            let visits = database.all(doing, &sql, &with, |row| facts::read_visit(&row, 0, QueueId(at as u32)))?;
            restored.recent.extend(visits);
        }
        Ok(restored)
    }

    fn recall_calls(&mut self, keys: &[CallKey]) -> Result<Vec<(usize, Vec<u8>)>, StoreError> {
        let name = |key: &CallKey| self.directory.source_name(key.source);
        let by = keys.iter().map(|key| vec![name(key).into(), key.call.as_str().into()]).collect();
        let mut found = Vec::new();
        self.database.each_of("recalling calls", &CALL, by, &mut |at, row| {
            found.push((at, row.bytes(4)?.to_vec()));
            Ok(())
        })?;
        Ok(found)
    }

    fn calls_gone_until(&mut self, source: SourceId) -> Result<Option<Moment>, StoreError> {
        retention::gone_until(&*self.database, "calls", self.directory.source_name(source))
    }

    fn recall_cells(&mut self, keys: &[CellKey]) -> Result<Vec<(usize, Cell)>, StoreError> {
        let mut found = Vec::new();
        for table in [&*VISIT_CELL, &*LEG_CELL] {
            let of_table = keys.iter().enumerate().map(|(at, key)| (at, cells::key_row(*key, &self.directory)));
            let of_table = of_table.filter(|(_, (of, _))| of.name == table.name);
            let (places, by): (Vec<usize>, Vec<_>) = of_table.map(|(at, (_, by))| (at, by)).unzip();
            self.database.each_of("recalling rollups", table, by, &mut |nth, row| {
                let at = places[nth];
                found.push((at, cells::read(keys[at].scope.kind(), &row, table.key.len())?));
                Ok(())
            })?;
        }
        Ok(found)
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<(), StoreError> {
        let writes = writes(commit, &self.directory)?;
        let unsure = commit.cells.iter().filter(|(_, cell)| !cell.is_sure());
        let mut then: Vec<Statement<'_>> =
            unsure.map(|(key, _)| cells::look_up_maxima(*key, &self.directory)).collect();
        if let Some(mark) = commit.spooled {
            then.push(Statement { sql: KEEP_MARK.to_owned(), with: vec![SPOOL.into(), json(&mark)?] });
        }
        self.database.commit("committing a batch", writes, &then)?;
        Ok(())
    }

    fn keep(&mut self) -> Result<(), StoreError> {
        self.database.keep()
    }

    fn is_empty(&mut self) -> Result<bool, StoreError> {
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM source) AND NOT EXISTS (SELECT 1 FROM call)";
        let empty = self.database.first("looking whether the store is empty", sql, &[], |row| row.flag(0))?;
        Ok(empty.unwrap_or(true))
    }
}
