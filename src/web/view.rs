//! The live figures as they leave the house.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::alert::board::{State, Words};
use crate::i18n::{Language, text_with};
use crate::measure::Share;
use crate::names::SourceId;
use crate::stats::snapshot::{QueueNow, Snapshot, Window};
use crate::stats::{LegCounts, definition, unit_rates};
use crate::store::Sight;
use crate::web::assets::BUILD;
use crate::web::figures::{ObjectiveView, ShareView, VisitFiguresView};

/// Margin below the target within which a level counts as near it.
const NEAR: f64 = 0.03;
/// Fewest calls in the last half-hour for its level to speak for the queue; else today speaks.
const SPEAKS_MIN: i64 = 5;

/// Everything live.
#[derive(Debug, Serialize, ToSchema)]
pub struct LiveView {
    /// When these figures were made, ms since 1970.
    pub at_ms: i64,
    /// Goes up with every commit.
    pub revision: u64,
    /// Version of the program.
    pub version: &'static str,
    /// Build of the program and its pages: a page of another one loads itself anew.
    pub build: &'static str,
    /// The queues, in the order of the configuration.
    pub queues: Vec<QueueView>,
    /// Units with transfers today or this month.
    pub units: Vec<UnitView>,
    /// The sources.
    pub sources: Vec<SourceView>,
    /// What is wrong with the store; null: nothing. Live figures then run ahead of what is stored.
    pub store_trouble: Option<String>,
    /// The alerts that are on.
    pub alerts: Vec<AlertView>,
}

/// One queue.
#[derive(Debug, Serialize, ToSchema)]
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
    /// By window: 5m, 15m, 30m and 1h of those decided; today and month of those offered.
    pub windows: BTreeMap<&'static str, VisitFiguresView>,
    /// Today by quarter-hour of offering, those with calls only.
    pub trend: Vec<TrendView>,
}

/// One quarter-hour of the trend.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrendView {
    /// When it begins, ms since 1970.
    pub start_ms: i64,
    /// Offered in it.
    pub offered: i64,
    /// The level of the objective.
    pub level: Option<f64>,
}

/// One unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnitView {
    /// Its name.
    pub unit: String,
    /// What people call it.
    pub title: String,
    /// Whose it is.
    pub organisation: String,
    /// Its answer rate today.
    pub today: ShareView,
    /// And this month.
    pub month: ShareView,
}

/// One source.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceView {
    /// Its name.
    pub source: String,
    /// It is heard.
    pub up: bool,
    /// Time of its newest event, ms since 1970, by its own clock.
    pub last_event_ms: Option<i64>,
    /// What is wrong, in words.
    pub trouble: Option<String>,
    /// What it cannot tell: figures that hang on it are absent.
    pub untold: Vec<&'static str>,
    /// Checksum of the mapping of its columns; null: it has none.
    pub mapping: Option<String>,
    /// When that was last changed.
    pub mapping_changed_ms: Option<i64>,
}

/// One alert that is on.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertView {
    /// What is wrong: the name of a rule, `source_down` or `store_down`.
    pub alert: String,
    /// `page` or `ticket`.
    pub severity: &'static str,
    /// One sentence, by language.
    pub summary: BTreeMap<&'static str, String>,
}

impl LiveView {
    /// What `sight` covers of a snapshot, with the alerts as they then stood.
    pub fn of(snapshot: &Snapshot, state: &State, sight: &Sight) -> Self {
        let directory = &snapshot.directory;
        let share = |counts: &LegCounts| unit_rates::per_attempt(counts).into();
        let units = snapshot.units.iter().filter(|unit| unit.month.transfers > 0 || unit.today.transfers > 0);
        let sources = directory.sources().iter().zip(&snapshot.sources);
        let queues = snapshot.queues.iter().filter(|queue| sight.sees_queue(queue.id));
        Self {
            at_ms: snapshot.at.0,
            revision: snapshot.revision,
            version: env!("CARGO_PKG_VERSION"),
            build: &BUILD,
            queues: queues.map(|queue| queue_view(snapshot, queue)).collect(),
            units: units
                .filter(|unit| sight.sees_unit(unit.id, directory))
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
            alerts: alerts(snapshot, &state.seen_by(sight, directory)),
        }
    }
}

/// The alerts that fire, those of somebody who must act now first; before them what is seen at once
/// and not yet sure enough for an alert: a source or a store that is gone.
fn alerts(snapshot: &Snapshot, state: &State) -> Vec<AlertView> {
    let firing = state.alerts.iter().filter(|alert| alert.state == "firing");
    let fires = |rule: &str, source: Option<&String>| {
        firing.clone().any(|alert| alert.alert == rule && alert.labels.get("source") == source)
    };
    let at_once = |alert: &str, subject: &str| {
        let say = |language| text_with(language, &format!("alert-{alert}"), &[("subject", subject.to_owned())]);
        let words = Words { sv: say(Language::Sv), en: say(Language::En) };
        AlertView { alert: alert.to_owned(), severity: "page", summary: by_language(&words) }
    };
    let mut shown = Vec::new();
    if snapshot.store.trouble.is_some() && !fires("StoreTrouble", None) {
        shown.push(at_once("store_down", ""));
    }
    for (name, source) in snapshot.directory.sources().iter().zip(&snapshot.sources) {
        if !source.is_up && !fires("SourceStale", Some(name)) {
            shown.push(at_once("source_down", name));
        }
    }
    let (pages, others): (Vec<_>, Vec<_>) = firing.clone().partition(|alert| alert.severity == "page");
    shown.extend(pages.into_iter().chain(others).map(|alert| AlertView {
        alert: alert.alert.clone(),
        severity: alert.severity,
        summary: by_language(&alert.summary),
    }));
    shown
}

fn by_language(words: &Words) -> BTreeMap<&'static str, String> {
    [("sv", words.sv.clone()), ("en", words.en.clone())].into()
}

fn queue_view(snapshot: &Snapshot, now: &QueueNow) -> QueueView {
    let queue = snapshot.directory.queue(now.id);
    let level = |window: Window| {
        let of = |o: crate::directory::Objective| {
            now.service_level(window, o.threshold_ms, o.definition, &snapshot.directory)
        };
        queue.objective.map(of)
    };
    let windows = Window::ALL.into_iter().map(|window| {
        let level = |threshold_ms, by| now.service_level(window, threshold_ms, by, &snapshot.directory);
        (window.as_str(), VisitFiguresView::with(now.window(window), queue, level))
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
        objective: queue.objective.as_ref().map(Into::into),
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
