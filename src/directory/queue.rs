//! A measured queue: our own stable name for what one or several switches call something else,
//! so that history survives a change of switch.

use serde::{Deserialize, Serialize};

use crate::directory::Hours;
use crate::directory::earlier::{self, EarlierSettings};
use crate::measure::{Moment, Span};
use crate::names::DefinitionId;

/// `[[queue]]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueSettings {
    /// Our name: a slug of `a-z 0-9 - _`. Never change it; change the title instead.
    pub name: String,
    /// What people read. Default: the name.
    pub title: Option<String>,
    /// The switch-side queues that feed it. Default: the queue of this name on every source.
    #[serde(default)]
    pub from: Vec<SwitchQueue>,
    /// Service-level thresholds, 1 s to 1 h, at most eight. Default: 30 s and 60 s.
    #[serde(default = "default_thresholds")]
    pub thresholds: Vec<Span>,
    /// The promise: one of the thresholds, its target, and by which definition. Default: none.
    pub objective: Option<ObjectiveSettings>,
    /// The answer rate promised, above 0 and at most 1, for alerts and dashboards. Default: none.
    pub answer_target: Option<f64>,
    /// A caller who hangs up within this is a short abandon; `"none"`: nobody is. Default 5 s.
    #[serde(default = "default_short_abandon")]
    pub short_abandon: String,
    /// Opening hours in opening-hours notation; `PH` are the public holidays. Default: always open.
    pub hours: Option<String>,
    /// Dated exceptions to the hours: `"2026-12-23" = "07:30-12:00"`, `"2026-12-31" = "off"`.
    #[serde(default)]
    pub exceptions: std::collections::BTreeMap<String, String>,
    /// Time zone of the hours and the calendar of this queue. Default: the deployment's.
    pub zone: Option<String>,
    /// Where the wait begins: `queued` (default) or `arrived`.
    #[serde(default)]
    pub clock: ClockStart,
    /// What held before some of the above was changed, each until a first of a month. Default: it has
    /// always been so.
    #[serde(default)]
    pub earlier: Vec<EarlierSettings>,
}

/// One switch-side queue: which source, and what the switch calls it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchQueue {
    /// Name of a `[[source]]`.
    pub source: String,
    /// The switch's own name of the queue.
    pub queue: String,
}

/// `objective = { threshold, target, definition }`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectiveSettings {
    /// One of the queue's thresholds.
    pub threshold: Span,
    /// The share promised, above 0 and at most 1.
    pub target: f64,
    /// By which definition. Default: `short_abandons_ignored`.
    #[serde(default)]
    pub definition: DefinitionId,
}

/// Where the wait begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockStart {
    /// When the call entered the queue.
    #[default]
    Queued,
    /// When the call reached the switch, for the call's first visit.
    Arrived,
}

/// A measured queue, checked.
#[derive(Debug)]
pub struct Queue {
    /// Our name: a slug.
    pub name: String,
    /// What people read.
    pub title: String,
    /// The switch-side queues that feed it; empty: this name on every source.
    pub from: Vec<SwitchQueue>,
    /// Thresholds in milliseconds, ascending, without repetition.
    pub thresholds_ms: Vec<u32>,
    /// The promise, if there is one.
    pub objective: Option<Objective>,
    /// The answer rate promised, above 0 and at most 1.
    pub answer_target: Option<f64>,
    /// Abandons of at most this many milliseconds are short; `None`: none are.
    pub short_abandon_ms: Option<u32>,
    /// Opening hours.
    pub hours: Hours,
    /// Where the wait begins.
    pub clock: ClockStart,
    /// The queue as it was before each change, ascending by the moment until which it was so.
    pub earlier: Vec<(Moment, Queue)>,
}

/// What was promised for a queue.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// Threshold in milliseconds.
    pub threshold_ms: u32,
    /// Share promised, above 0 and at most 1.
    pub target: f64,
    /// By which definition.
    pub definition: DefinitionId,
}

impl Queue {
    /// The queue by the rules that held at `at`.
    pub fn at(&self, at: Moment) -> &Self {
        self.earlier.iter().find(|(until, _)| at < *until).map_or(self, |(_, earlier)| earlier)
    }

    /// Whether a source feeds it: one that it names, or any where it names none.
    pub fn is_fed_by(&self, source: &str) -> bool {
        self.from.is_empty() || self.from.iter().any(|from| from.source == source)
    }
}

fn default_thresholds() -> Vec<Span> {
    vec![Span::from_seconds(30), Span::from_seconds(60)]
}

fn default_short_abandon() -> String {
    "5s".into()
}

/// Most thresholds of one queue: each is counted in every cell of the rollups.
pub const THRESHOLDS_MAX: usize = 8;

impl QueueSettings {
    /// Settings of a queue of this name with every default.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            title: None,
            from: Vec::new(),
            thresholds: default_thresholds(),
            objective: None,
            answer_target: None,
            short_abandon: default_short_abandon(),
            hours: None,
            exceptions: std::collections::BTreeMap::new(),
            zone: None,
            clock: ClockStart::Queued,
            earlier: Vec::new(),
        }
    }

    /// Checks the settings as a whole; every complaint is `(key, reason)`.
    pub fn check(&self, zone: chrono_tz::Tz, holidays: Option<&str>) -> Result<Queue, Vec<(String, String)>> {
        let mut wrong = Vec::new();
        let mut complain = |key: &str, why: String| wrong.push((key.to_owned(), why));
        if !crate::names::is_slug(&self.name) {
            complain("name", format!("`{}` must be 1 to 64 of a-z, 0-9, - and _", self.name));
        }
        let mut thresholds_ms: Vec<u32> = Vec::new();
        for span in &self.thresholds {
            if (1000..=3_600_000).contains(&span.ms()) {
                thresholds_ms.push(span.ms() as u32);
            } else {
                complain("thresholds", format!("{span} lies outside 1s to 1h"));
            }
        }
        thresholds_ms.sort_unstable();
        thresholds_ms.dedup();
        if !(1..=THRESHOLDS_MAX).contains(&thresholds_ms.len()) {
            complain("thresholds", format!("a queue has 1 to {THRESHOLDS_MAX} thresholds"));
        }
        let short_abandon_ms = if self.short_abandon == "none" {
            None
        } else {
            match self.short_abandon.parse::<Span>() {
                Ok(span) if span.ms() <= 3_600_000 => Some(span.ms() as u32),
                Ok(span) => {
                    complain("short_abandon", format!("{span} is longer than 1h"));
                    None
                }
                Err(why) => {
                    complain("short_abandon", format!("{why}, or \"none\""));
                    None
                }
            }
        };
        let objective = self.objective.as_ref().map(|o| Objective {
            threshold_ms: o.threshold.ms().clamp(0, i64::from(u32::MAX)) as u32,
            target: o.target,
            definition: o.definition,
        });
        if let Some(objective) = &objective {
            if !thresholds_ms.contains(&objective.threshold_ms) {
                complain("objective.threshold", "is none of the queue's thresholds; add it there".into());
            }
            if !(objective.target > 0.0 && objective.target <= 1.0) {
                complain("objective.target", format!("{} must lie above 0 and at most at 1", objective.target));
            }
        }
        if let Some(target) = self.answer_target.filter(|target| !(*target > 0.0 && *target <= 1.0)) {
            complain("answer_target", format!("{target} must lie above 0 and at most at 1"));
        }
        let own_zone = match &self.zone {
            None => zone,
            Some(name) => name.parse().unwrap_or_else(|_| {
                complain("zone", format!("`{name}` is no time zone; write for instance \"Europe/Stockholm\""));
                zone
            }),
        };
        let hours = match &self.hours {
            None if self.exceptions.is_empty() => Hours::always(),
            text => Hours::parse(text.as_deref().unwrap_or("24/7"), &self.exceptions, own_zone, holidays)
                .unwrap_or_else(|why| {
                    complain("hours", why);
                    Hours::always()
                }),
        };
        let earlier = earlier::check(self, zone, holidays, &mut wrong);
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Queue {
            name: self.name.clone(),
            title: self.title.clone().unwrap_or_else(|| self.name.clone()),
            from: self.from.clone(),
            thresholds_ms,
            objective,
            answer_target: self.answer_target,
            short_abandon_ms,
            hours,
            clock: self.clock,
            earlier,
        })
    }
}
