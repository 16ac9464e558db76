//! When people call and how soon they are answered, by weekday and hour.

use crate::measure::Share;
use crate::report::document::{Block, Chapter, Chart, ChartKind, Column, Row, Speak, Table, Value};
use crate::report::pattern::{Pattern, QUEUES_MAX};
use crate::report::sheet::{QueueSheet, Report};
use crate::stats::{Counts, definition};

/// Writes it.
pub fn chapter(report: &Report, speak: Speak) -> Option<Chapter> {
    let mut blocks = Vec::new();
    if report.patterns.is_none() {
        let most = [("most", QUEUES_MAX.to_string())];
        blocks.push(Block::Text(speak.with("report-hours-left-out", &most)));
    }
    for (queue, pattern) in report.queues.iter().zip(report.patterns.iter().flatten()) {
        if !pattern.hours().is_empty() {
            blocks.push(Block::Table(offered(queue, pattern, speak)));
            blocks.push(Block::Table(levels(queue, pattern, speak)));
        }
    }
    (!blocks.is_empty()).then(|| Chapter { title: speak.text("report-hours"), blocks })
}

fn columns(speak: Speak) -> Vec<Column> {
    let mut columns = vec![Column::new("hour", speak.text("column-hour"))];
    let days = speak.weekdays().into_iter().enumerate();
    columns.extend(days.map(|(day, title)| Column::new((day + 1).to_string(), title)));
    columns.push(Column::new("all", speak.text("column-all-days")));
    columns
}

/// `08–09`.
fn hour_title(hour: usize) -> Value {
    Value::Text(format!("{hour:02}–{:02}", hour + 1))
}

fn offered(queue: &QueueSheet, pattern: &Pattern, speak: Speak) -> Table {
    let caption = speak.with("report-hours-offered", &[("queue", queue.title.clone())]);
    let mut table = Table::new(format!("hours_offered:{}", queue.name), caption.clone(), columns(speak));
    for hour in pattern.hours() {
        let counts: Vec<i64> = pattern.cells.iter().map(|day| day[hour].offered).collect();
        let mut cells = vec![hour_title(hour)];
        cells.extend(counts.iter().map(|count| Value::Whole(*count)));
        cells.push(Value::Whole(counts.iter().sum()));
        table.rows.push(Row::new(hour.to_string(), cells));
    }
    table.chart = Some(Chart { title: caption, kind: ChartKind::Bars, series: vec![8], target: None });
    table
}

fn levels(queue: &QueueSheet, pattern: &Pattern, speak: Speak) -> Table {
    let values = [("queue", queue.title.clone()), ("threshold", speak.threshold(pattern.threshold_ms))];
    let caption = speak.with("report-hours-level", &values);
    let mut table = Table::new(format!("hours_level:{}", queue.name), caption.clone(), columns(speak));
    for hour in pattern.hours() {
        let mut cells = vec![hour_title(hour)];
        cells.extend((0..7).map(|day| value(pattern, &pattern.cells[day][hour])));
        let mut all = Counts::default();
        pattern.cells.iter().for_each(|day| all += &day[hour]);
        // Callers in the night alone say nothing of the level.
        if definition::service_level(&all, pattern.threshold_ms, pattern.definition).ratio().is_none() {
            continue;
        }
        cells.push(value(pattern, &all));
        table.rows.push(Row::new(hour.to_string(), cells));
    }
    let target = queue.objective.map(|objective| objective.target);
    table.chart = Some(Chart { title: caption, kind: ChartKind::Bars, series: vec![8], target });
    table
}

fn value(pattern: &Pattern, counts: &Counts) -> Value {
    let share: Share = definition::service_level(counts, pattern.threshold_ms, pattern.definition);
    // An hour in which nobody ever called is a hole in the table, not a lack of data.
    if counts.offered == 0 { Value::Empty } else { Value::share(share) }
}
