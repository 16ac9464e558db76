//! Questions to the store: a few readers that wait for nobody, so that many questions at once are
//! slow for those who ask and not for the intake.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::store::{Reader, StoreError};

/// Questions at once; each holds a connection and a thread.
pub const READERS_MAX: usize = 4;
/// How long a question waits for a reader before it is told to come again.
const PLACE_WAIT: Duration = Duration::from_secs(10);

type Open = Box<dyn Fn() -> Result<Box<dyn Reader + Send>, StoreError> + Send + Sync>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// The store could not.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// As many questions are under way as may be.
    #[error("as many questions are under way as may be; ask again")]
    Busy,
    /// The question came to no end: a defect.
    #[error("the question came to no end")]
    Broken,
}

/// The readers.
pub struct Readers {
    open: Open,
    idle: Mutex<Vec<Box<dyn Reader + Send>>>,
    places: Semaphore,
}

impl Readers {
    /// Readers that are opened by `open` as they are needed.
    pub fn new(open: Open) -> Self {
        Self { open, idle: Mutex::new(Vec::new()), places: Semaphore::new(READERS_MAX) }
    }

    /// Asks the store, on a thread that may wait.
    pub async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&dyn Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Unanswered> {
        let Ok(Ok(_place)) = tokio::time::timeout(PLACE_WAIT, self.places.acquire()).await else {
            return Err(Unanswered::Busy);
        };
        let readers = Arc::clone(self);
        let asked = tokio::task::spawn_blocking(move || {
            let idle = readers.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let reader = idle.map_or_else(|| (readers.open)(), Ok)?;
            // A reader whose question failed may have lost its connection and is let go.
            let answer = question(&*reader)?;
            readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            Ok(answer)
        });
        asked.await.unwrap_or(Err(Unanswered::Broken))
    }
}
