//! What `capture` records is imported like the real thing and comes to the same figures.

use std::process::Command;

use servicegrad::clock::Clock;

use crate::program::{House, PROGRAM, until, write};
use crate::switches::{Line, calls, figures, house, plainly};

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
    let line = Line::new(usize::MAX);
    let house = house(&line.source());
    let capture = house.path("vaxel.capture");
    let mut child = Command::new(PROGRAM)
        .args(["capture", "--source", "vaxel", "--config"])
        .arg(house.path("servicegrad.toml"))
        .arg("--output")
        .arg(&capture)
        .spawn()
        .unwrap();
    until("the line stands", || line.switch.listeners() == 1);
    let events = calls(11, Clock::system().now());
    // Heard when it has logged in: what it is told before is not for it.
    until("it has logged in", || std::fs::metadata(&capture).is_ok_and(|about| about.len() > 200));
    for event in &events {
        line.switch.tell(event);
    }
    let size = || std::fs::metadata(&capture).unwrap().len();
    let last = events.last().unwrap().call.to_string();
    until("all is recorded", || {
        let text = std::fs::read(&capture).unwrap();
        size() > 100_000 && memchr::memmem::find(&text, last.as_bytes()).is_some()
    });
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    write(&house.path("told.txt"), &format!("{} bytes", size()));
    house.ok(&["import", "--source", "vaxel", "vaxel.capture"]);
    assert_eq!(figures(&house), plainly(&events));
    drop(line.runtime);
}

#[test]
fn a_source_that_is_posted_to_cannot_be_listened_in_on() {
    let house = House::new("[[source]]\nname = \"hook\"\nkind = \"http\"\n[[queue]]\nname = \"kundtjanst\"\n");
    let refused = house.command(&["capture", "--source", "hook", "--output", "hook.capture"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(!house.path("hook.capture").exists());
}
