//! The talking half of a feed that is dialled: what is said to the switch, beside listening to it.
//!
//! Pure like [`Decode`]: bytes come in through [`Decode::feed`], what is to be sent comes out of
//! [`Dialogue::say`]. Connecting, encrypting, waiting and trying again are written once, in
//! [`dial`](crate::source::dial).

use crate::measure::{Moment, Span};
use crate::source::{Batch, Decode};

/// How far a conversation with a switch has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Greeting, logging in, or asking for what goes on now.
    Greeting,
    /// Logged in and brought up to the present.
    Ready,
    /// The switch will not have us: what was wrong, and what to do about it.
    Refused(String),
}

/// A feed that is dialled.
///
/// The caller connects, calls [`Dialogue::connected`], then feeds what comes and sends what
/// [`Dialogue::say`] gives after each step, and lets time pass with [`Dialogue::tick`] about once a
/// second. When the line breaks it calls [`Dialogue::lost`]. It also keeps the gap: a dialogue
/// need not.
pub trait Dialogue: Decode + Sync {
    /// A new connection stands. Of the one before only what [`Decode::save`] would give is kept.
    fn connected(&mut self, now: Moment);

    /// Everything to be sent since the last time, in order; empty when there is nothing.
    fn say(&mut self) -> Vec<u8>;

    /// Time passes: keep-alive is put by for [`Dialogue::say`], and what was waited for is decided.
    fn tick(&mut self, now: Moment, batch: &mut Batch);

    /// The line broke.
    fn lost(&mut self, now: Moment, batch: &mut Batch);

    /// How far the conversation has come.
    fn standing(&self) -> Standing;

    /// How long the switch may be silent before the line is taken for dead.
    fn silence_max(&self) -> Span;

    /// What was found out about the switch, for people: version, missing rights, queues seen.
    fn findings(&self) -> Findings;
}

/// What `check` tells of a switch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The switch's own word on what it is.
    pub version: Option<String>,
    /// Names of its queues.
    pub queues: Vec<String>,
    /// What is missing or wrong, each with what to do.
    pub troubles: Vec<String>,
    /// What could not be found out by listening for a moment.
    pub notes: Vec<String>,
    /// How far its clock is ahead of ours, ms, where it can be told.
    pub clock_ahead_ms: Option<i64>,
}

/// A clock that is this far from ours is worth a word.
const CLOCK_AHEAD_MS: i64 = 2_000;

impl Findings {
    /// How far the switch's clock is ahead of ours, ms, where it is known; too far is a trouble.
    pub fn tell_clock(&mut self, ahead_ms: Option<i64>) {
        self.clock_ahead_ms = ahead_ms;
        if let Some(ahead_ms) = ahead_ms.filter(|ahead_ms| ahead_ms.abs() > CLOCK_AHEAD_MS) {
            let way = if ahead_ms > 0 { "ahead of" } else { "behind" };
            let seconds = ahead_ms.abs() / 1000;
            self.troubles.push(format!(
                "the switch's clock is {seconds} s {way} ours: waits are right, but calls fall into the wrong quarter-hour; set both by NTP"
            ));
        }
    }
}
