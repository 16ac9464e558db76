//! Where each value in force came from.

use std::collections::BTreeMap;

use config::{Value, ValueKind};

/// Prefix of environment variables that override the file: `SERVICEGRAD__STORE__URL`. Two underscores follow it,
/// since `SERVICEGRAD_PORT` and the like are what Kubernetes tells each container of a service of
/// that name, and no settings.
pub const ENVIRONMENT: &str = "SERVICEGRAD";

/// Where values came from, by key: `store.url`, `queue[1].hours`.
#[derive(Clone, Debug, Default)]
pub struct Origins(BTreeMap<String, String>);

impl Origins {
    /// Those of a merged tree.
    pub(super) fn of(tree: &config::Map<String, Value>) -> Self {
        let mut origins = Self::default();
        for (key, value) in tree {
            origins.note(key.clone(), value);
        }
        origins
    }

    fn note(&mut self, key: String, value: &Value) {
        match &value.kind {
            ValueKind::Table(table) => {
                for (name, value) in table {
                    self.note(format!("{key}.{name}"), value);
                }
            }
            ValueKind::Array(items) if items.iter().any(|item| matches!(item.kind, ValueKind::Table(_))) => {
                items.iter().enumerate().for_each(|(at, item)| self.note(format!("{key}[{}]", at + 1), item));
            }
            _ => {
                let from = value.origin().unwrap_or_default();
                let from = if from == "the environment" { variable(&key) } else { from.to_owned() };
                self.0.insert(key, from);
            }
        }
    }

    /// Where the value of `key`, or of something in it, came from: a file, a variable, or `default`.
    pub fn from(&self, key: &str) -> &str {
        let is_in =
            |found: &str| found.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        self.0.range(key.to_owned()..).find(|(found, _)| is_in(found)).map_or("default", |(_, from)| from)
    }

    /// The environment variable that set `key`, if one did.
    pub fn variable_of(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|from| *from == variable(key))
    }
}

/// The variable that sets `key`.
fn variable(key: &str) -> String {
    format!("{ENVIRONMENT}__{}", key.replace('.', "__").to_uppercase())
}
