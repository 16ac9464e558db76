//! How a phone ended that was rung and not answered, and what that comes to for the transfer that rang
//! it: one rule for every switch whose channels are followed.

use crate::event::TransferResult;

/// An attendant who takes a caller back after this much ringing has found nobody there; one who
/// does so sooner has thought better of it. The same limit is kept for callers who hang up.
pub const RANG_OUT_MS: i64 = 5_000;
/// A bridge follows an answer within milliseconds, unless the phone is asked first.
pub const ACCEPTED_MS: i64 = 250;

/// How a phone ended that was rung and not answered.
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

    /// What phones come to that were rung together and all ended like this. `asked_for_ms`: an attendant
    /// who is still there asked them for so long.
    pub fn of_group(ended: &[Self], asked_for_ms: Option<i64>) -> TransferResult {
        if ended.contains(&Self::Cancelled) {
            return match asked_for_ms {
                None => TransferResult::CallerHungUp,
                Some(ms) if ms < RANG_OUT_MS => TransferResult::Withdrawn,
                Some(_) => TransferResult::NoAnswer,
            };
        }
        let by_weight = [Self::NoAnswer, Self::Busy, Self::Rejected, Self::Unreachable];
        by_weight.into_iter().find(|weighty| ended.contains(weighty)).unwrap_or(Self::Unreachable).result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_group_the_most_telling_end_counts() {
        use Ended::{Busy, Cancelled, NoAnswer, Rejected, Unreachable};
        for (ended, asked_for_ms, result) in [
            (&[Busy, NoAnswer, Unreachable][..], None, TransferResult::NoAnswer),
            (&[Rejected, Busy], None, TransferResult::Busy),
            (&[Unreachable, Rejected], None, TransferResult::Rejected),
            (&[Unreachable], Some(9_000), TransferResult::Unreachable),
            (&[Busy, Cancelled], None, TransferResult::CallerHungUp),
            (&[Cancelled], Some(4_999), TransferResult::Withdrawn),
            (&[Cancelled], Some(5_000), TransferResult::NoAnswer),
        ] {
            assert_eq!(Ended::of_group(ended, asked_for_ms), result, "{ended:?} {asked_for_ms:?}");
        }
    }
}
