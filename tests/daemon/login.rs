//! Users who log in, and a proxy that says who asks.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::program::{Daemon, House, PROGRAM, status, until, whole, write};

fn house(more: &str) -> House {
    House::new(&format!(
        "users = \"FOLDER/users.toml\"\n{more}\n[[source]]\nname = \"hook\"\nkind = \"http\"
[[queue]]\nname = \"kundtjanst\"\n[[queue]]\nname = \"itsupport\"\n"
    ))
}

/// Adds a user, whose password it returns.
fn add(house: &House, name: &str, more: &[&str]) -> String {
    house.ok(&[&["user", "add", name, "--config", "servicegrad.toml"], more].concat()).trim().to_owned()
}

/// The head of an answer, and its body.
fn ask(daemon: &Daemon, method: &str, path: &str, headers: &str, body: &str) -> (String, String) {
    let (head, body) = whole(&daemon.address, method, path, headers, body.as_bytes());
    (head, String::from_utf8_lossy(&body).into_owned())
}

fn cookie(head: &str, name: &str) -> Option<String> {
    let line = head.lines().find(|line| line.starts_with(&format!("set-cookie: {name}=")))?;
    Some(line.split_once('=')?.1.split(';').next()?.to_owned())
}

fn hidden(page: &str, name: &str) -> String {
    let field = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1;
    field.split('"').next().unwrap().to_owned()
}

/// Sends the form of the login page as a browser does; the head of the answer.
fn log_in(daemon: &Daemon, user: &str, password: &str) -> (String, String) {
    let (head, page) = ask(daemon, "GET", "/login", "", "");
    let (form, word) = (cookie(&head, "servicegrad-form").unwrap(), hidden(&page, "word"));
    let headers = format!("cookie: servicegrad-form={form}\r\ncontent-type: application/x-www-form-urlencoded\r\n");
    let sent = format!("user={user}&password={password}&word={word}&next=%2Funits");
    ask(daemon, "POST", "/login", &headers, &sent)
}

#[test]
fn a_user_logs_in_sees_what_they_may_and_logs_out() {
    let house = house("");
    let password = add(&house, "anna", &["--role", "lead", "--queue", "itsupport"]);
    let kept = std::fs::read_to_string(house.path("users.toml")).unwrap();
    assert!(kept.contains("$argon2id$") && !kept.contains(&password));
    let daemon = house.run();
    // A browser is led to the form and comes back to where it wanted to go; a program is told.
    let (head, _) = ask(&daemon, "GET", "/queues/itsupport?lang=en", "accept: text/html\r\n", "");
    assert!(head.contains("303") && head.contains("location: /login?next=%2Fqueues%2Fitsupport%3Flang%3Den"), "{head}");
    assert_eq!(status(&ask(&daemon, "GET", "/api/v1/queues", "", "").0), 401);
    let (head, _) = log_in(&daemon, "anna", &password);
    assert!(status(&head) == 303 && head.contains("location: /units"), "{head}");
    let line = head.lines().find(|line| line.starts_with("set-cookie: servicegrad=")).unwrap();
    assert!(line.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax"), "{line}");
    let session = format!("cookie: servicegrad={}\r\n", cookie(&head, "servicegrad").unwrap());
    let (head, page) = ask(&daemon, "GET", "/queues/itsupport", &session, "");
    assert_eq!(status(&head), 200, "{page}");
    assert_eq!(status(&ask(&daemon, "GET", "/queues/kundtjanst", &session, "").0), 404);
    assert_eq!(status(&ask(&daemon, "GET", "/status", &session, "").0), 403);
    // Out by the form of a page of this session and no other.
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let (head, _) = ask(&daemon, "POST", "/logout", &format!("{session}{form}"), "word=guessed");
    assert_eq!(status(&head), 403);
    let word = hidden(&page, "word");
    let (head, _) = ask(&daemon, "POST", "/logout", &format!("{session}{form}"), &format!("word={word}"));
    assert_eq!(status(&head), 303, "{head}");
    assert_eq!(status(&ask(&daemon, "GET", "/queues/itsupport", &session, "").0), 401);
    daemon.stop();
    let audit = house.ok(&["audit", "--config", "servicegrad.toml"]);
    let acts: Vec<&str> = audit.lines().map(|line| line.split('\t').nth(2).unwrap()).collect();
    assert_eq!(acts, ["logged_out", "logged_in", "user_added"], "{audit}");
    assert!(!audit.contains(&password) && audit.contains("\tanna\tlogged_in\tanna\tfrom 127.0.0.1"), "{audit}");
}

#[test]
fn passwords_are_guessed_a_few_times_only_and_a_form_of_elsewhere_logs_nobody_in() {
    let house = house("");
    let password = add(&house, "anna", &["--role", "admin"]);
    add(&house, "bo", &["--role", "admin"]);
    let daemon = house.run();
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let sent = format!("user=anna&password={password}&word=made-up&next=%2F");
    assert_eq!(status(&ask(&daemon, "POST", "/login", form, &sent).0), 400, "without the cookie of the form");
    let (head, _) = ask(&daemon, "POST", "/login", &format!("origin: https://example.org\r\n{form}"), &sent);
    assert_eq!(status(&head), 403, "from a page of another place");
    for _ in 0..5 {
        assert_eq!(status(&log_in(&daemon, "anna", "wrong-wrong-wrong").0), 401);
        assert_eq!(status(&log_in(&daemon, "nobody", "wrong-wrong-wrong").0), 401);
    }
    for user in ["anna", "nobody"] {
        let (head, _) = log_in(&daemon, user, &password);
        assert!(status(&head) == 429 && head.contains("retry-after: "), "{head}");
    }
    assert_eq!(status(&log_in(&daemon, "bo", "wrong-wrong-wrong").0), 401, "others are not locked out");
    daemon.stop();
}

#[test]
fn who_is_removed_or_has_another_password_is_out_within_seconds() {
    let house = house("");
    let passwords = ["anna", "bo"].map(|name| add(&house, name, &["--role", "admin"]));
    let daemon = house.run();
    let sessions = [("anna", &passwords[0]), ("bo", &passwords[1])].map(|(name, password)| {
        let (head, _) = log_in(&daemon, name, password);
        format!("cookie: servicegrad={}\r\n", cookie(&head, "servicegrad").unwrap())
    });
    // What changes something wants the session's own word: a cookie alone may be sent by any page.
    let silence = r#"{"alert":"ServiceLevelLow","for":"2h","by":"anna","comment":"x"}"#;
    let json = format!("{}content-type: application/json\r\n", sessions[0]);
    assert_eq!(status(&ask(&daemon, "POST", "/api/v1/alerts/silences", &json, silence).0), 403);
    let word = hidden(&ask(&daemon, "GET", "/status", &sessions[0], "").1, "word");
    let with = format!("{json}x-csrf-token: {word}\r\n");
    assert_eq!(status(&ask(&daemon, "POST", "/api/v1/alerts/silences", &with, silence).0), 201);
    let mut child = Command::new(PROGRAM)
        .args(["user", "passwd", "anna", "--stdin", "--config", "servicegrad.toml"])
        .current_dir(house.folder.path())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"ett nytt losenord\n").unwrap();
    assert!(child.wait().unwrap().success());
    house.ok(&["user", "remove", "bo", "--config", "servicegrad.toml"]);
    for session in &sessions {
        until("they are out", || status(&ask(&daemon, "GET", "/status", session, "").0) == 401);
    }
    assert_eq!(status(&log_in(&daemon, "anna", "ett+nytt+losenord").0), 303);
    let listed = house.ok(&["user", "list", "--config", "servicegrad.toml"]);
    assert!(listed.starts_with("anna\tadmin") && !listed.contains("bo"), "{listed}");
    daemon.stop();
}

#[test]
fn a_proxy_says_who_asks_and_nobody_else_does() {
    let house = House::new(
        "[http.proxy]\nfrom = [\"127.0.0.1\"]\nhosts = [\"tavla.example.se\"]\nsecret_file = \"FOLDER/secret\"
[[http.proxy.grant]]\ngroup = \"drift\"\nrole = \"admin\"
[[http.proxy.grant]]\ngroup = \"it\"\nrole = \"lead\"\nqueues = [\"itsupport\"]
[[source]]\nname = \"hook\"\nkind = \"http\"\n[[queue]]\nname = \"kundtjanst\"\n[[queue]]\nname = \"itsupport\"\n",
    );
    write(&house.path("secret"), "ett-ord\n");
    let daemon = house.run();
    let by =
        |groups: &str| format!("host: tavla.example.se\r\nx-forwarded-user: anna\r\nx-forwarded-groups: {groups}\r\n");
    let secret = "x-servicegrad-proxy: ett-ord\r\n";
    let get = |path: &str, headers: &str| status(&ask(&daemon, "GET", path, headers, "").0);
    assert_eq!(get("/status", &format!("{secret}{}", by("drift"))), 200);
    assert_eq!(get("/status", &format!("{secret}{}", by("it"))), 403);
    assert_eq!(get("/queues/itsupport", &format!("{secret}{}", by("andra, it"))), 200);
    assert_eq!(get("/queues/kundtjanst", &format!("{secret}{}", by("it"))), 404);
    assert_eq!(get("/status", &format!("{secret}{}", by("andra"))), 403, "known, and let in for nothing");
    // Without the proxy's secret its name is not ours and its headers say nothing.
    assert_eq!(get("/status", &by("drift")), 403);
    assert_eq!(get("/status", "x-forwarded-user: anna\r\nx-forwarded-groups: drift\r\n"), 401);
    daemon.stop();
}

#[test]
fn a_proxy_that_anybody_could_pose_as_is_refused() {
    let house =
        House::new("[http.proxy]\nfrom = [\"127.0.0.1\"]\nuser = \"cookie\"\n[[queue]]\nname = \"kundtjanst\"\n");
    let output = house.command(&["check", "--offline"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    for key in ["http.proxy.secret_file", "http.proxy.user", "http.proxy.hosts", "http.proxy.grant"] {
        assert!(said.contains(key), "{key}: {said}");
    }
}
