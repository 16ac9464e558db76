//! A batch on its way in.

use crate::source::batch::{Batch, Receipt};

/// A batch on its way in. Kept by the caller, so that a store that fails in between can be tried
/// again from where it stood.
#[derive(Debug)]
pub struct Intake {
    pub(super) batch: Batch,
    /// Events that have been taken.
    pub(super) next: usize,
    /// Rejects that have been taken.
    pub(super) refused: usize,
    pub(super) receipt: Receipt,
}

impl Intake {
    /// A batch of which nothing has been taken.
    pub fn new(batch: Batch) -> Self {
        Self { batch, next: 0, refused: 0, receipt: Receipt::default() }
    }

    /// The batch, as it came.
    pub fn batch(&self) -> &Batch {
        &self.batch
    }

    /// What has been taken so far; an answer to the sender after the commit only.
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// The same, of a batch that has been taken whole.
    pub fn into_receipt(self) -> Receipt {
        self.receipt
    }
}
