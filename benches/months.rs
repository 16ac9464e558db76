//! What reports cost on both stores:
//!
//! ```text
//! cargo bench --bench months          ten million calls a month, and a year of the model customer
//! cargo bench --bench months -- 0.1   a tenth of the calls
//! ```
//!
//! *National* is twelve months of 2 000 queues and 20 000 units (how they are made: `national.rs`), first
//! with no month closed and then with all but the last; the report is that of the last month, quarter,
//! four months and year, with all that stands beside: the year so far, the period before. *The model
//! customer* is its year 2023, `simulate --like 2023` through the engine; the report is that of the year,
//! month by month, and is written in every format.
//!
//! Each report is made in a process of its own, which is this program again: first with nothing at
//! hand, then several times over, of which the median is told. CPU is that process's own; *rows* are
//! the rollups that the store was asked for; *peak* is the most memory that was resident, and *before*
//! what was with the directory and an open store.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "benches stop at the first surprise"
)]

mod national;
#[path = "../tests/store/server.rs"]
mod server;
mod support;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use servicegrad::call::TrackerSettings;
use servicegrad::clock::Clock;
use servicegrad::directory::Directory;
use servicegrad::engine::{Engine, Intake};
use servicegrad::measure::Moment;
use servicegrad::names::{QueueId, SourceId, UnitId};
use servicegrad::report::{FORMATS, ReportKind, Request, Style, month_report};
use servicegrad::simulate::years::Year;
use servicegrad::simulate::{Scenario, Switchboard};
use servicegrad::source::Batch;
use servicegrad::source::batch::EVENTS_MAX;
use servicegrad::stats::period::Period;
use servicegrad::stats::{Cell, CellKey, Scope, ScopeKind, Tier};
use servicegrad::store::closing::ENDED;
use servicegrad::store::{
    self, Act, ActRow, Closing, DeadLetterRow, Elsewhere, LegRow, Page, Quality, Reader, Sight, StoreError,
    StoreSettings, VisitRow,
};

use crate::server::Server;

/// How often each report is made.
const ROUNDS: usize = 7;
/// Stands before the words of a process that makes a report.
const REPORT: &str = "report-of";

/// A reader that counts the rollups it gives.
struct Counting(Box<dyn Reader>, AtomicUsize);

impl Reader for Counting {
    fn each_cell(
        &self,
        sight: &Sight,
        kind: ScopeKind,
        tier: Tier,
        from: Moment,
        until: Moment,
        give: &mut dyn FnMut(CellKey, Cell),
    ) -> Result<(), StoreError> {
        self.0.each_cell(sight, kind, tier, from, until, &mut |key, cell| {
            self.1.fetch_add(1, Ordering::Relaxed);
            give(key, cell);
        })
    }

    fn each_sum(
        &self,
        sight: &Sight,
        kinds: &[ScopeKind],
        stretch: (Moment, Moment),
        give: &mut dyn FnMut(Scope, Cell),
    ) -> Result<Vec<(Moment, Moment)>, StoreError> {
        self.0.each_sum(sight, kinds, stretch, &mut |scope, cell| {
            self.1.fetch_add(1, Ordering::Relaxed);
            give(scope, cell);
        })
    }

    fn closings(&self, from: Moment, until: Moment) -> Result<Vec<Closing>, StoreError> {
        self.0.closings(from, until)
    }

    fn signed(
        &self,
        sight: &Sight,
        kind: ScopeKind,
        tier: Tier,
        stretch: (Moment, Moment),
        revision: (Moment, u32),
    ) -> Result<Vec<(CellKey, Cell)>, StoreError> {
        self.0.signed(sight, kind, tier, stretch, revision)
    }

    fn visits(
        &self,
        sight: &Sight,
        queue: QueueId,
        from: Moment,
        until: Moment,
        page: &Page,
    ) -> Result<Vec<VisitRow>, StoreError> {
        self.0.visits(sight, queue, from, until, page)
    }

    fn legs(
        &self,
        sight: &Sight,
        unit: UnitId,
        from: Moment,
        until: Moment,
        page: &Page,
    ) -> Result<Vec<LegRow>, StoreError> {
        self.0.legs(sight, unit, from, until, page)
    }

    fn dead_letters(&self, sight: &Sight, before: Option<i64>, limit: usize) -> Result<Vec<DeadLetterRow>, StoreError> {
        self.0.dead_letters(sight, before, limit)
    }

    fn acts(&self, sight: &Sight, before: Option<i64>, limit: usize) -> Result<Vec<ActRow>, StoreError> {
        self.0.acts(sight, before, limit)
    }

    fn elsewhere(&self, sight: &Sight) -> Result<Vec<Elsewhere>, StoreError> {
        self.0.elsewhere(sight)
    }

    fn quality(&self, from: Moment, until: Moment) -> Result<Quality, StoreError> {
        self.0.quality(from, until)
    }

    fn has_open(&self, from: Moment, until: Moment) -> Result<bool, StoreError> {
        self.0.has_open(from, until)
    }
}

fn directory_of(set: &str) -> Arc<Directory> {
    if set == "year" {
        return support::model_customer();
    }
    let queues: Vec<String> = (0..national::QUEUES).map(|at| format!("kt-{at:04}")).collect();
    support::directory(&queues, national::UNITS)
}

/// MiB of this process: resident now (`VmRSS`) or at most so far (`VmHWM`).
fn memory(which: &str) -> f64 {
    support::memory_kib("self", which) as f64 / 1024.0
}

/// Makes one report several times and says what it cost.
fn report(url: &str, set: &str, kind: &str, period: &str, format: &str) {
    let directory = directory_of(set);
    let reader = store::open_reader(&StoreSettings::at(url), &directory).unwrap();
    let reader = Counting(reader, AtomicUsize::new(0));
    let kind = ReportKind::named(kind).unwrap();
    let request = Request {
        period: Period::parse(period).unwrap(),
        kind,
        interval: kind.interval,
        elsewhere: Arc::default(),
        sight: Sight::ALL,
    };
    let format = FORMATS.iter().find(|known| known.name == format);
    let before = memory("VmRSS");
    let (mut walls, mut bytes) = (Vec::new(), Vec::new());
    let mut cpu = 0.0;
    for round in 0..ROUNDS {
        if round == 1 {
            cpu = support::processor("self");
        }
        let begun = Instant::now();
        let told = month_report(&reader, &directory, &request, Clock::system().now()).unwrap();
        if let Some(format) = format {
            bytes.clear();
            (format.render)(&told, &Style::default(), &mut bytes).unwrap();
        }
        walls.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    let cpu = (support::processor("self") - cpu) * 1e3 / (ROUNDS - 1) as f64;
    let first = walls.remove(0);
    walls.sort_by(f64::total_cmp);
    println!(
        "{first:>9.1}{:>9.1}{cpu:>9.1}{:>10}{:>8.0}{before:>8.0}{:>9.2}",
        walls[walls.len() / 2],
        reader.1.load(Ordering::Relaxed) / ROUNDS,
        memory("VmHWM"),
        bytes.len() as f64 / 1e6
    );
}

/// The same in a process of its own.
fn tell(what: &str, url: &str, words: [&str; 4]) {
    let output = Command::new(std::env::current_exe().unwrap()).arg(REPORT).arg(url).args(words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    println!("  {what:<24}{}", String::from_utf8(output.stdout).unwrap().trim_end());
}

fn head(title: &str) {
    println!("{title}");
    println!(
        "  {:<24}{:>9}{:>9}{:>9}{:>10}{:>8}{:>8}{:>9}",
        "", "first ms", "ms", "CPU ms", "rows", "peak", "before", "MB out"
    );
}

fn nationwide(stores: &[(&str, StoreSettings)], copy: &dyn Fn(usize, &str), share: f64) {
    let directory = directory_of("national");
    println!("twelve months of {:.1} million calls", national::CALLS * share / 1e6);
    for (at, (name, settings)) in stores.iter().enumerate() {
        let begun = Instant::now();
        let mut store = store::open(settings, &directory).unwrap();
        let cells = national::count(&mut *store, &directory, share);
        drop(store);
        national::copies(&directory).iter().for_each(|sql| copy(at, sql));
        println!("{name}: filled in {:.0} s; cells written of the last month: {cells}", begun.elapsed().as_secs_f64());
    }
    for (name, settings) in stores {
        nationwide_reports(&format!("{name}, no month closed"), settings);
        let begun = Instant::now();
        close_all_but_the_last(settings, &directory);
        println!("{name}: eleven months closed in {:.0} s", begun.elapsed().as_secs_f64());
        nationwide_reports(&format!("{name}, eleven months closed"), settings);
    }
}

/// As it is in every house that has been running for a year.
fn close_all_but_the_last(settings: &StoreSettings, directory: &Arc<Directory>) {
    let keeper = store::open_upkeep(settings, directory).unwrap();
    for month in 1..12 {
        let about = format!("2026-{month:02}");
        let (from, until) = Period::parse(&about).unwrap().moments(directory.zone());
        let (who, act, detail) = ("bench".into(), "month_closed".into(), ENDED.into());
        keeper.sign(from, &Act { at: until, who, act, about, detail }).unwrap();
    }
}

fn nationwide_reports(title: &str, settings: &StoreSettings) {
    head(&format!("{title}: {} queues, {} units", national::QUEUES, national::UNITS));
    for (what, period) in
        [("1 month", "2026-12"), ("3 months", "2026-Q4"), ("4 months", "2026-T3"), ("12 months", "2026")]
    {
        tell(what, &settings.url, ["national", "month", period, "none"]);
    }
    tell("1 month, none beside", &settings.url, ["national", "month", "2026-01", "none"]);
    tell("1 month as JSON", &settings.url, ["national", "month", "2026-12", "json"]);
    tell("12 months, by month", &settings.url, ["national", "year", "2026", "none"]);
}

fn model_customer(stores: &[(&str, StoreSettings)]) {
    let directory = directory_of("year");
    let year = Year::named(2023).unwrap();
    let (from, until) = Period::parse("2023").unwrap().moments(directory.zone());
    let mut board = Switchboard::new(Scenario::of_year(year), year.seed, from);
    let events: Vec<_> = board.advance(until.plus_ms(-1)).into_iter().map(|told| told.event).collect();
    println!("\nthe model customer's year: {} events", events.len());
    for (_, settings) in stores {
        let store = store::open(settings, &directory).unwrap();
        let clock = Clock::standing_at(until.plus_ms(86_400_000));
        let engine = Engine::open(Arc::clone(&directory), TrackerSettings::default(), store, clock);
        let mut engine = engine.unwrap().importing();
        for piece in events.chunks(EVENTS_MAX) {
            let mut batch = Batch::of(SourceId(0));
            batch.events = piece.to_vec();
            engine.take(&mut Intake::new(batch)).unwrap();
            engine.expire();
            engine.commit().unwrap();
        }
        engine.end_import(SourceId(0)).unwrap();
    }
    for (name, settings) in stores {
        head(&format!("{name}: the model customer"));
        tell("a month", &settings.url, ["year", "month", "2023-11", "none"]);
        tell("the year", &settings.url, ["year", "year", "2023", "none"]);
        for format in FORMATS {
            tell(&format!("the year as {}", format.name), &settings.url, ["year", "year", "2023", format.name]);
        }
    }
}

fn main() {
    // Cargo adds words of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let [first, url, set, kind, period, format] = words.as_slice()
        && first == REPORT
    {
        return report(url, set, kind, period, format);
    }
    let share = words.first().map_or(1.0, |word| word.parse().unwrap());
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let (path, database) = (folder.path().join("national.db"), server.database());
    let file = |name: &str| StoreSettings::at(&format!("sqlite:{}", folder.path().join(name).display()));
    let stores = [("SQLite", file("national.db")), ("PostgreSQL", server.settings(&database))];
    let copy = |at: usize, sql: &str| {
        if at == 0 {
            rusqlite::Connection::open(&path).unwrap().execute_batch(&format!("BEGIN; {sql} COMMIT;")).unwrap();
        } else {
            server.sql(&database, sql);
        }
    };
    nationwide(&stores, &copy, share);
    model_customer(&[("SQLite", file("year.db")), ("PostgreSQL", server.settings(&server.database()))]);
}
