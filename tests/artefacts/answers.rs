//! What the panels' queries were answered, kept for those who draw the panels: by each query's text, in
//! the folder that `SERVICEGRAD_ANSWERS` names. Without that variable nothing is kept. Who draws them,
//! and how, is not known here; see `tests/artefacts/rendered` and `.ci/panels`.

use std::path::PathBuf;

use serde_json::{Map, Value};

/// The answers of one data source.
pub struct Answers {
    folder: Option<PathBuf>,
    kept: Map<String, Value>,
}

impl Answers {
    pub fn new() -> Self {
        Self { folder: std::env::var_os("SERVICEGRAD_ANSWERS").map(PathBuf::from), kept: Map::new() }
    }

    /// Whether anybody wants them.
    pub fn are_wanted(&self) -> bool {
        self.folder.is_some()
    }

    /// Keeps the answer of a query as it stands in the dashboard, variables and all. Where a query is
    /// asked in more than one way, its key says in which.
    pub fn keep(&mut self, query: &str, answer: impl FnOnce() -> Value) {
        if self.are_wanted() && !self.kept.contains_key(query) {
            self.kept.insert(query.to_owned(), answer());
        }
    }

    /// Writes them under the name of their source.
    pub fn write(self, source: &str) {
        if let Some(folder) = self.folder {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(format!("{source}.json")), Value::Object(self.kept).to_string()).unwrap();
        }
    }
}
