//! Three feeds of one switch through the real program, alone and together, in any order: the same
//! figures, to the precision that the report names.

use serde_json::Value;

use crate::program::House;

const HOUSE: &str = r#"
[[source]]
name = "vaxel"
kind = "asterisk_ami"
connect = "127.0.0.1:1"
user = "u"
secret = "s"
[[source]]
name = "logg"
kind = "asterisk_queue_log"
path = "queue_log"
switch = "vaxel"
[[source]]
name = "kanaler"
kind = "asterisk_cel"
path = "Master.csv"
switch = "vaxel"
[[queue]]
name = "kundtjanst"
[[queue]]
name = "ringalla"
[[organisation]]
name = "lycksele"
[directory]
units = "units.csv"
"#;

/// The report of the busy morning as these feeds tell it, one after the other.
fn report(feeds: &[&str]) -> Value {
    let house = House::new(HOUSE);
    let units = "from,to,unit,title,organisation,valid_from,valid_to\n7100,7100,social,,lycksele,,\n7200,7299,bygg,,lycksele,,\n\
                 7300,7300,skola,,lycksele,,\n7400,7400,teknik,,lycksele,,\n7500,7500,kansli,,lycksele,,\n";
    std::fs::write(house.path("units.csv"), units).unwrap();
    let data = format!("{}/tests/data", env!("CARGO_MANIFEST_DIR"));
    for feed in feeds {
        let file = match *feed {
            "vaxel" => "asterisk_ami/busy/ami.raw.gz",
            "logg" => "asterisk_queue_log/busy/queue_log",
            _ => "asterisk_cel/busy/cel-Master.csv.gz",
        };
        house.ok(&["import", "--source", feed, &format!("{data}/{file}")]);
    }
    house.report(&["--from", "2026-01-01", "--to", "2027-12-31"])
}

/// What does not depend on the clock, and what does.
fn figures(report: &Value) -> (Vec<Vec<i64>>, Vec<i64>, Value) {
    let queues = report["queues"].as_array().unwrap();
    let number = |row: &Value, key: &str| row[key].as_i64().unwrap_or_else(|| panic!("{key}: {row}"));
    let counts = ["offered", "answered", "abandoned", "overflowed", "lost", "unknown", "open"];
    let whole = queues.iter().map(|row| counts.map(|key| number(row, key)).to_vec()).collect();
    let within = queues.iter().map(|row| number(&row["within"], "30")).collect();
    let units = report["units"].as_array().unwrap().iter();
    (
        whole,
        within,
        units.map(|row| serde_json::json!([row["unit"], row["transfers"], row["answered"], row["outcomes"]])).collect(),
    )
}

#[test]
fn alone_and_together_the_feeds_of_a_switch_come_to_the_same_to_the_precision_that_the_report_names() {
    let live = report(&["vaxel"]);
    let (counts, within, units) = figures(&live);
    assert_eq!(live["quality"]["precision_ms"], 1);
    assert!(counts[0][0] > 100 && units.as_array().unwrap().len() == 5, "{counts:?} {units}");

    // The channel log: the same to the millisecond, and every transfer.
    let channels = report(&["kanaler"]);
    assert_eq!(
        (figures(&channels), &channels["quality"]["precision_ms"]),
        ((counts.clone(), within.clone(), units.clone()), &1.into())
    );

    // All of them, and each two, whichever comes first.
    for feeds in [&["vaxel", "logg"][..], &["logg", "vaxel"], &["logg", "kanaler"], &["kanaler", "logg", "vaxel"]] {
        let both = report(feeds);
        let (whole, to_threshold, legs) = figures(&both);
        assert_eq!((&whole, &legs), (&counts, &units), "{feeds:?}");
        assert_eq!(both["quality"]["precision_ms"], 1, "{feeds:?}");
        assert_eq!(to_threshold, within, "{feeds:?}");
    }

    // The queue's journal alone: whole seconds, and it says so. One caller more, who was none: an
    // attendant's question that led into the queue. What the unit did is not known.
    let journal = report(&["logg"]);
    assert_eq!(journal["quality"]["precision_ms"], 1000);
    let (whole, to_threshold, legs) = figures(&journal);
    assert_eq!((whole[0][0], whole[0][1], whole[0][2]), (counts[0][0] + 1, counts[0][1] + 1, counts[0][2]));
    let on_threshold = journal["queues"][0]["on_threshold"]["30"].as_i64().unwrap();
    assert!((to_threshold[0] - 1 - within[0]).abs() <= on_threshold, "{to_threshold:?} {within:?} {on_threshold}");
    assert!(legs.as_array().unwrap().iter().all(|row| row[2] == 0), "{legs}");
}
