//! Two daemons on one PostgreSQL: one leads, one stands by and takes over; two writers of one file
//! are refused.

use std::process::Command;
use std::time::{Duration, Instant};

use servicegrad::clock::Clock;
use servicegrad::post::Letter;
use servicegrad::store;

use crate::houses::{HOOK, house_on};
use crate::program::{Daemon, until};
use crate::receiver::Receiver;
use crate::server::shared;

pub fn visits(from: usize, count: usize) -> String {
    let line = |at: usize| {
        format!(
            r#"{{"id":"{at}","time":"2026-03-02T09:{:02}:{:02}Z","type":"visit.entered","call":"c{at}","queue":"kundtjanst"}}"#,
            at / 60 % 60,
            at % 60
        )
    };
    (from..from + count).map(line).collect::<Vec<_>>().join("\n")
}

pub fn signal(daemon: &Daemon, name: &str) {
    let sent = Command::new("kill").args([name, &daemon.pid().to_string()]).status().unwrap();
    assert!(sent.success(), "{name}");
}

pub fn readiness(daemon: &Daemon) -> (u16, serde_json::Value) {
    let (status, body) = daemon.ask("GET", "/readyz", "", b"");
    (status, serde_json::from_str(&body).unwrap())
}

#[test]
fn a_standby_takes_over_from_a_frozen_leader_which_writes_nothing_when_it_wakes() {
    let server = shared();
    let database = server.database();
    let houses = [HOOK, HOOK].map(|rest| house_on(&server.settings(&database).url, rest));
    let leader = houses[0].run();
    assert_eq!(leader.post(&visits(0, 50)).1["accepted"], 50);
    let standby = houses[1].run();
    let (status, said) = readiness(&standby);
    assert_eq!((status, said["role"].as_str()), (503, Some("standby")), "{said}");
    assert!(said["reasons"][0].as_str().unwrap().contains("process "), "{said}");
    assert_eq!(standby.metric("servicegrad_leader"), Some(0.0));
    assert_eq!(readiness(&leader).1, serde_json::json!({ "ready": true, "role": "leader" }));
    // While the leader lives, idle or not, nobody takes its place.
    std::thread::sleep(Duration::from_secs(7));
    assert_eq!(standby.metric("servicegrad_leader"), Some(0.0));
    signal(&leader, "-STOP");
    let frozen = Instant::now();
    until("the standby leads", || standby.metric("servicegrad_leader") == Some(1.0));
    println!("takeover from a frozen leader: {:.1} s", frozen.elapsed().as_secs_f64());
    assert!(frozen.elapsed() < Duration::from_secs(15), "{:?}", frozen.elapsed());
    // Half of it the frozen leader knows already; what it is told while it is frozen waits in its socket.
    assert_eq!(standby.post(&visits(25, 50)).1["accepted"], 25);
    let told = std::thread::spawn({
        let address = leader.address.clone();
        move || crate::program::ask(&address, "POST", "/api/v1/events", "", visits(60, 40).as_bytes()).0
    });
    std::thread::sleep(Duration::from_millis(300));
    signal(&leader, "-CONT");
    // It may answer that it could not, or end before it answers; it never says that it did.
    assert_ne!(told.join().unwrap(), 200);
    let ended = leader.ended();
    assert!(!ended.success(), "{ended}");
    assert_eq!(standby.metric("servicegrad_calls_offered_total{queue=\"kundtjanst\"}"), Some(0.0));
    standby.stop();
    let offered = server.sql(&database, "SELECT sum(offered) FROM report_queue WHERE tier = 'month'");
    let facts = server.sql(&database, "SELECT count(*) FROM visit");
    assert_eq!((offered.as_str(), facts.as_str()), ("75", "75"));
}

#[test]
fn a_leader_that_is_stopped_or_killed_is_replaced_within_seconds() {
    let server = shared();
    let database = server.database();
    let houses = [HOOK, HOOK].map(|rest| house_on(&server.settings(&database).url, rest));
    let (mut leader, mut next) = (houses[0].run(), 0);
    for (how, most) in [("-TERM", 3.0), ("-KILL", 10.0)] {
        let standby = houses[1 - next].run();
        until("there is a standby", || standby.metric("servicegrad_leader") == Some(0.0));
        until("the leader leads", || leader.metric("servicegrad_leader") == Some(1.0));
        assert_eq!(leader.post(&visits(next * 10, 10)).1["accepted"], 10);
        signal(&leader, how);
        let gone = Instant::now();
        until("the standby leads", || standby.metric("servicegrad_leader") == Some(1.0));
        let took = gone.elapsed().as_secs_f64();
        println!("takeover after {how}: {took:.1} s");
        assert!(took < most, "{how}: {took:.1} s");
        (leader, next) = (standby, 1 - next);
    }
    leader.stop();
    assert_eq!(server.sql(&database, "SELECT count(*) FROM visit"), "20");
}

#[test]
fn an_import_while_the_daemon_runs_is_told_what_to_do_and_so_is_a_second_daemon() {
    let house = crate::program::House::new(HOOK);
    std::fs::write(house.path("old.ndjson"), visits(0, 3)).unwrap();
    let daemon = house.run();
    for words in [&["import", "--source", "hook", "old.ndjson"][..], &["run"]] {
        let refused = house.command(words);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success(), "{said}");
        let who = format!("process {}", daemon.pid());
        assert!(said.contains(&who) && said.contains("stop that one first"), "{said}");
    }
    daemon.stop();
    house.ok(&["import", "--source", "hook", "old.ndjson"]);
}

#[test]
fn a_frozen_leader_that_wakes_carries_no_letter() {
    let server = shared();
    let database = server.database();
    let receivers = [Receiver::start(), Receiver::start()];
    let houses = receivers.each_ref().map(|receiver| {
        let told = format!(
            "[[alert.receiver]]\nname = \"jour\"\nkind = \"webhook\"\nurl = \"http://{}/\"\n",
            receiver.address
        );
        house_on(&server.settings(&database).url, &format!("{HOOK}{told}"))
    });
    let mut outbox = store::open_ledger(&server.settings(&database)).unwrap();
    let mut write = |key: &str| {
        let letter = Letter::Post { receiver: "jour".into(), body: "{}".into() };
        outbox.write_letters(&[letter.under(key.into())], None, None, Clock::system().now()).unwrap();
    };
    let leader = houses[0].run();
    write("first");
    until("the leader carries letters", || receivers[0].posts() == 1);
    let standby = houses[1].run();
    signal(&leader, "-STOP");
    until("the standby leads", || standby.metric("servicegrad_leader") == Some(1.0));
    // The new leader's receiver is slow, so that the letter is still there when the old one wakes.
    receivers[1].hold(true);
    write("second");
    until("the new leader carries it", || receivers[1].posts() == 1);
    assert_eq!(server.sql(&database, "SELECT count(*) FROM outbox WHERE due IS NOT NULL"), "1");
    signal(&leader, "-CONT");
    assert!(!leader.ended().success());
    assert_eq!(receivers[0].posts(), 1, "the old leader has sent it");
    receivers[1].hold(false);
    until("it is struck off", || server.sql(&database, "SELECT count(*) FROM outbox WHERE due IS NULL") == "2");
    assert_eq!((receivers[0].posts(), receivers[1].posts()), (1, 1));
    standby.stop();
}
