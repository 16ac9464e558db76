//! Every panel that asks the store, asked of the real PostgreSQL that the real daemon fills, by a user
//! who sees the views for reports and nothing else.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;
use servicegrad::names::DefinitionId;
use servicegrad::simulate::Scenario;

use crate::answers::Answers;
use crate::incident::{a_forenoon_of_last_month, house, now, tell};
use crate::panels::{dashboards, list, send_nowhere};
use crate::program::{Daemon, until, write};
use crate::server::{Server, shared};

/// The statements of all panels, with where they stand.
fn statements() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (path, board) in dashboards() {
        for panel in list(&board, "panels") {
            for target in list(panel, "targets") {
                if let Some(sql) = target["rawSql"].as_str() {
                    let file = path.file_name().unwrap().to_str().unwrap();
                    found.insert((format!("{file}: panel {}", panel["id"]), sql.to_owned()));
                }
            }
        }
    }
    assert!(found.len() >= 6, "{found:?}");
    found
}

/// As Grafana would put it, over the last thirteen months.
fn filled_in(sql: &str, definition: DefinitionId) -> String {
    let over = "($1 BETWEEN now() - interval '13 months' AND now() + interval '1 day')";
    let filled = Regex::new(r"\$__timeFilter\(([^)]*)\)").unwrap().replace_all(sql, over);
    filled.replace("$definition", definition.as_str())
}

/// The rows as the server writes them, columns in their order.
fn answer(server: &Server, database: &str, sql: &str) -> String {
    let told = server.sql(database, &format!("SET ROLE grafana; SELECT json_agg(told) FROM ({sql}) AS told"));
    let json = told.strip_prefix("SET").unwrap().trim();
    if json.is_empty() { "null".to_owned() } else { json.to_owned() }
}

fn rows(server: &Server, database: &str, sql: &str) -> Vec<Value> {
    serde_json::from_str::<Option<Vec<Value>>>(&answer(server, database, sql)).unwrap().unwrap_or_default()
}

/// Says that the switch was not heard for ten minutes.
fn gap(daemon: &Daemon) {
    let at = |ago_s: i64| now().plus_ms(-ago_s * 1000).to_rfc3339();
    let body = format!(
        r#"{{"id":"gap","time":"{}","type":"source.gap","from":"{}","to":"{}","reason":"link"}}"#,
        at(60),
        at(720),
        at(120)
    );
    let (status, answer) = daemon.ask("POST", "/api/v1/events?source=vaxel", "", body.as_bytes());
    assert_eq!(status, 200, "{answer}");
}

#[test]
fn every_panel_that_asks_the_store_is_answered_plausibly_and_sees_no_call() {
    let server = shared();
    let database = server.database();
    server.sql(&database, "CREATE ROLE grafana LOGIN");
    let house = house("");
    let path = house.path("servicegrad.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    let url = format!("postgres://servicegrad@127.0.0.1:{}/{database}", server.port);
    let sqlite = format!("sqlite:{}", house.path("figures.db").display());
    assert!(config.contains(&sqlite));
    write(&path, &config.replace(&sqlite, &url));
    let daemon = house.run();
    // As the example of provisioning says.
    server.sql(&database, "GRANT servicegrad_read TO grafana");
    let (from_s, to_s) = a_forenoon_of_last_month();
    tell(&daemon, "vaxel", Scenario::municipal().around_the_clock().busier(10.0), 4, from_s, to_s);
    tell(&daemon, "reserv", Scenario::municipal().around_the_clock().busier(10.0), 5, 40 * 60, 2);
    send_nowhere(&daemon);
    gap(&daemon);
    let offered_live = || {
        let live: Value = serde_json::from_str(&daemon.get("/api/v1/live")).unwrap();
        live["queues"][0]["windows"]["month"]["offered"].as_i64().unwrap()
    };
    let this_month =
        "SELECT offered FROM report_queue WHERE tier = 'month' AND queue = 'kundtjanst' ORDER BY start DESC LIMIT 1";
    until("what is stored is shown", || server.sql(&database, this_month).parse() == Ok(offered_live()));
    let offered = offered_live();

    let month = chrono::Utc::now().with_timezone(&chrono_tz::Europe::Stockholm).format("%Y-%m").to_string();
    let mut answers = Answers::new();
    for (place, sql) in statements() {
        answers.keep(&sql, || answer(server, &database, &filled_in(&sql, DefinitionId::default())).into());
        for definition in DefinitionId::ALL {
            let sql = filled_in(&sql, definition);
            let found = rows(server, &database, &sql);
            assert!(!found.is_empty(), "{place}: nothing: {sql}");
            for row in &found {
                let told = format!("{place}: {row}");
                for share in ["level", "rate"] {
                    let value = row[share].as_f64();
                    assert!(value.is_none_or(|value| (0.0..=1.0).contains(&value)), "{told}");
                }
                if sql.contains("nullif") && row.get("value").is_some() {
                    assert!(row["value"].as_f64().is_none_or(|value| (0.0..=1.0).contains(&value)), "{told}");
                }
                assert!(row.get("n").is_none_or(|n| n.as_i64().unwrap() > 0), "{told}");
                let is_now = row["month"] == *month && row["queue"] == "kundtjanst";
                if is_now {
                    assert_eq!(row["offered"], offered, "{told}");
                    assert!(row["level"].as_f64().unwrap() > 0.0, "{told}");
                }
            }
            if place == "month.json: panel 5" {
                let months: BTreeSet<&str> = found.iter().map(|row| row["month"].as_str().unwrap()).collect();
                assert_eq!(months.len(), 2, "{found:?}");
            }
            if sql.contains("report_gap") {
                assert_eq!((&found[0]["source"], &found[0]["minutes"]), (&"vaxel".into(), &10.into()), "{found:?}");
            }
        }
    }
    answers.write("postgres");
    for table in ["visit", "leg", "call", "dead_letter", "visit_cell"] {
        let asked = format!("SET ROLE grafana; SELECT * FROM {table} LIMIT 1");
        assert!(server.try_sql(&database, &format!("SELECT * FROM {table} LIMIT 1")), "{table}");
        assert!(!server.try_sql(&database, &asked), "Grafana reads {table}");
    }
    daemon.stop();
}
