//! The signing of the months, and what each revision changed.

use crate::report::document::{Block, Chapter, Column, Row, Speak, Table, Value};
use crate::report::revisions::{ChangeSheet, RevisionSheet, Signed};
use crate::report::sheet::{PeriodSheet, Report};
use crate::store::closing::{ENDED, LATE};

/// Writes it; nothing where no month was signed.
pub fn chapter(report: &Report, speak: Speak) -> Option<Chapter> {
    if report.revisions.is_empty() {
        return None;
    }
    let columns = [
        ("month", "column-month"),
        ("revision", "column-revision"),
        ("at", "column-signed"),
        ("who", "column-signed-by"),
        ("why", "column-reason"),
    ];
    let columns = columns.map(|(id, key)| Column::new(id, speak.text(key))).into();
    let mut table = Table::new("revisions", String::new(), columns);
    table.rows.extend(report.revisions.iter().map(|one| signing(one, &report.period, speak)));
    let mut blocks = vec![Block::Text(speak.text("report-revisions-rule")), Block::Table(table)];
    let changed = report.revisions.iter().filter(|one| !one.changes.is_empty());
    blocks.extend(changed.map(|one| Block::Table(changes(one, speak))));
    Some(Chapter { title: speak.text("report-revisions"), blocks })
}

fn signing(one: &RevisionSheet, period: &PeriodSheet, speak: Speak) -> Row {
    let month = one.month.format("%Y-%m").to_string();
    let cells = vec![
        Value::text(&month),
        Value::Whole(one.revision.into()),
        Value::Text(period.local(one.at)),
        Value::text(&one.who),
        Value::Text(reason(&one.why, speak)),
    ];
    Row::new(format!("{month}:{}", one.revision), cells)
}

fn reason(why: &str, speak: Speak) -> String {
    match why {
        ENDED => speak.text("report-signed-ended"),
        LATE => speak.text("report-signed-late"),
        words => words.to_owned(),
    }
}

fn changes(one: &RevisionSheet, speak: Speak) -> Table {
    let month = one.month.format("%Y-%m").to_string();
    let values = [("month", month.clone()), ("revision", one.revision.to_string())];
    let columns = [
        ("name", "column-name"),
        ("figure", "column-figure"),
        ("was", "column-was"),
        ("is", "column-is"),
        ("change", "column-difference"),
    ];
    let columns = columns.map(|(id, key)| Column::new(id, speak.text(key))).into();
    let caption = speak.with("report-revision-changes", &values);
    let mut table = Table::new(format!("changes:{month}:{}", one.revision), caption, columns);
    table.rows.extend(one.changes.iter().map(|change| row(change, speak)));
    table
}

fn row(change: &ChangeSheet, speak: Speak) -> Row {
    let since = change.is.since(change.was);
    let difference = match (change.was, change.is) {
        (Signed::Count(was), Signed::Count(is)) => Value::Whole(is - was),
        (Signed::Share(_), Signed::Share(_)) => Value::Points(since),
        _ => Value::Empty,
    };
    let cells = vec![
        Value::text(&change.title),
        Value::Text(figure(&change.figure, speak)),
        value(change.was),
        value(change.is),
        difference,
    ];
    Row::new(format!("{}:{}:{}", change.kind, change.name, change.figure), cells)
}

fn value(signed: Signed) -> Value {
    match signed {
        Signed::Count(count) => Value::Whole(count),
        Signed::Share(share) => Value::Percent(share),
        Signed::Absent => Value::NoData,
    }
}

fn figure(id: &str, speak: Speak) -> String {
    if let Some(threshold) = id.strip_prefix("within.") {
        let seconds: f64 = threshold.parse().unwrap_or_default();
        return speak.with("report-answered-within", &[("threshold", speak.threshold((seconds * 1000.0) as u32))]);
    }
    speak.text(match id {
        "offered" => "column-offered",
        "answered" => "column-answered",
        "abandoned" => "column-abandoned",
        "short_abandoned" => "column-short",
        "others" => "column-others",
        "outside_hours" => "column-outside-hours",
        "not_counted" => "column-not-counted",
        "transfers" => "column-transfers",
        "answer_rate" => "column-answer-rate",
        "journey_rate" => "column-journey-rate",
        _ => "column-level",
    })
}
