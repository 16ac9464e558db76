//! Every figure in every form of one report is the same figure, read back from what was written.

use std::collections::HashMap;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use serde_json::Value as Json;

use crate::call::fact::{LegOutcome, Outcome};
use crate::i18n::Language;
use crate::report::document::{Block, Document, Speak, Table, Value, document};
use crate::report::render::{Format, html};
use crate::report::sheet::Report;
use crate::report::tests_support::{Memory, small_month};
use crate::report::{FORMATS, Interval, Locale, Style};

/// The small month, with a year behind it.
pub(super) fn memory() -> Memory {
    let mut memory = small_month();
    for (queue, offered, outcome, wait_s) in [
        (0, "2025-11-05T10:00:00+01:00", Outcome::Answered, 12.0),
        (0, "2025-11-05T10:01:00+01:00", Outcome::Abandoned, 40.0),
        (0, "2026-10-05T10:00:00+02:00", Outcome::Answered, 29.0),
        (0, "2026-03-05T11:00:00+01:00", Outcome::KeyExit, 9.0),
        (1, "2026-10-06T12:00:00+02:00", Outcome::Answered, 70.5),
    ] {
        memory.call(queue, offered, outcome, wait_s);
    }
    for (unit, started, outcome) in
        [(1, "2025-11-05T10:02:00+01:00", LegOutcome::Answered), (2, "2026-10-05T10:02:00+02:00", LegOutcome::Busy)]
    {
        memory.transfer(unit, started, outcome);
    }
    // One that came when the month had been closed.
    memory.call(0, "2026-11-05T10:00:00+01:00", Outcome::Abandoned, 70.0);
    memory.close("2026-11", "a journal came late");
    memory
}

fn report() -> Report {
    memory().report("2026-11", Some(Interval::Day))
}

fn format(name: &str) -> &'static Format {
    FORMATS.iter().find(|format| format.name == name).unwrap()
}

fn written(name: &str, style: &Style) -> Vec<u8> {
    let mut bytes = Vec::new();
    (format(name).render)(&report(), style, &mut bytes).unwrap();
    bytes
}

pub(super) fn tables<'a>(document: &'a Document) -> Vec<&'a Table> {
    let blocks = document.chapters.iter().flat_map(|chapter| &chapter.blocks);
    let table = |block: &'a Block| match block {
        Block::Table(table) => Some(table),
        Block::Text(_) => None,
    };
    blocks.filter_map(table).collect()
}

fn named<'a>(list: &'a Json, key: &str, name: &str) -> &'a Json {
    list.as_array().unwrap().iter().find(|one| one[key] == name).unwrap_or(&Json::Null)
}

/// The figure that JSON has under the path of a column; `null` is no data.
fn at<'a>(figures: &'a Json, path: &str) -> &'a Json {
    if let Some(threshold) = path.strip_prefix("level.") {
        let by = figures["objective"]["definition"].as_str().unwrap_or("short_abandons_ignored");
        return &figures["service_level"][by][threshold];
    }
    path.split('.').fold(figures, |value, key| &value[key])
}

fn number(text: &str) -> u64 {
    text.parse().unwrap()
}

fn ratio(share: &Json) -> Option<f64> {
    let of = share["of"].as_i64().unwrap();
    (of > 0).then(|| share["met"].as_i64().unwrap() as f64 / of as f64)
}

/// What JSON says of a cell of a table.
fn expected(json: &Json, table: &str, row: &str, column: &str) -> Option<f64> {
    let (kind, queue) = table.split_once(':').unwrap_or((table, ""));
    let legs = |figures: &Json| match column {
        "blind" | "attended" => ratio(&figures["by_kind"][column]),
        path => at(figures, path).as_f64(),
    };
    match kind {
        "queues" if row == "calls" => at(&json["calls"], column).as_f64(),
        "queues" => at(named(&json["queues"], "queue", row), column).as_f64(),
        "intervals" => at(named(&named(&json["queues"], "queue", queue)["intervals"], "start", row), column).as_f64(),
        "comparison" => {
            let other = |beside: &str| {
                let figures = match beside {
                    "period" => named(&json["queues"], "queue", queue),
                    _ => &named(&named(&json["comparisons"], "beside", beside)["queues"], "queue", queue)["figures"],
                };
                at(figures, row).as_f64()
            };
            match column {
                "change" => Some(other("period")? - other("year_ago")?),
                beside => other(beside),
            }
        }
        "hours_offered" | "hours_level" => {
            let is_here = |one: &&Json| {
                one["queue"] == queue
                    && one["hour"].as_u64() == row.parse().ok()
                    && (column == "all" || one["weekday"].as_u64() == column.parse().ok())
            };
            let here: Vec<&Json> = json["weekday_hours"].as_array().unwrap().iter().filter(is_here).collect();
            if kind == "hours_offered" {
                return Some(here.iter().map(|one| one["offered"].as_f64().unwrap()).sum());
            }
            let sum = |key: &str| here.iter().map(|one| one["service_level_share"][key].as_f64().unwrap()).sum::<f64>();
            (sum("of") > 0.0).then(|| sum("met") / sum("of"))
        }
        "units" | "outcomes" | "organisations" => {
            let (list, key) = if kind == "organisations" { (kind, "organisation") } else { ("units", "unit") };
            match column {
                "year_so_far" | "before" | "year_ago" => {
                    let other = &named(&json["comparisons"], "beside", column)[list];
                    named(other, key, row)["figures"]["answer_rate"].as_f64()
                }
                _ => legs(named(&json[list], key, row)),
            }
        }
        "definitions" => {
            let (queue, threshold) = row.split_once(':').unwrap();
            named(&json["queues"], "queue", queue)["service_level"][column][threshold].as_f64()
        }
        "revisions" => {
            let (month, revision) = row.split_once(':').unwrap();
            assert_eq!(column, "revision");
            let all = json["period"]["revisions"].as_array().unwrap();
            let is_it = |one: &&Json| one["month"] == month && one["revision"] == number(revision);
            all.iter().find(is_it).and_then(|one| one["revision"].as_f64())
        }
        "changes" => {
            let (_, revision) = queue.split_once(':').unwrap();
            let all = json["period"]["revisions"].as_array().unwrap();
            let one = all.iter().find(|one| one["revision"] == number(revision)).unwrap();
            let named =
                |one: &&Json| format!("{}:{}:{}", one["kind"], one["name"], one["figure"]).replace('"', "") == row;
            let change = one["changes"].as_array().unwrap().iter().find(named).unwrap();
            match column {
                "change" => Some(change["is"].as_f64()? - change["was"].as_f64()?),
                side => change[side].as_f64(),
            }
        }
        "quality" if row == "gaps" => Some(json["quality"]["gaps"].as_array().unwrap().len() as f64),
        "quality" => json["quality"][row].as_f64(),
        "dead_letters" => json["quality"]["dead_letters_by_reason"][row].as_f64(),
        other => panic!("nobody compares the figures of table {other}"),
    }
}

#[test]
fn what_people_read_is_what_programs_read() {
    let json: Json = serde_json::from_slice(&written("json", &Style::default())).unwrap();
    let document = document(&report(), Speak(Language::Sv));
    let mut compared = 0;
    for table in tables(&document) {
        for row in &table.rows {
            for (column, value) in table.columns.iter().zip(&row.cells) {
                let place = format!("{} {} {}", table.id, row.id, column.id);
                match value {
                    Value::Empty | Value::Text(_) => {}
                    Value::NoData => assert_eq!(expected(&json, &table.id, &row.id, &column.id), None, "{place}"),
                    value => {
                        assert_eq!(value.number(), expected(&json, &table.id, &row.id, &column.id), "{place}");
                        compared += 1;
                    }
                }
            }
        }
    }
    assert!(compared > 250, "{compared}");
}

#[test]
fn the_workbook_holds_the_same_numbers() {
    for language in [Language::Sv, Language::En] {
        let document = document(&report(), Speak(language));
        let mut book: Xlsx<_> =
            Xlsx::new(Cursor::new(written("xlsx", &Style { language, ..Style::default() }))).unwrap();
        let ranges: Vec<_> =
            book.sheet_names().clone().iter().map(|name| book.worksheet_range(name).unwrap()).collect();
        let mut rows = ranges.iter().flat_map(|range| range.rows());
        for table in tables(&document) {
            let is_head = |row: &[Data]| {
                let mut cells = table.columns.iter().enumerate();
                cells.all(|(at, column)| row.get(at) == Some(&Data::String(column.title.clone())))
            };
            assert!(rows.any(is_head), "{}", table.id);
            for row in &table.rows {
                let found = rows.next().unwrap();
                for (value, cell) in row.cells.iter().zip(found) {
                    match value.number() {
                        Some(number) => assert_eq!(*cell, Data::Float(number), "{} {}", table.id, row.id),
                        None if value.is_text() => assert_eq!(cell.to_string(), Speak(language).spell(value)),
                        None => assert_eq!(*cell, Data::Empty),
                    }
                }
            }
        }
    }
}

#[test]
fn the_page_holds_the_same_numbers_and_spells_them() {
    let speak = Speak(Language::Sv);
    let document = document(&report(), speak);
    let page = html::page(&document, speak).into_string();
    assert_eq!(page.as_bytes(), written("html", &Style::default()));
    let mut found = page.split("<data value=\"").skip(1).map(|rest| {
        let (number, rest) = rest.split_once("\">").unwrap();
        (number.parse::<f64>().unwrap(), rest.split_once("</data>").unwrap().0.to_owned())
    });
    for table in tables(&document) {
        for value in table.rows.iter().flat_map(|row| &row.cells) {
            if let Some(number) = value.number() {
                assert_eq!(found.next(), Some((number, speak.spell(value))), "{}", table.id);
            }
        }
    }
    assert_eq!(found.next(), None);
    assert!(page.contains("<html lang=\"sv\">") && page.contains("<th scope=\"row\">") && page.contains("<svg role"));
    assert!(!page.contains("<script") && !page.contains("http"));
}

#[test]
fn the_text_shows_each_row_whole() {
    let speak = Speak(Language::En);
    let text = String::from_utf8(written("table", &Style { language: Language::En, ..Style::default() })).unwrap();
    let mut lines = text.lines();
    for table in tables(&document(&report(), speak)) {
        for row in &table.rows {
            let cells: Vec<String> = row.cells.iter().map(|cell| speak.spell(cell)).collect();
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let wanted = words(&cells.join(" "));
            assert!(lines.any(|line| words(line) == wanted), "{} {wanted}", table.id);
        }
    }
}

type Rows = Vec<HashMap<String, String>>;

fn csv_rows(locale: Locale, delimiter: u8) -> Rows {
    let bytes = written("csv", &Style { locale, ..Style::default() });
    let text = String::from_utf8(bytes).unwrap();
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().unwrap()
}

#[test]
fn csv_says_the_same_in_both_ways_of_writing() {
    let json: Json = serde_json::from_slice(&written("json", &Style::default())).unwrap();
    let (plain, swedish) = (csv_rows(Locale::Plain, b','), csv_rows(Locale::Swedish, b';'));
    assert_eq!(plain.len(), swedish.len());
    let mut compared = 0;
    for (plain, swedish) in plain.iter().zip(&swedish) {
        for (column, text) in plain {
            let is_number = text.parse::<f64>().is_ok();
            let expected = if is_number { text.replace('.', ",") } else { text.clone() };
            assert_eq!(swedish[column], expected, "{column}");
        }
        let name = &plain["name"];
        let (figures, is_legs) = match plain["section"].as_str() {
            "queue" => (named(&json["queues"], "queue", name), false),
            "calls_total" => (&json["calls"], false),
            "interval" => (named(&named(&json["queues"], "queue", name)["intervals"], "start", &plain["start"]), false),
            "unit" => (named(&json["units"], "unit", name), true),
            "organisation" => (named(&json["organisations"], "organisation", name), true),
            beside => {
                let other = named(&json["comparisons"], "beside", &plain["beside"]);
                match beside {
                    "queue_beside" => (&named(&other["queues"], "queue", name)["figures"], false),
                    "unit_beside" => (&named(&other["units"], "unit", name)["figures"], true),
                    "organisation_beside" => (&named(&other["organisations"], "organisation", name)["figures"], true),
                    _ => continue,
                }
            }
        };
        let paths: &[(&str, &str)] = if is_legs {
            &[("transfers", "transfers"), ("unit_answer_rate", "answer_rate"), ("journey_rate", "journey_rate")]
        } else {
            &[
                ("offered", "offered"),
                ("answered", "answered"),
                ("within_60", "within.60"),
                ("service_level_of_offered_60", "service_level.of_offered.60"),
                ("answer_rate", "answer_rate"),
                ("wait_seconds_p90", "wait_seconds.p90"),
                ("objective_value", "objective.value"),
            ]
        };
        for (column, path) in paths {
            // Whole calls are judged each by the objective of its first queue.
            let path = if plain["section"] == "calls_total" {
                path.replace("objective.", "own_objective.")
            } else {
                (*path).to_owned()
            };
            let path = path.as_str();
            assert_eq!(plain[*column].parse::<f64>().ok(), at(figures, path).as_f64(), "{} {column}", plain["section"]);
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn a_title_is_a_formula_in_no_form() {
    let page = String::from_utf8(written("html", &Style::default())).unwrap();
    assert!(page.contains("=IT-support"), "a page has no formulas");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(written("xlsx", &Style::default()))).unwrap();
    for name in book.sheet_names().clone() {
        let formulas = book.worksheet_formula(&name).unwrap();
        assert!(formulas.rows().flatten().all(String::is_empty), "{name}");
    }
    assert!(csv_rows(Locale::Swedish, b';').iter().any(|row| row["title"] == "'=IT-support"));
}

#[test]
fn an_organisation_sees_its_own_units_only() {
    let memory = memory();
    let report = memory.report_of("2026-11", "storuman");
    let names: Vec<&str> = report.units.iter().map(|unit| unit.name.as_str()).collect();
    assert_eq!(names, ["skola"]);
    assert_eq!(report.organisations.len(), 1);
    for format in FORMATS {
        let mut bytes = Vec::new();
        (format.render)(&report, &Style::default(), &mut bytes).unwrap();
        if let Ok(text) = String::from_utf8(bytes) {
            assert!(!text.contains("bygg") && !text.contains("lycksele"), "{}", format.name);
        }
    }
}
