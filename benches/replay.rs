//! One replay in memory, for instruction counts and memory:
//!
//! ```text
//! cargo bench --bench replay --no-run
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null target/release/deps/replay-* year.qlog
//! target/release/deps/replay-* national.qlog 2000 20000
//! ```
//!
//! Arguments: a queue_log or NDJSON file (default: a week of the simulated model customer), and how
//! many queues `kt-0000…` and units `u00000…` the directory has besides the model customer's.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "benches stop at the first surprise")]

mod support;

use std::fs::File;
use std::time::Instant;

/// Resident memory of this process that is not a file's, bytes.
fn memory() -> u64 {
    support::memory_kib("self", "RssAnon") * 1024
}

fn main() {
    // Cargo adds words of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let number = |at: usize| words.get(at).map_or(0, |word| word.parse().unwrap());
    let mut queues = vec!["kundtjanst".to_owned(), "itsupport".to_owned()];
    queues.extend((0..number(1)).map(|at| format!("kt-{at:04}")));
    let before = memory();
    let kind = if words.first().is_some_and(|file| file.contains("json")) { "ndjson" } else { "asterisk_queue_log" };
    let directory = support::told_by(kind, support::directory(&queues, number(2)));
    let with_directory = memory();
    let started = Instant::now();
    let done = match words.first() {
        None => support::replay(&directory, kind, &*support::logs(7, 1.0).0),
        Some(path) => support::replay(&directory, kind, File::open(path).unwrap()),
    };
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "events {} answered {} seconds {seconds:.2} events_per_second {:.0}",
        done.events,
        done.answered,
        done.events as f64 / seconds
    );
    println!(
        "memory: start {} directory {} replay {} calls_held {} cells {}",
        before,
        with_directory - before,
        memory().saturating_sub(with_directory),
        done.tracker.len(),
        done.rollup.len()
    );
}
