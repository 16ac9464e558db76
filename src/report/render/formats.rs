//! The list of formats.

use crate::i18n::Language;
use crate::report::Report;
use crate::report::render::{csv, json, table};

/// One way to write a report.
#[derive(Debug)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// Writes it.
    pub render: fn(&Report, Language) -> Vec<u8>,
}

/// Every format there is.
pub const FORMATS: &[Format] = &[
    Format { name: "table", render: table::render },
    Format { name: "json", render: |report, _| json::render(report) },
    Format { name: "csv", render: csv::render },
];

/// The format of this name.
pub fn format_named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
