//! The compact form in which a call keeps its events: what each testified, by whom, and when.
//!
//! Ring attempts are not kept: they are never an outcome.

use ahash::AHashMap;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::directory::Directory;
use crate::event::identity::EventId;
use crate::event::kind::VisitLabel;
use crate::event::{
    AnsweredBy, CallEvent, EndedBy, EventKind, Evidence, LeftOutcome, RefusedReason, Stamp, TransferKind,
    TransferResult,
};
use crate::measure::{Moment, Talk, Wait};
use crate::names::{QueueId, SourceId};

/// A switch-side queue, interned by [`SwitchQueues`]. In the stored form, a position in the list
/// of names beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SwitchQueue(pub u32);

/// One event, as a call keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Testimony {
    /// Identity within the source.
    pub id: EventId,
    /// When.
    pub stamp: Stamp,
    /// It came later than the allowed lateness.
    pub late: bool,
    /// What.
    pub what: Milestone,
}

/// The events of a call. So many stand in the call itself, which most calls never exceed.
pub type Testimonies = SmallVec<[Testimony; 4]>;

/// The feeds of one switch, best first where they tell of the same stay in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Witness {
    /// The queue's own journal: says why a caller left, in whole seconds.
    Journal,
    /// A journal of channels with a fine clock: to it a queue is a channel that waits.
    FineJournal,
    /// Told as it happened.
    Live,
    /// Written when the call was over.
    Record,
}

impl Witness {
    /// Every one, best first.
    pub const ALL: [Self; 4] = [Self::Journal, Self::FineJournal, Self::Live, Self::Record];

    /// Whose testimony it is.
    pub fn of(testimony: &Testimony) -> Self {
        match (testimony.stamp.evidence, testimony.stamp.is_coarse()) {
            (Evidence::Journal, true) => Self::Journal,
            (Evidence::Journal, false) => Self::FineJournal,
            (Evidence::Record, _) => Self::Record,
            _ => Self::Live,
        }
    }
}

/// What a testimony says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the event of the same name")]
pub enum Milestone {
    /// The call reached the switch.
    Arrived,
    /// It entered a queue.
    Entered { queue: SwitchQueue, visit: Option<VisitLabel> },
    /// A queue would not take it.
    Refused { queue: SwitchQueue, reason: RefusedReason },
    /// An attendant answered.
    Answered { queue: SwitchQueue, visit: Option<VisitLabel>, wait: Option<Wait> },
    /// It left the queue unanswered.
    Left { queue: SwitchQueue, visit: Option<VisitLabel>, outcome: LeftOutcome, wait: Option<Wait> },
    /// The conversation ended.
    Over { queue: Option<SwitchQueue>, talk: Option<Talk>, wait: Option<Wait> },
    /// It was sent on to a unit.
    Sent(Box<Sent>),
    /// The target rings.
    Ringing { transfer: TransferKey },
    /// The target passed the call on to another extension.
    Forwarded { transfer: TransferKey, target: Box<str> },
    /// The target answered.
    Taken { transfer: TransferKey, by: AnsweredBy },
    /// The target did not answer.
    Failed { transfer: TransferKey, result: TransferResult },
    /// The call is over.
    Ended { by: Option<EndedBy> },
    /// It is no caller's own but part of another call.
    Part,
}

/// The start of a transfer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// Which transfer of the call.
    pub transfer: TransferKey,
    /// How.
    pub kind: TransferKind,
    /// The extension dialled.
    pub target: SmolStr,
    /// From which queue, where told.
    pub queue: Option<SwitchQueue>,
}

/// The switch's name of a transfer within its call: a hash of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransferKey(pub u64);

impl Testimony {
    /// The place of this testimony among those of its call. Journals keep the order of their
    /// lines; others go by time; among equals the order in which such things happen decides, then
    /// the identity, so that the order is the same however the testimonies came.
    pub fn place(&self) -> (Moment, u32, u8, EventId) {
        (self.stamp.order, self.stamp.ordinal, self.rank(), self.id)
    }

    fn rank(&self) -> u8 {
        match self.what {
            Milestone::Arrived | Milestone::Part => 0,
            Milestone::Entered { .. } => 1,
            Milestone::Refused { .. } => 2,
            Milestone::Answered { .. } | Milestone::Left { .. } => 3,
            Milestone::Over { .. } => 4,
            Milestone::Sent(_) => 5,
            Milestone::Ringing { .. } | Milestone::Forwarded { .. } => 6,
            Milestone::Taken { .. } | Milestone::Failed { .. } => 7,
            Milestone::Ended { .. } => 8,
        }
    }
}

impl Milestone {
    /// What `event` testifies of a call; `None` for what is not kept of a call. Names of queues are
    /// interned in `queues`.
    pub fn of(event: &CallEvent, source: SourceId, queues: &mut SwitchQueues, directory: &Directory) -> Option<Self> {
        let transfer = |name: &SmolStr| TransferKey(EventId::of(&[name.as_bytes()]).0);
        let mut intern = |queue: &SmolStr| queues.intern(source, queue, directory);
        Some(match &event.kind {
            EventKind::CallStarted { is_part: true, .. } => Self::Part,
            EventKind::CallStarted { .. } => Self::Arrived,
            EventKind::VisitEntered { queue, visit } => Self::Entered { queue: intern(queue), visit: *visit },
            EventKind::VisitRefused { queue, reason } => Self::Refused { queue: intern(queue), reason: *reason },
            EventKind::VisitAnswered { queue, visit, wait, .. } => {
                Self::Answered { queue: intern(queue), visit: *visit, wait: *wait }
            }
            EventKind::VisitLeft { queue, visit, outcome, wait } => {
                Self::Left { queue: intern(queue), visit: *visit, outcome: *outcome, wait: *wait }
            }
            EventKind::ConversationEnded { queue, talk, wait, .. } => {
                Self::Over { queue: queue.as_ref().map(&mut intern), talk: *talk, wait: *wait }
            }
            EventKind::TransferStarted { transfer: name, kind, target, queue, .. } => Self::Sent(Box::new(Sent {
                transfer: transfer(name),
                kind: *kind,
                target: target.clone(),
                queue: queue.as_ref().map(&mut intern),
            })),
            EventKind::TransferRinging { transfer: name } => Self::Ringing { transfer: transfer(name) },
            EventKind::TransferForwarded { transfer: name, target } => {
                Self::Forwarded { transfer: transfer(name), target: target.as_str().into() }
            }
            EventKind::TransferAnswered { transfer: name, by } => Self::Taken { transfer: transfer(name), by: *by },
            EventKind::TransferFailed { transfer: name, result } => {
                Self::Failed { transfer: transfer(name), result: *result }
            }
            EventKind::CallEnded { by } => Self::Ended { by: *by },
            _ => return None,
        })
    }

    /// The queue that it names, to be replaced when names are written out and read back.
    pub fn queue_mut(&mut self) -> Option<&mut SwitchQueue> {
        match self {
            Self::Entered { queue, .. }
            | Self::Refused { queue, .. }
            | Self::Answered { queue, .. }
            | Self::Left { queue, .. } => Some(queue),
            Self::Over { queue, .. } => queue.as_mut(),
            Self::Sent(sent) => sent.queue.as_mut(),
            _ => None,
        }
    }
}

/// Names of switch-side queues, each with the measured queue that it feeds.
#[derive(Debug, Default)]
pub struct SwitchQueues {
    /// By source and the switch's name.
    by_name: Vec<AHashMap<SmolStr, SwitchQueue>>,
    list: Vec<(SmolStr, Option<QueueId>)>,
}

/// Most switch-side queue names told apart. Real switches have hundreds; a flood of made-up names
/// beyond this shares one unmeasured name, so that memory stays bounded.
pub const SWITCH_QUEUES_MAX: usize = 50_000;

impl SwitchQueues {
    /// The interned form of `name` as `source` uses it.
    pub fn intern(&mut self, source: SourceId, name: &SmolStr, directory: &Directory) -> SwitchQueue {
        if let Some(known) = self.by_name.get(source.index()).and_then(|names| names.get(name)) {
            return *known;
        }
        let measured = directory.queue_fed_by(source, name);
        if self.list.len() >= SWITCH_QUEUES_MAX && measured.is_none() && !name.is_empty() {
            return self.intern(source, &SmolStr::new_static(""), directory);
        }
        let new = SwitchQueue(self.list.len() as u32);
        self.list.push((name.clone(), measured));
        if self.by_name.len() <= source.index() {
            self.by_name.resize_with(source.index() + 1, AHashMap::new);
        }
        self.by_name[source.index()].insert(name.clone(), new);
        new
    }

    /// The measured queue that a switch-side queue feeds.
    pub fn measured(&self, queue: SwitchQueue) -> Option<QueueId> {
        self.list.get(queue.0 as usize).and_then(|(_, measured)| *measured)
    }

    /// The switch's names of those that feed no measured queue.
    pub fn unmeasured(&self) -> impl Iterator<Item = &str> {
        self.list.iter().filter(|(_, measured)| measured.is_none()).map(|(name, _)| name.as_str())
    }

    /// The switch's name of it.
    pub fn name(&self, queue: SwitchQueue) -> &str {
        self.list.get(queue.0 as usize).map_or("", |(name, _)| name.as_str())
    }
}
