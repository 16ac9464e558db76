//! How a source fares, for the surfaces: written by the source, read by the engine.

use std::sync::{Arc, Mutex, PoisonError};

/// How a source fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Its file is open, its listener up, its line connected.
    pub is_up: bool,
    /// Bytes not yet read, where it can tell.
    pub behind_bytes: u64,
    /// What is wrong, in words.
    pub trouble: Option<String>,
}

/// A source's health, shared.
#[derive(Clone, Debug, Default)]
pub struct HealthBoard(Arc<Mutex<Health>>);

impl HealthBoard {
    /// How the source fares now.
    pub fn read(&self) -> Health {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All is well, with this much still to read.
    pub fn up(&self, behind_bytes: u64) {
        self.write(Health { is_up: true, behind_bytes, trouble: None });
    }

    /// Something is wrong. Says whether that is news, so that it is logged once.
    pub fn down(&self, trouble: impl Into<String>) -> bool {
        let trouble = Some(trouble.into());
        self.write(Health { is_up: false, behind_bytes: 0, trouble })
    }

    fn write(&self, health: Health) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = known.trouble != health.trouble;
        *known = health;
        is_news
    }
}
