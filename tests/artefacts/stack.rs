//! Prometheus, Alertmanager and somebody who is told, each in a folder and on a port of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::program::until;

/// A port that nobody has now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A child that ends with its owner.
struct Kept(Child);

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(program: &str, folder: &Path, arguments: &[String]) -> Kept {
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let child = Command::new(program).args(arguments).current_dir(folder).stdout(Stdio::null()).stderr(log).spawn();
    Kept(child.unwrap_or_else(|error| panic!("{program}: {error}; .ci/test installs it")))
}

pub fn ask(address: &str, path: &str) -> Option<String> {
    let answer = ureq::get(format!("http://{address}{path}")).call().ok()?;
    answer.into_body().read_to_string().ok()
}

/// The rules as shipped, with their times cut to seconds so that a test can wait for them.
pub fn hasty_rules(every: &str) -> String {
    let shipped = std::fs::read_to_string("dashboards/prometheus/servicegrad.rules.yml").unwrap();
    let hasty = shipped.lines().map(|line| {
        let (head, key) = line.split_at(line.len() - line.trim_start().len());
        match key.split(':').next().unwrap_or_default() {
            "interval" => format!("{head}interval: {every}"),
            "for" => format!("{head}for: {HOLD}"),
            "keep_firing_for" => format!("{head}keep_firing_for: {KEEP}"),
            _ => line.to_owned(),
        }
    });
    hasty.collect::<Vec<_>>().join("\n")
}

/// How long a condition holds in [`hasty_rules`] before it fires, and how long it goes on.
pub const HOLD: &str = "2s";
pub const KEEP: &str = "3s";

pub struct Prometheus {
    pub address: String,
    _folder: tempfile::TempDir,
    _child: Kept,
}

impl Prometheus {
    /// Scrapes `target` every second, with hasty rules, and tells `alertmanager`.
    pub fn start(target: &str, alertmanager: Option<&str>) -> Self {
        Self::start_with_rules(target, alertmanager, &hasty_rules("1s"))
    }

    /// The same with these rules.
    pub fn start_with_rules(target: &str, alertmanager: Option<&str>, rules: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let managers = alertmanager.map(|address| json!([{ "static_configs": [{ "targets": [address] }] }]));
        let config = json!({
            "global": { "scrape_interval": "1s", "evaluation_interval": "1s" },
            "rule_files": ["rules.yml"],
            "alerting": { "alertmanagers": managers.unwrap_or_else(|| json!([])) },
            "scrape_configs": [{ "job_name": "servicegrad", "static_configs": [{ "targets": [target] }] }],
        });
        // JSON is YAML.
        std::fs::write(folder.path().join("prometheus.yml"), config.to_string()).unwrap();
        std::fs::write(folder.path().join("rules.yml"), rules).unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let arguments = [
            "--config.file=prometheus.yml".to_owned(),
            "--storage.tsdb.path=data".to_owned(),
            format!("--web.listen-address={address}"),
        ];
        let child = start("prometheus", folder.path(), &arguments);
        until("Prometheus is ready", || ask(&address, "/-/ready").is_some());
        Self { address, _folder: folder, _child: child }
    }

    fn api(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let url = format!("http://{}/api/v1/{path}", self.address);
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let answer = ureq::Agent::from(config).post(url).send_form(form.iter().copied()).unwrap();
        let answer: Value = serde_json::from_str(&answer.into_body().read_to_string().unwrap()).unwrap();
        assert_eq!(answer["status"], "success", "{form:?}: {answer}");
        answer["data"]["result"].clone()
    }

    /// The series of an instant query: labels and value.
    pub fn query(&self, expression: &str) -> Vec<(Value, f64)> {
        let result = self.api("query", &[("query", expression)]);
        let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
        match result.as_array() {
            Some(pair) if pair.first().is_some_and(Value::is_number) => vec![(json!({}), number(&pair[1]))],
            Some(series) => series.iter().map(|one| (one["metric"].clone(), number(&one["value"][1]))).collect(),
            None => panic!("{result}"),
        }
    }

    /// The only value of an instant query, if there is one.
    pub fn value(&self, expression: &str) -> Option<f64> {
        let found = self.query(expression);
        assert!(found.len() <= 1, "{expression}: {found:?}");
        found.first().map(|(_, value)| *value)
    }

    /// As it is answered, over the last five minutes by the second, or now.
    pub fn answer(&self, expression: &str, is_now: bool) -> Value {
        if is_now {
            return self.api("query", &[("query", expression)]);
        }
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let (start, end) = ((now - 300).to_string(), now.to_string());
        self.api("query_range", &[("query", expression), ("start", &start), ("end", &end), ("step", "1")])
    }

    /// First and last second of the last ten minutes at which a series was there.
    pub fn span(&self, series: &str) -> Option<(f64, f64)> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let (start, end) = ((now - 600).to_string(), (now + 1).to_string());
        let result = self.api("query_range", &[("query", series), ("start", &start), ("end", &end), ("step", "1")]);
        let points = result[0]["values"].as_array()?.clone();
        let second = |point: Option<&Value>| point.and_then(|point| point[0].as_f64());
        Some((second(points.first())?, second(points.last())?))
    }
}

pub struct Alertmanager {
    pub address: String,
    _folder: tempfile::TempDir,
    _child: Kept,
}

impl Alertmanager {
    /// Tells `receiver` of everything at once.
    pub fn start(receiver: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("http://{receiver}/alertmanager");
        let config = json!({
            "route": {
                "receiver": "test", "group_by": ["..."],
                "group_wait": "1s", "group_interval": "1s", "repeat_interval": "1h",
            },
            "receivers": [{ "name": "test", "webhook_configs": [{ "url": url, "send_resolved": true }] }],
        });
        std::fs::write(folder.path().join("alertmanager.yml"), config.to_string()).unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let arguments = [
            "--config.file=alertmanager.yml".to_owned(),
            "--storage.path=data".to_owned(),
            // Off the network: it has no peers.
            "--cluster.listen-address=".to_owned(),
            format!("--web.listen-address={address}"),
        ];
        let child = start("prometheus-alertmanager", folder.path(), &arguments);
        until("Alertmanager is ready", || ask(&address, "/-/ready").is_some());
        Self { address, _folder: folder, _child: child }
    }
}

/// One post that was received.
#[derive(Clone, Debug)]
pub struct Post {
    pub path: String,
    pub head: String,
    /// As it came, and as it reads.
    pub raw: String,
    pub body: Value,
    /// The status that it was answered with; `None`: it was not.
    pub status: Option<u16>,
}

impl Post {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// Somebody who is told: keeps every post, and answers as it is bidden.
#[derive(Clone)]
pub struct Receiver {
    pub address: String,
    posts: Arc<Mutex<Vec<Post>>>,
    /// `None`: takes the post and never answers.
    answer: Arc<Mutex<Option<u16>>>,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let this = Self {
            address: listener.local_addr().unwrap().to_string(),
            posts: Arc::default(),
            answer: Arc::new(Mutex::new(Some(200))),
        };
        let shared = this.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = shared.clone();
                std::thread::spawn(move || shared.take(stream.unwrap()));
            }
        });
        this
    }

    /// From now on answers with this status, or not at all.
    pub fn answer_with(&self, status: Option<u16>) {
        *self.answer.lock().unwrap() = status;
    }

    pub fn posts(&self) -> Vec<Post> {
        self.posts.lock().unwrap().clone()
    }

    fn take(&self, mut stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        loop {
            let (mut head, mut line) = (String::new(), String::new());
            while reader.read_line(&mut line).ok()? > 2 {
                head.push_str(&line);
                line.clear();
            }
            let path = head.split(' ').nth(1)?.to_owned();
            let status = *self.answer.lock().unwrap();
            let post = Post { path, head, raw: String::new(), body: Value::Null, status };
            let mut body = vec![0; post.header("content-length")?.parse().unwrap()];
            reader.read_exact(&mut body).ok()?;
            let raw = String::from_utf8(body).unwrap();
            let body = serde_json::from_str(&raw).unwrap_or(Value::Null);
            self.posts.lock().unwrap().push(Post { raw, body, ..post });
            let Some(status) = status else {
                std::thread::sleep(std::time::Duration::from_secs(50));
                return None;
            };
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).ok()?;
        }
    }
}
