//! Commands and their exit codes.

use crate::program::{House, write};

const CONFIG: &str = "[[source]]\nname = \"vaxel\"\nkind = \"asterisk_queue_log\"\npath = \"FOLDER/queue_log\"\n[[queue]]\nname = \"kundtjanst\"\n";

fn code(house: &House, arguments: &[&str]) -> (i32, String) {
    let output = house.command(arguments);
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn exit_codes_are_0_ok_1_failed_2_usage_or_configuration() {
    let house = House::new(CONFIG);
    assert_eq!(code(&house, &["check", "--offline"]).0, 0);
    assert_eq!(code(&house, &["check"]).0, 1, "the file is not there");
    assert_eq!(code(&house, &["report", "--period", "2026"]).0, 1, "nothing was imported");
    assert_eq!(code(&house, &["report", "--period", "soon"]).0, 2);
    assert_eq!(code(&house, &["report"]).0, 2);
    let (failed, why) = code(&house, &["report", "--period", "2026", "--format", "pdf"]);
    let is_told = why.contains("writes no PDF") && why.contains("cargo build --release --features pdf");
    assert_eq!((failed, is_told), if cfg!(feature = "pdf") { (1, false) } else { (2, true) }, "{why}");
    let (failed, why) = code(&house, &["report", "--period", "2026", "--format", "odt"]);
    assert!(failed == 2 && why.contains("table, json, csv, xlsx") && why.contains("html"), "{why}");
    assert_eq!(code(&house, &["dance"]).0, 2);
    assert_eq!(code(&house, &["import", "--source", "nobody", "x"]).0, 2);
    let (failed, why) = code(&house, &["import", "--source", "vaxel", "no-such-file"]);
    assert_eq!(failed, 1);
    assert!(why.contains("no-such-file") && why.contains("rotated away"), "{why}");
}

#[test]
fn a_wrong_configuration_never_starts_and_says_all_that_is_wrong() {
    let house = House::new("colour = 1\n[[queue]]\nname = \"Å\"\n[[queue]]\nname = \"b\"\nthresholds = [\"2h\"]\n");
    let (failed, why) = code(&house, &["check"]);
    assert_eq!(failed, 2);
    for key in ["http.colour", "queue[1] \"Å\".name", "queue[2] \"b\".thresholds"] {
        assert!(why.contains(key), "{why}");
    }
    let mut child = house.spawn();
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

#[test]
fn an_import_again_or_of_a_gzip_counts_nothing_twice() {
    let house = House::new(CONFIG);
    let log = "1772434800|a.1|kundtjanst|NONE|ENTERQUEUE||1|1\n1772434810|a.1|kundtjanst|m|CONNECT|10|a.2|1\n1772434900|a.1|kundtjanst|m|COMPLETEAGENT|10|90|1\n";
    write(&house.path("queue_log"), log);
    let mut gzip = flate2::write::GzEncoder::new(
        std::fs::File::create(house.path("queue_log.1.gz")).unwrap(),
        flate2::Compression::fast(),
    );
    std::io::Write::write_all(&mut gzip, log.as_bytes()).unwrap();
    gzip.finish().unwrap();
    house.ok(&["import", "--source", "vaxel", "queue_log"]);
    let first = house.report(&["--period", "2026-03"]);
    assert_eq!(first["queues"][0]["answered"], 1);
    house.ok(&["import", "--source", "vaxel", "queue_log.1.gz", "queue_log"]);
    assert_eq!(house.report(&["--period", "2026-03"]), first);
}

#[test]
fn an_import_of_queues_that_nobody_measures_says_so() {
    let house = House::new(CONFIG);
    let log = "1772434800|a.1|600|NONE|ENTERQUEUE||1|1\n1772434801|b.1|kundtjanst|NONE|ENTERQUEUE||1|1\n";
    write(&house.path("queue_log"), log);
    let (_, said) = code(&house, &["import", "--source", "vaxel", "queue_log"]);
    assert!(said.contains("1 of them name queues that are not measured (600); if one should be"), "{said}");
}

#[test]
fn every_line_that_cannot_be_used_is_a_dead_letter_and_its_neighbours_count() {
    let house = House::new(CONFIG);
    let mut log = b"1772434800|a.1|kundtjanst|NONE|ENTERQUEUE||1|1\nnonsense\n1772434801|a.1|kundtjanst|NONE|EXPLODED|\nyesterday|a.1|kundtjanst|NONE|ENTERQUEUE|\n\xff\xfe\x00\x01\n".to_vec();
    log.extend(std::iter::repeat_n(b'x', 10_000_000));
    log.extend_from_slice(b"\n1772434802|b.1|kundtjanst|NONE|ABANDON|1|1|\n1772434810|a.1|kundtjanst|m|CONNECT|10|a.2|1\n1772434900|a.1|kundtjanst|m|COMPLETEAGENT|10|90|1\n");
    std::fs::write(house.path("queue_log"), log).unwrap();
    house.ok(&["import", "--source", "vaxel", "queue_log"]);
    let report = house.report(&["--period", "2026-03"]);
    assert_eq!((&report["queues"][0]["answered"], &report["queues"][0]["offered"]), (&1.into(), &1.into()));
    let reasons =
        serde_json::json!({ "malformed": 2, "unknown_event": 1, "bad_time": 1, "too_long": 1, "orphan_end": 1 });
    assert_eq!(report["quality"]["dead_letters_by_reason"], reasons);
    // Read again, it is the same letters.
    house.ok(&["import", "--source", "vaxel", "queue_log"]);
    assert_eq!(house.report(&["--period", "2026-03"]), report);
}
