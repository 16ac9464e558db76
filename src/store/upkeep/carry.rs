//! All rows into another store, and both stores row by row.

use std::cmp::Ordering;

use crate::store::database::{Database, Write};
use crate::store::tables::{self, Kind, Table, quoted};
use crate::store::upkeep::{Progress, Upkeep};
use crate::store::value::Value;
use crate::store::{Act, StoreError};

/// Rows that are read and written at a time: some megabytes, and a few moments of a server's time.
const ROWS_AT_ONCE: usize = 2_000;

/// Rows in the order of their table, a page at a time.
pub(super) struct Pages<'a> {
    database: &'a dyn Database,
    table: &'static Table,
    sql: [String; 2],
    after: Vec<Value<'static>>,
    is_over: bool,
}

impl<'a> Pages<'a> {
    pub(super) fn of(database: &'a dyn Database, table: &'static Table) -> Self {
        let order: Vec<String> = table.order().into_iter().map(quoted).collect();
        let by = order.join(", ");
        let marks: Vec<String> = (1..=order.len()).map(|at| format!("${at}")).collect();
        let sql = |behind: &str| {
            format!("SELECT {by}, {} FROM {} {behind} ORDER BY {by} LIMIT {ROWS_AT_ONCE}", table.names(), table.name)
        };
        let behind = format!("WHERE ({by}) > ({})", marks.join(", "));
        Self { database, table, sql: [sql(""), sql(&behind)], after: Vec::new(), is_over: false }
    }

    /// The next rows, all their columns; none: that was all.
    pub(super) fn next(&mut self) -> Result<Vec<Vec<Value<'static>>>, StoreError> {
        let mut rows = Vec::new();
        if self.is_over {
            return Ok(rows);
        }
        let sql = &self.sql[usize::from(!self.after.is_empty())];
        let width = self.table.order().len();
        let mut last = Vec::new();
        self.database.each("reading a table", sql, &self.after, &mut |row| {
            let (key, values) = row.0.split_at(width.min(row.0.len()));
            last = key.iter().cloned().map(Value::into_owned).collect();
            rows.push(values.iter().cloned().map(Value::into_owned).collect());
            Ok(())
        })?;
        self.is_over = rows.len() < ROWS_AT_ONCE;
        if !rows.is_empty() {
            self.after = last;
        }
        Ok(rows)
    }
}

/// What was carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Rows, of all tables.
    pub rows: u64,
    /// Tables that had any.
    pub tables: u64,
}

impl Upkeep {
    /// Whether nothing at all is kept.
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        for table in tables::all() {
            let sql = format!("SELECT EXISTS (SELECT 1 FROM {})", table.name);
            if self.database.first("looking whether the store is empty", &sql, &[], |row| row.flag(0))? == Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn count_rows(&self) -> Result<u64, StoreError> {
        let mut sum = 0;
        for table in tables::all() {
            let sql = format!("SELECT count(*) FROM {}", table.name);
            sum += self.database.first("counting rows", &sql, &[], |row| row.small::<u64>(0))?.unwrap_or(0);
        }
        Ok(sum)
    }

    /// Copies every row, as of one moment, into `to`, which must be empty; then reads both stores and
    /// compares them row by row. `act` is noted in the new store's audit log. `progress` is told of
    /// rows, each copied and compared.
    ///
    /// # Errors
    /// Where `to` is not empty, or a row does not come back as it went.
    pub fn carry_into(&self, to: &Self, act: &Act, progress: Progress<'_>) -> Result<Carried, StoreError> {
        if !to.is_empty()? {
            return Err(StoreError::Refused { why: "the other store is not empty; name one that is".to_owned() });
        }
        let mut carried = Carried::default();
        self.database.as_of_now("copying the store", &mut || {
            let all = 2 * self.count_rows()?;
            for table in tables::all() {
                let before = carried.rows;
                let mut pages = Pages::of(&*self.database, table);
                loop {
                    let rows = pages.next()?;
                    if rows.is_empty() {
                        break;
                    }
                    carried.rows += rows.len() as u64;
                    let writes = rows.into_iter().map(|row| Write::Put(table, row)).collect();
                    to.database.commit("copying a table", writes, &[])?;
                    progress(carried.rows, all);
                }
                carried.tables += u64::from(carried.rows > before);
            }
            let mut compared = carried.rows;
            for table in tables::all() {
                self.compare(to, table, &mut |rows| {
                    compared += rows;
                    progress(compared, all);
                })?;
            }
            Ok(())
        })?;
        to.note(act)?;
        Ok(carried)
    }

    fn compare(&self, other: &Self, table: &'static Table, told: &mut dyn FnMut(u64)) -> Result<(), StoreError> {
        let (mut ours, mut theirs) = (Pages::of(&*self.database, table), Pages::of(&*other.database, table));
        loop {
            let (left, right) = (ours.next()?, theirs.next()?);
            if left.len().cmp(&right.len()) != Ordering::Equal {
                let why = format!("table `{}` has not as many rows there as here", table.name);
                return Err(StoreError::Refused { why });
            }
            for (left, right) in left.iter().zip(&right) {
                for ((column, kind), (left, right)) in table.columns.iter().zip(left.iter().zip(right)) {
                    if !is_same(*kind, left, right) {
                        let why = format!("`{column}` of a row of `{}` did not come back as it went", table.name);
                        return Err(StoreError::Refused { why });
                    }
                }
            }
            if left.is_empty() {
                return Ok(());
            }
            told(left.len() as u64);
        }
    }
}

/// Whether two values say the same: kinds of store spell flags and JSON each in its own way, and
/// PostgreSQL keeps no NUL in a text.
fn is_same(kind: Kind, left: &Value<'_>, right: &Value<'_>) -> bool {
    let flag = |value: &Value<'_>| match value {
        Value::Int(number) => Some(*number != 0),
        Value::Flag(flag) => Some(*flag),
        _ => None,
    };
    let told = |value: &Value<'_>| match value {
        Value::Text(text) => Some(text.replace('\0', "\u{fffd}")),
        _ => None,
    };
    match kind {
        Kind::Flag => flag(left) == flag(right),
        Kind::Text => told(left) == told(right),
        Kind::Json => {
            let read = |value| told(value).map(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
            read(left) == read(right)
        }
        Kind::Int | Kind::Bytes => left == right,
    }
}
