//! The list of formats.

use std::io::{self, Write};

use crate::i18n::Language;
use crate::report::Report;
#[cfg(feature = "pdf")]
use crate::report::render::pdf;
use crate::report::render::{csv, html, json, table, xlsx};

/// A form that a report can take.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// What it is asked for by.
    pub name: &'static str,
    /// Usual end of a file's name, without the dot.
    pub extension: &'static str,
    /// For the web.
    pub media_type: &'static str,
    /// Writes it.
    pub render: fn(&Report, &Style, &mut dyn Write) -> io::Result<()>,
}

/// Every format.
pub const FORMATS: &[Format] = &[
    Format { name: "table", extension: "txt", media_type: "text/plain; charset=utf-8", render: table::render },
    Format { name: "json", extension: "json", media_type: "application/json", render: json::render },
    Format { name: "csv", extension: "csv", media_type: "text/csv; charset=utf-8", render: csv::render },
    Format {
        name: "xlsx",
        extension: "xlsx",
        media_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        render: xlsx::render,
    },
    #[cfg(feature = "pdf")]
    Format { name: "pdf", extension: "pdf", media_type: "application/pdf", render: pdf::render },
    Format { name: "html", extension: "html", media_type: "text/html; charset=utf-8", render: html::render },
];

/// Formats that this program could have been built with and was not, and how one is built that has them.
pub const LEFT_OUT: &[(&str, &str)] = &[
    #[cfg(not(feature = "pdf"))]
    ("pdf", "this build of servicegrad writes no PDF; `cargo build --release --features pdf` makes one that does"),
];

impl Format {
    /// The format of this name. The error says which there are, or how one comes by it.
    pub fn named(name: &str) -> Result<&'static Self, String> {
        let found = FORMATS.iter().find(|format| format.name == name);
        found.ok_or_else(|| {
            let left_out = LEFT_OUT.iter().find(|(left_out, _)| *left_out == name).map(|(_, how)| (*how).to_owned());
            left_out.unwrap_or_else(|| {
                let known: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
                format!("there is no format `{name}`; there are {}", known.join(", "))
            })
        })
    }
}

/// How numbers are written where a spreadsheet reads them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Locale {
    /// RFC 4180: comma between fields, point in numbers.
    #[default]
    Plain,
    /// As a Swedish spreadsheet expects: semicolon between fields, comma in numbers, UTF-8 with a
    /// byte-order mark.
    #[value(name = "sv")]
    Swedish,
}

/// What a reader can choose of the form.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Language of texts for people.
    pub language: Language,
    /// How CSV writes numbers.
    pub locale: Locale,
    /// Terminal colours may be used.
    pub is_colour: bool,
}
