//! Killed at any moment while it follows a log that is being written and rotated: after the last
//! start every figure is as if nothing had happened.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use servicegrad::measure::Moment;
use servicegrad::simulate::queue_log::Renderer;
use servicegrad::simulate::random::Chance;
use servicegrad::simulate::{Scenario, Switchboard};

use crate::program::{House, until};

const KILLS: usize = 50;

const CONFIG: &str = r#"
[[source]]
name = "vaxel"
kind = "asterisk_queue_log"
path = "FOLDER/queue_log"
poll = "20ms"
[[queue]]
name = "kundtjanst"
[[queue]]
name = "itsupport"
short_abandon = "none"
"#;

/// A day of the model customer, thirty times as busy as it is.
fn log() -> String {
    let from: Moment = chrono::DateTime::parse_from_rfc3339("2026-03-02T00:00:00+01:00").unwrap().into();
    let mut board = Switchboard::new(Scenario::municipal().busier(10.0), 50, from);
    let mut renderer = Renderer::default();
    let mut log = String::new();
    for told in board.advance(from.plus_ms(24 * 3_600_000)) {
        renderer.render(&told.event, &mut log);
    }
    log
}

/// Writes the log in pieces that end anywhere, rotating it now and then as logrotate does, or by
/// copying and truncating.
fn write_slowly(folder: &Path, log: &str, is_over: &AtomicBool) {
    let path = folder.join("queue_log");
    let mut chance = Chance::new(1);
    let mut file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
    let (mut at, mut rotation) = (0, 0);
    let bytes = log.as_bytes();
    while at < bytes.len() {
        let length = (chance.exponential(3_000.0) as usize + 1).min(bytes.len() - at);
        file.write_all(&bytes[at..at + length]).unwrap();
        at += length;
        std::thread::sleep(Duration::from_millis(4));
        if chance.is(0.01) {
            rotation += 1;
            // A line is written whole by the switch before it changes files.
            let end = at + bytes[at..].iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            file.write_all(&bytes[at..end]).unwrap();
            at = end;
            let rotated = folder.join(format!("queue_log.{rotation}"));
            if rotation % 2 == 0 {
                std::fs::copy(&path, &rotated).unwrap();
                file.set_len(0).unwrap();
            } else {
                std::fs::rename(&path, &rotated).unwrap();
                std::thread::sleep(Duration::from_millis(15));
                file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
            }
        }
    }
    is_over.store(true, Ordering::Relaxed);
}

/// What the log says, counted line by line: lines are told apart by their text, as events are.
fn count(log: &str, queue: &str, event: &str) -> i64 {
    let lines: HashSet<&str> = log
        .lines()
        .filter(|line| line.contains(&format!("|{queue}|")) && line.contains(&format!("|{event}|")))
        .collect();
    lines.len() as i64
}

#[test]
fn fifty_kills_while_following_change_no_figure() {
    let house = House::new(CONFIG);
    let log = log();
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = {
        let (folder, log, is_over) = (house.folder.path().to_owned(), log.clone(), Arc::clone(&is_over));
        std::thread::spawn(move || write_slowly(&folder, &log, &is_over))
    };
    let mut chance = Chance::new(2);
    let mut kills = 0;
    while kills < KILLS || !is_over.load(Ordering::Relaxed) {
        let mut child = house.spawn();
        std::thread::sleep(Duration::from_millis(chance.between(5.0, 300.0) as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        assert!(kills < 20 * KILLS, "the writer does not come to its end");
    }
    writer.join().unwrap();
    let daemon = house.run();
    let answered = count(&log, "kundtjanst", "CONNECT");
    until("all that was written is counted", || {
        let report = house.report(&["--period", "2026-03-02"]);
        report["queues"][0]["answered"] == answered
            && daemon.metric("servicegrad_event_backlog_bytes{source=\"vaxel\"}") == Some(0.0)
    });
    daemon.stop();
    let killed = house.report(&["--period", "2026-03", "--interval", "15m"]);
    for (place, queue) in ["kundtjanst", "itsupport"].into_iter().enumerate() {
        let row = &killed["queues"][place];
        let offered = count(&log, queue, "ENTERQUEUE") + count(&log, queue, "CLOSED");
        assert_eq!(row["offered"], offered, "{queue}");
        assert_eq!(row["answered"], count(&log, queue, "CONNECT"), "{queue}");
        assert_eq!(row["abandoned"], count(&log, queue, "ABANDON"), "{queue}");
        assert_eq!(row["key_exit"], count(&log, queue, "EXITWITHKEY"), "{queue}");
        assert_eq!(row["overflowed"], count(&log, queue, "EXITWITHTIMEOUT"), "{queue}");
        assert!(row["answered"].as_i64().unwrap() > 100, "{row}");
    }
    // Nothing undisturbed says otherwise in any cell.
    let calm = House::new(CONFIG);
    std::fs::write(calm.path("queue_log"), &log).unwrap();
    calm.ok(&["import", "--source", "vaxel", calm.path("queue_log").to_str().unwrap()]);
    let calm = calm.report(&["--period", "2026-03", "--interval", "15m"]);
    for key in ["queues", "units", "calls", "quality"] {
        assert_eq!(killed[key], calm[key], "{key}");
    }
}

#[test]
fn a_file_that_vanishes_while_it_is_followed_is_waited_for() {
    let house = House::new(CONFIG);
    let log = log();
    let lines: Vec<&str> = log.lines().take(600).collect();
    let (path, parts) = (house.path("queue_log"), lines.chunks(200));
    let mut daemon = house.run();
    let mut told = String::new();
    for (nth, part) in parts.enumerate() {
        let part = part.join("\n") + "\n";
        told.push_str(&part);
        std::fs::write(&path, part).unwrap();
        let answered = count(&told, "kundtjanst", "CONNECT");
        until("it is read", || house.report(&["--period", "2026-03-02"])["queues"][0]["answered"] == answered);
        std::fs::remove_file(&path).unwrap();
        if nth == 1 {
            // Also by one that is started while there is none.
            daemon.stop();
            daemon = house.run();
            until("it is missed", || daemon.metric("servicegrad_source_up{source=\"vaxel\"}") == Some(0.0));
        }
    }
    daemon.stop();
}
