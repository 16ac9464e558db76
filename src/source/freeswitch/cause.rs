//! What a hang-up cause says of a phone that was rung and not answered.

use crate::event::TransferResult;

/// How a channel ended that was rung and not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It rang out.
    NoAnswer,
    /// Engaged.
    Busy,
    /// Refused.
    Rejected,
    /// Not there.
    Unreachable,
    /// Whoever rang it gave up, or another phone of the group was quicker.
    Cancelled,
    /// Another phone picked the call up.
    PickedUp,
}

impl Ended {
    /// What a cause means, by the name that the switch gives it.
    pub fn of(cause: &str) -> Self {
        match cause {
            "USER_BUSY" => Self::Busy,
            "CALL_REJECTED" | "DECLINE" | "BUSY_EVERYWHERE" => Self::Rejected,
            "NO_ANSWER" | "NO_USER_RESPONSE" | "ALLOTTED_TIMEOUT" | "PROGRESS_TIMEOUT" => Self::NoAnswer,
            "PICKED_OFF" => Self::PickedUp,
            "ORIGINATOR_CANCEL" | "LOSE_RACE" | "NORMAL_CLEARING" | "MANAGER_REQUEST" | "SYSTEM_SHUTDOWN"
            | "ATTENDED_TRANSFER" | "BLIND_TRANSFER" => Self::Cancelled,
            // Not registered, no such number, no way there, or a fault on it: nobody could be rung.
            _ => Self::Unreachable,
        }
    }

    /// What it comes to when no other phone did better.
    pub const fn result(self) -> TransferResult {
        match self {
            Self::NoAnswer => TransferResult::NoAnswer,
            Self::Busy => TransferResult::Busy,
            Self::Rejected => TransferResult::Rejected,
            Self::Unreachable => TransferResult::Unreachable,
            Self::Cancelled | Self::PickedUp => TransferResult::CallerHungUp,
        }
    }
}
