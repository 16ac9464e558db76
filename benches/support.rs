//! What the benches share: logs of a simulated switchboard, and the way from bytes to figures.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each bench uses its part; benches stop at the first surprise"
)]

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use servicegrad::call::fact::{Change, Outcome, VisitFact};
use servicegrad::call::{NoArchive, Tracker, TrackerSettings};
use servicegrad::directory::{Directory, OrganisationSettings, QueueSettings, Units};
use servicegrad::event::{CallEvent, json};
use servicegrad::measure::Moment;
use servicegrad::names::SourceId;
use servicegrad::simulate::queue_log::Renderer;
use servicegrad::simulate::{Scenario, Switchboard};
use servicegrad::source::import::EVENTS_PER_BATCH;
use servicegrad::source::kind::kind_named;
use servicegrad::source::{Batch, Decode, SourceSettings};
use servicegrad::stats::rollup::Rollup;

/// The allocator of the program.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes decoded at a time: what they come to stays in the processor's cache.
pub const PIECE: usize = 64 * 1024;

/// The model customer for this many days, as queue_log and as NDJSON.
pub fn logs(days: i64, busier: f64) -> (Vec<u8>, Vec<u8>) {
    let from: Moment = chrono::DateTime::parse_from_rfc3339("2026-03-02T00:00:00+01:00").unwrap().into();
    let mut board = Switchboard::new(Scenario::municipal().busier(busier), 2023, from);
    let (mut renderer, mut queue_log, mut ndjson) = (Renderer::default(), String::new(), Vec::new());
    for told in board.advance(from.plus_ms(days * 86_400_000)) {
        renderer.render(&told.event, &mut queue_log);
        json::write(&told.event, &told.id, &mut ndjson);
        ndjson.push(b'\n');
    }
    (queue_log.into_bytes(), ndjson)
}

/// A directory with the model customer's queues and units, and `more` queues and units besides.
pub fn directory(queues: &[String], more_units: usize) -> Arc<Directory> {
    let zone = chrono_tz::Europe::Stockholm;
    let mut organisations: Vec<OrganisationSettings> = Vec::new();
    for (name, _) in Scenario::ORGANISATIONS {
        organisations.push(OrganisationSettings { name: name.into(), title: None });
    }
    let mut rows = Scenario::unit_rows();
    for at in 0..more_units {
        let mut row = rows[0].clone();
        (row.from, row.to, row.unit) = (format!("u{at:05}"), String::new(), format!("u{at:05}"));
        rows.push(row);
    }
    let units = Units::check(&organisations, &rows, zone).unwrap();
    let queues = queues.iter().map(|name| QueueSettings::named(name).check(zone, Some("SE")).unwrap()).collect();
    Arc::new(Directory::new(zone, vec!["vaxel".into()], queues, units).unwrap())
}

pub fn model_customer() -> Arc<Directory> {
    directory(&["kundtjanst".into(), "itsupport".into()], 0)
}

/// The same where the source is of a kind that may not tell everything.
pub fn told_by(kind: &str, directory: Arc<Directory>) -> Arc<Directory> {
    let untold = SourceSettings::named("vaxel", kind).untold();
    Arc::new(Arc::into_inner(directory).unwrap().with_untold(vec![untold]))
}

pub fn decoder(kind: &str) -> Box<dyn Decode> {
    (kind_named(kind).unwrap().decoder)(&SourceSettings::named("bench", kind))
}

/// The first `most` events of what is told as NDJSON.
pub fn events(bytes: &[u8], most: usize) -> Vec<CallEvent> {
    let mut decoder = decoder("ndjson");
    let mut batch = Batch::of(SourceId(0));
    for piece in bytes.chunks(PIECE) {
        decoder.feed(piece, Moment(0), &mut batch);
        if batch.events.len() >= most {
            break;
        }
    }
    assert!(batch.rejects.is_empty(), "{:?}", batch.rejects.first());
    batch.events.truncate(most);
    batch.events
}

/// The same of a file, of which no more is read than that takes.
pub fn events_of_file(path: &str, most: usize) -> Vec<CallEvent> {
    let mut bytes = Vec::new();
    let lines = BufReader::new(File::open(path).unwrap()).split(b'\n').take(most);
    lines.for_each(|line| {
        bytes.extend(line.unwrap());
        bytes.push(b'\n');
    });
    events(&bytes, most)
}

/// Clock ticks a second of `/proc/PID/stat`: the same on every Linux that runs today.
const TICKS: f64 = 100.0;

fn stat(process: &str) -> Option<Vec<f64>> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    Some(fields.split_whitespace().map(|field| field.parse().unwrap_or_default()).collect())
}

/// Seconds of processor time of a process so far.
pub fn processor(process: &str) -> f64 {
    let fields = stat(process).unwrap();
    (fields[11] + fields[12]) / TICKS
}

/// KiB of memory of a process: resident now (`VmRSS`), of that its own (`RssAnon`), or the most so far
/// (`VmHWM`).
pub fn memory_kib(process: &str, which: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(which)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The same of a process with its children, also those that have ended.
pub fn server_processor(process: u32) -> f64 {
    let own = stat(&process.to_string()).unwrap();
    let children =
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    let children = children.filter(|name| name.starts_with(|first: char| first.is_ascii_digit()));
    let of_child = |fields: Vec<f64>| if fields[1] == f64::from(process) { fields[11] + fields[12] } else { 0.0 };
    let children: f64 = children.filter_map(|name| stat(&name)).map(of_child).sum();
    (own[11..15].iter().sum::<f64>() + children) / TICKS
}

/// The process of the PostgreSQL whose data lies there.
pub fn postmaster(data: &str) -> u32 {
    let told = std::fs::read_to_string(format!("{data}/postmaster.pid")).unwrap();
    told.lines().next().unwrap().trim().parse().unwrap()
}

/// Decodes only; how many events.
pub fn parse(kind: &str, bytes: &[u8]) -> u64 {
    let mut decoder = decoder(kind);
    let mut events = 0;
    let mut batch = Batch::of(SourceId(0));
    for piece in bytes.chunks(PIECE) {
        decoder.feed(piece, Moment(0), &mut batch);
        events += batch.events.len() as u64;
        batch.events.clear();
    }
    events
}

/// From bytes to updated statistics in memory.
pub struct Replay {
    pub tracker: Tracker,
    pub rollup: Rollup,
    pub events: u64,
    pub answered: i64,
}

pub fn replay(directory: &Arc<Directory>, kind: &str, mut log: impl Read) -> Replay {
    let mut done = Replay {
        tracker: Tracker::new(Arc::clone(directory), TrackerSettings::default()),
        rollup: Rollup::new(Arc::clone(directory)),
        events: 0,
        answered: 0,
    };
    let mut decoder = decoder(kind);
    let source = SourceId(0);
    let mut batch = Batch::of(source);
    let mut settled = 0;
    let mut piece = vec![0; PIECE];
    loop {
        let length = log.read(&mut piece).unwrap();
        if length == 0 {
            break;
        }
        decoder.feed(&piece[..length], Moment(0), &mut batch);
        for event in &batch.events {
            let Ok(_) = done.tracker.apply(source, event, &mut NoArchive);
            done.events += 1;
        }
        batch.events.clear();
        if done.events / EVENTS_PER_BATCH as u64 != settled {
            settled = done.events / EVENTS_PER_BATCH as u64;
            settle(&mut done);
        }
    }
    settle(&mut done);
    done
}

fn settle(done: &mut Replay) {
    let source = SourceId(0);
    let (rollup, answered) = (&mut done.rollup, &mut done.answered);
    let is_answered =
        |fact: &Option<VisitFact>| i64::from(fact.as_ref().is_some_and(|fact| fact.outcome == Some(Outcome::Answered)));
    done.tracker.settle(|_, changes| {
        for change in &changes {
            if let Change::Visit(visit) = change {
                *answered += is_answered(&visit.is) - is_answered(&visit.was);
            }
            rollup.apply(change);
        }
    });
    done.rollup.committed(done.tracker.source(source).newest.unwrap_or_default());
    done.tracker.expire(source, None);
}
