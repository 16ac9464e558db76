//! Pages as a PDF file, checked against PDF/UA-1 as it is written: one that broke it would be no file
//! but an error.

use std::io::{self, Write};
use std::num::NonZeroU16;

use chrono::{Datelike, Timelike};
use krilla::color::rgb;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::error::KrillaError;
use krilla::geom::{PathBuilder, Point, Rect, Transform};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, TableHeaderScope, Tag, TagGroup, TagKind, TagTree,
};
use krilla::{Document as File, SerializeSettings};

use crate::i18n::Language;
use crate::report::document::{Document, Speak, document};
use crate::report::render::Style;
use crate::report::render::pdf::fonts::{Face, Fonts, printable};
use crate::report::render::pdf::layout::laid_out;
use crate::report::render::pdf::pages::{Colour, FAINT, Look, MARGIN, Mark, PAGE, Pages, Placed, stack};
use crate::report::render::pdf::tree::{Kind, PartId, Tree};
use crate::report::sheet::{PeriodSheet, Report};

/// How far slanted letters lean.
const SLANT: f32 = -0.2;
/// Size of the foot of a page.
const FOOT: f32 = 7.5;

/// Writes the report as a PDF.
///
/// # Errors
/// Those of `out`; where the system has no font; where what is written would break PDF/UA-1.
pub fn render(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let speak = Speak(style.language);
    out.write_all(&file(&document(report, speak), speak, made(&report.period))?)
}

/// Writes any document so.
///
/// # Errors
/// As of [`render`].
pub fn write(document: &Document, language: Language, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&file(document, Speak(language), None)?)
}

/// When the report was made, on the clock of its zone.
fn made(period: &PeriodSheet) -> Option<DateTime> {
    let local = period.made.to_utc().with_timezone(&period.zone);
    let offset = chrono::Offset::fix(local.offset()).local_minus_utc() / 60;
    let day = DateTime::new(u16::try_from(local.year()).ok()?).month(local.month() as u8).day(local.day() as u8);
    let time = day.hour(local.hour() as u8).minute(local.minute() as u8).second(local.second() as u8);
    Some(time.utc_offset_hour((offset / 60) as i8).utc_offset_minute((offset % 60).unsigned_abs() as u8))
}

fn file(document: &Document, speak: Speak, made: Option<DateTime>) -> io::Result<Vec<u8>> {
    let fonts = Fonts::of_system()?;
    let (bricks, tree) = laid_out(document, &fonts, speak);
    let pages = stack(&bricks);
    let mut file = File::new_with(rules()?);
    let mut told = vec![Vec::new(); tree.parts.len()];
    for (place, marks) in pages.marks.iter().enumerate() {
        let size = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or_else(|| io::Error::other("a page of no size"))?;
        let mut page = file.start_page_with(size);
        let mut pen = Pen { surface: page.surface(), fonts: &fonts };
        pen.page(marks, &mut told);
        pen.foot(document, speak, (place + 1, pages.marks.len()));
        drop(pen);
        page.finish();
    }
    let language = speak.0.code().to_owned();
    let mut root = TagTree::new().with_lang(Some(language.clone()));
    for part in &tree.roots {
        root.push(group(&tree, *part, &told));
    }
    file.set_tag_tree(root);
    file.set_outline(outline(&document.title, &pages));
    let creator = concat!("servicegrad ", env!("CARGO_PKG_VERSION")).to_owned();
    let about = Metadata::new().title(printable(&document.title)).language(language).creator(creator);
    file.set_metadata(match made {
        Some(made) => about.creation_date(made),
        None => about,
    });
    file.finish().map_err(broken)
}

/// Tagged, and checked against PDF/UA-1.
fn rules() -> io::Result<SerializeSettings> {
    let rules = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1).finish();
    let configuration = rules.map_err(|why| io::Error::other(format!("the PDF cannot be written: {why:?}")))?;
    Ok(SerializeSettings { configuration, enable_tagging: true, ..SerializeSettings::default() })
}

/// What is wrong, each thing once.
fn broken(error: KrillaError) -> io::Error {
    let KrillaError::Validation(errors) = error else {
        return io::Error::other(format!("the PDF cannot be written: {error}"));
    };
    let mut all: Vec<String> = errors.iter().map(|(error, _)| format!("{error:?}")).collect();
    all.sort();
    all.dedup();
    io::Error::other(format!("the PDF would not be accessible and is not written: {}", all.join("; ")))
}

/// The title and the chapters, for those who leaf through the file.
fn outline(title: &str, pages: &Pages) -> Outline {
    let mut outline = Outline::new();
    let place = |page, height| XyzDestination::new(page, Point::from_xy(0.0, height));
    outline.push_child(OutlineNode::new(printable(title), place(0, MARGIN.1)));
    for (title, page, height) in &pages.chapters {
        outline.push_child(OutlineNode::new(title.clone(), place(*page, *height)));
    }
    outline
}

/// A part of the reading order with all that it consists of.
fn group(tree: &Tree, place: PartId, told: &[Vec<Identifier>]) -> TagGroup {
    let part = &tree.parts[place];
    let mut group = TagGroup::new(tag(&part.kind));
    for child in &part.children {
        group.push(self::group(tree, *child, told));
    }
    for identifier in &told[place] {
        group.push(*identifier);
    }
    group
}

fn tag(kind: &Kind) -> TagKind {
    match kind {
        Kind::Heading(level, title) => {
            Tag::Hn(NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN), Some(title.clone())).into()
        }
        Kind::Section => Tag::Section.into(),
        Kind::Paragraph => Tag::P.into(),
        Kind::List => Tag::L(ListNumbering::None).into(),
        Kind::Item => Tag::LI.into(),
        Kind::ItemName => Tag::Lbl.into(),
        Kind::ItemValue => Tag::LBody.into(),
        Kind::Figure(told) => Tag::Figure(Some(told.clone())).into(),
        Kind::Table => Tag::Table.into(),
        Kind::Caption => Tag::Caption.into(),
        Kind::Head => Tag::THead.into(),
        Kind::Body => Tag::TBody.into(),
        Kind::Row => Tag::TR.into(),
        Kind::ColumnTitle => Tag::TH(TableHeaderScope::Column).into(),
        Kind::RowTitle => Tag::TH(TableHeaderScope::Row).into(),
        Kind::Cell => Tag::TD.into(),
    }
}

/// What marks are of which nobody is told: text is the titles of a table that goes on.
fn decoration(marks: &[Placed]) -> ArtifactType {
    let is_text = marks.iter().any(|(mark, _)| matches!(mark, Mark::Text { .. }));
    if is_text { ArtifactType::PaginationOther } else { ArtifactType::Layout }
}

/// Draws on one page.
struct Pen<'a> {
    surface: Surface<'a>,
    fonts: &'a Fonts,
}

impl Pen<'_> {
    /// All marks, and for each part by what it is told.
    fn page(&mut self, marks: &[Placed], told: &mut [Vec<Identifier>]) {
        let mut left = marks;
        while let Some((_, part)) = left.first() {
            let count = left.iter().take_while(|(_, other)| other == part).count();
            let (run, rest) = left.split_at(count);
            let tag = match part {
                Some(_) => ContentTag::Other,
                None => ContentTag::Artifact(Artifact::with_kind(decoration(run))),
            };
            let identifier = self.surface.start_tagged(tag);
            run.iter().for_each(|(mark, _)| self.mark(mark));
            self.surface.end_tagged();
            if let Some(told) = part.and_then(|part| told.get_mut(part)) {
                told.push(identifier);
            }
            left = rest;
        }
    }

    /// What stands at the foot of each page: of which nobody is told, since it repeats.
    fn foot(&mut self, document: &Document, speak: Speak, (page, of): (usize, usize)) {
        let look = Look { face: Face::Regular, size: FOOT, colour: FAINT, is_slanted: false };
        let y = PAGE.1 - MARGIN.2 + 26.0;
        let number = speak.with("report-page", &[("page", page.to_string()), ("of", of.to_string())]);
        let x = PAGE.0 - 2.0 * MARGIN.0 - self.fonts.width(look.face, look.size, &number);
        for (kind, x, text) in
            [(ArtifactType::Footer, 0.0, printable(&document.title)), (ArtifactType::PageNumber, x, number)]
        {
            self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(kind)));
            self.mark(&Mark::Text { at: (x, y), look, text });
            self.surface.end_tagged();
        }
    }

    fn mark(&mut self, mark: &Mark) {
        let left = |(x, y): (f32, f32)| (x + MARGIN.0, y);
        match mark {
            Mark::Text { at, look, text } => self.text(left(*at), *look, text),
            Mark::Rect { at, size, colour } => {
                let (x, y) = left(*at);
                // A bar of no length is none.
                let Some(rect) = Rect::from_xywh(x, y, size.0, size.1).filter(|_| size.0 > 0.0) else { return };
                let mut path = PathBuilder::new();
                path.push_rect(rect);
                self.filled(*colour);
                self.path(path);
            }
            Mark::Line { from, to, width, colour, is_dashed } => {
                let (from, to) = (left(*from), left(*to));
                let mut path = PathBuilder::new();
                path.move_to(from.0, from.1);
                path.line_to(to.0, to.1);
                self.surface.set_fill(None);
                self.surface.set_stroke(Some(Stroke {
                    paint: colour_of(*colour).into(),
                    width: *width,
                    dash: is_dashed.then(|| StrokeDash { array: vec![5.0, 3.0], offset: 0.0 }),
                    ..Stroke::default()
                }));
                self.path(path);
            }
        }
    }

    fn text(&mut self, (x, y): (f32, f32), look: Look, text: &str) {
        // Lines are broken by now. A blank that holds words together is the same glyph as any other in many
        // fonts, and readers lose the text behind a glyph that stands for two letters.
        let text = &text.replace('\u{a0}', " ");
        let glyphs = self.fonts.glyphs(look.face, text);
        self.filled(look.colour);
        if look.is_slanted {
            let transform = Transform::from_row(1.0, 0.0, SLANT, 1.0, -SLANT * y, 0.0);
            self.surface.push_transform(&transform);
        }
        let font = self.fonts.font(look.face);
        self.surface.draw_glyphs(Point::from_xy(x, y), &glyphs, font, text, look.size, false);
        if look.is_slanted {
            self.surface.pop();
        }
    }

    fn filled(&mut self, colour: Colour) {
        let paint = colour_of(colour).into();
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill { paint, opacity: NormalizedF32::ONE, rule: FillRule::NonZero }));
    }

    fn path(&mut self, path: PathBuilder) {
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }
}

fn colour_of((red, green, blue): Colour) -> rgb::Color {
    rgb::Color::new(red, green, blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_breaks_the_standard_is_an_error_and_no_file() {
        let mut file = File::new_with(rules().unwrap());
        file.start_page().finish();
        let why = broken(file.finish().unwrap_err()).to_string();
        for lacking in ["would not be accessible", "NoDocumentTitle", "MissingDocumentOutline", "MissingTagging"] {
            assert!(why.contains(lacking), "{why}");
        }
    }
}
