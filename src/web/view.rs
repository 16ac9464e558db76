//! The types of the live figures as they leave the house.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::measure::Share;
use crate::names::{DefinitionId, SourceId};
use crate::stats::snapshot::{QueueNow, Snapshot, Window};
use crate::stats::{LegCounts, definition, unit_rates};

/// Margin below the target within which a level counts as near it.
const NEAR: f64 = 0.03;
/// Fewest calls in the last half-hour for its level to speak for the queue; else today speaks.
const SPEAKS_MIN: i64 = 5;

/// Everything live.
#[derive(Debug, Serialize)]
pub struct LiveView {
    /// When these figures were made, ms since 1970.
    pub at_ms: i64,
    /// Goes up with every commit.
    pub revision: u64,
    /// Version of the program: a page of another version loads itself anew.
    pub version: &'static str,
    /// The queues, in the order of the configuration.
    pub queues: Vec<QueueView>,
    /// Units with transfers today or this month.
    pub units: Vec<UnitView>,
    /// The sources.
    pub sources: Vec<SourceView>,
    /// What is wrong with the store; null: nothing. Live figures then run ahead of what is stored.
    pub store_trouble: Option<String>,
}

/// One queue.
#[derive(Debug, Serialize)]
pub struct QueueView {
    /// Its name.
    pub queue: String,
    /// What people call it.
    pub title: String,
    /// `ok`, `near`, `under`, `closed`, `no_data` or `stale`, by the level of the last half-hour, or
    /// of today when that has few calls.
    pub state: &'static str,
    /// Inside its opening hours.
    pub open: bool,
    /// Its source is heard.
    pub fresh: bool,
    /// Waiting now.
    pub waiting: u32,
    /// How long the first of them has waited, seconds.
    pub longest_wait_s: Option<f64>,
    /// Conversations going on.
    pub talking: u32,
    /// Attendants by state; empty where no source tells.
    pub agents: BTreeMap<&'static str, u32>,
    /// The promise.
    pub objective: Option<ObjectiveView>,
    /// By window: 5m, 15m, 30m, 1h, today, month.
    pub windows: BTreeMap<&'static str, WindowView>,
    /// Today by quarter-hour of offering, those with calls only.
    pub trend: Vec<TrendView>,
}

/// The promise of a queue.
#[derive(Debug, Serialize)]
pub struct ObjectiveView {
    /// Threshold, seconds.
    pub threshold_s: f64,
    /// Target, 0 to 1.
    pub target: f64,
    /// Id of the definition.
    pub definition: &'static str,
}

/// A share with its numbers; `ratio` is null for no data.
#[derive(Debug, Serialize)]
pub struct ShareView {
    met: i64,
    of: i64,
    ratio: Option<f64>,
}

impl From<Share> for ShareView {
    fn from(share: Share) -> Self {
        Self { met: share.met, of: share.of, ratio: share.ratio() }
    }
}

/// One window of a queue.
#[derive(Debug, Serialize)]
pub struct WindowView {
    /// In short windows those decided; today and this month those offered.
    pub offered: i64,
    /// Answered.
    pub answered: i64,
    /// Abandoned, short ones included.
    pub abandoned: i64,
    /// Short abandons.
    pub short_abandoned: i64,
    /// Service level per threshold in seconds, by the queue's definition.
    pub service_level: BTreeMap<String, ShareView>,
    /// The level of the objective.
    pub level: Option<ShareView>,
    /// Answer rate.
    pub answer_rate: ShareView,
    /// Mean wait of the answered, seconds.
    pub mean_wait_s: Option<f64>,
    /// Percentiles of the waits of the answered, seconds.
    pub p50_s: Option<f64>,
    /// 90 %.
    pub p90_s: Option<f64>,
    /// 95 %.
    pub p95_s: Option<f64>,
    /// 99 %.
    pub p99_s: Option<f64>,
}

/// One quarter-hour of the trend.
#[derive(Debug, Serialize)]
pub struct TrendView {
    /// When it begins, ms since 1970.
    pub start_ms: i64,
    /// Offered in it.
    pub offered: i64,
    /// The level of the objective.
    pub level: Option<f64>,
}

/// One unit.
#[derive(Debug, Serialize)]
pub struct UnitView {
    unit: String,
    title: String,
    organisation: String,
    today: ShareView,
    month: ShareView,
}

/// One source.
#[derive(Debug, Serialize)]
pub struct SourceView {
    source: String,
    up: bool,
    last_event_ms: Option<i64>,
    trouble: Option<String>,
    /// What it cannot tell: figures that hang on it are absent.
    untold: Vec<&'static str>,
    /// Checksum of the mapping of its columns; null: it has none.
    mapping: Option<String>,
    /// When that was last changed.
    mapping_changed_ms: Option<i64>,
}

impl LiveView {
    /// The view of a snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        let directory = &snapshot.directory;
        let share = |counts: &LegCounts| unit_rates::per_attempt(counts).into();
        let units = snapshot.units.iter().filter(|unit| unit.month.transfers > 0 || unit.today.transfers > 0);
        let sources = directory.sources().iter().zip(&snapshot.sources);
        Self {
            at_ms: snapshot.at.0,
            revision: snapshot.revision,
            version: env!("CARGO_PKG_VERSION"),
            queues: snapshot.queues.iter().map(|queue| queue_view(snapshot, queue)).collect(),
            units: units
                .map(|now| {
                    let unit = directory.unit(now.id);
                    UnitView {
                        unit: unit.name.clone(),
                        title: unit.title.clone(),
                        organisation: directory.organisation(unit.organisation).name.clone(),
                        today: share(&now.today),
                        month: share(&now.month),
                    }
                })
                .collect(),
            sources: sources
                .enumerate()
                .map(|(at, (name, source))| SourceView {
                    source: name.clone(),
                    up: source.is_up,
                    last_event_ms: source.last_event.map(|at| at.0),
                    trouble: source.trouble.clone(),
                    untold: directory.untold_by(SourceId(at as u32)).iter().map(|what| what.as_str()).collect(),
                    mapping: source.mapping.clone(),
                    mapping_changed_ms: source.mapping_changed.map(|at| at.0),
                })
                .collect(),
            store_trouble: snapshot.store.trouble.clone(),
        }
    }
}

fn queue_view(snapshot: &Snapshot, now: &QueueNow) -> QueueView {
    let queue = snapshot.directory.queue(now.id);
    let by = queue.objective.map_or(DefinitionId::default(), |objective| objective.definition);
    let level = |window: Window| {
        queue.objective.map(|objective| now.service_level(window, objective.threshold_ms, by, &snapshot.directory))
    };
    let windows = Window::ALL.into_iter().map(|window| {
        let cell = now.window(window);
        let counts = &cell.counts;
        let quantile = |q: f64| cell.waits.quantile_ms(q).map(|ms| f64::from(ms) / 1000.0);
        let levels = queue.thresholds_ms.iter().map(|ms| {
            let level = now.service_level(window, *ms, by, &snapshot.directory);
            ((f64::from(*ms) / 1000.0).to_string(), level.into())
        });
        let view = WindowView {
            offered: counts.offered,
            answered: counts.answered,
            abandoned: counts.abandoned,
            short_abandoned: counts.short_abandoned,
            service_level: levels.collect(),
            level: level(window).map(Into::into),
            answer_rate: definition::answer_rate(counts).into(),
            mean_wait_s: counts.mean_wait_answered_s(),
            p50_s: quantile(0.5),
            p90_s: quantile(0.9),
            p95_s: quantile(0.95),
            p99_s: quantile(0.99),
        };
        (window.as_str(), view)
    });
    let trend = now.trend.iter().map(|(start, counts)| TrendView {
        start_ms: start.0,
        offered: counts.offered,
        level: queue.objective.and_then(|o| definition::service_level(counts, o.threshold_ms, o.definition).ratio()),
    });
    QueueView {
        queue: queue.name.clone(),
        title: queue.title.clone(),
        state: state(now, level(Window::Min30), level(Window::Today), queue.objective.map(|o| o.target)),
        open: now.is_open,
        fresh: now.is_fresh,
        waiting: now.waiting,
        longest_wait_s: now.longest_wait.map(|wait| f64::from(wait.ms()) / 1000.0),
        talking: now.talking,
        agents: now.agents.iter().map(|(state, count)| (state.as_str(), *count)).collect(),
        objective: queue.objective.map(|objective| ObjectiveView {
            threshold_s: f64::from(objective.threshold_ms) / 1000.0,
            target: objective.target,
            definition: objective.definition.as_str(),
        }),
        windows: windows.collect(),
        trend: trend.collect(),
    }
}

fn state(now: &QueueNow, recent: Option<Share>, today: Option<Share>, target: Option<f64>) -> &'static str {
    if !now.is_fresh {
        return "stale";
    }
    if !now.is_open && now.waiting == 0 {
        return "closed";
    }
    let speaks = recent.filter(|share| share.of >= SPEAKS_MIN).or(today).and_then(Share::ratio);
    match (speaks, target) {
        (Some(level), Some(target)) if level >= target => "ok",
        (Some(level), Some(target)) if level >= target - NEAR => "near",
        (Some(_), Some(_)) => "under",
        _ => "no_data",
    }
}
