//! What a scrape costs with 2 000 queues and 20 000 units that all have figures:
//! `cargo bench --bench scrape`.
//!
//! Beside it stands the bare text encoding of the same families: the same lines written from labels
//! that are text already and numbers that are worked out already. The difference is what reading the
//! snapshot costs. Time is the median of rounds, CPU that of this thread.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "benches stop at the first surprise")]

mod support;

use std::hint::black_box;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus::proto::{Gauge, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Encoder, TextEncoder};
use servicegrad::call::TrackerSettings;
use servicegrad::clock::Clock;
use servicegrad::engine::{Engine, Intake};
use servicegrad::measure::Moment;
use servicegrad::metrics;
use servicegrad::names::SourceId;
use servicegrad::source::{Batch, Health};
use servicegrad::stats::Snapshot;
use servicegrad::store::{self, StoreSettings};

const QUEUES: usize = 2_000;
const UNITS: usize = 20_000;
const ROUNDS: usize = 25;
const SERIES_MAX: usize = 10_000_000;

/// One call a unit, ten a queue, answered after 1 to 50 seconds and sent on to the unit.
fn events(now: Moment) -> Vec<u8> {
    let mut lines = Vec::new();
    for call in 0..UNITS {
        let queue = format!("kt-{:04}", call % QUEUES);
        let began = now.plus_ms(-60_000 - (call % 1_700) as i64 * 1_000);
        let waited = 1_000 + (call % 50) as i64 * 1_000;
        let result = if call % 3 == 0 { "no_answer" } else { "busy" };
        for (kind, after_ms, more) in [
            ("visit.entered", 0, format!(r#","queue":"{queue}""#)),
            ("visit.answered", waited, format!(r#","queue":"{queue}""#)),
            ("transfer.started", waited + 1, format!(r#","transfer":"t","kind":"blind","target":"u{call:05}""#)),
            ("transfer.failed", waited + 6_000, format!(r#","transfer":"t","result":"{result}""#)),
        ] {
            let time = began.plus_ms(after_ms).to_rfc3339();
            writeln!(lines, r#"{{"id":"{call}-{kind}","time":"{time}","type":"{kind}","call":"{call}"{more}}}"#)
                .unwrap();
        }
    }
    lines
}

fn snapshot() -> Snapshot {
    let queues: Vec<String> = (0..QUEUES).map(|at| format!("kt-{at:04}")).collect();
    let directory = support::directory(&queues, UNITS);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("figures.db").display());
    let store = store::open(&StoreSettings::at(&url), &directory).unwrap();
    let now = Moment::from_seconds(1_800_000_000);
    let mut engine =
        Engine::open(Arc::clone(&directory), TrackerSettings::default(), store, Clock::standing_at(now)).unwrap();
    let mut decoder = support::decoder("ndjson");
    for piece in events(now).chunks(512 * 1024) {
        let mut batch = Batch::of(SourceId(0));
        decoder.feed(piece, now, &mut batch);
        assert!(batch.rejects.is_empty(), "{:?}", batch.rejects.first());
        engine.take(&mut Intake::new(batch)).unwrap();
        engine.commit().unwrap();
    }
    engine.snapshot(&|_| Health { is_up: true, ..Health::default() }, Vec::new())
}

/// CPU time of this thread so far.
fn cpu() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(told.split(' ').next().unwrap().parse().unwrap())
}

/// Median time and CPU of a round, ms.
fn measured(mut round: impl FnMut() -> usize) -> (f64, f64) {
    let mut rounds: Vec<(f64, f64)> = (0..ROUNDS)
        .map(|_| {
            let (began, cpu_before) = (Instant::now(), cpu());
            black_box(round());
            ((began.elapsed()).as_secs_f64() * 1e3, cpu().saturating_sub(cpu_before).as_secs_f64() * 1e3)
        })
        .collect();
    let mut median = |of: fn(&(f64, f64)) -> f64| {
        rounds.sort_by(|a, b| of(a).total_cmp(&of(b)));
        of(&rounds[ROUNDS / 2])
    };
    (median(|round| round.0), median(|round| round.1))
}

/// A sample of the page, taken apart.
struct Sample {
    head: String,
    value: Value,
}

enum Value {
    Whole(i64),
    Fraction(f64),
}

fn samples(page: &str) -> Vec<Sample> {
    let lines = page.lines().filter(|line| line.starts_with("servicegrad_"));
    lines
        .map(|line| {
            let (head, value) = line.rsplit_once(' ').unwrap();
            let value = value.parse().map_or_else(|_| Value::Fraction(value.parse().unwrap()), Value::Whole);
            Sample { head: head.to_owned(), value }
        })
        .collect()
}

/// Nothing but writing.
fn bare(samples: &[Sample], out: &mut Vec<u8>) -> usize {
    out.clear();
    for sample in samples {
        out.extend_from_slice(sample.head.as_bytes());
        out.push(b' ');
        match sample.value {
            Value::Whole(value) => out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes()),
            Value::Fraction(value) => write!(out, "{value}").unwrap(),
        }
        out.push(b'\n');
    }
    out.len()
}

/// The same samples as the crate prometheus holds them.
fn families(samples: &[Sample]) -> Vec<MetricFamily> {
    let mut families: Vec<MetricFamily> = Vec::new();
    for sample in samples {
        let (name, labels) = sample.head.split_once('{').unwrap_or((&sample.head, ""));
        let mut metric = Metric::default();
        let mut pairs = Vec::new();
        for label in labels.trim_end_matches('}').split("\",").filter(|label| !label.is_empty()) {
            let (key, value) = label.split_once("=\"").unwrap();
            let mut pair = LabelPair::default();
            pair.set_name(key.to_owned());
            pair.set_value(value.trim_end_matches('"').to_owned());
            pairs.push(pair);
        }
        metric.set_label(pairs);
        let mut gauge = Gauge::default();
        gauge.set_value(match sample.value {
            Value::Whole(value) => value as f64,
            Value::Fraction(value) => value,
        });
        metric.set_gauge(gauge);
        if families.last().is_none_or(|family| family.name() != name) {
            let mut family = MetricFamily::default();
            family.set_name(name.to_owned());
            family.set_field_type(MetricType::GAUGE);
            families.push(family);
        }
        families.last_mut().unwrap().mut_metric().push(metric);
    }
    families
}

fn main() {
    let snapshot = snapshot();
    let registry = prometheus::Registry::new();
    let page = String::from_utf8(metrics::render(&snapshot, &registry, SERIES_MAX)).unwrap();
    let samples = samples(&page);
    println!("{QUEUES} queues, {UNITS} units, {} series, {} bytes; {ROUNDS} rounds", samples.len(), page.len());
    println!("{:<28} {:>9} {:>9} {:>12}", "", "ms", "CPU ms", "ns a series");
    let tell = |what: &str, (time, cpu): (f64, f64)| {
        println!("{what:<28} {time:>9.1} {cpu:>9.1} {:>12.0}", cpu * 1e6 / samples.len() as f64);
    };
    tell("scrape", measured(|| metrics::render(&snapshot, &registry, SERIES_MAX).len()));
    let mut out = Vec::with_capacity(page.len());
    tell("bare text", measured(|| bare(&samples, &mut out)));
    let families = families(&samples);
    tell(
        "crate prometheus",
        measured(|| {
            out.clear();
            TextEncoder::new().encode(&families, &mut out).unwrap();
            out.len()
        }),
    );
}
