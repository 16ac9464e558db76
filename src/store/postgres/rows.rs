//! Rows of a batch, gathered by table and column: one statement a table takes them all.

use std::borrow::Cow;
use std::collections::BTreeMap;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::store::StoreError;
use crate::store::database::Write;
use crate::store::tables::{Kind, Table, quoted};
use crate::store::value::Value;

/// Stands before the text of a jsonb on the wire.
const JSONB_VERSION: u8 = 1;

/// The writes to one table, the last one to a row only.
#[derive(Debug)]
pub(super) struct TableWrites<'a> {
    pub(super) table: &'static Table,
    /// By key and moment; `None`: the row is taken away.
    by_key: BTreeMap<Vec<Value<'a>>, Option<Vec<Value<'a>>>>,
    /// Rows of a table without a key.
    kept: Vec<Vec<Value<'a>>>,
}

/// Sorts the writes of a batch by table. A row is changed once by a statement, and rows are always
/// locked in the same order.
pub(super) fn by_table(writes: Vec<Write<'_>>) -> Vec<TableWrites<'_>> {
    let mut tables: Vec<TableWrites<'_>> = Vec::new();
    for write in writes {
        let (table, key, row) = match write {
            Write::Put(table, row) => (table, key_of(table, &row), Some(row)),
            Write::Take(table, key) => (table, key, None),
        };
        let at = tables.iter().position(|writes| writes.table.name == table.name).unwrap_or_else(|| {
            tables.push(TableWrites { table, by_key: BTreeMap::new(), kept: Vec::new() });
            tables.len() - 1
        });
        if table.key.is_empty() {
            tables[at].kept.extend(row);
        } else {
            tables[at].by_key.insert(key, row);
        }
    }
    tables
}

fn key_of<'a>(table: &Table, row: &[Value<'a>]) -> Vec<Value<'a>> {
    table.taken_by().iter().filter_map(|name| row.get(table.place(name)?).cloned()).collect()
}

impl<'a> TableWrites<'a> {
    /// The rows to put.
    pub(super) fn put(&self) -> Vec<&[Value<'a>]> {
        let kept = self.kept.iter().map(Vec::as_slice);
        self.by_key.values().flatten().map(Vec::as_slice).chain(kept).collect()
    }

    /// The keys of the rows to take away.
    pub(super) fn taken(&self) -> Vec<&[Value<'a>]> {
        self.by_key.iter().filter(|(_, row)| row.is_none()).map(|(key, _)| key.as_slice()).collect()
    }
}

/// A statement that puts any number of rows, a parameter a column.
pub(super) fn put_sql(table: &Table) -> String {
    let (mut arrays, mut read) = (Vec::new(), Vec::new());
    for (at, (name, kind)) in table.columns.iter().enumerate() {
        let (array, cast) = match kind {
            Kind::Int => ("bigint", ""),
            Kind::Flag => ("boolean", ""),
            Kind::Text => ("text", ""),
            Kind::Json => ("text", "::jsonb"),
            Kind::Bytes => ("bytea", ""),
        };
        arrays.push(format!("${}::{array}[]", at + 1));
        read.push(format!("r.{}{cast}", quoted(name)));
    }
    let conflict = if table.key.is_empty() {
        "DO NOTHING".to_owned()
    } else {
        let by = table.taken_by();
        let rest = table.columns.iter().filter(|(name, _)| !by.contains(name));
        let set: Vec<String> = rest.map(|(name, _)| format!("{name} = excluded.{name}")).collect();
        format!("({}) DO UPDATE SET {}", by.join(", "), set.join(", "))
    };
    let names = table.names();
    format!(
        "INSERT INTO {} ({names}) SELECT {} FROM unnest({}) AS r({names}) ON CONFLICT {conflict}",
        table.name,
        read.join(", "),
        arrays.join(", ")
    )
}

/// The kinds of some columns.
pub(super) fn kinds(table: &Table, names: &[&str]) -> Vec<Kind> {
    names.iter().map(|name| table.place(name).map_or(Kind::Text, |at| table.columns[at].1)).collect()
}

/// Parameters that are columns of keys, as arrays.
fn arrays(table: &Table, by: &[&str]) -> String {
    let array = |kind: Kind| if kind == Kind::Int { "bigint" } else { "text" };
    let arrays = kinds(table, by).into_iter().enumerate().map(|(at, kind)| format!("${}::{}[]", at + 1, array(kind)));
    arrays.collect::<Vec<_>>().join(", ")
}

/// A statement that reads the rows of any number of keys, a parameter a column of the key. Before the
/// columns of a row stands the number of its key, from 1. `OFFSET 0` keeps the server from reading the
/// whole table for some thousand keys, which it takes to be cheaper: most of them are new, and found
/// missing on pages at hand.
pub(super) fn find_sql(table: &Table) -> String {
    let columns: Vec<String> = table.columns.iter().map(|(name, _)| format!("t.{}", quoted(name))).collect();
    let same: Vec<String> = table.key.iter().map(|name| format!("t.{name} = r.{name}")).collect();
    format!(
        "SELECT r.nth, {} FROM unnest({}) WITH ORDINALITY AS r({}, nth)
         CROSS JOIN LATERAL (SELECT * FROM {} t WHERE {} OFFSET 0) AS t",
        columns.join(", "),
        arrays(table, &table.key),
        table.key.join(", "),
        table.name,
        same.join(" AND ")
    )
}

/// A statement that takes any number of rows away, a parameter a column of the key.
pub(super) fn take_sql(table: &Table) -> String {
    let by = table.taken_by();
    let same: Vec<String> = by.iter().map(|name| format!("t.{name} = r.{name}")).collect();
    format!(
        "DELETE FROM {} t USING unnest({}) AS r({}) WHERE {}",
        table.name,
        arrays(table, &by),
        by.join(", "),
        same.join(" AND ")
    )
}

/// One column of many rows, as PostgreSQL takes it.
#[derive(Debug)]
pub(super) enum Column<'a> {
    Ints(Vec<Option<i64>>),
    Flags(Vec<Option<bool>>),
    Texts(Vec<Option<Cow<'a, str>>>),
    Bytes(Vec<Option<&'a [u8]>>),
}

/// The columns of `rows`, whose values are of these kinds.
pub(super) fn columns<'a>(kinds: &[Kind], rows: &[&'a [Value<'a>]]) -> Result<Vec<Column<'a>>, StoreError> {
    let mut columns = Vec::with_capacity(kinds.len());
    for (at, kind) in kinds.iter().enumerate() {
        let mismatch = || StoreError::Damaged { what: format!("a row with a foreign value in column {}", at + 1) };
        let values = rows.iter().map(|row| row.get(at).unwrap_or(&Value::Null));
        columns.push(match kind {
            Kind::Int => Column::Ints(
                values
                    .map(|value| match value {
                        Value::Null => Ok(None),
                        Value::Int(number) => Ok(Some(*number)),
                        _ => Err(mismatch()),
                    })
                    .collect::<Result<_, _>>()?,
            ),
            Kind::Flag => Column::Flags(
                values
                    .map(|value| match value {
                        Value::Null => Ok(None),
                        Value::Flag(flag) => Ok(Some(*flag)),
                        // As SQLite keeps it.
                        Value::Int(number) => Ok(Some(*number != 0)),
                        _ => Err(mismatch()),
                    })
                    .collect::<Result<_, _>>()?,
            ),
            Kind::Text | Kind::Json => Column::Texts(
                values
                    .map(|value| match value {
                        Value::Null => Ok(None),
                        Value::Text(text) => Ok(Some(storable(text))),
                        _ => Err(mismatch()),
                    })
                    .collect::<Result<_, _>>()?,
            ),
            Kind::Bytes => Column::Bytes(
                values
                    .map(|value| match value {
                        Value::Null => Ok(None),
                        Value::Bytes(bytes) => Ok(Some(&**bytes)),
                        _ => Err(mismatch()),
                    })
                    .collect::<Result<_, _>>()?,
            ),
        });
    }
    Ok(columns)
}

/// PostgreSQL keeps no NUL in a text: what a hostile sender writes must not hold up the batch.
fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

impl Column<'_> {
    pub(super) fn parameter(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Ints(values) => values,
            Self::Flags(values) => values,
            Self::Texts(values) => values,
            Self::Bytes(values) => values,
        }
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) if *of == Type::INT4 => i32::try_from(*number)?.to_sql(of, out),
            Self::Int(number) => number.to_sql(of, out),
            Self::Flag(flag) => flag.to_sql(of, out),
            Self::Text(text) if *of == Type::JSONB || *of == Type::JSON => {
                if *of == Type::JSONB {
                    out.extend_from_slice(&[JSONB_VERSION]);
                }
                out.extend_from_slice(text.as_bytes());
                Ok(IsNull::No)
            }
            Self::Text(text) => storable(text).to_sql(of, out),
            Self::Bytes(bytes) => bytes.as_ref().to_sql(of, out),
        }
    }

    fn accepts(of: &Type) -> bool {
        matches!(
            *of,
            Type::INT4 | Type::INT8 | Type::BOOL | Type::TEXT | Type::VARCHAR | Type::BYTEA | Type::JSON | Type::JSONB
        )
    }

    to_sql_checked!();
}

impl<'r> FromSql<'r> for Value<'r> {
    fn from_sql(of: &Type, raw: &'r [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *of {
            Type::INT4 => Value::Int(i32::from_sql(of, raw)?.into()),
            Type::INT8 => Value::Int(i64::from_sql(of, raw)?),
            Type::BOOL => Value::Flag(bool::from_sql(of, raw)?),
            Type::BYTEA => Value::Bytes(<&[u8]>::from_sql(of, raw)?.into()),
            // A byte for the version stands before the text.
            Type::JSONB => Value::Text(std::str::from_utf8(raw.get(1..).unwrap_or_default())?.into()),
            _ => Value::Text(<&str>::from_sql(of, raw)?.into()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Value::Null)
    }

    fn accepts(of: &Type) -> bool {
        <Self as ToSql>::accepts(of) || matches!(*of, Type::NAME | Type::BPCHAR | Type::UNKNOWN)
    }
}
