//! Months are closed, and revised when their figures have changed since.

use std::collections::BTreeMap;

use crate::measure::{Moment, Span};
use crate::stats::{Cell, CellKey, ScopeKind, Tier};
use crate::store::closing::{self, Closing, Rules};
use crate::store::database::{Statement, Write};
use crate::store::tables::{MONTH_REVISION, SIGNED_LEG_CELL, SIGNED_VISIT_CELL, Table};
use crate::store::upkeep::Upkeep;
use crate::store::upkeep::verify::differing;
use crate::store::{Act, StoreError, read, year};

/// Why a month cannot be closed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StillOpen {
    /// Until then a call of it could go on without a word.
    Until(Moment),
    /// Calls of it have not ended.
    Calls,
    /// No source has told of the time after it.
    Untold,
}

impl Upkeep {
    /// Closings of the months in `from..until`, by month and revision.
    pub fn closings(&self, from: Moment, until: Moment) -> Result<Vec<Closing>, StoreError> {
        closing::closings(&*self.database, from, until)
    }

    /// The last revision of the month that begins at `month`, if it is closed.
    pub fn closing_of(&self, month: Moment) -> Result<Option<Closing>, StoreError> {
        Ok(self.closings(month, month.plus_ms(1))?.pop())
    }

    /// Why the month that begins at `month` cannot be closed at `now`; `None`: it can. A call may be
    /// silent for `stale_after`.
    pub fn still_open(&self, month: Moment, now: Moment, stale_after: Span) -> Result<Option<StillOpen>, StoreError> {
        let ends = self.calendar().next(Tier::Month, month);
        let over = ends.plus_ms(stale_after.ms());
        if now <= over {
            return Ok(Some(StillOpen::Until(over)));
        }
        let has_open = read::has_open(&*self.database, &self.directory, month, ends)?;
        Ok(has_open.then_some(StillOpen::Calls))
    }

    /// Signs the month as it now is: closes it, or makes the next revision. What is signed stays. The
    /// number of the revision.
    pub fn sign(&self, month: Moment, act: &Act) -> Result<u32, StoreError> {
        let calendar = self.calendar();
        let ends = calendar.next(Tier::Month, month);
        let revision = self.closing_of(month)?.map_or(0, |last| last.revision) + 1;
        let rules = Rules::at(&self.directory, month);
        let rules = serde_json::to_string(&rules)
            .map_err(|error| StoreError::Damaged { what: format!("rules that cannot be written ({error})") })?;
        let mut statements = Vec::new();
        let mut day = month;
        while day < ends {
            let next = calendar.next(Tier::Day, day);
            statements.extend(copies(Tier::Quarter, day, next, month, revision));
            statements.extend(copies(Tier::Day, day, next, month, revision));
            day = next;
        }
        statements.extend(copies(Tier::Month, month, ends, month, revision));
        statements.push(act.noted());
        let row = vec![
            month.into(),
            revision.into(),
            ends.into(),
            act.at.into(),
            (&act.who).into(),
            (&act.detail).into(),
            rules.into(),
        ];
        self.database.commit("closing a month", vec![Write::Put(&MONTH_REVISION, row)], &statements)?;
        if let Err(error) = year::keep(&*self.database, &self.directory, month) {
            // The month is signed; without the sum its year is only slower to read.
            tracing::warn!(%error, "the sum of the year's closed months was not kept");
        }
        Ok(revision)
    }

    /// How many of the month's figures are no longer those that were signed.
    pub fn changed_since_signed(&self, last: &Closing) -> Result<usize, StoreError> {
        let mut signed: BTreeMap<CellKey, Cell> = BTreeMap::new();
        for kind in ScopeKind::ALL {
            let (kind, month) = ((kind, Tier::Month), (last.month, last.month.plus_ms(1)));
            let revision = (last.month, last.revision);
            signed.extend(closing::signed(&*self.database, &self.directory, kind, month, revision)?);
        }
        let living = self.stored_cells_of(Tier::Month, last.month, last.month.plus_ms(1))?;
        let keys: std::collections::BTreeSet<&CellKey> = signed.keys().chain(living.keys()).collect();
        Ok(keys.into_iter().map(|key| differing(signed.get(key), living.get(key)).len()).sum())
    }

    /// Queues whose rules in the configuration are not those by which a closed month was signed, with
    /// the month: somebody changed a rule without saying from when.
    pub fn changed_rules(&self) -> Result<Vec<(Moment, String)>, StoreError> {
        let mut found = Vec::new();
        let mut last: BTreeMap<Moment, Closing> = BTreeMap::new();
        for closing in self.closings(Moment(i64::MIN), Moment(i64::MAX))? {
            last.insert(closing.month, closing);
        }
        for (month, closing) in last {
            for queue in self.directory.queues() {
                let signed = closing.rules.queues.get(&queue.name);
                if signed.is_some_and(|signed| *signed != queue.at(month).terms()) {
                    found.push((month, queue.name.clone()));
                }
            }
        }
        Ok(found)
    }
}

/// Statements that keep the rollups of `from..until` as those of a revision. One for each scope, so
/// that each follows the key of its table and is short.
fn copies(tier: Tier, from: Moment, until: Moment, month: Moment, revision: u32) -> Vec<Statement<'static>> {
    let copy = |signed: &Table, living: &str, scope: Option<&'static str>| {
        let columns: Vec<&str> = signed.columns.iter().skip(2).map(|(name, _)| *name).collect();
        let columns = columns.join(", ");
        let mut with = vec![month.into(), revision.into(), tier.as_str().into(), from.into(), until.into()];
        let also = scope.map_or(String::new(), |scope| {
            with.push(scope.into());
            " AND scope = $6".to_owned()
        });
        Statement {
            sql: format!(
                "INSERT INTO {} (month, revision, {columns}) SELECT CAST($1 AS bigint), CAST($2 AS bigint), {columns} \
                 FROM {living} WHERE tier = $3 AND start >= $4 AND start < $5{also}",
                signed.name
            ),
            with,
        }
    };
    vec![
        copy(&SIGNED_VISIT_CELL, "visit_cell", Some("queue")),
        copy(&SIGNED_VISIT_CELL, "visit_cell", Some("calls")),
        copy(&SIGNED_LEG_CELL, "leg_cell", None),
    ]
}
