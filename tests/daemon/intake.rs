//! Events pushed over HTTP and TCP, by friend and foe.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use crate::program::{House, until};

fn house() -> (House, String) {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let rest = format!(
        "[[source]]\nname = \"hook\"\nkind = \"http\"\n[[source]]\nname = \"rad\"\nkind = \"ndjson\"\nlisten = \"{port}\"\ntoken = \"hemligt\"\n[[queue]]\nname = \"kundtjanst\"\n"
    );
    (House::new(&rest), port)
}

fn event(id: u32, kind: &str, call: &str, more: &str) -> String {
    let time = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    format!(r#"{{"id":"{id}","time":"{time}","type":"{kind}","call":"{call}","queue":"kundtjanst"{more}}}"#)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// What became of each item of a batch, by its index and id.
fn fates(answer: &Value) -> Vec<String> {
    let word = |item: &Value, key: &str| item[key].as_str().unwrap_or("-").to_owned();
    let items = answer["items"].as_array().unwrap().iter();
    items.map(|item| format!("{} {} {}", item["index"], word(item, "id"), word(item, "status"))).collect()
}

#[test]
fn a_posted_batch_is_answered_item_by_item_and_may_be_sent_again() {
    let (house, _) = house();
    let daemon = house.run();
    let batch = format!(
        "[{},{{\"id\":\"3\",\"type\":\"visit.exploded\",\"call\":\"a\"}},{}]",
        event(1, "visit.entered", "a", ""),
        event(2, "visit.entered", "b", "")
    );
    let (status, answer) = daemon.post(&batch);
    assert_eq!((status, &answer["accepted"], &answer["rejected"]), (200, &2.into(), &1.into()));
    assert_eq!(fates(&answer), ["0 1 accepted", "1 3 rejected", "2 2 accepted"]);
    assert_eq!(answer["items"][1]["reason"], "unknown_event");
    let (status, answer) = daemon.post(&batch);
    assert_eq!((status, &answer["accepted"], &answer["duplicates"]), (200, &0.into(), &2.into()));
    assert_eq!(fates(&answer), ["0 1 duplicate", "1 3 rejected", "2 2 duplicate"]);
    until("both wait", || daemon.metric("servicegrad_calls_waiting{queue=\"kundtjanst\"}") == Some(2.0));
    let rejected = "servicegrad_events_rejected_total{source=\"hook\",reason=\"unknown_event\"}";
    until("both rejections are told", || daemon.metric(rejected) == Some(2.0));
    let (status, _) = daemon.post(&event(4, "visit.left", "a", r#","outcome":"abandoned""#));
    assert_eq!(status, 200);
    // What was acknowledged survives the worst.
    drop(daemon);
    let daemon = house.run();
    until("one waits still", || daemon.metric("servicegrad_calls_waiting{queue=\"kundtjanst\"}") == Some(1.0));
    assert_eq!(daemon.metric("servicegrad_calls_offered_total{queue=\"kundtjanst\"}"), Some(2.0));
    assert_eq!(daemon.metric("servicegrad_calls_ended_total{queue=\"kundtjanst\",outcome=\"abandoned\"}"), Some(1.0));
    daemon.stop();
}

#[test]
fn what_is_not_welcome_is_refused_and_hurts_nobody() {
    let (house, _) = house();
    let daemon = house.run();
    let status = |headers: &str, body: &[u8]| daemon.ask("POST", "/api/v1/events", headers, body).0;
    let one = event(1, "visit.entered", "a", "");
    assert_eq!(status("", b"nonsense"), 400);
    assert_eq!(status("", b""), 400);
    assert_eq!(status("", b"[]"), 400);
    assert_eq!(daemon.ask("POST", "/api/v1/events?source=nobody", "", b"{}").0, 404);
    assert_eq!(status("", &vec![b'x'; 2_000_000]), 413);
    assert_eq!(status("", format!("{one}\n").repeat(5_001).as_bytes()), 413);
    assert_eq!(status("", "7\n".repeat(5_001).as_bytes()), 413);
    assert_eq!(status("content-type: text/plain\r\n", one.as_bytes()), 415);
    assert_eq!(status("content-type: application/x-www-form-urlencoded\r\n", one.as_bytes()), 415);
    assert_eq!(status("content-encoding: br\r\n", one.as_bytes()), 415);
    assert_eq!(daemon.ask("GET", "/", "host: evil.example\r\n", b"").0, 403);
    assert_eq!(status("origin: http://evil.example\r\n", one.as_bytes()), 403);
    assert_eq!(daemon.ask("GET", "/nowhere", "", b"").0, 404);
    assert_eq!(daemon.ask("DELETE", "/api/v1/events", "", b"").0, 405);
    assert_eq!(daemon.post(&one).0, 200);
    daemon.stop();
}

#[test]
fn a_packed_body_is_unpacked_and_a_bomb_is_not() {
    let (house, _) = house();
    let daemon = house.run();
    let lines: String = (0..2_000).map(|id| event(id, "visit.entered", &format!("c{id}"), "") + "\n").collect();
    let headers = "content-encoding: gzip\r\ncontent-type: application/x-ndjson\r\n";
    let post = |body: &[u8]| {
        let (status, body) = daemon.ask("POST", "/api/v1/events", headers, body);
        (status, serde_json::from_str::<Value>(&body).unwrap())
    };
    let (status, answer) = post(&gzip(lines.as_bytes()));
    assert_eq!((status, &answer["accepted"]), (200, &2_000.into()));
    let whole = gzip(lines.as_bytes());
    assert_eq!(post(&whole[..whole.len() / 2]).0, 400);
    assert_eq!(post(lines.as_bytes()[..1_000].into()).0, 400);
    // A gigabyte in a megabyte, and a smaller one in a kilobyte.
    for bytes in [1_000_000_000, 500_000] {
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::copy(&mut std::io::Read::take(std::io::repeat(b' '), bytes), &mut bomb).unwrap();
        let (status, answer) = post(&bomb.finish().unwrap());
        assert_eq!(status, 413, "{answer}");
    }
    assert_eq!(daemon.metric("servicegrad_calls_offered_total{queue=\"kundtjanst\"}"), Some(2_000.0));
    daemon.stop();
}

#[test]
fn cloud_events_are_read_in_all_three_modes() {
    let (house, _) = house();
    let daemon = house.run();
    let data = |call: &str| format!(r#"{{"call":"{call}","queue":"kundtjanst"}}"#);
    let envelope = |id: u32, call: &str| {
        let time = chrono::Utc::now().to_rfc3339();
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"urn:vaxel","type":"servicegrad.visit.entered.v1","time":"{time}","data":{}}}"#,
            data(call)
        )
    };
    let post = |headers: &str, body: &str| {
        let (status, body) = daemon.ask("POST", "/api/v1/events", headers, body.as_bytes());
        assert_eq!(status, 200, "{body}");
        fates(&serde_json::from_str(&body).unwrap())
    };
    assert_eq!(
        post("content-type: application/cloudevents+json; charset=utf-8\r\n", &envelope(1, "a")),
        ["0 1 accepted"]
    );
    let batch = format!("[{},{}]", envelope(2, "b"), envelope(1, "a"));
    assert_eq!(post("content-type: application/cloudevents-batch+json\r\n", &batch), ["0 2 accepted", "1 1 duplicate"]);
    let binary = |id: u32| {
        let time = chrono::Utc::now().to_rfc3339().replace('+', "%2B");
        format!(
            "content-type: application/json\r\nce-specversion: 1.0\r\nce-id: {id}\r\nce-source: urn:vaxel\r\nce-type: servicegrad.visit.entered.v1\r\nce-time: {time}\r\n"
        )
    };
    assert_eq!(post(&binary(3), &data("c")), ["0 3 accepted"]);
    // The same event in another mode is the same event.
    assert_eq!(post(&binary(2), &data("b")), ["0 2 duplicate"]);
    until("three wait", || daemon.metric("servicegrad_calls_waiting{queue=\"kundtjanst\"}") == Some(3.0));
    daemon.stop();
}

#[test]
fn a_sources_own_token_lets_into_that_source_and_no_other() {
    let house = House::new(
        "token = \"husets\"\n[[source]]\nname = \"a\"\nkind = \"http\"\ntoken = \"ord-a\"\n[[source]]\nname = \"b\"\nkind = \"http\"\ntoken_file = \"FOLDER/b.token\"\n[[source]]\nname = \"c\"\nkind = \"http\"\n[[queue]]\nname = \"kundtjanst\"\n",
    );
    crate::program::write(&house.path("b.token"), "ord-b\n");
    let daemon = house.run();
    let mut id = 0;
    let mut post = |source: &str, token: &str| {
        id += 1;
        let headers = if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
        let body = event(id, "visit.entered", &id.to_string(), "");
        daemon.ask("POST", &format!("/api/v1/events{source}"), &headers, body.as_bytes()).0
    };
    assert_eq!(post("?source=a", "ord-a"), 200);
    assert_eq!(post("?source=b", "ord-b"), 200);
    assert_eq!(post("", "ord-b"), 200, "the token says which source");
    assert_eq!(post("?source=b", "ord-a"), 403);
    for wrong in ["", "ord", "ord-aa", "husets", "ord-b%00"] {
        assert_eq!(post("?source=a", wrong), 401, "{wrong}");
    }
    // One without a token of its own is under the house's.
    assert_eq!(post("?source=c", "husets"), 200);
    assert_eq!(post("?source=c", ""), 401);
    assert_eq!(post("?source=c", "ord-a"), 401);
    // And the token of a source opens no page.
    assert_eq!(daemon.ask("GET", "/api/v1/live", "authorization: Bearer ord-a\r\n", b"").0, 401);
    assert_eq!(
        daemon.ask("POST", "/api/v1/events?source=b&token=ord-b", "", event(1, "visit.entered", "x", "").as_bytes()).0,
        200
    );
    for (source, count) in [("a", 1), ("b", 3), ("c", 1)] {
        let line = format!("servicegrad_events_ingested_total{{source=\"{source}\"}} {count}\n");
        until(&line, || daemon.ask("GET", "/metrics?token=husets", "", b"").1.contains(&line));
    }
    daemon.stop();
}

#[test]
fn who_sends_too_much_is_told_when_to_come_again_and_hurts_no_other_source() {
    let house = House::new(
        "[[source]]\nname = \"flod\"\nkind = \"http\"\nrate = 50\n[[source]]\nname = \"lugn\"\nkind = \"http\"\n[[queue]]\nname = \"kundtjanst\"\n",
    );
    let daemon = house.run();
    let post = |source: &str, body: &str| {
        let mut stream = TcpStream::connect(&daemon.address).unwrap();
        write!(
            stream,
            "POST /api/v1/events?source={source} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let lines: Vec<String> = BufReader::new(stream).lines().map_while(Result::ok).collect();
        let after = lines.iter().find_map(|line| line.strip_prefix("retry-after: ")?.parse::<u64>().ok());
        (lines[0].split(' ').nth(1).unwrap().parse::<u16>().unwrap(), after)
    };
    let flood: String = (0..600).map(|id| event(id, "visit.entered", &format!("f{id}"), "") + "\n").collect();
    assert_eq!(post("flod", &flood), (200, None), "what comes at once after a quiet time is let in");
    // Its bucket is overdrawn by seven seconds' worth.
    assert!(matches!(post("flod", &flood), (429, Some(1..=7))));
    assert_eq!(post("lugn", &event(1, "visit.entered", "a", "")), (200, None));
    until("it may come again", || post("flod", &event(601, "visit.entered", "f601", "")).0 == 200);
    until("all that was accepted is counted", || {
        daemon.metric("servicegrad_events_ingested_total{source=\"flod\"}") == Some(601.0)
    });
    daemon.stop();
}

#[test]
fn slow_and_torn_bodies_take_nothing_in_and_hold_nobody_up() {
    let (house, _) = house();
    let daemon = house.run();
    let head =
        |length: usize| format!("POST /api/v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n");
    let body = event(1, "visit.entered", "a", "");
    // Torn anywhere, then gone.
    for at in [0, 1, body.len() / 2, body.len() - 1] {
        let mut stream = TcpStream::connect(&daemon.address).unwrap();
        write!(stream, "{}{}", head(body.len()), &body[..at]).unwrap();
    }
    // As many as may be, each a byte now and then, as long as none of them is let go.
    let begun = std::time::Instant::now();
    let mut slow: Vec<TcpStream> = Vec::new();
    until("further posts are told to come again", || {
        let mut stream = TcpStream::connect(&daemon.address).unwrap();
        write!(stream, "{}{{", head(body.len())).unwrap();
        slow.push(stream);
        daemon.ask("POST", "/api/v1/events", "", b"[]").0 == 503
    });
    // Reading goes on meanwhile, and nothing of a torn body was taken.
    assert_eq!(daemon.get("/healthz"), "ok\n");
    assert_eq!(daemon.metric("servicegrad_events_ingested_total{source=\"hook\"}").unwrap_or(0.0), 0.0);
    until("the slow are let go", || {
        if begun.elapsed().as_secs() < 5 {
            for stream in &mut slow {
                // Those beyond the limit were refused at once.
                let _ = stream.write_all(b" ");
            }
        }
        daemon.ask("POST", "/api/v1/events", "", body.as_bytes()).0 == 200
    });
    let slow_ones = slow.len();
    let refused = slow.iter_mut().filter(|stream| {
        let mut answer = String::new();
        BufReader::new(&**stream).read_line(&mut answer).is_ok() && (answer.contains("408") || answer.contains("503"))
    });
    assert_eq!(refused.count(), slow_ones);
    daemon.stop();
}

#[test]
fn tcp_lines_need_the_token_and_are_answered_after_the_commit() {
    let (house, port) = house();
    let daemon = house.run();
    let send = |lines: &str| {
        let mut stream = TcpStream::connect(&port).unwrap();
        stream.write_all(lines.as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        answer
    };
    assert!(send("{\"token\":\"fel\"}\n").contains("error"));
    let lines = format!("{{\"token\":\"hemligt\"}}\n{}\nnonsense\n", event(1, "visit.entered", "t", ""));
    assert_eq!(send(&lines), "{\"accepted\":1,\"duplicates\":0,\"rejected\":1}\n");
    assert_eq!(send(&lines), "{\"accepted\":0,\"duplicates\":1,\"rejected\":1}\n");
    daemon.stop();
}

#[test]
fn every_page_answers_with_its_headers() {
    let (house, _) = house();
    let daemon = house.run();
    assert_eq!(daemon.get("/healthz"), "ok\n");
    assert!(daemon.get("/readyz").starts_with("{\"ready\":true"));
    for path in ["/", "/units", "/queues/kundtjanst", "/reports", "/status", "/tillganglighet"] {
        for language in ["sv", "en"] {
            let page = daemon.get(&format!("{path}?lang={language}"));
            assert!(page.contains(&format!("<html lang=\"{language}\"")), "{page}");
            // A key that has no text stands for itself.
            let keys = servicegrad::i18n::keys(servicegrad::i18n::Language::Sv);
            let bare = keys.iter().find(|key| page.contains(&format!(">{key}<")));
            assert_eq!(bare, None, "a text is missing on {path}");
        }
    }
    assert!(daemon.get("/?lang=sv").contains("Väntar") && daemon.get("/?lang=en").contains("Waiting"));
    assert_eq!(daemon.ask("GET", "/queues/nobody", "", b"").0, 404);
    assert_eq!(daemon.ask("GET", "/queues/kundtjanst?day=soon", "", b"").0, 400);
    let live: serde_json::Value = serde_json::from_str(&daemon.get("/api/v1/live")).unwrap();
    assert_eq!(live["queues"][0]["queue"], "kundtjanst");
    let schema = daemon.get("/api/v1/events/schema");
    assert!(schema.contains("2020-12"));
    let mut stream = TcpStream::connect(&daemon.address).unwrap();
    write!(stream, "GET /api/v1/live HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n").unwrap();
    let lines: Vec<String> = BufReader::new(&stream)
        .lines()
        .map(Result::unwrap)
        .take_while(|line| !line.starts_with("data: {\"at_ms\""))
        .collect();
    for header in ["HTTP/1.1 200 OK", "content-type: text/event-stream", "x-content-type-options: nosniff"] {
        assert!(lines.iter().any(|line| line == header), "{header} in {lines:?}");
    }
    assert!(lines.iter().any(|line| line.starts_with("content-security-policy: default-src 'none'")), "{lines:?}");
    // An open stream does not hold up the end.
    daemon.stop();
}

#[test]
fn a_simulated_day_is_the_same_sent_over_tcp_posted_and_sent_again() {
    let (house, port) = house();
    let daemon = house.run();
    let url = format!("http://{}/api/v1/events?source=hook", daemon.address);
    let day = ["simulate", "--from", "2026-03-02", "--to", "2026-03-03"];
    let told = |more: &[&str]| {
        let output = house.command(&[&day, more].concat());
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).trim().to_owned())
    };
    let (code, first) = told(&["--tcp", &port, "--token", "hemligt"]);
    assert!(code == 0 && first.ends_with(" accepted, 0 known already, 0 rejected"), "{first}");
    let count = first.split(' ').next().unwrap().to_owned();
    assert!(count.parse::<u32>().unwrap() > 2_000);
    // What changes no figure, a call that an attendant missed, is not kept to be known again.
    let lines = String::from_utf8(house.command(&day).stdout).unwrap();
    let missed = lines.lines().filter(|line| line.contains("\"type\":\"agent.")).count();
    let known = lines.lines().count() - missed;
    let again = told(&["--tcp", &port, "--token", "hemligt"]);
    assert_eq!(again, (0, format!("{missed} accepted, {known} known already, 0 rejected")));
    assert_eq!(told(&["--http", &url]), (0, format!("{count} accepted, 0 known already, 0 rejected")));
    let (code, why) = told(&["--tcp", &port, "--token", "fel"]);
    assert!(code == 1 && why.contains("right token"), "{why}");
    let (code, why) = told(&["--http", &url.replace("hook", "nobody")]);
    assert!(code == 1 && why.contains("404"), "{why}");
    daemon.stop();
}
