//! A workbook: a sheet a chapter, real numbers with formats, charts that refer to their cells.
//!
//! Words are written as strings, never as formulas, whatever they begin with.

use std::io::{self, Write};

use rust_xlsxwriter::{
    Chart as XlsxChart, ChartType, DocProperties, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use crate::report::document::{Block, Chapter, Chart, ChartKind, Document, Row, Speak, Table, Value, Weight, document};
use crate::report::render::Style;
use crate::report::sheet::Report;

/// Rows of a sheet that a chart covers.
const CHART_ROWS: u32 = 15;
/// Widest column, in letters.
const WIDTH_MAX: f64 = 42.0;

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
    for (place, chapter) in document.chapters.iter().enumerate() {
        let sheet = workbook.add_worksheet();
        sheet.set_name(sheet_name(&chapter.title))?;
        sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
        let mut page = Page { sheet, row: 0, widths: Vec::new(), heads: Vec::new(), speak };
        page.words(0, &document.title, &Format::new().set_bold().set_font_size(14))?;
        if place == 0 {
            for (name, value) in &document.facts {
                page.words(0, &format!("{name}: {value}"), &Format::new())?;
            }
        }
        page.chapter(chapter)?;
        page.fit()?;
    }
    workbook.save_to_buffer()
}

/// A title as the tab of a sheet may be called.
fn sheet_name(title: &str) -> String {
    let plain = title.chars().map(|c| if "[]:*?/\\".contains(c) { ' ' } else { c });
    plain.take(31).collect()
}

struct Page<'a> {
    sheet: &'a mut Worksheet,
    row: u32,
    widths: Vec<f64>,
    /// Rows of titles, with the length of each.
    heads: Vec<(u32, Vec<usize>)>,
    speak: Speak,
}

impl Page<'_> {
    /// A line of words that runs over the columns beside it.
    fn words(&mut self, column: u16, text: &str, format: &Format) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, column, text, format)?;
        self.row += 1;
        Ok(())
    }

    fn chapter(&mut self, chapter: &Chapter) -> Result<(), XlsxError> {
        self.row += 1;
        self.words(0, &chapter.title, &Format::new().set_bold().set_font_size(12))?;
        for block in &chapter.blocks {
            match block {
                Block::Text(text) => self.words(0, text, &Format::new())?,
                Block::Table(table) => self.table(table)?,
            }
        }
        Ok(())
    }

    fn table(&mut self, table: &Table) -> Result<(), XlsxError> {
        self.row += 1;
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
        self.row += 2;
        match &table.chart {
            Some(chart) if table.rows.len() > 1 => self.chart(table, chart, first, last),
            _ => Ok(()),
        }
    }

    /// Columns as wide as their cells, titles as high as their lines.
    fn fit(&mut self) -> Result<(), XlsxError> {
        let widths: Vec<f64> = self.widths.iter().map(|width| width.clamp(8.0, WIDTH_MAX)).collect();
        for (column, width) in widths.iter().enumerate() {
            self.sheet.set_column_width(column as u16, *width)?;
        }
        for (row, lengths) in &self.heads {
            let lines = lengths.iter().zip(&widths).map(|(length, width)| (*length as f64 / (width - 3.0)).ceil());
            self.sheet.set_row_height(*row, 15.0 * lines.fold(1.0, f64::max))?;
        }
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
        let rows = if chart.kind == ChartKind::Bars { CHART_ROWS.max(last - first + 3) } else { CHART_ROWS };
        drawn.set_width(900).set_height(rows * 20).set_alt_text(&chart.title);
        self.sheet.insert_chart(self.row, 0, &drawn)?;
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
