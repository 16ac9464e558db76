//! Months whose figures were signed: what was told of them, revision by revision.
//!
//! A closed month is read from the rollups that were kept when it was signed. What comes later goes
//! into the living rollups as always, and shows as the difference of the next revision, never by
//! itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::directory::{Directory, Terms};
use crate::measure::Moment;
use crate::stats::{Cell, CellKey, ScopeKind, Tier, definition};
use crate::store::cells;
use crate::store::{Database, StoreError};

/// Why a month was closed, where nobody gave a reason: its last call had ended.
pub const ENDED: &str = "last_call_ended";
/// Why it was revised, where nobody gave a reason: events came after it was signed.
pub const LATE: &str = "late_events";

/// A month as it was signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Closing {
    /// Its first instant.
    pub month: Moment,
    /// The first instant of the next one.
    pub ends: Moment,
    /// 1 when it was closed, and one more each time its figures were corrected.
    pub revision: u32,
    /// When.
    pub at: Moment,
    /// By whom.
    pub who: String,
    /// Why: in words, [`ENDED`] or [`LATE`].
    pub why: String,
    /// By which rules.
    pub rules: Rules,
}

/// By which rules figures were counted and judged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// Version of the six definitions.
    pub version: u32,
    /// Each queue's own, by name.
    pub queues: BTreeMap<String, Terms>,
}

impl Rules {
    /// Those of the directory at `at`.
    pub(super) fn at(directory: &Directory, at: Moment) -> Self {
        let queues = directory.queues().iter().map(|queue| (queue.name.clone(), queue.at(at).terms()));
        Self { version: definition::VERSION, queues: queues.collect() }
    }
}

/// Closings of the months that lie in `from..until` or partly so, by month and revision.
pub(super) fn closings(database: &dyn Database, from: Moment, until: Moment) -> Result<Vec<Closing>, StoreError> {
    let sql = "SELECT month, ends, revision, at, who, why, terms FROM month_revision
               WHERE month < $1 AND ends > $2 ORDER BY month, revision";
    database.all("reading which months are closed", sql, &[until.into(), from.into()], |row| {
        let damaged = |_| StoreError::Damaged { what: "the rules of a closed month".to_owned() };
        Ok(Closing {
            month: Moment(row.int(0)?),
            ends: Moment(row.int(1)?),
            revision: row.small(2)?,
            at: Moment(row.int(3)?),
            who: row.text(4)?.to_owned(),
            why: row.text(5)?.to_owned(),
            rules: serde_json::from_str(row.text(6)?).map_err(damaged)?,
        })
    })
}

/// A stretch that is read from one place: the living rollups, or those of a month and revision.
pub(super) type Stretch = (Moment, Moment, Option<(Moment, u32)>);

/// `from..until` cut where closed months begin and end.
pub(super) fn stretches(database: &dyn Database, from: Moment, until: Moment) -> Result<Vec<Stretch>, StoreError> {
    let sql = "SELECT month, ends, max(revision) FROM month_revision WHERE month < $1 AND ends > $2
               GROUP BY month, ends ORDER BY month";
    let signed = database.all("reading which months are closed", sql, &[until.into(), from.into()], |row| {
        Ok((Moment(row.int(0)?), Moment(row.int(1)?), row.small::<u32>(2)?))
    })?;
    let mut stretches = Vec::new();
    let mut at = from;
    for (month, ends, revision) in signed {
        if at < month {
            stretches.push((at, month, None));
        }
        let end = ends.min(until);
        stretches.push((month.max(at), end, Some((month, revision))));
        at = end;
    }
    if at < until {
        stretches.push((at, until, None));
    }
    Ok(stretches)
}

/// Cells of one kind and tier that begin in `from..until`, as they were signed in a revision of a month.
pub(super) fn signed(
    database: &dyn Database,
    directory: &Directory,
    kind: (ScopeKind, Tier),
    (from, until): (Moment, Moment),
    revision: (Moment, u32),
) -> Result<Vec<(CellKey, Cell)>, StoreError> {
    let stretch = (from, until, Some(revision));
    let mut found = Vec::new();
    cells::each((database, directory), kind, stretch, &|_| true, &mut |key, cell| found.push((key, cell)))?;
    Ok(found)
}
