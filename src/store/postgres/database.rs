//! SQL on the server.

use std::time::Duration;

use smallvec::SmallVec;
use tokio_postgres::types::ToSql;
use tokio_stream::StreamExt;

use crate::store::database::{Database, Statement, Write};
use crate::store::postgres::connect::{Connections, Purpose, refused};
use crate::store::postgres::lease::{self, Lease};
use crate::store::postgres::migrate::{migrate, schema};
use crate::store::postgres::months::Months;
use crate::store::postgres::rows::{self, TableWrites};
use crate::store::tables::{Kind, Table};
use crate::store::value::{ROW, Row, Value};
use crate::store::{Fence, StoreError, StoreSettings, Turn, migrations};

/// The reading role belongs to the whole server: where another database of it takes the same steps at
/// this very moment, the server refuses one of the two, which changes nothing.
const MIGRATION_TRIES: u32 = 3;
const MIGRATION_PAUSE: Duration = Duration::from_millis(300);

/// A database on a server.
#[derive(Debug)]
pub struct Postgres {
    connections: Connections,
    months: Months,
    lease: Option<Lease>,
    fence: Option<Fence>,
}

impl Postgres {
    /// Connects for writing, on one connection, and brings the database to this program's schema
    /// where that is allowed.
    pub fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        let opened = Self::connected(settings)?;
        opened.migrate(settings)?;
        Ok(opened)
    }

    /// The same, as the one program that writes figures. A standby that is newer than the leader leaves
    /// the schema alone until it leads.
    pub fn open_to_lead(settings: &StoreSettings, turn: &mut Turn) -> Result<Self, StoreError> {
        let mut opened = Self::connected(settings)?;
        if opened.connections.with("asking for the schema of the database", schema)? >= lease::SINCE_SCHEMA {
            opened.take_lease(turn)?;
        }
        opened.migrate(settings)?;
        if opened.lease.is_none() {
            opened.take_lease(turn)?;
        }
        Ok(opened)
    }

    /// For writing behind `fence`, where there is one; nothing is dialled yet. The schema is the business
    /// of those who lead.
    pub fn open_behind(settings: &StoreSettings, fence: Option<&Fence>) -> Result<Self, StoreError> {
        let mut behind = Self::connected(settings)?;
        behind.fence = fence.cloned();
        Ok(behind)
    }

    fn connected(settings: &StoreSettings) -> Result<Self, StoreError> {
        let connections = Connections::new(settings, Purpose::Write)?;
        Ok(Self { connections, months: Months::default(), lease: None, fence: None })
    }

    fn migrate(&self, settings: &StoreSettings) -> Result<(), StoreError> {
        let mut tries_left = MIGRATION_TRIES;
        loop {
            let done = self.connections.with("bringing the database to this schema", async |connection| {
                migrate(connection, &self.connections.url, settings.migrate).await
            });
            tries_left -= 1;
            match done {
                Err(StoreError::Migration { .. }) if tries_left > 0 => std::thread::sleep(MIGRATION_PAUSE),
                done => return done,
            }
        }
    }

    fn take_lease(&mut self, turn: &mut Turn) -> Result<(), StoreError> {
        let url = &self.connections.url;
        let lease = self.connections.with("taking the lease", async |on| Lease::take(on, url, turn).await)?;
        self.lease = Some(lease);
        Ok(())
    }

    /// Connects for reading only, on as many connections as are asked for at once; the tables must
    /// exist.
    pub fn open_to_read(settings: &StoreSettings) -> Result<Self, StoreError> {
        let connections = Connections::new(settings, Purpose::Read)?;
        let found = connections.with("asking for the schema of the database", schema)?;
        if found == 0 {
            let why = "holds no figures yet; has anything been imported, and is this the right database?".to_owned();
            return Err(StoreError::Address { url: connections.url.clone(), why });
        }
        migrations::judge(&connections.url, found, false)?;
        Ok(Self { connections, months: Months::default(), lease: None, fence: None })
    }
}

impl Database for Postgres {
    fn each(
        &self,
        doing: &'static str,
        sql: &str,
        with: &[Value<'_>],
        row: &mut dyn FnMut(Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        // Each row as it comes: it is worked on while the server still answers, and never held.
        self.connections.with(doing, async |connection| {
            let statement = connection.prepare_cached(sql).await.map_err(refused(doing))?;
            let rows = connection.query_raw(&statement, parameters(with)).await.map_err(refused(doing))?;
            let mut rows = std::pin::pin!(rows);
            while let Some(found) = rows.try_next().await.map_err(refused(doing))? {
                row(Row(&values(&found).map_err(refused(doing))?))?;
            }
            Ok(())
        })
    }

    fn each_of(
        &self,
        doing: &'static str,
        table: &'static Table,
        keys: Vec<Vec<Value<'_>>>,
        row: &mut dyn FnMut(usize, Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let keys: Vec<&[Value<'_>]> = keys.iter().map(Vec::as_slice).collect();
        let columns = rows::columns(&rows::kinds(table, &table.key), &keys)?;
        let parameters: Vec<&(dyn ToSql + Sync)> = columns.iter().map(rows::Column::parameter).collect();
        let rows = self.connections.with(doing, async |connection| {
            let statement = connection.prepare_cached(&rows::find_sql(table)).await.map_err(refused(doing))?;
            connection.query(&statement, &parameters).await.map_err(refused(doing))
        })?;
        rows.iter().try_for_each(|found| {
            let values = values(found).map_err(refused(doing))?;
            let nth: usize = Row(&values).small(0)?;
            row(nth.saturating_sub(1), Row(&values[1..]))
        })
    }

    fn commit(&self, doing: &'static str, writes: Vec<Write<'_>>, then: &[Statement<'_>]) -> Result<u64, StoreError> {
        let writes = rows::by_table(writes);
        self.connections.with(doing, async |connection| {
            self.months.prepare(connection, &writes).await?;
            let transaction = connection.transaction().await.map_err(refused(doing))?;
            match (&self.lease, &self.fence) {
                (Some(lease), _) => lease.hold(&transaction).await?,
                (None, Some(fence)) => Lease::must_be(fence, &transaction).await?,
                (None, None) => {}
            }
            for writes in &writes {
                put(&transaction, doing, writes).await?;
            }
            let mut changed = 0;
            for statement in then {
                let prepared = transaction.prepare_cached(&statement.sql).await.map_err(refused(doing))?;
                changed +=
                    transaction.execute(&prepared, &parameters(&statement.with)).await.map_err(refused(doing))?;
            }
            transaction.commit().await.map_err(refused(doing))?;
            Ok(changed)
        })
    }

    fn as_of_now(
        &self,
        doing: &'static str,
        work: &mut dyn FnMut() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let say = |sql: &'static str| {
            self.connections.with(doing, async |connection| connection.batch_execute(sql).await.map_err(refused(doing)))
        };
        // There is one connection to write with, so that whatever is asked meanwhile is asked on it.
        say("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        let done = work();
        let ended = say("COMMIT");
        done.and(ended)
    }

    fn keep(&self) -> Result<(), StoreError> {
        let Some(lease) = self.lease.as_ref().filter(|lease| lease.is_due()) else { return Ok(()) };
        self.connections.with("holding the lease", async |connection| lease.hold(&*connection).await)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(lease) = &self.lease {
            // If the server cannot be reached it runs out by itself.
            let given = self.connections.with("giving the lease back", async |on| lease.give_back(&*on).await);
            if let Err(error) = given {
                tracing::debug!(%error, "the lease was not given back");
            }
        }
    }
}

async fn put(
    transaction: &deadpool_postgres::Transaction<'_>,
    doing: &'static str,
    writes: &TableWrites<'_>,
) -> Result<(), StoreError> {
    let table = writes.table;
    let by = rows::kinds(table, &table.taken_by());
    let all: Vec<Kind> = table.columns.iter().map(|(_, kind)| *kind).collect();
    for (sql, kinds, rows) in [(rows::take_sql(table), by, writes.taken()), (rows::put_sql(table), all, writes.put())] {
        if rows.is_empty() {
            continue;
        }
        let columns = rows::columns(&kinds, &rows)?;
        let parameters: Vec<&(dyn ToSql + Sync)> = columns.iter().map(rows::Column::parameter).collect();
        let prepared = transaction.prepare_cached(&sql).await.map_err(refused(doing))?;
        transaction.execute(&prepared, &parameters).await.map_err(refused(doing))?;
    }
    Ok(())
}

fn values(row: &tokio_postgres::Row) -> Result<SmallVec<[Value<'_>; ROW]>, tokio_postgres::Error> {
    (0..row.len()).map(|at| row.try_get(at)).collect()
}

fn parameters<'a>(values: &'a [Value<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}
