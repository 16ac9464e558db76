//! What `capture` records is imported like the real thing and comes to the same figures.

use std::process::{Child, Command};

use servicegrad::clock::Clock;
use servicegrad::event::{AgentState, CallEvent, EventId, EventKind, Stamp};
use servicegrad::simulate::Spoken;

use crate::line::{Line, Setup, asterisk, calls, figures, freeswitch, house, plainly};
use crate::program::{House, PROGRAM, until};

#[test]
fn old_files_in_disguise_come_to_the_same_report() {
    let config = "[[source]]\nname = \"vaxel\"\nkind = \"asterisk_queue_log\"\npath = \"FOLDER/none\"\n[[queue]]\nname = \"kundtjanst\"\n[[queue]]\nname = \"itsupport\"\n";
    let (real, fake) = (House::new(config), House::new(config));
    std::fs::copy("tests/data/asterisk_queue_log/busy/queue_log", real.path("queue_log")).unwrap();
    real.ok(&["capture", "--source", "vaxel", "--output", "vaxel.capture", "--key-file", "key", "queue_log"]);
    let again = real.command(&["capture", "--source", "vaxel", "--output", "vaxel.capture", "queue_log"]);
    assert_eq!(again.status.code(), Some(1), "a recording is not written over");
    real.ok(&["capture", "--source", "vaxel", "--output", "other.capture", "--key-file", "key", "queue_log"]);
    let bytes_of = |name: &str| std::fs::read(real.path(name)).unwrap();
    assert_eq!(bytes_of("vaxel.capture"), bytes_of("other.capture"), "the same key, the same fakes");
    assert_ne!(bytes_of("vaxel.capture"), bytes_of("queue_log"));
    real.ok(&["import", "--source", "vaxel", "queue_log"]);
    std::fs::copy(real.path("vaxel.capture"), fake.path("vaxel.capture")).unwrap();
    fake.ok(&["import", "--source", "vaxel", "vaxel.capture"]);
    let report = |house: &House| house.report(&["--period", "2026-11", "--interval", "15m"]);
    let (real, fake) = (report(&real), report(&fake));
    assert!(real["queues"][0]["answered"].as_i64().unwrap() > 50, "{real}");
    for key in ["queues", "calls", "quality"] {
        assert_eq!(real[key], fake[key], "{key}");
    }
}

#[test]
fn a_live_asterisk_in_disguise_comes_to_the_figures_of_its_calls() {
    a_live_switch_in_disguise(asterisk, "Event: QueueMemberStatus");
}

#[test]
fn a_live_freeswitch_in_disguise_comes_to_the_figures_of_its_calls() {
    a_live_switch_in_disguise(freeswitch, "Content-Length");
}

/// Records a source of a house until it is told to stop.
pub(crate) fn capturing(house: &House) -> Child {
    let mut command = Command::new(PROGRAM);
    command.args(["capture", "--source", "vaxel", "--config"]).arg(house.path("servicegrad.toml"));
    command.arg("--output").arg(house.path("vaxel.capture")).spawn().unwrap()
}

/// Stops it, and gives what it has recorded.
pub(crate) fn captured(house: &House, mut capturing: Child) -> String {
    assert!(Command::new("kill").args(["-TERM", &capturing.id().to_string()]).status().unwrap().success());
    assert!(capturing.wait().unwrap().success());
    String::from_utf8_lossy(&std::fs::read(house.path("vaxel.capture")).unwrap()).into_owned()
}

/// `next`: how what comes after something begins.
fn a_live_switch_in_disguise<S: Spoken>(switch: fn(Setup) -> Line<S>, next: &str) {
    let line = switch(Setup::default());
    let house = house(&line.source);
    let child = capturing(&house);
    until("the line stands", || line.switch.listeners() == 1);
    let now = Clock::system().now();
    let happens = |call: &str, kind: EventKind| CallEvent {
        id: EventId::of(&[call.as_bytes()]),
        stamp: Stamp::live(now),
        source: None,
        call: call.into(),
        kind,
    };
    let mut events = calls(11, now);
    // The last of all is known by a name that nobody else has.
    events.push(happens("1999999999.1", EventKind::VisitEntered { queue: "kundtjanst".into(), visit: None }));
    let (agent, queue, state) = ("sist".into(), Some("kundtjanst".into()), AgentState::Paused);
    events.push(happens("", EventKind::AgentChanged { agent, queue, state }));
    // Heard when it has logged in: what it is told before is not for it.
    until("it has logged in", || std::fs::metadata(house.path("vaxel.capture")).is_ok_and(|about| about.len() > 200));
    line.tell(&events);
    until("all is recorded", || {
        let text = std::fs::read(house.path("vaxel.capture")).unwrap();
        let last = memchr::memmem::rfind(&text, b"1999999999.1").unwrap_or(text.len());
        memchr::memmem::find(&text[last..], next.as_bytes()).is_some()
    });
    let text = captured(&house, child);
    assert!(text.len() > 100_000);
    // Who is called, by which line, who answers, and what lets us in.
    for word in ["0701234567", "trunk-", "operator", "sist", "hemlig"] {
        assert!(!text.contains(word), "{word}");
    }
    house.ok(&["import", "--source", "vaxel", "vaxel.capture"]);
    assert_eq!(figures(&house), plainly(&events));
    drop(line.switch);
}

#[test]
fn files_that_a_capture_would_move_away_unread_must_be_named() {
    let house = House::new(
        "[[source]]\nname = \"cdr\"\nkind = \"records\"\nfolder = \"FOLDER/in\"\n[source.records]\npreset = \"asterisk_cdr\"\n[[queue]]\nname = \"kundtjanst\"\n",
    );
    std::fs::create_dir(house.path("in")).unwrap();
    std::fs::copy("tests/data/records/asterisk/small/cdr-Master.csv", house.path("in/ny.csv")).unwrap();
    let refused = house.command(&["capture", "--source", "cdr", "--output", "cdr.capture"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(house.path("in/ny.csv").exists() && !house.path("cdr.capture").exists());
    house.ok(&["capture", "--source", "cdr", "--output", "cdr.capture", "in/ny.csv"]);
    assert!(house.path("in/ny.csv").exists());
}

#[test]
fn a_source_that_is_posted_to_cannot_be_listened_in_on() {
    let house = House::new("[[source]]\nname = \"hook\"\nkind = \"http\"\n[[queue]]\nname = \"kundtjanst\"\n");
    let refused = house.command(&["capture", "--source", "hook", "--output", "hook.capture"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(!house.path("hook.capture").exists());
}
