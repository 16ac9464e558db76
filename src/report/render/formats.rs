//! The list of formats.

use std::io::{self, Write};

use crate::i18n::Language;
use crate::report::Report;
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
    Format { name: "html", extension: "html", media_type: "text/html; charset=utf-8", render: html::render },
];

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
