//! What rows mean: the trait, and how events are made of them.

use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::event::json::Unusable;
use crate::event::kind::VisitLabel;
use crate::event::stamp::UNTIMED_MS;
use crate::event::{
    AnsweredBy, CallEvent, EventId, EventKind, Evidence, LeftOutcome, Stamp, TransferKind, TransferResult,
};
use crate::measure::{Moment, Talk, Untold, Wait};
use crate::source::Batch;
use crate::source::records::row::Row;
use crate::source::records::time::Read;

/// What the rows of a kind of record mean. Pure: rows in, events out.
pub trait Story: Send + Sync + std::fmt::Debug {
    /// Columns that are read; true: a source without it is not one of this kind.
    fn columns(&self) -> Vec<(SmolStr, bool)>;

    /// Whether a file with this header is something else that lies beside the records and is left
    /// unread.
    fn is_foreign(&self, _header: &[&str]) -> bool {
        false
    }

    /// Whether the row says nothing of any call.
    fn is_noise(&self, _row: &Row) -> bool {
        false
    }

    /// Rows that have one of these in common are of one call. None: the row is a call.
    fn keys(&self, row: &Row) -> Keys;

    /// Whether more rows of the call are to be waited for.
    fn more(&self, rows: &[Row]) -> More;

    /// The events of one call. `rows` is never empty, in the order of the file.
    fn tell(&self, rows: &[Row], teller: &mut Teller<'_>) -> Result<(), Unusable>;

    /// What such a source cannot tell.
    fn untold(&self) -> Vec<Untold>;
}

/// What rows of one call have in common.
pub type Keys = SmallVec<[SmolStr; 4]>;

/// Whether more rows of a call are to be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum More {
    /// These are all.
    No,
    /// More may come, soon after.
    May,
    /// More must come, whenever the call ends.
    Must,
}

/// Makes events of one call.
#[derive(Debug)]
pub struct Teller<'a> {
    batch: &'a mut Batch,
    precision_ms: u16,
    call: SmolStr,
}

/// A moment, and whether it is known when it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// The moment, or one near it that puts it in its order.
    pub at: Moment,
    /// Whether that is it.
    pub is_known: bool,
}

impl When {
    /// Some time about `at`.
    pub fn about(at: Moment) -> Self {
        Self { at, is_known: false }
    }

    /// This much later.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self { at: self.at.plus_ms(ms), ..self }
    }
}

impl From<Read> for When {
    fn from(read: Read) -> Self {
        Self { at: read.at, is_known: !read.is_doubtful }
    }
}

/// One stay in a queue, as records tell it.
#[derive(Clone, Debug)]
pub struct Stay<'a> {
    /// Where.
    pub queue: &'a str,
    /// When it began.
    pub entered: When,
    /// How it ended, and when.
    pub end: (StayEnd<'a>, When),
    /// How long it was, where told.
    pub wait_ms: Option<i64>,
}

/// How a stay ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StayEnd<'a> {
    /// An attendant answered.
    Answered(Option<&'a str>),
    /// Left unanswered.
    Left(LeftOutcome),
}

/// One transfer, as records tell it.
#[derive(Clone, Debug)]
pub struct Leg<'a> {
    /// How.
    pub kind: TransferKind,
    /// Where to.
    pub target: &'a str,
    /// From which queue; `None`: whose visit it was when it was sent.
    pub queue: Option<&'a str>,
    /// When it was sent.
    pub started: When,
    /// What became of it, and when; `None`: untold.
    pub end: Option<(LegEnd, When)>,
}

/// What became of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegEnd {
    /// Answered.
    Answered(AnsweredBy),
    /// Not.
    Failed(TransferResult),
}

impl<'a> Teller<'a> {
    /// Events of a source whose clock has this step go into `batch`.
    pub fn new(batch: &'a mut Batch, precision_ms: u16) -> Self {
        Self { batch, precision_ms, call: SmolStr::default() }
    }

    /// From now on this call is spoken of.
    pub fn call(&mut self, name: impl AsRef<str>) {
        self.call = SmolStr::new(name);
    }

    /// One event. `part` tells the events of one row apart.
    pub fn say(&mut self, row: &Row, part: &str, when: When, kind: EventKind) {
        let precision_ms = if when.is_known { self.precision_ms } else { UNTIMED_MS };
        self.batch.events.push(CallEvent {
            id: EventId::of(&[&row.hash.to_le_bytes(), part.as_bytes()]),
            stamp: Stamp { at: when.at, order: when.at, ordinal: 0, precision_ms, evidence: Evidence::Record },
            source: None,
            call: self.call.clone(),
            kind,
        });
    }

    /// The call reached the switch.
    pub fn arrived(&mut self, row: &Row, when: When, dialled: Option<&str>) {
        self.say(row, "arrived", when, EventKind::CallStarted { dialled: dialled.map(SmolStr::new), is_part: false });
    }

    /// A stay, told by `row`.
    pub fn stay(&mut self, row: &Row, stay: &Stay<'_>) {
        let queue = SmolStr::new(stay.queue);
        // The row's own name of it, so that two stays in one second keep their ends.
        let visit = Some(VisitLabel(EventId::of(&[&row.hash.to_le_bytes(), stay.queue.as_bytes()]).0));
        let wait = stay.wait_ms.map(Wait::from_ms);
        self.say(row, "entered", stay.entered, EventKind::VisitEntered { queue: queue.clone(), visit });
        let (end, when) = stay.end;
        let kind = match end {
            StayEnd::Answered(agent) => {
                EventKind::VisitAnswered { queue, visit, agent: agent.map(SmolStr::new), wait, ring: None }
            }
            StayEnd::Left(outcome) => EventKind::VisitLeft { queue, visit, outcome, wait },
        };
        self.say(row, "left", when, kind);
    }

    /// The conversation in `queue` ended.
    pub fn over(&mut self, row: &Row, queue: &str, when: When, talk_ms: Option<i64>) {
        let talk = talk_ms.map(Talk::from_ms);
        let kind = EventKind::ConversationEnded { queue: Some(SmolStr::new(queue)), talk, wait: None, by: None };
        self.say(row, "over", when, kind);
    }

    /// A transfer, told by `row`.
    pub fn leg(&mut self, row: &Row, leg: &Leg<'_>) {
        let transfer = smol_str::format_smolstr!("{:016x}", row.hash);
        let sent = EventKind::TransferStarted {
            transfer: transfer.clone(),
            kind: leg.kind,
            target: SmolStr::new(leg.target),
            queue: leg.queue.map(SmolStr::new),
            agent: None,
        };
        self.say(row, "sent", leg.started, sent);
        let Some((end, when)) = leg.end else { return };
        let kind = match end {
            LegEnd::Answered(by) => EventKind::TransferAnswered { transfer, by },
            LegEnd::Failed(result) => EventKind::TransferFailed { transfer, result },
        };
        self.say(row, "leg", when, kind);
    }

    /// A consultation that was answered, after which the attendant took the caller back.
    pub fn taken_back(&mut self, row: &Row, when: When) {
        let transfer = smol_str::format_smolstr!("{:016x}", row.hash);
        self.say(row, "back", when, EventKind::TransferFailed { transfer, result: TransferResult::Withdrawn });
    }

    /// The call is over.
    pub fn ended(&mut self, row: &Row, when: When) {
        self.say(row, "ended", when, EventKind::CallEnded { by: None });
    }
}
