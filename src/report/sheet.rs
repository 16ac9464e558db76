//! The report as finished figures: all that a format knows.

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::directory::Objective;
use crate::measure::{Moment, Share, Untold};
use crate::names::DefinitionId;
use crate::report::compare::Comparison;
use crate::report::pattern::Pattern;
use crate::report::revisions::RevisionSheet;
use crate::report::tickets::TicketSheet;
use crate::report::{Interval, ReportKind};
use crate::stats::counts::{Counts, ThresholdCounts};
use crate::stats::period::Period;
use crate::stats::{LegCounts, unit_rates};

/// The figures of a period.
#[derive(Clone, Debug)]
pub struct Report {
    /// What of it is told to people.
    pub kind: &'static ReportKind,
    /// The only organisation whose units are shown, by its title.
    pub organisation: Option<String>,
    /// Of which days, and whether they can still change.
    pub period: PeriodSheet,
    /// Every measured queue in the order of the configuration, also those without a visit.
    pub queues: Vec<QueueSheet>,
    /// Whole calls, by journey.
    pub calls: CallsSheet,
    /// Units that anything was sent to, by organisation and then unit, in configured order.
    pub units: Vec<UnitSheet>,
    /// Transfers to targets that the directory does not know: in no unit and no organisation.
    pub unknown_targets: LegFigures,
    /// Every configured organisation: sums of its units.
    pub organisations: Vec<OrganisationSheet>,
    /// The same figures of other periods.
    pub comparisons: Vec<Comparison>,
    /// Tickets beside answered calls, for queues that have any.
    pub tickets: Vec<TicketSheet>,
    /// By weekday and hour, in the order of `queues`; `None`: there are too many to tell it unasked.
    pub patterns: Option<Vec<Pattern>>,
    /// How good the figures are.
    pub quality: QualitySheet,
    /// How often its months were signed, and what changed.
    pub revisions: Vec<RevisionSheet>,
}

/// A threshold in seconds without needless decimals: its key in every form.
pub fn seconds(threshold_ms: u32) -> String {
    (f64::from(threshold_ms) / 1000.0).to_string()
}

/// The period of a report.
#[derive(Clone, Copy, Debug)]
pub struct PeriodSheet {
    /// First local day.
    pub from: NaiveDate,
    /// The local day after the last.
    pub until: NaiveDate,
    /// The instant at which it begins.
    pub start: Moment,
    /// The instant at which it ends.
    pub end: Moment,
    /// Whose days these are.
    pub zone: Tz,
    /// Whether figures can still change.
    pub status: Status,
    /// When the report was made.
    pub made: Moment,
    /// Which intervals were asked for.
    pub interval: Option<Interval>,
    /// Which revision is shown, where one was asked for.
    pub shown: Option<Shown>,
}

/// Which of a month's revisions is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// This one.
    pub revision: u32,
    /// The last there is.
    pub last: u32,
}

impl PeriodSheet {
    /// Its days.
    pub fn days(&self) -> Period {
        Period { from: self.from, until: self.until }
    }

    /// `2026-11-01T07:15:00+01:00`: an instant with the offset that holds there.
    pub fn local(&self, at: Moment) -> String {
        at.to_utc().with_timezone(&self.zone).to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
    }
}

/// Whether the figures of a period can still change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A month that the period lies in has not been closed.
    Provisional,
    /// All were closed, and are as they were signed then.
    Closed,
    /// All were closed, and one or more were corrected since; how is told.
    Revised,
    /// An earlier revision was asked for: a later one holds.
    Superseded,
}

impl Status {
    /// The one spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provisional => "provisional",
            Self::Closed => "closed",
            Self::Revised => "revised",
            Self::Superseded => "superseded",
        }
    }

    /// The key of its text.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Provisional => "report-provisional",
            Self::Closed => "report-closed",
            Self::Revised => "report-revised",
            Self::Superseded => "report-superseded",
        }
    }
}

/// Visits of one measured queue.
#[derive(Clone, Debug)]
pub struct QueueSheet {
    /// Our name.
    pub name: String,
    /// What people read.
    pub title: String,
    /// What was promised.
    pub objective: Option<Objective>,
    /// Short-abandon limit in ms; `None`: no abandon is short.
    pub short_abandon_ms: Option<u32>,
    /// Opening hours as configured; `None`: always open.
    pub hours: Option<String>,
    /// Whether its rules were changed within the period.
    pub has_changed: bool,
    /// Sums of the period.
    pub figures: VisitFigures,
    /// The intervals that have visits, by start; empty where none were asked for.
    pub intervals: Vec<(Moment, VisitFigures)>,
}

/// Figures of visits, or of whole calls.
#[derive(Clone, Debug)]
pub struct VisitFigures {
    /// Exact counts. For whole calls `derived`, `inconsistent`, `late` and talks are not counted.
    pub counts: Counts,
    /// At each threshold, ascending.
    pub thresholds: Vec<ThresholdFigures>,
    /// The service level of the objective, where there is one.
    pub judged: Option<Share>,
    /// A / (A + B + X - B<=s).
    pub answer_rate: Share,
    /// Waits in seconds.
    pub waits: WaitFigures,
    /// What no source behind them can tell.
    pub untold: Vec<Untold>,
}

impl VisitFigures {
    /// A count that hangs on something a source may leave untold: `None` where no source tells it.
    pub fn told(&self, hangs_on: Untold, count: i64) -> Option<i64> {
        (!self.untold.contains(&hangs_on)).then_some(count)
    }
}

/// Figures at one threshold.
#[derive(Clone, Copy, Debug)]
pub struct ThresholdFigures {
    /// Exact counts, and the threshold.
    pub counts: ThresholdCounts,
    /// Service levels in the order of [`DefinitionId::ALL`].
    pub levels: [Share; DefinitionId::ALL.len()],
}

/// Waits in seconds; `None` is no data.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WaitFigures {
    /// Mean of the answered (ASA).
    pub mean: Option<f64>,
    /// Mean of the abandoned.
    pub mean_abandoned: Option<f64>,
    /// Mean of all who were answered, hung up or left.
    pub mean_all: Option<f64>,
    /// Half of the answered waited at most this long. This and the other percentiles are at most
    /// 0.79 % too high and never too low.
    pub p50: Option<f64>,
    /// Nine in ten of the answered.
    pub p90: Option<f64>,
    /// 95 in a hundred.
    pub p95: Option<f64>,
    /// 99 in a hundred.
    pub p99: Option<f64>,
    /// Longest of the answered.
    pub max: Option<f64>,
    /// Longest of all with a known wait.
    pub max_all: Option<f64>,
}

/// Whole calls: answered if answered in any queue, wait from the first entry to that answer.
#[derive(Clone, Debug)]
pub struct CallsSheet {
    /// All calls. Thresholds are those that every queue counts; `judged` adds up each call by the
    /// objective of its first queue.
    pub total: VisitFigures,
    /// By the queue of the first visit, in the order of [`Report::queues`].
    pub by_first_queue: Vec<VisitFigures>,
}

/// Transfers to one unit.
#[derive(Clone, Debug)]
pub struct UnitSheet {
    /// Our name.
    pub name: String,
    /// What people read.
    pub title: String,
    /// Name of its organisation.
    pub organisation: String,
    /// Figures of the period.
    pub figures: LegFigures,
}

/// Transfers to the units of one organisation.
#[derive(Clone, Debug)]
pub struct OrganisationSheet {
    /// Our name.
    pub name: String,
    /// What people read.
    pub title: String,
    /// How many of its units anything was sent to.
    pub units: usize,
    /// Sums of its units; journeys are journeys to a unit, so a caller sent to two counts twice.
    pub figures: LegFigures,
}

/// Figures of transfer legs.
#[derive(Clone, Debug, Default)]
pub struct LegFigures {
    /// Exact counts.
    pub counts: LegCounts,
    /// Per attempt: the headline.
    pub answer_rate: Share,
    /// Per caller ever sent there.
    pub journey_rate: Share,
    /// As per attempt, voicemail and spoken messages counted as reached.
    pub reached_rate: Share,
}

impl LegFigures {
    /// Of the blind transfers that count, those answered.
    pub fn blind(&self) -> Share {
        Share { met: self.counts.blind_answered, of: self.counts.blind }
    }

    /// Of the attended and blonde ones, consultations included, those answered.
    pub fn attended(&self) -> Share {
        Share { met: self.counts.attended_answered, of: self.counts.attended }
    }

    /// Mean length of ringing, seconds; `None` is no data.
    pub fn mean_ring_s(&self) -> Option<f64> {
        Share { met: self.counts.ring_ms, of: self.counts.rings }.ratio().map(|ms| ms / 1000.0)
    }

    /// Fewer legs than a rate can be judged by: shown with its n, greyed.
    pub fn is_few(&self) -> bool {
        self.answer_rate.of < unit_rates::LEGS_MIN
    }
}

/// How good the figures are.
#[derive(Clone, Debug, Default)]
pub struct QualitySheet {
    /// Periods in which a source was not heard: source, from, to, reason.
    pub gaps: Vec<GapSheet>,
    /// What could not be used.
    pub dead_letters: i64,
    /// The same by reason.
    pub dead_letters_by_reason: Vec<(String, i64)>,
    /// Visits with a beginning or wait that was worked out.
    pub derived: i64,
    /// Visits of which no source told how long the caller had waited: in no service level.
    pub unmeasured: i64,
    /// Visits with testimony later than the allowed lateness.
    pub late: i64,
    /// Visits whose testimonies disagree.
    pub inconsistent: i64,
    /// Visits that a restart of the switch cut off.
    pub lost: i64,
    /// Visits with no end seen before the stale limit.
    pub unknown: i64,
    /// What each source cannot tell, by name; those that leave nothing untold are not in it.
    pub untold: Vec<(String, Vec<Untold>)>,
    /// Coarsest clock behind the figures, ms: 1 or 1000; `None` where nothing was measured.
    pub precision_ms: Option<u32>,
}

/// A period in which a source was not heard.
#[derive(Clone, Debug)]
pub struct GapSheet {
    /// Name of the source.
    pub source: String,
    /// Last heard.
    pub from: Moment,
    /// Heard again.
    pub to: Moment,
    /// Why, where known.
    pub reason: Option<String>,
    /// Another source of the same switch that has told of that time since: the gap is closed.
    pub filled_by: Option<String>,
}
