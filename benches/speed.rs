//! Speed, by criterion: `cargo bench --bench speed`.
//!
//! Each rate stands beside the pure parse rate of the same run, since machines differ.
#![allow(missing_docs, clippy::unwrap_used, reason = "benches stop at the first surprise")]

mod support;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use servicegrad::call::TrackerSettings;
use servicegrad::clock::Clock;
use servicegrad::engine::{Engine, Intake};
use servicegrad::measure::Moment;
use servicegrad::metrics;
use servicegrad::names::SourceId;
use servicegrad::source::{Batch, Health};
use servicegrad::store::{self, StoreSettings};

/// Bytes to events, and bytes to updated statistics, of a month at ten times the model customer.
fn replay(criterion: &mut Criterion) {
    let (queue_log, ndjson) = support::logs(7, 10.0);
    for (kind, bytes) in [("asterisk_queue_log", &queue_log), ("ndjson", &ndjson)] {
        let directory = support::told_by(kind, support::model_customer());
        let mut group = criterion.benchmark_group(kind);
        group.sample_size(10).measurement_time(Duration::from_secs(5));
        group.throughput(Throughput::Elements(support::parse(kind, bytes)));
        group.bench_function("parse", |bench| bench.iter(|| support::parse(kind, black_box(bytes))));
        group.bench_function("to_statistics", |bench| {
            bench.iter(|| support::replay(&directory, kind, &**black_box(bytes)).answered);
        });
        group.finish();
    }
}

/// Bytes to a committed SQLite store.
fn durable(criterion: &mut Criterion) {
    let (queue_log, ndjson) = support::logs(7, 10.0);
    let directory = support::model_customer();
    for (kind, bytes) in [("asterisk_queue_log", &queue_log), ("ndjson", &ndjson)] {
        let mut group = criterion.benchmark_group(format!("durable_{kind}"));
        group.sample_size(10).measurement_time(Duration::from_secs(8));
        group.throughput(Throughput::Elements(support::parse(kind, bytes)));
        group.bench_function("sqlite_full", |bench| {
            bench.iter_batched(
                || tempfile::tempdir().unwrap(),
                |folder| {
                    let url = format!("sqlite:{}", folder.path().join("figures.db").display());
                    let store = store::open(&StoreSettings::at(&url), &directory).unwrap();
                    let clock = Clock::standing_at(Moment::from_seconds(1_800_000_000));
                    let engine = Engine::open(Arc::clone(&directory), TrackerSettings::default(), store, clock);
                    let mut engine = engine.unwrap().importing();
                    let mut decoder = support::decoder(kind);
                    for piece in bytes.chunks(512 * 1024) {
                        let mut batch = Batch::of(SourceId(0));
                        decoder.feed(piece, Moment(0), &mut batch);
                        engine.take(&mut Intake::new(batch)).unwrap();
                        engine.expire();
                        engine.commit().unwrap();
                    }
                    folder
                },
                BatchSize::PerIteration,
            );
        });
        group.finish();
    }
}

/// A page of metrics of 2 000 queues and 20 000 units.
fn scrape(criterion: &mut Criterion) {
    let queues: Vec<String> = (0..2_000).map(|at| format!("kt-{at:04}")).collect();
    let directory = support::directory(&queues, 20_000);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("figures.db").display());
    let store = store::open(&StoreSettings::at(&url), &directory).unwrap();
    let clock = Clock::standing_at(Moment::from_seconds(1_800_000_000));
    let engine = Engine::open(directory, TrackerSettings::default(), store, clock).unwrap();
    let up = |_| Health { is_up: true, ..Health::default() };
    let mut group = criterion.benchmark_group("national");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    group.bench_function("snapshot", |bench| bench.iter(|| engine.snapshot(&up, Vec::new())));
    let snapshot = engine.snapshot(&up, Vec::new());
    let registry = metrics::page::registry();
    let page = metrics::render(&snapshot, &registry, 1_000_000);
    let series = page.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && line[0] != b'#').count();
    group.throughput(Throughput::Elements(series as u64));
    let scrape = || metrics::render(black_box(&snapshot), &registry, 1_000_000).len();
    group.bench_function("scrape", |bench| bench.iter(scrape));
    group.finish();
}

criterion_group!(benches, replay, durable, scrape);
criterion_main!(benches);
