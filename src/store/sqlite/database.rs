//! SQL on the file.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql, params_from_iter};
use smallvec::SmallVec;

use crate::store::StoreError;
use crate::store::database::{Database, Statement, Write};
use crate::store::sqlite::failed;
use crate::store::sqlite::file::Lock;
use crate::store::tables::Table;
use crate::store::value::{ROW, Row, Value};

/// One connection to the file.
#[derive(Debug)]
pub struct Sqlite {
    pub(super) connection: Connection,
    /// Held by the one that writes figures.
    pub(super) _lock: Option<Lock>,
}

impl Database for Sqlite {
    fn each(
        &self,
        doing: &'static str,
        sql: &str,
        with: &[Value<'_>],
        row: &mut dyn FnMut(Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let failed = failed(doing);
        let mut query = self.connection.prepare_cached(sql).map_err(&failed)?;
        let columns = query.column_count();
        let mut rows = query.query(params_from_iter(with)).map_err(&failed)?;
        while let Some(found) = rows.next().map_err(&failed)? {
            let mut values: SmallVec<[Value<'_>; ROW]> = SmallVec::new();
            for at in 0..columns {
                values.push(value_of(found.get_ref(at).map_err(&failed)?)?);
            }
            row(Row(&values))?;
        }
        Ok(())
    }

    fn each_of(
        &self,
        doing: &'static str,
        table: &'static Table,
        keys: Vec<Vec<Value<'_>>>,
        row: &mut dyn FnMut(usize, Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for (at, key) in keys.iter().enumerate() {
            self.each(doing, &table.find, key, &mut |found| row(at, found))?;
        }
        Ok(())
    }

    fn commit(
        &self,
        doing: &'static str,
        mut writes: Vec<Write<'_>>,
        then: &[Statement<'_>],
    ) -> Result<u64, StoreError> {
        let failed = failed(doing);
        let transaction = self.connection.unchecked_transaction().map_err(&failed)?;
        // Table by table, each in the order given: a statement is looked up once and not for every row.
        writes.sort_by_key(|write| match write {
            Write::Put(table, _) | Write::Take(table, _) => table.name,
        });
        let mut last: Option<(&str, CachedStatement<'_>)> = None;
        for write in &writes {
            let (sql, values) = match write {
                Write::Put(table, values) => (table.put.as_str(), values),
                Write::Take(table, values) => (table.take.as_str(), values),
            };
            let statement = match last.take() {
                Some(known) if std::ptr::eq(known.0, sql) => known,
                _ => (sql, transaction.prepare_cached(sql).map_err(&failed)?),
            };
            let (_, statement) = last.insert(statement);
            statement.execute(params_from_iter(values)).map_err(&failed)?;
        }
        drop(last);
        let mut changed = 0;
        for statement in then {
            let mut prepared = transaction.prepare_cached(&statement.sql).map_err(&failed)?;
            changed += prepared.execute(params_from_iter(&statement.with)).map_err(&failed)? as u64;
        }
        transaction.commit().map_err(&failed)?;
        Ok(changed)
    }

    fn scrub(&self) -> Result<(), StoreError> {
        // Written anew without what lies in gaps, and the log of changes emptied.
        let statements = "VACUUM; PRAGMA wal_checkpoint(TRUNCATE);";
        self.connection.execute_batch(statements).map_err(failed("writing the file anew"))
    }

    fn as_of_now(
        &self,
        doing: &'static str,
        work: &mut dyn FnMut() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        // The moment is that of the first read.
        let transaction = self.connection.unchecked_transaction().map_err(failed(doing))?;
        work()?;
        transaction.commit().map_err(failed(doing))
    }
}

fn value_of(value: ValueRef<'_>) -> Result<Value<'_>, StoreError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.into()),
        ValueRef::Real(_) => return Err(StoreError::Damaged { what: "a row with a fraction".into() }),
    })
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => rusqlite::types::Null.into(),
            Self::Int(number) => (*number).into(),
            Self::Flag(flag) => (*flag).into(),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}
