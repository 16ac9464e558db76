//! A simulated year of the model customer: imported, reported, and checked by plain SQL.

use crate::program::House;

const CONFIG: &str = r#"
[[source]]
name = "simulering"
kind = "ndjson"
path = "FOLDER/none"
[[queue]]
name = "kundtjanst"
objective = { threshold = "30s", target = 0.9, definition = "DEFINITION" }
hours = "Mo-Fr 07:30-16:30; PH off"
[[queue]]
name = "itsupport"
short_abandon = "none"
objective = { threshold = "60s", target = 0.8, definition = "of_offered" }
hours = "Mo-Fr 07:00-17:00; PH off"
[[organisation]]
name = "lycksele"
[[organisation]]
name = "storuman"
[[organisation]]
name = "vilhelmina"
[[organisation]]
name = "asele"
[[organisation]]
name = "dorotea"
[directory]
units = "units.csv"
"#;

/// The two queues and the units of the model customer; `definition`: that of its switchboard's promise.
pub fn model_customer(definition: &str) -> House {
    let house = House::new(&CONFIG.replace("DEFINITION", definition));
    std::fs::copy("config/lystkom-units.csv", house.path("units.csv")).unwrap();
    house
}

#[test]
fn the_reports_service_level_is_that_of_the_stored_facts() {
    let house = model_customer("short_abandons_ignored");
    house.ok(&["simulate", "--from", "2023-01-01", "--to", "2024-01-01", "--output", "year.ndjson"]);
    house.ok(&["import", "--source", "simulering", "year.ndjson"]);
    house.ok(&["store", "close"]);
    let report = house.report(&["--period", "2023", "--interval", "day"]);
    assert_eq!(report["period"]["status"], "closed");
    let facts = rusqlite::Connection::open(house.path("figures.db")).unwrap();
    let one = |sql: &str| facts.query_row(sql, [], |row| row.get::<_, f64>(0)).unwrap();
    let kundtjanst = one(
        "SELECT sum(outcome = 'answered' AND wait_ms <= 30000) * 1.0
              / sum(outcome IN ('answered', 'abandoned', 'overflowed', 'key_exit', 'callback', 'voicemail', 'refused', 'system')
                    AND NOT (outcome = 'abandoned' AND wait_ms <= 5000))
         FROM visit WHERE queue = 'kundtjanst' AND outside_hours = 0",
    );
    let itsupport = one("SELECT sum(outcome = 'answered' AND wait_ms <= 60000) * 1.0
              / sum(outcome NOT IN ('lost', 'unknown')) FROM visit WHERE queue = 'itsupport' AND outside_hours = 0");
    for (place, level) in [(0, kundtjanst), (1, itsupport)] {
        assert_eq!(report["queues"][place]["objective"]["value"], level);
    }
    let answered =
        one("SELECT count(*) FROM visit WHERE queue = 'kundtjanst' AND outcome = 'answered' AND outside_hours = 0");
    assert_eq!(report["queues"][0]["answered"], answered as i64);
    assert!((108_000.0..116_000.0).contains(&answered), "{answered}");
    let units = report["units"].as_array().unwrap();
    assert_eq!(units.len(), 200);
    let legs = one("SELECT sum(outcome IN ('answered', 'answered_elsewhere', 'answered_external')) * 1.0
              / sum(outcome NOT IN ('withdrawn', 'unknown') AND NOT short)
         FROM leg WHERE queue IS NOT NULL AND unit = 'lycksele-forskola'");
    let unit = units.iter().find(|unit| unit["unit"] == "lycksele-forskola").unwrap();
    assert_eq!(unit["answer_rate"], legs);
    // Days add up to the year, and so do organisations.
    let queue = &report["queues"][0];
    for key in ["offered", "answered", "abandoned", "outside_hours", "key_exit"] {
        let days: i64 = queue["intervals"].as_array().unwrap().iter().map(|day| day[key].as_i64().unwrap()).sum();
        assert_eq!(queue[key], days, "{key}");
    }
    let sum = |rows: &serde_json::Value| {
        rows.as_array().unwrap().iter().map(|row| row["transfers"].as_i64().unwrap()).sum::<i64>()
    };
    assert_eq!(sum(&report["units"]), sum(&report["organisations"]));
    // The other formats say the same.
    let csv = house.ok(&["report", "--period", "2023", "--format", "csv", "--lang", "en"]);
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let column = rows.headers().unwrap().iter().position(|name| name == "answered").unwrap();
    let first = rows.records().next().unwrap().unwrap();
    assert_eq!(first[column].parse::<f64>().unwrap(), answered);
    let table = house.ok(&["report", "--period", "2023", "--lang", "en"]);
    assert!(table.contains("kundtjanst") && table.contains("Unit answer rate"), "{table}");
}
