//! The first chapter: each queue with its promise, kept or not in words, and the year's course.

use crate::report::document::{Block, Chapter, Column, Row, Speak, Table, Weight, visits};
use crate::report::sheet::{QueueSheet, Report};

/// Writes it.
pub fn chapter(report: &Report, speak: Speak) -> Option<Chapter> {
    let mut blocks: Vec<Block> = report.queues.iter().map(|queue| Block::Text(sentence(queue, speak))).collect();
    let thresholds = visits::thresholds(report);
    let mut columns = vec![Column::new("queue", speak.text("column-queue"))];
    columns.extend(visits::columns(&thresholds, speak));
    let mut table = Table::new("queues", speak.text("report-queues"), columns);
    for queue in &report.queues {
        let mut cells = vec![crate::report::document::Value::text(&queue.title)];
        cells.extend(visits::cells(&queue.figures, queue.objective.as_ref(), &thresholds, speak));
        table.rows.push(Row::new(&queue.name, cells));
    }
    if report.queues.len() > 1 {
        let mut cells = vec![crate::report::document::Value::Text(speak.text("report-all-calls"))];
        cells.extend(visits::cells(&report.calls.total, None, &thresholds, speak));
        table.rows.push(Row::new("calls", cells).weighing(Weight::Total));
    }
    blocks.push(Block::Table(table));
    Some(Chapter { title: speak.text("report-summary"), blocks })
}

/// `Kundtjänst: 91,6 % besvarade inom 30 s. Målet är 90 %: uppfyllt.`
fn sentence(queue: &QueueSheet, speak: Speak) -> String {
    let title = ("queue", queue.title.clone());
    let Some((objective, share)) = queue.objective.as_ref().zip(queue.figures.judged) else {
        let values = [title, ("answered", speak.whole(queue.figures.counts.answered))];
        return speak.with("report-no-promise", &values);
    };
    let values = [
        title,
        ("level", speak.percent(share.ratio())),
        ("met", speak.whole(share.met)),
        ("of", speak.whole(share.of)),
        ("threshold", speak.threshold(objective.threshold_ms)),
        ("target", speak.target(objective.target)),
        ("kept", speak.met(crate::report::figures::is_met(share, objective))),
    ];
    speak.with(if share.of > 0 { "report-promise" } else { "report-promise-no-data" }, &values)
}
