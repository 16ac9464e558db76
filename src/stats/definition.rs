//! The definitions, by id and version: what is the numerator, what the denominator.
//!
//! Letters as in the design: T threshold, A answered, B abandoned (short ones included), X all
//! other ways out, s the queue's short limit. Outside hours, lost, unknown and open are in no
//! denominator. An empty denominator is no data. Of visits whose wait no source tells nobody knows
//! whether they were in time: they are in the answer rate and in no service level.

use crate::call::fact::Outcome;
use crate::measure::Share;
use crate::names::DefinitionId;
use crate::stats::Counts;

/// The version of the six built-in definitions; goes up when one of them changes meaning.
pub const VERSION: u32 = 1;

/// The formula in letters, for reports and the API.
pub const fn formula(definition: DefinitionId) -> &'static str {
    match definition {
        DefinitionId::OfAnswered => "A<=T / A",
        DefinitionId::OfAnsweredAndAbandoned => "A<=T / (A + B)",
        DefinitionId::OfOffered => "A<=T / (A + B + X)",
        DefinitionId::ShortAbandonsIgnored => "A<=T / (A + B + X - B<=s)",
        DefinitionId::AbandonsWithinIgnored => "A<=T / (A + B + X - B<=T)",
        DefinitionId::AbandonsWithinMet => "(A<=T + B<=T) / (A + B + X)",
    }
}

/// The service level of `counts` at a threshold, by a definition.
pub fn service_level(counts: &Counts, threshold_ms: u32, definition: DefinitionId) -> Share {
    let at = counts.threshold(threshold_ms);
    let answered = counts.answered - counts.answered_unmeasured();
    let abandoned = counts.abandoned - counts.abandoned_unmeasured();
    let finished = answered + abandoned + counts.other_exits() - counts.others_unmeasured();
    match definition {
        DefinitionId::OfAnswered => Share { met: at.within, of: answered },
        DefinitionId::OfAnsweredAndAbandoned => Share { met: at.within, of: answered + abandoned },
        DefinitionId::OfOffered => Share { met: at.within, of: finished },
        DefinitionId::ShortAbandonsIgnored => Share { met: at.within, of: finished - counts.short_abandoned },
        DefinitionId::AbandonsWithinIgnored => Share { met: at.within, of: finished - at.abandoned_within },
        DefinitionId::AbandonsWithinMet => Share { met: at.within + at.abandoned_within, of: finished },
    }
}

/// The answer rate: A / (A + B + X - B<=s).
pub fn answer_rate(counts: &Counts) -> Share {
    let finished = counts.answered + counts.abandoned + counts.other_exits();
    Share { met: counts.answered, of: finished - counts.short_abandoned }
}

/// Whether one finished visit met the threshold by a definition; `None`: not in its denominator.
/// The same judgement as [`service_level`] makes of sums,
/// which a test holds.
pub fn verdict(
    definition: DefinitionId,
    outcome: Outcome,
    wait_ms: u32,
    threshold_ms: u32,
    is_short: bool,
) -> Option<bool> {
    let within = wait_ms <= threshold_ms;
    match outcome {
        Outcome::Lost | Outcome::Unknown => None,
        Outcome::Answered => Some(within),
        Outcome::Abandoned => match definition {
            DefinitionId::OfAnswered => None,
            DefinitionId::OfAnsweredAndAbandoned | DefinitionId::OfOffered => Some(false),
            DefinitionId::ShortAbandonsIgnored => (!is_short).then_some(false),
            DefinitionId::AbandonsWithinIgnored => (!within).then_some(false),
            DefinitionId::AbandonsWithinMet => Some(within),
        },
        _ if matches!(definition, DefinitionId::OfAnswered | DefinitionId::OfAnsweredAndAbandoned) => None,
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::counts::ThresholdCounts;

    /// The design's golden data: A=1000, A<=20s=860, B=60, B<=20s=20, B<=5s=10, X=25.
    fn golden() -> Counts {
        let at = ThresholdCounts { threshold_ms: 20_000, within: 860, abandoned_within: 20, on_threshold: 0 };
        Counts {
            offered: 1085,
            answered: 1000,
            abandoned: 60,
            short_abandoned: 10,
            overflowed: 20,
            key_exit: 5,
            waits_answered: 1000,
            waits_abandoned: 60,
            waits_all: 1085,
            thresholds: [at].into_iter().collect(),
            ..Counts::default()
        }
    }

    #[test]
    fn the_six_definitions_give_the_golden_figures() {
        let expected = ["86.00", "81.13", "79.26", "80.00", "80.75", "81.11"];
        for (definition, expected) in DefinitionId::ALL.into_iter().zip(expected) {
            let level = service_level(&golden(), 20_000, definition).ratio().unwrap();
            assert_eq!(format!("{:.2}", level * 100.0), expected, "{}", definition.as_str());
        }
    }

    #[test]
    fn lost_unknown_open_and_outside_hours_are_in_no_denominator() {
        let mut counts = golden();
        (counts.lost, counts.unknown, counts.open, counts.outside_hours) = (7, 7, 7, 7);
        counts.offered += 28;
        for definition in DefinitionId::ALL {
            assert_eq!(service_level(&counts, 20_000, definition), service_level(&golden(), 20_000, definition));
        }
        assert_eq!(answer_rate(&counts), answer_rate(&golden()));
    }

    #[test]
    fn whose_wait_nobody_knows_is_in_no_service_level() {
        let mut counts = golden();
        (counts.answered, counts.abandoned, counts.overflowed) = (1100, 70, 30);
        for definition in DefinitionId::ALL {
            assert_eq!(service_level(&counts, 20_000, definition), service_level(&golden(), 20_000, definition));
        }
        assert_eq!((counts.unmeasured(), answer_rate(&counts)), (120, Share { met: 1100, of: 1195 }));
        let untold = Counts { offered: 9, answered: 5, abandoned: 3, overflowed: 1, ..Counts::default() };
        for definition in DefinitionId::ALL {
            assert_eq!(service_level(&untold, 20_000, definition).ratio(), None);
        }
    }

    #[test]
    fn nothing_offered_is_no_data() {
        for definition in DefinitionId::ALL {
            assert_eq!(service_level(&Counts::default(), 30_000, definition).ratio(), None);
        }
        assert_eq!(answer_rate(&Counts::default()).ratio(), None);
    }
}
