//! Charts as bricks. Whoever does not see them is told what they show; their figures stand in the table
//! below.

use crate::i18n::numbers;
use crate::report::document::{Chart, ChartKind, Speak, Table, Value};
use crate::report::render::pdf::fonts::{Face, Fonts, printable};
use crate::report::render::pdf::pages::{Brick, Colour, INK, Look, Mark, Placed};
use crate::report::render::pdf::tree::{Kind, PartId, Tree};
use crate::report::render::picture::{heading, is_share, shortened, top};

const WIDTH: f32 = 540.0;
const SIZE: f32 = 8.0;
const HEADING: f32 = 9.5;
/// Where the drawing begins below its heading.
const TOP: f32 = 18.0;
const BAR: f32 = 13.0;
/// Room for the value beside a bar.
const BESIDE_BAR: f32 = 56.0;
/// Bars of one picture, so that it stands on one page.
const BARS_MAX: usize = 32;
const LINE_HEIGHT: f32 = 120.0;
const LINE_LEFT: f32 = 44.0;
/// Room for one label below a line, at the least.
const LABEL: f32 = 58.0;
const BLUE: Colour = (31, 95, 153);
const RED: Colour = (160, 48, 0);
const PAPER: Colour = (255, 255, 255);
const GREY: Colour = (185, 185, 185);
const PLAIN: Look = Look { face: Face::Regular, size: SIZE, colour: INK, is_slanted: false };

/// The bricks of a chart, in the section that it belongs to.
pub fn charted(
    table: &Table,
    chart: &Chart,
    section: PartId,
    fonts: &Fonts,
    speak: Speak,
    tree: &mut Tree,
) -> Vec<Brick> {
    let Some(series) = chart.series.first().copied() else { return Vec::new() };
    let drawing = Drawing { table, chart, series, top: top(table, chart) as f32, fonts, speak };
    let title = printable(&heading(chart, speak));
    let told = format!("{title}. {}", speak.text("report-chart-told"));
    let size = if chart.kind == ChartKind::Bars { BARS_MAX } else { table.rows.len().max(1) };
    let runs: Vec<usize> = (0..table.rows.len()).step_by(size).collect();
    let brick = |(place, from): (usize, &usize)| {
        let until = table.rows.len().min(from + size);
        let of = |text: &str| match runs.len() {
            1 => text.to_owned(),
            of => {
                let values = [("n", (place + 1).to_string()), ("of", of.to_string())];
                format!("{text} {}", speak.with("report-part", &values))
            }
        };
        let part = tree.within(section, Kind::Figure(of(&told)));
        let (marks, height) = match chart.kind {
            ChartKind::Bars => drawing.bars(*from, until),
            ChartKind::Line => drawing.line(),
        };
        let look = Look { face: Face::Bold, size: HEADING, ..PLAIN };
        let head = Mark::Text { at: (0.0, HEADING), look, text: of(&title) };
        let marks = std::iter::once(head).chain(marks).map(|mark| (mark, Some(part)));
        Brick { air: 10.0, height, marks: marks.collect::<Vec<Placed>>(), ..Brick::default() }
    };
    runs.iter().enumerate().map(brick).collect()
}

struct Drawing<'a> {
    table: &'a Table,
    chart: &'a Chart,
    series: usize,
    top: f32,
    fonts: &'a Fonts,
    speak: Speak,
}

impl Drawing<'_> {
    fn name(&self, row: usize) -> String {
        printable(&shortened(&self.speak.spell(&self.table.rows[row].cells[0])))
    }

    fn value(&self, row: usize) -> &Value {
        &self.table.rows[row].cells[self.series]
    }

    fn number(&self, row: usize) -> Option<f32> {
        self.value(row).number().map(|number| number as f32)
    }

    fn wide(&self, text: &str) -> f32 {
        self.fonts.width(Face::Regular, SIZE, text)
    }

    fn bars(&self, from: usize, until: usize) -> (Vec<Mark>, f32) {
        let names: Vec<String> = (0..self.table.rows.len()).map(|row| self.name(row)).collect();
        let left = names.iter().map(|name| self.wide(name)).fold(40.0, f32::max) + 8.0;
        let scale = (WIDTH - left - BESIDE_BAR) / self.top;
        let height = TOP + BAR * (until - from) as f32 + 4.0;
        let (mut marks, mut words) = (Vec::new(), Vec::new());
        for (place, row) in (from..until).enumerate() {
            let y = TOP + BAR * place as f32;
            let length = self.number(row).unwrap_or(0.0) * scale;
            let text = |x: f32, text: String| Mark::Text { at: (x, y + 9.3), look: PLAIN, text };
            words.push(text(left - 6.0 - self.wide(&names[row]), names[row].clone()));
            marks.push(Mark::Rect { at: (left, y + 1.5), size: (length, BAR - 3.0), colour: BLUE });
            let value = self.speak.spell(self.value(row));
            let size = (self.wide(&value) + 2.0, BAR - 3.0);
            words.push(Mark::Rect { at: (left + length + 3.0, y + 1.5), size, colour: PAPER });
            words.push(text(left + length + 4.0, value));
        }
        if let Some(target) = self.chart.target {
            let x = left + target as f32 * scale;
            marks.push(promise((x, TOP - 3.0), (x, height - 2.0)));
        }
        // A figure can be read also where the line of the promise would cross it.
        marks.extend(words);
        (marks, height)
    }

    fn line(&self) -> (Vec<Mark>, f32) {
        let rows = self.table.rows.len();
        let y_of = |number: f32| TOP + LINE_HEIGHT * (1.0 - number / self.top);
        let step = (WIDTH - LINE_LEFT - 24.0) / (rows.max(2) - 1) as f32;
        let x_of = |row: usize| LINE_LEFT + step * row as f32;
        let mut marks = Vec::new();
        for quarter in 0..=4 {
            let number = self.top * quarter as f32 / 4.0;
            let y = y_of(number);
            let (from, to) = ((LINE_LEFT, y), (WIDTH - 12.0, y));
            marks.push(Mark::Line { from, to, width: 0.5, colour: GREY, is_dashed: false });
            let text = if is_share(self.table, &self.chart.series) {
                self.speak.target(f64::from(number))
            } else {
                numbers::whole(self.speak.0, number.round() as i64)
            };
            marks.push(Mark::Text { at: (LINE_LEFT - 6.0 - self.wide(&text), y + 2.8), look: PLAIN, text });
        }
        let points: Vec<(usize, f32)> = (0..rows).filter_map(|row| Some((row, self.number(row)?))).collect();
        for pair in points.windows(2) {
            // A hole in the data is a hole in the line.
            if pair[0].0 + 1 == pair[1].0 {
                let (from, to) = ((x_of(pair[0].0), y_of(pair[0].1)), (x_of(pair[1].0), y_of(pair[1].1)));
                marks.push(Mark::Line { from, to, width: 1.6, colour: BLUE, is_dashed: false });
            }
        }
        for (row, number) in &points {
            let at = (x_of(*row) - 2.2, y_of(*number) - 2.2);
            marks.push(Mark::Rect { at, size: (4.4, 4.4), colour: BLUE });
        }
        // As many labels as there is room for.
        let widest = (0..rows).map(|row| self.wide(&self.name(row))).fold(LABEL, f32::max) + 6.0;
        let every = ((widest / step).ceil() as usize).max(1);
        for row in (0..rows).step_by(every) {
            let text = self.name(row);
            let at = (x_of(row) - self.wide(&text) / 2.0, TOP + LINE_HEIGHT + 13.0);
            marks.push(Mark::Text { at, look: PLAIN, text });
        }
        if let Some(target) = self.chart.target {
            let y = y_of(target as f32);
            marks.push(promise((LINE_LEFT, y), (WIDTH - 12.0, y)));
        }
        (marks, TOP + LINE_HEIGHT + 20.0)
    }
}

/// The line of what was promised.
fn promise(from: (f32, f32), to: (f32, f32)) -> Mark {
    Mark::Line { from, to, width: 1.2, colour: RED, is_dashed: true }
}
