//! The units' rates: per attempt (the headline), per journey, and reached including voicemail.

use crate::call::fact::LegOutcome;
use crate::measure::Share;
use crate::stats::LegCounts;

/// Fewest legs for a rate to be shown at full weight; below it stands greyed beside its n.
pub const LEGS_MIN: i64 = 10;

/// Legs in the denominator: all headline legs that have ended, less withdrawn, unknown and short.
fn eligible(counts: &LegCounts) -> i64 {
    counts.transfers
        - counts.open
        - counts.short
        - counts.outcome(LegOutcome::Withdrawn)
        - counts.outcome(LegOutcome::Unknown)
}

fn answered(counts: &LegCounts) -> i64 {
    counts.outcome(LegOutcome::Answered)
        + counts.outcome(LegOutcome::AnsweredElsewhere)
        + counts.outcome(LegOutcome::AnsweredExternal)
}

/// The unit answer rate per attempt: answered there, by whomever, of all legs that count.
pub fn per_attempt(counts: &LegCounts) -> Share {
    Share { met: answered(counts), of: eligible(counts) }
}

/// Per journey: callers who reached someone in the unit, of the callers ever sent there.
pub fn per_journey(counts: &LegCounts) -> Share {
    Share { met: counts.journeys_reached, of: counts.journeys }
}

/// As per attempt, with voicemail and spoken messages counted as reached.
pub fn reached(counts: &LegCounts) -> Share {
    let machines = counts.outcome(LegOutcome::Voicemail) + counts.outcome(LegOutcome::Announcement);
    Share { met: answered(counts) + machines, of: eligible(counts) }
}
