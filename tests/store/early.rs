//! The daemon comes up before the server of its store, as after a power cut: it says so, takes what live
//! sources say, and all of it is counted when the server is there.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use servicegrad::clock::Clock;
use servicegrad::event::{CallEvent, EventKind};
use servicegrad::measure::Moment;

use crate::callers::{Plan, counters_come_to, store_comes_to};
use crate::crash::post;
use crate::houses::{HOOK, house_on, house_with_units_on};
use crate::line::{self, Setup, calls, comes_to, figures, plainly};
use crate::program::{Daemon, House, until};
use crate::server::Server;
use crate::standby::{readiness, signal, visits};

/// Asked while its pages change, it may not answer.
fn leads(daemon: &Daemon) -> bool {
    let (status, page) = daemon.ask("GET", "/metrics", "", b"");
    status == 200 && page.contains("\nservicegrad_leader 1\n")
}

/// A daemon that waits for its store says so, and shows no figure.
fn waits(daemon: &Daemon) {
    assert_eq!(daemon.get("/healthz"), "ok\n");
    let (status, said) = readiness(daemon);
    assert_eq!((status, said["role"].as_str()), (503, Some("waiting")), "{said}");
    assert!(said["reasons"][0].as_str().unwrap().contains("cannot connect"), "{said}");
    assert!(!daemon.get("/metrics").contains("servicegrad_calls_offered_total"));
    assert_eq!(daemon.metric("servicegrad_leader"), Some(0.0));
    assert_eq!(daemon.ask("GET", "/api/v1/live", "", b"").0, 503);
}

#[test]
fn what_is_posted_before_the_server_is_there_is_counted_when_it_is_and_a_kill_changes_nothing() {
    let server = Server::start();
    let database = server.database();
    let settings = server.settings(&database);
    let house = house_with_units_on(&settings.url);
    let mut plan = Plan::new(700);
    let now = || Clock::system().now();
    let send = |daemon: &Daemon, batch: &str| {
        let answer = post(&daemon.address, batch.to_owned()).join().unwrap().expect("it is answered");
        assert_eq!(answer["rejected"], 0, "{answer}");
        answer
    };
    // Some calls go on when the power fails.
    let daemon = house.run();
    (0..5).for_each(|_| drop(send(&daemon, &plan.batch(now()))));
    server.stop();
    drop(daemon);

    for _ in 0..2 {
        let daemon = house.run();
        waits(&daemon);
        (0..5).for_each(|_| drop(send(&daemon, &plan.batch(now()))));
        until("it tells how much waits", || {
            readiness(&daemon).1["reasons"][0].as_str().unwrap().contains(" events wait in the spool")
        });
        // Killed with all of it in the spool, and once more begun anew.
        drop(daemon);
    }
    let daemon = house.run();
    let batch = plan.batch(now());
    assert!(send(&daemon, &batch)["accepted"].as_i64() > Some(0));
    assert_eq!(send(&daemon, &batch)["accepted"], 0, "a batch that is sent again is known");
    // What the one before was answered for is known to the store only.
    server.start_again();
    until("it leads", || leads(&daemon));
    assert!(!house.path("servicegrad.spool").exists());
    assert_eq!(readiness(&daemon).0, 200);
    (0..3).for_each(|_| drop(send(&daemon, &plan.batch(now()))));
    drop(send(&daemon, &plan.rest(now())));
    counters_come_to(&daemon, &plan);
    daemon.stop();
    store_comes_to(&settings, &plan);
}

/// The same house on a server.
fn on(house: &House, url: &str) {
    let path = house.path("servicegrad.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    let sqlite = config.lines().find(|line| line.starts_with("url = ")).unwrap().to_owned();
    std::fs::write(&path, config.replace(&sqlite, &format!("url = \"{url}\""))).unwrap();
}

/// How many talk after `events`.
fn talking(events: &[CallEvent]) -> i64 {
    let mut talking = BTreeSet::new();
    for event in events {
        match event.kind {
            EventKind::VisitAnswered { .. } => drop(talking.insert(event.call.clone())),
            EventKind::ConversationEnded { .. } => drop(talking.remove(&event.call)),
            _ => {}
        }
    }
    talking.len() as i64
}

#[test]
fn a_switch_is_heard_before_the_server_is_there_and_the_gap_ends_when_it_is_heard() {
    let line = line::asterisk(Setup::default());
    let server = Server::start();
    let database = server.database();
    let house = line::house(&line.source);
    on(&house, &server.settings(&database).url);
    let events = calls(16, Clock::system().now());
    let (before, rest) = events.split_at(events.len() / 3);
    let (early, after) = rest.split_at(rest.len() / 2);
    let daemon = house.run();
    line.is_heard(&daemon);
    line.tell(before);
    comes_to(&house, &plainly(before));
    daemon.stop();
    server.stop();
    std::thread::sleep(Duration::from_secs(2));

    let daemon = house.run();
    until("the switch is heard", || line.switch.listeners() == 1);
    // Logged in, and brought up to the present.
    std::thread::sleep(Duration::from_secs(1));
    line.tell(early);
    let lies = || std::fs::metadata(house.path("servicegrad.spool")).map_or(0, |file| file.len());
    until("what it said lies in the spool", || lies() > 50_000);
    waits(&daemon);
    let is_there = Clock::system().now();
    server.start_again();
    until("it leads", || leads(&daemon));
    let gaps = || house.report(&["--from", "2020-01-01", "--to", "2100-01-01"])["quality"]["gaps"].clone();
    until("the gaps are told", || gaps().as_array().unwrap().len() == 2);
    line.is_heard(&daemon);
    line.tell(after);
    // Whom a caller was sent on to who was talking when the power failed, nobody could know: all else.
    let plain = plainly(&events);
    until("all callers are counted", || figures(&house)["queues"] == plain["queues"]);
    let transfers = |figures: &Value| -> i64 {
        figures["units"].as_array().unwrap().iter().map(|row| row["transfers"].as_i64().unwrap()).sum()
    };
    let missing = transfers(&plain) - transfers(&figures(&house));
    assert!((0..=talking(before)).contains(&missing), "{missing} of {}", talking(before));
    let told = gaps();
    let of = |gap: &Value, key: &str| {
        chrono::DateTime::parse_from_rfc3339(gap[key].as_str().unwrap()).unwrap().timestamp_millis()
    };
    // The report tells whole seconds: what is told as 12 was before 13.
    let is_after = |gap: &Value, at: Moment| of(gap, "to") + 1_000 > at.0;
    let (down, anew) = (&told[0], &told[1]);
    assert_eq!(down["reason"], "the daemon was not running", "{told}");
    assert!(of(down, "to") - of(down, "from") >= 2_000 && of(down, "to") < is_there.0, "{told}");
    assert!(of(anew, "to") - of(anew, "from") < 5_000 && is_after(anew, is_there), "{told}");
    daemon.stop();
}

#[test]
fn of_two_daemons_that_wait_for_their_server_one_leads_and_nothing_is_counted_twice() {
    let server = Server::start();
    let database = server.database();
    server.stop();
    let houses = [HOOK, HOOK].map(|rest| house_on(&server.settings(&database).url, rest));
    let daemons = houses.each_ref().map(House::run);
    // What both hear, and what one of them hears.
    for (daemon, own) in daemons.iter().zip([100, 200]) {
        waits(daemon);
        assert_eq!(daemon.post(&visits(0, 50)).1["accepted"], 50);
        assert_eq!(daemon.post(&visits(own, 10)).1["accepted"], 10);
    }
    server.start_again();
    let holder = || server.sql(&database, "SELECT holder FROM lease");
    until("one leads", || server.try_sql(&database, "SELECT holder FROM lease") && holder() != "nobody");
    let [first, second] = daemons;
    let is_first = holder().contains(&format!("process {} ", first.pid()));
    let (leader, other, of_other) = if is_first { (first, second, 1) } else { (second, first, 0) };
    // It has seen that another leads: begun anew, it is its standby, and its spool stays.
    assert!(!other.ended().success());
    let spool = houses[of_other].path("servicegrad.spool");
    let standby = houses[of_other].run();
    assert_eq!((standby.metric("servicegrad_leader"), spool.exists()), (Some(0.0), true));
    assert_eq!(leader.post(&visits(300, 5)).1["accepted"], 5);
    signal(&leader, "-TERM");
    until("the standby leads", || leads(&standby));
    assert!(!spool.exists());
    standby.stop();
    assert_eq!(server.sql(&database, "SELECT count(*) FROM visit"), "75");
}

#[test]
fn a_server_that_will_not_have_us_is_no_server_that_is_not_there() {
    let server = Server::start();
    let house = house_on(&server.settings("nowhere").url, HOOK);
    let refused = house.command(&["run"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("nowhere"), "{said}");
}
