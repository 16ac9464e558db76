//! JSON: the form that scripts rely on. Shares are numbers from 0 to 1, or null for no data.

use serde_json::{Map, Value, json};

use crate::call::fact::LegOutcome;
use crate::directory::Queue;
use crate::measure::Share;
use crate::names::DefinitionId;
use crate::report::Report;
use crate::report::period::local_text;
use crate::stats::{Counts, LegCounts, VisitCell, definition, unit_rates};

/// Writes the report as one JSON object.
pub fn render(report: &Report) -> Vec<u8> {
    let mut out = serde_json::to_vec_pretty(&value(report)).unwrap_or_default();
    out.push(b'\n');
    out
}

/// The report as a JSON value.
pub fn value(report: &Report) -> Value {
    let directory = &report.directory;
    let queues: Vec<Value> = report
        .queues
        .iter()
        .map(|row| {
            let queue = directory.queue(row.queue);
            let mut cells = cell(&row.whole, queue);
            cells.insert("queue".to_owned(), queue.name.as_str().into());
            cells.insert("title".to_owned(), queue.title.as_str().into());
            cells.insert("objective".to_owned(), objective(&row.whole.counts, queue));
            let intervals = row.intervals.iter().map(|(start, interval)| {
                let mut cells = cell(interval, queue);
                cells.insert("start".to_owned(), local_text(*start, directory.zone()).into());
                Value::Object(cells)
            });
            cells.insert("intervals".to_owned(), intervals.collect());
            Value::Object(cells)
        })
        .collect();
    let units: Vec<Value> = report
        .units
        .iter()
        .map(|(id, counts)| {
            let unit = directory.unit(*id);
            let mut row = legs(counts);
            row.insert("unit".to_owned(), unit.name.as_str().into());
            row.insert("title".to_owned(), unit.title.as_str().into());
            row.insert("organisation".to_owned(), directory.organisation(unit.organisation).name.as_str().into());
            Value::Object(row)
        })
        .collect();
    // The first organisation is nobody's: it is listed only if something was sent nowhere known.
    let known = report.organisations.iter().filter(|(id, counts)| id.0 > 0 || counts.transfers + counts.apart > 0);
    let organisations: Vec<Value> = known
        .map(|(id, counts)| {
            let organisation = directory.organisation(*id);
            let mut row = legs(counts);
            row.insert("organisation".to_owned(), organisation.name.as_str().into());
            row.insert("title".to_owned(), organisation.title.as_str().into());
            Value::Object(row)
        })
        .collect();
    json!({
        "period": {
            "from": report.period.from.to_string(),
            "to": report.period.until.to_string(),
            "zone": directory.zone().name(),
            "status": if report.is_closed { "closed" } else { "provisional" },
        },
        "queues": queues,
        "units": units,
        "organisations": organisations,
        "calls": calls(report),
        "quality": quality(report),
        "definitions": definitions(),
    })
}

/// The key of a threshold: whole seconds as a rule.
fn seconds_key(ms: u32) -> String {
    (f64::from(ms) / 1000.0).to_string()
}

fn share(share: Share) -> Value {
    share.ratio().into()
}

fn cell(cell: &VisitCell, queue: &Queue) -> Map<String, Value> {
    let counts = &cell.counts;
    let mut row = plain(counts);
    let thresholds = queue.thresholds_ms.iter().map(|ms| (seconds_key(*ms), counts.threshold(*ms)));
    let each = |pick: fn(&crate::stats::counts::ThresholdCounts) -> i64| -> Value {
        Value::Object(thresholds.clone().map(|(key, at)| (key, pick(&at).into())).collect())
    };
    row.insert("within".to_owned(), each(|at| at.within));
    row.insert("abandoned_within".to_owned(), each(|at| at.abandoned_within));
    row.insert("on_threshold".to_owned(), each(|at| at.on_threshold));
    let levels = DefinitionId::ALL.into_iter().map(|id| {
        let at =
            queue.thresholds_ms.iter().map(|ms| (seconds_key(*ms), share(definition::service_level(counts, *ms, id))));
        (id.as_str().to_owned(), Value::Object(at.collect()))
    });
    row.insert("service_level".to_owned(), Value::Object(levels.collect()));
    row.insert("answer_rate".to_owned(), share(definition::answer_rate(counts)));
    row.insert("wait_seconds".to_owned(), waits(cell));
    row
}

/// The ten outcomes and what stands beside them.
fn plain(counts: &Counts) -> Map<String, Value> {
    const SAID: [&str; 19] = [
        "offered",
        "answered",
        "abandoned",
        "short_abandoned",
        "overflowed",
        "key_exit",
        "callback",
        "voicemail",
        "refused",
        "system",
        "outside_hours",
        "answered_outside_hours",
        "lost",
        "unknown",
        "open",
        "derived",
        "inconsistent",
        "late",
        "coarse",
    ];
    let all = Counts::NAMES.iter().zip(counts.values());
    all.filter(|(name, _)| SAID.contains(name)).map(|(name, count)| ((*name).to_owned(), count.into())).collect()
}

fn waits(cell: &VisitCell) -> Value {
    let counts = &cell.counts;
    let quantile = |q: f64| cell.waits.quantile_ms(q).map(|ms| f64::from(ms) / 1000.0);
    let seconds = |wait: Option<crate::measure::Wait>| wait.map(|wait| f64::from(wait.ms()) / 1000.0);
    json!({
        "mean": counts.mean_wait_answered_s(),
        "mean_abandoned": counts.mean_wait_abandoned_s(),
        "mean_all": counts.mean_wait_all_s(),
        "p50": quantile(0.5),
        "p90": quantile(0.9),
        "p95": quantile(0.95),
        "p99": quantile(0.99),
        "max": seconds(cell.max_answered),
        "max_all": seconds(cell.max_all),
    })
}

fn objective(counts: &Counts, queue: &Queue) -> Value {
    let Some(objective) = queue.objective else { return Value::Null };
    let level = definition::service_level(counts, objective.threshold_ms, objective.definition);
    json!({
        "threshold_s": f64::from(objective.threshold_ms) / 1000.0,
        "target": objective.target,
        "definition": objective.definition.as_str(),
        "version": definition::VERSION,
        "value": level.ratio(),
        "met": level.ratio().map(|value| value >= objective.target),
        "n": level.of,
    })
}

fn legs(counts: &LegCounts) -> Map<String, Value> {
    let outcomes = LegOutcome::ALL.iter().map(|outcome| (outcome.as_str().to_owned(), counts.outcome(*outcome).into()));
    let attempts = unit_rates::per_attempt(counts);
    let row = json!({
        "transfers": counts.transfers,
        "answered": attempts.met,
        "n": attempts.of,
        "open": counts.open,
        "short": counts.short,
        "not_completed": counts.not_completed,
        "apart": counts.apart,
        "outcomes": Value::Object(outcomes.collect()),
        "answer_rate": share(attempts),
        "journeys": counts.journeys,
        "journey_rate": share(unit_rates::per_journey(counts)),
        "reached_rate": share(unit_rates::reached(counts)),
        "blind": { "n": counts.blind, "answered": counts.blind_answered },
        "attended": { "n": counts.attended, "answered": counts.attended_answered },
        "ring_seconds_mean": (counts.rings > 0).then(|| counts.ring_ms as f64 / counts.rings as f64 / 1000.0),
    });
    match row {
        Value::Object(row) => row,
        _ => Map::new(),
    }
}

/// Whole calls: all together, and by the queue of their first visit.
fn calls(report: &Report) -> Value {
    let mut all = Counts::default();
    let mut by_queue = Map::new();
    for (id, sum) in &report.calls {
        let queue = report.directory.queue(*id);
        all += &sum.counts;
        let mut row = cell(sum, queue);
        row.insert("objective".to_owned(), objective(&sum.counts, queue));
        by_queue.insert(queue.name.clone(), Value::Object(row));
    }
    let mut calls = plain(&all);
    calls.insert("answer_rate".to_owned(), share(definition::answer_rate(&all)));
    calls.insert("by_first_queue".to_owned(), Value::Object(by_queue));
    Value::Object(calls)
}

fn quality(report: &Report) -> Value {
    let mut all = Counts::default();
    for row in &report.queues {
        all += &row.whole.counts;
    }
    let zone = report.directory.zone();
    let gaps = report.quality.gaps.iter().map(|gap| {
        json!({ "source": gap.source, "from": local_text(gap.from, zone), "to": local_text(gap.to, zone), "reason": gap.reason })
    });
    let reasons = report.quality.dead_letters.iter().map(|(reason, count)| (reason.clone(), (*count).into()));
    json!({
        "gaps": gaps.collect::<Vec<Value>>(),
        "dead_letters": report.quality.dead_letters.iter().map(|(_, count)| count).sum::<i64>(),
        "dead_letters_by_reason": Value::Object(reasons.collect()),
        "derived": all.derived,
        "late": all.late,
        "inconsistent": all.inconsistent,
        "lost": all.lost,
        "unknown": all.unknown,
        "precision_ms": all.precision_ms(),
    })
}

fn definitions() -> Value {
    let each = DefinitionId::ALL.into_iter().map(|id| {
        (id.as_str().to_owned(), json!({ "version": definition::VERSION, "formula": definition::formula(id) }))
    });
    Value::Object(each.collect())
}
