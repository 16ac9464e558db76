//! What a kind of store must be able to do: answer a query, and take a batch whole.
//!
//! Everything above is written once, in SQL that SQLite and PostgreSQL both understand: parameters
//! are `$1`, `$2` … in the order in which they first appear; a flag is tested with `NOT over` and not
//! with `over = 0`; a sum of numbers is `CAST(sum(x) AS bigint)`; `"from"` and `"to"` are quoted.

use std::fmt::Debug;

use crate::store::StoreError;
use crate::store::tables::Table;
use crate::store::value::{Row, Value};

/// A change of one row.
#[derive(Clone, Debug)]
pub enum Write<'a> {
    /// The row is so from now on; all its columns, in the order of the table.
    Put(&'static Table, Vec<Value<'a>>),
    /// There is no such row any more; the columns of the table's key and, where it is kept by
    /// months, the moment.
    Take(&'static Table, Vec<Value<'a>>),
}

/// A statement with its parameters.
#[derive(Clone, Debug)]
pub struct Statement<'a> {
    /// The text.
    pub sql: String,
    /// Its parameters.
    pub with: Vec<Value<'a>>,
}

/// One connection to a store, or a pool of them.
pub trait Database: Debug + Send {
    /// Gives each row of the answer to `row`. `doing` is for the error.
    fn each(
        &self,
        doing: &'static str,
        sql: &str,
        with: &[Value<'_>],
        row: &mut dyn FnMut(Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Gives each row of `table` that has one of `keys` to `row`, whole, with the place of its key: in one
    /// go, since a server is far away.
    fn each_of(
        &self,
        doing: &'static str,
        table: &'static Table,
        keys: Vec<Vec<Value<'_>>>,
        row: &mut dyn FnMut(usize, Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// All writes and then all statements in one transaction, durable when it returns. Writes are
    /// absolute: the last one to a row counts. Returns how many rows the statements changed.
    fn commit(&self, doing: &'static str, writes: Vec<Write<'_>>, then: &[Statement<'_>]) -> Result<u64, StoreError>;

    /// Everything that `work` reads, it reads as of one moment, whatever others write meanwhile. It
    /// must not write here.
    fn as_of_now(
        &self,
        doing: &'static str,
        work: &mut dyn FnMut() -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Sees to it that what was erased stands nowhere in what the store occupies, as far as that is in
    /// our hands: a server's own files are not.
    fn scrub(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Says that the writer is there, where it has a place that others wait for.
    fn keep(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl dyn Database + '_ {
    /// One statement in a transaction of its own; how many rows it changed.
    pub fn execute(&self, doing: &'static str, sql: &str, with: Vec<Value<'_>>) -> Result<u64, StoreError> {
        self.commit(doing, Vec::new(), &[Statement { sql: sql.to_owned(), with }])
    }

    /// Every row of the answer, as `read` reads it.
    pub fn all<T>(
        &self,
        doing: &'static str,
        sql: &str,
        with: &[Value<'_>],
        read: impl Fn(Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut all = Vec::new();
        self.each(doing, sql, with, &mut |row| {
            all.push(read(row)?);
            Ok(())
        })?;
        Ok(all)
    }

    /// The first row of the answer, if there is one, as `read` reads it.
    pub fn first<T>(
        &self,
        doing: &'static str,
        sql: &str,
        with: &[Value<'_>],
        read: impl Fn(Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut first = None;
        self.each(doing, sql, with, &mut |row| {
            if first.is_none() {
                first = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(first)
    }
}
