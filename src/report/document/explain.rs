//! How a figure came about, in words and down to the calls.

use crate::directory::{Directory, Queue};
use crate::measure::Talk;
use crate::report::document::{Block, Chapter, Column, Document, Row, Speak, Table, Value, Weight};
use crate::report::explain::{Explanation, Verdict};
use crate::report::figures::{is_met, threshold_of};
use crate::stats::definition;

/// The explanation as people read it.
pub fn explanation(told: &Explanation, directory: &Directory, speak: Speak) -> Document {
    let queue = directory.queue(told.queue);
    let mut blocks: Vec<Block> = sentences(told, queue, speak).into_iter().map(Block::Text).collect();
    blocks.push(Block::Table(account(told, queue, speak)));
    let mut chapters = vec![Chapter { title: speak.text("explain-figure"), blocks }];
    if !told.visits.is_empty() {
        let blocks = vec![
            Block::Text(speak.with("explain-visits-read", &[("n", told.visits.len().to_string())])),
            Block::Table(visits(told, directory, speak)),
        ];
        chapters.push(Chapter { title: speak.text("explain-visits"), blocks });
    }
    let title = format!("{} {}, {}", speak.text("report-title"), queue.title, speak.period(told.period));
    Document { title, facts: Vec::new(), chapters }
}

fn sentences(told: &Explanation, queue: &Queue, speak: Speak) -> Vec<String> {
    let counts = &told.figures.counts;
    let (_, by) = threshold_of(queue.objective.as_ref(), &queue.thresholds_ms);
    let level = definition::service_level(counts, told.threshold_ms, by);
    let mut values = vec![
        ("queue", queue.title.clone()),
        ("period", speak.period(told.period)),
        ("threshold", speak.threshold(told.threshold_ms)),
        ("definition", format!("{} v{}", by.as_str(), definition::VERSION)),
        ("formula", definition::formula(by).to_owned()),
        ("met", speak.whole(level.met)),
        ("of", speak.whole(level.of)),
        ("level", speak.percent(level.ratio())),
    ];
    let mut told_so_far = vec![speak.with(
        "explain-offered",
        &[
            ("queue", queue.title.clone()),
            ("period", speak.period(told.period)),
            ("offered", speak.whole(counts.offered)),
            ("outside", speak.whole(counts.outside_hours)),
            ("lost", speak.whole(counts.lost)),
            ("unknown", speak.whole(counts.unknown)),
            ("open", speak.whole(counts.open)),
        ],
    )];
    told_so_far.push(speak.with("explain-level", &values));
    if let Some(objective) = &queue.objective {
        values.push(("target", speak.target(objective.target)));
        values.push(("kept", speak.met(is_met(level, objective))));
        told_so_far.push(speak.with("explain-objective", &values));
    }
    told_so_far.push(speak.text("report-letters"));
    told_so_far.push(match &told.recounted {
        None => speak.text("explain-too-many"),
        Some(again) if again == counts => speak.with("explain-recounted", &[("n", speak.whole(counts.offered))]),
        Some(again) => {
            let again_level = definition::service_level(again, told.threshold_ms, by);
            let values = [
                ("n", speak.whole(again.offered)),
                ("met", speak.whole(again_level.met)),
                ("of", speak.whole(again_level.of)),
            ];
            speak.with("explain-differs", &values)
        }
    });
    told_so_far
}

/// The counts in the letters of the formula.
fn account(told: &Explanation, queue: &Queue, speak: Speak) -> Table {
    let columns = [("what", "column-what"), ("letter", "column-letter"), ("n", "column-count")];
    let columns = columns.map(|(id, key)| Column::new(id, speak.text(key))).into();
    let mut table = Table::new("account", speak.text("explain-account"), columns);
    let counts = &told.figures.counts;
    let at = counts.threshold(told.threshold_ms);
    let mut line = |id: &str, key: &str, letter: &str, number: i64| {
        let cells = vec![Value::Text(speak.text(key)), Value::text(letter), Value::Whole(number)];
        table.rows.push(Row::new(id, cells));
    };
    line("offered", "column-offered", "", counts.offered);
    line("outside_hours", "column-outside-hours", "", counts.outside_hours);
    line("not_counted", "column-not-counted", "", counts.not_counted());
    line("unmeasured", "quality-unmeasured", "", counts.unmeasured());
    line("answered", "column-answered", "A", counts.answered);
    line("within", "explain-within", "A<=T", at.within);
    line("on_threshold", "explain-on-threshold", "A=T", at.on_threshold);
    line("abandoned", "column-abandoned", "B", counts.abandoned);
    line("short_abandoned", "explain-short", "B<=s", counts.short_abandoned);
    line("abandoned_within", "explain-abandoned-within", "B<=T", at.abandoned_within);
    line("others", "column-others", "X", counts.other_exits());
    let (_, by) = threshold_of(queue.objective.as_ref(), &queue.thresholds_ms);
    let level = definition::service_level(counts, told.threshold_ms, by);
    let cells = vec![
        Value::Text(speak.with("report-level-within", &[("threshold", speak.threshold(told.threshold_ms))])),
        Value::text(definition::formula(by)),
        Value::share(level),
    ];
    table.rows.push(Row::new("level", cells).weighing(Weight::Total));
    table
}

fn visits(told: &Explanation, directory: &Directory, speak: Speak) -> Table {
    let columns = [
        ("offered", "column-offered-at"),
        ("source", "column-source"),
        ("call", "column-call"),
        ("outcome", "column-outcome"),
        ("wait_seconds", "column-wait"),
        ("talk_seconds", "column-talk"),
        ("verdict", "column-verdict"),
        ("doubt", "column-doubt"),
    ];
    let columns = columns.map(|(id, key)| Column::new(id, speak.text(key))).into();
    let mut table = Table::new("visits", String::new(), columns);
    for (place, (row, verdict)) in told.visits.iter().enumerate() {
        let visit = &row.visit;
        let local = visit.offered.to_utc().with_timezone(&directory.zone());
        let doubts = [
            (visit.derived, "doubt-derived"),
            (visit.inconsistent, "doubt-inconsistent"),
            (visit.late, "doubt-late"),
            (visit.coarse, "doubt-coarse"),
        ];
        let doubts: Vec<String> = doubts.iter().filter(|(is_so, _)| *is_so).map(|(_, key)| speak.text(key)).collect();
        let outcome = visit.outcome.map_or_else(
            || speak.text("visit-outcome-open"),
            |outcome| speak.text(&format!("visit-outcome-{}", outcome.as_str())),
        );
        let seconds = |ms: u32| f64::from(ms) / 1000.0;
        let cells = vec![
            Value::Text(local.format("%Y-%m-%d %H:%M:%S%.3f").to_string()),
            Value::text(&row.source),
            Value::text(row.call.as_str()),
            Value::Text(outcome),
            Value::Seconds(visit.wait.map(|wait| seconds(wait.ms()))),
            Value::Seconds(visit.talk.map(|talk: Talk| seconds(talk.ms()))),
            Value::Text(speak.text(&format!("verdict-{}", verdict.as_str()))),
            if doubts.is_empty() { Value::Empty } else { Value::Text(doubts.join(", ")) },
        ];
        let weight = if *verdict == Verdict::NotCounted { Weight::Faint } else { Weight::Usual };
        table.rows.push(Row::new(place.to_string(), cells).weighing(weight));
    }
    table
}
