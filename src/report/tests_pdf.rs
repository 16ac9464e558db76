//! Every figure of the PDF is that of the other forms, read back from the file by another program, in the
//! order and with the roles that those are told who do not see it.

use std::process::Command;

use crate::call::fact::LegOutcome;
use crate::i18n::Language;
use crate::report::document::{Block, Chapter, ChartKind, Document, Speak, Table, document};
use crate::report::render::pdf;
use crate::report::sheet::Report;
use crate::report::tests_agreement::{memory, tables};
use crate::report::{Interval, Style};

/// An element of the reading order, and the text that stands in it and in no element within.
#[derive(Debug)]
struct Element {
    kind: String,
    text: String,
}

/// What poppler's `pdfinfo` reads out of a file.
fn read_back(bytes: &[u8]) -> Vec<Element> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let output = Command::new("pdfinfo").arg("-struct-text").arg(file.path()).output();
    let output = output.expect("pdfinfo reads the file back; Debian has it in poppler-utils");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut elements: Vec<Element> = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let line = line.trim_start();
        if let Some(text) = line.strip_prefix('"') {
            let text = text.strip_suffix('"').unwrap_or(text);
            elements.last_mut().unwrap().text.push_str(text);
        } else if !line.starts_with('/') {
            let kind: String = line.chars().take_while(char::is_ascii_alphanumeric).collect();
            elements.push(Element { kind, text: String::new() });
        }
    }
    elements
}

fn written(report: &Report, language: Language) -> Vec<u8> {
    let mut bytes = Vec::new();
    pdf::render(report, &Style { language, ..Style::default() }, &mut bytes).unwrap();
    bytes
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A table as it was read: its caption, its titles and its rows.
#[derive(Debug, Default)]
struct Found {
    caption: String,
    titles: Vec<String>,
    rows: Vec<Vec<String>>,
}

fn found(elements: &[Element]) -> Vec<Found> {
    let mut tables: Vec<Found> = Vec::new();
    let mut is_head = false;
    for element in elements {
        let text = plain(&element.text);
        match element.kind.as_str() {
            "Table" => tables.push(Found::default()),
            "Caption" => tables.last_mut().unwrap().caption = text,
            "THead" => is_head = true,
            "TBody" => is_head = false,
            "TR" if !is_head => tables.last_mut().unwrap().rows.push(Vec::new()),
            "TH" if is_head => tables.last_mut().unwrap().titles.push(text),
            "TH" | "TD" => tables.last_mut().unwrap().rows.last_mut().unwrap().push(text),
            _ => {}
        }
    }
    tables
}

/// The parts in which a table stands, side by side again.
fn joined(parts: &mut impl Iterator<Item = Found>, table: &Table) -> Found {
    let mut whole = parts.next().unwrap();
    while whole.titles.len() < table.columns.len() {
        let part = parts.next().unwrap();
        assert_eq!(part.titles[0], whole.titles[0], "each part names its rows");
        whole.titles.extend_from_slice(&part.titles[1..]);
        for (row, more) in whole.rows.iter_mut().zip(&part.rows) {
            assert_eq!(more[0], row[0]);
            row.extend_from_slice(&more[1..]);
        }
    }
    whole
}

fn texts_of(elements: &[Element], kind: &str) -> Vec<String> {
    elements.iter().filter(|element| element.kind == kind).map(|element| plain(&element.text)).collect()
}

fn agrees(report: &Report, language: Language) -> usize {
    let speak = Speak(language);
    let document = document(report, speak);
    let elements = read_back(&written(report, language));
    let mut found = found(&elements).into_iter();
    let mut compared = 0;
    for table in tables(&document) {
        let whole = joined(&mut found, table);
        assert!(whole.caption.starts_with(&plain(&table.caption)), "{} {}", table.id, whole.caption);
        let titles: Vec<String> = table.columns.iter().map(|column| plain(&column.title)).collect();
        assert_eq!(whole.titles, titles, "{}", table.id);
        assert_eq!(whole.rows.len(), table.rows.len(), "{}", table.id);
        for (row, read) in table.rows.iter().zip(&whole.rows) {
            let cells: Vec<String> = row.cells.iter().map(|cell| plain(&speak.spell(cell))).collect();
            assert_eq!(*read, cells, "{} {}", table.id, row.id);
            compared += cells.len();
        }
    }
    assert!(found.next().is_none(), "no table that the report has not");
    let of = |kind: &str| texts_of(&elements, kind).into_iter();
    let chapters: Vec<String> = document.chapters.iter().map(|chapter| plain(&chapter.title)).collect();
    assert_eq!(of("H2").collect::<Vec<_>>(), chapters);
    assert_eq!(of("H1").collect::<Vec<_>>(), [plain(&document.title)]);
    let blocks = document.chapters.iter().flat_map(|chapter| &chapter.blocks);
    let texts = blocks.filter_map(|block| match block {
        Block::Text(text) => Some(plain(text)),
        Block::Table(_) => None,
    });
    assert_eq!(of("P").collect::<Vec<_>>(), texts.collect::<Vec<_>>());
    let values: Vec<String> = document.facts.iter().map(|(_, value)| plain(value)).collect();
    assert_eq!(of("LBody").collect::<Vec<_>>(), values);
    pictures(&document, of("Figure"), speak);
    compared
}

/// Beside each bar stands its figure.
fn pictures(document: &Document, mut figures: impl Iterator<Item = String>, speak: Speak) {
    for table in tables(document) {
        let Some(chart) = table.chart.as_ref().filter(|_| table.rows.len() > 1) else { continue };
        let mut told = figures.next().unwrap();
        for row in table.rows.iter().filter(|_| chart.kind == ChartKind::Bars) {
            let value = plain(&speak.spell(&row.cells[chart.series[0]]));
            if !told.contains(&value) {
                told = figures.next().unwrap();
            }
            let at = told.find(&value).unwrap_or_else(|| panic!("{} lacks {value} of {}", chart.title, row.id));
            told = told.split_off(at + value.len());
        }
    }
    assert!(figures.next().is_none());
}

#[test]
fn the_pdf_holds_the_same_figures_in_both_languages() {
    let report = memory().report("2026-11", Some(Interval::Day));
    for language in [Language::Sv, Language::En] {
        let compared = agrees(&report, language);
        assert!(compared > 400, "{compared}");
    }
}

#[test]
fn tables_that_go_over_many_pages_stay_whole() {
    let mut memory = memory();
    for place in 0..80 {
        let offered = format!("2026-11-{:02}T{:02}:{:02}:00+01:00", place % 30 + 1, place / 30 % 24, place * 7 % 60);
        memory.call(0, &offered, crate::call::fact::Outcome::Answered, f64::from(place % 90));
        memory.transfer(1 + place % 3, &offered, LegOutcome::Answered);
    }
    memory.close("2026-11", "more");
    let report = memory.report("2026-11", Some(Interval::Quarter));
    let compared = agrees(&report, Language::Sv);
    assert!(compared > 1_800, "{compared}");
}

#[test]
fn the_file_says_its_language_its_title_and_what_its_pictures_show() {
    let report = memory().report("2026-11", Some(Interval::Day));
    for language in [Language::Sv, Language::En] {
        let bytes = written(&report, language);
        let count = |wanted: &[u8]| bytes.windows(wanted.len()).filter(|window| *window == wanted).count();
        assert!(count(format!("/Lang({})", language.code()).as_bytes()) >= 1);
        assert_eq!((count(b"pdfuaid:part>1<"), count(b"/DisplayDocTitle true")), (1, 1));
        let drawn = tables(&document(&report, Speak(language)))
            .iter()
            .filter(|table| table.chart.is_some() && table.rows.len() > 1)
            .count();
        assert!(drawn > 3);
        assert_eq!(count(b"/Alt"), drawn, "each picture is told in words");
        let again = written(&report, language);
        assert!(bytes == again, "the same report is the same file");
    }
}

#[test]
fn a_letter_that_no_font_has_is_drawn_as_another_and_read_as_itself() {
    let chapter = Chapter { title: "Kö \u{13000}".into(), blocks: vec![Block::Text("a\0b 電 c".into())] };
    let document = Document { title: "Titel".into(), facts: Vec::new(), chapters: vec![chapter] };
    let mut bytes = Vec::new();
    pdf::write(&document, Language::Sv, &mut bytes).unwrap();
    let texts: Vec<String> = read_back(&bytes).into_iter().map(|element| element.text).collect();
    assert!(
        texts.iter().any(|text| text == "Kö \u{13000}") && texts.iter().any(|text| text == "a b 電 c"),
        "{texts:?}"
    );
}
