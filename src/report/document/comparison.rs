//! Each queue beside the year so far, the period before and the same period a year ago.

use crate::directory::Objective;
use crate::measure::Untold;
use crate::report::compare::Beside;
use crate::report::document::{Block, Chapter, Column, Row, Speak, Table, Value, visits};
use crate::report::sheet::{QueueSheet, Report, VisitFigures, seconds};

/// Writes it; nothing where there is nothing to compare with.
pub fn chapter(report: &Report, speak: Speak) -> Option<Chapter> {
    if report.comparisons.is_empty() {
        return None;
    }
    let tables = report.queues.iter().enumerate().map(|(at, queue)| Block::Table(table(report, at, queue, speak)));
    let mut blocks: Vec<Block> = tables.collect();
    for other in report.comparisons.iter().filter(|other| !other.imported.is_empty()) {
        let months: Vec<String> = other.imported.iter().map(|month| month.format("%Y-%m").to_string()).collect();
        let values = [("period", speak.text(beside(other.beside))), ("months", months.join(", "))];
        blocks.push(Block::Text(speak.with("report-imported", &values)));
    }
    Some(Chapter { title: speak.text("report-comparison"), blocks })
}

fn table(report: &Report, place: usize, queue: &QueueSheet, speak: Speak) -> Table {
    let mut columns = vec![
        Column::new("figure", speak.text("column-figure")),
        Column::new("period", speak.period(report.period.days())),
    ];
    for other in &report.comparisons {
        let kind = speak.text(beside(other.beside));
        let mark = if other.imported.is_empty() { "" } else { " *" };
        columns.push(Column::new(other.beside.as_str(), format!("{kind}: {}{mark}", speak.period(other.period))));
    }
    let ago = report.comparisons.iter().find(|other| other.beside == Beside::YearAgo);
    let ago = ago.or_else(|| report.comparisons.iter().find(|other| other.beside == Beside::Before));
    if ago.is_some() {
        columns.push(Column::new("change", speak.text("column-change")));
    }
    let mut table = Table::new(format!("comparison:{}", queue.name), queue.title.clone(), columns);
    let objective = queue.objective.as_ref();
    for figure in figures(queue, speak) {
        let now = (figure.of)(&queue.figures, objective);
        let others = report
            .comparisons
            .iter()
            .map(|other| other.queues[place].as_ref().map_or(Value::NoData, |figures| (figure.of)(figures, objective)));
        let mut cells = vec![Value::Text(figure.title), now.clone()];
        cells.extend(others);
        if let Some(ago) = ago {
            let then = ago.queues[place].as_ref().map(|figures| (figure.of)(figures, objective));
            cells.push(then.map_or(Value::NoData, |then| change(&now, &then)));
        }
        table.rows.push(Row::new(figure.id, cells));
    }
    table
}

/// The key of a period's name.
pub(super) fn beside(beside: Beside) -> &'static str {
    match beside {
        Beside::YearSoFar => "report-year-so-far",
        Beside::Before => "report-before",
        Beside::YearAgo => "report-year-ago",
    }
}

/// One row.
struct Figure {
    id: String,
    title: String,
    of: Box<OfFigures>,
}

type OfFigures = dyn Fn(&VisitFigures, Option<&Objective>) -> Value;

fn figures(queue: &QueueSheet, speak: Speak) -> Vec<Figure> {
    let plain = |id: &str, key: &str, of: fn(&VisitFigures) -> Value| Figure {
        id: id.to_owned(),
        title: speak.text(key),
        of: Box::new(move |figures, _| of(figures)),
    };
    let mut rows = vec![
        plain("offered", "column-offered", |figures| Value::Whole(figures.counts.offered)),
        plain("answered", "column-answered", |figures| Value::Whole(figures.counts.answered)),
        plain("abandoned", "column-abandoned", |figures| Value::Whole(figures.counts.abandoned)),
        plain("short_abandoned", "column-short", |figures| {
            figures.told(Untold::Wait, figures.counts.short_abandoned).map_or(Value::NoData, Value::Whole)
        }),
        plain("others", "column-others", |figures| Value::Whole(figures.counts.other_exits())),
    ];
    for at in &queue.figures.thresholds {
        let ms = at.counts.threshold_ms;
        rows.push(Figure {
            id: format!("level.{}", seconds(ms)),
            title: speak.with("report-level-within", &[("threshold", speak.threshold(ms))]),
            of: Box::new(move |figures, objective| visits::level(figures, objective, ms)),
        });
    }
    if let Some(objective) = queue.objective {
        rows.push(Figure {
            id: "objective.met".into(),
            title: speak.with("report-against", &[("target", speak.target(objective.target))]),
            of: Box::new(move |figures, objective| visits::met(figures, objective, speak)),
        });
    }
    rows.extend([
        plain("answer_rate", "column-answer-rate", |figures| Value::share(figures.answer_rate)),
        plain("wait_seconds.mean", "column-mean-wait", |figures| Value::Seconds(figures.waits.mean)),
        plain("wait_seconds.p50", "column-p50", |figures| Value::Seconds(figures.waits.p50)),
        plain("wait_seconds.p90", "column-p90", |figures| Value::Seconds(figures.waits.p90)),
        plain("wait_seconds.p95", "column-p95", |figures| Value::Seconds(figures.waits.p95)),
        plain("wait_seconds.max", "column-max", |figures| Value::Seconds(figures.waits.max)),
        plain("outside_hours", "column-outside-hours", |figures| Value::Whole(figures.counts.outside_hours)),
        plain("not_counted", "column-not-counted", |figures| Value::Whole(figures.counts.not_counted())),
    ]);
    rows
}

fn change(now: &Value, then: &Value) -> Value {
    match (now, then) {
        (Value::Whole(now), Value::Whole(then)) => Value::Whole(now - then),
        (Value::Percent(now), Value::Percent(then)) => Value::Points(now.zip(*then).map(|(now, then)| now - then)),
        (Value::Seconds(_) | Value::Text(_), _) => Value::Empty,
        _ => Value::NoData,
    }
}
