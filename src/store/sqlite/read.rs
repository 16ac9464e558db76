//! Readers beside the writer: each has a connection of its own and sees whole commits only.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags, Row, params};

use crate::call::fact::{LegOutcome, Outcome, VisitFact};
use crate::directory::Directory;
use crate::event::TransferKind;
use crate::measure::{Moment, Ring, Talk, Wait};
use crate::names::{QueueId, UnitId};
use crate::stats::{Cell, CellKey, ScopeKind, Tier};
use crate::store::Sight;
use crate::store::contract::{DeadLetterRow, Gap, LegRow, Page, Quality, Reader, StoreError, VisitRow};
use crate::store::sqlite::row::{self, Ids};
use crate::store::sqlite::write::{SCHEMA, failed};

/// The embedded store, open for reading.
#[derive(Debug)]
pub struct SqliteReader {
    connection: Connection,
    directory: Arc<Directory>,
}

impl SqliteReader {
    /// Opens the file at `path`, which must exist.
    pub fn open(path: &Path, directory: Arc<Directory>) -> Result<Self, StoreError> {
        let url = format!("sqlite:{}", path.display());
        // Read and write, since a reader of a WAL file may have to recover it; nothing is written.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| StoreError::Address {
            url: url.clone(),
            why: format!("cannot be read ({error}); has anything been imported, and is this the right file?"),
        })?;
        let setup = failed("opening the file");
        connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(&setup)?;
        connection.execute_batch("PRAGMA query_only = ON;").map_err(&setup)?;
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(&setup)?;
        if found > SCHEMA {
            return Err(StoreError::Newer { url, found, known: SCHEMA });
        }
        if found == 0 {
            return Err(StoreError::Address { url, why: "is no store of Servicegrad".into() });
        }
        Ok(Self { connection, directory })
    }
}

impl Reader for SqliteReader {
    fn cells(
        &self,
        sight: &Sight,
        kind: ScopeKind,
        tier: Tier,
        from: Moment,
        until: Moment,
    ) -> Result<Vec<(CellKey, Cell)>, StoreError> {
        let doing = failed("reading rollups");
        let ids = Ids::of(&self.directory);
        let sql = match kind {
            ScopeKind::Unit => format!(
                "SELECT start, name, {} FROM leg_cell WHERE tier = ? AND start >= ? AND start < ? ORDER BY start",
                row::leg_columns()
            ),
            _ => format!(
                "SELECT start, name, {} FROM visit_cell
                 WHERE scope = '{}' AND tier = ? AND start >= ? AND start < ? ORDER BY start",
                row::visit_columns(),
                row::scope_name(kind)
            ),
        };
        let mut query = self.connection.prepare_cached(&sql).map_err(&doing)?;
        let mut rows = query.query(params![tier.as_str(), from.0, until.0]).map_err(&doing)?;
        let mut cells = Vec::new();
        while let Some(row) = rows.next().map_err(&doing)? {
            let name = row.get_ref(1).map_err(&doing)?;
            let Some(scope) = name.as_str().ok().and_then(|name| ids.scope(kind, name)) else { continue };
            if !sight.sees(scope, &self.directory) {
                continue;
            }
            let key = CellKey { scope, tier, start: Moment(row.get(0).map_err(&doing)?) };
            cells.push((key, row::read_cell(kind, row, 2)?));
        }
        Ok(cells)
    }

    fn visits(
        &self,
        sight: &Sight,
        queue: QueueId,
        from: Moment,
        until: Moment,
        page: &Page,
    ) -> Result<Vec<VisitRow>, StoreError> {
        if !sight.sees_queue(queue) {
            return Ok(Vec::new());
        }
        let doing = failed("reading visits");
        let mut query = self
            .connection
            .prepare_cached(
                "SELECT number, offered, outcome, decided, wait_ms, talk_ms, over, outside_hours, derived, inconsistent, late,
                        coarse, source, call
                 FROM visit
                 WHERE queue = ? AND offered >= ? AND offered < ? AND (offered, source, call, number) > (?, ?, ?, ?)
                 ORDER BY offered, source, call, number LIMIT ?",
            )
            .map_err(&doing)?;
        let name = &self.directory.queue(queue).name;
        let (begin, limit) = (page.begin(), page.limit as i64);
        let rows = query
            .query_map(
                params![name, from.max(begin.at).0, until.0, begin.at.0, begin.source, begin.call, begin.number, limit],
                |row| {
                    let call: String = row.get(13)?;
                    Ok(VisitRow { source: row.get(12)?, call: call.into(), visit: visit_of(row, queue)? })
                },
            )
            .map_err(&doing)?;
        rows.collect::<Result<_, _>>().map_err(&doing)
    }

    fn legs(
        &self,
        sight: &Sight,
        unit: UnitId,
        from: Moment,
        until: Moment,
        page: &Page,
    ) -> Result<Vec<LegRow>, StoreError> {
        if !sight.sees_unit(unit, &self.directory) {
            return Ok(Vec::new());
        }
        let doing = failed("reading transfers");
        let ids = Ids::of(&self.directory);
        let mut query = self
            .connection
            .prepare_cached(
                "SELECT source, call, number, queue, kind, started, outcome, ring_ms, short
                 FROM leg
                 WHERE unit = ? AND started >= ? AND started < ? AND (started, source, call, number) > (?, ?, ?, ?)
                 ORDER BY started, source, call, number LIMIT ?",
            )
            .map_err(&doing)?;
        let name = &self.directory.unit(unit).name;
        let (begin, limit) = (page.begin(), page.limit as i64);
        let rows = query
            .query_map(
                params![name, from.max(begin.at).0, until.0, begin.at.0, begin.source, begin.call, begin.number, limit],
                |row| leg_of(row, unit, &ids),
            )
            .map_err(&doing)?;
        rows.collect::<Result<_, _>>().map_err(&doing)
    }

    fn dead_letters(&self, sight: &Sight, before: Option<i64>, limit: usize) -> Result<Vec<DeadLetterRow>, StoreError> {
        if !sight.is_all() {
            return Ok(Vec::new());
        }
        let doing = failed("reading dead letters");
        let mut query = self
            .connection
            .prepare_cached(
                "SELECT id, source, position, reason, detail, at, received FROM dead_letter WHERE id < ?
                 ORDER BY id DESC LIMIT ?",
            )
            .map_err(&doing)?;
        let rows = query
            .query_map(params![before.unwrap_or(i64::MAX), limit as i64], |row| {
                Ok(DeadLetterRow {
                    id: row.get(0)?,
                    source: row.get(1)?,
                    position: row.get(2)?,
                    reason: row.get(3)?,
                    detail: row.get(4)?,
                    at: Moment(row.get(5)?),
                    received: Moment(row.get(6)?),
                })
            })
            .map_err(&doing)?;
        rows.collect::<Result<_, _>>().map_err(&doing)
    }

    fn quality(&self, from: Moment, until: Moment) -> Result<Quality, StoreError> {
        let doing = failed("reading the quality of the data");
        let mut query = self
            .connection
            .prepare_cached(
                "SELECT source, \"from\", \"to\", reason FROM gap WHERE \"from\" < ? AND \"to\" > ? ORDER BY \"from\", source",
            )
            .map_err(&doing)?;
        let gaps = query
            .query_map(params![until.0, from.0], |row| {
                Ok(Gap { source: row.get(0)?, from: Moment(row.get(1)?), to: Moment(row.get(2)?), reason: row.get(3)? })
            })
            .map_err(&doing)?;
        let gaps = gaps.collect::<Result<_, _>>().map_err(&doing)?;
        let mut query = self
            .connection
            .prepare_cached(
                "SELECT reason, count(*) FROM dead_letter WHERE at >= ? AND at < ? GROUP BY reason ORDER BY reason",
            )
            .map_err(&doing)?;
        let letters =
            query.query_map(params![from.0, until.0], |row| Ok((row.get(0)?, row.get(1)?))).map_err(&doing)?;
        let dead_letters = letters.collect::<Result<_, _>>().map_err(&doing)?;
        let mut query = self
            .connection
            .prepare_cached("SELECT name, state ->> 'newest' FROM source WHERE state ->> 'newest' IS NOT NULL")
            .map_err(&doing)?;
        let told = query.query_map([], |row| Ok((row.get(0)?, Moment(row.get(1)?)))).map_err(&doing)?;
        let told_until = told.collect::<Result<_, _>>().map_err(&doing)?;
        Ok(Quality { gaps, dead_letters, told_until })
    }

    fn has_open(&self, from: Moment, until: Moment) -> Result<bool, StoreError> {
        let doing = failed("looking for open calls");
        for queue in self.directory.queues() {
            let sql = "SELECT EXISTS (SELECT 1 FROM visit WHERE queue = ? AND offered >= ? AND offered < ?
                                      AND (outcome IS NULL OR over = 0))";
            let mut query = self.connection.prepare_cached(sql).map_err(&doing)?;
            if query.query_row(params![queue.name, from.0, until.0], |row| row.get(0)).map_err(&doing)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Reads a visit whose columns stand in the order of the queries of this room.
pub(super) fn visit_of(row: &Row<'_>, queue: QueueId) -> rusqlite::Result<VisitFact> {
    let outcome: Option<String> = row.get(2)?;
    Ok(VisitFact {
        queue,
        number: row.get(0)?,
        offered: Moment(row.get(1)?),
        outcome: outcome.as_deref().and_then(Outcome::parse),
        decided: row.get::<_, Option<i64>>(3)?.map(Moment),
        wait: row.get::<_, Option<i64>>(4)?.map(Wait::from_ms),
        talk: row.get::<_, Option<i64>>(5)?.map(Talk::from_ms),
        over: row.get(6)?,
        outside_hours: row.get(7)?,
        derived: row.get(8)?,
        inconsistent: row.get(9)?,
        late: row.get(10)?,
        coarse: row.get(11)?,
    })
}

/// Reads a leg to `unit` whose columns stand in the order of the query above.
fn leg_of(row: &Row<'_>, unit: UnitId, ids: &Ids<'_>) -> rusqlite::Result<LegRow> {
    let call: String = row.get(1)?;
    let queue: Option<String> = row.get(3)?;
    let kind: String = row.get(4)?;
    let outcome: Option<String> = row.get(6)?;
    let unknown = || rusqlite::Error::InvalidColumnType(4, "kind".to_owned(), rusqlite::types::Type::Text);
    Ok(LegRow {
        source: row.get(0)?,
        call: call.into(),
        number: row.get(2)?,
        queue: queue.as_deref().and_then(|name| ids.queue(name)),
        unit,
        kind: TransferKind::parse(&kind).ok_or_else(unknown)?,
        started: Moment(row.get(5)?),
        outcome: outcome.as_deref().and_then(LegOutcome::parse),
        ring: row.get::<_, Option<i64>>(7)?.map(Ring::from_ms),
        short: row.get(8)?,
    })
}
