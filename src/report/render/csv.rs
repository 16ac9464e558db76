//! CSV in one tidy table: section, name, and a column a figure. English: RFC 4180. Swedish:
//! semicolon, decimal comma, UTF-8 with a byte order mark, as spreadsheets there expect it.
//!
//! A text that a spreadsheet would run as a formula is made harmless.

use serde_json::Value;

use crate::i18n::Language;
use crate::report::Report;
use crate::report::render::json;

/// Writes the report.
pub fn render(report: &Report, language: Language) -> Vec<u8> {
    let value = json::value(report);
    let mut rows: Vec<Vec<(String, Value)>> = Vec::new();
    for (section, key) in [("queue", "queues"), ("unit", "units"), ("organisation", "organisations")] {
        for row in value[key].as_array().into_iter().flatten() {
            rows.push(flat(section, &row[section], "", row));
            for interval in row["intervals"].as_array().into_iter().flatten() {
                rows.push(flat("interval", &row[section], interval["start"].as_str().unwrap_or_default(), interval));
            }
        }
    }
    let mut columns: Vec<String> = Vec::new();
    for (column, _) in rows.iter().flatten() {
        if !columns.contains(column) {
            columns.push(column.clone());
        }
    }
    let is_swedish = language == Language::Sv;
    let mut out = Vec::new();
    if is_swedish {
        out.extend_from_slice("\u{feff}".as_bytes());
    }
    let mut writer = ::csv::WriterBuilder::new()
        .delimiter(if is_swedish { b';' } else { b',' })
        .terminator(::csv::Terminator::CRLF)
        .from_writer(out);
    // Writing to memory does not fail.
    let _ = writer.write_record(&columns);
    for row in &rows {
        let fields = columns.iter().map(|column| {
            let found = row.iter().find(|(name, _)| name == column);
            found.map_or_else(String::new, |(_, value)| field(value, is_swedish))
        });
        let _ = writer.write_record(fields);
    }
    writer.into_inner().unwrap_or_default()
}

/// The figures of a row with the names of nested ones joined by dots.
fn flat(section: &str, name: &Value, start: &str, row: &Value) -> Vec<(String, Value)> {
    let mut fields = vec![
        ("section".to_owned(), section.into()),
        ("name".to_owned(), name.clone()),
        ("start".to_owned(), start.into()),
    ];
    let mut todo: Vec<(String, &Value)> = vec![(String::new(), row)];
    while let Some((path, value)) = todo.pop() {
        match value {
            Value::Object(table) => {
                for (key, value) in table.iter().rev() {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    todo.push((path, value));
                }
            }
            Value::Array(_) => {}
            value if path != "start" && path != section => fields.push((path, value.clone())),
            _ => {}
        }
    }
    fields
}

fn field(value: &Value, is_swedish: bool) -> String {
    match value {
        Value::Null => String::new(),
        Value::Number(number) if is_swedish => number.to_string().replace('.', ","),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
