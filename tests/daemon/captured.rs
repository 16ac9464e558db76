//! What `capture` records is imported like the real thing and comes to the same figures.

use std::process::Command;

use servicegrad::clock::Clock;
use servicegrad::event::{CallEvent, EventId, EventKind, Stamp};

use crate::line::{Setup, asterisk, calls, figures, house, plainly};
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
fn a_live_switch_in_disguise_comes_to_the_figures_of_its_calls() {
    let line = asterisk(Setup::default());
    let house = house(&line.source);
    let capture = house.path("vaxel.capture");
    let mut child = Command::new(PROGRAM)
        .args(["capture", "--source", "vaxel", "--config"])
        .arg(house.path("servicegrad.toml"))
        .arg("--output")
        .arg(&capture)
        .spawn()
        .unwrap();
    until("the line stands", || line.switch.listeners() == 1);
    let now = Clock::system().now();
    let mut events = calls(11, now);
    // The last of all is known by a name that nobody else has.
    events.push(CallEvent {
        id: EventId::of(&[b"last"]),
        stamp: Stamp::live(now),
        source: None,
        call: "1999999999.1".into(),
        kind: EventKind::VisitEntered { queue: "kundtjanst".into(), visit: None },
    });
    // Heard when it has logged in: what it is told before is not for it.
    until("it has logged in", || std::fs::metadata(&capture).is_ok_and(|about| about.len() > 200));
    for event in &events {
        line.switch.tell(event);
    }
    let size = || std::fs::metadata(&capture).unwrap().len();
    until("all is recorded", || {
        let text = std::fs::read(&capture).unwrap();
        let joined = memchr::memmem::rfind(&text, b"Event: QueueCallerJoin").unwrap_or_default();
        let last = &text[joined..];
        last.ends_with(b"\r\n\r\n") && memchr::memmem::find(last, b"Uniqueid: 1999999999.1\r\n").is_some()
    });
    assert!(size() > 100_000);
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    house.ok(&["import", "--source", "vaxel", "vaxel.capture"]);
    assert_eq!(figures(&house), plainly(&events));
    drop(line.switch);
}

#[test]
fn a_source_that_is_posted_to_cannot_be_listened_in_on() {
    let house = House::new("[[source]]\nname = \"hook\"\nkind = \"http\"\n[[queue]]\nname = \"kundtjanst\"\n");
    let refused = house.command(&["capture", "--source", "hook", "--output", "hook.capture"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(!house.path("hook.capture").exists());
}
