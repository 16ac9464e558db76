//! How a workbook comes onto paper: what stands on which sheet, and where its pages end.
//!
//! Each sheet is one page wide, and the titles of its columns stand on every page. A sheet can repeat one
//! row of titles only, so a long table whose titles are others has a sheet of its own.

use crate::report::document::{Block, Chapter, Chart, ChartKind, Table};

/// Rows that stand on one page.
const PAGE_ROWS: usize = 40;
/// Longest name of a sheet, in letters.
const NAME_MAX: usize = 31;
/// Rows of a sheet that a chart covers.
const CHART_ROWS: u32 = 15;
/// Height of a row, points.
pub(super) const ROW: f64 = 15.0;
/// What can be printed on a page of A4 across with the usual margins: pixels in width, points in height.
/// Programs round differently, so a little is left.
const PAPER: (f64, f64) = (988.0, 487.0 * 0.94);
/// Rows of a table that stand together at its head: what it is about, titles, and some more.
const FIRST_ROWS: u32 = 6;
/// Pages of a sheet that are begun on purpose, of the 1 023 that there may be.
const BREAKS_MAX: usize = 1_000;

fn titles(table: &Table) -> impl Iterator<Item = &str> {
    table.columns.iter().map(|column| column.title.as_str())
}

fn tables(blocks: &[Block]) -> impl Iterator<Item = &Table> {
    blocks.iter().filter_map(|block| match block {
        Block::Table(table) => Some(table),
        Block::Text(_) => None,
    })
}

/// Whether all tables have the same titles.
pub(super) fn is_alike(blocks: &[Block]) -> bool {
    let mut tables = tables(blocks);
    let first = tables.next();
    first.is_none_or(|first| tables.all(|other| titles(other).eq(titles(first))))
}

/// Rows that blocks take, about.
fn rows(blocks: &[Block]) -> usize {
    let row = |block: &Block| match block {
        Block::Text(_) => 1,
        Block::Table(table) => {
            let drawn = table.chart.as_ref().map_or(0, |chart| chart_rows(chart, table.rows.len()) as usize);
            table.rows.len() + drawn + 4
        }
    };
    blocks.iter().map(row).sum()
}

/// The blocks of a chapter by sheet: tables of one kind, or as many as stand on one page.
pub(super) fn sheets(chapter: &Chapter) -> Vec<&[Block]> {
    let blocks = &chapter.blocks;
    let (mut sheets, mut from) = (Vec::new(), 0);
    for until in 1..=blocks.len() {
        let together = &blocks[from..until];
        // What is said before a table stands with it.
        let begins =
            (from..until - 1).rfind(|place| matches!(blocks[*place], Block::Table(_))).map_or(from, |at| at + 1);
        let is_table = matches!(blocks[until - 1], Block::Table(_));
        if is_table && begins > from && !is_alike(together) && rows(together) > PAGE_ROWS {
            sheets.push(&blocks[from..begins]);
            from = begins;
        }
    }
    sheets.push(&blocks[from..]);
    sheets
}

/// What the tab of a sheet is called: like the chapter, and where that has more than one like the table.
/// No two names are alike.
pub(super) fn sheet_name(chapter: &Chapter, blocks: &[Block], taken: &mut Vec<String>) -> String {
    let plain = |title: &str, letters: usize| -> String {
        let letter = |c| if "[]:*?/\\".contains(c) { ' ' } else { c };
        title.chars().map(letter).take(letters).collect()
    };
    let is_taken = |taken: &[String], name: &str| taken.iter().any(|other| other.to_lowercase() == name.to_lowercase());
    let mut name = plain(&chapter.title, NAME_MAX);
    if is_taken(taken, &name)
        && let Some(table) = tables(blocks).find(|table| !table.caption.is_empty())
    {
        name = plain(&table.caption, NAME_MAX);
    }
    let mut number = 1;
    while is_taken(taken, &name) {
        number += 1;
        let end = format!(" {number}");
        name = plain(&chapter.title, NAME_MAX - end.len()) + &end;
    }
    taken.push(name.clone());
    name
}

/// Rows that a chart covers.
pub(super) fn chart_rows(chart: &Chart, rows: usize) -> u32 {
    match chart.kind {
        ChartKind::Bars => CHART_ROWS.max(rows as u32 + 2),
        ChartKind::Line => CHART_ROWS,
    }
}

/// Rows before which a page begins, so that no chart is cut, and no table that has room on a page.
/// `pieces` are the rows of each, `heads` those of titles with their heights in points. (Excel cuts
/// where it must all the same: it heeds no such row where a sheet is fitted to a width.)
pub(super) fn breaks(pieces: &[(u32, u32)], heads: &[(u32, f64)], width_px: f64) -> Vec<u32> {
    let scale = (PAPER.0 / width_px).min(1.0);
    let page = PAPER.1 / scale;
    let repeated = heads.first().map_or(0.0, |(_, height)| *height);
    let high = |from: u32, until: u32| {
        let more = heads.iter().filter(|(row, _)| (from..until).contains(row)).map(|(_, height)| height - ROW);
        f64::from(until - from) * ROW + more.sum::<f64>()
    };
    // Where the page began, and how much of it the titles take.
    let (mut begun, mut taken) = (0, 0.0);
    let mut rows = Vec::new();
    for (place, (from, until)) in pieces.iter().enumerate() {
        // A table that is cut anyway begins where it is, if its first rows have room.
        let wanted = if repeated + high(*from, *until) <= page { *until } else { (*from + FIRST_ROWS).min(*until) };
        // What the first page begins with has the chapter's heading above it.
        if place > 0 && *from > begun && taken + high(begun, wanted) > page {
            if rows.len() == BREAKS_MAX {
                break;
            }
            rows.push(*from);
            (begun, taken) = (*from, repeated);
        }
        // A piece that is higher than a page ends on a later one.
        while taken + high(begun, *until) > page && begun + 1 < *until {
            let fits = ((page - taken) / ROW).max(1.0) as u32;
            (begun, taken) = ((begun + fits).min(*until), repeated);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Reader, Xlsx};

    use super::*;
    use crate::i18n::Language;
    use crate::report::document::{Column, Document, Row, Speak, Value};
    use crate::report::render::xlsx::workbook;

    fn table(caption: &str, title: &str, rows: usize) -> Block {
        let columns = vec![Column::new("name", title), Column::new("offered", "Inkommande")];
        let row = |at: usize| Row::new(at.to_string(), vec![Value::text(format!("rad {at}")), Value::Whole(at as i64)]);
        let rows = (0..rows).map(row).collect();
        Block::Table(Table { rows, ..Table::new(caption, caption, columns) })
    }

    /// The sheets, and which of their rows is repeated on every page.
    fn printed(blocks: Vec<Block>) -> Vec<(String, Option<String>)> {
        let chapters = vec![Chapter { title: "Enheter".into(), blocks }];
        let document = Document { title: "Rapport".into(), facts: Vec::new(), chapters };
        let bytes = workbook(&document, Speak(Language::Sv)).unwrap();
        let book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
        let repeated = |name: &String| {
            let all = book.defined_names().iter().filter(|(kind, _)| kind.contains("Print_Titles"));
            let rows = all.filter_map(|(_, place)| place.rsplit_once('!'));
            let here = |sheet: &str| sheet.trim_matches('\'') == name;
            rows.into_iter().find(|(sheet, _)| here(sheet)).map(|(_, rows)| rows.to_owned())
        };
        book.sheet_names().iter().map(|name| (name.clone(), repeated(name))).collect()
    }

    #[test]
    fn the_titles_of_a_long_table_stand_on_every_page_and_never_above_another() {
        let text = || Block::Text("Så läses tabellen.".into());
        let sheets = printed(vec![
            table("Organisationer", "Organisation", 3),
            text(),
            table("Per enhet", "Enhet", 100),
            table("Året", "Enhet", 100),
            table("Utfall", "Utfall", 3),
            table("Skäl", "Skäl", 3),
        ]);
        let told: Vec<(&str, Option<&str>)> =
            sheets.iter().map(|(name, rows)| (name.as_str(), rows.as_deref())).collect();
        assert_eq!(told, [("Enheter", Some("$6:$6")), ("Per enhet", Some("$7:$7")), ("Utfall", None)]);
    }

    #[test]
    fn sheets_of_one_name_are_told_apart() {
        let long = |title: &str| table("Per enhet, lägst svarsfrekvens först", title, 100);
        let names: Vec<String> =
            printed(vec![long("A"), long("B"), long("C")]).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Enheter", "Per enhet, lägst svarsfrekvens ", "Enheter 2"]);
    }

    #[test]
    fn what_has_room_on_a_page_is_not_cut() {
        // At full size a page holds thirty rows, and titles of two lines take two of them.
        let heads = [(4, 30.0), (26, 30.0)];
        let none: [u32; 0] = [];
        assert_eq!(breaks(&[(3, 20), (22, 28)], &heads, 500.0), none, "two small tables share a page");
        assert_eq!(breaks(&[(3, 20), (25, 35)], &heads, 500.0), [25], "the second begins the next");
        assert_eq!(breaks(&[(3, 20), (25, 35)], &heads, 1_976.0), none, "half the size is twice the rows");
        assert_eq!(breaks(&[(3, 190), (192, 207)], &heads[..1], 500.0), [192], "a long one is cut, its chart is not");
        assert_eq!(breaks(&[(3, 20), (26, 200)], &heads, 500.0), [26], "its titles do not stand alone");
        assert_eq!(breaks(&[(3, 33)], &heads, 500.0), none, "a heading goes with what follows it");
    }
}
