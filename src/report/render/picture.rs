//! What every picture of a table has in common, however it is drawn: its words and the top of its axis.

use crate::report::document::{Chart, Speak, Table, Value};

/// Whether shares are drawn, and not counts.
pub(super) fn is_share(table: &Table, series: &[usize]) -> bool {
    let cells = table.rows.iter().flat_map(|row| series.iter().map(|at| &row.cells[*at]));
    cells.into_iter().any(|cell| matches!(cell, Value::Percent(_)))
}

/// The top of the axis: all of a share, or the largest count.
pub(super) fn top(table: &Table, chart: &Chart) -> f64 {
    if is_share(table, &chart.series) {
        return 1.0;
    }
    let numbers = table.rows.iter().flat_map(|row| chart.series.iter().filter_map(|at| row.cells[*at].number()));
    numbers.fold(1.0, f64::max)
}

/// What it shows, with the target.
pub(super) fn heading(chart: &Chart, speak: Speak) -> String {
    match chart.target {
        None => chart.title.clone(),
        Some(target) => {
            format!("{} ({})", chart.title, speak.with("report-target", &[("target", speak.target(target))]))
        }
    }
}

/// A label that fits beside its bar.
pub(super) fn shortened(text: &str) -> String {
    const LETTERS: usize = 36;
    if text.chars().count() <= LETTERS {
        return text.to_owned();
    }
    let head: String = text.chars().take(LETTERS - 1).collect();
    format!("{head}…")
}
