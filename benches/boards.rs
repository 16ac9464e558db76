//! Wallboards by the hundred on the real daemon: its processor time and memory, and how long an event
//! takes from the switch's mouth to every screen.
//!
//! ```text
//! cargo bench --bench boards             500 wallboards for a minute
//! cargo bench --bench boards -- 1000 120 so many, for so many seconds
//! ```
//!
//! A busy switchboard talks all the while: twenty events a second, so that every half-second brings
//! new figures to every screen. A caller is put into the queue that is watched once a second or so,
//! at odd moments; each screen notes when it first shows that caller.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "benches stop at the first surprise")]

mod support;

use std::fmt::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

const PROGRAM: &str = env!("CARGO_BIN_EXE_servicegrad");
/// Events of the busy queue between two rests.
const BUSY_EVERY: Duration = Duration::from_millis(50);

struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Daemon {
    /// Seconds of processor time so far.
    fn processor(&self) -> f64 {
        support::processor(&self.0.id().to_string())
    }

    /// Resident memory, MiB.
    fn memory(&self) -> f64 {
        support::memory_kib(&self.0.id().to_string(), "VmRSS") as f64 / 1024.0
    }
}

/// When callers were put into the watched queue, and how long each screen took to show them.
struct Watch {
    begun: Instant,
    /// Microseconds since `begun` at which the n-th caller was sent.
    sent: Vec<AtomicU64>,
    taken_ms: Mutex<Vec<f64>>,
}

fn event(id: &str, queue: &str, call: &str, kind: &str) -> String {
    let time = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    format!(r#"{{"id":"{id}","time":"{time}","type":"{kind}","call":"{call}","queue":"{queue}"}}"#)
}

async fn post(address: &str, body: &str) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// A screen: follows the live figures and notes each caller when it first shows them.
async fn screen(address: String, watch: Arc<Watch>) {
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let ask = format!("GET /api/v1/live HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    let mut shown = 0;
    while let Ok(Some(line)) = lines.next_line().await {
        // The watched queue is the first.
        let Some((_, rest)) = line.strip_prefix("data: ").and_then(|data| data.split_once("\"waiting\":")) else {
            continue;
        };
        let waiting: usize = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
        let now = watch.begun.elapsed().as_micros() as u64;
        let new: Vec<f64> =
            (shown..waiting).map(|at| (now - watch.sent[at].load(Ordering::SeqCst)) as f64 / 1000.0).collect();
        shown = shown.max(waiting);
        if !new.is_empty() {
            watch.taken_ms.lock().await.extend(new);
        }
    }
}

async fn chatter(address: String) {
    for at in 0_u64.. {
        let call = format!("b{}", at / 3);
        let kind = ["visit.entered", "visit.answered", "conversation.ended"][(at % 3) as usize];
        post(&address, &event(&format!("b{at}"), "upptagen", &call, kind)).await;
        tokio::time::sleep(BUSY_EVERY).await;
    }
}

fn start(folder: &std::path::Path) -> (Daemon, String) {
    let mut config = format!(
        "[store]\nurl = \"sqlite:{}/figures.db\"\n[http]\nlisten = \"127.0.0.1:0\"\n[[source]]\nname = \"hook\"\nkind = \"http\"\n",
        folder.display()
    );
    for queue in ["bevakad", "upptagen"] {
        let _ = writeln!(config, "[[queue]]\nname = \"{queue}\"");
    }
    let path = folder.join("servicegrad.toml");
    std::fs::write(&path, config).unwrap();
    let mut child = Command::new(PROGRAM).arg("run").arg("--config").arg(path).stderr(Stdio::piped()).spawn().unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    let mut lines = lines.map(Result::unwrap);
    let address = lines.find_map(|line| Some(line.split_once("http://")?.1.split('/').next()?.to_owned())).unwrap();
    std::thread::spawn(move || lines.for_each(drop));
    (Daemon(child), address)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // Cargo adds words of its own.
    let words: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let (screens, seconds) = (words.first().copied().unwrap_or(500), words.get(1).copied().unwrap_or(60));
    let folder = tempfile::tempdir().unwrap();
    let (daemon, address) = start(folder.path());
    let chatter = tokio::spawn(chatter(address.clone()));
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (alone, quiet) = (daemon.memory(), daemon.processor());
    tokio::time::sleep(Duration::from_secs(10)).await;
    let quiet = (daemon.processor() - quiet) / 10.0;
    let sent = (0..seconds * 2).map(|_| AtomicU64::new(0)).collect();
    let watch = Arc::new(Watch { begun: Instant::now(), sent, taken_ms: Mutex::default() });
    let following: Vec<_> = (0..screens).map(|_| tokio::spawn(screen(address.clone(), Arc::clone(&watch)))).collect();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (before, begun) = (daemon.processor(), Instant::now());
    let mut callers = 0;
    while begun.elapsed().as_secs() < seconds as u64 {
        watch.sent[callers].store(watch.begun.elapsed().as_micros() as u64, Ordering::SeqCst);
        post(&address, &event(&format!("w{callers}"), "bevakad", &format!("w{callers}"), "visit.entered")).await;
        callers += 1;
        // Odd steps, so that no caller keeps time with the screens.
        tokio::time::sleep(Duration::from_millis(800 + (callers as u64 * 373) % 500)).await;
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let busy = (daemon.processor() - before) / begun.elapsed().as_secs_f64();
    let memory = daemon.memory();
    following.iter().for_each(tokio::task::JoinHandle::abort);
    chatter.abort();
    let mut taken = watch.taken_ms.lock().await.clone();
    assert_eq!(taken.len(), screens * callers, "a screen has missed a caller");
    taken.sort_by(f64::total_cmp);
    let at = |share: f64| taken[((taken.len() - 1) as f64 * share) as usize];
    println!("wallboards {screens} callers {callers} seen {}", taken.len());
    println!("event to screen ms: p50 {:.0} p99 {:.0} max {:.0}", at(0.5), at(0.99), at(1.0));
    println!(
        "processor: {:.1} % of one core with them, {:.1} % without; memory MiB: {memory:.0} with them, {alone:.0} without",
        busy * 100.0,
        quiet * 100.0
    );
}
