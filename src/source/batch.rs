//! What goes from a source to the engine, and what comes back.

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use crate::event::{CallEvent, Reason, Reject};
use crate::names::SourceId;

/// Most events of one batch. Larger ones are no faster to commit and hold more in memory.
pub const EVENTS_MAX: usize = 5_000;

/// Most batches waiting for the engine. Beyond this a source waits: a file is read later, a sender
/// over TCP or HTTP is answered later.
pub const DELIVERIES_MAX: usize = 16;

/// Events and rejects of one source, in the order of its feed, and how far it has been read with
/// them.
#[derive(Debug, Serialize, Deserialize)]
pub struct Batch {
    /// Which feed.
    pub source: SourceId,
    /// What it said.
    pub events: Vec<CallEvent>,
    /// What could not be used of what it said.
    pub rejects: Vec<Reject>,
    /// How far it has been read, in its own words; committed with the events.
    pub position: Option<String>,
    /// The feed has been read up to the present: its silence from now on means something.
    pub caught_up: bool,
}

impl Batch {
    /// An empty batch of `source`.
    pub fn of(source: SourceId) -> Self {
        Self { source, events: Vec::new(), rejects: Vec::new(), position: None, caught_up: false }
    }

    /// Whether it is as large as a batch may be.
    pub fn is_full(&self) -> bool {
        self.events.len() + self.rejects.len() >= EVENTS_MAX
    }
}

/// A batch on its way to the engine.
#[derive(Debug)]
pub struct Delivery {
    /// What is delivered.
    pub batch: Batch,
    /// Who wants to know when it is committed.
    pub done: Option<oneshot::Sender<Receipt>>,
}

/// What became of one event of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was new.
    Accepted,
    /// It was known already.
    Duplicate,
    /// It could not be used.
    Refused(Reason),
}

/// What became of a batch; sent after its commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Receipt {
    /// Events that were new.
    pub accepted: u64,
    /// Events known already.
    pub duplicates: u64,
    /// What could not be used.
    pub rejected: u64,
    /// What became of each event, in the order of the batch; its rejects are not among them.
    #[serde(skip)]
    pub fates: Vec<Fate>,
}

impl Receipt {
    /// Events and what could not be used, together.
    pub fn total(&self) -> u64 {
        self.accepted + self.duplicates + self.rejected
    }
}

/// The way to the engine.
pub type Sink = mpsc::Sender<Delivery>;
