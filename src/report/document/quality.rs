//! How good the figures are.

use crate::i18n::numbers;
use crate::report::document::{Block, Chapter, Column, Row, Speak, Table, Value};
use crate::report::sheet::{PeriodSheet, QualitySheet, Report};

/// Writes it.
pub fn chapter(report: &Report, speak: Speak) -> Option<Chapter> {
    let quality = &report.quality;
    let mut blocks = vec![Block::Table(counts(quality, speak))];
    if !quality.dead_letters_by_reason.is_empty() {
        blocks.push(Block::Table(letters(quality, speak)));
    }
    if !quality.gaps.is_empty() {
        blocks.push(Block::Table(gaps(quality, &report.period, speak)));
    }
    Some(Chapter { title: speak.text("report-quality-title"), blocks })
}

fn two_columns(id: &str, caption: String, first: &str, speak: Speak) -> Table {
    let columns = vec![Column::new("what", speak.text(first)), Column::new("n", speak.text("column-count"))];
    Table::new(id, caption, columns)
}

fn counts(quality: &QualitySheet, speak: Speak) -> Table {
    let mut table = two_columns("quality", String::new(), "column-what", speak);
    for (id, key, number) in [
        ("gaps", "quality-gaps", quality.gaps.len() as i64),
        ("dead_letters", "quality-dead-letters", quality.dead_letters),
        ("derived", "quality-derived", quality.derived),
        ("unmeasured", "quality-unmeasured", quality.unmeasured),
        ("late", "quality-late", quality.late),
        ("inconsistent", "quality-inconsistent", quality.inconsistent),
        ("lost", "quality-lost", quality.lost),
        ("unknown", "quality-unknown", quality.unknown),
    ] {
        table.rows.push(Row::new(id, vec![Value::Text(speak.text(key)), Value::Whole(number)]));
    }
    let precision = quality.precision_ms.map_or_else(|| numbers::NO_DATA.to_owned(), |ms| format!("{ms}\u{a0}ms"));
    let cells = vec![Value::Text(speak.text("quality-precision")), Value::Text(precision)];
    table.rows.push(Row::new("precision_ms", cells));
    // So that nobody takes a dash for a nought.
    for (source, untold) in &quality.untold {
        let what: Vec<String> = untold.iter().map(|what| speak.text(&format!("untold-{}", what.as_str()))).collect();
        let who = speak.with("report-untold", &[("source", source.clone())]);
        table.rows.push(Row::new(format!("untold.{source}"), vec![Value::Text(who), Value::Text(what.join(", "))]));
    }
    table
}

fn letters(quality: &QualitySheet, speak: Speak) -> Table {
    let mut table = two_columns("dead_letters", speak.text("quality-dead-letters"), "column-reason", speak);
    for (reason, count) in &quality.dead_letters_by_reason {
        table.rows.push(Row::new(reason, vec![Value::text(reason), Value::Whole(*count)]));
    }
    table
}

fn gaps(quality: &QualitySheet, period: &PeriodSheet, speak: Speak) -> Table {
    let columns = [
        ("source", "column-source"),
        ("from", "column-start"),
        ("to", "column-end"),
        ("reason", "column-reason"),
        ("filled_by", "column-filled"),
    ];
    let columns = columns.map(|(id, key)| Column::new(id, speak.text(key))).into();
    let mut table = Table::new("gaps", speak.text("quality-gaps"), columns);
    for (at, gap) in quality.gaps.iter().enumerate() {
        let said = |text: &Option<String>| text.as_ref().map_or(Value::Empty, Value::text);
        let cells = vec![
            Value::text(&gap.source),
            Value::Text(period.local(gap.from)),
            Value::Text(period.local(gap.to)),
            said(&gap.reason),
            said(&gap.filled_by),
        ];
        table.rows.push(Row::new(at.to_string(), cells));
    }
    table
}
