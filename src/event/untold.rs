//! What a source leaves untold: the closed list. A figure that hangs on it is absent for that source,
//! never zero, and the report says so.

use serde::{Deserialize, Serialize};

/// Something that a source cannot tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Untold {
    /// How long callers waited: no service level, no mean wait, no short abandons.
    Wait,
    /// How a caller who was not answered left: hung up, moved on by time or rule, by a key. All of
    /// them count as abandoned where they seem to have gone, as overflowed where they went on.
    WayOut,
    /// Callers whom the queue would not let in.
    Refused,
    /// How long conversations were.
    Talk,
    /// Transfers altogether.
    Transfers,
    /// Transfers after a word with the unit: blind ones are told.
    AttendedTransfers,
    /// Whether the unit answered.
    UnitAnswer,
}

impl Untold {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Wait,
        Self::WayOut,
        Self::Refused,
        Self::Talk,
        Self::Transfers,
        Self::AttendedTransfers,
        Self::UnitAnswer,
    ];

    /// The one spelling: API value and part of the text key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::WayOut => "way_out",
            Self::Refused => "refused",
            Self::Talk => "talk",
            Self::Transfers => "transfers",
            Self::AttendedTransfers => "attended_transfers",
            Self::UnitAnswer => "unit_answer",
        }
    }
}
