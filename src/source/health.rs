//! How a source fares, for the surfaces: written by the source, read by the engine.

use std::sync::{Arc, Mutex, PoisonError};

use crate::measure::Span;

/// How a source fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Its file is open, its listener up, its line connected.
    pub is_up: bool,
    /// Bytes not yet read, where it can tell.
    pub behind_bytes: u64,
    /// What is wrong, in words.
    pub trouble: Option<String>,
    /// Not heard for longer than this while a queue of it is open, it counts as silent.
    pub silent_after: Option<Span>,
}

/// A source's health, shared.
#[derive(Clone, Debug, Default)]
pub struct HealthBoard(Arc<Mutex<Health>>);

impl HealthBoard {
    /// The board of a source that counts as silent after this long.
    pub fn of(silent_after: Option<Span>) -> Self {
        Self(Arc::new(Mutex::new(Health { silent_after, ..Health::default() })))
    }

    /// How the source fares now.
    pub fn read(&self) -> Health {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All is well, with this much still to read.
    pub fn up(&self, behind_bytes: u64) {
        self.write(true, behind_bytes, None);
    }

    /// Something is wrong. Says whether that is news, so that it is logged once.
    pub fn down(&self, trouble: impl Into<String>) -> bool {
        self.write(false, 0, Some(trouble.into()))
    }

    fn write(&self, is_up: bool, behind_bytes: u64, trouble: Option<String>) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = known.trouble != trouble;
        *known = Health { is_up, behind_bytes, trouble, silent_after: known.silent_after };
        is_news
    }
}
