//! From counts to finished figures.

use crate::directory::Objective;
use crate::measure::{Share, Wait};
use crate::names::DefinitionId;
use crate::report::sheet::{LegFigures, ThresholdFigures, VisitFigures, WaitFigures};
use crate::stats::{Counts, LegCounts, VisitCell, definition, unit_rates};

/// Figures of a cell at these thresholds (ms), judged by `objective`.
pub fn of_visits(cell: &VisitCell, thresholds_ms: &[u32], objective: Option<&Objective>) -> VisitFigures {
    let at = |threshold_ms: &u32| ThresholdFigures {
        counts: cell.counts.threshold(*threshold_ms),
        levels: DefinitionId::ALL.map(|by| definition::service_level(&cell.counts, *threshold_ms, by)),
    };
    VisitFigures {
        thresholds: thresholds_ms.iter().map(at).collect(),
        judged: objective.map(|objective| judged(&cell.counts, objective)),
        answer_rate: definition::answer_rate(&cell.counts),
        waits: waits(cell),
        counts: cell.counts.clone(),
        untold: Vec::new(),
    }
}

/// The service level that an objective is about.
fn judged(counts: &Counts, objective: &Objective) -> Share {
    definition::service_level(counts, objective.threshold_ms, objective.definition)
}

fn waits(cell: &VisitCell) -> WaitFigures {
    let seconds = |wait: Option<Wait>| wait.map(|wait| f64::from(wait.ms()) / 1000.0);
    // A maximum that was taken out and not yet looked up anew is no figure.
    let (max, max_all) = if cell.max_unsure { (None, None) } else { (cell.max_answered, cell.max_all) };
    // The end of a step of the grid can lie above the longest wait there was.
    let quantile = |quantile: f64| {
        let ms = cell.waits.quantile_ms(quantile)?;
        Some(f64::from(max.map_or(ms, |max| ms.min(max.ms()))) / 1000.0)
    };
    WaitFigures {
        mean: cell.counts.mean_wait_answered_s(),
        mean_abandoned: cell.counts.mean_wait_abandoned_s(),
        mean_all: cell.counts.mean_wait_all_s(),
        p50: quantile(0.50),
        p90: quantile(0.90),
        p95: quantile(0.95),
        p99: quantile(0.99),
        max: seconds(max),
        max_all: seconds(max_all),
    }
}

/// Figures of transfer legs.
pub fn of_legs(counts: &LegCounts) -> LegFigures {
    LegFigures {
        counts: counts.clone(),
        answer_rate: unit_rates::per_attempt(counts),
        journey_rate: unit_rates::per_journey(counts),
        reached_rate: unit_rates::reached(counts),
    }
}

/// Whether a promise was kept; `None` is no data. Both sides are the nearest floating-point number
/// to an exact fraction, so 90 of 100 does keep a promise of 0.90.
pub fn is_met(share: Share, objective: &Objective) -> Option<bool> {
    share.ratio().map(|value| value >= objective.target)
}

/// The threshold (ms) and definition that a queue is judged by: those of its objective, else its
/// first threshold and the default definition.
pub fn threshold_of(objective: Option<&Objective>, thresholds_ms: &[u32]) -> (u32, DefinitionId) {
    match objective {
        Some(objective) => (objective.threshold_ms, objective.definition),
        None => (thresholds_ms.first().copied().unwrap_or_default(), DefinitionId::default()),
    }
}
