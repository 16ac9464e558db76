//! The one writer: opens, restores, recalls, commits.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Transaction, params, params_from_iter};

use crate::call::fact::{Change, JourneyFact, LegFact, UnitJourneyFact, VisitFact};
use crate::directory::Directory;
use crate::measure::Moment;
use crate::names::{CallKey, QueueId};
use crate::stats::{Cell, CellKey, Counts, LegCounts, Scope};
use crate::store::contract::{Commit, Restored, SourceState, Store, StoreError};
use crate::store::sqlite::read::visit_of;
use crate::store::sqlite::row::{self, Ids};

/// Version of `schema.sql`, kept in `user_version`.
pub(super) const SCHEMA: i64 = 1;
/// Longest a writer waits for another program that holds the file.
const BUSY_MS: u64 = 5_000;
/// A visit is decided at most this long after it was offered: bounds the search for recent ones.
const LONGEST_VISIT_MS: i64 = 24 * 3_600_000;

/// The embedded store, open for writing.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    directory: Arc<Directory>,
}

/// Wraps SQLite's word with what was being done.
pub(super) fn failed(doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |source| StoreError::Sqlite { doing, source }
}

impl SqliteStore {
    /// Opens the file at `path`, creating it with its tables where there is none.
    pub fn open(path: &Path, directory: Arc<Directory>) -> Result<Self, StoreError> {
        let url = format!("sqlite:{}", path.display());
        let connection = Connection::open(path).map_err(|error| StoreError::Address {
            url: url.clone(),
            why: format!("cannot be opened ({error}); check that its folder exists and may be written to"),
        })?;
        let setup = failed("setting up the file");
        connection.busy_timeout(std::time::Duration::from_millis(BUSY_MS)).map_err(&setup)?;
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;",
            )
            .map_err(&setup)?;
        connection.set_prepared_statement_cache_capacity(64);
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(&setup)?;
        if found > SCHEMA {
            return Err(StoreError::Newer { url, found, known: SCHEMA });
        }
        let mut store = Self { connection, directory };
        if found == 0 {
            store.create().map_err(failed("creating the tables"))?;
        }
        Ok(store)
    }

    fn create(&mut self) -> rusqlite::Result<()> {
        let columns = |names: &[&str]| names.map_columns();
        let schema = include_str!("schema.sql")
            .replace("{visit_counts}", &columns(Counts::NAMES))
            .replace("{leg_counts}", &columns(&LegCounts::NAMES));
        // Tables and version come together: a crash in between leaves an empty file.
        let transaction = self.connection.transaction()?;
        transaction.execute_batch(&schema)?;
        transaction.pragma_update(None, "user_version", SCHEMA)?;
        transaction.commit()
    }

    fn write(&self, transaction: &Transaction<'_>, commit: &Commit<'_>) -> rusqlite::Result<()> {
        let directory = &*self.directory;
        for call in &commit.calls {
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO call (source, call, newest, is_over, content) VALUES (?, ?, ?, ?, ?)",
                )?
                .execute(params![
                    directory.source_name(call.key.source),
                    call.key.call.as_str(),
                    call.newest.0,
                    call.is_over,
                    call.bytes
                ])?;
        }
        for call in commit.changes {
            let facts =
                Facts { transaction, directory, source: directory.source_name(call.key.source), call: &call.key.call };
            for change in &call.changes {
                facts.write(change)?;
            }
        }
        for (key, cell) in &commit.cells {
            write_cell(transaction, directory, *key, cell)?;
        }
        for (id, totals) in &commit.queue_totals {
            write_total(transaction, "queue", &directory.queue(*id).name, totals)?;
        }
        for (id, totals) in &commit.unit_totals {
            write_total(transaction, "unit", &directory.unit(*id).name, totals)?;
        }
        for (source, received, reject) in &commit.dead_letters {
            transaction
                .prepare_cached(
                    "INSERT OR IGNORE INTO dead_letter (source, position, reason, excerpt, detail, at, received)
                     VALUES (?, ?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![
                    directory.source_name(*source),
                    reject.position,
                    reject.reason.as_str(),
                    reject.excerpt,
                    reject.detail,
                    reject.at.unwrap_or(*received).0,
                    received.0
                ])?;
        }
        for gap in &commit.gaps {
            transaction
                .prepare_cached("INSERT OR IGNORE INTO gap (source, \"from\", \"to\", reason) VALUES (?, ?, ?, ?)")?
                .execute(params![gap.source, gap.from.0, gap.to.0, gap.reason])?;
        }
        for (source, state) in &commit.sources {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO source (name, state) VALUES (?, ?)")?
                .execute(params![directory.source_name(*source), to_json(state)?])?;
        }
        Ok(())
    }
}

impl Store for SqliteStore {
    fn restore(&mut self, since: Moment) -> Result<Restored, StoreError> {
        let doing = failed("restoring");
        let mut restored = Restored::default();
        let ids = Ids::of(&self.directory);
        let named = |what: &str, text: &str| StoreError::Damaged { what: format!("the state of {what} `{text}`") };
        let mut query = self.connection.prepare("SELECT name, state FROM source").map_err(&doing)?;
        let rows =
            query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).map_err(&doing)?;
        for row in rows {
            let (name, state) = row.map_err(&doing)?;
            let state: SourceState = serde_json::from_str(&state).map_err(|_| named("source", &name))?;
            restored.sources.push((name, state));
        }
        let mut query = self.connection.prepare("SELECT kind, name, state FROM total").map_err(&doing)?;
        let mut rows = query.query([]).map_err(&doing)?;
        while let Some(row) = rows.next().map_err(&doing)? {
            let read = |at: usize| row.get::<_, String>(at).map_err(&doing);
            let (kind, name, state) = (read(0)?, read(1)?, read(2)?);
            let damaged = |_| named(&kind, &name);
            if kind == "queue" {
                let Some(id) = ids.queue(&name) else { continue };
                restored.queue_totals.push((id, serde_json::from_str(&state).map_err(damaged)?));
            } else if let Some(Scope::Unit(id)) = ids.scope(crate::stats::ScopeKind::Unit, &name) {
                restored.unit_totals.push((id, serde_json::from_str(&state).map_err(damaged)?));
            }
        }
        let mut query =
            self.connection.prepare("SELECT source, call, content FROM call WHERE is_over = 0").map_err(&doing)?;
        let mut rows = query.query([]).map_err(&doing)?;
        while let Some(row) = rows.next().map_err(&doing)? {
            let source: String = row.get(0).map_err(&doing)?;
            let call: String = row.get(1).map_err(&doing)?;
            let Some(source) = self.directory.source_named(&source) else { continue };
            restored.open_calls.push((CallKey { source, call: call.into() }, row.get(2).map_err(&doing)?));
        }
        for (at, queue) in self.directory.queues().iter().enumerate() {
            let mut query = self
                .connection
                .prepare_cached(
                    "SELECT number, offered, outcome, decided, wait_ms, talk_ms, over, outside_hours, derived, inconsistent,
                            late, coarse, source, call
                     FROM visit WHERE queue = ? AND offered >= ? AND decided >= ? ORDER BY decided",
                )
                .map_err(&doing)?;
            let mut rows = query.query(params![queue.name, since.0 - LONGEST_VISIT_MS, since.0]).map_err(&doing)?;
            while let Some(row) = rows.next().map_err(&doing)? {
                restored.recent.push(visit_of(row, QueueId(at as u32)).map_err(&doing)?);
            }
        }
        Ok(restored)
    }

    fn recall_call(&mut self, key: &CallKey) -> Result<Option<Vec<u8>>, StoreError> {
        let doing = failed("recalling a call");
        let mut query =
            self.connection.prepare_cached("SELECT content FROM call WHERE source = ? AND call = ?").map_err(&doing)?;
        let source = self.directory.source_name(key.source);
        query.query_row(params![source, key.call.as_str()], |row| row.get(0)).optional().map_err(&doing)
    }

    fn recall_cell(&mut self, key: CellKey) -> Result<Option<Cell>, StoreError> {
        let doing = failed("recalling a rollup");
        let (kind, name) = (key.scope.kind(), row::name_of(key.scope, &self.directory));
        let sql = match key.scope {
            Scope::Unit(_) => {
                format!("SELECT {} FROM leg_cell WHERE tier = ? AND start = ? AND name = ?", row::leg_columns())
            }
            _ => format!(
                "SELECT {} FROM visit_cell WHERE tier = ? AND start = ? AND name = ? AND scope = '{}'",
                row::visit_columns(),
                row::scope_name(kind)
            ),
        };
        let mut query = self.connection.prepare_cached(&sql).map_err(&doing)?;
        let mut rows = query.query(params![key.tier.as_str(), key.start.0, name]).map_err(&doing)?;
        let Some(row) = rows.next().map_err(&doing)? else { return Ok(None) };
        row::read_cell(kind, row, 0).map(Some)
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<(), StoreError> {
        let doing = failed("committing a batch");
        let transaction = self.connection.unchecked_transaction().map_err(&doing)?;
        self.write(&transaction, commit).map_err(&doing)?;
        transaction.commit().map_err(&doing)
    }

    fn is_empty(&mut self) -> Result<bool, StoreError> {
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM source) AND NOT EXISTS (SELECT 1 FROM call)";
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(failed("looking whether the store is empty"))
    }
}

/// Column definitions of a list of counts.
trait MapColumns {
    fn map_columns(&self) -> String;
}

impl MapColumns for [&str] {
    fn map_columns(&self) -> String {
        self.iter().map(|name| format!("{name} INTEGER NOT NULL")).collect::<Vec<_>>().join(",\n    ")
    }
}

fn to_json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn write_total(to: &Transaction<'_>, kind: &str, name: &str, totals: &impl serde::Serialize) -> rusqlite::Result<()> {
    to.prepare_cached("INSERT OR REPLACE INTO total (kind, name, state) VALUES (?, ?, ?)")?.execute(params![
        kind,
        name,
        to_json(totals)?
    ])?;
    Ok(())
}

fn write_cell(to: &Transaction<'_>, directory: &Directory, key: CellKey, cell: &Cell) -> rusqlite::Result<()> {
    let name = row::name_of(key.scope, directory);
    match cell {
        Cell::Visits(cell) => {
            let values = row::visit_values(cell);
            let marks = vec!["?"; values.len()].join(", ");
            let sql = format!(
                "INSERT OR REPLACE INTO visit_cell (scope, tier, start, name, {}) VALUES (?, ?, ?, ?, {marks})",
                row::visit_columns()
            );
            let scope = row::scope_name(key.scope.kind());
            let keys = [
                scope.to_owned().into(),
                key.tier.as_str().to_owned().into(),
                key.start.0.into(),
                name.to_owned().into(),
            ];
            let keys: [rusqlite::types::Value; 4] = keys;
            to.prepare_cached(&sql)?.execute(params_from_iter(keys.into_iter().chain(values)))?;
            if cell.max_unsure {
                look_up_maxima(to, directory, key, name)?;
            }
        }
        Cell::Legs(counts) => {
            let marks = vec!["?"; LegCounts::NAMES.len()].join(", ");
            let sql = format!(
                "INSERT OR REPLACE INTO leg_cell (tier, start, name, {}) VALUES (?, ?, ?, {marks})",
                row::leg_columns()
            );
            let keys: [rusqlite::types::Value; 3] =
                [key.tier.as_str().to_owned().into(), key.start.0.into(), name.to_owned().into()];
            let values = counts.values().map(rusqlite::types::Value::Integer);
            to.prepare_cached(&sql)?.execute(params_from_iter(keys.into_iter().chain(values)))?;
        }
    }
    Ok(())
}

/// A longest wait was corrected away: finds the next longest among the facts, which are written.
fn look_up_maxima(to: &Transaction<'_>, directory: &Directory, key: CellKey, name: &str) -> rusqlite::Result<()> {
    let table = if matches!(key.scope, Scope::Calls(_)) { "journey" } else { "visit" };
    let until = crate::stats::period::Calendar::new(directory.zone()).next(key.tier, key.start);
    let longest = |also: &str| {
        format!(
            "(SELECT max(wait_ms) FROM {table} WHERE queue = ?1 AND offered >= ?2 AND offered < ?3
              AND outside_hours = 0 AND outcome NOT IN ('lost', 'unknown') {also})"
        )
    };
    let sql = format!(
        "UPDATE visit_cell SET max_all = {}, max_answered = {} WHERE scope = ?4 AND tier = ?5 AND start = ?2 AND name = ?1",
        longest(""),
        longest("AND outcome = 'answered'")
    );
    let scope = row::scope_name(key.scope.kind());
    to.prepare_cached(&sql)?.execute(params![name, key.start.0, until.0, scope, key.tier.as_str()])?;
    Ok(())
}

/// Writes the facts of one call.
struct Facts<'a> {
    transaction: &'a Transaction<'a>,
    directory: &'a Directory,
    source: &'a str,
    call: &'a str,
}

impl Facts<'_> {
    fn write(&self, change: &Change) -> rusqlite::Result<()> {
        match change {
            Change::Visit(visit) => match (&visit.is, &visit.was) {
                (Some(is), _) => self.visit(is),
                (None, Some(was)) => {
                    let queue = self.directory.queue(was.queue).name.as_str();
                    self.delete(
                        "DELETE FROM visit WHERE source = ? AND call = ? AND queue = ? AND number = ?",
                        (queue, was.number),
                    )
                }
                (None, None) => Ok(()),
            },
            Change::Leg(leg) => match (&leg.is, &leg.was) {
                (Some(is), _) => self.leg(is),
                (None, Some(was)) => self.delete(
                    "DELETE FROM leg WHERE source = ? AND call = ? AND '' = ? AND number = ?",
                    ("", was.number),
                ),
                (None, None) => Ok(()),
            },
            Change::Journey(journey) => match &journey.is {
                Some(is) => self.journey(is),
                None => self.delete("DELETE FROM journey WHERE source = ? AND call = ? AND '' = ? AND 0 = ?", ("", 0)),
            },
            Change::UnitJourney(journey) => match (&journey.is, &journey.was) {
                (Some(is), _) => self.unit_journey(is),
                (None, Some(was)) => {
                    let unit = self.directory.unit(was.unit).name.as_str();
                    self.delete(
                        "DELETE FROM unit_journey WHERE source = ? AND call = ? AND unit = ? AND 0 = ?",
                        (unit, 0),
                    )
                }
                (None, None) => Ok(()),
            },
        }
    }

    fn delete(&self, sql: &str, (name, number): (&str, u16)) -> rusqlite::Result<()> {
        self.transaction.prepare_cached(sql)?.execute(params![self.source, self.call, name, number])?;
        Ok(())
    }

    fn visit(&self, fact: &VisitFact) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO visit (source, call, queue, number, offered, outcome, decided, wait_ms, talk_ms,
                                               over, outside_hours, derived, inconsistent, late, coarse)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.source,
                self.call,
                self.directory.queue(fact.queue).name,
                fact.number,
                fact.offered.0,
                fact.outcome.map(crate::call::fact::Outcome::as_str),
                row::moment(fact.decided),
                fact.wait.map(crate::measure::Wait::ms),
                fact.talk.map(crate::measure::Talk::ms),
                fact.over,
                fact.outside_hours,
                fact.derived,
                fact.inconsistent,
                fact.late,
                fact.coarse
            ])?;
        Ok(())
    }

    fn leg(&self, fact: &LegFact) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO leg (source, call, number, queue, kind, target, unit, organisation, started, outcome,
                                             ring_ms, short, not_completed)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.source,
                self.call,
                fact.number,
                fact.queue.map(|queue| self.directory.queue(queue).name.as_str()),
                fact.kind.as_str(),
                fact.target.as_str(),
                self.directory.unit(fact.unit).name,
                self.directory.organisation(fact.organisation).name,
                fact.started.0,
                fact.outcome.map(crate::call::fact::LegOutcome::as_str),
                fact.ring.map(crate::measure::Ring::ms),
                fact.short,
                fact.not_completed
            ])?;
        Ok(())
    }

    fn journey(&self, fact: &JourneyFact) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO journey (source, call, queue, offered, outcome, decided, wait_ms, outside_hours)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.source,
                self.call,
                self.directory.queue(fact.queue).name,
                fact.offered.0,
                fact.outcome.map(crate::call::fact::Outcome::as_str),
                row::moment(fact.decided),
                fact.wait.map(crate::measure::Wait::ms),
                fact.outside_hours
            ])?;
        Ok(())
    }

    fn unit_journey(&self, fact: &UnitJourneyFact) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO unit_journey (source, call, unit, started, reached) VALUES (?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.source,
                self.call,
                self.directory.unit(fact.unit).name,
                fact.started.0,
                fact.reached
            ])?;
        Ok(())
    }
}
