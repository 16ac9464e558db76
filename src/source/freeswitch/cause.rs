//! What a hang-up cause says of a phone that was rung and not answered.

use crate::source::rung::Ended;

/// What a cause means, by the name that the switch gives it.
pub fn ended(cause: &str) -> Ended {
    match cause {
        "USER_BUSY" => Ended::Busy,
        "CALL_REJECTED" | "DECLINE" | "BUSY_EVERYWHERE" => Ended::Rejected,
        "NO_ANSWER" | "NO_USER_RESPONSE" | "ALLOTTED_TIMEOUT" | "PROGRESS_TIMEOUT" => Ended::NoAnswer,
        "PICKED_OFF" => Ended::PickedUp,
        "ORIGINATOR_CANCEL" | "LOSE_RACE" | "NORMAL_CLEARING" | "MANAGER_REQUEST" | "SYSTEM_SHUTDOWN"
        | "ATTENDED_TRANSFER" | "BLIND_TRANSFER" => Ended::Cancelled,
        // Not registered, no such number, no way there, or a fault on it: nobody could be rung.
        _ => Ended::Unreachable,
    }
}
