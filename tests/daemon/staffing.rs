//! The staffing page says what the command says.

use crate::program::House;

/// The tables of a page, in order.
fn tables(page: &str) -> Vec<&str> {
    page.split("<table>").skip(1).filter_map(|rest| rest.split("</table>").next()).collect()
}

#[test]
fn the_page_and_the_command_come_to_the_same() {
    let house = House::new(
        "[[source]]\nname = \"vaxel\"\nkind = \"ndjson\"\npath = \"FOLDER/none.ndjson\"
[[queue]]\nname = \"kundtjanst\"
[[queue]]\nname = \"itsupport\"\nhours = \"Mo-Fr 08:00-16:00\"\nobjective = { threshold = \"60s\", target = 0.8 }\n",
    );
    house.ok(&["simulate", "--from", "2026-03-04", "--to", "2026-03-05", "--output", "day.ndjson"]);
    house.ok(&["import", "--source", "vaxel", "day.ndjson"]);
    let asked = ["--queue", "itsupport", "--day", "2026-03-11", "--between", "08:00-12:00", "--attendants", "1,2"];
    let told = house.ok(&[&["staffing", "--config", "servicegrad.toml", "--format", "html"], &asked[..]].concat());
    let daemon = house.run();
    let page = daemon.get("/staffing?queue=itsupport&day=2026-03-11&from=08:00&until=12:00&attendants=1,2&wrapup=");
    assert_eq!(tables(&told).len(), 2, "{told}");
    assert_eq!(tables(&page), tables(&told));
    assert!(page.contains("2026-03-04") && page.contains("Erlang A"), "{page}");
    // Nobody says how many: the most that is needed, one fewer and one more are tried.
    let tried = daemon.get("/staffing?queue=itsupport&day=2026-03-11&lang=en");
    assert!(tables(&tried).len() == 2 && tried.contains("2: Expected"), "{tried}");
    // Nothing to reckon from is said and not drawn.
    let empty = daemon.get("/staffing?queue=itsupport&day=2026-03-12");
    assert!(tables(&empty).is_empty() && empty.contains("Det senaste halvåret finns inga samtal"), "{empty}");
    for wrong in
        ["queue=nobody", "day=soon", "attendants=0", "attendants=many", "wrapup=-1", "from=08:00", "from=9&until=10"]
    {
        let (status, page) = daemon.ask("GET", &format!("/staffing?{wrong}"), "", b"");
        assert!(status == 400 || (status == 404 && wrong.starts_with("queue")), "{wrong}: {status} {page}");
    }
    daemon.stop();
}
