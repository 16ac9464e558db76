//! Brings a file to this program's schema.

use refinery_core::traits::sync::{Migrate, Query, Transaction};
use refinery_core::{Migration, Target};
use rusqlite::Connection;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::store::StoreError;
use crate::store::migrations::{self, Step};
use crate::store::sqlite::failed;

/// The file's schema; 0: it has none.
pub(super) fn schema(connection: &Connection) -> Result<i64, StoreError> {
    connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(failed("asking for the schema of the file"))
}

/// Takes the steps that the file lacks. The schema is kept in `user_version` as well, so that a
/// reader needs one look and a program older than the history of steps refuses the file.
pub(super) fn migrate(connection: &mut Connection, url: &str, may_migrate: bool) -> Result<(), StoreError> {
    let found = schema(connection)?;
    migrations::judge(url, found, may_migrate)?;
    let runner = migrations::runner(text)?;
    let mut migrating = Migrating(connection);
    let is_told = runner.get_applied_migrations(&mut migrating).is_ok_and(|applied| !applied.is_empty());
    if found > 0 && !is_told {
        // Made before there was a history of steps.
        migrations::runner(text)?
            .set_target(Target::FakeVersion(1))
            .run(&mut migrating)
            .map_err(|error| migrations::failed(&error))?;
    }
    runner.run(&mut migrating).map_err(|error| migrations::failed(&error))?;
    Ok(())
}

fn text(step: &Step, number: i64) -> String {
    format!("{}\nPRAGMA user_version = {number};\n", step.sqlite)
}

/// A connection as the runner wants it.
struct Migrating<'a>(&'a mut Connection);

impl Transaction for Migrating<'_> {
    type Error = rusqlite::Error;

    fn execute<'a, T: Iterator<Item = &'a str>>(&mut self, queries: T) -> rusqlite::Result<usize> {
        // Immediately: another program that migrates the same file waits here, not in the middle.
        let transaction = self.0.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut count = 0;
        for query in queries {
            transaction.execute_batch(query)?;
            count += 1;
        }
        transaction.commit()?;
        Ok(count)
    }
}

impl Query<Vec<Migration>> for Migrating<'_> {
    fn query(&mut self, query: &str) -> rusqlite::Result<Vec<Migration>> {
        let mut statement = self.0.prepare(query)?;
        let rows = statement.query_map([], |row| {
            let (at, sum): (String, String) = (row.get(2)?, row.get(3)?);
            let at = OffsetDateTime::parse(&at, &Rfc3339).map_err(|error| damaged(2, Box::new(error)))?;
            let sum = sum.parse().map_err(|error| damaged(3, Box::new(error)))?;
            Ok(Migration::applied(row.get(0)?, row.get(1)?, at, sum))
        })?;
        rows.collect()
    }
}

impl Migrate for Migrating<'_> {}

fn damaged(column: usize, error: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error)
}
