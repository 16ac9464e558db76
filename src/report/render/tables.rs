//! Any document as JSON: its tables with their keys, numbers as numbers. For pages and programs that
//! want what people read; the report itself has a form of its own, in `json`.

use std::io::{self, Write};

use serde_json::{Map, Value as Json, json};

use crate::i18n::Language;
use crate::report::document::{Block, Document, Speak, Table, Value};
#[cfg(feature = "pdf")]
use crate::report::render::pdf;
use crate::report::render::{html, table, xlsx};

/// A form that a document can take that is no report.
#[derive(Clone, Copy, Debug)]
pub struct DocumentFormat {
    /// What it is asked for by.
    pub name: &'static str,
    /// Writes it.
    pub render: fn(&Document, Language, &mut dyn Write) -> io::Result<()>,
}

/// Every such form.
pub const DOCUMENT_FORMATS: &[DocumentFormat] = &[
    DocumentFormat {
        name: "table",
        render: |document, language, out| table::write(document, Speak(language), false, out),
    },
    DocumentFormat { name: "json", render: |document, _, out| write(document, out) },
    DocumentFormat {
        name: "xlsx",
        render: |document, language, out| {
            out.write_all(&xlsx::workbook(document, Speak(language)).map_err(io::Error::other)?)
        },
    },
    #[cfg(feature = "pdf")]
    DocumentFormat { name: "pdf", render: pdf::write },
    DocumentFormat {
        name: "html",
        render: |document, language, out| out.write_all(html::page(document, Speak(language)).into_string().as_bytes()),
    },
];

fn write(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &body(document))?;
    out.write_all(b"\n")
}

/// The document as a value.
pub fn body(document: &Document) -> Json {
    let blocks = document.chapters.iter().flat_map(|chapter| &chapter.blocks);
    let (mut tables, mut notes) = (Vec::new(), Vec::new());
    for block in blocks {
        match block {
            Block::Text(text) => notes.push(text.clone()),
            Block::Table(table) => tables.push(tabled(table)),
        }
    }
    json!({ "title": document.title, "notes": notes, "tables": tables })
}

fn tabled(table: &Table) -> Json {
    let rows = table.rows.iter().map(|row| {
        let cells = table.columns.iter().zip(&row.cells).map(|(column, value)| (column.id.clone(), celled(value)));
        Json::Object(cells.collect::<Map<_, _>>())
    });
    json!({ "id": table.id, "caption": table.caption, "rows": rows.collect::<Vec<_>>() })
}

fn celled(value: &Value) -> Json {
    match value {
        Value::Text(text) => json!(text),
        Value::Whole(number) => json!(number),
        other => json!(other.number()),
    }
}
