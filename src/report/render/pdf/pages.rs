//! Bricks, and how they come onto pages: no row is cut, no heading stands alone at the foot of a page,
//! and the titles of a table's columns stand on each page that the table reaches.

use std::rc::Rc;

use crate::report::render::pdf::fonts::Face;
use crate::report::render::pdf::tree::PartId;

/// A4 across, points.
pub const PAGE: (f32, f32) = (841.89, 595.28);
/// Left and right, above, below; the foot of the page stands below.
pub const MARGIN: (f32, f32, f32) = (40.0, 40.0, 46.0);
/// Width that text and tables can take.
pub const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN.0;
/// Height that bricks can take on one page.
pub const HEIGHT: f32 = PAGE.1 - MARGIN.1 - MARGIN.2;

/// A colour: red, green, blue.
pub type Colour = (u8, u8, u8);
/// Of text.
pub const INK: Colour = (26, 26, 26);
/// Of what rests on little.
pub const FAINT: Colour = (89, 89, 89);

/// How letters look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Their weight.
    pub face: Face,
    /// Their size, points.
    pub size: f32,
    /// Their colour.
    pub colour: Colour,
    /// Whether they lean.
    pub is_slanted: bool,
}

/// Something that is drawn, in points from the left and the top.
#[derive(Clone, Debug)]
pub enum Mark {
    /// Letters on a line.
    Text {
        /// Where the line begins.
        at: (f32, f32),
        /// How they look.
        look: Look,
        /// The letters.
        text: String,
    },
    /// A filled rectangle.
    Rect {
        /// Its corner.
        at: (f32, f32),
        /// Its width and height.
        size: (f32, f32),
        /// Its colour.
        colour: Colour,
    },
    /// A line.
    Line {
        /// From here.
        from: (f32, f32),
        /// To there.
        to: (f32, f32),
        /// How wide.
        width: f32,
        /// Its colour.
        colour: Colour,
        /// Whether it is broken.
        is_dashed: bool,
    },
}

impl Mark {
    /// The same further down.
    fn lowered(&self, by: f32) -> Self {
        let down = |(x, y): (f32, f32)| (x, y + by);
        let mut mark = self.clone();
        match &mut mark {
            Self::Text { at, .. } | Self::Rect { at, .. } => *at = down(*at),
            Self::Line { from, to, .. } => (*from, *to) = (down(*from), down(*to)),
        }
        mark
    }
}

/// A mark and the part it belongs to; in none it is decoration, of which nobody is told.
pub type Placed = (Mark, Option<PartId>);

/// Something that stands on one page.
#[derive(Clone, Debug, Default)]
pub struct Brick {
    /// Air above; none at the head of a page.
    pub air: f32,
    /// Its height.
    pub height: f32,
    /// Whether the next brick must stand on the same page.
    pub is_bound: bool,
    /// What is drawn, from its top.
    pub marks: Vec<Placed>,
    /// What stands above it where it begins a page: the titles of its table's columns.
    pub above: Option<Rc<Brick>>,
    /// The chapter that begins with it.
    pub chapter: Option<String>,
}

/// What is drawn on each page, and where chapters begin.
#[derive(Debug, Default)]
pub struct Pages {
    /// Marks, from the top left corner of the paper.
    pub marks: Vec<Vec<Placed>>,
    /// Title, page and height.
    pub chapters: Vec<(String, usize, f32)>,
}

/// Stacks bricks into pages. What is bound together and higher than a page is taken apart.
pub fn stack(bricks: &[Brick]) -> Pages {
    let mut pages = Pages { marks: vec![Vec::new()], chapters: Vec::new() };
    let mut at = 0.0;
    for (place, brick) in bricks.iter().enumerate() {
        let whole = bound(&bricks[place..]);
        let head = brick.above.as_ref().map_or(0.0, |head| head.height);
        let wanted = if whole + head <= HEIGHT { whole } else { brick.air + brick.height };
        if at > 0.0 && at + wanted > HEIGHT + 0.01 {
            pages.marks.push(Vec::new());
            at = 0.0;
        }
        if at > 0.0 {
            at += brick.air;
        } else if let Some(head) = &brick.above {
            // Whoever listens has been told the titles already.
            pages.draw(head, at, false);
            at += head.height;
        }
        if let Some(title) = &brick.chapter {
            pages.chapters.push((title.clone(), pages.marks.len() - 1, MARGIN.1 + at));
        }
        pages.draw(brick, at, true);
        at += brick.height;
    }
    pages
}

impl Pages {
    fn draw(&mut self, brick: &Brick, at: f32, is_told: bool) {
        let marks = brick.marks.iter().map(|(mark, part)| (mark.lowered(MARGIN.1 + at), part.filter(|_| is_told)));
        if let Some(page) = self.marks.last_mut() {
            page.extend(marks);
        }
    }
}

/// Height of the first brick with all that is bound to it.
fn bound(bricks: &[Brick]) -> f32 {
    let mut height = 0.0;
    for brick in bricks {
        height += brick.air + brick.height;
        if !brick.is_bound {
            break;
        }
    }
    height
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(height: f32, is_bound: bool, name: &str) -> Brick {
        let look = Look { face: Face::Regular, size: 9.0, colour: INK, is_slanted: false };
        let mark = Mark::Text { at: (0.0, 8.0), look, text: name.into() };
        Brick { height, is_bound, marks: vec![(mark, Some(0))], ..Brick::default() }
    }

    /// The names on each page; those that are not told stand in brackets.
    fn told(bricks: &[Brick]) -> Vec<Vec<String>> {
        let name = |(mark, part): &Placed| match (mark, part) {
            (Mark::Text { text, .. }, Some(_)) => text.clone(),
            (Mark::Text { text, .. }, None) => format!("({text})"),
            _ => String::new(),
        };
        stack(bricks).marks.iter().map(|page| page.iter().map(name).collect()).collect()
    }

    #[test]
    fn a_heading_goes_with_what_follows_it() {
        let bricks = [named(HEIGHT - 40.0, false, "table"), named(20.0, true, "heading"), named(30.0, false, "text")];
        assert_eq!(told(&bricks), [vec!["table"], vec!["heading", "text"]]);
        let bricks = [named(HEIGHT - 50.0, false, "table"), named(20.0, true, "heading"), named(30.0, false, "text")];
        assert_eq!(told(&bricks), [vec!["table", "heading", "text"]]);
    }

    #[test]
    fn titles_stand_on_every_page_and_are_told_once() {
        let head = named(20.0, true, "titles");
        let above = Rc::new(head.clone());
        let row = |name: &str| Brick { above: Some(Rc::clone(&above)), ..named(HEIGHT / 2.0 - 20.0, false, name) };
        let bricks = [vec![head], ["a", "b", "c", "d", "e"].map(row).to_vec()].concat();
        assert_eq!(told(&bricks), [vec!["titles", "a", "b"], vec!["(titles)", "c", "d"], vec!["(titles)", "e"]]);
    }

    #[test]
    fn what_is_bound_and_higher_than_a_page_is_taken_apart_and_nothing_is_lost() {
        let bricks: Vec<Brick> = (0..40).map(|place| named(HEIGHT / 7.5, place < 39, &place.to_string())).collect();
        let pages = told(&bricks);
        assert!(pages.iter().all(|page| page.len() <= 7), "{pages:?}");
        assert_eq!(pages.concat(), (0..40).map(|place| place.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn air_is_for_between_and_chapters_are_found() {
        let chapter =
            |name: &str| Brick { air: 100.0, chapter: Some(name.into()), ..named(HEIGHT - 150.0, false, name) };
        let chapters = stack(&[chapter("one"), chapter("two"), named(10.0, false, "more")]).chapters;
        let places: Vec<(usize, f32)> = chapters.iter().map(|(_, page, height)| (*page, *height)).collect();
        assert_eq!(places, [(0, MARGIN.1), (1, MARGIN.1)]);
    }
}
