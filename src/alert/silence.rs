//! What somebody wants to hear no more of for a while, with who and why.

use serde::{Deserialize, Serialize};

use crate::alert::watch::Key;
use crate::measure::Moment;

/// Longest silence: what lasts longer is a setting.
pub const SILENCE_MS_MAX: i64 = 31 * 86_400_000;
/// Most silences that are in force at once.
pub const SILENCES_MAX: usize = 1_000;

/// A silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its number.
    pub id: u64,
    /// Name of the rule; `None`: any.
    pub alert: Option<String>,
    /// Labels that an alert must have.
    pub labels: Vec<(String, String)>,
    /// From when.
    pub from: Moment,
    /// Until when.
    pub until: Moment,
    /// Who asked for it.
    pub by: String,
    /// Why.
    pub comment: String,
    /// When it was ended before its time.
    pub ended: Option<Moment>,
}

impl Silence {
    /// Whether it is in force at `at`.
    pub fn is_in_force(&self, at: Moment) -> bool {
        self.ended.is_none() && self.from <= at && at < self.until
    }

    /// Whether it covers an alert at `at`.
    pub fn covers(&self, key: &Key, at: Moment) -> bool {
        self.is_in_force(at)
            && self.alert.as_ref().is_none_or(|alert| *alert == key.alert)
            && self.labels.iter().all(|(name, value)| key.label(name) == Some(value))
    }
}
