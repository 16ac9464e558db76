//! When something happened: instant, whose clock, how precise, and its place among equals.

use serde::{Deserialize, Serialize};

use crate::measure::Moment;

/// How good a testimony is. For *what* happened a journal wins over a live feed, a live feed over a
/// record of the finished call, and all of them over what was worked out: that is their order. The
/// variants are stored by their place in this list, so a new one comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Worked out from other testimony.
    Derived,
    /// Stamped by us on arrival: the event carried no time (`clock: receiver`).
    Receiver,
    /// Told live by the switch, with the switch's own clock.
    #[default]
    Live,
    /// Read from the switch's own journal, which can be read again.
    Journal,
    /// Read from a record that the switch wrote when the call was over.
    Record,
}

impl Evidence {
    const fn trust(self) -> u8 {
        match self {
            Self::Derived => 0,
            Self::Receiver => 1,
            Self::Record => 2,
            Self::Live => 3,
            Self::Journal => 4,
        }
    }
}

impl PartialOrd for Evidence {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Evidence {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.trust().cmp(&other.trust())
    }
}

/// The step of a clock that says only before and after: see [`Stamp::is_untimed`].
pub const UNTIMED_MS: u16 = u16::MAX;

/// When an event happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The instant, by the clock that `evidence` names.
    pub at: Moment,
    /// Where it stands in its journal: the latest second the journal had reached. Equals `at`
    /// except after a clock that stepped back, since lines of a journal are never reordered.
    pub order: Moment,
    /// Ordinal among the lines of one call within one second of a journal; 0 for other feeds.
    pub ordinal: u32,
    /// The clock's step in milliseconds: 1, 1000, 60 000, or [`UNTIMED_MS`].
    pub precision_ms: u16,
    /// Whose testimony.
    pub evidence: Evidence,
}

impl Stamp {
    /// A switch's own live time stamp with millisecond precision.
    pub fn live(at: Moment) -> Self {
        Self { at, order: at, ordinal: 0, precision_ms: 1, evidence: Evidence::Live }
    }

    /// Whether the clock behind this stamp counts whole seconds only.
    pub fn is_coarse(self) -> bool {
        self.precision_ms >= 1000
    }

    /// Whether it is known that it happened, and between what, but not when: a record that tells of
    /// an answer without its time, or an hour that the clocks of autumn or spring leave in doubt.
    /// Nothing is measured from or to such a moment.
    pub fn is_untimed(self) -> bool {
        self.precision_ms == UNTIMED_MS
    }
}
