//! The same period under all six definitions, so that a published figure can be explained.

use crate::names::DefinitionId;
use crate::report::document::{Block, Chapter, Column, Row, Speak, Table, Value, Weight};
use crate::report::figures::threshold_of;
use crate::report::sheet::{Report, seconds};
use crate::stats::definition;

/// Writes it.
pub fn chapter(report: &Report, speak: Speak) -> Option<Chapter> {
    let mut columns = vec![
        Column::new("queue", speak.text("column-queue")),
        Column::new("threshold", speak.text("column-threshold")),
    ];
    columns.extend(DefinitionId::ALL.map(|id| Column::new(id.as_str(), id.as_str())));
    let mut table = Table::new("definitions", String::new(), columns);
    for queue in &report.queues {
        let listed: Vec<u32> = queue.figures.thresholds.iter().map(|at| at.counts.threshold_ms).collect();
        let (own, _) = threshold_of(queue.objective.as_ref(), &listed);
        for at in &queue.figures.thresholds {
            let ms = at.counts.threshold_ms;
            let mut cells = vec![Value::text(&queue.title), Value::Text(speak.threshold(ms))];
            cells.extend(at.levels.map(Value::share));
            let weight = if ms == own { Weight::Total } else { Weight::Usual };
            table.rows.push(Row::new(format!("{}:{}", queue.name, seconds(ms)), cells).weighing(weight));
        }
    }
    let mut formulas = Table::new(
        "formulas",
        speak.text("report-formulas"),
        vec![
            Column::new("definition", speak.text("column-definition")),
            Column::new("formula", speak.text("column-formula")),
            Column::new("meaning", speak.text("column-meaning")),
        ],
    );
    for id in DefinitionId::ALL {
        let meaning = speak.text(&format!("definition-{}", id.as_str()));
        let name = format!("{} v{}", id.as_str(), definition::VERSION);
        let cells = vec![Value::Text(name), Value::text(definition::formula(id)), Value::Text(meaning)];
        formulas.rows.push(Row::new(id.as_str(), cells));
    }
    let blocks = vec![
        Block::Text(speak.text("report-definitions-read")),
        Block::Table(table),
        Block::Table(formulas),
        Block::Text(speak.text("report-letters")),
    ];
    Some(Chapter { title: speak.text("report-definitions"), blocks })
}
