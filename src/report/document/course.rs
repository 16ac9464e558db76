//! The period cut into intervals, with a picture of each queue's service level.

use crate::report::document::{Block, Chapter, Chart, ChartKind, Column, Row, Speak, Table, Value, visits};
use crate::report::sheet::{QueueSheet, Report, seconds};
use crate::report::{Interval, figures::threshold_of};

/// Most intervals of one queue that are drawn: more bars than that are no picture.
const DRAWN_MAX: usize = 62;

/// Writes it; nothing where no intervals were asked for or none has visits.
pub fn chapter(report: &Report, speak: Speak) -> Option<Chapter> {
    let with = report.queues.iter().filter(|queue| !queue.intervals.is_empty());
    let blocks: Vec<Block> = with.map(|queue| Block::Table(table(report, queue, speak))).collect();
    (!blocks.is_empty()).then(|| Chapter { title: speak.text("report-course"), blocks })
}

fn table(report: &Report, queue: &QueueSheet, speak: Speak) -> Table {
    let thresholds: Vec<u32> = queue.figures.thresholds.iter().map(|at| at.counts.threshold_ms).collect();
    let mut columns = vec![Column::new("start", speak.text("column-start"))];
    columns.extend(visits::columns(&thresholds, speak));
    let (own_ms, _) = threshold_of(queue.objective.as_ref(), &thresholds);
    let drawn = format!("level.{}", seconds(own_ms));
    let series: Vec<usize> = columns.iter().position(|column| column.id == drawn).into_iter().collect();
    let mut table = Table::new(format!("intervals:{}", queue.name), queue.title.clone(), columns);
    for (start, figures) in &queue.intervals {
        let local = report.period.local(*start);
        let title = match report.period.interval {
            Some(Interval::Month) => local[..7].to_owned(),
            Some(Interval::Day) => local[..10].to_owned(),
            // The offset tells the two hours of autumn apart; the seconds say nothing.
            _ => format!("{} {}{}", &local[..10], &local[11..16], &local[19..]),
        };
        let mut cells = vec![Value::Text(title)];
        cells.extend(visits::cells(figures, queue.objective.as_ref(), &thresholds, speak));
        table.rows.push(Row::new(local, cells));
    }
    if table.rows.len() <= DRAWN_MAX {
        let values = [("queue", queue.title.clone()), ("threshold", speak.threshold(own_ms))];
        table.chart = Some(Chart {
            title: speak.with("report-chart-level", &values),
            kind: ChartKind::Line,
            series,
            target: queue.objective.map(|objective| objective.target),
        });
    }
    table
}
