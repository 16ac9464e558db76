//! The conditions over the snapshot. Each reads the very fields that the metrics of its query show.

use crate::alert::limits;
use crate::alert::rule::Finding;
use crate::directory::{Objective, Queue};
use crate::event::AgentState;
use crate::measure::{Moment, Share};
use crate::stats::snapshot::{QueueNow, Snapshot, SourceNow, Window};
use crate::stats::{budget, definition, unit_rates, wilson};

pub(super) fn answer_rate_low(snapshot: &Snapshot, _: Moment) -> Vec<Finding> {
    queues(snapshot, |now, queue| {
        let rate = definition::answer_rate(&live(now, Window::Min60)?.counts);
        let (value, target) = (rate.ratio()?, queue.answer_target?);
        let is_low = now.is_open && rate.of >= limits::CALLS_MIN && value < target;
        is_low.then(|| Finding { labels: vec![("queue", queue.name.clone())], value })
    })
}

pub(super) fn service_level_low(snapshot: &Snapshot, _: Moment) -> Vec<Finding> {
    promises(snapshot, |now, objective| {
        let level = level(snapshot, now, Window::Min60, objective)?;
        let upper = wilson::upper(level, limits::Z)?;
        (now.is_open && upper < objective.target).then_some(upper)
    })
}

pub(super) fn budget_burn_fast(snapshot: &Snapshot, _: Moment) -> Vec<Finding> {
    burns(snapshot, Window::Min60, limits::BURN_FAST, Window::Min5)
}

pub(super) fn budget_burn_slow(snapshot: &Snapshot, _: Moment) -> Vec<Finding> {
    burns(snapshot, Window::Today, limits::BURN_SLOW, Window::Min60)
}

/// More late calls in `window` than this share of the month's budget, and some in `still` yet.
fn burns(snapshot: &Snapshot, window: Window, share: f64, still: Window) -> Vec<Finding> {
    promises(snapshot, |now, objective| {
        let late = |window| level(snapshot, now, window, objective).map(|level| (level.of - level.met) as f64);
        let bearable = (share * budget::late_calls(now, objective)?).max(limits::BURN_CALLS_MIN);
        let value = late(window)?;
        (value > bearable && late(still)? > 0.0).then_some(value)
    })
}

pub(super) fn budget_spent(snapshot: &Snapshot, _: Moment) -> Vec<Finding> {
    promises(snapshot, |now, objective| {
        let level = level(snapshot, now, Window::Month, objective)?;
        let late = (level.of - level.met) as f64;
        (late > budget::late_calls(now, objective)?).then_some(late)
    })
}

pub(super) fn queue_long_wait(snapshot: &Snapshot, _: Moment) -> Vec<Finding> {
    queues(snapshot, |now, queue| {
        let wait_s = f64::from(now.longest_wait.filter(|_| now.is_fresh)?.ms()) / 1000.0;
        let bearable_s = limits::LONG_WAIT * f64::from(queue.objective?.threshold_ms) / 1000.0;
        let is_long = now.is_open && wait_s > bearable_s;
        is_long.then(|| Finding { labels: vec![("queue", queue.name.clone())], value: wait_s })
    })
}

pub(super) fn no_agents(snapshot: &Snapshot, _: Moment) -> Vec<Finding> {
    /// States in which an attendant takes calls, now or next.
    const AT_WORK: [AgentState; 4] = [AgentState::Available, AgentState::Busy, AgentState::Wrapup, AgentState::Ringing];
    queues(snapshot, |now, queue| {
        let at_work: u32 = AT_WORK.iter().filter_map(|state| now.agents.get(state)).sum();
        let is_empty = now.is_open && now.is_fresh && now.tells_agents && at_work == 0 && now.waiting > 0;
        is_empty.then(|| Finding { labels: vec![("queue", queue.name.clone())], value: f64::from(now.waiting) })
    })
}

pub(super) fn unit_answer_rate_low(snapshot: &Snapshot, _: Moment) -> Vec<Finding> {
    let units = snapshot.units.iter().filter(|unit| unit.month.transfers > 0);
    units
        .filter_map(|now| {
            let rate = unit_rates::per_attempt(&now.month);
            let value = rate.ratio()?;
            let unit = snapshot.directory.unit(now.id);
            let organisation = snapshot.directory.organisation(unit.organisation).name.clone();
            let is_low = rate.of >= limits::UNIT_LEGS_MIN && value < limits::UNIT_RATE;
            is_low.then(|| Finding { labels: vec![("organisation", organisation), ("unit", unit.name.clone())], value })
        })
        .collect()
}

pub(super) fn source_stale(snapshot: &Snapshot, _: Moment) -> Vec<Finding> {
    sources(snapshot, |source| source.is_silent.then_some(1.0))
}

pub(super) fn source_gap(snapshot: &Snapshot, now: Moment) -> Vec<Finding> {
    sources(snapshot, |source| news(source.last_gap, now))
}

pub(super) fn dead_letters(snapshot: &Snapshot, now: Moment) -> Vec<Finding> {
    sources(snapshot, |source| news(source.last_reject, now))
}

/// Seconds since `at`, while it is news.
fn news(at: Option<Moment>, now: Moment) -> Option<f64> {
    let age_ms = now - at?;
    (age_ms < limits::NEWS_S * 1000).then_some(age_ms as f64 / 1000.0)
}

pub(super) fn source_behind(snapshot: &Snapshot, _: Moment) -> Vec<Finding> {
    sources(snapshot, |source| (source.behind_bytes > limits::BEHIND_BYTES).then_some(source.behind_bytes as f64))
}

pub(super) fn store_trouble(snapshot: &Snapshot, _: Moment) -> Vec<Finding> {
    snapshot.store.trouble.iter().map(|_| Finding::of(Vec::new())).collect()
}

pub(super) fn report_missed(snapshot: &Snapshot, now: Moment) -> Vec<Finding> {
    let reports = snapshot.reports.iter().filter_map(|report| {
        let due = report.due.filter(|due| report.done.is_none_or(|done| done < *due))?;
        let late_ms = now - due;
        (late_ms > limits::REPORT_LATE_S * 1000)
            .then(|| Finding { labels: vec![("report", report.name.clone())], value: late_ms as f64 / 1000.0 })
    });
    reports.collect()
}

pub(super) fn engine_stuck(snapshot: &Snapshot, now: Moment) -> Vec<Finding> {
    let age_ms = now - snapshot.at;
    let is_old = age_ms > limits::FIGURES_OLD_S * 1000;
    is_old.then(|| Finding { labels: Vec::new(), value: age_ms as f64 / 1000.0 }).into_iter().collect()
}

fn queues(snapshot: &Snapshot, judge: impl Fn(&QueueNow, &Queue) -> Option<Finding>) -> Vec<Finding> {
    snapshot.queues.iter().filter_map(|now| judge(now, snapshot.directory.queue(now.id))).collect()
}

/// Queues with an objective, told apart by queue and threshold.
fn promises(snapshot: &Snapshot, judge: impl Fn(&QueueNow, &Objective) -> Option<f64>) -> Vec<Finding> {
    queues(snapshot, |now, queue| {
        let objective = queue.objective?;
        let value = judge(now, &objective)?;
        let threshold = format!("{}s", f64::from(objective.threshold_ms) / 1000.0);
        Some(Finding { labels: vec![("queue", queue.name.clone()), ("threshold", threshold)], value })
    })
}

fn sources(snapshot: &Snapshot, judge: impl Fn(&SourceNow) -> Option<f64>) -> Vec<Finding> {
    let named = snapshot.directory.sources().iter().zip(&snapshot.sources);
    named
        .filter_map(|(name, source)| Some(Finding { labels: vec![("source", name.clone())], value: judge(source)? }))
        .collect()
}

/// A window as it is shown: the short ones of a silent source are not.
fn live(now: &QueueNow, window: Window) -> Option<&crate::stats::VisitCell> {
    let is_shown = now.is_fresh || matches!(window, Window::Today | Window::Month);
    is_shown.then(|| now.window(window))
}

fn level(snapshot: &Snapshot, now: &QueueNow, window: Window, objective: &Objective) -> Option<Share> {
    live(now, window)?;
    Some(now.service_level(window, objective.threshold_ms, objective.definition, &snapshot.directory))
}
