//! What is counted of transfer legs to a unit. Exact, addable, subtractable.

use crate::call::fact::{LegFact, LegOutcome, UnitJourneyFact};
use crate::event::TransferKind;

/// Counts of the legs to one unit. All but `apart` are of headline legs: sent by an attendant
/// during a visit of a measured queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LegCounts {
    /// Headline legs, whatever became of them.
    pub transfers: i64,
    /// By outcome, in the order of [`LegOutcome::ALL`].
    pub outcomes: [i64; LegOutcome::ALL.len()],
    /// Still ringing, or nobody has told.
    pub open: i64,
    /// Hung up before the short-ring limit, of `caller_hung_up`.
    pub short: i64,
    /// Consultations answered but taken back, of `answered`.
    pub not_completed: i64,
    /// Blind legs that count, and those of them answered.
    pub blind: i64,
    /// Of the blind ones, answered.
    pub blind_answered: i64,
    /// Attended and blonde legs that count.
    pub attended: i64,
    /// Of those, answered.
    pub attended_answered: i64,
    /// Callers ever sent there, by legs that count.
    pub journeys: i64,
    /// Of those, the callers who reached someone.
    pub journeys_reached: i64,
    /// Legs with a known ring time.
    pub rings: i64,
    /// Sum of those, ms.
    pub ring_ms: i64,
    /// Legs that are not in the headline: direct calls, between units, of outbound calls.
    pub apart: i64,
}

impl LegCounts {
    /// Names of the counts in the order of [`LegCounts::values`]: the stored columns.
    pub const NAMES: [&'static str; 27] = [
        "transfers",
        "open",
        "short",
        "not_completed",
        "blind",
        "blind_answered",
        "attended",
        "attended_answered",
        "journeys",
        "journeys_reached",
        "rings",
        "ring_ms",
        "apart",
        "answered",
        "answered_elsewhere",
        "answered_external",
        "voicemail",
        "announcement",
        "busy",
        "rejected",
        "no_answer_recalled",
        "no_answer_dropped",
        "caller_hung_up",
        "unreachable",
        "forwarded",
        "withdrawn",
        "unknown",
    ];

    /// The counts, in the order of [`LegCounts::NAMES`].
    pub fn values(&self) -> [i64; 27] {
        let plain = [
            self.transfers,
            self.open,
            self.short,
            self.not_completed,
            self.blind,
            self.blind_answered,
            self.attended,
            self.attended_answered,
            self.journeys,
            self.journeys_reached,
            self.rings,
            self.ring_ms,
            self.apart,
        ];
        let mut values = [0; 27];
        values[..13].copy_from_slice(&plain);
        values[13..].copy_from_slice(&self.outcomes);
        values
    }

    /// Counts from values in the order of [`LegCounts::NAMES`].
    pub fn from_values(values: [i64; 27]) -> Self {
        let mut outcomes = [0; LegOutcome::ALL.len()];
        outcomes.copy_from_slice(&values[13..]);
        Self {
            transfers: values[0],
            outcomes,
            open: values[1],
            short: values[2],
            not_completed: values[3],
            blind: values[4],
            blind_answered: values[5],
            attended: values[6],
            attended_answered: values[7],
            journeys: values[8],
            journeys_reached: values[9],
            rings: values[10],
            ring_ms: values[11],
            apart: values[12],
        }
    }

    /// Adds (`sign` 1) or takes away (`sign` -1) other counts.
    pub fn combine(&mut self, other: &Self, sign: i64) {
        let (mut ours, theirs) = (self.values(), other.values());
        for (ours, theirs) in ours.iter_mut().zip(theirs) {
            *ours += sign * theirs;
        }
        *self = Self::from_values(ours);
    }

    /// How many ended so.
    pub fn outcome(&self, outcome: LegOutcome) -> i64 {
        self.outcomes[outcome as usize]
    }

    /// Counts one leg in (`sign` 1) or out (`sign` -1).
    pub fn count_leg(&mut self, leg: &LegFact, sign: i64) {
        if !leg.is_headline() {
            self.apart += sign;
            return;
        }
        self.transfers += sign;
        if let Some(ring) = leg.ring {
            self.rings += sign;
            self.ring_ms += sign * i64::from(ring.ms());
        }
        let Some(outcome) = leg.outcome else {
            self.open += sign;
            return;
        };
        self.outcomes[outcome as usize] += sign;
        self.short += sign * i64::from(leg.short);
        self.not_completed += sign * i64::from(leg.not_completed);
        if !leg.counts_in_rate() {
            return;
        }
        let answered = sign * i64::from(outcome.is_reached());
        if leg.kind == TransferKind::Blind {
            self.blind += sign;
            self.blind_answered += answered;
        } else {
            self.attended += sign;
            self.attended_answered += answered;
        }
    }

    /// Counts one caller's journey to the unit in or out.
    pub fn count_journey(&mut self, journey: &UnitJourneyFact, sign: i64) {
        self.journeys += sign;
        self.journeys_reached += sign * i64::from(journey.reached);
    }
}
