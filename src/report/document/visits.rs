//! Figures of visits as cells of a row: the columns that several chapters share.

use crate::directory::Objective;
use crate::measure::Untold;
use crate::names::DefinitionId;
use crate::report::Report;
use crate::report::document::{Column, Speak, Value};
use crate::report::figures::is_met;
use crate::report::sheet::{VisitFigures, seconds};

/// Thresholds of all queues, ascending.
pub(super) fn thresholds(report: &Report) -> Vec<u32> {
    let each = report.queues.iter().flat_map(|queue| &queue.figures.thresholds);
    let mut all: Vec<u32> = each.map(|at| at.counts.threshold_ms).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Columns of visits.
pub(super) fn columns(thresholds: &[u32], speak: Speak) -> Vec<Column> {
    let plain = |id: &str, key: &str| Column::new(id, speak.text(key));
    let mut columns = vec![
        plain("offered", "column-offered"),
        plain("answered", "column-answered"),
        plain("abandoned", "column-abandoned"),
        plain("short_abandoned", "column-short"),
        plain("others", "column-others"),
    ];
    columns.extend(thresholds.iter().map(|ms| {
        let title = speak.with("column-within", &[("threshold", speak.threshold(*ms))]);
        Column::new(format!("level.{}", seconds(*ms)), title)
    }));
    columns.extend([
        plain("objective.target", "column-target"),
        plain("objective.met", "column-met"),
        plain("answer_rate", "column-answer-rate"),
        plain("wait_seconds.mean", "column-mean-wait"),
        plain("wait_seconds.p90", "column-p90"),
        plain("outside_hours", "column-outside-hours"),
        plain("not_counted", "column-not-counted"),
    ]);
    columns
}

/// The cells of [`columns`].
pub(super) fn cells(
    figures: &VisitFigures,
    objective: Option<&Objective>,
    thresholds: &[u32],
    speak: Speak,
) -> Vec<Value> {
    let counts = &figures.counts;
    let short = figures.told(Untold::Wait, counts.short_abandoned).map_or(Value::NoData, Value::Whole);
    let [offered, answered, abandoned, others] =
        [counts.offered, counts.answered, counts.abandoned, counts.other_exits()].map(Value::Whole);
    let mut cells = vec![offered, answered, abandoned, short, others];
    cells.extend(thresholds.iter().map(|ms| level(figures, objective, *ms)));
    cells.extend([
        objective.map_or(Value::Empty, |objective| Value::Target(objective.target)),
        met(figures, objective, speak),
        Value::share(figures.answer_rate),
        Value::Seconds(figures.waits.mean),
        Value::Seconds(figures.waits.p90),
        Value::Whole(counts.outside_hours),
        Value::Whole(counts.not_counted()),
    ]);
    cells
}

/// The service level at a threshold by the queue's own definition.
pub(super) fn level(figures: &VisitFigures, objective: Option<&Objective>, threshold_ms: u32) -> Value {
    let by = objective.map_or_else(DefinitionId::default, |objective| objective.definition);
    let at = figures.thresholds.iter().find(|at| at.counts.threshold_ms == threshold_ms);
    at.map_or(Value::Empty, |at| Value::share(at.levels[by as usize]))
}

/// Whether the promise was kept, in words.
pub(super) fn met(figures: &VisitFigures, objective: Option<&Objective>, speak: Speak) -> Value {
    objective
        .zip(figures.judged)
        .map_or(Value::Empty, |(objective, share)| Value::Text(speak.met(is_met(share, objective))))
}
