//! Who may what: every endpoint asked by every role, and nothing of others in any answer.

use servicegrad::web::grant::Role;
use servicegrad::web::routes::ENDPOINTS;
use servicegrad::web::visitor::Right;

use crate::program::{Daemon, House, until, write};

/// Two queues, and two organisations with a unit each.
fn house() -> House {
    let house = House::new(
        "tokens = \"FOLDER/tokens.toml\"
[[source]]\nname = \"hook\"\nkind = \"http\"
[[queue]]\nname = \"kundtjanst\"\n[[queue]]\nname = \"itsupport\"
[[organisation]]\nname = \"lycksele\"\n[[organisation]]\nname = \"asele\"
[directory]\nunits = \"units.csv\"\n",
    );
    let units = "from,to,unit,title,organisation,valid_from,valid_to\n7101,,lycka-skola,,lycksele,,\n7400,,sele-teknik,,asele,,\n";
    write(&house.path("units.csv"), units);
    house
}

fn create(house: &House, role: Role) -> String {
    let mut words = vec!["token", "create", role.as_str(), "--role", role.as_str(), "--config", "servicegrad.toml"];
    words.extend(match role {
        Role::Wallboard => vec!["--queue", "kundtjanst"],
        Role::Organisation => vec!["--organisation", "asele"],
        Role::Lead => vec!["--queue", "itsupport"],
        Role::Ingest | Role::Metrics | Role::Admin => vec![],
    });
    house.ok(&words).trim().to_owned()
}

fn ask(daemon: &Daemon, method: &str, path: &str, token: &str) -> (u16, String) {
    let json = if path.contains("/silences") { "content-type: application/json\r\n" } else { "" };
    daemon.ask(method, path, &format!("authorization: Bearer {token}\r\n{json}"), b"")
}

/// An address of the endpoint about something that this role may see, where it sees such.
fn address(path: &str, role: Role) -> String {
    let queue = if role == Role::Lead { "itsupport" } else { "kundtjanst" };
    let build = servicegrad::web::assets::address("base.css");
    path.replace("/assets/{build}/{name}", &build)
        .replace("{queue}", queue)
        .replace("{unit}", "sele-teknik")
        .replace("{report}", "month")
}

#[test]
fn every_endpoint_answers_every_role_as_the_table_says() {
    let house = house();
    let tokens = Role::ALL.map(|role| (role, create(&house, role)));
    let daemon = house.run();
    for (method, path, needs) in ENDPOINTS {
        for (role, token) in &tokens {
            let (status, body) = ask(&daemon, method, &address(path, *role), token);
            let may = needs.is_none_or(|right| role.rights().contains(&right));
            // A lead of a queue was given no organisation, so that no unit is there for it.
            let sees_it = !(path.contains("{unit}") && *role == Role::Lead);
            let expected: &[u16] = match (may, needs) {
                (false, _) => &[403],
                (true, _) if !sees_it => &[404],
                (true, Some(Right::Ingest)) => &[400],
                // An empty form logs nobody in or out.
                (true, None) if method == "POST" && path.starts_with("/log") => &[400],
                // Nothing is asked for: what must be given is said.
                (true, _) if path.contains("/silences") && method != "GET" => &[400, 404, 422],
                (true, _) => &[200, 204],
            };
            assert!(expected.contains(&status), "{method} {path} as {}: {status} {body}", role.as_str());
        }
        let (status, _) = daemon.ask(method, &address(path, Role::Admin), "", b"");
        let expected: &[u16] = match needs {
            Some(_) => &[401],
            None if path.starts_with("/log") && method == "POST" => &[400],
            None => &[200, 204],
        };
        assert!(expected.contains(&status), "{method} {path} without a token: {status}");
        let (status, _) = ask(&daemon, method, &address(path, Role::Admin), "sg_no_such_token");
        assert!(expected.contains(&status), "{method} {path} with a wrong token: {status}");
    }
}

#[test]
fn nothing_of_others_leaves_any_endpoint() {
    let house = house();
    let [admin, organisation, lead, wallboard] =
        [Role::Admin, Role::Organisation, Role::Lead, Role::Wallboard].map(|role| create(&house, role));
    let daemon = house.run();
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let mut events = Vec::new();
    for (call, queue, target) in [("ett", "kundtjanst", "7101"), ("tva", "itsupport", "7400")] {
        let line = |kind: &str, more: &str| {
            format!(r#"{{"id":"{call}-{kind}","time":"{now}","type":"{kind}","call":"{call}"{more}}}"#)
        };
        events.push(line("visit.entered", &format!(r#","queue":"{queue}""#)));
        events.push(line("visit.answered", &format!(r#","queue":"{queue}""#)));
        events.push(line("transfer.started", &format!(r#","transfer":"t","kind":"blind","target":"{target}""#)));
        events.push(line("transfer.failed", r#","transfer":"t","result":"busy""#));
    }
    let headers = format!("authorization: Bearer {admin}\r\ncontent-type: application/x-ndjson\r\n");
    let (status, answer) = daemon.ask("POST", "/api/v1/events", &headers, events.join("\n").as_bytes());
    assert_eq!(status, 200, "{answer}");
    until("both units are there", || {
        let (_, units) = ask(&daemon, "GET", "/api/v1/units", &admin);
        units.contains("lycka-skola") && units.contains("sele-teknik")
    });
    // What each must never read: names of the others' queues, units and calls.
    for (token, foreign) in [
        (&organisation, vec!["lycka-skola", "\"ett\""]),
        (&lead, vec!["lycka-skola", "sele-teknik", "\"ett\""]),
        (&wallboard, vec!["lycka-skola", "sele-teknik", "\"ett\"", "\"tva\"", "queues/itsupport"]),
    ] {
        for (_, path, _) in ENDPOINTS.iter().filter(|(method, _, _)| *method == "GET") {
            for queue in ["kundtjanst", "itsupport"] {
                for unit in ["lycka-skola", "sele-teknik"] {
                    let path = path.replace("{queue}", queue).replace("{unit}", unit).replace("{report}", "month");
                    let (status, body) = ask(&daemon, "GET", &path, token);
                    // A refusal says what was asked for and no more.
                    if status != 200 {
                        continue;
                    }
                    for word in &foreign {
                        assert!(!body.contains(word), "{path} tells {word}: {body}");
                    }
                }
            }
        }
    }
    let (status, _) = ask(&daemon, "GET", "/api/v1/units/lycka-skola/transfers", &organisation);
    assert_eq!(status, 404, "as if it were not there");
    let (_, transfers) = ask(&daemon, "GET", "/api/v1/units/sele-teknik/transfers", &organisation);
    assert!(transfers.contains("\"busy\"") && !transfers.contains("7400"), "{transfers}");
}

#[test]
fn a_revoked_token_is_refused_within_seconds_and_the_file_holds_no_token() {
    let house = house();
    let token = create(&house, Role::Wallboard);
    let other = create(&house, Role::Admin);
    let daemon = house.run();
    assert_eq!(ask(&daemon, "GET", "/", &token).0, 200);
    let kept = std::fs::read_to_string(house.path("tokens.toml")).unwrap();
    assert!(!kept.contains(&token) && !kept.contains(&other));
    house.ok(&["token", "revoke", "wallboard", "--config", "servicegrad.toml"]);
    until("it is refused", || ask(&daemon, "GET", "/", &token).0 == 401);
    assert_eq!(ask(&daemon, "GET", "/", &other).0, 200);
    let listed = house.ok(&["token", "list", "--config", "servicegrad.toml"]);
    assert!(listed.contains("admin") && !listed.contains("wallboard"), "{listed}");
}

#[test]
fn the_audit_log_tells_who_did_what_page_by_page_and_to_the_admin_alone() {
    let house = house();
    let tokens = Role::ALL.map(|role| (role, create(&house, role)));
    let daemon = house.run();
    let admin = &tokens.iter().find(|(role, _)| *role == Role::Admin).unwrap().1;
    let read = |path: &str| -> serde_json::Value {
        let (status, body) = ask(&daemon, "GET", path, admin);
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    };
    // One token of each role was created, the last one last; two to a page.
    let (mut told, mut next) = (Vec::new(), String::new());
    loop {
        let page = read(&format!("/api/v1/audit?limit=2{next}"));
        let items = page["items"].as_array().unwrap();
        assert!((1..=2).contains(&items.len()), "{page}");
        told.extend(
            items.iter().map(|act| format!("{} {}", act["act"].as_str().unwrap(), act["about"].as_str().unwrap())),
        );
        let Some(after) = page["next"].as_str() else { break };
        next = format!("&after={after}");
    }
    let created = Role::ALL.iter().rev().map(|role| format!("token_created {}", role.as_str())).collect::<Vec<_>>();
    assert_eq!(told, created);
    let (_, page) = ask(&daemon, "GET", "/audit?lang=en&limit=2", admin);
    assert!(page.contains("token_created") && page.contains("role admin") && page.contains("Next"), "{page}");
    assert!(!page.contains(admin.as_str()), "the log holds no token");
    let (_, page) = ask(&daemon, "GET", "/audit?lang=sv", admin);
    assert!(page.contains("<h1>Logg</h1>"), "{page}");
    for (role, token) in tokens.iter().filter(|(role, _)| *role != Role::Admin) {
        for path in ["/audit", "/api/v1/audit"] {
            let (status, body) = ask(&daemon, "GET", path, token);
            assert!(status == 403 && !body.contains("token_created"), "{}: {status} {body}", role.as_str());
        }
    }
}
