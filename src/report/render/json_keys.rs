//! The keys of the JSON form, as types: what leaves the house. Order of fields is order of keys.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::measure::Share;
use crate::report::render::json_beside::{Comparison, Revision, Tickets, WeekdayHour};

/// A list that JSON shows as an object, in this order.
pub(super) struct Keyed<T>(pub(super) Vec<(String, T)>);

impl<T: Serialize> Serialize for Keyed<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<T> FromIterator<(String, T)> for Keyed<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

#[derive(Serialize)]
pub(super) struct Body<'a> {
    pub(super) period: Period<'a>,
    pub(super) queues: Vec<Queue<'a>>,
    pub(super) units: Vec<Unit<'a>>,
    pub(super) unknown_targets: Legs,
    pub(super) organisations: Vec<Organisation<'a>>,
    pub(super) calls: Calls<'a>,
    pub(super) comparisons: Vec<Comparison<'a>>,
    pub(super) weekday_hours: Option<Vec<WeekdayHour<'a>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tickets: Vec<Tickets<'a>>,
    pub(super) quality: Quality<'a>,
    pub(super) definitions: Keyed<Definition>,
}

#[derive(Serialize)]
pub(super) struct Definition {
    pub(super) version: u32,
    pub(super) formula: &'static str,
}

#[derive(Serialize)]
pub(super) struct Period<'a> {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) zone: &'static str,
    pub(super) status: &'static str,
    pub(super) start: String,
    pub(super) end: String,
    pub(super) made: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) interval: Option<&'static str>,
    /// Which revision is shown, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revision: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_revision: Option<u32>,
    pub(super) revisions: Vec<Revision<'a>>,
}

#[expect(clippy::struct_field_names, reason = "the names are the contract's keys")]
#[derive(Serialize)]
pub(super) struct Queue<'a> {
    pub(super) queue: &'a str,
    pub(super) title: &'a str,
    #[serde(flatten)]
    pub(super) cells: Cells,
    #[serde(flatten)]
    pub(super) doubt: Doubt,
    /// Whether its rules were changed within the period: then a promise that was another is none.
    pub(super) rules_changed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) intervals: Option<Vec<Interval>>,
}

#[derive(Serialize)]
pub(super) struct Interval {
    pub(super) start: String,
    #[serde(flatten)]
    pub(super) cells: Cells,
    #[serde(flatten)]
    pub(super) doubt: Doubt,
}

/// What is counted of visits and of whole calls.
#[derive(Serialize)]
pub(super) struct Cells {
    pub(super) offered: i64,
    pub(super) answered: i64,
    pub(super) abandoned: i64,
    pub(super) short_abandoned: Option<i64>,
    pub(super) overflowed: i64,
    pub(super) key_exit: i64,
    pub(super) callback: i64,
    pub(super) voicemail: i64,
    pub(super) refused: Option<i64>,
    pub(super) system: i64,
    pub(super) outside_hours: i64,
    pub(super) answered_outside_hours: i64,
    pub(super) lost: i64,
    pub(super) unknown: i64,
    pub(super) open: i64,
    pub(super) others: i64,
    pub(super) not_counted: i64,
    pub(super) within: Keyed<Option<i64>>,
    pub(super) abandoned_within: Keyed<Option<i64>>,
    pub(super) on_threshold: Keyed<Option<i64>>,
    pub(super) service_level: Keyed<Keyed<Option<f64>>>,
    pub(super) service_level_share: Keyed<Keyed<Share>>,
    pub(super) objective: Option<Judged>,
    pub(super) answer_rate: Option<f64>,
    pub(super) answer_rate_share: Share,
    pub(super) wait_seconds: Waits,
}

/// What is counted of visits only.
#[derive(Serialize)]
pub(super) struct Doubt {
    pub(super) derived: i64,
    pub(super) inconsistent: i64,
    pub(super) late: i64,
    pub(super) precision_ms: Option<u32>,
    pub(super) talk_seconds: Mean,
}

#[derive(Serialize)]
pub(super) struct Mean {
    pub(super) mean: Option<f64>,
    pub(super) of: i64,
}

#[derive(Serialize)]
pub(super) struct Judged {
    pub(super) threshold_s: serde_json::Number,
    pub(super) target: f64,
    pub(super) definition: &'static str,
    pub(super) version: u32,
    pub(super) value: Option<f64>,
    pub(super) met: Option<bool>,
    pub(super) share: Share,
}

#[derive(Serialize)]
pub(super) struct Waits {
    pub(super) mean: Option<f64>,
    pub(super) mean_abandoned: Option<f64>,
    pub(super) mean_all: Option<f64>,
    pub(super) p50: Option<f64>,
    pub(super) p90: Option<f64>,
    pub(super) p95: Option<f64>,
    pub(super) p99: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) max_all: Option<f64>,
}

#[derive(Serialize)]
pub(super) struct Calls<'a> {
    #[serde(flatten)]
    pub(super) cells: Cells,
    /// Each call by the objective of its first queue; calls of queues without one left out.
    pub(super) own_objective: Option<OwnObjective>,
    pub(super) by_first_queue: Vec<CallsOfQueue<'a>>,
}

#[derive(Serialize)]
pub(super) struct OwnObjective {
    pub(super) value: Option<f64>,
    pub(super) share: Share,
}

#[derive(Serialize)]
pub(super) struct CallsOfQueue<'a> {
    pub(super) queue: &'a str,
    pub(super) title: &'a str,
    #[serde(flatten)]
    pub(super) cells: Cells,
}

#[expect(clippy::struct_field_names, reason = "the names are the contract's keys")]
#[derive(Serialize)]
pub(super) struct Unit<'a> {
    pub(super) unit: &'a str,
    pub(super) title: &'a str,
    pub(super) organisation: &'a str,
    #[serde(flatten)]
    pub(super) legs: Legs,
}

#[expect(clippy::struct_field_names, reason = "the names are the contract's keys")]
#[derive(Serialize)]
pub(super) struct Organisation<'a> {
    pub(super) organisation: &'a str,
    pub(super) title: &'a str,
    pub(super) units: usize,
    #[serde(flatten)]
    pub(super) legs: Legs,
}

#[derive(Serialize)]
pub(super) struct Legs {
    pub(super) transfers: i64,
    pub(super) answered: i64,
    pub(super) outcomes: Keyed<i64>,
    pub(super) open: i64,
    pub(super) short: i64,
    pub(super) not_completed: i64,
    pub(super) apart: i64,
    pub(super) answer_rate: Option<f64>,
    pub(super) answer_rate_share: Share,
    pub(super) few: bool,
    pub(super) journey_rate: Option<f64>,
    pub(super) journey_rate_share: Share,
    pub(super) reached_rate: Option<f64>,
    pub(super) reached_rate_share: Share,
    pub(super) by_kind: Keyed<Share>,
    pub(super) ring_seconds: Mean,
}

#[derive(Serialize)]
pub(super) struct Quality<'a> {
    pub(super) gaps: Vec<Gap<'a>>,
    pub(super) dead_letters: i64,
    pub(super) dead_letters_by_reason: Keyed<i64>,
    pub(super) derived: i64,
    pub(super) unmeasured: i64,
    pub(super) late: i64,
    pub(super) inconsistent: i64,
    pub(super) lost: i64,
    pub(super) unknown: i64,
    pub(super) untold: Keyed<Vec<&'static str>>,
    pub(super) precision_ms: Option<u32>,
}

#[derive(Serialize)]
pub(super) struct Gap<'a> {
    pub(super) source: &'a str,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) reason: Option<&'a str>,
    pub(super) filled_by: Option<&'a str>,
}
