//! What is old enough is let go, in steps so short that intake does not notice.
//!
//! What was let go is remembered by kind: an event of a call whose others are gone is refused, since
//! it might be counted a second time, and a month without its facts is not verified.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use crate::measure::Moment;
use crate::stats::Tier;
use crate::store::database::Write;
use crate::store::tables::{
    CALL, JOURNEY, LEG, LEG_CELL, LET_GO, SIGNED_LEG_CELL, SIGNED_VISIT_CELL, Table, UNIT_JOURNEY, VISIT, VISIT_CELL,
};
use crate::store::upkeep::Upkeep;
use crate::store::upkeep::settings::Ages;
use crate::store::value::Value;
use crate::store::{Database, StoreError};

/// Rows that are let go in one transaction: some milliseconds.
const ROWS_AT_ONCE: usize = 500;
/// Between two of them the engine has its turn.
const PAUSE: Duration = Duration::from_millis(20);

/// How many rows were let go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LetGo {
    /// Calls with their events.
    pub calls: u64,
    /// What could not be used.
    pub dead_letters: u64,
    /// Visits, calls, transfers.
    pub facts: u64,
    /// Counts by quarter-hour.
    pub quarters: u64,
}

impl LetGo {
    /// All together.
    pub fn rows(&self) -> u64 {
        self.calls + self.dead_letters + self.facts + self.quarters
    }
}

impl Upkeep {
    /// Until when facts have been let go; `None`: all are kept.
    pub(super) fn facts_gone_until(&self) -> Result<Option<Moment>, StoreError> {
        gone_until(&*self.database, "facts", "")
    }

    /// Until when counts by quarter-hour have been let go.
    pub(super) fn quarters_gone_until(&self) -> Result<Option<Moment>, StoreError> {
        gone_until(&*self.database, "quarters", "")
    }

    /// Lets go what is older than `ages` at `now`. Stops early, between two steps, when `go_on` says
    /// no.
    pub fn let_go(&self, ages: &Ages, now: Moment, go_on: &dyn Fn() -> bool) -> Result<LetGo, StoreError> {
        let mut gone = LetGo::default();
        if let Some(age) = ages.calls {
            self.let_go_calls(now.plus_ms(-age.ms()), go_on, &mut gone)?;
        }
        let calendar = self.calendar();
        let month = |age: crate::measure::Span| calendar.start(Tier::Month, now.plus_ms(-age.ms()));
        if let Some(age) = ages.facts {
            let until = month(age);
            self.remember("facts", "", until)?;
            for (table, by, names) in
                [(&*VISIT, "queue", "visit_cell"), (&*JOURNEY, "queue", "visit_cell"), (&*LEG, "unit", "leg_cell")]
            {
                for name in self.names(names)? {
                    let Some(moment) = table.moment else { continue };
                    let rows = format!("{by} = $1 AND {moment} < $2");
                    gone.facts += self.sweep(table, &rows, &[name.as_str().into(), until.into()], go_on)?;
                }
            }
            gone.facts += self.sweep(&UNIT_JOURNEY, "started < $1", &[until.into()], go_on)?;
        }
        if let Some(age) = ages.quarters {
            let until = month(age);
            self.remember("quarters", "", until)?;
            let quarters = "tier = 'quarter' AND start < $1";
            for (table, rows) in [
                (&*VISIT_CELL, format!("scope = 'queue' AND {quarters}")),
                (&*VISIT_CELL, format!("scope = 'calls' AND {quarters}")),
                (&*LEG_CELL, quarters.to_owned()),
                (&*SIGNED_VISIT_CELL, format!("month < $1 AND {quarters}")),
                (&*SIGNED_LEG_CELL, format!("month < $1 AND {quarters}")),
            ] {
                gone.quarters += self.sweep(table, &rows, &[until.into()], go_on)?;
            }
        }
        Ok(gone)
    }

    fn let_go_calls(&self, until: Moment, go_on: &dyn Fn() -> bool, gone: &mut LetGo) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT source, call, newest FROM call WHERE is_over AND newest < $1 ORDER BY newest LIMIT {ROWS_AT_ONCE}"
        );
        // By source, what is remembered as let go.
        let mut known: BTreeMap<String, Moment> = BTreeMap::new();
        while go_on() {
            let database: &dyn Database = &*self.database;
            let calls = database.all("looking for old calls", &sql, &[until.into()], |row| {
                Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned(), Moment(row.int(2)?)))
            })?;
            if calls.is_empty() {
                break;
            }
            gone.calls += calls.len() as u64;
            let mut writes = Vec::new();
            for (source, call, newest) in &calls {
                writes.push(Write::Take(&CALL, vec![source.into(), call.into()]));
                let until = match known.entry(source.clone()) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(gone_until(database, "calls", source)?.unwrap_or(*newest)),
                };
                *until = newest.plus_ms(1).max(*until);
            }
            writes.extend(known.iter().map(|(source, until)| remembered("calls", source, *until)));
            database.commit("letting calls go", writes, &[])?;
            std::thread::sleep(PAUSE);
        }
        let sql = format!(
            "DELETE FROM dead_letter WHERE id IN (SELECT id FROM dead_letter WHERE at < $1 LIMIT {ROWS_AT_ONCE})"
        );
        while go_on() {
            let rows = self.database.execute("letting dead letters go", &sql, vec![until.into()])?;
            gone.dead_letters += rows;
            if rows == 0 {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Takes the rows of a table away that meet a condition.
    fn sweep(
        &self,
        table: &'static Table,
        rows: &str,
        with: &[Value<'_>],
        go_on: &dyn Fn() -> bool,
    ) -> Result<u64, StoreError> {
        let by = table.taken_by().join(", ");
        let sql = format!("SELECT {by} FROM {} WHERE {rows} LIMIT {ROWS_AT_ONCE}", table.name);
        let mut gone = 0;
        while go_on() {
            let database: &dyn Database = &*self.database;
            let keys: Vec<Vec<Value<'static>>> = database.all("looking for what is old", &sql, with, |row| {
                Ok(row.0.iter().cloned().map(Value::into_owned).collect())
            })?;
            if keys.is_empty() {
                break;
            }
            gone += keys.len() as u64;
            let writes = keys.into_iter().map(|key| Write::Take(table, key)).collect();
            database.commit("letting go what is old", writes, &[])?;
            std::thread::sleep(PAUSE);
        }
        Ok(gone)
    }

    /// Names that have rollups, also of what is no longer configured.
    pub(super) fn names(&self, table: &str) -> Result<Vec<String>, StoreError> {
        let sql = format!("SELECT DISTINCT name FROM {table} WHERE tier = 'month'");
        self.database.all("listing names", &sql, &[], |row| row.text(0).map(str::to_owned))
    }

    fn remember(&self, kind: &'static str, name: &'static str, until: Moment) -> Result<(), StoreError> {
        let known = gone_until(&*self.database, kind, name)?;
        let until = known.map_or(until, |known| known.max(until));
        self.database.commit("letting go what is old", vec![remembered(kind, name, until)], &[])?;
        Ok(())
    }
}

fn remembered<'a>(kind: &'a str, name: &'a str, until: Moment) -> Write<'a> {
    Write::Put(&LET_GO, vec![kind.into(), name.into(), until.into()])
}

/// Until when things of a kind and name have been let go.
pub(in crate::store) fn gone_until(
    database: &dyn Database,
    kind: &str,
    name: &str,
) -> Result<Option<Moment>, StoreError> {
    let sql = "SELECT until FROM let_go WHERE kind = $1 AND name = $2";
    database.first("asking what was let go", sql, &[kind.into(), name.into()], |row| Ok(Moment(row.int(0)?)))
}
