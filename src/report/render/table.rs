//! The document as text, for people at a terminal.

use std::io::{self, Write};

use crate::report::document::{Block, Document, Speak, Table, Weight, document};
use crate::report::render::Style;
use crate::report::sheet::Report;

/// Writes the report as tables under each other.
///
/// # Errors
/// Those of `out`.
pub fn render(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let speak = Speak(style.language);
    write(&document(report, speak), speak, style.is_colour, out)
}

/// Writes any document so.
///
/// # Errors
/// Those of `out`.
pub fn write(document: &Document, speak: Speak, is_colour: bool, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", document.title)?;
    for (name, value) in &document.facts {
        writeln!(out, "{name}: {value}")?;
    }
    for chapter in &document.chapters {
        writeln!(out, "\n{}\n{}", chapter.title, "═".repeat(chapter.title.chars().count()))?;
        for block in &chapter.blocks {
            match block {
                Block::Text(text) => writeln!(out, "{text}")?,
                Block::Table(table) => lay_out(table, speak, is_colour, out)?,
            }
        }
    }
    Ok(())
}

/// Columns as wide as their widest cell; words to the left, numbers to the right.
fn lay_out(table: &Table, speak: Speak, is_colour: bool, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<Vec<String>> =
        table.rows.iter().map(|row| row.cells.iter().map(|cell| speak.spell(cell)).collect()).collect();
    let wide = |text: &String| text.chars().count();
    let columns = table.columns.iter().enumerate().map(|(at, column)| {
        let width = rows.iter().map(|row| wide(&row[at])).fold(wide(&column.title), usize::max);
        (width, table.is_words(at))
    });
    let columns: Vec<(usize, bool)> = columns.collect();
    let line = |cells: &mut dyn Iterator<Item = &String>| {
        let cells =
            cells.zip(&columns).map(
                |(cell, (width, is_left))| {
                    if *is_left { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                },
            );
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    writeln!(out)?;
    if !table.caption.is_empty() {
        writeln!(out, "{}", table.caption)?;
    }
    writeln!(out, "{}", line(&mut table.columns.iter().map(|column| &column.title)))?;
    let width = columns.iter().map(|(width, _)| width + 2).sum::<usize>();
    writeln!(out, "{}", "─".repeat(width.saturating_sub(2)))?;
    for (row, cells) in table.rows.iter().zip(&rows) {
        let text = line(&mut cells.iter());
        match row.weight {
            Weight::Faint if is_colour => writeln!(out, "\u{1b}[2m{text}\u{1b}[0m")?,
            Weight::Total if is_colour => writeln!(out, "\u{1b}[1m{text}\u{1b}[0m")?,
            _ => writeln!(out, "{text}")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;
    use crate::report::Interval;
    use crate::report::tests_support::{Memory, small_month};

    fn rendered(memory: &Memory, style: &Style) -> String {
        let mut bytes = Vec::new();
        render(&memory.report("2026-11", Some(Interval::Day)), style, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap().replace('\u{a0}', " ")
    }

    /// Written anew like the golden JSON.
    #[test]
    fn a_small_month_is_the_golden_one() {
        let table = rendered(&small_month(), &Style::default());
        let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/report/month.txt");
        if std::env::var_os("GOLDEN").is_some() {
            std::fs::write(&golden, &table).unwrap();
        }
        assert_eq!(table, std::fs::read_to_string(golden).unwrap());
    }

    #[test]
    fn english_is_english_and_few_legs_are_greyed() {
        let table = rendered(&small_month(), &Style { language: Language::En, is_colour: true, ..Style::default() });
        assert!(table.contains("40.0% (2 of 5) answered within 30 s. The target is 90%: not met."), "{table}");
        assert!(table.contains("\u{1b}[2mskola"), "{table}");
    }

    #[test]
    fn nothing_is_a_dash_and_no_table_of_units() {
        let table = rendered(&Memory::new(), &Style::default());
        assert!(table.contains("Målet är 90 % inom 30 s; ingen data.") && !table.contains("Enhet "), "{table}");
    }
}
