//! A network that means harm: whatever strangers do with connections, events are taken and answered.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use servicegrad::web::ingest::POSTS_MAX;
use servicegrad::web::serve::CONNECTIONS_MAX;

use crate::program::{Daemon, House, until};

/// Longest that an event may take to be answered while others do their worst.
const SOON: Duration = Duration::from_secs(3);

fn house() -> House {
    House::new("[[source]]\nname = \"hook\"\nkind = \"http\"\n[[queue]]\nname = \"kundtjanst\"\n")
}

fn post(daemon: &Daemon, number: u32) {
    let begun = Instant::now();
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let event =
        format!(r#"{{"id":"{number}","time":"{now}","type":"visit.entered","call":"c{number}","queue":"kundtjanst"}}"#);
    let (status, answer) = daemon.post(&event);
    assert_eq!((status, &answer["accepted"]), (200, &1.into()), "{answer}");
    assert!(begun.elapsed() < SOON, "event {number} took {:?}", begun.elapsed());
}

fn connect(daemon: &Daemon) -> TcpStream {
    let stream = TcpStream::connect(&daemon.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// Whether the other side has hung up; what it says before is passed over.
fn is_closed(mut stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let mut bytes = [0; 4096];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
    }
}

#[test]
fn heads_that_trickle_are_let_go_and_hold_nobody_up() {
    let house = house();
    let daemon = house.run();
    let mut slow: Vec<TcpStream> = (0..200).map(|_| connect(&daemon)).collect();
    for stream in &mut slow {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: ").unwrap();
    }
    let mut number = 0;
    until("every one of them is let go", || {
        for stream in &mut slow {
            let _ = stream.write_all(b"a");
        }
        number += 1;
        post(&daemon, number);
        slow.retain(|stream| !is_closed(stream));
        slow.is_empty()
    });
    assert!(number > 10, "events came all the while");
    daemon.stop();
}

#[test]
fn a_head_without_end_is_refused() {
    let house = house();
    let daemon = house.run();
    let many: String = "x-more: y\r\n".repeat(2_000);
    let heads = [
        format!("GET / HTTP/1.1\r\nhost: localhost\r\nx-long: {}\r\n\r\n", "a".repeat(100_000)),
        format!("GET / HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"),
        format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(100_000)),
        format!("GET / HTTP/1.1\r\nhost: localhost\r\ncookie: {}\r\n\r\n", "a".repeat(10_000_000)),
    ];
    for (at, head) in heads.iter().enumerate() {
        let mut stream = connect(&daemon);
        // It need not be read to its end to be refused.
        let _ = stream.write_all(head.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        let is_refusal = ["HTTP/1.1 431", "HTTP/1.1 414"].iter().any(|status| answer.starts_with(status));
        // A line that is closed while much is still under way may swallow the answer.
        assert!(is_refusal || answer.is_empty(), "{at}: {answer}");
        post(&daemon, at as u32);
    }
    daemon.stop();
}

#[test]
fn a_body_that_is_too_large_or_never_comes_is_let_go() {
    let house = house();
    let daemon = house.run();
    // Said to be large, and large without a word.
    let (status, _) = daemon.ask("POST", "/csp-report", "", &vec![b'a'; 100_000]);
    assert!(status == 413 || status == 0, "{status}");
    let mut chunked = connect(&daemon);
    chunked
        .write_all(b"POST /api/v1/events HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n")
        .unwrap();
    let piece = format!("100000\r\n{}\r\n", " ".repeat(0x10_0000));
    let sent = (0..64).take_while(|_| chunked.write_all(piece.as_bytes()).is_ok()).count();
    assert!(sent < 64, "64 MiB were taken");
    post(&daemon, 1);
    let mut slow: Vec<TcpStream> = (0..100).map(|_| connect(&daemon)).collect();
    for stream in &mut slow {
        stream.write_all(b"POST /csp-report HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{").unwrap();
    }
    let mut number = 1;
    until("they are let go", || {
        number += 1;
        post(&daemon, number);
        slow.retain(|stream| !is_closed(stream));
        slow.is_empty()
    });
    daemon.stop();
}

#[test]
fn tickets_that_never_come_take_the_places_of_events_for_seconds_only() {
    let house = house();
    let daemon = house.run();
    let answered = || daemon.ask("POST", "/api/v1/events", "", b"[]").0;
    let mut slow = Vec::new();
    // Whoever asks takes a place as well, for a moment in which another finds none.
    until("every place is taken", || {
        let mut stream = connect(&daemon);
        stream.write_all(b"POST /api/v1/tickets HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n[").unwrap();
        slow.push(stream);
        answered() == 503
    });
    assert!(slow.len() >= POSTS_MAX, "{}", slow.len());
    until("events are read again", || answered() == 400);
    post(&daemon, 1);
    daemon.stop();
}

#[test]
fn silent_connections_crowd_out_each_other_and_nobody_else() {
    let house = house();
    let daemon = house.run();
    let mut silent = Vec::new();
    for number in 0..3 {
        // Faster than the silent are let go for their silence.
        silent.extend((0..CONNECTIONS_MAX).map(|_| connect(&daemon)));
        post(&daemon, number);
        assert_eq!(daemon.get("/healthz"), "ok\n");
    }
    let connections = daemon.metric("servicegrad_http_connections").unwrap();
    assert!(connections <= CONNECTIONS_MAX as f64, "{connections}");
    assert!(daemon.metric("servicegrad_http_turned_away_total").unwrap() > CONNECTIONS_MAX as f64);
    let left = silent.iter().filter(|stream| !is_closed(stream)).count();
    assert!(left <= CONNECTIONS_MAX, "{left}");
    daemon.stop();
}

#[test]
fn readers_of_the_stream_who_do_not_read_are_let_go_and_the_others_read_on() {
    let house = house();
    let daemon = house.run();
    let follow = |stream: &mut TcpStream| {
        stream.write_all(b"GET /api/v1/live HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n").unwrap();
    };
    let mut streams: Vec<TcpStream> = (0..100).map(|_| connect(&daemon)).collect();
    streams.iter_mut().for_each(follow);
    until("all follow", || daemon.metric("servicegrad_sse_clients") == Some(100.0));
    let begun = Instant::now();
    (0..20).for_each(|number| post(&daemon, number));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    // One that reads learns of them while ninety-nine do not.
    let mut read = streams.pop().unwrap();
    let (mut seen, mut bytes) = (String::new(), vec![0; 65_536]);
    until("the reader sees all who wait", || {
        let length = read.read(&mut bytes).unwrap();
        seen.push_str(&String::from_utf8_lossy(&bytes[..length]));
        seen.contains("\"waiting\":20")
    });
    // Open streams hold up no end.
    let begun = Instant::now();
    daemon.stop();
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[test]
fn a_reader_of_a_large_answer_who_takes_nothing_is_let_go() {
    let house = house();
    let daemon = house.run();
    // Requests in one breath, whose answers nobody fetches: the line fills, then its patience ends.
    let ask = "GET /assets/x/board.css HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(5_000);
    let mut greedy: Vec<TcpStream> = (0..20).map(|_| connect(&daemon)).collect();
    for stream in &mut greedy {
        stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        let _ = stream.write_all(ask.as_bytes());
    }
    let mut number = 0;
    until("every one of them is let go", || {
        number += 1;
        post(&daemon, number);
        // Only this test's own requests are left.
        daemon.metric("servicegrad_http_connections").unwrap() < 5.0
    });
    daemon.stop();
}
