//! Charts as inline SVG. Whoever does not see them is told what they show; their figures stand in
//! the table below.

use maud::{Markup, html};

use crate::i18n::numbers;
use crate::report::document::{Chart, ChartKind, Speak, Table, Value};
use crate::report::render::picture::{heading, is_share, shortened, top};

const WIDTH: f64 = 860.0;
const BAR_HEIGHT: f64 = 20.0;
/// Room for names beside the bars: what the longest needs, between these.
const BAR_LEFT: (f64, f64) = (60.0, 250.0);
/// Width of a letter, and of the air around a name.
const LETTER: (f64, f64) = (7.0, 16.0);
const BAR_RIGHT: f64 = 70.0;
const LINE_HEIGHT: f64 = 240.0;
const LINE_LEFT: f64 = 60.0;
const LINE_BOTTOM: f64 = 40.0;
const BLUE: &str = "#1f5f99";
const RED: &str = "#a03000";
const GREY: &str = "#b9b9b9";

/// A chart of a table's columns.
pub(super) fn draw(table: &Table, chart: &Chart, speak: Speak) -> Markup {
    match chart.kind {
        ChartKind::Bars => bars(table, chart, speak),
        ChartKind::Line => line(table, chart, speak),
    }
}

fn bars(table: &Table, chart: &Chart, speak: Speak) -> Markup {
    let top = top(table, chart);
    let names: Vec<String> = table.rows.iter().map(|row| shortened(&speak.spell(&row.cells[0]))).collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) as f64;
    let left = (longest * LETTER.0 + LETTER.1).clamp(BAR_LEFT.0, BAR_LEFT.1);
    let scale = (WIDTH - left - BAR_RIGHT) / top;
    let height = 30.0 + BAR_HEIGHT * table.rows.len() as f64 + 8.0;
    let at = chart.series.first().copied().unwrap_or(0);
    html! {
        svg role="img" aria-label=(heading(chart, speak)) viewBox={ "0 0 " (WIDTH) " " (height) } width=(WIDTH) height=(height) {
            text x="0" y="16" font-weight="600" { (heading(chart, speak)) }
            @for (place, row) in table.rows.iter().enumerate() {
                @let y = 30.0 + BAR_HEIGHT * place as f64;
                @let value = &row.cells[at];
                @let length = value.number().unwrap_or(0.0) * scale;
                text x=(left - 8.0) y=(y + 13.0) text-anchor="end" { (names[place]) }
                rect x=(left) y=(y + 2.0) width=(fine(length)) height=(BAR_HEIGHT - 5.0) fill=(BLUE) {}
                text x=(fine(left + length + 6.0)) y=(y + 13.0) { (speak.spell(value)) }
            }
            @if let Some(target) = chart.target {
                @let x = fine(left + target * scale);
                line x1=(x) x2=(x) y1="26" y2=(height - 6.0) stroke=(RED) stroke-width="2" stroke-dasharray="6 4" {}
            }
        }
    }
}

fn line(table: &Table, chart: &Chart, speak: Speak) -> Markup {
    let top = top(table, chart);
    let height = LINE_HEIGHT - LINE_BOTTOM - 30.0;
    let y_of = |number: f64| fine(30.0 + height - number / top * height);
    let step = (WIDTH - LINE_LEFT - 20.0) / (table.rows.len().max(2) - 1) as f64;
    let x_of = |place: usize| fine(LINE_LEFT + step * place as f64);
    // As many labels as there is room for.
    let every = (table.rows.len() * 90).div_ceil(WIDTH as usize).max(1);
    let at = chart.series.first().copied().unwrap_or(0);
    let points: Vec<(usize, &Value, f64)> = table
        .rows
        .iter()
        .enumerate()
        .filter_map(|(place, row)| Some((place, &row.cells[at], row.cells[at].number()?)))
        .collect();
    html! {
        svg role="img" aria-label=(heading(chart, speak)) viewBox={ "0 0 " (WIDTH) " " (LINE_HEIGHT) } width=(WIDTH) height=(LINE_HEIGHT) {
            text x="0" y="16" font-weight="600" { (heading(chart, speak)) }
            @for quarter in 0..=4 {
                @let number = top * f64::from(quarter) / 4.0;
                line x1=(LINE_LEFT) x2=(WIDTH - 10.0) y1=(y_of(number)) y2=(y_of(number)) stroke=(GREY) stroke-width="1" {}
                text x=(LINE_LEFT - 6.0) y=(y_of(number) + 4.0) text-anchor="end" {
                    @if is_share(table, &chart.series) { (speak.target(number)) } @else { (numbers::whole(speak.0, number.round() as i64)) }
                }
            }
            @for pair in points.windows(2) {
                // A hole in the data is a hole in the line.
                @if pair[0].0 + 1 == pair[1].0 {
                    line x1=(x_of(pair[0].0)) y1=(y_of(pair[0].2)) x2=(x_of(pair[1].0)) y2=(y_of(pair[1].2)) stroke=(BLUE) stroke-width="2.5" {}
                }
            }
            @for (place, value, number) in &points {
                circle cx=(x_of(*place)) cy=(y_of(*number)) r="4" fill=(BLUE) { title { (speak.spell(&table.rows[*place].cells[0])) ": " (speak.spell(value)) } }
            }
            @for (place, row) in table.rows.iter().enumerate() {
                @if place % every == 0 {
                    text x=(x_of(place)) y=(LINE_HEIGHT - 14.0) text-anchor="middle" { (speak.spell(&row.cells[0])) }
                }
            }
            @if let Some(target) = chart.target {
                line x1=(LINE_LEFT) x2=(WIDTH - 10.0) y1=(y_of(target)) y2=(y_of(target)) stroke=(RED) stroke-width="2" stroke-dasharray="6 4" {}
            }
        }
    }
}

/// A tenth of a pixel is fine enough.
fn fine(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
