//! What is counted of visits (and, in the same words, of whole calls). Exact, addable, subtractable.

use std::ops::{AddAssign, SubAssign};

use smallvec::SmallVec;

use crate::call::fact::{JourneyFact, Outcome, VisitFact};
use crate::directory::Queue;
use crate::measure::Wait;

macro_rules! counted {
    ($($(#[$doc:meta])* $field:ident),+ $(,)?) => {
        /// Counts of visits. `offered = outside_hours + the ten outcomes + open`; a visit offered
        /// outside hours is in `offered`, `outside_hours` and `answered_outside_hours` only.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Counts {
            $($(#[$doc])* pub $field: i64,)+
            /// Exact counts per threshold, ascending by threshold.
            pub thresholds: SmallVec<[ThresholdCounts; 2]>,
        }

        impl Counts {
            /// Names of the plain counts, in the order of [`Counts::values`]: the stored columns.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($field)),+];

            /// The plain counts, in the order of [`Counts::NAMES`].
            pub fn values(&self) -> [i64; Self::NAMES.len()] {
                [$(self.$field),+]
            }

            /// Counts from values in the order of [`Counts::NAMES`].
            pub fn from_values(values: [i64; Self::NAMES.len()], thresholds: SmallVec<[ThresholdCounts; 2]>) -> Self {
                let [$($field),+] = values;
                Self { $($field,)+ thresholds }
            }

            fn combine(&mut self, other: &Self, sign: i64) {
                $(self.$field += sign * other.$field;)+
                for (place, theirs) in other.thresholds.iter().enumerate() {
                    let ours = self.threshold_mut(place, theirs.threshold_ms);
                    ours.within += sign * theirs.within;
                    ours.abandoned_within += sign * theirs.abandoned_within;
                    ours.on_threshold += sign * theirs.on_threshold;
                }
            }
        }
    };
}

counted! {
    /// Entered or asked for the queue.
    offered,
    /// Answered by an attendant.
    answered,
    /// The caller hung up while waiting, short abandons included.
    abandoned,
    /// Of the abandoned, those within the queue's short limit.
    short_abandoned,
    /// Timeout, ran empty, rule.
    overflowed,
    /// Left by a key.
    key_exit,
    /// Asked to be called back.
    callback,
    /// Given a voicemail box.
    voicemail,
    /// Not let in.
    refused,
    /// Withdrawn, technical.
    system,
    /// The switch restarted under them.
    lost,
    /// No end seen.
    unknown,
    /// Still waiting.
    open,
    /// Offered while closed.
    outside_hours,
    /// Of those, answered all the same.
    answered_outside_hours,
    /// With a beginning or wait worked out and not told.
    derived,
    /// Whose testimonies disagree.
    inconsistent,
    /// With testimony later than the allowed lateness.
    late,
    /// Measured in whole seconds.
    coarse,
    /// Answered with a known wait: denominator of the mean.
    waits_answered,
    /// Sum of the waits of the answered, ms.
    wait_answered_ms,
    /// Abandoned with a known wait.
    waits_abandoned,
    /// Sum of the waits of the abandoned, ms.
    wait_abandoned_ms,
    /// All with a known wait: answered, abandoned and the other ways out.
    waits_all,
    /// Sum of all those waits, ms.
    wait_all_ms,
    /// Conversations with a known length.
    talks,
    /// Sum of those, ms.
    talk_ms,
}

/// Exact counts at one threshold T.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThresholdCounts {
    /// T in milliseconds.
    pub threshold_ms: u32,
    /// Answered with wait <= T.
    pub within: i64,
    /// Abandoned with wait <= T.
    pub abandoned_within: i64,
    /// Answered with wait exactly T: what a whole-second source cannot decide.
    pub on_threshold: i64,
}

/// What counting needs to know of a visit or a whole call.
struct Stay {
    outcome: Option<Outcome>,
    wait: Option<Wait>,
    outside_hours: bool,
}

impl Counts {
    /// Empty counts with a queue's thresholds, all at zero.
    pub fn of_queue(queue: &Queue) -> Self {
        let thresholds = queue.thresholds_ms.iter();
        Self {
            thresholds: thresholds
                .map(|&threshold_ms| ThresholdCounts { threshold_ms, ..Default::default() })
                .collect(),
            ..Self::default()
        }
    }

    /// Counts one visit in (`sign` 1) or out (`sign` -1).
    /// The rules are those that held when it was offered.
    pub fn count_visit(&mut self, fact: &VisitFact, queue: &Queue, sign: i64) {
        let stay = Stay { outcome: fact.outcome, wait: fact.wait, outside_hours: fact.outside_hours };
        self.count(&stay, queue.at(fact.offered), sign);
        self.count_conversation(fact, sign);
    }

    /// Of a visit what may change when all is decided: how it was told, and how long they spoke.
    pub(super) fn count_conversation(&mut self, fact: &VisitFact, sign: i64) {
        if fact.outside_hours {
            return;
        }
        self.derived += sign * i64::from(fact.derived);
        self.inconsistent += sign * i64::from(fact.inconsistent);
        self.late += sign * i64::from(fact.late);
        self.coarse += sign * i64::from(fact.coarse);
        if let Some(talk) = fact.talk {
            self.talks += sign;
            self.talk_ms += sign * i64::from(talk.ms());
        }
    }

    /// Counts one call in or out, by the rules that held for its first queue.
    pub fn count_journey(&mut self, fact: &JourneyFact, queue: &Queue, sign: i64) {
        let stay = Stay { outcome: fact.outcome, wait: fact.wait, outside_hours: fact.outside_hours };
        self.count(&stay, queue.at(fact.offered), sign);
    }

    fn count(&mut self, stay: &Stay, queue: &Queue, sign: i64) {
        self.offered += sign;
        if stay.outside_hours {
            self.outside_hours += sign;
            self.answered_outside_hours += sign * i64::from(stay.outcome == Some(Outcome::Answered));
            return;
        }
        let Some(outcome) = stay.outcome else {
            self.open += sign;
            return;
        };
        *self.outcome_mut(outcome) += sign;
        if matches!(outcome, Outcome::Lost | Outcome::Unknown | Outcome::Refused) {
            return;
        }
        let Some(wait) = stay.wait else { return };
        let wait_ms = i64::from(wait.ms());
        self.waits_all += sign;
        self.wait_all_ms += sign * wait_ms;
        match outcome {
            Outcome::Answered => {
                self.waits_answered += sign;
                self.wait_answered_ms += sign * wait_ms;
            }
            Outcome::Abandoned => {
                self.waits_abandoned += sign;
                self.wait_abandoned_ms += sign * wait_ms;
                let is_short = queue.short_abandon_ms.is_some_and(|limit| wait.ms() <= limit);
                self.short_abandoned += sign * i64::from(is_short);
            }
            _ => return,
        }
        for (place, &threshold_ms) in queue.thresholds_ms.iter().enumerate() {
            let at = self.threshold_mut(place, threshold_ms);
            if wait.ms() > threshold_ms {
                continue;
            }
            if outcome == Outcome::Answered {
                at.within += sign;
                at.on_threshold += sign * i64::from(wait.ms() == threshold_ms);
            } else {
                at.abandoned_within += sign;
            }
        }
    }

    fn outcome_mut(&mut self, outcome: Outcome) -> &mut i64 {
        match outcome {
            Outcome::Answered => &mut self.answered,
            Outcome::Abandoned => &mut self.abandoned,
            Outcome::Overflowed => &mut self.overflowed,
            Outcome::KeyExit => &mut self.key_exit,
            Outcome::Callback => &mut self.callback,
            Outcome::Voicemail => &mut self.voicemail,
            Outcome::Refused => &mut self.refused,
            Outcome::System => &mut self.system,
            Outcome::Lost => &mut self.lost,
            Outcome::Unknown => &mut self.unknown,
        }
    }

    /// X of the definitions: every way out that is neither an answer nor an abandon.
    pub fn other_exits(&self) -> i64 {
        self.overflowed + self.key_exit + self.callback + self.voicemail + self.refused + self.system
    }

    /// In no denominator although offered while open: lost, unknown, still waiting.
    pub fn not_counted(&self) -> i64 {
        self.lost + self.unknown + self.open
    }

    /// Answered, of which no source told how long they had waited. They count as answered; whether
    /// in time, nobody knows, so that they are in no service level. The same holds of the next two.
    pub fn answered_unmeasured(&self) -> i64 {
        self.answered - self.waits_answered
    }

    /// Abandoned, after nobody knows how long.
    pub fn abandoned_unmeasured(&self) -> i64 {
        self.abandoned - self.waits_abandoned
    }

    /// Gone otherwise, after nobody knows how long. Who was refused never waited and is not in it.
    pub fn others_unmeasured(&self) -> i64 {
        self.other_exits() - self.refused - (self.waits_all - self.waits_answered - self.waits_abandoned)
    }

    /// All three.
    pub fn unmeasured(&self) -> i64 {
        self.answered_unmeasured() + self.abandoned_unmeasured() + self.others_unmeasured()
    }

    /// Counts at a threshold; zeros where it is not counted.
    pub fn threshold(&self, threshold_ms: u32) -> ThresholdCounts {
        let found = self.thresholds.iter().find(|counts| counts.threshold_ms == threshold_ms);
        found.copied().unwrap_or(ThresholdCounts { threshold_ms, ..Default::default() })
    }

    /// The counts at a threshold. `place`: where it stands as a rule, since a queue's thresholds seldom change.
    fn threshold_mut(&mut self, place: usize, threshold_ms: u32) -> &mut ThresholdCounts {
        if self.thresholds.get(place).is_some_and(|at| at.threshold_ms == threshold_ms) {
            return &mut self.thresholds[place];
        }
        let at = match self.thresholds.binary_search_by_key(&threshold_ms, |counts| counts.threshold_ms) {
            Ok(at) => at,
            Err(at) => {
                self.thresholds.insert(at, ThresholdCounts { threshold_ms, ..Default::default() });
                at
            }
        };
        &mut self.thresholds[at]
    }

    /// Mean wait of the answered in seconds (ASA), or no data.
    pub fn mean_wait_answered_s(&self) -> Option<f64> {
        mean_s(self.wait_answered_ms, self.waits_answered)
    }

    /// Mean wait of the abandoned in seconds, or no data.
    pub fn mean_wait_abandoned_s(&self) -> Option<f64> {
        mean_s(self.wait_abandoned_ms, self.waits_abandoned)
    }

    /// Mean wait of all who were answered, hung up or left, in seconds, or no data.
    pub fn mean_wait_all_s(&self) -> Option<f64> {
        mean_s(self.wait_all_ms, self.waits_all)
    }

    /// The step of the clocks behind these counts, ms: 1000 as soon as one visit was measured in
    /// whole seconds; `None` where nothing was measured.
    pub fn precision_ms(&self) -> Option<u32> {
        if self.coarse > 0 { Some(1000) } else { (self.offered > self.outside_hours).then_some(1) }
    }
}

fn mean_s(sum_ms: i64, of: i64) -> Option<f64> {
    (of > 0).then(|| sum_ms as f64 / of as f64 / 1000.0)
}

impl AddAssign<&Counts> for Counts {
    fn add_assign(&mut self, other: &Counts) {
        self.combine(other, 1);
    }
}

impl SubAssign<&Counts> for Counts {
    fn sub_assign(&mut self, other: &Counts) {
        self.combine(other, -1);
    }
}
