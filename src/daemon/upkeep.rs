//! The store looked after, on a thread of its own and a connection of its own, beside the engine.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::clock::{CalmClock, Clock};
use crate::config::Config;
use crate::directory::Directory;
use crate::measure::Span;
use crate::store::upkeep::UpkeepSettings;
use crate::store::{self, Fence, StoreError, StoreSettings};

/// How soon a stop is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A month that is closed by a clock that runs ahead is closed too soon, and what is let go by it is
/// gone: a step of the clock must have lasted this long.
const STEP_LASTS_MS: i64 = 60 * 60 * 1000;

/// What it needs.
struct Keeping {
    store: StoreSettings,
    fence: Fence,
    directory: Arc<Directory>,
    settings: UpkeepSettings,
    stale_after: Span,
    clock: CalmClock,
    stop: watch::Receiver<bool>,
}

/// Starts it; it ends when `stop` turns true.
pub(super) fn start(config: &Config, fence: &Fence, clock: &Clock, stop: watch::Receiver<bool>) -> JoinHandle<()> {
    let keeping = Keeping {
        store: config.store.clone(),
        fence: fence.clone(),
        directory: Arc::clone(&config.directory),
        settings: config.upkeep.clone(),
        stale_after: config.tracker.stale_after,
        clock: CalmClock::new(clock.clone(), STEP_LASTS_MS),
        stop,
    };
    std::thread::spawn(move || keeping.run())
}

impl Keeping {
    fn run(mut self) {
        let every = self.settings.every.to_std();
        loop {
            let due = Instant::now() + every;
            while Instant::now() < due {
                // A start that failed has let go of its end.
                if *self.stop.borrow() || self.stop.has_changed().is_err() {
                    return;
                }
                self.clock.now();
                std::thread::sleep(LOOK_EVERY);
            }
            // The next pass tries again.
            if let Err(error) = self.pass() {
                tracing::warn!(%error, "the store could not be looked after; it is tried again");
            }
        }
    }

    fn pass(&self) -> Result<(), StoreError> {
        let keeper = store::open_upkeep_of(&self.store, &self.directory, &self.fence)?;
        let go_on = || !*self.stop.borrow();
        let passed = keeper.pass(&self.settings, self.clock.peek(), self.stale_after, &go_on)?;
        for (month, revision) in passed.signed {
            let month = keeper.spoken(month);
            tracing::info!(month, revision, "a month is closed, or revised; its figures stay as they now are");
        }
        let gone = passed.let_go;
        if gone.rows() > 0 {
            let (calls, facts, quarters) = (gone.calls, gone.facts, gone.quarters);
            tracing::info!(calls, facts, quarters, dead_letters = gone.dead_letters, "what is old was let go");
        }
        for (month, queue) in keeper.changed_rules()? {
            let month = keeper.spoken(month);
            tracing::warn!(
                month,
                queue,
                "the month was signed under other rules than the configuration has for it; say in [[queue.earlier]] what held then"
            );
        }
        Ok(())
    }
}
