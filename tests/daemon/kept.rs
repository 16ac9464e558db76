//! What is kept is looked after from the command line.

use crate::program::{House, write};

const CONFIG: &str = "[[source]]\nname = \"vaxel\"\nkind = \"asterisk_queue_log\"\npath = \"FOLDER/queue_log\"\n[[queue]]\nname = \"kundtjanst\"\n";
const LOG: &str = "1772434800|a.1|kundtjanst|NONE|ENTERQUEUE||1|1\n1772434810|a.1|kundtjanst|m|CONNECT|10|a.2|1\n1772434900|a.1|kundtjanst|m|COMPLETEAGENT|10|90|1\n";

/// A house with one call in its store.
fn house() -> House {
    let house = House::new(CONFIG);
    write(&house.path("queue_log"), LOG);
    house.ok(&["import", "--source", "vaxel", "queue_log"]);
    house
}

fn told(house: &House, arguments: &[&str]) -> (i32, String, String) {
    let output = house.command(arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn verify_says_that_all_is_well_and_exits_with_1_when_it_is_not() {
    let house = house();
    let (code, out, said) = told(&house, &["store", "verify"]);
    assert_eq!((code, out.as_str()), (0, ""), "{said}");
    assert!(said.contains("2 facts counted, 6 rollups compared: all are what their facts come to"), "{said}");
    let store = rusqlite::Connection::open(house.path("figures.db")).unwrap();
    store.execute("UPDATE visit_cell SET answered = 2 WHERE scope = 'calls' AND tier = 'day'", []).unwrap();
    let (code, out, said) = told(&house, &["store", "verify"]);
    assert_eq!(code, 1);
    let line = "calls kundtjanst, day from 2026-03-02 00:00 +01:00: answered is 2, its facts come to 1\n";
    assert_eq!(out, line);
    assert!(said.contains("1 figures differ"), "{said}");
}

#[test]
fn a_store_is_backed_up_restored_and_moved_under_the_same_report() {
    let house = house();
    let before = house.report(&["--period", "2026-03"]);
    house.ok(&["store", "backup", "copy.db"]);
    assert_eq!(told(&house, &["store", "backup", "copy.db"]).0, 1, "it is there already");
    let store = rusqlite::Connection::open(house.path("figures.db")).unwrap();
    store.execute_batch("DELETE FROM visit_cell; DELETE FROM visit").unwrap();
    drop(store);
    assert_eq!(told(&house, &["store", "restore", "copy.db"]).0, 1, "it would overwrite");
    house.ok(&["store", "restore", "copy.db", "--replace"]);
    assert_eq!(house.report(&["--period", "2026-03"])["queues"], before["queues"]);
    house.ok(&["store", "move", "--to", "sqlite:other.db", "--who", "anna"]);
    assert_eq!(house.report(&["--period", "2026-03", "--store", "sqlite:other.db"])["queues"], before["queues"]);
    let other = rusqlite::Connection::open(house.path("other.db")).unwrap();
    let acts: Vec<(String, String)> = other
        .prepare("SELECT who, act FROM audit ORDER BY id")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let acts: Vec<(&str, &str)> = acts.iter().map(|(who, act)| (who.as_str(), act.as_str())).collect();
    assert!(matches!(acts[..], [(_, "store_restored"), ("anna", "store_moved")]), "{acts:?}");
    assert_eq!(told(&house, &["store", "move", "--to", "sqlite:other.db"]).0, 1, "it is not empty");
    assert_eq!(told(&house, &["store", "move", "--to", "mysql:x"]).0, 2);
}

#[test]
fn an_older_store_is_migrated_when_told_so() {
    let house = House::new("");
    let store = rusqlite::Connection::open(house.path("figures.db")).unwrap();
    store.execute_batch(servicegrad::store::migrations::STEPS[0].sqlite).unwrap();
    store.execute_batch("PRAGMA user_version = 1").unwrap();
    drop(store);
    let config = std::fs::read_to_string(house.path("servicegrad.toml")).unwrap();
    write(&house.path("servicegrad.toml"), &config.replace("[http]", "migrate = false\n[http]"));
    let (code, _, said) = told(&house, &["store", "verify"]);
    assert!(code == 1 && said.contains("servicegrad store migrate"), "{said}");
    house.ok(&["store", "migrate"]);
    let (code, _, said) = told(&house, &["store", "verify"]);
    assert_eq!(code, 0, "{said}");
}
