//! Tables as bricks: as wide as their cells need, in smaller letters where that is not enough, and in
//! parts side by side where even those are too wide. No cell is cut.

use std::rc::Rc;

use crate::report::document::{Row, Speak, Table, Weight};
use crate::report::render::pdf::fonts::{Face, Fonts, printable};
use crate::report::render::pdf::pages::{Brick, Colour, FAINT, HEIGHT, INK, Look, Mark, Placed, WIDTH};
use crate::report::render::pdf::tree::{Kind, PartId, Tree};

/// Sizes of letters that are tried, points.
const SIZES: [f32; 4] = [8.5, 8.0, 7.5, 7.0];
/// Air beside a cell's text, of the size.
const BESIDE: f32 = 0.55;
/// Height of a line, and air above and below a cell, of the size.
const LEADING: f32 = 1.25;
const AROUND: f32 = 0.3;
/// Widest column of words where there is no room, of the size.
const WORDS: f32 = 12.0;
/// A table up to this height, of a page's, is not taken apart.
const SMALL: f32 = 0.4;
const BAND: Colour = (242, 244, 247);
const RULE: Colour = (185, 185, 185);
/// Width of the line below a row.
const THIN: f32 = 0.4;
/// Size of the line above a table.
const CAPTION: f32 = 9.5;

/// The table's bricks, in the section that it belongs to.
pub fn tabled(table: &Table, section: PartId, fonts: &Fonts, speak: Speak, tree: &mut Tree) -> Vec<Brick> {
    let cells: Vec<Vec<String>> =
        table.rows.iter().map(|row| row.cells.iter().map(|cell| printable(&speak.spell(cell))).collect()).collect();
    let titles: Vec<String> = table.columns.iter().map(|column| printable(&column.title)).collect();
    let text = Texts { table, titles, cells, fonts };
    let sheets = text.sheets();
    let mut bricks = Vec::new();
    for (place, sheet) in sheets.iter().enumerate() {
        let caption = match (sheets.len(), table.caption.as_str()) {
            (1, caption) => caption.to_owned(),
            (of, caption) => {
                let values = [("n", (place + 1).to_string()), ("of", of.to_string())];
                format!("{caption} {}", speak.with("report-part", &values)).trim_start().to_owned()
            }
        };
        bricks.extend(text.drawn(sheet, &printable(&caption), section, tree));
    }
    bricks
}

/// How the letters of a row look.
fn look(row: &Row, size: f32) -> Look {
    let plain = Look { face: Face::Regular, size, colour: INK, is_slanted: false };
    match row.weight {
        Weight::Usual => plain,
        Weight::Faint => Look { colour: FAINT, is_slanted: true, ..plain },
        Weight::Total => Look { face: Face::Bold, ..plain },
    }
}

/// Everything that stands in a table, spelled.
struct Texts<'a> {
    table: &'a Table,
    titles: Vec<String>,
    cells: Vec<Vec<String>>,
    fonts: &'a Fonts,
}

/// Columns that stand beside each other: their places and widths.
struct Sheet {
    size: f32,
    columns: Vec<(usize, f32)>,
}

/// What a column needs: at the least, to be comfortable, and to have its title on one line.
struct Need {
    least: f32,
    good: f32,
    title: f32,
}

impl Texts<'_> {
    fn need(&self, column: usize, size: f32) -> Need {
        let wide = |face, text: &str| self.fonts.width(face, size, text);
        let widest = |face, text: &str| text.split(' ').map(|word| wide(face, word)).fold(0.0, f32::max);
        let title = &self.titles[column];
        let (mut least, mut good) = (widest(Face::Bold, title), widest(Face::Bold, title));
        for (row, cells) in self.table.rows.iter().zip(&self.cells) {
            let face = look(row, size).face;
            good = good.max(wide(face, &cells[column]));
            let least_here = if self.table.is_words(column) {
                widest(face, &cells[column]).min(WORDS * size)
            } else {
                wide(face, &cells[column])
            };
            least = least.max(least_here);
        }
        let beside = 2.0 * BESIDE * size;
        Need { least: least + beside, good: good + beside, title: wide(Face::Bold, title) + beside }
    }

    /// The columns on as few sheets as there must be, in the largest letters that need no more.
    fn sheets(&self) -> Vec<Sheet> {
        let all: Vec<usize> = (0..self.titles.len()).collect();
        for size in SIZES {
            let needs: Vec<Need> = all.iter().map(|column| self.need(*column, size)).collect();
            if needs.iter().map(|need| need.least).sum::<f32>() <= WIDTH {
                return vec![Sheet { size, columns: all.iter().copied().zip(widths(&needs)).collect() }];
            }
        }
        self.parts(SIZES[0])
    }

    /// The first column and as many of the others as there is room for, again and again.
    fn parts(&self, size: f32) -> Vec<Sheet> {
        let mut left: Vec<usize> = (1..self.titles.len()).collect();
        let first = self.need(0, size).least;
        let mut sheets = Vec::new();
        while !left.is_empty() {
            let mut used = first;
            let fits = left.iter().take_while(|column| {
                used += self.need(**column, size).least;
                used <= WIDTH
            });
            // One that is wider than the paper stands alone, and its words are broken.
            let taken = fits.count().max(1);
            let columns: Vec<usize> = std::iter::once(0).chain(left.drain(..taken)).collect();
            let needs: Vec<Need> = columns.iter().map(|column| self.need(*column, size)).collect();
            sheets.push(Sheet { size, columns: columns.into_iter().zip(widths(&needs)).collect() });
        }
        sheets
    }

    fn drawn(&self, sheet: &Sheet, caption: &str, section: PartId, tree: &mut Tree) -> Vec<Brick> {
        let part = tree.within(section, Kind::Table);
        let mut bricks = Vec::new();
        if !caption.is_empty() {
            bricks.push(captioned(caption, tree.within(part, Kind::Caption), self.fonts));
        }
        let head = self.head(sheet, part, tree);
        let above = Rc::new(head.clone());
        bricks.push(head);
        let body = tree.within(part, Kind::Body);
        let from = bricks.len();
        for place in 0..self.table.rows.len() {
            bricks.extend(self.row(sheet, place, body, &above, tree));
        }
        // Neither the first row nor the last stands alone, and a small table stands whole.
        let height: f32 = bricks.iter().map(|brick| brick.air + brick.height).sum();
        let last = bricks.len() - 1;
        for (place, brick) in bricks.iter_mut().enumerate() {
            let is_edge = place <= from || place + 1 == last;
            brick.is_bound = place < last && (is_edge || height <= SMALL * HEIGHT);
        }
        if let Some(first) = bricks.first_mut() {
            first.air = 12.0;
        }
        bricks
    }

    /// The titles of the columns, their last lines beside each other.
    fn head(&self, sheet: &Sheet, table: PartId, tree: &mut Tree) -> Brick {
        let size = sheet.size;
        let look = Look { face: Face::Bold, size, colour: INK, is_slanted: false };
        let (head, mut x) = (tree.within(table, Kind::Head), 0.0);
        let row = tree.within(head, Kind::Row);
        let lines: Vec<Vec<String>> = sheet
            .columns
            .iter()
            .map(|(column, width)| {
                self.fonts.wrap(Face::Bold, size, width - 2.0 * BESIDE * size, &self.titles[*column])
            })
            .collect();
        let most = lines.iter().map(Vec::len).max().unwrap_or(1);
        let height = (most as f32 * LEADING + 2.0 * AROUND) * size;
        let mut marks = Vec::new();
        for ((column, width), lines) in sheet.columns.iter().zip(&lines) {
            let part = tree.within(row, Kind::ColumnTitle);
            let top = (most - lines.len()) as f32 * LEADING * size;
            marks.extend(self.cell(*column, lines, (x, top), *width, look, part));
            x += width;
        }
        let line = Mark::Line { from: (0.0, height), to: (x, height), width: 1.0, colour: INK, is_dashed: false };
        marks.push((line, None));
        Brick { height, marks, ..Brick::default() }
    }

    /// A row, in more than one brick where it is higher than a page.
    fn row(&self, sheet: &Sheet, place: usize, body: PartId, above: &Rc<Brick>, tree: &mut Tree) -> Vec<Brick> {
        let size = sheet.size;
        let look = look(&self.table.rows[place], size);
        let row = tree.within(body, Kind::Row);
        let cells: Vec<(usize, f32, PartId, Vec<String>)> = sheet
            .columns
            .iter()
            .enumerate()
            .map(|(at, (column, width))| {
                let part = tree.within(row, if at == 0 { Kind::RowTitle } else { Kind::Cell });
                let text = &self.cells[place][*column];
                // A cell of which nobody is told would shift its neighbours.
                let text = if text.is_empty() { " " } else { text };
                (*column, *width, part, self.fonts.wrap(look.face, size, width - 2.0 * BESIDE * size, text))
            })
            .collect();
        let most = cells.iter().map(|(.., lines)| lines.len()).max().unwrap_or(1);
        let at_once = (((HEIGHT - above.height) / size - 2.0 * AROUND) / LEADING).floor().max(1.0) as usize;
        let wide: f32 = sheet.columns.iter().map(|(_, width)| width).sum();
        let mut bricks = Vec::new();
        for begin in (0..most).step_by(at_once) {
            let count = at_once.min(most - begin);
            let height = (count as f32 * LEADING + 2.0 * AROUND) * size;
            let mut marks: Vec<Placed> = Vec::new();
            if place % 2 == 1 {
                // Below the line of the row above.
                let size = (wide, height - THIN);
                marks.push((Mark::Rect { at: (0.0, THIN), size, colour: BAND }, None));
            }
            let mut x = 0.0;
            for (column, width, part, lines) in &cells {
                let lines = lines.get(begin..lines.len().min(begin + count)).unwrap_or_default();
                marks.extend(self.cell(*column, lines, (x, 0.0), *width, look, *part));
                x += width;
            }
            let (from, to) = ((0.0, height), (wide, height));
            marks.push((Mark::Line { from, to, width: THIN, colour: RULE, is_dashed: false }, None));
            bricks.push(Brick { height, marks, above: Some(Rc::clone(above)), ..Brick::default() });
        }
        bricks
    }

    /// The lines of a cell: words to the left, numbers to the right.
    fn cell(
        &self,
        column: usize,
        lines: &[String],
        (x, top): (f32, f32),
        width: f32,
        look: Look,
        part: PartId,
    ) -> Vec<Placed> {
        let size = look.size;
        let is_left = self.table.is_words(column);
        let placed = |(place, line): (usize, &String)| {
            let room = width - BESIDE * size - self.fonts.width(look.face, size, line.trim_end_matches(' '));
            let x = x + if is_left { BESIDE * size } else { room };
            let y = top + (AROUND + place as f32 * LEADING + 0.95) * size;
            (Mark::Text { at: (x, y), look, text: line.clone() }, Some(part))
        };
        lines.iter().enumerate().map(placed).collect()
    }
}

/// Widths that add up to at most the paper's: what is good where there is room for it, and then titles on
/// fewer lines.
fn widths(needs: &[Need]) -> Vec<f32> {
    let sum = |of: fn(&Need) -> f32| needs.iter().map(of).sum::<f32>();
    let between = |less: fn(&Need) -> f32, more: fn(&Need) -> f32| {
        let (from, to) = (sum(less), sum(more));
        let part = if to > from { ((WIDTH - from) / (to - from)).clamp(0.0, 1.0) } else { 0.0 };
        needs.iter().map(|need| less(need) + (more(need) - less(need)) * part).collect()
    };
    if sum(|need| need.least) > WIDTH {
        let part = WIDTH / sum(|need| need.least);
        return needs.iter().map(|need| need.least * part).collect();
    }
    if sum(|need| need.good) > WIDTH {
        return between(|need| need.least, |need| need.good);
    }
    between(|need| need.good, |need| need.good.max(need.title))
}

fn captioned(caption: &str, part: PartId, fonts: &Fonts) -> Brick {
    let look = Look { face: Face::Bold, size: CAPTION, colour: INK, is_slanted: false };
    let lines = fonts.wrap(look.face, look.size, WIDTH, caption);
    let step = CAPTION * LEADING;
    let placed = |(place, text): (usize, &String)| {
        (Mark::Text { at: (0.0, (place as f32 + 0.8) * step), look, text: text.clone() }, Some(part))
    };
    Brick {
        height: lines.len() as f32 * step + 3.0,
        marks: lines.iter().enumerate().map(placed).collect(),
        ..Brick::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;
    use crate::report::document::{Column, Value};
    use crate::report::render::pdf::pages::stack;

    fn table(columns: usize, rows: usize, cell: &str) -> Table {
        let columns: Vec<Column> = (0..columns).map(|at| Column::new(at.to_string(), format!("Kolumn {at}"))).collect();
        let row = |at: usize| {
            let cells = columns.iter().enumerate().map(|(column, _)| match column {
                0 => Value::text(format!("rad {at}")),
                1 => Value::text(cell),
                _ => Value::Whole(1_000_000 * at as i64),
            });
            Row::new(at.to_string(), cells.collect())
        };
        let rows = (0..rows).map(row).collect();
        Table { columns: columns.clone(), rows, ..Table::new("t", "Tabell", Vec::new()) }
    }

    fn bricks(table: &Table) -> (Vec<Brick>, Tree) {
        let (mut tree, fonts) = (Tree::default(), Fonts::of_system().unwrap());
        let section = tree.root(Kind::Section);
        (tabled(table, section, &fonts, Speak(Language::Sv), &mut tree), tree)
    }

    /// Whether every mark lies on the paper's part that is printed.
    fn lies_within(bricks: &[Brick]) -> bool {
        let fonts = Fonts::of_system().unwrap();
        bricks.iter().flat_map(|brick| &brick.marks).all(|(mark, _)| match mark {
            Mark::Text { at, look, text } => {
                at.0 >= 0.0 && at.0 + fonts.width(look.face, look.size, text.trim_end()) <= WIDTH + 0.1
            }
            Mark::Rect { at, size, .. } => at.0 + size.0 <= WIDTH + 0.1,
            Mark::Line { to, .. } => to.0 <= WIDTH + 0.1,
        })
    }

    fn count(tree: &Tree, kind: &Kind) -> usize {
        tree.parts.iter().filter(|part| part.kind == *kind).count()
    }

    #[test]
    fn a_wide_table_stands_in_parts_and_each_row_has_all_its_cells() {
        let (bricks, tree) = bricks(&table(40, 3, "ord"));
        assert!(lies_within(&bricks));
        let parts = count(&tree, &Kind::Table);
        assert!(parts > 1 && count(&tree, &Kind::RowTitle) == 3 * parts, "{parts}");
        assert_eq!(count(&tree, &Kind::Cell), 3 * 39, "every other column stands in one part");
        let texts = bricks.iter().flat_map(|brick| &brick.marks).filter_map(|(mark, _)| match mark {
            Mark::Text { text, .. } => Some(text.as_str()),
            _ => None,
        });
        let texts: Vec<&str> = texts.collect();
        assert!(texts.contains(&"Tabell (del 1 av 3)") || texts.iter().any(|text| text.starts_with("Tabell (del 1")));
        assert_eq!(texts.iter().filter(|text| **text == "2\u{a0}000\u{a0}000").count(), 38);
    }

    #[test]
    fn a_row_that_is_higher_than_a_page_goes_on_and_loses_nothing() {
        let words = vec!["ord"; 20_000].join(" ");
        let (bricks, _) = bricks(&table(3, 2, &words));
        assert!(lies_within(&bricks) && bricks.iter().all(|brick| brick.height <= HEIGHT));
        let pages = stack(&bricks).marks;
        assert!(pages.len() > 2, "{}", pages.len());
        let told: usize = pages
            .iter()
            .flatten()
            .map(|(mark, part)| match mark {
                Mark::Text { text, .. } if part.is_some() => text.matches("ord").count(),
                _ => 0,
            })
            .sum();
        assert_eq!(told, 40_000);
    }

    #[test]
    fn a_narrow_table_is_no_wider_than_it_must_be() {
        let (bricks, _) = bricks(&table(3, 2, "ord"));
        let right = bricks.iter().flat_map(|brick| &brick.marks).filter_map(|(mark, _)| match mark {
            Mark::Line { to, .. } => Some(to.0),
            _ => None,
        });
        assert!(right.fold(0.0, f32::max) < WIDTH / 2.0);
    }
}
