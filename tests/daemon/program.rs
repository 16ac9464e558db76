//! One program in a folder of its own.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_servicegrad");

/// A folder with a configuration, and the program on it.
pub struct House {
    pub folder: tempfile::TempDir,
}

impl House {
    /// `sources` and `queues` as they stand in the configuration.
    pub fn new(rest: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display();
        let config = format!("[store]\nurl = \"sqlite:{path}/figures.db\"\n[http]\nlisten = \"127.0.0.1:0\"\n{rest}");
        std::fs::write(folder.path().join("servicegrad.toml"), config.replace("FOLDER", &path.to_string())).unwrap();
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(arguments);
        if matches!(arguments[0], "run" | "import" | "report" | "check" | "capture" | "store") {
            command.arg("--config").arg(self.path("servicegrad.toml"));
        }
        command.current_dir(self.folder.path()).output().unwrap()
    }

    /// The command's output, which must succeed.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A report without the moment at which it was made, so that two can be compared.
    pub fn report(&self, arguments: &[&str]) -> Value {
        let all: Vec<&str> = ["report", "--format", "json"].iter().chain(arguments).copied().collect();
        let mut report: Value = serde_json::from_str(&self.ok(&all)).unwrap();
        let made = report["period"].as_object_mut().unwrap().remove("made");
        assert!(made.is_some_and(|made| made.is_string()));
        report
    }

    /// Starts the daemon and waits until it says where it is.
    pub fn run(&self) -> Daemon {
        started(self.spawn()).0
    }

    /// Starts the daemon and waits for nothing.
    pub fn spawn(&self) -> Child {
        self.spawn_with(&[])
    }

    /// The same with words in its environment.
    pub fn spawn_with(&self, environment: &[(String, String)]) -> Child {
        let config = self.path("servicegrad.toml");
        Command::new(PROGRAM)
            .envs(environment.iter().cloned())
            .arg("run")
            .arg("--config")
            .arg(config)
            .current_dir(self.folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// Waits until a daemon says where it is; what it said until then.
pub fn started(mut child: Child) -> (Daemon, String) {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = String::new();
    let address = loop {
        let Some(line) = lines.next() else { panic!("the daemon did not start: {said}") };
        let line = line.unwrap();
        said.push_str(&line);
        said.push('\n');
        if let Some((_, rest)) = line.split_once("http://") {
            break rest.split('/').next().unwrap().to_owned();
        }
    };
    // What it says later must not fill its pipe, and is shown with a failing test.
    std::thread::spawn(move || lines.for_each(|line| println!("daemon: {line:?}")));
    (Daemon { child, address }, said)
}

/// A running daemon; killed when it is let go.
pub struct Daemon {
    child: Child,
    pub address: String,
}

impl Daemon {
    /// One request; the status and the body of the answer.
    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> (u16, String) {
        ask(&self.address, method, path, headers, body)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has ended by itself.
    pub fn ended(mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }

    pub fn get(&self, path: &str) -> String {
        let (status, body) = self.ask("GET", path, "", b"");
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub fn post(&self, body: &str) -> (u16, Value) {
        let (status, body) = self.ask("POST", "/api/v1/events", "", body.as_bytes());
        (status, serde_json::from_str(&body).unwrap())
    }

    /// The value of a metric by its name and labels as they stand in the page.
    pub fn metric(&self, series: &str) -> Option<f64> {
        let page = self.get("/metrics");
        let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ').map(str::to_owned));
        line.map(|value| value.parse().unwrap())
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let ended = self.child.wait().unwrap();
        assert!(ended.success(), "{ended}");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request; the status and the body of the answer, 0 where there was none.
pub fn ask(address: &str, method: &str, path: &str, headers: &str, body: &[u8]) -> (u16, String) {
    let (head, body) = whole(address, method, path, headers, body);
    (status(&head), String::from_utf8_lossy(&body).into_owned())
}

/// The status in the head of an answer, 0 where there was none.
pub fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap_or("0").parse().unwrap()
}

/// One request; the head of the answer and its body.
pub fn whole(address: &str, method: &str, path: &str, headers: &str, body: &[u8]) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let host = if headers.contains("host:") { String::new() } else { format!("host: {address}\r\n") };
    let head = format!(
        "{method} {path} HTTP/1.1\r\n{host}{headers}connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // A server that refuses by the head alone may have hung up by now.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let ends = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let body = ends.map_or(Vec::new(), |at| answer.split_off(at + 4));
    (String::from_utf8_lossy(&answer).into_owned(), body)
}

/// Waits for a condition, half a minute at most.
pub fn until(what: &str, condition: impl FnMut() -> bool) {
    until_within(Duration::from_secs(30), what, condition);
}

/// The same where more is to be done than in seconds.
pub fn until_within(most: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + most;
    while !condition() {
        assert!(Instant::now() < end, "still not so: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Writes a file of the folder.
pub fn write(path: &Path, content: &str) {
    std::fs::write(path, content).unwrap();
}
