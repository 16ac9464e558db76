//! Who did what to the figures, when: the audit log. Nothing in it is ever changed.

use serde::Serialize;

use crate::measure::Moment;
use crate::store::database::Statement;
use crate::store::{Ledger, StoreError, Upkeep};

/// Something done by a person, or by the program on a person's behalf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Act {
    /// When.
    pub at: Moment,
    /// Who: a user's name, `cli` with the system's user, or `servicegrad` itself.
    pub who: String,
    /// What, as a short verb phrase in snake case: `month_closed`, `figures_recomputed`, `number_erased`.
    pub act: String,
    /// To what: a month, a queue, a user. Never a caller's number.
    pub about: String,
    /// What else is to be known, in words.
    pub detail: String,
}

/// An act as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActRow {
    /// Goes up with each that is noted.
    pub id: i64,
    /// What was done.
    pub act: Act,
}

impl Act {
    /// The statement that notes it, to stand in the transaction of what was done.
    pub(super) fn noted(&self) -> Statement<'_> {
        let Self { at, who, act, about, detail } = self;
        Statement {
            sql: "INSERT INTO audit (at, who, act, about, detail) VALUES ($1, $2, $3, $4, $5)".to_owned(),
            with: vec![(*at).into(), who.into(), act.into(), about.into(), detail.into()],
        }
    }
}

impl Upkeep {
    /// Notes an act in the audit log, durably.
    pub fn note(&self, act: &Act) -> Result<(), StoreError> {
        self.database.commit("writing the audit log", Vec::new(), &[act.noted()])?;
        Ok(())
    }
}

impl Ledger {
    /// Notes an act in the audit log, durably.
    pub fn note(&mut self, act: &Act) -> Result<(), StoreError> {
        self.database.commit("writing the audit log", Vec::new(), &[act.noted()])?;
        Ok(())
    }

    /// Acts of `from..until`, newest first, at most `limit`.
    pub fn acts(&self, from: Moment, until: Moment, limit: usize) -> Result<Vec<Act>, StoreError> {
        let sql = "SELECT at, who, act, about, detail FROM audit WHERE at >= $1 AND at < $2
                   ORDER BY at DESC, id DESC LIMIT $3";
        let with = [from.into(), until.into(), (limit as i64).into()];
        self.database.all("reading the audit log", sql, &with, |row| {
            let text = |at: usize| row.text(at).map(str::to_owned);
            Ok(Act { at: Moment(row.int(0)?), who: text(1)?, act: text(2)?, about: text(3)?, detail: text(4)? })
        })
    }
}
