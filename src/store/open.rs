//! From an address to a store.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use crate::directory::Directory;
use crate::store::sqlite::{SqliteReader, SqliteStore};
use crate::store::{Reader, Store, StoreError};

/// `[store]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// Where figures are kept: `sqlite:PATH`, relative to the working directory. Default
    /// `sqlite:servicegrad.db`.
    #[serde(default = "default_url")]
    pub url: String,
}

fn default_url() -> String {
    "sqlite:servicegrad.db".into()
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self { url: default_url() }
    }
}

impl StoreSettings {
    /// Checks the address; complaints are `(key, reason)`.
    pub fn check(&self) -> Result<(), Vec<(String, String)>> {
        let why = match self.url.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => return Ok(()),
            Some(("postgres" | "postgresql", _)) => "PostgreSQL is not built in yet; write sqlite:PATH".to_owned(),
            _ => format!("`{}` is no store; write sqlite:PATH", self.url),
        };
        Err(vec![("url".into(), why)])
    }
}

/// Opens a store for writing, creating it where there is none.
pub fn open(url: &str, directory: &Arc<Directory>) -> Result<Box<dyn Store>, StoreError> {
    Ok(Box::new(SqliteStore::open(path_of(url)?, Arc::clone(directory))?))
}

/// Opens a store for reading only; it must exist.
pub fn open_reader(url: &str, directory: &Arc<Directory>) -> Result<Box<dyn Reader>, StoreError> {
    Ok(Box::new(SqliteReader::open(path_of(url)?, Arc::clone(directory))?))
}

fn path_of(url: &str) -> Result<&Path, StoreError> {
    let path = url.strip_prefix("sqlite:").filter(|path| !path.is_empty());
    path.map(Path::new)
        .ok_or_else(|| StoreError::Address { url: url.into(), why: "is no store; write sqlite:PATH".into() })
}
