//! Switches that are dialled: the real program, a played switch on a port, the real adapter between.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;
use servicegrad::clock::Clock;
use servicegrad::daemon::Played;
use servicegrad::event::{CallEvent, EventKind};
use servicegrad::measure::Moment;
use servicegrad::simulate::ami_switch::AmiSwitch;
use servicegrad::simulate::queue_log::Renderer;
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
pub fn house(source: &str) -> House {
    let house = House::new("");
    let config = std::fs::read_to_string(house.path("servicegrad.toml")).unwrap();
    let source = source.replace("FOLDER", &house.folder.path().display().to_string());
    std::fs::write(house.path("servicegrad.toml"), format!("{config}{source}{QUEUES}{}", people(&house))).unwrap();
    house
}

/// Calls of the last two hours, in order, up to `until`.
pub fn calls(seed: u64, until: Moment) -> Vec<CallEvent> {
    let scenario = Scenario::municipal().around_the_clock().busier(3.0);
    let mut board = Switchboard::new(scenario, seed, until.plus_ms(-2 * 3_600_000));
    board.advance(until).into_iter().map(|told| told.event).collect()
}

/// What those calls come to when they are told as canonical events.
pub fn plainly(events: &[CallEvent]) -> Value {
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
pub fn figures(house: &House) -> Value {
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

pub struct Line {
    pub runtime: tokio::runtime::Runtime,
    pub switch: Played<AmiSwitch>,
    port: u16,
}

impl Line {
    pub fn new(piece_bytes: usize) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let clock = Clock::system();
        let booted = clock.now().plus_ms(-6 * 3_600_000);
        let switch = Played::new(AmiSwitch::new("servicegrad", "hemlig", booted), clock).in_pieces_of(piece_bytes);
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(switch.clone().listen(listener));
        Self { runtime, switch, port }
    }

    pub fn source(&self) -> String {
        format!(
            "[[source]]\nname = \"vaxel\"\nkind = \"asterisk_ami\"\nconnect = \"127.0.0.1:{}\"\nuser = \"servicegrad\"\nsecret = \"hemlig\"\ndialplan = true\n",
            self.port
        )
    }

    /// Waits until the daemon has logged in.
    fn is_heard(&self, daemon: &crate::program::Daemon) {
        until("the switch is heard", || daemon.metric("servicegrad_source_up{source=\"vaxel\"}") == Some(1.0));
        until("the line stands", || self.switch.listeners() == 1);
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

#[test]
fn torn_packets_are_the_same_calls() {
    let line = Line::new(61);
    let house = house(&line.source());
    let daemon = house.run();
    line.is_heard(&daemon);
    let events = calls(8, Clock::system().now());
    let events = &events[..events.len() / 4];
    for event in events {
        line.switch.tell(event);
    }
    comes_to(&house, &plainly(events));
}

/// The journal of the same switch: its queue_log.
fn journal(events: &[CallEvent]) -> String {
    let mut renderer = Renderer::default();
    let mut log = String::new();
    for event in events {
        renderer.render(event, &mut log);
    }
    log
}

#[test]
fn what_the_live_line_missed_the_journal_fills_and_nothing_is_counted_twice() {
    let line = Line::new(usize::MAX);
    let house = house(&format!(
        "{}[[source]]\nname = \"logg\"\nkind = \"asterisk_queue_log\"\npath = \"FOLDER/queue_log\"\nswitch = \"vaxel\"\n",
        line.source()
    ));
    std::fs::write(house.path("queue_log"), "").unwrap();
    let daemon = house.run();
    line.is_heard(&daemon);
    let events = calls(9, Clock::system().now());
    let (before, rest) = events.split_at(events.len() / 3);
    let (missed, after) = rest.split_at(rest.len() / 2);
    for event in before {
        line.switch.tell(event);
    }
    let heard =
        |count: f64| daemon.metric("servicegrad_events_ingested_total{source=\"vaxel\"}").unwrap_or(0.0) >= count;
    until("the first third is heard", || heard(before.len() as f64 / 2.0));
    line.switch.cut();
    until("the line is down", || line.switch.listeners() == 0);
    for event in missed {
        line.switch.tell(event);
    }
    let quality = || house.report(&["--from", "2020-01-01", "--to", "2100-01-01"])["quality"].clone();
    until("the line is up again and the gap is known", || quality()["gaps"].as_array().unwrap().len() == 1);
    for event in after {
        line.switch.tell(event);
    }
    std::fs::write(house.path("queue_log"), journal(&events)).unwrap();
    // Whole calls are all there, by whoever told of them; waits that only the journal knows are in
    // whole seconds, so that those at a threshold may fall on its other side.
    let plain = plainly(&events);
    let whole = |figures: &Value| -> Vec<Value> {
        let counts = ["queue", "offered", "answered", "abandoned", "overflowed", "open", "lost", "unknown"];
        let rows = figures["queues"].as_array().unwrap().iter();
        rows.map(|row| counts.map(|count| row[count].clone()).into_iter().collect()).collect()
    };
    until("all calls are counted once", || whole(&figures(&house)) == whole(&plain));
    // The gap is of now, and the calls are of the last hours: the journal has not come as far yet.
    let gap = quality()["gaps"][0].clone();
    assert_eq!((&gap["source"], &gap["filled_by"]), (&"vaxel".into(), &Value::Null));
    assert_eq!(quality()["precision_ms"], 1000);
    let line_of_now = format!("{}|NONE|NONE|NONE|HEARTBEAT|\n", chrono::Utc::now().timestamp() + 1);
    std::fs::write(house.path("queue_log"), journal(&events) + &line_of_now).unwrap();
    until("the gap is filled", || quality()["gaps"][0]["filled_by"] == "logg");
    for (row, plain) in figures(&house)["queues"].as_array().unwrap().iter().zip(plain["queues"].as_array().unwrap()) {
        for seconds in ["30", "60"] {
            let [row, plain] = [row, plain].map(|row| row["within"][seconds].as_i64().unwrap());
            assert!((row - plain).abs() <= 5, "within {seconds}: {row} and {plain}");
        }
    }
}

#[test]
fn a_killed_switch_loses_the_calls_in_flight_and_no_other() {
    let line = Line::new(usize::MAX);
    let house = house(&line.source());
    let daemon = house.run();
    line.is_heard(&daemon);
    let events = calls(10, Clock::system().now());
    let waiting = |events: &[CallEvent]| {
        let mut waiting = std::collections::BTreeSet::new();
        for event in events {
            match event.kind {
                EventKind::VisitEntered { .. } => waiting.insert(event.call.clone()),
                EventKind::VisitAnswered { .. } | EventKind::VisitLeft { .. } => waiting.remove(&event.call),
                _ => false,
            };
        }
        waiting.len() as i64
    };
    // Killed while somebody waits.
    let killed = (events.len() / 2..events.len()).find(|at| waiting(&events[..*at]) > 1).unwrap();
    let lost = waiting(&events[..killed]);
    for event in &events[..killed] {
        line.switch.tell(event);
    }
    let count = |key: &str| -> i64 {
        figures(&house)["queues"].as_array().unwrap().iter().map(|row| row[key].as_i64().unwrap()).sum()
    };
    until("those who wait are seen", || count("open") == lost);
    line.switch.restart();
    until("they are lost", || count("lost") == lost);
    assert_eq!(count("open"), 0);
    line.is_heard(&daemon);
    // What happens after the restart counts as always.
    let known: std::collections::BTreeSet<_> = events[..killed].iter().map(|event| event.call.clone()).collect();
    let after: Vec<CallEvent> = events[killed..].iter().filter(|event| !known.contains(&event.call)).cloned().collect();
    let [answered, offered] = ["answered", "offered"].map(count);
    for event in &after {
        line.switch.tell(event);
    }
    let is = |of: fn(&EventKind) -> bool| after.iter().filter(|event| of(&event.kind)).count() as i64;
    let [new_answered, new_offered] = [
        is(|kind| matches!(kind, EventKind::VisitAnswered { .. })),
        is(|kind| matches!(kind, EventKind::VisitEntered { .. })),
    ];
    assert!(new_offered > 20);
    until("the calls after it are counted", || {
        (count("answered"), count("offered")) == (answered + new_answered, offered + new_offered)
    });
}
