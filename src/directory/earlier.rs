//! What held of a queue before its rules were changed: so that reports of older months keep the
//! rules under which they were promised, and a late correction is counted as its month is.
//!
//! A change comes with the first of a month: the figures of one month have one definition.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::clock::local_midnight;
use crate::directory::queue::{Objective, ObjectiveSettings, Queue, QueueSettings};
use crate::measure::{Moment, Span};

/// `[[queue.earlier]]`: the keys that were other ones than in the entry after it, or, in the last
/// entry, than today.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierSettings {
    /// The first day on which it was no longer so: the first of a month.
    pub until: NaiveDate,
    /// The thresholds then.
    pub thresholds: Option<Vec<Span>>,
    /// The promise then.
    pub objective: Option<ObjectiveSettings>,
    /// False: nothing was promised then. Default true.
    pub promised: Option<bool>,
    /// The answer rate promised then.
    pub answer_target: Option<f64>,
    /// The limit of a short abandon then, or `"none"`.
    pub short_abandon: Option<String>,
    /// The opening hours then.
    pub hours: Option<String>,
    /// The dated exceptions then.
    pub exceptions: Option<BTreeMap<String, String>>,
}

/// The queue as it was before each change. Complaints are `(key, reason)`.
pub(super) fn check(
    now: &QueueSettings,
    zone: Tz,
    holidays: Option<&str>,
    wrong: &mut Vec<(String, String)>,
) -> Vec<(Moment, Queue)> {
    let mut found = Vec::new();
    let mut later = QueueSettings { earlier: Vec::new(), ..now.clone() };
    let mut next: Option<NaiveDate> = None;
    // Each entry says what was other than in the one after it.
    for (at, entry) in now.earlier.iter().enumerate().rev() {
        let place = |key: &str| format!("earlier[{}].{key}", at + 1);
        if entry.until.day() != 1 {
            wrong
                .push((place("until"), format!("{} is not the first of a month; one month has one rule", entry.until)));
        }
        if next.is_some_and(|next| next <= entry.until) {
            wrong.push((place("until"), "must lie before that of the entry after it".to_owned()));
        }
        next = Some(entry.until);
        later = before(&later, entry);
        match later.check(zone, holidays) {
            Ok(queue) => found.push((local_midnight(entry.until, zone), queue)),
            // What is wrong today has been told already.
            Err(faults) => {
                let own = faults.into_iter().filter(|(key, _)| entry.has(key));
                wrong.extend(own.map(|(key, why)| (place(&key), why)));
            }
        }
    }
    found.reverse();
    found
}

fn before(later: &QueueSettings, entry: &EarlierSettings) -> QueueSettings {
    let mut before = later.clone();
    if let Some(thresholds) = &entry.thresholds {
        before.thresholds.clone_from(thresholds);
    }
    if entry.objective.is_some() || entry.promised == Some(false) {
        before.objective.clone_from(&entry.objective);
    }
    before.answer_target = entry.answer_target.or(before.answer_target);
    if let Some(short_abandon) = &entry.short_abandon {
        before.short_abandon.clone_from(short_abandon);
    }
    before.hours = entry.hours.clone().or(before.hours);
    if let Some(exceptions) = &entry.exceptions {
        before.exceptions.clone_from(exceptions);
    }
    before
}

impl EarlierSettings {
    /// Whether a fault of this key may be its own: thresholds and objective hang together.
    fn has(&self, key: &str) -> bool {
        match key.split('.').next().unwrap_or(key) {
            "thresholds" | "objective" => self.thresholds.is_some() || self.objective.is_some(),
            "answer_target" => self.answer_target.is_some(),
            "short_abandon" => self.short_abandon.is_some(),
            "hours" => self.hours.is_some() || self.exceptions.is_some(),
            _ => false,
        }
    }
}

/// By which rules the visits of a queue are counted and judged, as it is kept with signed figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// Thresholds in milliseconds, ascending.
    pub thresholds_ms: Vec<u32>,
    /// The promise, if there is one.
    pub objective: Option<Objective>,
    /// The limit of a short abandon; `None`: none is short.
    pub short_abandon_ms: Option<u32>,
    /// Opening hours as configured; `None`: always open.
    pub hours: Option<String>,
}

impl Queue {
    /// Its rules.
    pub fn terms(&self) -> Terms {
        Terms {
            thresholds_ms: self.thresholds_ms.clone(),
            objective: self.objective,
            short_abandon_ms: self.short_abandon_ms,
            hours: self.hours.text().map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(text: &str) -> Result<Queue, Vec<(String, String)>> {
        let settings: QueueSettings = toml::from_str(text).unwrap();
        settings.check(chrono_tz::Europe::Stockholm, Some("SE"))
    }

    #[test]
    fn each_month_has_the_rules_that_held_in_it() {
        let queue = queue(
            r#"
            name = "kundtjanst"
            thresholds = ["20s", "60s"]
            objective = { threshold = "20s", target = 0.9 }
            hours = "Mo-Fr 08:00-16:00"
            [[earlier]]
            until = "2025-01-01"
            promised = false
            short_abandon = "none"
            [[earlier]]
            until = "2026-07-01"
            thresholds = ["30s", "60s"]
            objective = { threshold = "30s", target = 0.85 }
            hours = "Mo-Fr 07:00-17:00"
            "#,
        )
        .unwrap();
        let at = |day: &str| queue.at(local_midnight(day.parse().unwrap(), chrono_tz::Europe::Stockholm)).terms();
        let promise = |day: &str| at(day).objective.map(|o| (o.threshold_ms, o.target));
        assert_eq!((promise("2024-12-31"), at("2024-12-31").short_abandon_ms), (None, None));
        assert_eq!(at("2024-12-31").hours.as_deref(), Some("Mo-Fr 07:00-17:00"));
        assert_eq!((promise("2025-01-01"), at("2025-01-01").short_abandon_ms), (Some((30_000, 0.85)), Some(5_000)));
        assert_eq!(promise("2026-06-30"), Some((30_000, 0.85)));
        assert_eq!(promise("2026-07-01"), Some((20_000, 0.9)));
        assert_eq!(at("2026-07-01").hours.as_deref(), Some("Mo-Fr 08:00-16:00"));
    }

    #[test]
    fn a_change_in_the_middle_of_a_month_or_out_of_order_is_refused() {
        let wrong = queue(
            r#"
            name = "kundtjanst"
            [[earlier]]
            until = "2026-07-15"
            [[earlier]]
            until = "2026-07-01"
            objective = { threshold = "45s", target = 0.85 }
            "#,
        )
        .unwrap_err();
        let mut keys: Vec<&str> = wrong.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["earlier[1].until", "earlier[1].until", "earlier[2].objective.threshold"]);
    }
}
