//! A month counted anew from its facts, under the rules that the configuration now has for it.

use crate::measure::Moment;
use crate::stats::Tier;
use crate::store::cells;
use crate::store::database::Write;
use crate::store::upkeep::Upkeep;
use crate::store::{Act, StoreError};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recounted {
    /// Facts that were counted.
    pub facts: u64,
    /// The new revision; `None`: the month had not been closed, or nothing has changed.
    pub revision: Option<u32>,
}

impl Upkeep {
    /// Counts the month's facts anew. Where it was closed, the figures that were signed stay as they
    /// are, and what has become of them is the next revision. The keeper must be alone
    /// ([`open_upkeep_alone`](crate::store::open_upkeep_alone)): a daemon holds rollups in memory.
    ///
    /// # Errors
    /// Where facts of the month have been let go.
    pub fn recount(&self, month: Moment, act: &Act) -> Result<Recounted, StoreError> {
        if let Some(until) = self.facts_gone_until()?.filter(|until| month < *until) {
            let until = until.to_utc().with_timezone(&self.directory.zone()).format("%Y-%m");
            let why = format!("its facts have been let go; those from {until} on are kept");
            return Err(StoreError::Refused { why });
        }
        let counted = self.count_month(month)?;
        let ends = self.calendar().next(Tier::Month, month);
        let mut writes = Vec::new();
        for key in self.stored_cells(month, ends)?.into_keys().filter(|key| !counted.cells.contains_key(key)) {
            let (table, key) = cells::key_row(key, &self.directory);
            writes.push(Write::Take(table, key));
        }
        for (key, cell) in &counted.cells {
            let (table, row) = cells::row(*key, cell, &self.directory);
            writes.push(Write::Put(table, row));
        }
        self.database.commit("counting a month anew", writes, &[act.noted()])?;
        let facts = counted.facts;
        let revision = match self.closing_of(month)? {
            Some(last) if self.changed_since_signed(&last)? > 0 => {
                Some(self.sign(month, &Act { act: "month_revised".to_owned(), ..act.clone() })?)
            }
            _ => None,
        };
        Ok(Recounted { facts, revision })
    }
}
