//! What it costs to keep: events to committed stores, beside what the same stores take of plain rows in
//! the same run, and reports of months with ten million calls.
//!
//! ```text
//! cargo bench --bench durable                 both
//! cargo bench --bench durable -- ingest       the first
//! cargo bench --bench durable -- report       the second; needs some gigabytes of disk
//! ```
//!
//! The PostgreSQL is a private one of the system's packages, as in the tests.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
#![allow(dead_code, reason = "the server is the tests' own")]

#[path = "../tests/store/server.rs"]
mod server;
mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use servicegrad::call::TrackerSettings;
use servicegrad::clock::Clock;
use servicegrad::directory::Directory;
use servicegrad::engine::{Engine, Intake};
use servicegrad::event::CallEvent;
use servicegrad::measure::{Moment, Wait};
use servicegrad::names::{QueueId, SourceId};
use servicegrad::report::carried::Carried;
use servicegrad::report::{ReportKind, Request, month_report};
use servicegrad::source::Batch;
use servicegrad::stats::period::{Calendar, Period};
use servicegrad::stats::{Cell, CellKey, Scope, Tier, VisitCell};
use servicegrad::store::{self, Commit, Sight, StoreSettings};

use crate::server::Server;

const BATCHES: [usize; 3] = [100, 1_000, 10_000];

fn main() {
    // Cargo adds words of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let is_asked = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    let server = Server::start();
    if is_asked("ingest") {
        ingest(&server);
    }
    if is_asked("report") {
        report(&server);
    }
}

fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// Events of the model customer at ten times its size.
fn events() -> Vec<CallEvent> {
    let (_, ndjson) = support::logs(14, 10.0);
    let mut batch = Batch::of(SourceId(0));
    support::decoder("ndjson").feed(&ndjson, Moment(0), &mut batch);
    batch.events
}

fn ingest(server: &Server) {
    let events = events();
    let directory = support::model_customer();
    println!("{} events: duplicates known, facts, rollups, totals, position; each batch durable", events.len());
    println!("batch   store     events/s   plain rows/s");
    for size in BATCHES {
        // Small ones take long, and say as much of fewer events.
        let events = &events[..events.len().min(size * 400)];
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("figures.db").display());
        let stored = per_second(events.len(), take(&StoreSettings::at(&url), &directory, events, size));
        let plain = per_second(events.len(), plain_rows(&folder.path().join("plain.db"), events, size));
        println!("{size:>6}  sqlite   {stored:>9.0}   {plain:>9.0} (INSERT in the same batches, text key)");
        let database = server.database();
        let stored = per_second(events.len(), take(&server.settings(&database), &directory, events, size));
        let copied = per_second(events.len(), copied(server, &database, events));
        println!("{size:>6}  postgres {stored:>9.0}   {copied:>9.0} (one COPY of all, text key)");
    }
}

/// Takes and commits them batch by batch.
fn take(settings: &StoreSettings, directory: &Arc<Directory>, events: &[CallEvent], size: usize) -> Duration {
    let store = store::open(settings, directory).unwrap();
    let clock = Clock::standing_at(Moment::from_seconds(1_800_000_000));
    let mut engine = Engine::open(Arc::clone(directory), TrackerSettings::default(), store, clock).unwrap().importing();
    let batches: Vec<Batch> = events
        .chunks(size)
        .map(|events| Batch { events: events.to_vec(), position: Some("here".into()), ..Batch::of(SourceId(0)) })
        .collect();
    let began = Instant::now();
    for batch in batches {
        engine.take(&mut Intake::new(batch)).unwrap();
        engine.expire();
        engine.commit().unwrap();
    }
    began.elapsed()
}

/// As many rows as there are events, known by a text, in the same batches and as durably.
fn plain_rows(path: &std::path::Path, events: &[CallEvent], size: usize) -> Duration {
    let file = Connection::open(path).unwrap();
    file.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE plain (id TEXT PRIMARY KEY, at INTEGER, call TEXT, kind TEXT) WITHOUT ROWID",
    )
    .unwrap();
    let began = Instant::now();
    for events in events.chunks(size) {
        let transaction = file.unchecked_transaction().unwrap();
        let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO plain VALUES (?, ?, ?, ?)").unwrap();
        for event in events {
            let id = format!("{:016x}", event.id.0);
            insert.execute((id, event.stamp.at.0, event.call.as_str(), event.kind.type_name())).unwrap();
        }
        drop(insert);
        transaction.commit().unwrap();
    }
    began.elapsed()
}

/// The same rows in one COPY.
fn copied(server: &Server, database: &str, events: &[CallEvent]) -> Duration {
    let file = tempfile::NamedTempFile::with_suffix(".tsv").unwrap();
    let mut rows: Vec<String> = Vec::with_capacity(events.len());
    for event in events {
        rows.push(format!("{:016x}\t{}\t{}\t{}", event.id.0, event.stamp.at.0, event.call, event.kind.type_name()));
    }
    // An id that comes twice is one row in the other tables as well.
    rows.sort();
    rows.dedup_by(|a, b| a[..16] == b[..16]);
    std::fs::write(file.path(), rows.join("\n") + "\n").unwrap();
    server.sql(database, "CREATE TABLE plain (id text PRIMARY KEY, at bigint, call text, kind text)");
    let began = Instant::now();
    server.sql(database, &format!("\\copy plain FROM '{}'", file.path().display()));
    began.elapsed()
}

const QUEUES: usize = 100;
/// Calls of a queue in a quarter-hour of its opening hours: ten million in a month of 30 days.
const CALLS: i64 = 84;
const MONTHS: u32 = 12;
/// Visits of one month that are stored besides, so that a report that read them would be seen.
const VISITS: i64 = 10_000_000;

fn report(server: &Server) {
    let names: Vec<String> = (0..QUEUES).map(|at| format!("kt-{at:04}")).collect();
    let directory = support::directory(&names, 0);
    let folder = tempfile::tempdir().unwrap();
    let sqlite = StoreSettings::at(&format!("sqlite:{}", folder.path().join("figures.db").display()));
    let database = server.database();
    let postgres = server.settings(&database);
    println!("report of {QUEUES} queues; ms, the best of 5");
    for (name, settings) in [("sqlite", &sqlite), ("postgres", &postgres)] {
        let began = Instant::now();
        fill(settings, &directory);
        visits(name, settings, server, &database);
        println!("{name}: filled in {:.0} s", began.elapsed().as_secs_f64());
        let reader = store::open_reader(settings, &directory).unwrap();
        for period in ["2026-01", "2026-T1", "2026"] {
            let request = Request {
                period: Period::parse(period).unwrap(),
                kind: ReportKind::named("month").unwrap(),
                interval: None,
                carried: Arc::new(Carried::default()),
                stale_after: TrackerSettings::default().stale_after,
                sight: Sight::ALL,
            };
            let mut best = f64::MAX;
            let mut offered = 0;
            for _ in 0..5 {
                let began = Instant::now();
                let report = month_report(&*reader, &directory, &request, Moment::from_seconds(1_800_000_000)).unwrap();
                best = best.min(began.elapsed().as_secs_f64() * 1000.0);
                offered = report.queues.iter().map(|queue| queue.figures.counts.offered).sum::<i64>();
            }
            println!("{name:>9} {period:>8}: {best:>8.1} ms, {offered} calls");
        }
    }
}

/// Rollups of a year, by every tier.
fn fill(settings: &StoreSettings, directory: &Arc<Directory>) {
    let mut store = store::open(settings, directory).unwrap();
    let calendar = Calendar::new(directory.zone());
    for month in 1..=MONTHS {
        let period = Period::parse(&format!("2026-{month:02}")).unwrap();
        let (from, until) = period.moments(directory.zone());
        let mut cells: std::collections::BTreeMap<CellKey, VisitCell> = std::collections::BTreeMap::new();
        let mut start = from;
        while start < until {
            let hour = chrono::Timelike::hour(&start.to_utc().with_timezone(&directory.zone()));
            if (8..18).contains(&hour) {
                for at in 0..QUEUES {
                    let id = QueueId(at as u32);
                    let queue = directory.queue(id);
                    let mut cell = VisitCell::of_queue(queue);
                    (cell.counts.offered, cell.counts.answered) = (CALLS, CALLS);
                    for nth in 0..CALLS {
                        cell.waits.add(Wait::from_ms(nth * 700));
                    }
                    for scope in [Scope::Queue(id), Scope::Calls(id)] {
                        for tier in Tier::ALL {
                            let key = CellKey { scope, tier, start: calendar.start(tier, start) };
                            cells.entry(key).or_insert_with(|| VisitCell::of_queue(queue)).merge(&cell);
                        }
                    }
                }
            }
            start = calendar.next(Tier::Quarter, start);
        }
        let cells: Vec<(CellKey, Cell)> =
            cells.into_iter().map(|(key, cell)| (key, Cell::Visits(Box::new(cell)))).collect();
        for cells in cells.chunks(20_000) {
            let cells = cells.iter().map(|(key, cell)| (*key, cell)).collect();
            store.commit(&Commit { cells, ..Commit::default() }).unwrap();
        }
    }
}

/// Ten million visits of January beside them, by the database itself.
fn visits(name: &str, settings: &StoreSettings, server: &Server, database: &str) {
    let from = chrono::DateTime::parse_from_rfc3339("2026-01-01T08:00:00+01:00").unwrap().timestamp_millis();
    let row = |n: &str, text: &str, no: &str, yes: &str| {
        format!(
            "'vaxel', 'k' || {n}, 'kt-00' || {text}, 1, {from} + {n} * 250, 'answered', {from} + {n} * 250 + 9000, 9000,
             60000, {yes}, {no}, {no}, {no}, {no}, {no}"
        )
    };
    if name == "sqlite" {
        let file = Connection::open(settings.url.strip_prefix("sqlite:").unwrap()).unwrap();
        let row = row("n", "printf('%02d', n % 100)", "0", "1");
        let sql = format!(
            "INSERT INTO visit WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {VISITS}) SELECT {row} FROM c"
        );
        file.execute_batch(&sql).unwrap();
    } else {
        let row = row("n", "to_char(n % 100, 'FM00')", "false", "true");
        server.sql(database, &format!("INSERT INTO visit SELECT {row} FROM generate_series(1, {VISITS}) n"));
        server.sql(database, "ANALYZE visit");
    }
}
