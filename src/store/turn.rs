//! Whose turn it is to write, as one program knows it: what it has seen of the lease while it waited,
//! and by which number it leads.
//!
//! The lease itself is the server's; a file is one program's as long as it lives.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use crate::store::StoreError;

/// It does not lead yet.
const NONE: i64 = 0;
/// It holds a file, which nobody can take from it.
const OF_FILE: i64 = -1;

/// By which number a program leads, for all that it writes beside the figures: letters, what alerts and
/// reports remember, the upkeep. What is written behind a fence is written while that number is the
/// last, or not at all.
#[derive(Clone, Debug, Default)]
pub struct Fence(Arc<AtomicI64>);

impl Fence {
    /// From now on the program leads, by this number.
    pub(super) fn lead_by(&self, epoch: i64) {
        self.0.store(epoch, Ordering::Release);
    }

    /// The same on a file.
    pub(super) fn lead_file(&self) {
        self.lead_by(OF_FILE);
    }

    /// The number. A program that does not lead writes nothing, and must not remember what it reads:
    /// another may change it.
    pub(super) fn epoch(&self) -> Result<i64, StoreError> {
        match self.0.load(Ordering::Acquire) {
            NONE => Err(StoreError::Refused { why: "this program does not lead yet".to_owned() }),
            epoch => Ok(epoch),
        }
    }
}

/// What a program knows that waits for its turn, or has it.
#[derive(Debug, Default)]
pub struct Turn {
    /// The lease as it was last seen: its epoch, until when it holds, and since when it has stood so.
    seen: Option<(i64, i64, Instant)>,
    /// How often it was renewed under our eyes: its holder lives.
    renewals: u32,
    fence: Fence,
}

impl Turn {
    /// How long the lease has stood so.
    pub(super) fn still(&mut self, epoch: i64, until: i64) -> Duration {
        match self.seen {
            Some((seen, held, since)) if (seen, held) == (epoch, until) => since.elapsed(),
            seen => {
                self.renewals += u32::from(seen.is_some_and(|(before, ..)| before == epoch));
                self.seen = Some((epoch, until, Instant::now()));
                Duration::ZERO
            }
        }
    }

    /// Whether another program leads and lives.
    pub fn is_taken(&self) -> bool {
        self.renewals > 1
    }

    /// For those who write beside the figures.
    pub fn fence(&self) -> &Fence {
        &self.fence
    }
}
