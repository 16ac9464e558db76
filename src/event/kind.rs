//! The call event and its closed set of types.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::event::{EventId, Stamp};
use crate::measure::{Moment, Ring, Talk, Wait};
use crate::names::CallName;

macro_rules! spelt {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }
        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The one spelling: JSON value, label and text key.
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

spelt!(
    /// How a visit ended that was not answered.
    LeftOutcome {
        /// The caller hung up while waiting.
        Abandoned = "abandoned",
        /// Time ran out, the queue ran empty, or a rule moved the caller on.
        Overflowed = "overflowed",
        /// The caller pressed a key.
        KeyExit = "key_exit",
        /// The caller asked to be called back.
        Callback = "callback",
        /// The caller was given a voicemail box.
        Voicemail = "voicemail",
        /// Withdrawn, or a technical fault.
        System = "system",
    }
);
spelt!(
    /// Why a queue would not take a caller.
    RefusedReason {
        /// As many waiting as it takes.
        Full = "full",
        /// Closed, by the switch's own calendar.
        Closed = "closed",
        /// Nobody logged in.
        Empty = "empty",
    }
);
spelt!(
    /// Who ended a conversation or a call.
    EndedBy {
        /// The caller hung up.
        Caller = "caller",
        /// The attendant or agent hung up.
        Agent = "agent",
        /// It was transferred.
        Transfer = "transfer",
        /// The switch ended it.
        System = "system",
    }
);
spelt!(
    /// How an attendant sends a caller on.
    TransferKind {
        /// Without speaking to the unit first.
        Blind = "blind",
        /// After speaking to the unit.
        Attended = "attended",
        /// Dialled as attended, let go while it still rings.
        Blonde = "blonde",
        /// The caller dialled the unit directly: no attendant sent it.
        Direct = "direct",
    }
);
spelt!(
    /// Who or what answered a transfer.
    AnsweredBy {
        /// A person at the target.
        Person = "person",
        /// Somebody else in the unit: picked up, or forwarded within it.
        Other = "other",
        /// A number outside the switch, such as a mobile.
        External = "external",
        /// A voicemail box.
        Voicemail = "voicemail",
        /// A spoken message.
        Announcement = "announcement",
    }
);
spelt!(
    /// How a transfer failed.
    TransferResult {
        /// It rang out.
        NoAnswer = "no_answer",
        /// Engaged.
        Busy = "busy",
        /// The device refused it.
        Rejected = "rejected",
        /// No such number, or not registered.
        Unreachable = "unreachable",
        /// The caller hung up while it rang.
        CallerHungUp = "caller_hung_up",
        /// It rang out and came back to the switchboard.
        Recalled = "recalled",
        /// The attendant took the caller back.
        Withdrawn = "withdrawn",
        /// It was forwarded to another unit.
        Forwarded = "forwarded",
    }
);
spelt!(
    /// What an attendant is doing.
    AgentState {
        /// Ready for a call.
        Available = "available",
        /// The phone rings.
        Ringing = "ringing",
        /// Talking.
        Busy = "busy",
        /// After-call work.
        Wrapup = "wrapup",
        /// Logged in, not taking calls.
        Paused = "paused",
        /// Logged out.
        Offline = "offline",
    }
);

/// One thing that happened, in canonical form. `source` is filled in by the feed where absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallEvent {
    /// Identity within its source.
    pub id: EventId,
    /// When.
    pub stamp: Stamp,
    /// The event's own word on its source; `None`: that of the feed it came through.
    pub source: Option<SmolStr>,
    /// The switch's name of the call; empty for events about a source, an agent or a queue.
    pub call: CallName,
    /// What.
    pub kind: EventKind,
}

/// What happened. Names are the switch's own. Caller numbers are dropped at the door.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "fields carry the terms of the design's glossary")]
pub enum EventKind {
    /// The call reached the switch. `is_part`: it is no caller's own but part of another call, such as
    /// an attendant's question to a unit, so that nothing of it counts.
    CallStarted { dialled: Option<SmolStr>, is_part: bool },
    /// The call entered a queue.
    VisitEntered { queue: SmolStr, visit: Option<VisitLabel> },
    /// The queue would not take the call.
    VisitRefused { queue: SmolStr, reason: RefusedReason },
    /// A phone began to ring for a waiting caller.
    AgentOffered { queue: SmolStr, agent: SmolStr },
    /// That phone was not answered: an attempt, never an outcome.
    AgentMissed { queue: SmolStr, agent: SmolStr, ring: Option<Ring> },
    /// An attendant answered.
    VisitAnswered {
        queue: SmolStr,
        visit: Option<VisitLabel>,
        agent: Option<SmolStr>,
        wait: Option<Wait>,
        ring: Option<Ring>,
    },
    /// The call left the queue unanswered.
    VisitLeft { queue: SmolStr, visit: Option<VisitLabel>, outcome: LeftOutcome, wait: Option<Wait> },
    /// The conversation with the attendant ended. `queue` and `wait` let an end be used whose
    /// beginning was never seen.
    ConversationEnded { queue: Option<SmolStr>, talk: Option<Talk>, wait: Option<Wait>, by: Option<EndedBy> },
    /// The attendant sends the caller on.
    TransferStarted {
        transfer: SmolStr,
        kind: TransferKind,
        target: SmolStr,
        queue: Option<SmolStr>,
        agent: Option<SmolStr>,
    },
    /// The target rings.
    TransferRinging { transfer: SmolStr },
    /// The target passes the call on to another extension, which rings instead. The end is told of the
    /// transfer as of any other. The first of several counts: to another unit, the unit that was meant
    /// has not answered, whatever becomes of the caller there.
    TransferForwarded { transfer: SmolStr, target: SmolStr },
    /// The target was answered.
    TransferAnswered { transfer: SmolStr, by: AnsweredBy },
    /// The target was not answered.
    TransferFailed { transfer: SmolStr, result: TransferResult },
    /// The call is over.
    CallEnded { by: Option<EndedBy> },
    /// An attendant's state changed.
    AgentChanged { agent: SmolStr, queue: Option<SmolStr>, state: AgentState },
    /// How many wait in a queue right now, by the switch's own count.
    QueueSnapshot { queue: SmolStr, waiting: u32, longest_wait: Option<Wait> },
    /// The switch started anew: what was in flight before is lost.
    SourceStarted,
    /// The switch is about to stop in order.
    SourceStopped,
    /// The source was not heard.
    SourceGap { from: Moment, to: Moment, reason: Option<SmolStr> },
    /// The source is alive.
    SourceHeartbeat,
    /// A ticket was registered; counted by later work, accepted so that senders need not wait.
    TicketCreated { queue: Option<SmolStr>, unit: Option<SmolStr> },
}

/// The switch's name of one visit among those of a call to a queue: a hash of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VisitLabel(pub u64);

impl EventKind {
    /// The type's one spelling, as in the public JSON form.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::CallStarted { .. } => "call.started",
            Self::VisitEntered { .. } => "visit.entered",
            Self::VisitRefused { .. } => "visit.refused",
            Self::AgentOffered { .. } => "agent.offered",
            Self::AgentMissed { .. } => "agent.missed",
            Self::VisitAnswered { .. } => "visit.answered",
            Self::VisitLeft { .. } => "visit.left",
            Self::ConversationEnded { .. } => "conversation.ended",
            Self::TransferStarted { .. } => "transfer.started",
            Self::TransferRinging { .. } => "transfer.ringing",
            Self::TransferForwarded { .. } => "transfer.forwarded",
            Self::TransferAnswered { .. } => "transfer.answered",
            Self::TransferFailed { .. } => "transfer.failed",
            Self::CallEnded { .. } => "call.ended",
            Self::AgentChanged { .. } => "agent.state",
            Self::QueueSnapshot { .. } => "queue.snapshot",
            Self::SourceStarted => "source.started",
            Self::SourceStopped => "source.stopped",
            Self::SourceGap { .. } => "source.gap",
            Self::SourceHeartbeat => "source.heartbeat",
            Self::TicketCreated { .. } => "ticket.created",
        }
    }

    /// Whether the event is about one call, and so must name it.
    pub const fn is_about_call(&self) -> bool {
        !matches!(
            self,
            Self::AgentChanged { .. }
                | Self::QueueSnapshot { .. }
                | Self::SourceStarted
                | Self::SourceStopped
                | Self::SourceGap { .. }
                | Self::SourceHeartbeat
                | Self::TicketCreated { .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_read_back() {
        for outcome in LeftOutcome::ALL {
            assert_eq!(LeftOutcome::parse(outcome.as_str()), Some(*outcome));
        }
        assert_eq!(TransferResult::parse("answered"), None);
    }
}
