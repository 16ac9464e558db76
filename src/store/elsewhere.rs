//! What no switch told: monthly totals of an old system, tickets of a service desk.
//!
//! Kept as it was told, under names and not ids: a queue that leaves the configuration and comes back
//! finds its past again. A later word about the same month or day takes the place of the earlier one.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::directory::Directory;
use crate::store::database::Write;
use crate::store::value::Value;
use crate::store::{Act, Database, Ledger, Sight, StoreError, tables};

/// One thing that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// Our name of the queue or unit.
    pub name: String,
    /// The day, or the first of the month.
    pub day: NaiveDate,
    /// What was told of it.
    pub told: Told,
}

/// What was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// A month of a queue; what was neither answered nor abandoned left otherwise.
    Queue {
        /// Calls.
        offered: i64,
        /// Of them answered.
        answered: i64,
        /// Of them abandoned.
        abandoned: i64,
        /// Of the answered, how many within each threshold, milliseconds.
        within: BTreeMap<u32, i64>,
    },
    /// A month of a unit.
    Unit {
        /// Transfers to it.
        transfers: i64,
        /// Of them answered there.
        answered: i64,
    },
    /// A day of a queue's service desk: tickets that were registered.
    Tickets(i64),
}

impl Told {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Queue { .. } => "queue",
            Self::Unit { .. } => "unit",
            Self::Tickets(_) => "tickets",
        }
    }
}

impl Elsewhere {
    /// Whether somebody of this sight may know; of what is no longer configured, those who see all.
    fn is_seen(&self, sight: &Sight, directory: &Directory) -> bool {
        let seen = match self.told {
            Told::Unit { .. } => directory.unit_named(&self.name).map(|unit| sight.sees_unit(unit, directory)),
            Told::Queue { .. } | Told::Tickets(_) => directory.queue_named(&self.name).map(|id| sight.sees_queue(id)),
        };
        seen.unwrap_or_else(|| sight.is_all())
    }

    fn key(&self) -> Vec<Value<'_>> {
        vec![self.told.kind().into(), (&self.name).into(), self.day.to_string().into()]
    }
}

impl Ledger {
    /// Keeps all of `rows` or none of them, and notes `act`.
    pub fn keep_elsewhere(&mut self, rows: &[Elsewhere], act: &Act) -> Result<(), StoreError> {
        let put = |row| {
            let mut values = Elsewhere::key(row);
            values.push(serde_json::json!(row.told).to_string().into());
            Write::Put(&tables::ELSEWHERE, values)
        };
        self.database.commit("keeping what no switch told", rows.iter().map(put).collect(), &[act.noted()])?;
        Ok(())
    }

    /// Forgets what was told of the months and days of `rows`, and notes `act`.
    pub fn forget_elsewhere(&mut self, rows: &[Elsewhere], act: &Act) -> Result<(), StoreError> {
        let take = |row| Write::Take(&tables::ELSEWHERE, Elsewhere::key(row));
        self.database.commit("forgetting what no switch told", rows.iter().map(take).collect(), &[act.noted()])?;
        Ok(())
    }
}

/// All that was told and may be seen, by kind, name and day.
pub(super) fn read(
    database: &dyn Database,
    directory: &Directory,
    sight: &Sight,
) -> Result<Vec<Elsewhere>, StoreError> {
    let sql = "SELECT name, day, state FROM elsewhere ORDER BY kind, name, day";
    let mut rows = database.all("reading what no switch told", sql, &[], |row| {
        let damaged = || StoreError::Damaged { what: "what was told of a month or day by no switch".to_owned() };
        Ok(Elsewhere {
            name: row.text(0)?.to_owned(),
            day: row.text(1)?.parse().map_err(|_| damaged())?,
            told: serde_json::from_str(row.text(2)?).map_err(|_| damaged())?,
        })
    })?;
    rows.retain(|row| row.is_seen(sight, directory));
    Ok(rows)
}
