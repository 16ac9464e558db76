//! Before there is a store: live batches are laid into the spool and nowhere else.
//!
//! The server of the store may come up after us, as after a power cut, and a switch does not say twice
//! what it says meanwhile. Nothing is shown of it: who knows only what came since the start knows no
//! figure. It is taken in by the start proper, as what lay in the spool of a daemon that was killed.

use std::sync::Arc;

use crate::call::TrackerSettings;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::engine::away::Nowhere;
use crate::engine::{Engine, Intake};
use crate::store::StoreError;
use crate::store::spool::Spool;

/// A spool, and an engine that only tells senders what was new to it.
pub struct Anteroom {
    engine: Engine,
    spool: Spool,
}

impl Anteroom {
    /// Lays what comes behind what lies in `spool`.
    pub fn new(directory: Arc<Directory>, settings: TrackerSettings, clock: Clock, spool: Spool) -> Self {
        let mut engine = Engine::fresh(directory, settings, Box::new(Nowhere), clock);
        engine.is_away = true;
        Self { engine, spool }
    }

    /// Lays a batch into the spool, safely. After an error nothing of it has been taken.
    pub fn take(&mut self, intake: &mut Intake) -> Result<(), StoreError> {
        self.engine.expire();
        self.spool.append(self.engine.now(), [intake.batch()])?;
        self.engine.take(intake)?;
        self.engine.commit()
    }

    /// Its engine, for a first look that nobody is shown.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The spool with all that came.
    pub fn into_spool(self) -> Spool {
        self.spool
    }

    /// Events that lie in the spool.
    pub fn events(&self) -> u64 {
        self.spool.events()
    }
}
