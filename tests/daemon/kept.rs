//! What is kept is looked after from the command line.

use crate::program::{House, until, write};

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

/// A call of March, and one of April.
const MONTHS: &str = "1772434800|a.1|kundtjanst|NONE|ENTERQUEUE||1|1\n1772434810|a.1|kundtjanst|m|CONNECT|10|a.2|1\n1772434900|a.1|kundtjanst|m|COMPLETEAGENT|10|90|1\n1775466000|b.1|kundtjanst|NONE|ENTERQUEUE||1|1\n1775466010|b.1|kundtjanst|NONE|ABANDON|1|1|10\n";
/// A call of March that comes when the month has been closed.
const LATE: &str = "1772521200|c.1|kundtjanst|NONE|ENTERQUEUE||1|1\n1772521240|c.1|kundtjanst|NONE|ABANDON|1|1|40\n";

#[test]
fn a_month_is_closed_and_a_late_event_makes_revision_2_with_the_difference() {
    let house = House::new(CONFIG);
    write(&house.path("queue_log"), MONTHS);
    house.ok(&["import", "--source", "vaxel", "queue_log"]);
    assert_eq!(house.report(&["--period", "2026-03"])["period"]["status"], "provisional");
    house.ok(&["store", "close", "--who", "anna"]);
    let closed = house.report(&["--period", "2026-03"]);
    assert_eq!(closed["period"]["status"], "closed");
    assert_eq!(house.report(&["--period", "2026-03-02"])["period"]["status"], "closed");
    let (code, _, said) = told(&house, &["store", "close", "--period", "2098-01"]);
    assert!(code == 1 && said.contains("2098-01 cannot be closed yet"), "{said}");

    write(&house.path("late"), LATE);
    house.ok(&["import", "--source", "vaxel", "late"]);
    assert_eq!(house.report(&["--period", "2026-03"])["queues"], closed["queues"], "as signed");
    house.ok(&["store", "close", "--period", "2026-03", "--why", "journal of a night", "--who", "anna"]);
    let revised = house.report(&["--period", "2026-03"]);
    assert_eq!((&revised["period"]["status"], &revised["queues"][0]["offered"]), (&"revised".into(), &2.into()));
    let revisions = &revised["period"]["revisions"];
    assert_eq!((&revisions[1]["revision"], &revisions[1]["why"]), (&2.into(), &"journal of a night".into()));
    let changes: Vec<String> = revisions[1]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {} {}", one["figure"].as_str().unwrap(), one["was"], one["is"]))
        .collect();
    assert_eq!(changes, ["offered 1 2", "abandoned 0 1", "answer_rate 1.0 0.5"]);
    let table = house.ok(&["report", "--period", "2026-03"]);
    assert!(table.contains("reviderad") && table.contains("journal of a night"), "{table}");
    let first = house.report(&["--period", "2026-03", "--revision", "1"]);
    assert_eq!(first["queues"], closed["queues"], "as it was signed first");
    assert_eq!((&first["period"]["status"], &first["period"]["revision"]), (&"superseded".into(), &1.into()));
    let second = house.report(&["--period", "2026-03", "--revision", "2", "--interval", "day"]);
    assert_eq!(second["queues"][0]["intervals"].as_array().unwrap().len(), 2);
    assert_eq!(second["period"]["status"], "revised");
    for (asked, why) in [
        (["--period", "2026-03", "--revision", "3"], "there is no revision 3 of the month: it has 1 to 2"),
        (["--period", "2026-05", "--revision", "1"], "not closed"),
        (["--period", "2026", "--revision", "1"], "give a month"),
    ] {
        let (code, _, said) = told(&house, &[&["report"], &asked[..]].concat());
        assert!(code == 2 && said.contains(why), "{said}");
    }
    let daemon = house.run();
    let api = "/api/v1/reports/month?period=2026-03";
    let asked: serde_json::Value = serde_json::from_str(&daemon.get(&format!("{api}&revision=1"))).unwrap();
    assert_eq!((&asked["queues"], &asked["period"]["revision"]), (&closed["queues"], &1.into()));
    let (status, why) = daemon.ask("GET", &format!("{api}&revision=3"), "", b"");
    assert!(status == 400 && why.contains("it has 1 to 2"), "{why}");
    let page = daemon.get("/reports?period=2026-03");
    assert!(page.contains("revision=1") && !page.contains("revision=2"), "those before the last are offered");
    assert_eq!(page.contains("format=pdf"), cfg!(feature = "pdf"));
    let (_, answer) = daemon.ask("GET", &format!("{api}&format=pdf"), "", b"");
    assert_eq!(answer.contains("cargo build --release --features pdf"), !cfg!(feature = "pdf"), "{answer}");
    daemon.stop();
    let (code, _, said) = told(&house, &["store", "verify"]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn the_daemon_closes_a_month_by_itself_and_nobody_else_changes_the_store_meanwhile() {
    let house = House::new(&format!("[upkeep]\nevery = \"1s\"\n{CONFIG}"));
    write(&house.path("queue_log"), MONTHS);
    let daemon = house.run();
    until("March is closed", || {
        let (code, out, _) = told(&house, &["report", "--period", "2026-03", "--format", "json"]);
        code == 0 && out.contains("\"status\": \"closed\"")
    });
    for arguments in
        [&["store", "erase", "--number", "7100"][..], &["store", "recompute", "--period", "2026-03", "--why", "x"]]
    {
        let (code, _, said) = told(&house, arguments);
        assert!(code == 1 && said.contains("being written by another program"), "{said}");
    }
    house.ok(&["store", "backup", "running.db"]);
    let (code, _, said) = told(&house, &["store", "verify"]);
    assert_eq!(code, 0, "{said}");
    daemon.stop();
    house.ok(&["store", "recompute", "--period", "2026-03", "--why", "to be sure"]);
    assert_eq!(house.report(&["--period", "2026-03"])["period"]["status"], "closed", "nothing has changed");
    house.ok(&["store", "erase", "--number", "7100"]);
    house.ok(&["store", "retain"]);
    let kept = house.ok(&["store", "export", "--number", "7100"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&kept).unwrap()["transfers"], serde_json::json!([]));
    assert_eq!(told(&house, &["store", "erase", "--number", "7"]).0, 2, "one digit is no number");
    assert_eq!(told(&house, &["store", "erase"]).0, 2);
}

#[test]
fn what_no_switch_told_is_in_every_report_from_then_on() {
    let house = house();
    let totals =
        "month,kind,name,offered,answered,abandoned,threshold,within\n2025-03,queue,kundtjanst,100,90,8,30s,72\n";
    write(&house.path("totals.csv"), totals);
    let year_ago = |report: &serde_json::Value| {
        let beside = report["comparisons"].as_array().unwrap().iter().find(|beside| beside["beside"] == "year_ago");
        beside.unwrap()["queues"][0]["figures"]["offered"].clone()
    };
    let before = house.report(&["--period", "2026-03"]);
    assert!(year_ago(&before).is_null() && before["tickets"].is_null(), "{before}");
    // For one report only, and then for all of them.
    assert_eq!(year_ago(&house.report(&["--period", "2026-03", "--history", "totals.csv"])), 100);
    assert!(year_ago(&house.report(&["--period", "2026-03"])).is_null());
    let (code, _, said) = told(&house, &["store", "add", "--history", "totals.csv", "--who", "anna"]);
    assert!(code == 0 && said.contains("months and days: 1"), "{said}");
    assert_eq!(year_ago(&house.report(&["--period", "2026-03"])), 100);
    // The service desk posts its tickets.
    let daemon = house.run();
    let post = |kind: &str, body: &str| {
        let headers = format!("content-type: {kind}\r\n");
        daemon.ask("POST", "/api/v1/tickets", &headers, body.as_bytes())
    };
    let (status, answer) = post("text/csv", "day,queue,tickets\n2026-03-02,kundtjanst,5\n2026-03-03,kundtjanst,x\n");
    assert!(status == 400 && answer.contains("line 3") && answer.contains("nothing was kept"), "{answer}");
    let (status, answer) = post("text/csv", "day,queue,tickets\n2026-03-02,kundtjanst,5\n");
    assert_eq!((status, answer.as_str()), (200, "{\"kept\":1}"));
    let (status, answer) =
        post("application/json", "[{\"day\":\"2026-03-02\",\"queue\":\"kundtjanst\",\"tickets\":1}]");
    assert_eq!((status, answer.as_str()), (200, "{\"kept\":1}"));
    let web: serde_json::Value =
        serde_json::from_str(&daemon.get("/api/v1/reports/month?period=2026-03&format=json")).unwrap();
    assert_eq!(
        (year_ago(&web), &web["tickets"][0]["tickets"], &web["tickets"][0]["answered"]),
        (100.into(), &1.into(), &1.into())
    );
    daemon.stop();
    let (code, _, said) = told(&house, &["store", "add", "--forget", "--history", "totals.csv"]);
    assert!(code == 0 && said.contains("forgotten"), "{said}");
    assert!(year_ago(&house.report(&["--period", "2026-03"])).is_null());
    assert_eq!(told(&house, &["store", "add"]).0, 2, "nothing is told");
}
