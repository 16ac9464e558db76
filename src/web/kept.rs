//! Files of access that commands write and the daemon reads: written whole or not at all, readable
//! by their owner only, read again as soon as they change.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::directory::Directory;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}", path = .path.display())]
pub struct KeptError {
    path: PathBuf,
    why: String,
}

/// Reads the file at `path`; none there: it is empty.
pub fn read<F: DeserializeOwned + Default>(path: &Path) -> Result<F, KeptError> {
    let failed = |why: String| KeptError { path: path.to_owned(), why };
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).map_err(|error| failed(error.to_string())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(F::default()),
        Err(error) => Err(failed(format!("cannot be read: {error}"))),
    }
}

/// Writes the file whole or not at all; only its owner may read it.
pub fn write(path: &Path, file: &impl Serialize) -> Result<(), KeptError> {
    let failed = |why: String| KeptError { path: path.to_owned(), why };
    let text = toml::to_string_pretty(file).map_err(|error| failed(error.to_string()))?;
    let beside = path.with_extension("new");
    let written = || -> std::io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    written().map_err(|error| failed(format!("cannot be written: {error}")))
}

/// What a file comes to: entries by what they are found by.
pub trait Entries: DeserializeOwned + Default {
    /// One of them, checked.
    type Entry: Send + Sync;

    /// All of them. The error says which is wrong, and how.
    fn entries(self, directory: &Directory) -> Result<Vec<Self::Entry>, String>;
}

/// What a file comes to now, as far as it could be read.
#[derive(Debug)]
pub struct Watched<F: Entries> {
    path: Option<PathBuf>,
    known: RwLock<Vec<F::Entry>>,
    seen: Mutex<Option<(SystemTime, u64)>>,
}

impl<F: Entries> Watched<F> {
    /// The file at `path`; `None`: there is none, and so no entry.
    pub fn open(path: Option<&Path>, directory: &Directory) -> Result<Self, KeptError> {
        let watched = Self { path: path.map(Path::to_owned), known: RwLock::new(Vec::new()), seen: Mutex::new(None) };
        watched.look(directory)?;
        Ok(watched)
    }

    /// The entries in force.
    pub fn known(&self) -> RwLockReadGuard<'_, Vec<F::Entry>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the file again if it has changed; whether it has.
    pub fn look(&self, directory: &Directory) -> Result<bool, KeptError> {
        let Some(path) = &self.path else { return Ok(false) };
        let state = std::fs::metadata(path).ok().and_then(|file| Some((file.modified().ok()?, file.len())));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == state && state.is_some() {
            return Ok(false);
        }
        let known = read::<F>(path)?.entries(directory);
        let known = known.map_err(|why| KeptError { path: path.clone(), why })?;
        let was_empty = self.known().is_empty() && known.is_empty();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        *seen = state;
        Ok(!was_empty)
    }
}
