//! A plan of attendants for people, its assumptions beside it.

use chrono::Datelike;

use crate::measure::Share;
use crate::report::document::{Block, Chapter, Chart, ChartKind, Column, Document, Row, Speak, Table, Value, Weight};
use crate::report::staffing::{DayPlan, HalfHour, Plan};
use crate::stats::staffing::ErlangA;

/// The plan as people read it.
pub fn staffing(plan: &Plan, speak: Speak) -> Document {
    let mut chapters = vec![assumptions(plan, speak)];
    for day in &plan.days {
        let mut blocks = vec![Block::Text(resting_on(day, speak)), Block::Table(needs(plan, day, speak))];
        if !plan.what_if.is_empty() {
            blocks.push(Block::Table(what_if(plan, day, speak)));
        }
        let weekday = &speak.weekdays()[day.day.weekday().num_days_from_monday() as usize];
        chapters.push(Chapter { title: format!("{weekday} {}", day.day), blocks });
    }
    if plan.days.is_empty() {
        chapters.push(Chapter {
            title: speak.text("staffing-closed"),
            blocks: vec![Block::Text(speak.text("staffing-closed-read"))],
        });
    }
    Document { title: format!("{}: {}", speak.text("staffing-title"), plan.title), facts: Vec::new(), chapters }
}

fn assumptions(plan: &Plan, speak: Speak) -> Chapter {
    let wanted = &plan.wanted;
    let promise = speak.with(
        "staffing-promise",
        &[
            ("target", speak.target(wanted.target)),
            ("threshold", speak.threshold((wanted.threshold_s * 1000.0) as u32)),
            ("definition", wanted.definition.as_str().to_owned()),
        ],
    );
    let wrapup = speak.with("staffing-wrapup", &[("wrapup", speak.seconds(Some(plan.wrapup_s)))]);
    let blocks = vec![promise, speak.text("staffing-model"), wrapup, speak.text("staffing-limits")];
    Chapter { title: speak.text("staffing-assumptions"), blocks: blocks.into_iter().map(Block::Text).collect() }
}

fn resting_on(day: &DayPlan, speak: Speak) -> String {
    let days: Vec<String> = day.behind.iter().map(ToString::to_string).collect();
    let patience = day.patience_s.map_or_else(|| speak.text("staffing-endless"), |s| speak.seconds(Some(s)));
    let values = [("n", days.len().to_string()), ("days", days.join(", ")), ("patience", patience)];
    speak.with("staffing-behind", &values)
}

fn needs(plan: &Plan, day: &DayPlan, speak: Speak) -> Table {
    let columns = [
        ("start", "column-start"),
        ("calls", "column-calls"),
        ("handle_seconds", "column-handle"),
        ("needed", "column-needed"),
        ("needed_if_patient", "column-needed-patient"),
        ("level", "column-expected-level"),
        ("mean_wait_seconds", "column-expected-wait"),
        ("abandoned", "column-expected-abandoned"),
        ("occupancy", "column-occupancy"),
        ("observed_level", "column-observed-level"),
        ("observed_abandoned", "column-observed-abandoned"),
    ];
    let columns = columns.map(|(id, key)| Column::new(id, speak.text(key))).into();
    let mut table = Table::new(format!("staffing:{}", day.day), speak.text("staffing-needs"), columns);
    for half in &day.halves {
        let [level, wait, abandoned] = figures(plan, half.expected.as_ref());
        let cells = vec![
            start(half),
            Value::Decimal(half.calls),
            Value::Seconds(half.handle_s),
            attendants(half.needed),
            attendants(half.needed_patient),
            level,
            wait,
            abandoned,
            Value::Percent(half.expected.map(|expected| expected.occupancy)),
            Value::share(half.observed),
            Value::share(abandoned_share(half)),
        ];
        table.rows.push(Row::new(half.start.to_string(), cells));
    }
    let title = speak.text("staffing-chart");
    table.chart = Some(Chart { title, kind: ChartKind::Bars, series: vec![3], target: None });
    table
}

fn start(half: &HalfHour) -> Value {
    Value::Text(half.start.format("%H:%M").to_string())
}

fn attendants(number: Option<u32>) -> Value {
    number.map_or(Value::NoData, |number| Value::Whole(i64::from(number)))
}

fn abandoned_share(half: &HalfHour) -> Share {
    Share { met: half.counts.abandoned, of: half.counts.answered + half.counts.abandoned + half.counts.other_exits() }
}

/// Level, mean wait and share of those who give up.
fn figures(plan: &Plan, expected: Option<&ErlangA>) -> [Value; 3] {
    [
        Value::Percent(expected.and_then(|expected| expected.level(plan.wanted.definition))),
        Value::Seconds(expected.map(|expected| expected.mean_wait_s)),
        Value::Percent(expected.map(|expected| expected.abandoned)),
    ]
}

fn what_if(plan: &Plan, day: &DayPlan, speak: Speak) -> Table {
    let mut columns = vec![Column::new("start", speak.text("column-start"))];
    for number in &plan.what_if {
        for (id, key) in [
            ("level", "column-expected-level"),
            ("mean_wait_seconds", "column-expected-wait"),
            ("abandoned", "column-expected-abandoned"),
        ] {
            let values = [("n", number.to_string()), ("figure", speak.text(key))];
            columns.push(Column::new(format!("{id}.{number}"), speak.with("staffing-with", &values)));
        }
    }
    columns.push(Column::new("observed_level", speak.text("column-observed-level")));
    columns.push(Column::new("observed_wait_seconds", speak.text("column-observed-wait")));
    columns.push(Column::new("observed_abandoned", speak.text("column-observed-abandoned")));
    let mut table = Table::new(format!("what_if:{}", day.day), speak.text("staffing-what-if"), columns);
    for half in &day.halves {
        let mut cells = vec![start(half)];
        cells.extend(half.what_if.iter().flat_map(|expected| figures(plan, expected.as_ref())));
        cells.push(Value::share(half.observed));
        cells.push(Value::Seconds(half.counts.mean_wait_all_s()));
        cells.push(Value::share(abandoned_share(half)));
        table.rows.push(Row::new(half.start.to_string(), cells));
    }
    table.rows.push(whole_shift(plan, day, speak));
    table
}

/// The shift as a whole: expectations weighed by their calls, observations added up.
fn whole_shift(plan: &Plan, day: &DayPlan, speak: Speak) -> Row {
    let mut cells = vec![Value::Text(speak.text("staffing-whole-shift"))];
    for at in 0..plan.what_if.len() {
        let weighed = |figure: fn(&ErlangA, &Plan) -> Option<f64>| {
            let (mut sum, mut weight) = (0.0, 0.0);
            for half in day.halves.iter().filter(|half| half.calls > 0.0) {
                sum += half.calls * figure(half.what_if[at].as_ref()?, plan)?;
                weight += half.calls;
            }
            (weight > 0.0).then_some(sum / weight)
        };
        cells.push(Value::Percent(weighed(|expected, plan| expected.level(plan.wanted.definition))));
        cells.push(Value::Seconds(weighed(|expected, _| Some(expected.mean_wait_s))));
        cells.push(Value::Percent(weighed(|expected, _| Some(expected.abandoned))));
    }
    let observed = day.halves.iter().map(|half| half.observed).fold(Share::default(), |sum, share| sum + share);
    let abandoned = day.halves.iter().map(abandoned_share).fold(Share::default(), |sum, share| sum + share);
    let mut counts = crate::stats::Counts::default();
    day.halves.iter().for_each(|half| counts += &half.counts);
    cells.push(Value::share(observed));
    cells.push(Value::Seconds(counts.mean_wait_all_s()));
    cells.push(Value::share(abandoned));
    Row::new("shift", cells).weighing(Weight::Total)
}
