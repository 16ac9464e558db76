//! A workbook: a sheet a chapter, real numbers with formats, charts that refer to their cells.
//!
//! How it comes onto paper is in `xlsx_print`. Words are written as strings, never as formulas, whatever they begin with.

use std::io::{self, Write};

use rust_xlsxwriter::{
    Chart as XlsxChart, ChartType, DocProperties, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use crate::report::document::{Block, Chart, ChartKind, Document, Row, Speak, Table, Value, Weight, document};
use crate::report::render::Style;
use crate::report::render::xlsx_print::{ROW, breaks, chart_rows, is_alike, sheet_name, sheets};
use crate::report::sheet::Report;

/// Width of a chart, pixels.
const CHART_WIDTH: u32 = 900;
/// Widest column, in letters.
const WIDTH_MAX: f64 = 42.0;
const WIDTH_MIN: f64 = 8.0;

/// Writes the report as a workbook.
///
/// # Errors
/// Those of `out`, and of the library where a sheet would grow past what the format holds.
pub fn render(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let speak = Speak(style.language);
    let bytes = workbook(&document(report, speak), speak).map_err(io::Error::other)?;
    out.write_all(&bytes)
}

/// Any document as a workbook.
///
/// # Errors
/// Where a sheet would grow past what the format holds.
pub fn workbook(document: &Document, speak: Speak) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&DocProperties::new().set_title(&document.title));
    let mut names = Vec::new();
    for chapter in &document.chapters {
        for blocks in sheets(chapter) {
            let sheet = workbook.add_worksheet();
            let is_first = names.is_empty();
            sheet.set_name(sheet_name(chapter, blocks, &mut names))?;
            sheet.set_landscape().set_paper_size(9);
            let mut page =
                Page { sheet, row: 0, widths: Vec::new(), heads: Vec::new(), pieces: Vec::new(), drawn: 0, speak };
            page.words(0, &document.title, &Format::new().set_bold().set_font_size(14))?;
            if is_first {
                for (name, value) in &document.facts {
                    page.words(0, &format!("{name}: {value}"), &Format::new())?;
                }
            }
            page.chapter(&chapter.title, blocks)?;
            let points = page.fit()?;
            page.prepare_print(is_alike(blocks), &points)?;
        }
    }
    workbook.save_to_buffer()
}

struct Page<'a> {
    sheet: &'a mut Worksheet,
    row: u32,
    widths: Vec<f64>,
    /// Rows of titles, with the length of each.
    heads: Vec<(u32, Vec<usize>)>,
    /// Rows of tables and of charts that are best not cut: the first, and the one after the last.
    pieces: Vec<(u32, u32)>,
    /// Width of the widest chart, pixels.
    drawn: u32,
    speak: Speak,
}

impl Page<'_> {
    /// A line of words that runs over the columns beside it.
    fn words(&mut self, column: u16, text: &str, format: &Format) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, column, text, format)?;
        self.row += 1;
        Ok(())
    }

    fn chapter(&mut self, title: &str, blocks: &[Block]) -> Result<(), XlsxError> {
        self.row += 1;
        self.words(0, title, &Format::new().set_bold().set_font_size(12))?;
        for block in blocks {
            match block {
                Block::Text(text) => self.words(0, text, &Format::new())?,
                Block::Table(table) => self.table(table)?,
            }
        }
        Ok(())
    }

    fn table(&mut self, table: &Table) -> Result<(), XlsxError> {
        self.row += 1;
        let begins = self.row;
        if !table.caption.is_empty() {
            self.words(0, &table.caption, &Format::new().set_bold())?;
        }
        let head = Format::new().set_bold().set_text_wrap().set_border_bottom(FormatBorder::Medium);
        for (at, column) in table.columns.iter().enumerate() {
            let align = if table.is_words(at) { FormatAlign::Left } else { FormatAlign::Right };
            let head = head.clone().set_align(FormatAlign::Bottom).set_align(align);
            let head = if at > 0 && table.is_words(at) { head.set_indent(1) } else { head };
            self.sheet.write_string_with_format(self.row, at as u16, &column.title, &head)?;
            let longest = column.title.split(' ').map(|word| word.chars().count()).max();
            self.widen(at, longest.unwrap_or(0) as f64);
        }
        let lengths = table.columns.iter().map(|column| column.title.chars().count());
        self.heads.push((self.row, lengths.collect()));
        let first = self.row + 1;
        for row in &table.rows {
            self.row += 1;
            self.line(table, row)?;
        }
        let last = self.row;
        self.pieces.push((begins, last + 1));
        self.row += 2;
        match &table.chart {
            Some(chart) if table.rows.len() > 1 => self.chart(table, chart, first, last),
            _ => Ok(()),
        }
    }

    /// Columns as wide as their cells, titles as high as their lines: the rows of titles, with their
    /// heights in points.
    fn fit(&mut self) -> Result<Vec<(u32, f64)>, XlsxError> {
        let widths: Vec<f64> = self.widths.iter().map(|width| width.clamp(WIDTH_MIN, WIDTH_MAX)).collect();
        let mut points = Vec::new();
        for (column, width) in widths.iter().enumerate() {
            self.sheet.set_column_width(column as u16, *width)?;
        }
        for (row, lengths) in &self.heads {
            let lines = lengths.iter().zip(&widths).map(|(length, width)| (*length as f64 / (width - 3.0)).ceil());
            let height = ROW * lines.fold(1.0, f64::max);
            self.sheet.set_row_height(*row, height)?;
            points.push((*row, height));
        }
        Ok(points)
    }

    /// One page wide; the titles on every page, or all on one where they differ.
    fn prepare_print(&mut self, is_alike: bool, points: &[(u32, f64)]) -> Result<(), XlsxError> {
        self.sheet.set_print_fit_to_pages(1, u16::from(!is_alike));
        let Some((head, _)) = self.heads.first().filter(|_| is_alike) else { return Ok(()) };
        self.sheet.set_repeat_rows(*head, *head)?;
        let letters: f64 = self.widths.iter().map(|width| width.clamp(WIDTH_MIN, WIDTH_MAX)).sum();
        let wide = (letters * 7.0 + 5.0 * self.widths.len() as f64).max(f64::from(self.drawn));
        self.sheet.set_page_breaks(&breaks(&self.pieces, points, wide))?;
        Ok(())
    }

    fn widen(&mut self, column: usize, width: f64) {
        if self.widths.len() <= column {
            self.widths.resize(column + 1, 0.0);
        }
        self.widths[column] = self.widths[column].max(width + 2.0);
    }

    fn line(&mut self, table: &Table, row: &Row) -> Result<(), XlsxError> {
        for (at, value) in row.cells.iter().enumerate() {
            let format = match row.weight {
                Weight::Usual => Format::new(),
                Weight::Faint => Format::new().set_italic().set_font_color("#595959"),
                Weight::Total => Format::new().set_bold(),
            };
            let spelled = self.speak.spell(value);
            self.widen(at, spelled.chars().count() as f64);
            let column = at as u16;
            match (value.number(), number_format(value)) {
                (Some(number), Some(shown)) => {
                    self.sheet.write_number_with_format(self.row, column, number, &format.set_num_format(shown))?;
                }
                _ if value.is_text() => {
                    let format = match (at, table.is_words(at)) {
                        (0, _) => format,
                        (_, true) => format.set_indent(1),
                        (_, false) => format.set_align(FormatAlign::Right),
                    };
                    self.sheet.write_string_with_format(self.row, column, &spelled, &format)?;
                }
                // No data is an empty cell: a dash would be nought in a chart and an error in a sum.
                _ => {}
            }
        }
        Ok(())
    }

    /// A chart below its table, on the table's cells.
    fn chart(&mut self, table: &Table, chart: &Chart, first: u32, last: u32) -> Result<(), XlsxError> {
        let name = self.sheet.name();
        let mut drawn = XlsxChart::new(match chart.kind {
            ChartKind::Bars => ChartType::Bar,
            ChartKind::Line => ChartType::Line,
        });
        let target = table.columns.iter().position(|column| column.id == "objective.target");
        for at in chart.series.iter().copied().chain(target.filter(|_| chart.kind == ChartKind::Line)) {
            let column = at as u16;
            drawn
                .add_series()
                .set_name(&table.columns[at].title)
                .set_categories((name.as_str(), first, 0, last, 0))
                .set_values((name.as_str(), first, column, last, column));
        }
        drawn.title().set_name(&chart.title);
        let mut cells = table.rows.iter().flat_map(|row| chart.series.iter().map(|at| &row.cells[*at]));
        // Bars lie: their values go along x, and their names up along y.
        let is_bars = chart.kind == ChartKind::Bars;
        if cells.any(|cell| matches!(cell, Value::Percent(_))) {
            let values = if is_bars { drawn.x_axis() } else { drawn.y_axis() };
            values.set_min(0.0).set_max(1.0).set_num_format("0%");
        }
        if is_bars {
            // As in the table: the first row on top.
            drawn.y_axis().set_reverse();
            drawn.legend().set_hidden();
        }
        let rows = chart_rows(chart, (last - first + 1) as usize);
        drawn.set_width(CHART_WIDTH).set_height(rows * 20).set_alt_text(&chart.title);
        self.sheet.insert_chart(self.row, 0, &drawn)?;
        self.pieces.push((self.row, self.row + rows));
        self.drawn = CHART_WIDTH;
        self.row += rows + 1;
        Ok(())
    }
}

/// How a number is shown; the spreadsheet puts in the marks of its reader's language.
fn number_format(value: &Value) -> Option<&'static str> {
    match value {
        Value::Whole(_) => Some("#,##0"),
        Value::Decimal(_) => Some("#,##0.0"),
        Value::Target(target) if (target * 100.0).fract().abs() < 1e-9 => Some("0%"),
        Value::Percent(_) | Value::Target(_) => Some("0.0%"),
        Value::Points(_) => Some("+0.0%;-0.0%;0.0%"),
        Value::Seconds(_) => Some("0.0\" s\""),
        Value::Empty | Value::Text(_) | Value::NoData => None,
    }
}
