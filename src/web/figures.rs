//! Figures as they leave the house: in live answers, in the API and on the pages, from one place.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::call::fact::LegOutcome;
use crate::directory::{Objective, Queue};
use crate::measure::Share;
use crate::names::DefinitionId;
use crate::stats::{LegCounts, VisitCell, definition, unit_rates};

/// A share with its numbers; `ratio`, 0 to 1, is null for no data.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ShareView {
    /// How many met the condition.
    pub met: i64,
    /// Of how many.
    pub of: i64,
    /// `met / of`; null where `of` is 0.
    pub ratio: Option<f64>,
}

impl From<Share> for ShareView {
    fn from(share: Share) -> Self {
        Self { met: share.met, of: share.of, ratio: share.ratio() }
    }
}

/// The promise of a queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ObjectiveView {
    /// Threshold, seconds.
    pub threshold_s: f64,
    /// Target, 0 to 1.
    pub target: f64,
    /// Id of the definition.
    pub definition: &'static str,
    /// Its version: goes up when its meaning changes.
    pub definition_version: u32,
    /// The formula in letters.
    pub formula: &'static str,
}

impl From<&Objective> for ObjectiveView {
    fn from(objective: &Objective) -> Self {
        Self {
            threshold_s: f64::from(objective.threshold_ms) / 1000.0,
            target: objective.target,
            definition: objective.definition.as_str(),
            definition_version: definition::VERSION,
            formula: definition::formula(objective.definition),
        }
    }
}

/// Figures of visits of one queue in one stretch of time.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VisitFiguresView {
    /// Offered: `outside_hours`, the outcomes and `open` together.
    pub offered: i64,
    /// Answered.
    pub answered: i64,
    /// Abandoned, short ones included.
    pub abandoned: i64,
    /// Short abandons.
    pub short_abandoned: i64,
    /// Other ways out: overflowed, key_exit, callback, voicemail, refused, system.
    pub other_exits: i64,
    /// Lost in a restart of the switch; in no denominator, as the three below.
    pub lost: i64,
    /// Without a known end.
    pub unknown: i64,
    /// Still waiting.
    pub open: i64,
    /// Offered while closed.
    pub outside_hours: i64,
    /// Service level per threshold in seconds, by the queue's definition.
    pub service_level: BTreeMap<String, ShareView>,
    /// The level of the objective.
    pub level: Option<ShareView>,
    /// Answer rate.
    pub answer_rate: ShareView,
    /// Mean wait of the answered, seconds.
    pub mean_wait_s: Option<f64>,
    /// Percentiles of the waits of the answered, seconds; at most 0.79 % too high, never too low.
    pub p50_s: Option<f64>,
    /// 90 %.
    pub p90_s: Option<f64>,
    /// 95 %.
    pub p95_s: Option<f64>,
    /// 99 %.
    pub p99_s: Option<f64>,
    /// The step of the clocks behind the waits, ms; null where nothing was measured.
    pub precision_ms: Option<u32>,
}

impl VisitFiguresView {
    /// Stored figures: finished visits.
    pub fn of(cell: &VisitCell, queue: &Queue) -> Self {
        Self::with(cell, queue, |threshold_ms, by| definition::service_level(&cell.counts, threshold_ms, by))
    }

    /// The same with levels worked out by `level`, from a threshold in ms and a definition.
    pub fn with(cell: &VisitCell, queue: &Queue, level: impl Fn(u32, DefinitionId) -> Share) -> Self {
        let counts = &cell.counts;
        let by = queue.objective.map_or(DefinitionId::default(), |objective| objective.definition);
        let longest = (!cell.max_unsure).then_some(cell.max_answered).flatten();
        // The end of a step of the grid can lie above the longest wait there was.
        let quantile = |q: f64| {
            let ms = cell.waits.quantile_ms(q)?;
            Some(f64::from(longest.map_or(ms, |longest| ms.min(longest.ms()))) / 1000.0)
        };
        let levels =
            queue.thresholds_ms.iter().map(|ms| ((f64::from(*ms) / 1000.0).to_string(), level(*ms, by).into()));
        Self {
            offered: counts.offered,
            answered: counts.answered,
            abandoned: counts.abandoned,
            short_abandoned: counts.short_abandoned,
            other_exits: counts.other_exits(),
            lost: counts.lost,
            unknown: counts.unknown,
            open: counts.open,
            outside_hours: counts.outside_hours,
            service_level: levels.collect(),
            level: queue.objective.map(|objective| level(objective.threshold_ms, by).into()),
            answer_rate: definition::answer_rate(counts).into(),
            mean_wait_s: counts.mean_wait_answered_s(),
            p50_s: quantile(0.5),
            p90_s: quantile(0.9),
            p95_s: quantile(0.95),
            p99_s: quantile(0.99),
            precision_ms: counts.precision_ms(),
        }
    }
}

/// Figures of the transfers to one unit or organisation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LegFiguresView {
    /// Sent there by an attendant during a visit of a measured queue.
    pub transfers: i64,
    /// By outcome, those that occurred.
    pub outcomes: BTreeMap<&'static str, i64>,
    /// Still ringing, or nobody has told.
    pub open: i64,
    /// The caller hung up before the short-ring limit: left out of the rates.
    pub short: i64,
    /// Answered there of all that count, a transfer being one attempt.
    pub answer_rate: ShareView,
    /// Callers who reached someone of those ever sent there.
    pub journey_rate: ShareView,
    /// As the answer rate, with voicemail and announcements counted as reached.
    pub reached_rate: ShareView,
    /// Mean ring time, seconds.
    pub mean_ring_s: Option<f64>,
    /// Fewer transfers that count than a rate should be judged by.
    pub few: bool,
    /// Not in the rates: direct calls, between units, of outbound calls.
    pub apart: i64,
}

impl From<&LegCounts> for LegFiguresView {
    fn from(counts: &LegCounts) -> Self {
        let told = LegOutcome::ALL.iter().filter(|outcome| counts.outcome(**outcome) != 0);
        let rate = unit_rates::per_attempt(counts);
        Self {
            transfers: counts.transfers,
            outcomes: told.map(|outcome| (outcome.as_str(), counts.outcome(*outcome))).collect(),
            open: counts.open,
            short: counts.short,
            few: rate.of < unit_rates::LEGS_MIN,
            answer_rate: rate.into(),
            journey_rate: unit_rates::per_journey(counts).into(),
            reached_rate: unit_rates::reached(counts).into(),
            mean_ring_s: (counts.rings > 0).then(|| counts.ring_ms as f64 / counts.rings as f64 / 1000.0),
            apart: counts.apart,
        }
    }
}
