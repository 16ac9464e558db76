//! When something happened: instant, whose clock, how precise, and its place among equals.

use serde::{Deserialize, Serialize};

use crate::measure::Moment;

/// How good a testimony is. For *what* happened a journal wins over a live feed, and both over
/// what was worked out; the order of the variants is the order of trust, best last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
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
}

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
    /// The clock's step in milliseconds: 1 or 1000.
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
}
