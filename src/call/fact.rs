//! What is said of a call: visits, transfer legs, the journey; and how that changes.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::event::TransferKind;
use crate::measure::{Moment, Ring, Talk, Wait};
use crate::names::{CallKey, OrganisationId, QueueId, UnitId};

macro_rules! outcomes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }
        impl $name {
            /// Every one, in the order of the design.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The one spelling: column, label, API value, text key.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
            /// Reads the one spelling.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

outcomes!(
    /// How a visit ended. Exclusive.
    Outcome {
        /// An attendant answered.
        Answered = "answered",
        /// The caller hung up while waiting.
        Abandoned = "abandoned",
        /// Timeout, queue ran empty, or a rule.
        Overflowed = "overflowed",
        /// The caller left by a key.
        KeyExit = "key_exit",
        /// The caller asked to be called back.
        Callback = "callback",
        /// The caller was given a voicemail box.
        Voicemail = "voicemail",
        /// The queue would not take the call.
        Refused = "refused",
        /// Withdrawn, or technical.
        System = "system",
        /// The switch restarted under it.
        Lost = "lost",
        /// No end seen before the stale limit.
        Unknown = "unknown",
    }
);
outcomes!(
    /// How a transfer leg ended. Exclusive.
    LegOutcome {
        /// A person at the target.
        Answered = "answered",
        /// Picked up or forwarded inside the unit.
        AnsweredElsewhere = "answered_elsewhere",
        /// A number outside the switch.
        AnsweredExternal = "answered_external",
        /// A voicemail box.
        Voicemail = "voicemail",
        /// A spoken message.
        Announcement = "announcement",
        /// Engaged.
        Busy = "busy",
        /// The device refused it.
        Rejected = "rejected",
        /// Rang out and came back to the switchboard within a minute.
        NoAnswerRecalled = "no_answer_recalled",
        /// Rang out, and that was that.
        NoAnswerDropped = "no_answer_dropped",
        /// The caller hung up while it rang.
        CallerHungUp = "caller_hung_up",
        /// No such number, or not registered.
        Unreachable = "unreachable",
        /// Forwarded to another unit.
        Forwarded = "forwarded",
        /// Taken back by the attendant.
        Withdrawn = "withdrawn",
        /// The data cannot tell.
        Unknown = "unknown",
    }
);

/// One stay of one call in one measured queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitFact {
    /// The measured queue.
    pub queue: QueueId,
    /// Visit number among those of this call to this queue, from 1.
    pub number: u16,
    /// When it was offered: the moment its wait began (the queue's clock).
    pub offered: Moment,
    /// How it ended; `None`: still waiting.
    pub outcome: Option<Outcome>,
    /// When it was answered, abandoned or left.
    pub decided: Option<Moment>,
    /// Offered to decided. `None` while waiting, and where it cannot be known.
    pub wait: Option<Wait>,
    /// Answered to the end of the conversation, where known.
    pub talk: Option<Talk>,
    /// Whether the conversation is over (or there never was one).
    pub over: bool,
    /// Offered while the queue was closed.
    pub outside_hours: bool,
    /// Its beginning, or its wait, was worked out and not told.
    pub derived: bool,
    /// Testimonies disagree by more than 2 s, or a span was negative.
    pub inconsistent: bool,
    /// Some of its testimony came later than the allowed lateness.
    pub late: bool,
    /// The switch counts whole seconds only.
    pub coarse: bool,
}

/// One attempt to send a caller on to a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegFact {
    /// Number among the legs of this call, from 1, by start.
    pub number: u16,
    /// The queue in whose visit the attendant sent it; `None`: not sent from a measured queue.
    pub queue: Option<QueueId>,
    /// Blind, attended, blonde or direct.
    pub kind: TransferKind,
    /// The extension dialled.
    pub target: SmolStr,
    /// The unit it belonged to at that moment.
    pub unit: UnitId,
    /// Whose unit.
    pub organisation: OrganisationId,
    /// When it was sent.
    pub started: Moment,
    /// How it ended; `None`: still ringing, or nobody has told.
    pub outcome: Option<LegOutcome>,
    /// How long it rang, where known.
    pub ring: Option<Ring>,
    /// The caller hung up before the short-ring limit: left out of the unit's rate.
    pub short: bool,
    /// A consultation that was answered and then taken back.
    pub not_completed: bool,
}

impl LegOutcome {
    /// Whether somebody answered there; a machine is nobody.
    pub const fn is_reached(self) -> bool {
        matches!(self, Self::Answered | Self::AnsweredElsewhere | Self::AnsweredExternal)
    }
}

impl LegFact {
    /// Whether the leg is in the denominator of the unit's answer rate: headline, ended, and
    /// neither withdrawn, unknown nor a short ring.
    pub fn counts_in_rate(&self) -> bool {
        self.is_headline()
            && !self.short
            && !matches!(self.outcome, None | Some(LegOutcome::Withdrawn | LegOutcome::Unknown))
    }

    /// Sent by an attendant during a visit of a measured queue: in the headline rate.
    pub fn is_headline(&self) -> bool {
        self.queue.is_some() && self.kind != TransferKind::Direct
    }
}

/// The whole way of a call that visited at least one measured queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JourneyFact {
    /// Queue of the first visit: its objective and calendar hold.
    pub queue: QueueId,
    /// When the first visit was offered.
    pub offered: Moment,
    /// Answered if answered in any queue; else that of the last visit; `None`: still waiting.
    pub outcome: Option<Outcome>,
    /// When that was decided.
    pub decided: Option<Moment>,
    /// From the first entry to that answer or end.
    pub wait: Option<Wait>,
    /// The first visit was offered while its queue was closed.
    pub outside_hours: bool,
}

/// What one caller got from one unit, over all the headline legs that led there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitJourneyFact {
    /// The unit.
    pub unit: UnitId,
    /// Whose unit.
    pub organisation: OrganisationId,
    /// Start of the first leg there that counts.
    pub started: Moment,
    /// Somebody there was reached.
    pub reached: bool,
}

/// All that is said of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFacts {
    /// Visits, by queue and number.
    pub visits: SmallVec<[VisitFact; 1]>,
    /// Transfer legs, by number.
    pub legs: SmallVec<[LegFact; 0]>,
    /// The journey, where there is a visit.
    pub journey: Option<JourneyFact>,
    /// Journeys to units, by unit.
    pub unit_journeys: SmallVec<[UnitJourneyFact; 0]>,
    /// Ends whose beginning was never seen and cannot be worked out.
    pub orphans: u16,
}

/// Something said of a call that is no longer so, is newly so, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// About a visit.
    Visit(Was<VisitFact>),
    /// About a transfer leg.
    Leg(Was<LegFact>),
    /// About the journey.
    Journey(Was<JourneyFact>),
    /// About a journey to a unit.
    UnitJourney(Was<UnitJourneyFact>),
}

/// What was said before, and what is said now; never both absent, never equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Was<T> {
    /// Said before.
    pub was: Option<T>,
    /// Said now.
    pub is: Option<T>,
}

/// The changes of one call in one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallChanges {
    /// Which call.
    pub key: CallKey,
    /// What changed.
    pub changes: Vec<Change>,
}

impl CallFacts {
    /// Replaces every queue and unit by what `queue` and `unit` answer; facts about those that are
    /// unknown there are left out.
    pub fn rename(
        &mut self,
        mut queue: impl FnMut(QueueId) -> Option<QueueId>,
        mut unit: impl FnMut(UnitId) -> Option<UnitId>,
    ) {
        let mut set_queue = |id: &mut QueueId| queue(*id).map(|new| *id = new).is_some();
        let mut set_unit = |id: &mut UnitId| unit(*id).map(|new| *id = new).is_some();
        self.visits.retain(|visit| set_queue(&mut visit.queue));
        self.legs.retain(|leg| leg.queue.as_mut().is_none_or(&mut set_queue) && set_unit(&mut leg.unit));
        self.journey = self.journey.take().and_then(|mut journey| set_queue(&mut journey.queue).then_some(journey));
        self.unit_journeys.retain(|journey| set_unit(&mut journey.unit));
    }
}
