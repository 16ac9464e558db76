//! The contract of the store, in types.

use serde::{Deserialize, Serialize};

use crate::call::fact::{CallChanges, LegOutcome, VisitFact};
use crate::event::{Reason, Reject, TransferKind};
use crate::measure::{Moment, Ring};
use crate::names::{CallKey, CallName, QueueId, SourceId, UnitId};
use crate::stats::totals::{QueueTotals, UnitTotals};
use crate::stats::{Cell, CellKey, Scope, ScopeKind, Tier};
use crate::store::closing::Closing;
use crate::store::spool::{Mark, SpoolError};
use crate::store::{ActRow, Elsewhere, Sight};

/// Why the store could not do it: what was tried, on what, and the store's own word.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is not one of a store.
    #[error("store `{url}`: {why}")]
    Address {
        /// The address as configured.
        url: String,
        /// What is wrong with it and what to write.
        why: String,
    },
    /// The store was written by a newer Servicegrad.
    #[error(
        "store `{url}` has schema {found}, this program knows up to {known}: start the newer program again, or restore a backup"
    )]
    Newer {
        /// The address.
        url: String,
        /// Its schema version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The store was written by an older Servicegrad, and must not be changed by itself.
    #[error(
        "store `{url}` has schema {found}, this program writes {known}, and `store.migrate` is off: make a backup, then run `servicegrad store migrate`"
    )]
    Older {
        /// The address.
        url: String,
        /// Its schema version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The store could not be brought to this program's schema.
    #[error(
        "store: cannot be migrated: {why}; nothing was changed, restore a backup or start the program that wrote it"
    )]
    Migration {
        /// The step and the store's own word.
        why: String,
    },
    /// Another program writes the figures.
    #[error(
        "store `{url}` is being written by another program ({by}), and one can write at a time: stop that one first (a daemon reads on where it was when it is started again), or wait until it has finished"
    )]
    Held {
        /// The address.
        url: String,
        /// Who.
        by: String,
    },
    /// Another program has taken over while this one said nothing for too long.
    #[error(
        "store: another program has taken over while this one said nothing for too long; nothing of this one was written since: start it again, as its standby"
    )]
    Superseded,
    /// What the store could not take cannot be laid aside either.
    #[error("{0}")]
    Spool(#[from] SpoolError),
    /// SQLite refused.
    #[error("store: {doing}: {source}")]
    Sqlite {
        /// What was being done.
        doing: &'static str,
        /// SQLite's word.
        source: rusqlite::Error,
    },
    /// PostgreSQL could not be reached, or was starting or stopping: it may be there in a moment.
    #[error("store: {doing}: {why}")]
    Unreachable {
        /// What was being done.
        doing: &'static str,
        /// The connection's word.
        why: String,
    },
    /// PostgreSQL refused.
    #[error("store: {doing}: {why}")]
    Postgres {
        /// What was being done.
        doing: &'static str,
        /// The server's or the connection's word.
        why: String,
    },
    /// What was asked for cannot be done, and nothing was.
    #[error("store: {why}")]
    Refused {
        /// What stands in the way, and what to do.
        why: String,
    },
    /// Something stored cannot be read back.
    #[error("store: {what} is damaged; `servicegrad store verify` tells what can be worked out again")]
    Damaged {
        /// What.
        what: String,
    },
}

/// How this program is called where others must know who writes.
pub(super) fn holder() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match host.trim() {
        "" => format!("process {}", std::process::id()),
        host => format!("process {} on {host}", std::process::id()),
    }
}

/// What the store keeps of a source beside its events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// How far it has been read, in the source's own words.
    pub position: Option<String>,
    /// Newest time seen, by its own clock.
    pub newest: Option<Moment>,
    /// When its switch started anew, ascending.
    pub restarts: Vec<Moment>,
    /// When its switch was about to stop in order, ascending.
    pub stops: Vec<Moment>,
    /// Events used, ever.
    pub accepted: u64,
    /// Events seen before, ever.
    pub duplicates: u64,
    /// Of the accepted, those too old for the live figures.
    pub backfilled: u64,
    /// Events of queues that are not measured.
    pub unmeasured: u64,
    /// What could not be used, by reason.
    pub rejected: std::collections::BTreeMap<Reason, u64>,
    /// Checksum of the mapping of its columns, where it has columns.
    #[serde(default)]
    pub mapping: Option<String>,
    /// When that was last changed, by our clock.
    #[serde(default)]
    pub mapping_changed: Option<Moment>,
}

/// A period in which a source was not heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Name of the source.
    pub source: String,
    /// Last heard.
    pub from: Moment,
    /// Heard again.
    pub to: Moment,
    /// Why, where known.
    pub reason: Option<String>,
}

/// Everything of one batch, to be committed together.
#[derive(Debug, Default)]
pub struct Commit<'a> {
    /// Changes of facts.
    pub changes: &'a [CallChanges],
    /// The calls touched: key, stored form, its last event, whether it is over.
    pub calls: Vec<CallRow>,
    /// Cells as they now add up.
    pub cells: Vec<(CellKey, &'a Cell)>,
    /// Totals of queues as they now are.
    pub queue_totals: Vec<(QueueId, QueueTotals)>,
    /// Totals of units as they now are.
    pub unit_totals: Vec<(UnitId, UnitTotals)>,
    /// What could not be used: source, when we got it, why.
    pub dead_letters: Vec<(SourceId, Moment, Reject)>,
    /// Periods in which a source was not heard.
    pub gaps: Vec<Gap>,
    /// Sources as they now are.
    pub sources: Vec<(SourceId, SourceState)>,
    /// How much of the spool the store then holds, where it comes from there.
    pub spooled: Option<Mark>,
}

/// A call as the store keeps it.
#[derive(Clone, Debug)]
pub struct CallRow {
    /// Which call.
    pub key: CallKey,
    /// Its events and what was said of it, in the form of [`saved`](crate::store::saved).
    pub bytes: Vec<u8>,
    /// Time of its newest event.
    pub newest: Moment,
    /// Nothing more is expected of it.
    pub is_over: bool,
}

/// What a start needs.
#[derive(Debug, Default)]
pub struct Restored {
    /// Sources by name.
    pub sources: Vec<(String, SourceState)>,
    /// Totals by name of the queue.
    pub queue_totals: Vec<(QueueId, QueueTotals)>,
    /// Totals by name of the unit.
    pub unit_totals: Vec<(UnitId, UnitTotals)>,
    /// Calls of which more is expected.
    pub open_calls: Vec<(CallKey, Vec<u8>)>,
    /// Visits decided in the last hour before `since`, for the live windows.
    pub recent: Vec<VisitFact>,
    /// How much of which spool is stored.
    pub spooled: Option<Mark>,
}

/// Writes. One owner: the engine.
pub trait Store: Send {
    /// All that a start needs; visits decided at or after `since` come for the live windows.
    fn restore(&mut self, since: Moment) -> Result<Restored, StoreError>;

    /// Those of some calls that were seen before, each by its place in `keys`.
    fn recall_calls(&mut self, keys: &[CallKey]) -> Result<Vec<(usize, Vec<u8>)>, StoreError>;

    /// Until when calls of a source have been let go, if any were: a call before that which is not
    /// known may have been.
    fn calls_gone_until(&mut self, source: SourceId) -> Result<Option<Moment>, StoreError>;

    /// Those of some cells that are stored, each by its place in `keys`.
    fn recall_cells(&mut self, keys: &[CellKey]) -> Result<Vec<(usize, Cell)>, StoreError>;

    /// Commits one batch, durably, whole or not at all. May be called again with the same batch.
    fn commit(&mut self, commit: &Commit<'_>) -> Result<(), StoreError>;

    /// Says that the writer is there, where others wait for its place; called about every second.
    fn keep(&mut self) -> Result<(), StoreError>;

    /// Whether nothing has been stored yet.
    fn is_empty(&mut self) -> Result<bool, StoreError>;
}

/// How good the figures of a period are, beyond what its cells count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Quality {
    /// Periods in which a source was not heard, overlapping the period.
    pub gaps: Vec<Gap>,
    /// What could not be used, by reason.
    pub dead_letters: Vec<(String, i64)>,
    /// How far each source has told, by name.
    pub told_until: Vec<(String, Moment)>,
}

/// A visit as it is stored, for drill-down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitRow {
    /// Name of the source.
    pub source: String,
    /// The switch's name of the call.
    pub call: CallName,
    /// What is said of it.
    pub visit: VisitFact,
}

/// A transfer leg as it is stored, for drill-down. The extension dialled is not among it: figures
/// are of units, not of persons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegRow {
    /// Name of the source.
    pub source: String,
    /// The switch's name of the call.
    pub call: CallName,
    /// Number among the legs of the call.
    pub number: u16,
    /// The queue in whose visit it was sent, if it still is configured.
    pub queue: Option<QueueId>,
    /// Where to.
    pub unit: UnitId,
    /// Blind, attended, blonde or direct.
    pub kind: TransferKind,
    /// When it was sent.
    pub started: Moment,
    /// How it ended; `None`: still ringing, or nobody has told.
    pub outcome: Option<LegOutcome>,
    /// How long it rang, where known.
    pub ring: Option<Ring>,
    /// Too short a ring to count.
    pub short: bool,
}

/// What could not be used, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetterRow {
    /// Goes up with each that is kept.
    pub id: i64,
    /// Name of the source.
    pub source: String,
    /// Where it stood.
    pub position: String,
    /// Why it could not be used: a spelling of [`Reason`].
    pub reason: String,
    /// Why, in words.
    pub detail: String,
    /// When it happened by the source's own time, else when we got it.
    pub at: Moment,
    /// When we got it.
    pub received: Moment,
}

/// The last row of a page: the next page begins behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// When it was offered or started.
    pub at: Moment,
    /// Its source.
    pub source: String,
    /// Its call.
    pub call: String,
    /// Its number within the call.
    pub number: u16,
}

/// Which rows of a longer list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Those behind this one; `None`: from the beginning.
    pub after: Option<After>,
    /// At most so many.
    pub limit: usize,
}

impl Page {
    /// The first `limit` rows.
    pub const fn first(limit: usize) -> Self {
        Self { after: None, limit }
    }

    /// The row behind which this page begins; before every row where there is none.
    pub fn begin(&self) -> After {
        let before_all = || After { at: Moment(i64::MIN), source: String::new(), call: String::new(), number: 0 };
        self.after.clone().unwrap_or_else(before_all)
    }
}

/// Reads. Any number of them, beside the writer. What a [`Sight`] does not cover is left out of
/// every answer, as if it were not there.
pub trait Reader {
    /// Gives the cells of one kind and tier that begin in `from..until` to `give`, by start: those of a
    /// closed month as they were signed last. Queues and units that are no longer configured are left
    /// out. One by one, since a large house has a million, and what is added up is never held.
    fn each_cell(
        &self,
        sight: &Sight,
        kind: ScopeKind,
        tier: Tier,
        from: Moment,
        until: Moment,
        give: &mut dyn FnMut(CellKey, Cell),
    ) -> Result<(), StoreError>;

    /// The same as a list.
    fn cells(
        &self,
        sight: &Sight,
        kind: ScopeKind,
        tier: Tier,
        from: Moment,
        until: Moment,
    ) -> Result<Vec<(CellKey, Cell)>, StoreError> {
        let mut cells = Vec::new();
        self.each_cell(sight, kind, tier, from, until, &mut |key, cell| cells.push((key, cell)))?;
        Ok(cells)
    }

    /// Gives sums of closed months of `from..until` that were kept when they were signed, and says which
    /// months those are; the others, none or all of them, are to be asked for as cells.
    fn each_sum(
        &self,
        _sight: &Sight,
        _kinds: &[ScopeKind],
        _stretch: (Moment, Moment),
        _give: &mut dyn FnMut(Scope, Cell),
    ) -> Result<Vec<(Moment, Moment)>, StoreError> {
        Ok(Vec::new())
    }

    /// Closings of the months that lie in `from..until` or partly so, by month and revision.
    fn closings(&self, from: Moment, until: Moment) -> Result<Vec<Closing>, StoreError>;

    /// Cells as they were signed in one revision of a month, which is named by its first instant.
    fn signed(
        &self,
        sight: &Sight,
        kind: ScopeKind,
        tier: Tier,
        stretch: (Moment, Moment),
        revision: (Moment, u32),
    ) -> Result<Vec<(CellKey, Cell)>, StoreError>;

    /// Visits of a queue offered in `from..until`, by time, source, call and number.
    fn visits(
        &self,
        sight: &Sight,
        queue: QueueId,
        from: Moment,
        until: Moment,
        page: &Page,
    ) -> Result<Vec<VisitRow>, StoreError>;

    /// Legs to a unit started in `from..until`, by time, source, call and number.
    fn legs(
        &self,
        sight: &Sight,
        unit: UnitId,
        from: Moment,
        until: Moment,
        page: &Page,
    ) -> Result<Vec<LegRow>, StoreError>;

    /// What could not be used, the newest first: those with an id below `before`, at most `limit`.
    /// Belongs to no queue and no organisation, so only a [`Sight`] of all is answered.
    fn dead_letters(&self, sight: &Sight, before: Option<i64>, limit: usize) -> Result<Vec<DeadLetterRow>, StoreError>;

    /// Who did what, the newest first: acts with an id below `before`, at most `limit`. Only a [`Sight`]
    /// of all is answered.
    fn acts(&self, sight: &Sight, before: Option<i64>, limit: usize) -> Result<Vec<ActRow>, StoreError>;

    /// What no switch told, by kind, name and day.
    fn elsewhere(&self, sight: &Sight) -> Result<Vec<Elsewhere>, StoreError>;

    /// Gaps and dead letters of `from..until`, as counts: they qualify everybody's figures.
    fn quality(&self, from: Moment, until: Moment) -> Result<Quality, StoreError>;

    /// Whether a visit or leg of `from..until` is still open.
    fn has_open(&self, from: Moment, until: Moment) -> Result<bool, StoreError>;
}
