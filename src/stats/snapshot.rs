//! What every surface sees: finished figures at one moment. Made by the engine, swapped in whole,
//! never changed. Two surfaces that show one figure read one field.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::directory::Directory;
use crate::event::AgentState;
use crate::event::Reason;
use crate::measure::{Moment, Share, Wait};
use crate::names::{DefinitionId, QueueId, UnitId};
use crate::stats::totals::{QueueTotals, UnitTotals};
use crate::stats::{Counts, LegCounts, VisitCell, definition};

/// The figures of one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When it was made, by our clock.
    pub at: Moment,
    /// Goes up with every commit that changed anything.
    pub revision: u64,
    /// Who is who: ids below index into it.
    pub directory: Arc<Directory>,
    /// One a measured queue, by [`QueueId`].
    pub queues: Vec<QueueNow>,
    /// One a unit, by [`UnitId`]; the first is `unknown`.
    pub units: Vec<UnitNow>,
    /// One a source, by its id.
    pub sources: Vec<SourceNow>,
    /// The store.
    pub store: StoreNow,
    /// Scheduled reports, by name.
    pub reports: Vec<ReportNow>,
    /// Calls in memory: open, or ended a short while ago.
    pub calls_held: u64,
    /// Calls that went stale, ever.
    pub calls_stale: u64,
}

/// The windows of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Window {
    /// Last 5 minutes, by moment of outcome.
    Min5,
    /// Last 15 minutes.
    Min15,
    /// Last 30 minutes.
    Min30,
    /// Last 60 minutes.
    Min60,
    /// Offered on this local day.
    Today,
    /// Offered in this local month.
    Month,
}

impl Window {
    /// All, in the order of [`QueueNow::windows`].
    pub const ALL: [Self; 6] = [Self::Min5, Self::Min15, Self::Min30, Self::Min60, Self::Today, Self::Month];

    /// The one spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Min5 => "5m",
            Self::Min15 => "15m",
            Self::Min30 => "30m",
            Self::Min60 => "1h",
            Self::Today => "today",
            Self::Month => "month",
        }
    }
}

/// One queue now.
#[derive(Clone, Debug)]
pub struct QueueNow {
    /// Which.
    pub id: QueueId,
    /// Inside its opening hours.
    pub is_open: bool,
    /// Waiting now.
    pub waiting: u32,
    /// How long the first of them has waited.
    pub longest_wait: Option<Wait>,
    /// Conversations going on.
    pub talking: u32,
    /// Attendants by state, where a source tells.
    pub agents: BTreeMap<AgentState, u32>,
    /// Whether a source has told of attendants of this queue since the start: no attendant is then
    /// nobody, and not unknown.
    pub tells_agents: bool,
    /// Waiting already beyond each threshold, in the order of the queue's thresholds.
    pub waiting_beyond: Vec<u32>,
    /// Figures per window, in the order of [`Window::ALL`].
    pub windows: Vec<VisitCell>,
    /// Offered in the local month before; `None`: nothing is stored of it.
    pub month_before: Option<Counts>,
    /// Today by quarter-hour of offering, those with calls only, in order.
    pub trend: Vec<(Moment, Counts)>,
    /// Live counters.
    pub totals: QueueTotals,
    /// Whether a source that feeds it is heard; live figures of a silent source are not shown.
    pub is_fresh: bool,
}

impl QueueNow {
    /// Figures of a window.
    pub fn window(&self, window: Window) -> &VisitCell {
        &self.windows[window as usize]
    }

    /// The live service level in a window: a caller who still waits beyond the threshold is not
    /// met at once. The month counts as the day does.
    pub fn service_level(&self, window: Window, threshold_ms: u32, by: DefinitionId, directory: &Directory) -> Share {
        let mut share = definition::service_level(&self.window(window).counts, threshold_ms, by);
        let thresholds = &directory.queue(self.id).thresholds_ms;
        if let Some(at) = thresholds.iter().position(|t| *t == threshold_ms) {
            share.of += i64::from(self.waiting_beyond.get(at).copied().unwrap_or(0));
        }
        share
    }
}

/// One unit now.
#[derive(Clone, Debug)]
pub struct UnitNow {
    /// Which.
    pub id: UnitId,
    /// Legs started today.
    pub today: LegCounts,
    /// Legs started this month.
    pub month: LegCounts,
    /// Live counters.
    pub totals: UnitTotals,
}

/// One source now.
#[derive(Clone, Debug, Default)]
pub struct SourceNow {
    /// Whether it is connected, its file open, its listener up.
    pub is_up: bool,
    /// Time of its newest event, by its own clock.
    pub last_event: Option<Moment>,
    /// When we last heard it, by our clock.
    pub last_heard: Option<Moment>,
    /// Down, or not heard for longer than its `silent_after`, while a queue that it feeds is open.
    pub is_silent: bool,
    /// Gaps told since the start.
    pub gaps: u64,
    /// End of the newest of them.
    pub last_gap: Option<Moment>,
    /// When it last told something that could not be used, since the start.
    pub last_reject: Option<Moment>,
    /// Events since the start by their lag behind our clock, per bucket of [`LAG_BUCKETS_S`].
    pub lags: SourceLags,
    /// Sum of those lags, ms.
    pub lag_ms: u64,
    /// Events used, ever.
    pub accepted: u64,
    /// Events seen before, ever.
    pub duplicates: u64,
    /// Of the accepted, those too old for the live figures.
    pub backfilled: u64,
    /// Events of queues that are not measured.
    pub unmeasured: u64,
    /// What could not be used, by reason.
    pub rejected: BTreeMap<Reason, u64>,
    /// Bytes not yet read, where a source can tell.
    pub behind_bytes: u64,
    /// What it is doing, in words, when something is wrong.
    pub trouble: Option<String>,
    /// Checksum of the mapping of its columns, where it has columns.
    pub mapping: Option<String>,
    /// When that was last changed, by our clock.
    pub mapping_changed: Option<Moment>,
}

/// The store now.
#[derive(Clone, Debug, Default)]
pub struct StoreNow {
    /// What is wrong, if anything: live figures then run ahead of what is stored.
    pub trouble: Option<String>,
    /// What has been taken in and not been stored, while the store is away.
    pub unstored: Option<Unstored>,
    /// Failed commits since the start.
    pub errors: u64,
    /// Commits since the start by how long they took, per bucket of [`COMMIT_BUCKETS_MS`].
    pub commit_times: [u64; COMMIT_BUCKETS_MS.len() + 1],
    /// Sum of those times, ms.
    pub commit_ms: f64,
}

/// Events that lie in the spool until the store takes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unstored {
    /// Since when the store has been away.
    pub since: Moment,
    /// How many.
    pub events: u64,
    /// How long the spool is.
    pub bytes: u64,
    /// How long it may become; beyond it intake is held back.
    pub bytes_max: u64,
}

/// Upper bounds of the buckets of lags, seconds; the last bucket has none.
pub const LAG_BUCKETS_S: [u32; 9] = [1, 2, 5, 10, 30, 60, 300, 900, 3600];
/// Upper bounds of the buckets of commit times, ms; the last bucket has none.
pub const COMMIT_BUCKETS_MS: [u32; 9] = [1, 2, 5, 10, 50, 100, 500, 1000, 5000];
/// Events per bucket of [`LAG_BUCKETS_S`].
pub type SourceLags = [u64; LAG_BUCKETS_S.len() + 1];

/// One scheduled report now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportNow {
    /// Its name in the configuration.
    pub name: String,
    /// When the newest one was due.
    pub due: Option<Moment>,
    /// When one was last made and handed over.
    pub done: Option<Moment>,
}

/// How the scheduled reports do, shared: written by whoever makes them, read by the engine.
#[derive(Clone, Debug, Default)]
pub struct ReportBoard(Arc<Mutex<Vec<ReportNow>>>);

impl ReportBoard {
    /// How they do now.
    pub fn read(&self) -> Vec<ReportNow> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The newest report of this name was due at `at`.
    pub fn due(&self, name: &str, at: Moment) {
        self.change(name, |report| report.due = Some(at));
    }

    /// A report of this name was made and handed over at `at`.
    pub fn done(&self, name: &str, at: Moment) {
        self.change(name, |report| report.done = Some(at));
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut ReportNow)) {
        let mut reports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = reports.iter().position(|report| report.name == name).unwrap_or_else(|| {
            reports.push(ReportNow { name: name.to_owned(), ..ReportNow::default() });
            reports.len() - 1
        });
        if let Some(report) = reports.get_mut(at) {
            change(report);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests_support {
    //! Facts for tests of this room.
    use crate::call::fact::{Outcome, VisitFact};
    use crate::measure::{Moment, Wait};
    use crate::names::QueueId;

    /// A finished visit.
    pub(crate) fn visit(outcome: Outcome, wait: Wait, offered: Moment) -> VisitFact {
        VisitFact {
            queue: QueueId(0),
            number: 1,
            offered,
            outcome: Some(outcome),
            decided: Some(offered.plus_ms(i64::from(wait.ms()))),
            wait: Some(wait),
            talk: None,
            over: true,
            outside_hours: false,
            derived: false,
            inconsistent: false,
            late: false,
            coarse: false,
        }
    }
}
