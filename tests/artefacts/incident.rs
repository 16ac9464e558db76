//! Too few attendants, and then enough: the alert fires through the real chain and is called off. And
//! a daemon that is killed leaves no mark on the counters.

use std::time::{SystemTime, UNIX_EPOCH};

use servicegrad::event::json;
use servicegrad::measure::Moment;
use servicegrad::simulate::{Scenario, Switchboard};

use crate::panels;
use crate::program::{Daemon, House, until};
use crate::stack::{Alertmanager, Prometheus, Receiver, free_port};

const CONFIG: &str = r#"
lateness = "2h"
[[source]]
name = "vaxel"
kind = "http"
[[source]]
name = "reserv"
kind = "http"
[[queue]]
name = "kundtjanst"
title = "Kundtjänst"
objective = { threshold = "30s", target = 0.90, definition = "short_abandons_ignored" }
answer_target = 0.90
[[queue]]
name = "itsupport"
objective = { threshold = "60s", target = 0.80, definition = "of_offered" }
"#;

pub fn now() -> Moment {
    Moment(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64)
}

/// A house whose top-level keys and port are set.
pub fn house(more: &str) -> House {
    let house = House::new("");
    let path = house.path("servicegrad.toml");
    let tables = std::fs::read_to_string(&path).unwrap().replace("127.0.0.1:0", &format!("127.0.0.1:{}", free_port()));
    // Keys of the top level stand before the first table.
    let (top, rest) = CONFIG.split_at(CONFIG.find("[[").unwrap());
    let organisations =
        Scenario::ORGANISATIONS.map(|(name, _)| format!("[[organisation]]\nname = \"{name}\"\n")).concat();
    std::fs::copy("config/lystkom-units.csv", house.path("units.csv")).unwrap();
    let directory = "[directory]\nunits = \"units.csv\"\n";
    std::fs::write(&path, format!("{top}{tables}{rest}{organisations}{directory}{more}")).unwrap();
    house
}

/// Tells the daemon what happened on a switchboard from `from_s` to `to_s` seconds ago.
pub fn tell(daemon: &Daemon, source: &str, scenario: Scenario, seed: u64, from_s: i64, to_s: i64) {
    let mut board = Switchboard::new(scenario, seed, now().plus_ms(-from_s * 1000));
    let told = board.advance(now().plus_ms(-to_s * 1000));
    assert!(!told.is_empty());
    for part in told.chunks(2_000) {
        let mut body = Vec::new();
        for told in part {
            json::write(&told.event, &told.id, &mut body);
            body.push(b'\n');
        }
        let (status, answer) = daemon.ask("POST", &format!("/api/v1/events?source={source}"), "", &body);
        assert_eq!(status, 200, "{answer}");
    }
    // What is committed is shown a moment later.
    let mut shown = String::new();
    until("the figures show all that was told", || {
        std::thread::sleep(std::time::Duration::from_millis(1_500));
        let page = daemon.get("/metrics");
        let now: Vec<&str> = page.lines().filter(|line| line.starts_with("servicegrad_calls_offered_total")).collect();
        let now = now.join("\n");
        std::mem::replace(&mut shown, now.clone()) == now
    });
}

/// A forenoon of the month before, by how many seconds ago it began and ended.
pub fn a_forenoon_of_last_month() -> (i64, i64) {
    let today = now().to_utc().with_timezone(&chrono_tz::Europe::Stockholm).date_naive();
    let first = chrono::Datelike::with_day(&today, 1).unwrap();
    let day = first - chrono::Days::new(3);
    let ago = |hour| (now() - day.and_hms_opt(hour, 0, 0).unwrap().and_utc().into()) / 1000;
    (ago(8), ago(11))
}

/// One attendant for a forenoon's callers, who hang up after half a minute.
pub fn too_few() -> Scenario {
    let mut scenario = Scenario::municipal().around_the_clock();
    scenario.queues[0].attendants = (1, 1);
    scenario.queues[0].patience_s = 30.0;
    scenario
}

/// Two hundred times the callers, and attendants for all of them.
pub fn enough() -> Scenario {
    let mut scenario = Scenario::municipal().around_the_clock().busier(200.0);
    scenario.queues.truncate(1);
    scenario.queues[0].attendants.1 = 2_000;
    scenario.queues[0].spare = 4.0;
    scenario
}

const FIRING: &str = "ALERTS{alertname=\"AnswerRateLow\",alertstate=\"firing\",queue=\"kundtjanst\"}";

#[test]
fn an_incident_fires_through_alertmanager_and_is_called_off() {
    let house = house("");
    let daemon = house.run();
    let receiver = Receiver::start();
    let alertmanager = Alertmanager::start(&receiver.address);
    let prometheus = Prometheus::start(&daemon.address, Some(&alertmanager.address));
    let told = |status: &str| {
        receiver.posts().iter().any(|post| {
            post.body["status"] == status
                && post.body["alerts"][0]["labels"]["alertname"] == "AnswerRateLow"
                && post.body["alerts"][0]["labels"]["queue"] == "kundtjanst"
        })
    };
    until("Prometheus has seen the daemon", || prometheus.value("up") == Some(1.0));
    assert_eq!(prometheus.value(FIRING), None);

    tell(&daemon, "vaxel", too_few(), 1, 45 * 60, 60);
    until("the alert fires", || prometheus.value(FIRING) == Some(1.0));
    until("somebody is told", || told("firing"));
    assert!(!told("resolved"));
    for (place, expr) in panels::about_alerts() {
        assert!(!prometheus.query(&expr).is_empty(), "{place}: {expr} shows nothing of it");
    }
    let text = &receiver.posts()[0].body["alerts"][0]["annotations"]["summary_sv"];
    assert!(text.as_str().unwrap().starts_with("Kön kundtjanst"), "{text}");

    tell(&daemon, "reserv", enough(), 2, 8 * 60, 5);
    until("the alert is over", || prometheus.value(FIRING).is_none());
    until("somebody is told so", || told("resolved"));
    daemon.stop();
}

/// Counters of the calls: restored from the store, they never begin anew.
const KEPT: [&str; 4] = [
    "servicegrad_calls_offered_total",
    "servicegrad_calls_ended_total",
    "servicegrad_service_level_calls_total",
    "servicegrad_events_ingested_total",
];

#[test]
fn a_killed_daemon_leaves_no_mark_on_the_counters() {
    let house = house("");
    let daemon = house.run();
    let prometheus = Prometheus::start(&daemon.address, None);
    let offered = "servicegrad_calls_offered_total{queue=\"kundtjanst\"}";
    until("the zero has been seen", || prometheus.value(offered) == Some(0.0));
    tell(&daemon, "vaxel", Scenario::municipal().around_the_clock().busier(5.0), 3, 20 * 60, 10 * 60);
    let before = daemon.metric(offered).unwrap();
    assert!(before > 0.0, "{before}");
    until("the calls have been seen", || prometheus.value(offered) == Some(before));

    // Dropped is killed.
    drop(daemon);
    until("its end has been seen", || prometheus.value("up") == Some(0.0));
    assert_eq!(prometheus.value(offered), None, "a daemon that is gone has no figures");
    let daemon = house.run();
    assert_eq!(daemon.metric(offered), Some(before));
    until("it has been seen again", || prometheus.value(offered) == Some(before));
    tell(&daemon, "reserv", Scenario::municipal().around_the_clock().busier(5.0), 4, 9 * 60, 5);
    let after = daemon.metric(offered).unwrap();
    assert!(after > before, "{after}");
    until("the later calls have been seen", || prometheus.value(offered) == Some(after));

    for kept in KEPT {
        let resets = prometheus.query(&format!("resets({kept}[10m]) > 0"));
        assert!(resets.is_empty(), "{kept}: {resets:?}");
    }
    // Prometheus draws its line a little beyond the samples; a jump would be the whole total once more.
    let increase = prometheus.value(&format!("increase({offered}[10m])")).unwrap();
    assert!(increase >= after * 0.99 && increase <= after * 1.25, "{increase} of {after} calls");
    daemon.stop();
}
