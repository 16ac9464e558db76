//! A document as bricks and as a reading order.

use crate::report::document::{Block, Chapter, Document, Speak};
use crate::report::render::pdf::charts::charted;
use crate::report::render::pdf::fonts::{Face, Fonts, printable};
use crate::report::render::pdf::pages::{Brick, FAINT, INK, Look, Mark, Placed, WIDTH};
use crate::report::render::pdf::tables::tabled;
use crate::report::render::pdf::tree::{Kind, PartId, Tree};

const TITLE: f32 = 19.0;
const CHAPTER: f32 = 13.5;
const BODY: f32 = 9.5;
const LEADING: f32 = 1.35;
/// Widest line of text: longer ones are hard to follow.
const LINE: f32 = 520.0;

/// The bricks of a document, in order, and what they are.
pub fn laid_out(document: &Document, fonts: &Fonts, speak: Speak) -> (Vec<Brick>, Tree) {
    let mut page = Layout { fonts, speak, tree: Tree::default(), bricks: Vec::new() };
    page.title(document);
    for chapter in &document.chapters {
        page.chapter(chapter);
    }
    (page.bricks, page.tree)
}

struct Layout<'a> {
    fonts: &'a Fonts,
    speak: Speak,
    tree: Tree,
    bricks: Vec<Brick>,
}

impl Layout<'_> {
    fn title(&mut self, document: &Document) {
        let title = printable(&document.title);
        let part = self.tree.root(Kind::Heading(1, title.clone()));
        let look = Look { face: Face::Bold, size: TITLE, colour: INK, is_slanted: false };
        let (marks, height) = self.lines(&title, look, WIDTH, (0.0, 0.0), Some(part));
        self.bricks.push(Brick { height: height + 4.0, is_bound: true, marks, ..Brick::default() });
        if document.facts.is_empty() {
            return;
        }
        let list = self.tree.root(Kind::List);
        let names: Vec<String> = document.facts.iter().map(|(name, _)| format!("{}: ", printable(name))).collect();
        let wide = names.iter().map(|name| self.fonts.width(Face::Regular, BODY, name)).fold(0.0, f32::max) + 6.0;
        for (name, (_, value)) in names.iter().zip(&document.facts) {
            let item = self.tree.within(list, Kind::Item);
            let [label, said] = [Kind::ItemName, Kind::ItemValue].map(|kind| self.tree.within(item, kind));
            let look = Look { face: Face::Regular, size: BODY, colour: FAINT, is_slanted: false };
            let (mut marks, _) = self.lines(name, look, WIDTH, (0.0, 0.0), Some(label));
            let look = Look { colour: INK, ..look };
            let value = printable(value);
            let (values, height) = self.lines(&value, look, WIDTH - wide, (wide, 0.0), Some(said));
            marks.extend(values);
            self.bricks.push(Brick { height, is_bound: true, marks, ..Brick::default() });
        }
        self.bind_last(false);
    }

    fn chapter(&mut self, chapter: &Chapter) {
        let title = printable(&chapter.title);
        let section = self.tree.root(Kind::Section);
        let part = self.tree.within(section, Kind::Heading(2, title.clone()));
        let look = Look { face: Face::Bold, size: CHAPTER, colour: INK, is_slanted: false };
        let (mut marks, height) = self.lines(&title, look, WIDTH, (0.0, 0.0), Some(part));
        let (from, to) = ((0.0, height + 1.0), (WIDTH, height + 1.0));
        marks.push((Mark::Line { from, to, width: 1.0, colour: INK, is_dashed: false }, None));
        let (height, chapter_title) = (height + 5.0, Some(title));
        self.bricks.push(Brick { air: 20.0, height, is_bound: true, marks, chapter: chapter_title, above: None });
        for (place, block) in chapter.blocks.iter().enumerate() {
            match block {
                Block::Text(text) => {
                    self.paragraph(&printable(text), section);
                    // What is said before a table stands with it.
                    self.bind_last(matches!(chapter.blocks.get(place + 1), Some(Block::Table(_))));
                }
                Block::Table(table) => {
                    if let Some(chart) = table.chart.as_ref().filter(|_| table.rows.len() > 1) {
                        let made = charted(table, chart, section, self.fonts, self.speak, &mut self.tree);
                        self.bricks.extend(made);
                        self.bind_last(true);
                    }
                    self.bricks.extend(tabled(table, section, self.fonts, self.speak, &mut self.tree));
                }
            }
        }
    }

    fn bind_last(&mut self, is_bound: bool) {
        if let Some(last) = self.bricks.last_mut() {
            last.is_bound = is_bound;
        }
    }

    /// A brick for each line: a long text goes on over the page, but neither its first line nor its last
    /// stands alone.
    fn paragraph(&mut self, text: &str, section: PartId) {
        let part = self.tree.within(section, Kind::Paragraph);
        let look = Look { face: Face::Regular, size: BODY, colour: INK, is_slanted: false };
        let lines = self.fonts.wrap(look.face, look.size, LINE, text);
        let last = lines.len() - 1;
        for (place, line) in lines.into_iter().enumerate() {
            let text = if line.is_empty() { " ".to_owned() } else { line };
            let mark = Mark::Text { at: (0.0, BODY), look, text };
            self.bricks.push(Brick {
                air: if place == 0 { 4.0 } else { 0.0 },
                height: BODY * LEADING,
                is_bound: place < last && (place == 0 || place + 1 == last),
                marks: vec![(mark, Some(part))],
                ..Brick::default()
            });
        }
    }

    /// A text in lines, and their height.
    fn lines(&self, text: &str, look: Look, width: f32, at: (f32, f32), part: Option<PartId>) -> (Vec<Placed>, f32) {
        let lines = self.fonts.wrap(look.face, look.size, width, text);
        let step = look.size * LEADING;
        let height = lines.len() as f32 * step;
        let placed = |(place, text): (usize, String)| {
            let text = if text.is_empty() { " ".to_owned() } else { text };
            (Mark::Text { at: (at.0, at.1 + look.size + place as f32 * step), look, text }, part)
        };
        (lines.into_iter().enumerate().map(placed).collect(), height)
    }
}
