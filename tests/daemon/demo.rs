//! The demonstration with a played switch at the other end of a line: it goes on, and what it shows is
//! what the switch did.

use std::process::{Command, Stdio};

use servicegrad::event::{EventKind, LeftOutcome};
use servicegrad::measure::Moment;
use servicegrad::simulate::{Scenario, Switchboard};

use crate::program::{House, PROGRAM, started, until};

#[test]
fn an_asterisk_is_demonstrated() {
    is_demonstrated("ami");
}

#[test]
fn a_freeswitch_is_demonstrated() {
    is_demonstrated("esl");
}

/// Offered, answered, abandoned and overflowed, over all queues.
type Counts = [i64; 4];

/// What has been counted after each event that the switch plays, from the first to an hour from now.
fn played(seed: u64, since: Moment, busier: f64) -> Vec<Counts> {
    let mut scenario = Scenario::municipal().around_the_clock().busier(busier);
    scenario.tells_agents = true;
    let mut board = Switchboard::new(scenario, seed, since);
    let mut counts = Counts::default();
    let mut after = Vec::new();
    for told in board.advance(since.plus_ms(3 * 3_600_000)) {
        match told.event.kind {
            EventKind::VisitEntered { .. } => counts[0] += 1,
            EventKind::VisitAnswered { .. } => counts[1] += 1,
            EventKind::VisitLeft { outcome: LeftOutcome::Abandoned, .. } => counts[2] += 1,
            EventKind::VisitLeft { outcome: LeftOutcome::Overflowed, .. } => counts[3] += 1,
            _ => continue,
        }
        after.push(counts);
    }
    after
}

/// The same, as a report on the demonstration's store tells it.
fn counted(house: &House) -> Counts {
    let report = house.report(&["--from", "2020-01-01", "--to", "2100-01-01"]);
    let queues = report["queues"].as_array().unwrap();
    ["offered", "answered", "abandoned", "overflowed"]
        .map(|key| queues.iter().map(|row| row[key].as_i64().unwrap()).sum())
}

fn is_demonstrated(switch: &str) {
    const BUSIER: &str = "5";
    let house = House::new(
        "[[source]]\nname = \"simulering\"\nkind = \"http\"\n[[queue]]\nname = \"kundtjanst\"\n[[queue]]\nname = \"itsupport\"\n",
    );
    let config = std::fs::read_to_string(house.path("servicegrad.toml")).unwrap();
    std::fs::write(house.path("servicegrad.toml"), config.replace("figures.db", "demo.db")).unwrap();
    let mut demo = Command::new(PROGRAM);
    demo.args(["demo", "--switch", switch, "--listen", "127.0.0.1:0", "--seed", "7", "--busier", BUSIER, "--folder"]);
    let (daemon, said) = started(demo.arg(house.folder.path()).stderr(Stdio::piped()).spawn().unwrap());
    let (_, calls) = said.lines().find_map(|line| line.split_once("calls of seed ")).unwrap();
    let (seed, since) = calls.split_once(" since ").unwrap();
    let since: Moment = chrono::DateTime::parse_from_rfc3339(since.trim()).unwrap().into();
    let played = played(seed.parse().unwrap(), since, BUSIER.parse().unwrap());
    // Two hours at once, and from then on as it happens.
    let mut place = 0;
    until("the first two hours are counted", || {
        let counted = counted(&house);
        let at = played.iter().position(|counts| *counts == counted);
        place = at.unwrap_or_default();
        counted[0] > 100 && at.is_some() && daemon.metric("servicegrad_source_up{source=\"simulering\"}") == Some(1.0)
    });
    let live = || -> serde_json::Value { serde_json::from_str(&daemon.get("/api/v1/live")).unwrap() };
    let before = live();
    until("what happens next is counted", || {
        let counted = counted(&house);
        played.iter().position(|counts| *counts == counted).is_some_and(|at| at > place)
    });
    until("the live figures have moved", || live()["queues"] != before["queues"]);
    daemon.stop();
}
