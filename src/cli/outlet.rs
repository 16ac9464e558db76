//! Where simulated events go: a file, standard output, a listener, or a daemon's API.
//!
//! What the other side says of them is added up and told at the end; what it will not take is an
//! error. A daemon that is busy is asked again when it said it would have time.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;

/// Bytes of one post: well below what a daemon takes, and fewer events than it takes at once.
const POST_BYTES: usize = 256 * 1024;
/// How long a post may take, its answer included.
const POST_WAIT: Duration = Duration::from_secs(30);
/// How often a busy daemon is asked again before it counts as gone.
const TRIES_MAX: u32 = 60;

/// Where events go.
pub(super) enum Outlet {
    File(File),
    Stdout(io::Stdout),
    Tcp(Tcp),
    Http(Http),
}

/// What became of them, added up.
#[derive(Debug, Default)]
pub(super) struct Told {
    accepted: u64,
    duplicates: u64,
    rejected: u64,
}

impl Told {
    fn add(&mut self, answer: &Value) -> io::Result<()> {
        if let Some(error) = answer["error"].as_str() {
            return Err(io::Error::other(error.to_owned()));
        }
        let count = |key: &str| answer[key].as_u64().unwrap_or_default();
        self.accepted += count("accepted");
        self.duplicates += count("duplicates");
        self.rejected += count("rejected");
        Ok(())
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} accepted, {} known already, {} rejected", self.accepted, self.duplicates, self.rejected)
    }
}

/// A line to a listener; its answers are read beside.
pub(super) struct Tcp {
    stream: TcpStream,
    answers: Option<JoinHandle<io::Result<Told>>>,
}

/// Posts to a daemon.
pub(super) struct Http {
    agent: Agent,
    url: String,
    token: Option<String>,
    held: Vec<u8>,
    told: Told,
}

impl Outlet {
    /// Dials a listener.
    pub(super) fn tcp(address: &str, token: Option<&str>) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        let reader = BufReader::new(stream.try_clone()?);
        if let Some(token) = token {
            writeln!(stream, "{}", serde_json::json!({ "token": token }))?;
        }
        let answers = std::thread::spawn(move || {
            let mut told = Told::default();
            for line in reader.lines() {
                told.add(&serde_json::from_str(&line?)?)?;
            }
            Ok(told)
        });
        Ok(Self::Tcp(Tcp { stream, answers: Some(answers) }))
    }

    /// Posts to `url`, `http://127.0.0.1:9464/api/v1/events`.
    pub(super) fn http(url: &str, token: Option<&str>) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(POST_WAIT)).build();
        Self::Http(Http {
            agent: config.into(),
            url: url.to_owned(),
            token: token.map(ToOwned::to_owned),
            held: Vec::new(),
            told: Told::default(),
        })
    }

    /// Nothing more comes: waits for the last answer, where there are answers.
    pub(super) fn end(self) -> io::Result<Option<Told>> {
        match self {
            Self::File(_) | Self::Stdout(_) => Ok(None),
            Self::Tcp(mut tcp) => {
                tcp.stream.shutdown(Shutdown::Write)?;
                tcp.answered().map(Some)
            }
            Self::Http(mut http) => {
                http.post()?;
                Ok(Some(http.told))
            }
        }
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Stdout(out) => out.write(bytes),
            // A listener that hangs up has said why; what it says is not waited for with more words.
            Self::Tcp(tcp) if tcp.answers.as_ref().is_some_and(JoinHandle::is_finished) => Err(tcp.hung_up(None)),
            Self::Tcp(tcp) => tcp.stream.write(bytes).map_err(|error| tcp.hung_up(Some(error))),
            Self::Http(http) => {
                http.held.extend_from_slice(bytes);
                if http.held.len() >= POST_BYTES {
                    http.post()?;
                }
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Stdout(out) => out.flush(),
            Self::Tcp(tcp) => tcp.stream.flush(),
            Self::Http(http) => http.post(),
        }
    }
}

impl Tcp {
    /// Why the listener hung up: by its own word where it gave one.
    fn hung_up(&mut self, error: Option<io::Error>) -> io::Error {
        let why = error.map_or_else(String::new, |error| format!(": {error}"));
        self.answered().err().unwrap_or_else(|| io::Error::other(format!("the listener closed the line{why}")))
    }

    fn answered(&mut self) -> io::Result<Told> {
        let gone = || io::Error::other("the listener's answers could not be read");
        self.answers.take().ok_or_else(gone)?.join().map_err(|_| gone())?
    }
}

impl Http {
    /// Posts the whole lines that are held.
    fn post(&mut self) -> io::Result<()> {
        let Some(end) = memchr::memrchr(b'\n', &self.held) else { return Ok(()) };
        let rest = self.held.split_off(end + 1);
        let body = std::mem::replace(&mut self.held, rest);
        for _ in 0..TRIES_MAX {
            // Who refuses by the head alone is heard before the body goes out.
            let request = self.agent.post(&self.url).header("expect", "100-continue");
            let mut request = request.header("content-type", "application/x-ndjson");
            if let Some(token) = &self.token {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            let mut response = request.send(&body[..]).map_err(io::Error::other)?;
            let after = response.headers().get("retry-after").and_then(|after| after.to_str().ok()?.parse().ok());
            let text = response.body_mut().read_to_string().map_err(io::Error::other)?;
            match response.status().as_u16() {
                200 => return self.told.add(&serde_json::from_str(&text)?),
                429 | 503 => std::thread::sleep(Duration::from_secs(after.unwrap_or(1))),
                status => {
                    let why = serde_json::from_str::<Value>(&text).ok();
                    let why = why.as_ref().and_then(|why| why["error"].as_str()).unwrap_or("that is no such daemon");
                    return Err(io::Error::other(format!("{} answers {status}: {why}", self.url)));
                }
            }
        }
        Err(io::Error::other(format!("{} has been busy for too long", self.url)))
    }
}
