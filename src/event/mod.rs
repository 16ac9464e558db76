//! The canonical call event: what every source translates into, and our public format.
//!
//! Knows the closed set of things that can happen to a call, when they happened and how sure
//! that is, and the JSON form of them. Knows no switch and no queue of ours: names in an event
//! are the switch's own.
//!
//! A transfer is told of from `transfer.started` to `transfer.answered` or `transfer.failed`, with
//! `transfer.ringing` and `transfer.forwarded` between: a forward names the extension that rings in the
//! target's place, and does not end the transfer.
//!
//! - [`kind`]: the event and its types
//! - [`stamp`]: when it happened, by which clock, how precisely, and in which order
//! - [`identity`]: what makes two events the same event
//! - [`json`]: the public form: read, write, limits
//! - [`plain`]: the form in which nearly every line comes, cut at a glance
//! - [`envelope`]: CloudEvents around it · [`body`]: many of them, as they are posted
//! - [`reject`]: why something could not be used · [`mask`]: without anybody's number

pub mod body;
pub mod envelope;
pub mod identity;
pub mod json;
pub mod kind;
pub mod mask;
pub mod plain;
pub mod reject;
pub mod stamp;
mod wire;

pub use identity::EventId;
pub use kind::{
    AgentState, AnsweredBy, CallEvent, EndedBy, EventKind, LeftOutcome, RefusedReason, TransferKind, TransferResult,
};
pub use reject::{Reason, Reject};
pub use stamp::{Evidence, Stamp};
