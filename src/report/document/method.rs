//! By which rules the figures were counted: definition, formula, thresholds, limits, hours.

use crate::names::DefinitionId;
use crate::report::document::{Block, Chapter, Column, Row, Speak, Table, Value};
use crate::report::sheet::{QueueSheet, Report};
use crate::stats::definition;

/// Writes it.
pub fn chapter(report: &Report, speak: Speak) -> Option<Chapter> {
    let columns = [
        ("queue", "column-queue"),
        ("objective.definition", "column-definition"),
        ("formula", "column-formula"),
        ("thresholds", "column-thresholds"),
        ("short_abandon", "column-short-limit"),
        ("hours", "column-hours"),
    ];
    let columns = columns.map(|(id, key)| Column::new(id, speak.text(key))).into();
    let mut table = Table::new("method", String::new(), columns);
    table.rows.extend(report.queues.iter().map(|queue| row(queue, speak)));
    let notes = ["report-letters", "report-attribution", "report-percentiles", "report-unit-rule"];
    let mut blocks = vec![Block::Table(table)];
    blocks.extend(notes.map(|key| Block::Text(speak.text(key))));
    let changed: Vec<&str> =
        report.queues.iter().filter(|queue| queue.has_changed).map(|queue| &*queue.title).collect();
    if !changed.is_empty() {
        blocks.push(Block::Text(speak.with("report-rules-changed", &[("queues", changed.join(", "))])));
    }
    Some(Chapter { title: speak.text("report-method"), blocks })
}

fn row(queue: &QueueSheet, speak: Speak) -> Row {
    let by = queue.objective.map_or_else(DefinitionId::default, |objective| objective.definition);
    let thresholds: Vec<String> =
        queue.figures.thresholds.iter().map(|at| speak.threshold(at.counts.threshold_ms)).collect();
    let short = queue.short_abandon_ms.map_or_else(|| speak.text("report-none-short"), |ms| speak.threshold(ms));
    let hours = queue.hours.clone().unwrap_or_else(|| speak.text("report-always-open"));
    let cells = vec![
        Value::text(&queue.title),
        Value::Text(format!("{} v{}", by.as_str(), definition::VERSION)),
        Value::text(definition::formula(by)),
        Value::Text(thresholds.join(", ")),
        Value::Text(short),
        Value::Text(hours),
    ];
    Row::new(&queue.name, cells)
}
