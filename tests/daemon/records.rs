//! Records of finished calls through the real program: a folder that files are put into, a switch's
//! printer line, a file that grows; killed in between.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use servicegrad::simulate::random::Chance;

use crate::program::{House, until};

const QUEUE: &str = "[[queue]]\nname = \"kundtjanst\"\nfrom = [{ source = \"poster\", queue = \"600\" }]\n";

fn folder(more: &str) -> House {
    let source = format!(
        "[[source]]\nname = \"poster\"\nkind = \"records\"\nfolder = \"FOLDER/in\"\nsettle = \"50ms\"\npoll = \"10ms\"\n{more}\n[source.records]\npreset = \"avaya_ip_office\"\n"
    );
    let house = House::new(&format!("{source}{QUEUE}"));
    std::fs::create_dir(house.path("in")).unwrap();
    house
}

/// A call of 2 March that was answered after some seconds.
pub(crate) fn call(id: usize) -> String {
    let (hour, minute, second) = (8 + id / 3600, id / 60 % 60, id % 60);
    format!(
        "2026/03/02 {hour:02}:{minute:02}:{second:02},00:00:30,{},0950200001,I,600,16600,,0,{},0,E1001,Agent,T9001,Line,0,0\r\n",
        id % 40,
        1_000_000 + id
    )
}

/// Puts a file into the folder as careful senders do: written elsewhere, then moved.
fn put(house: &House, name: &str, content: &str) {
    let aside = house.path(name);
    std::fs::write(&aside, content).unwrap();
    std::fs::rename(aside, house.path("in").join(name)).unwrap();
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    let mut names: Vec<String> = files.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn answered(house: &House) -> i64 {
    house.report(&["--period", "2026-03-02"])["queues"][0]["answered"].as_i64().unwrap()
}

#[test]
fn a_file_that_was_read_but_not_moved_when_the_daemon_was_killed_is_moved_and_not_read_again() {
    // Something stands where the done folder should be, so that a file can be read and not moved.
    let house = folder("done = \"FOLDER/done\"");
    std::fs::write(house.path("done"), "in the way").unwrap();
    put(&house, "cdr_1", &(0..10).map(call).collect::<String>());
    let daemon = house.run();
    until("the calls are counted", || answered(&house) == 10);
    until("the trouble is told", || {
        let live: serde_json::Value = serde_json::from_str(&daemon.get("/api/v1/live")).unwrap();
        live["sources"][0]["trouble"].as_str().is_some_and(|trouble| trouble.contains("cdr_1"))
    });
    let accepted = daemon.metric("servicegrad_events_ingested_total{source=\"poster\"}");
    // Dropping it kills it.
    drop(daemon);
    assert_eq!(files(&house.path("in")), ["cdr_1"]);
    std::fs::remove_file(house.path("done")).unwrap();
    let daemon = house.run();
    until("it is moved", || files(&house.path("done")) == ["cdr_1"] && files(&house.path("in")).is_empty());
    assert_eq!(daemon.metric("servicegrad_events_ingested_total{source=\"poster\"}"), accepted);
    assert_eq!(daemon.metric("servicegrad_events_duplicate_total{source=\"poster\"}").unwrap_or(0.0), 0.0);
    // Another file of the same name is another file.
    put(&house, "cdr_1", &(10..12).map(call).collect::<String>());
    until("it is counted and moved beside the first", || {
        answered(&house) == 12 && files(&house.path("done")) == ["cdr_1", "cdr_1.2"]
    });
    daemon.stop();
}

#[test]
fn thirty_kills_while_files_are_put_into_the_folder_lose_nothing_and_read_nothing_twice() {
    const CALLS: usize = 3_000;
    let house = folder("");
    let mut chance = Chance::new(3);
    let mut next = 0;
    let mut kills = 0;
    while next < CALLS || kills < 30 {
        let mut child = house.spawn();
        for _ in 0..3 {
            let until = (next + 40).min(CALLS);
            if next < until {
                put(&house, &format!("cdr_{next:05}"), &(next..until).map(call).collect::<String>());
                next = until;
            }
            std::thread::sleep(Duration::from_millis(chance.between(5.0, 80.0) as u64));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    let daemon = house.run();
    let in_folder = house.path("in");
    until("all files are moved", || {
        files(&in_folder).is_empty() && files(&in_folder.join("done")).len() == CALLS.div_ceil(40)
    });
    until("all calls are counted", || answered(&house) == CALLS as i64);
    assert_eq!(daemon.metric("servicegrad_events_duplicate_total{source=\"poster\"}").unwrap_or(0.0), 0.0);
    assert_eq!(files(&in_folder.join("failed")), Vec::<String>::new());
    daemon.stop();
}

#[test]
fn a_file_that_cannot_be_read_goes_aside_with_the_reason_and_the_next_one_is_read() {
    let house = folder("");
    std::fs::write(house.path("in/half.gz"), [0x1f, 0x8b, 8, 0, 0]).unwrap();
    put(&house, "other", "what is this\nand this\n");
    put(&house, "upload.part", &call(7));
    put(&house, "good", &call(1));
    let daemon = house.run();
    let (failed, done) = (house.path("in/failed"), house.path("in/done"));
    until("all are where they belong", || {
        files(&done) == ["good"] && files(&failed) == ["half.gz", "half.gz.reason.txt", "other", "other.reason.txt"]
    });
    let why = std::fs::read_to_string(failed.join("other.reason.txt")).unwrap();
    assert!(why.contains("none of its 2 rows"), "{why}");
    assert_eq!(files(&house.path("in")), ["upload.part"]);
    assert_eq!(answered(&house), 1);
    daemon.stop();
}

#[test]
fn a_switch_prints_to_us_and_a_mapping_that_was_changed_is_told() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap();
    drop(free);
    let source = |more: &str| {
        format!(
            "[[source]]\nname = \"poster\"\nkind = \"records\"\nlisten = \"{port}\"\n[source.records]\npreset = \"avaya_ip_office\"\n{more}{QUEUE}"
        )
    };
    let house = House::new(&source(""));
    let daemon = house.run();
    let mut printer = TcpStream::connect(port).unwrap();
    // Torn in the middle of a line, and the last one never ended.
    let lines = call(1) + &call(2) + call(3).trim_end();
    let (head, tail) = lines.as_bytes().split_at(100);
    printer.write_all(head).unwrap();
    printer.flush().unwrap();
    std::thread::sleep(Duration::from_millis(20));
    printer.write_all(tail).unwrap();
    drop(printer);
    until("three calls are counted", || answered(&house) == 3);
    let live = |daemon: &crate::program::Daemon| -> serde_json::Value {
        serde_json::from_str::<serde_json::Value>(&daemon.get("/api/v1/live")).unwrap()["sources"][0].clone()
    };
    let before = live(&daemon);
    assert_eq!(before["untold"], serde_json::json!(["way_out", "refused"]));
    // Who was not let in is not told: no figure, and not nought.
    let report = house.report(&["--period", "2026-03-02"]);
    let queue = &report["queues"][0];
    assert_eq!((&queue["refused"], &queue["within"]["30"]), (&serde_json::Value::Null, &3.into()));
    assert_eq!(report["quality"]["untold"]["poster"], serde_json::json!(["way_out", "refused"]));
    assert!(before["mapping"].is_string() && before["mapping_changed_ms"].is_null(), "{before}");
    daemon.stop();
    let config = std::fs::read_to_string(house.path("servicegrad.toml")).unwrap();
    let changed = config.replace("preset = ", "encoding = \"iso-8859-1\"\npreset = ");
    std::fs::write(house.path("servicegrad.toml"), changed).unwrap();
    let daemon = house.run();
    let after = live(&daemon);
    assert_ne!(after["mapping"], before["mapping"]);
    assert!(after["mapping_changed_ms"].is_i64(), "{after}");
    daemon.stop();
}

#[test]
fn a_report_says_what_its_records_cannot_tell() {
    let house = House::new(
        "[[source]]\nname = \"poster\"\nkind = \"records\"\npath = \"FOLDER/Master.csv\"\n[source.records]\npreset = \"asterisk_cdr\"\nzone = \"Etc/UTC\"\n[[queue]]\nname = \"kundtjanst\"\nobjective = { threshold = \"30s\", target = 0.9 }\n",
    );
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/records/asterisk/small/cdr-Master.csv");
    house.ok(&["import", "--source", "poster", file.to_str().unwrap()]);
    let report = house.report(&["--period", "2026-11-23"]);
    let queue = &report["queues"][0];
    assert_eq!((&queue["answered"], &queue["offered"]), (&29.into(), &39.into()));
    for absent in [
        &queue["service_level"]["of_answered"]["30"],
        &queue["objective"]["value"],
        &queue["within"]["30"],
        &queue["short_abandoned"],
        &queue["wait_seconds"]["mean"],
        &queue["talk_seconds"]["mean"],
        &queue["refused"],
    ] {
        assert_eq!(absent, &serde_json::Value::Null, "{queue}");
    }
    assert_eq!(report["quality"]["unmeasured"], 39);
    let table = house.ok(&["report", "--period", "2026-11-23", "--lang", "sv"]);
    assert!(table.contains("poster kan inte tala om") && table.contains("väntetider, hur den som"), "{table}");
    let unmeasured = table.lines().find(|line| line.contains("i ingen servicegrad")).unwrap_or_default();
    assert!(unmeasured.trim_end().ends_with("39") && table.contains('–'), "{table}");
}

#[test]
fn a_mapping_is_tried_on_a_file_and_nothing_is_stored() {
    let house = folder("");
    let file = house.path("smdr.csv");
    std::fs::write(&file, call(1) + "2026/13/40 08:00:00,x\r\n").unwrap();
    let page = house.ok(&["check", "--source", "poster", "--try", file.to_str().unwrap()]);
    for told in [
        "line 1: call_start=2026-03-02T07:00:01.000Z",
        "\"type\":\"visit.answered\"",
        "line 2, byte",
        "1 rows, ",
        "mapping ",
        "cannot tell: way_out, refused",
    ] {
        assert!(page.contains(told), "{told} in {page}");
    }
    assert!(!house.path("figures.db").exists());
    std::fs::write(&file, "nothing\nof\nthis\n").unwrap();
    let output = house.command(&["check", "--source", "poster", "--try", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let output = house.command(&["check", "--source", "nobody", "--try", file.to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("no source `nobody` of kind records"));
}
