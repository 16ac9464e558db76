//! Tickets per answered call, with the trend of the last year.

use crate::i18n::numbers;
use crate::report::document::{Block, Chapter, Chart, ChartKind, Column, Row, Speak, Table, Value};
use crate::report::sheet::Report;
use crate::report::tickets::{TicketSheet, per_answered};

/// Writes it; nothing where no tickets are known.
pub fn chapter(report: &Report, speak: Speak) -> Option<Chapter> {
    if report.tickets.is_empty() {
        return None;
    }
    let mut blocks = vec![Block::Text(speak.text("tickets-read"))];
    for sheet in &report.tickets {
        blocks.push(Block::Text(sentence(report, sheet, speak)));
        blocks.push(Block::Table(table(sheet, speak)));
    }
    Some(Chapter { title: speak.text("tickets-title"), blocks })
}

fn sentence(report: &Report, sheet: &TicketSheet, speak: Speak) -> String {
    let values = [
        ("queue", sheet.title.clone()),
        ("period", speak.period(report.period.days())),
        ("tickets", sheet.tickets.map_or_else(|| numbers::NO_DATA.to_owned(), |tickets| speak.whole(tickets))),
        ("answered", speak.whole(sheet.answered)),
        ("rate", speak.percent(sheet.per_answered())),
    ];
    speak.with("tickets-period", &values)
}

fn table(sheet: &TicketSheet, speak: Speak) -> Table {
    let columns = [
        ("month", "column-month"),
        ("answered", "column-answered"),
        ("tickets", "column-tickets"),
        ("per_answered", "column-tickets-per-call"),
    ];
    let columns = columns.map(|(id, key)| Column::new(id, speak.text(key))).into();
    let mut table = Table::new(format!("tickets:{}", sheet.queue), sheet.title.clone(), columns);
    for (month, tickets, answered) in &sheet.months {
        let title = month.format("%Y-%m").to_string();
        let cells = vec![
            Value::text(&title),
            Value::Whole(*answered),
            tickets.map_or(Value::NoData, Value::Whole),
            Value::Percent(per_answered(*tickets, *answered)),
        ];
        table.rows.push(Row::new(title, cells));
    }
    let title = speak.with("tickets-chart", &[("queue", sheet.title.clone())]);
    table.chart = Some(Chart { title, kind: ChartKind::Line, series: vec![3], target: None });
    table
}
