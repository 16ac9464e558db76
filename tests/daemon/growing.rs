//! Files that a switch writes to while we read: torn in the middle of a line, rotated, the daemon killed
//! in between; all of it is counted once.

use std::fs::OpenOptions;
use std::io::{Read, Write};

use serde_json::Value;

use crate::program::{House, until};
use crate::records::call;

/// Writes more behind what a file holds.
fn append(house: &House, name: &str, bytes: &[u8]) {
    let mut file = OpenOptions::new().create(true).append(true).open(house.path(name)).unwrap();
    file.write_all(bytes).unwrap();
}

/// The log is put aside, and a new one begun.
fn rotate(house: &House, name: &str, aside: &str) {
    std::fs::rename(house.path(name), house.path(aside)).unwrap();
    append(house, name, b"");
}

/// What does not depend on when it was read.
fn figures(house: &House) -> Vec<Value> {
    let report = house.report(&["--from", "2026-01-01", "--to", "2027-12-31"]);
    let pick = |row: &Value, keys: &[&str]| keys.iter().map(|key| row[*key].clone()).collect::<Value>();
    let counts = ["queue", "offered", "answered", "abandoned", "overflowed", "key_exit", "within"];
    let queues = report["queues"].as_array().unwrap().iter().map(|row| pick(row, &counts));
    let legs = ["unit", "transfers", "answered", "outcomes"];
    queues.chain(report["units"].as_array().unwrap().iter().map(|row| pick(row, &legs))).collect()
}

const CHANNELS: &str = r#"
[[source]]
name = "kanaler"
kind = "asterisk_cel"
path = "FOLDER/Master.csv"
poll = "10ms"
[[queue]]
name = "kundtjanst"
[[queue]]
name = "itsupport"
[[queue]]
name = "ringalla"
[[organisation]]
name = "lycksele"
[directory]
units = "units.csv"
"#;

fn of_channels() -> House {
    let house = House::new(CHANNELS);
    let units = "from,to,unit,title,organisation,valid_from,valid_to\n7100,7100,social,,lycksele,,\n7200,7299,bygg,,lycksele,,\n\
                 7300,7300,skola,,lycksele,,\n7400,7400,teknik,,lycksele,,\n7500,7500,kansli,,lycksele,,\n";
    std::fs::write(house.path("units.csv"), units).unwrap();
    house
}

/// A busy morning, and what it comes to at one go.
fn busy_morning() -> (Vec<u8>, Vec<Value>) {
    let zipped = std::fs::File::open("tests/data/asterisk_cel/busy/cel-Master.csv.gz").unwrap();
    let mut log = Vec::new();
    flate2::read::GzDecoder::new(zipped).read_to_end(&mut log).unwrap();
    let house = of_channels();
    std::fs::write(house.path("whole.csv"), &log).unwrap();
    house.ok(&["import", "--source", "kanaler", "whole.csv"]);
    let figures = figures(&house);
    assert!(figures[0][2].as_i64().unwrap() > 50, "{figures:?}");
    (log, figures)
}

#[test]
fn a_channel_event_log_that_grows_under_a_daemon_that_is_killed() {
    let (log, expected) = busy_morning();

    let house = of_channels();
    append(&house, "Master.csv", b"");
    let mut daemon = house.run();
    let pieces: Vec<&[u8]> = log.chunks(log.len() / 24 + 1).collect();
    for (at, piece) in pieces.iter().enumerate() {
        append(&house, "Master.csv", piece);
        if at == 5 || at == 13 || at == 21 {
            drop(daemon);
            daemon = house.run();
        }
    }
    until("all is counted as at one go", || figures(&house) == expected);
    drop(daemon);
}

#[test]
fn a_channel_event_log_is_read_on_in_the_next_file() {
    let (log, expected) = busy_morning();

    let house = of_channels();
    append(&house, "Master.csv", b"");
    let daemon = house.run();
    let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    let file_lines = lines.len().div_ceil(5);
    for (number, part) in lines.chunks(file_lines).enumerate() {
        if number > 0 {
            rotate(&house, "Master.csv", &format!("Master.csv.{number}"));
        }
        let offered = || figures(&house).iter().filter_map(|row| row[1].as_i64()).sum::<i64>();
        let before = offered();
        // In the middle of calls, and of lines.
        for piece in part.concat().chunks(50_000) {
            append(&house, "Master.csv", piece);
        }
        until("the new file is read", || offered() > before);
    }
    until("all is counted as at one go", || figures(&house) == expected);
    daemon.stop();
}

#[test]
fn records_in_a_file_that_grows_and_rotates_under_a_daemon_that_is_killed() {
    const CALLS: usize = 600;
    let house = House::new(
        "[[source]]\nname = \"poster\"\nkind = \"records\"\npath = \"FOLDER/smdr.csv\"\npoll = \"10ms\"\n[source.records]\npreset = \"avaya_ip_office\"\nidle = \"1s\"\n[[queue]]\nname = \"kundtjanst\"\nfrom = [{ source = \"poster\", queue = \"600\" }]\n",
    );
    append(&house, "smdr.csv", b"");
    let answered = || house.report(&["--period", "2026-03-02"])["queues"][0]["answered"].as_i64().unwrap();
    let mut daemon = house.run();
    for (number, first) in (0..CALLS).step_by(100).enumerate() {
        let text = (first..first + 100).map(call).collect::<String>();
        // Half a line stands there for a while.
        let (before, rest) = text.split_at(text.len() / 2 + 7);
        append(&house, "smdr.csv", before.as_bytes());
        if number % 2 == 1 {
            drop(daemon);
            daemon = house.run();
        }
        append(&house, "smdr.csv", rest.as_bytes());
        if number % 3 == 0 {
            // What is put aside is read to its end.
            rotate(&house, "smdr.csv", &format!("smdr.csv.{number}"));
        }
        until("all of the file is counted", || answered() == first as i64 + 100);
        if number % 3 == 1 {
            // Copied and cut short in place: what was not read by then nobody can read again.
            std::fs::write(house.path("smdr.csv"), "").unwrap();
        }
    }
    until("all calls are counted", || answered() == CALLS as i64);
    assert_eq!(daemon.metric("servicegrad_events_duplicate_total{source=\"poster\"}").unwrap_or(0.0), 0.0);
    assert_eq!(house.report(&["--period", "2026-03-02"])["quality"]["dead_letters"], 0);
    daemon.stop();
}
