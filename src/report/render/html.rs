//! HTML that stands alone: for the browser, for print and for assistive technology. Headings in
//! order, tables with captions and scopes, a picture never without its table, the exact number of
//! each figure in `<data value>`. No script, nothing loaded from elsewhere.

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::report::document::{Block, Document, Row, Speak, Table, Value, Weight, document};
use crate::report::render::{Style, svg};
use crate::report::sheet::Report;

/// How it looks, on screen and on paper: all that stands in its `<style>`.
pub const CSS: &str = include_str!("report.css");

/// Writes the report as one HTML page.
///
/// # Errors
/// Those of `out`.
pub fn render(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let speak = Speak(style.language);
    out.write_all(page(&document(report, speak), speak).into_string().as_bytes())
}

/// Any document as a page of its own.
pub fn page(document: &Document, speak: Speak) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(speak.0.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (document.title) }
                style { (PreEscaped(CSS)) }
            }
            body { (body(document, speak)) }
        }
    }
}

/// What stands in the page: for those that have a frame of their own.
pub fn body(document: &Document, speak: Speak) -> Markup {
    html! {
        main class="report" {
            h1 { (document.title) }
            dl class="facts" {
                @for (name, value) in &document.facts { div { dt { (name) } dd { (value) } } }
            }
            (chapters(document, speak))
        }
    }
}

/// The chapters alone: for those who have a heading of their own.
pub fn chapters(document: &Document, speak: Speak) -> Markup {
    html! {
        @for chapter in &document.chapters {
            section {
                h2 { (chapter.title) }
                @for block in &chapter.blocks {
                    @match block {
                        Block::Text(text) => p { (text) },
                        Block::Table(table) => (tabled(table, &chapter.title, speak)),
                    }
                }
            }
        }
    }
}

fn tabled(table: &Table, chapter: &str, speak: Speak) -> Markup {
    let caption = if table.caption.is_empty() { chapter } else { &table.caption };
    html! {
        @if let Some(chart) = &table.chart {
            @if table.rows.len() > 1 { figure { (svg::draw(table, chart, speak)) } }
        }
        // Wide tables scroll in a box of their own, which the keyboard can reach.
        div class="wide" tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr {
                    @for (at, column) in table.columns.iter().enumerate() {
                        th scope="col" class=[table.is_words(at).then_some("words")] { (column.title) }
                    }
                } }
                tbody { @for row in &table.rows { (lined(table, row, speak)) } }
            }
        }
    }
}

fn lined(table: &Table, row: &Row, speak: Speak) -> Markup {
    let class = match row.weight {
        Weight::Usual => None,
        Weight::Faint => Some("faint"),
        Weight::Total => Some("total"),
    };
    html! {
        tr class=[class] {
            @for (at, value) in row.cells.iter().enumerate() {
                @if at == 0 {
                    th scope="row" { (celled(value, speak)) }
                } @else {
                    td class=[table.is_words(at).then_some("words")] { (celled(value, speak)) }
                }
            }
        }
    }
}

fn celled(value: &Value, speak: Speak) -> Markup {
    let text = speak.spell(value);
    let Some(number) = value.number() else { return html! { (text) } };
    html! { data value=(number) { (text) } }
}
