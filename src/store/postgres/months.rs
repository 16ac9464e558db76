//! Facts are kept in a partition for each month (UTC), made when the first fact of the month comes.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use chrono::{Datelike, NaiveDate};
use deadpool_postgres::Object;

use crate::measure::Moment;
use crate::store::StoreError;
use crate::store::postgres::connect::refused;
use crate::store::postgres::rows::TableWrites;
use crate::store::value::Value;

/// Years that have partitions. A switch whose clock stands elsewhere must not make thousands of
/// them; its facts go to the one for the rest.
const YEARS: std::ops::Range<i32> = 1990..2100;

/// The partitions that are known to exist.
#[derive(Debug, Default)]
pub(super) struct Months(Mutex<BTreeSet<String>>);

impl Months {
    /// Makes what `writes` need. Outside the transaction of the batch: an empty partition more does
    /// no harm, and the lock on the table is held for a moment only.
    pub(super) async fn prepare(&self, connection: &mut Object, writes: &[TableWrites<'_>]) -> Result<(), StoreError> {
        let mut wanted = BTreeSet::new();
        for writes in writes {
            let table = writes.table;
            let Some(at) = table.moment.and_then(|moment| table.place(moment)) else { continue };
            for row in writes.put() {
                if let Some(Value::Int(at)) = row.get(at)
                    && let Some(first) = month_of(Moment(*at))
                {
                    wanted.insert((table.name, first));
                }
            }
        }
        for (table, first) in wanted {
            let name = format!("{table}_{:04}_{:02}", first.year(), first.month());
            if self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&name) {
                continue;
            }
            make(connection, table, &name, first).await?;
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        }
        Ok(())
    }
}

async fn make(connection: &mut Object, table: &str, name: &str, first: NaiveDate) -> Result<(), StoreError> {
    let doing = refused("making a month's partition");
    let exists = connection.query_one("SELECT to_regclass($1::text) IS NOT NULL", &[&name]).await.map_err(&doing)?;
    if exists.get(0) {
        return Ok(());
    }
    let next = first.checked_add_months(chrono::Months::new(1)).unwrap_or(NaiveDate::MAX);
    let (from, until) = (start(first), start(next));
    let transaction = connection.transaction().await.map_err(&doing)?;
    // Attached and not created in place: writers of other months are not held up.
    let sql = format!(
        "CREATE TABLE {name} (LIKE {table} INCLUDING ALL);
         ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({from}) TO ({until});"
    );
    transaction.batch_execute(&sql).await.map_err(&doing)?;
    transaction.commit().await.map_err(&doing)
}

fn month_of(at: Moment) -> Option<NaiveDate> {
    let day = at.to_utc().date_naive();
    YEARS.contains(&day.year()).then(|| day.with_day(1)).flatten()
}

fn start(day: NaiveDate) -> i64 {
    day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis()
}
