//! Events pushed over HTTP and TCP, by friend and foe.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

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

#[test]
fn a_posted_batch_is_answered_item_by_item_and_may_be_sent_again() {
    let (house, _) = house();
    let daemon = house.run();
    let batch = format!(
        "[{},{},{{\"id\":\"3\",\"type\":\"visit.exploded\",\"call\":\"a\"}}]",
        event(1, "visit.entered", "a", ""),
        event(2, "visit.entered", "b", "")
    );
    let (status, answer) = daemon.post(&batch);
    assert_eq!((status, &answer["accepted"], &answer["rejected"]), (200, &2.into(), &1.into()));
    assert_eq!(
        (&answer["errors"][0]["item"], &answer["errors"][0]["reason"]),
        (&"item 3".into(), &"unknown_event".into())
    );
    let (_, answer) = daemon.post(&batch);
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&0.into(), &2.into()));
    until("both wait", || daemon.metric("servicegrad_calls_waiting{queue=\"kundtjanst\"}") == Some(2.0));
    assert_eq!(daemon.metric("servicegrad_events_rejected_total{source=\"hook\",reason=\"unknown_event\"}"), Some(2.0));
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
    assert_eq!(daemon.post("nonsense").0, 400);
    assert_eq!(daemon.post("").0, 400);
    assert_eq!(daemon.ask("POST", "/api/v1/events?source=nobody", "", b"{}").0, 404);
    assert_eq!(daemon.ask("POST", "/api/v1/events", "", &vec![b'x'; 2_000_000]).0, 413);
    assert_eq!(daemon.ask("GET", "/", "host: evil.example\r\n", b"").0, 403);
    let origin = "origin: http://evil.example\r\n";
    assert_eq!(daemon.ask("POST", "/api/v1/events", origin, event(1, "visit.entered", "a", "").as_bytes()).0, 403);
    assert_eq!(daemon.ask("GET", "/nowhere", "", b"").0, 404);
    assert_eq!(daemon.ask("DELETE", "/api/v1/events", "", b"").0, 405);
    assert_eq!(daemon.post(&event(1, "visit.entered", "a", "")).0, 200);
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
    assert_eq!(daemon.get("/readyz"), "{\"ready\":true}");
    for (language, word) in [("sv", "Väntar nu"), ("en", "Waiting now")] {
        let page = daemon.get(&format!("/?lang={language}"));
        assert!(page.contains(word) && page.contains(&format!("<html lang=\"{language}\"")), "{page}");
        assert!(!page.contains(">board-"), "a text is missing: {page}");
    }
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
