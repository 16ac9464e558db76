//! Switches that are dialled: the real program, a played switch on a port, the real adapter between.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;
use servicegrad::clock::Clock;
use servicegrad::daemon::Played;
use servicegrad::event::CallEvent;
use servicegrad::measure::Moment;
use servicegrad::simulate::ami_switch::AmiSwitch;
use servicegrad::simulate::{Scenario, Switchboard};

use crate::program::{House, until};

const QUEUES: &str = r#"
[[queue]]
name = "kundtjanst"
[[queue]]
name = "itsupport"
short_abandon = "none"
"#;

/// The model customer's organisations and units.
fn people(house: &House) -> String {
    let mut rows = String::from("from,to,unit,title,organisation,valid_from,valid_to\n");
    for row in Scenario::unit_rows() {
        writeln!(rows, "{},{},{},{},{},,", row.from, row.to, row.unit, row.title, row.organisation).unwrap();
    }
    std::fs::write(house.path("units.csv"), rows).unwrap();
    let organisations = Scenario::ORGANISATIONS.map(|(name, _)| format!("[[organisation]]\nname = \"{name}\"\n"));
    format!("{}[directory]\nunits = \"units.csv\"\n", organisations.concat())
}

/// A house whose switch is at this port.
fn house(source: &str) -> House {
    let house = House::new("");
    let config = std::fs::read_to_string(house.path("servicegrad.toml")).unwrap();
    std::fs::write(house.path("servicegrad.toml"), format!("{config}{source}{QUEUES}{}", people(&house))).unwrap();
    house
}

/// Calls of the last two hours, in order, up to `until`.
fn calls(seed: u64, until: Moment) -> Vec<CallEvent> {
    let scenario = Scenario::municipal().around_the_clock().busier(3.0);
    let mut board = Switchboard::new(scenario, seed, until.plus_ms(-2 * 3_600_000));
    board.advance(until).into_iter().map(|told| told.event).collect()
}

/// What those calls come to when they are told as canonical events.
fn plainly(events: &[CallEvent]) -> Value {
    let house = house("[[source]]\nname = \"plain\"\nkind = \"ndjson\"\npath = \"-\"\n");
    let mut lines = Vec::new();
    for (at, event) in events.iter().enumerate() {
        servicegrad::event::json::write(event, &at.to_string(), &mut lines);
        lines.push(b'\n');
    }
    std::fs::write(house.path("calls.ndjson"), lines).unwrap();
    house.ok(&["import", "--source", "plain", "calls.ndjson"]);
    figures(&house)
}

/// Counts of queues and units, without what a source can or cannot tell.
fn figures(house: &House) -> Value {
    let now = chrono::Utc::now();
    let (from, to) = (now - chrono::TimeDelta::days(2), now + chrono::TimeDelta::days(2));
    let day = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d").to_string();
    let report = house.report(&["--from", &day(from), "--to", &day(to)]);
    let pick = |row: &Value, keys: &[&str]| -> Value {
        keys.iter().map(|key| ((*key).to_owned(), row[*key].clone())).collect::<serde_json::Map<_, _>>().into()
    };
    let queues: Vec<Value> = report["queues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            pick(
                row,
                &[
                    "queue",
                    "offered",
                    "answered",
                    "abandoned",
                    "short_abandoned",
                    "overflowed",
                    "open",
                    "lost",
                    "unknown",
                    "within",
                    "abandoned_within",
                ],
            )
        })
        .collect();
    let units: Vec<Value> = report["units"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| pick(row, &["unit", "transfers", "answered", "outcomes"]))
        .collect();
    serde_json::json!({ "queues": queues, "units": units })
}

/// Waits until the house's figures are these.
fn comes_to(house: &House, expected: &Value) {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let figures = figures(house);
        if figures == *expected {
            return;
        }
        if Instant::now() > until {
            for part in ["queues", "units"] {
                let rows = figures[part].as_array().unwrap().iter().zip(expected[part].as_array().unwrap());
                for (is, should) in rows.filter(|(is, should)| is != should) {
                    println!("is     {is}\nshould {should}");
                }
            }
            panic!("the figures are not those of the calls");
        }
        std::thread::sleep(Duration::from_millis(300));
    }
}

struct Line {
    runtime: tokio::runtime::Runtime,
    switch: Played<AmiSwitch>,
    port: u16,
}

impl Line {
    fn new(piece_bytes: usize) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let clock = Clock::system();
        let booted = clock.now().plus_ms(-6 * 3_600_000);
        let switch = Played::new(AmiSwitch::new("servicegrad", "hemlig", booted), clock).in_pieces_of(piece_bytes);
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(switch.clone().listen(listener));
        Self { runtime, switch, port }
    }

    fn source(&self) -> String {
        format!(
            "[[source]]\nname = \"vaxel\"\nkind = \"asterisk_ami\"\nconnect = \"127.0.0.1:{}\"\nuser = \"servicegrad\"\nsecret = \"hemlig\"\ndialplan = true\n",
            self.port
        )
    }

    /// Waits until the daemon has logged in.
    fn is_heard(&self, daemon: &crate::program::Daemon) {
        until("the switch is heard", || daemon.metric("servicegrad_source_up{source=\"vaxel\"}") == Some(1.0));
        assert_eq!(self.switch.listeners(), 1);
    }
}

#[test]
fn a_live_asterisk_comes_to_the_figures_of_its_calls() {
    let line = Line::new(usize::MAX);
    let house = house(&line.source());
    let daemon = house.run();
    line.is_heard(&daemon);
    let events = calls(7, Clock::system().now());
    for event in &events {
        line.switch.tell(event);
    }
    comes_to(&house, &plainly(&events));
    drop(line.runtime);
}
