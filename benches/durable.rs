//! How fast events become durable figures, on both stores, beside what the same stores take raw:
//!
//! ```text
//! cargo bench --bench durable                                four weeks at ten times the model customer
//! cargo bench --bench durable -- national.ndjson 2000 20000  a file, and how many queues `kt-0000…` and
//!                                                            units `u00000…` the directory has besides
//! ```
//!
//! *Ours* is the way from events through the engine to committed batches: every event known by its id,
//! the calls, their facts, the rollups, the totals and the position in one transaction, which is
//! durable before the next batch is begun. *Raw* is one row an event (id as the key and ascending,
//! source, call, type, time, body) in transactions of the same size, as durable: SQLite's insert,
//! PostgreSQL's insert of many rows in one statement, and COPY. PostgreSQL is the bench's own, from the
//! system's packages, with the settings that `initdb` writes.
//!
//! The rounds of all ways take turns, and the round of median wall time is told. CPU is that of this
//! process, with the server's beside it. A *floor* is the commit of a batch that moves the position
//! and nothing else: what the disk costs.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "benches stop at the first surprise"
)]

#[path = "../tests/store/server.rs"]
mod server;
mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use servicegrad::call::TrackerSettings;
use servicegrad::clock::Clock;
use servicegrad::directory::Directory;
use servicegrad::engine::{Engine, Intake};
use servicegrad::event::{CallEvent, json};
use servicegrad::measure::Moment;
use servicegrad::names::{CallKey, SourceId};
use servicegrad::source::Batch;
use servicegrad::stats::{Cell, CellKey};
use servicegrad::store::{self, Commit, Restored, Store, StoreError, StoreSettings};
use tokio_postgres::NoTls;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};

use crate::server::Server;
use crate::support::processor;

/// Events of a batch. The first is a busy second of a large switch, the second what the daemon
/// gathers under load, the last what an import commits.
const BATCHES: [usize; 3] = [100, 1_000, 5_000];
/// Batches of a round at most.
const COMMITS_MAX: usize = 300;
const ROUNDS: usize = 3;
/// Commits of nothing but a position.
const FLOORS: usize = 100;

/// An event as the raw tables hold it.
struct Raw {
    id: String,
    call: String,
    kind: &'static str,
    at: i64,
    body: String,
}

/// What one way came to.
#[derive(Clone, Default)]
struct Run {
    events: usize,
    rows: u64,
    wall_s: f64,
    cpu_s: f64,
    server_cpu_s: f64,
    /// Of each commit, ms.
    commits: Vec<f64>,
    /// Of commits of nothing but a position, ms.
    floors: Vec<f64>,
    /// Time in commits, and in looking things up.
    stored_s: f64,
    asked_s: f64,
}

/// A store that notes what it is asked for and how long it takes.
struct Timed {
    store: Box<dyn Store>,
    told: Arc<Mutex<Run>>,
}

impl Timed {
    fn asked<T>(&mut self, ask: impl FnOnce(&mut dyn Store) -> T) -> T {
        let begun = Instant::now();
        let answer = ask(&mut *self.store);
        self.told.lock().unwrap().asked_s += begun.elapsed().as_secs_f64();
        answer
    }
}

impl Store for Timed {
    fn restore(&mut self, since: Moment) -> Result<Restored, StoreError> {
        self.store.restore(since)
    }

    fn recall_calls(&mut self, keys: &[CallKey]) -> Result<Vec<(usize, Vec<u8>)>, StoreError> {
        self.asked(|store| store.recall_calls(keys))
    }

    fn calls_gone_until(&mut self, source: SourceId) -> Result<Option<Moment>, StoreError> {
        self.asked(|store| store.calls_gone_until(source))
    }

    fn recall_cells(&mut self, keys: &[CellKey]) -> Result<Vec<(usize, Cell)>, StoreError> {
        self.asked(|store| store.recall_cells(keys))
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<(), StoreError> {
        let facts: usize = commit.changes.iter().map(|call| call.changes.len()).sum();
        let totals = commit.queue_totals.len() + commit.unit_totals.len();
        let begun = Instant::now();
        self.store.commit(commit)?;
        let taken = begun.elapsed().as_secs_f64();
        let mut told = self.told.lock().unwrap();
        told.rows += (commit.calls.len() + facts + commit.cells.len() + totals + commit.sources.len()) as u64;
        told.stored_s += taken;
        told.commits.push(taken * 1e3);
        Ok(())
    }

    fn keep(&mut self) -> Result<(), StoreError> {
        self.store.keep()
    }

    fn is_empty(&mut self) -> Result<bool, StoreError> {
        self.store.is_empty()
    }
}

/// Times `work` over so many events. `server` is its process, where there is one.
fn measured(events: usize, server: Option<u32>, work: impl FnOnce()) -> Run {
    let cpu = || (processor("self"), server.map_or(0.0, support::server_processor));
    let (before, begun) = (cpu(), Instant::now());
    work();
    let (wall_s, after) = (begun.elapsed().as_secs_f64(), cpu());
    Run { events, wall_s, cpu_s: after.0 - before.0, server_cpu_s: after.1 - before.1, ..Run::default() }
}

/// Events through the engine to committed batches.
fn ours(
    settings: &StoreSettings,
    directory: &Arc<Directory>,
    server: Option<u32>,
    events: &[CallEvent],
    batch: usize,
) -> Run {
    let told = Arc::new(Mutex::new(Run::default()));
    let store = Timed { store: store::open(settings, directory).unwrap(), told: Arc::clone(&told) };
    let clock = Clock::standing_at(Moment::from_seconds(1_800_000_000));
    let engine = Engine::open(Arc::clone(directory), TrackerSettings::default(), Box::new(store), clock);
    let mut engine = engine.unwrap().importing();
    let intake = |(position, events): (usize, &[CallEvent])| {
        let mut batch = Batch::of(SourceId(0));
        batch.events = events.to_vec();
        batch.position = Some(position.to_string());
        Intake::new(batch)
    };
    let intakes: Vec<Intake> = events.chunks(batch).enumerate().map(intake).collect();
    let mut commit = |mut intake: Intake| {
        engine.take(&mut intake).unwrap();
        engine.expire();
        engine.commit().unwrap();
    };
    let run = measured(events.len(), server, || intakes.into_iter().for_each(&mut commit));
    let mut told_so_far = std::mem::take(&mut *told.lock().unwrap());
    (0..FLOORS).for_each(|at| commit(intake((events.len() + at, &[]))));
    told_so_far.floors = std::mem::take(&mut told.lock().unwrap().commits);
    Run { events: run.events, wall_s: run.wall_s, cpu_s: run.cpu_s, server_cpu_s: run.server_cpu_s, ..told_so_far }
}

/// Rows into SQLite, with the pragmas of our own file.
fn raw_sqlite(path: &std::path::Path, rows: &[Raw], batch: usize) -> Run {
    let connection = Connection::open(path).unwrap();
    let pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;";
    let table = "CREATE TABLE event (id TEXT PRIMARY KEY, source TEXT NOT NULL, call TEXT NOT NULL,
                 type TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;";
    connection.execute_batch(pragmas).unwrap();
    connection.execute_batch(table).unwrap();
    measured(rows.len(), None, || {
        for piece in rows.chunks(batch) {
            let transaction = connection.unchecked_transaction().unwrap();
            let mut put = transaction.prepare_cached("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?)").unwrap();
            for row in piece {
                put.execute(params![row.id, "vaxel", row.call, row.kind, row.at, row.body]).unwrap();
            }
            drop(put);
            transaction.commit().unwrap();
        }
    })
}

const POSTGRES_TABLE: &str = "CREATE TABLE event (id text COLLATE \"C\" PRIMARY KEY, source text NOT NULL,
    call text NOT NULL, type text NOT NULL, at bigint NOT NULL, body text NOT NULL)";

/// Rows into PostgreSQL: by COPY, or as one statement with an array a column.
fn raw_postgres(settings: &StoreSettings, server: u32, rows: &[Raw], batch: usize, by_copy: bool) -> Run {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (mut client, connection) = runtime.block_on(tokio_postgres::connect(&settings.url, NoTls)).unwrap();
    runtime.spawn(connection);
    runtime.block_on(client.batch_execute(POSTGRES_TABLE)).unwrap();
    let insert = "INSERT INTO event SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[],
                  $6::text[]) ON CONFLICT DO NOTHING";
    let insert = runtime.block_on(client.prepare(insert)).unwrap();
    measured(rows.len(), Some(server), || {
        for piece in rows.chunks(batch) {
            runtime.block_on(async {
                let transaction = client.transaction().await.unwrap();
                if by_copy {
                    let types = [Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT, Type::INT8, Type::TEXT];
                    let copy = transaction.copy_in("COPY event FROM STDIN BINARY").await.unwrap();
                    let mut writer = std::pin::pin!(BinaryCopyInWriter::new(copy, &types));
                    for row in piece {
                        let columns: [&(dyn ToSql + Sync); 6] =
                            [&row.id, &"vaxel", &row.call, &row.kind, &row.at, &row.body];
                        writer.as_mut().write(&columns).await.unwrap();
                    }
                    writer.as_mut().finish().await.unwrap();
                } else {
                    let column = |of: fn(&Raw) -> &str| piece.iter().map(of).collect::<Vec<&str>>();
                    let at: Vec<i64> = piece.iter().map(|row| row.at).collect();
                    let (id, call) = (column(|row| &row.id), column(|row| &row.call));
                    let (source, kind, body) = (column(|_| "vaxel"), column(|row| row.kind), column(|row| &row.body));
                    transaction.execute(&insert, &[&id, &source, &call, &kind, &at, &body]).await.unwrap();
                }
                transaction.commit().await.unwrap();
            });
        }
    })
}

/// Ids ascend, as most switches give them: the best case for a key.
fn raw_of((at, event): (usize, &CallEvent)) -> Raw {
    let id = format!("vx1-{at:010}");
    let mut body = Vec::new();
    json::write(event, &id, &mut body);
    Raw {
        call: event.call.to_string(),
        kind: event.kind.type_name(),
        at: event.stamp.at.0,
        body: String::from_utf8(body).unwrap(),
        id,
    }
}

fn quantile(of: &[f64], share: f64) -> f64 {
    let mut of = of.to_vec();
    of.sort_by(f64::total_cmp);
    of[((of.len() - 1) as f64 * share).round() as usize]
}

fn median(mut runs: Vec<Run>) -> Run {
    runs.sort_by(|a, b| a.wall_s.total_cmp(&b.wall_s));
    runs.swap_remove(runs.len() / 2)
}

fn tell(what: &str, run: &Run, raw: Option<&Run>) {
    let rate = |run: &Run| run.events as f64 / run.wall_s;
    let of_raw = raw.map_or_else(String::new, |raw| format!("{:.2}", rate(run) / rate(raw)));
    println!("  {what:<22}{:>9.0}{:>8.2}{:>8.2}{:>8.2}{of_raw:>8}", rate(run), run.wall_s, run.cpu_s, run.server_cpu_s);
}

fn tell_commits(run: &Run) {
    let (commits, floors) = (|share| quantile(&run.commits, share), |share| quantile(&run.floors, share));
    let rest = run.wall_s - run.stored_s - run.asked_s;
    println!(
        "    commit p50 {:.1} ms p99 {:.1} ms; floor p50 {:.2} p99 {:.2}; {:.1} rows an event; of the time {:.0} % commits, {:.0} % look-ups, {:.0} % engine",
        commits(0.5),
        commits(0.99),
        floors(0.5),
        floors(0.99),
        run.rows as f64 / run.events as f64,
        run.stored_s / run.wall_s * 100.0,
        run.asked_s / run.wall_s * 100.0,
        rest / run.wall_s * 100.0
    );
}

fn main() {
    // Cargo adds words of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let number = |at: usize| words.get(at).map_or(0, |word| word.parse().unwrap());
    let mut queues = vec!["kundtjanst".to_owned(), "itsupport".to_owned()];
    queues.extend((0..number(1)).map(|at| format!("kt-{at:04}")));
    let directory = support::directory(&queues, number(2));
    let most = BATCHES[BATCHES.len() - 1] * COMMITS_MAX;
    let events = match words.first() {
        None => support::events(&support::logs(28, 10.0).1, most),
        Some(path) => support::events_of_file(path, most),
    };
    let rows: Vec<Raw> = events.iter().enumerate().map(raw_of).collect();
    let server = Server::start();
    let process = support::postmaster(&server.sql("postgres", "SHOW data_directory"));
    let folder = tempfile::tempdir().unwrap();
    println!("{} events, {} queues; {ROUNDS} rounds", events.len(), queues.len());
    println!("  {:<22}{:>9}{:>8}{:>8}{:>8}{:>8}", "", "events/s", "wall s", "CPU s", "server", "of raw");
    for batch in BATCHES {
        let many = events.len().min(batch * COMMITS_MAX);
        let (events, rows) = (&events[..many], &rows[..many]);
        let mut runs: [Vec<Run>; 5] = Default::default();
        for round in 0..ROUNDS {
            let path = |what: &str| folder.path().join(format!("{what}-{batch}-{round}.db"));
            let on_server = || server.settings(&server.database());
            runs[0].push(raw_sqlite(&path("raw"), rows, batch));
            let file = StoreSettings::at(&format!("sqlite:{}", path("ours").display()));
            runs[1].push(ours(&file, &directory, None, events, batch));
            runs[2].push(raw_postgres(&on_server(), process, rows, batch, true));
            runs[3].push(raw_postgres(&on_server(), process, rows, batch, false));
            runs[4].push(ours(&on_server(), &directory, Some(process), events, batch));
            // What a round has left for the disk to do is not the next one's.
            std::thread::sleep(Duration::from_millis(300));
        }
        let [raw, ours, copy, insert, ours_on_server] = runs.map(median);
        println!("batches of {batch}, {} events", events.len());
        tell("SQLite raw insert", &raw, None);
        tell("SQLite ours", &ours, Some(&raw));
        tell_commits(&ours);
        tell("PostgreSQL raw COPY", &copy, None);
        tell("PostgreSQL raw insert", &insert, Some(&copy));
        tell("PostgreSQL ours", &ours_on_server, Some(&copy));
        tell_commits(&ours_on_server);
    }
}
