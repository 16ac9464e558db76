//! The fonts of the system: found, read and measured. None is shipped.
//!
//! Text is set letter by letter, without ligatures and kerning: figures stand under each other, and the
//! languages of the reports need no more.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

/// Where systems keep their fonts.
const FOLDERS: [&str; 3] = ["/usr/share/fonts", "/usr/local/share/fonts", "/run/current-system/sw/share/X11/fonts"];
/// Files of the usual and the bold letters; the first pair that is there is taken. All three have every
/// letter of the reports.
const FAMILIES: [[&str; 2]; 3] = [
    ["LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"],
    ["NotoSans-Regular.ttf", "NotoSans-Bold.ttf"],
    ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"],
];
/// Folders that are looked into, so that a link to everything does not keep us busy.
const FOLDERS_MAX: usize = 2_000;
/// Widths are sums of rounded numbers: what a text may be wider than its room, points.
const SLACK: f32 = 0.01;
/// What stands for a letter that a font lacks. Whoever copies or listens gets the letter all the same.
const MISSING: char = '?';

/// How heavy letters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Usual.
    Regular,
    /// Bold.
    Bold,
}

/// A font in both weights.
pub struct Fonts {
    regular: Letters,
    bold: Letters,
}

struct Letters {
    font: Font,
    /// Glyph and width, in parts of the size.
    glyphs: HashMap<char, (u32, f32)>,
}

impl Fonts {
    /// The first font that this system has of those that have every letter of the reports.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn of_system() -> io::Result<Self> {
        Self::below(&FOLDERS.map(PathBuf::from))
    }

    fn below(folders: &[PathBuf]) -> io::Result<Self> {
        let files = files_below(folders);
        let paths = FAMILIES.iter().find_map(|[regular, bold]| Some([files.get(*regular)?, files.get(*bold)?]));
        let [regular, bold] = paths.ok_or_else(|| {
            let looked: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
            let families = "Liberation Sans, Noto Sans or DejaVu Sans";
            io::Error::other(format!(
                "a PDF needs {families}, in usual and bold, and there is none below {}; on Debian and Ubuntu install \
                 fonts-liberation",
                looked.join(", ")
            ))
        })?;
        Ok(Self { regular: Letters::read(regular)?, bold: Letters::read(bold)? })
    }

    fn letters(&self, face: Face) -> &Letters {
        match face {
            Face::Regular => &self.regular,
            Face::Bold => &self.bold,
        }
    }

    /// The font itself.
    pub fn font(&self, face: Face) -> Font {
        self.letters(face).font.clone()
    }

    /// How wide a text is.
    pub fn width(&self, face: Face, size: f32, text: &str) -> f32 {
        let letters = self.letters(face);
        text.chars().map(|letter| letters.glyph(letter).1).sum::<f32>() * size
    }

    /// A text as glyphs.
    pub fn glyphs(&self, face: Face, text: &str) -> Vec<KrillaGlyph> {
        let letters = self.letters(face);
        let glyph = |(at, letter): (usize, char)| {
            let (id, width) = letters.glyph(letter);
            KrillaGlyph::new(GlyphId::new(id), width, 0.0, 0.0, 0.0, at..at + letter.len_utf8(), None)
        };
        text.char_indices().map(glyph).collect()
    }

    /// A text as lines of at most `width`, broken where words end; a word that is wider is broken as
    /// well. The blank at which a line was broken stays at its end: it is how listeners tell words apart.
    pub fn wrap(&self, face: Face, size: f32, width: f32, text: &str) -> Vec<String> {
        let mut lines = vec![String::new()];
        let mut used = 0.0;
        for word in text.split_inclusive(' ') {
            let wide = self.width(face, size, word.trim_end_matches(' '));
            if used > 0.0 && used + wide > width + SLACK {
                lines.push(String::new());
                used = 0.0;
            }
            for letter in word.chars() {
                let wide = self.letters(face).glyph(letter).1 * size;
                if used > 0.0 && used + wide > width + SLACK && letter != ' ' {
                    lines.push(String::new());
                    used = 0.0;
                }
                if let Some(line) = lines.last_mut() {
                    line.push(letter);
                }
                used += wide;
            }
        }
        lines
    }
}

impl Letters {
    fn read(path: &Path) -> io::Result<Self> {
        let unfit = || io::Error::other(format!("{}: is no font that can be used", path.display()));
        let bytes = std::fs::read(path)
            .map_err(|error| io::Error::other(format!("{}: cannot be read: {error}", path.display())))?;
        let letters = Self::of(&bytes).ok_or_else(unfit)?;
        let font = Font::new(bytes.into(), 0).ok_or_else(unfit)?;
        Ok(Self { font, glyphs: letters })
    }

    fn of(bytes: &[u8]) -> Option<HashMap<char, (u32, f32)>> {
        let font = FontRef::new(bytes).ok()?;
        let unscaled = LocationRef::default();
        let per_em = f32::from(font.metrics(Size::unscaled(), unscaled).units_per_em);
        let widths = font.glyph_metrics(Size::unscaled(), unscaled);
        let letter = |(code, glyph): (u32, skrifa::GlyphId)| {
            let width = widths.advance_width(glyph)?;
            Some((char::from_u32(code)?, (glyph.to_u32(), width / per_em)))
        };
        let glyphs: HashMap<_, _> = font.charmap().mappings().filter_map(letter).collect();
        (per_em > 0.0 && glyphs.contains_key(&MISSING)).then_some(glyphs)
    }

    fn glyph(&self, letter: char) -> (u32, f32) {
        let found = self.glyphs.get(&letter).or_else(|| self.glyphs.get(&MISSING));
        found.copied().unwrap_or_default()
    }
}

/// The files below some folders, by name. The first of a name counts.
fn files_below(folders: &[PathBuf]) -> HashMap<String, PathBuf> {
    let mut found = HashMap::new();
    let mut waiting: Vec<PathBuf> = folders.iter().rev().cloned().collect();
    let mut looked = 0;
    while let Some(folder) = waiting.pop().filter(|_| looked < FOLDERS_MAX) {
        looked += 1;
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else if let Ok(name) = entry.file_name().into_string() {
                found.entry(name).or_insert(path);
            }
        }
    }
    found
}

/// A text without what a PDF must not hold: control characters and marks that are no characters.
pub fn printable(text: &str) -> String {
    let is_mark = |letter: char| matches!(letter, '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    text.chars()
        .filter(|letter| !is_mark(*letter))
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_without_fonts_is_told_what_to_install() {
        let empty = tempfile::tempdir().unwrap();
        let why = Fonts::below(&[empty.path().to_owned()]).err().unwrap().to_string();
        assert!(why.contains("install fonts-liberation") && why.contains(&empty.path().display().to_string()), "{why}");
        for name in FAMILIES[0] {
            std::fs::write(empty.path().join(name), "no font").unwrap();
        }
        let why = Fonts::below(&[empty.path().to_owned()]).err().unwrap().to_string();
        assert!(why.contains("LiberationSans-Regular.ttf: is no font that can be used"), "{why}");
    }

    #[test]
    fn lines_break_between_words_and_within_a_word_that_is_too_long() {
        let fonts = Fonts::of_system().unwrap();
        let fits = fonts.width(Face::Regular, 10.0, "besvarade inom");
        assert_eq!(
            fonts.wrap(Face::Regular, 10.0, fits + 0.1, "besvarade inom 30\u{a0}s"),
            ["besvarade inom ", "30\u{a0}s"]
        );
        let lines = fonts.wrap(Face::Regular, 10.0, fits, &"m".repeat(60));
        assert!(
            lines.len() > 3 && lines.iter().all(|line| fonts.width(Face::Regular, 10.0, line) <= fits),
            "{lines:?}"
        );
        assert_eq!(lines.concat(), "m".repeat(60));
        assert_eq!(fonts.wrap(Face::Regular, 10.0, fits, ""), [""]);
    }

    #[test]
    fn figures_are_as_wide_as_each_other_and_a_letter_that_is_not_there_has_a_stand_in() {
        let fonts = Fonts::of_system().unwrap();
        for face in [Face::Regular, Face::Bold] {
            let widths: Vec<f32> = ('0'..='9').map(|figure| fonts.width(face, 10.0, &figure.to_string())).collect();
            assert!(widths.iter().all(|width| *width == widths[0] && *width > 0.0), "{widths:?}");
            for letter in ['å', 'Ö', '−', '±', '–', '…', '\u{a0}'] {
                assert!(fonts.letters(face).glyphs.contains_key(&letter), "{letter}");
            }
        }
        assert_eq!(fonts.width(Face::Regular, 10.0, "\u{13000}"), fonts.width(Face::Regular, 10.0, "?"));
        assert_eq!(printable("a\0b\u{feff}\n"), "a b ");
    }
}
