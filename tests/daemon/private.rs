//! Nobody's number is kept: not in the store, its dead letters or the log.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Read;
use std::process::{Command, Stdio};

use crate::program::{House, PROGRAM, until, write};

const CONFIG: &str = r#"
[[source]]
name = "logg"
kind = "asterisk_queue_log"
path = "FOLDER/queue_log"
[[source]]
name = "vaxel"
kind = "asterisk_ami"
connect = "127.0.0.1:1"
user = "servicegrad"
secret = "hemlig"
[[source]]
name = "handelser"
kind = "ndjson"
path = "FOLDER/none.ndjson"
[[queue]]
name = "kundtjanst"
[[queue]]
name = "itsupport"
"#;

fn unzipped(path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Numbers of all who called in the recordings.
fn callers() -> BTreeSet<String> {
    let mut callers = BTreeSet::new();
    for name in ["small", "busy"] {
        let truth = unzipped(&format!("tests/data/asterisk_ami/{name}/truth.json.gz"));
        let truth: serde_json::Value = serde_json::from_slice(&truth).unwrap();
        let calls = truth["calls"].as_array().unwrap();
        callers.extend(calls.iter().filter_map(|call| call["caller"].as_str()).map(str::to_owned));
    }
    callers.retain(|number| number.len() >= 7);
    callers
}

#[test]
fn no_callers_number_is_in_store_dead_letters_or_log() {
    let house = House::new(CONFIG);
    let callers = callers();
    assert!(callers.len() > 50);
    for name in ["small", "busy"] {
        std::fs::copy(format!("tests/data/asterisk_ami/{name}/ami.raw.gz"), house.path("ami.raw.gz")).unwrap();
        house.ok(&["import", "--source", "vaxel", "ami.raw.gz"]);
    }
    // Lines that cannot be used are where a number would be kept.
    let mut log = std::fs::read_to_string("tests/data/asterisk_queue_log/busy/queue_log").unwrap();
    let mut events = String::new();
    let mut stream = b"Asterisk Call Manager/11.0.0\r\n".to_vec();
    for (at, number) in callers.iter().enumerate() {
        let (area, rest) = number.split_at(4);
        let (first, last) = rest.split_at(2);
        writeln!(log, "{number}\n1795467000|a.{at}|kundtjanst|NONE|EXPLODED||{number}|1\n{number}|a|b|c|ENTERQUEUE|")
            .unwrap();
        write!(events,
            "{{\"id\":\"{at}\",\"type\":\"visit.entered\",\"call\":\"{at}\",\"queue\":\"kundtjanst\",\"caller\":\"{number}\"}}\n\
             {{\"id\":\"x{at}\",\"type\":\"visit.exploded\",\"call\":\"{at}\",\"caller\":\"{area}-{first} {last}\"}}\n\
             {{\"id\":\"y{at}\",\"type\":\"visit.entered\",\"call\":\"{at}\",\"time\":\"{number}\"}}\n{number}\n"
        ).unwrap();
        stream.extend_from_slice(format!("Event: X\r\nCallerIDNum: {number}\r\nPadding: ").as_bytes());
        stream.extend(std::iter::repeat_n(b'x', 70_000));
        stream.extend_from_slice(b"\r\n\r\n");
    }
    write(&house.path("queue_log"), &log);
    write(&house.path("events.ndjson"), &events);
    std::fs::write(house.path("stream.raw"), stream).unwrap();
    house.ok(&["import", "--source", "handelser", "events.ndjson"]);
    house.ok(&["import", "--source", "vaxel", "stream.raw"]);
    let mut daemon = Command::new(PROGRAM)
        .args(["run", "--config"])
        .arg(house.path("servicegrad.toml"))
        .env("RUST_LOG", "trace")
        .stderr(Stdio::from(std::fs::File::create(house.path("log")).unwrap()))
        .spawn()
        .unwrap();
    let letters = || {
        let store = rusqlite::Connection::open(house.path("figures.db")).unwrap();
        store.query_row("SELECT count(*) FROM dead_letter", [], |row| row.get::<_, i64>(0)).unwrap() as usize
    };
    // Three kinds of lines of the journal, three of the events, one of the switch.
    until("every line that cannot be used is a dead letter", || letters() >= 6 * callers.len());
    assert!(Command::new("kill").args(["-TERM", &daemon.id().to_string()]).status().unwrap().success());
    assert!(daemon.wait().unwrap().success());
    let said = std::fs::read_to_string(house.path("log")).unwrap();
    assert!(said.contains("wallboard"), "{said}");
    let mut kept = said.into_bytes();
    for entry in std::fs::read_dir(house.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("figures.db") {
            kept.extend(std::fs::read(path).unwrap());
        }
    }
    for number in callers {
        let (area, rest) = number.split_at(4);
        let (first, last) = rest.split_at(2);
        for form in [number.clone(), format!("{area}-{first} {last}")] {
            assert!(memchr::memmem::find(&kept, form.as_bytes()).is_none(), "{form} is kept");
        }
    }
}
