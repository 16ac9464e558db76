//! A switch that is dialled: connect, hold the conversation, notice a dead line, try again, and say
//! what was missed meanwhile as a gap.
//!
//! Knows no protocol: a [`Dialogue`] does. Bytes are read by a task of their own into a bounded
//! queue, since switches drop listeners that read slowly, and a commit may take its time.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use crate::clock::Clock;
use crate::event::{CallEvent, EventId, EventKind, Stamp};
use crate::measure::Moment;
use crate::names::SourceId;
use crate::source::{Batch, Delivery, Dialogue, HealthBoard, Sink, SourceSettings, Standing};

/// How long a switch may take to accept a connection, and to let us in.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// First and longest pause before the switch is dialled again.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// How often time is let pass for the conversation.
const TICK: Duration = Duration::from_secs(1);
/// How long events are gathered before they go to the engine.
const GATHER: Duration = Duration::from_millis(50);
/// How often it is noted that the switch was heard although it said nothing of a call.
const NOTE_HEARD: Duration = Duration::from_secs(10);
/// Why nothing was heard before a start.
const NOT_RUNNING: &str = "the daemon was not running";
/// Pieces read ahead while the engine is busy: with [`PIECE_BYTES`] 16 MiB, which is more than a
/// large switch says in a minute. Beyond it the switch has to wait.
const PIECES_MAX: usize = 256;
const PIECE_BYTES: usize = 64 * 1024;

/// What dialling needs.
pub struct Dial {
    /// Which feed.
    pub source: SourceId,
    /// What to say and how to listen.
    pub dialogue: Box<dyn Dialogue>,
    /// Host and port.
    pub address: (String, u16),
    /// Encryption, where it is wanted.
    pub tls: Option<TlsConnector>,
    /// Where it stood at the last commit.
    pub position: Option<String>,
    /// Tells that later, where the store is not there yet. What is heard until then goes without a
    /// position, so that nothing is forgotten of where it stood.
    pub recall: Option<oneshot::Receiver<Option<String>>>,
    /// The way to the engine.
    pub sink: Sink,
    /// How it fares.
    pub health: HealthBoard,
    /// Tells the time.
    pub clock: Clock,
    /// Turns true when it is time to stop.
    pub stop: watch::Receiver<bool>,
}

/// What is kept with each commit.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Position {
    /// When the switch was last heard while all was well, by our clock, ms since 1970.
    heard: Option<Moment>,
    /// What the dialogue must know.
    decoder: serde_json::Value,
}

/// Why a connection ended.
#[derive(Debug)]
enum Ended {
    /// It is time to stop.
    Stopped,
    /// In words.
    Broke(String),
    /// The switch will not have us.
    Refused(String),
    /// The store has told where it stood.
    Recalled(Position),
}

/// What comes next in a conversation.
enum Came {
    /// A piece of the switch, or nothing for a while.
    Piece(Result<Option<std::io::Result<Vec<u8>>>, tokio::time::error::Elapsed>),
    /// What the store has told.
    Recall(Position),
    /// It is time to stop.
    Stop,
}

/// What was heard last, and what is to be said of the time since.
#[derive(Debug, Default)]
struct Hearing {
    /// When all was well for the last time.
    heard: Option<Moment>,
    /// Why something may have been missed since.
    missed: Option<String>,
    /// When all was well for the first time, while it is not known what was before.
    early: Option<Moment>,
}

/// The encryption that `settings` ask for; complaints tell which file and why.
pub fn tls(settings: &SourceSettings) -> Result<Option<TlsConnector>, String> {
    if !settings.tls {
        return Ok(None);
    }
    let mut roots = rustls::RootCertStore::empty();
    if let Some(path) = &settings.tls_ca {
        let failed = |why: String| format!("tls_ca {}: {why}", path.display());
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))? {
            let certificate = certificate.map_err(|error| failed(error.to_string()))?;
            roots.add(certificate).map_err(|error| failed(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(failed("holds no certificate; it must be in PEM form".to_owned()));
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = versions.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth();
    Ok(Some(TlsConnector::from(Arc::new(config))))
}

impl Dial {
    /// Dials, listens, and dials again, until asked to stop or until nobody listens any more.
    pub async fn run(mut self) {
        let saved = Position::read(self.position.take());
        self.dialogue.restore(&saved.decoder);
        let mut hearing = Hearing { heard: saved.heard, ..Hearing::default() };
        hearing.missed = hearing.heard.map(|_| NOT_RUNNING.to_owned());
        let mut pause = RETRY.0;
        loop {
            let was_ready = hearing.heard;
            let ended = self.converse(&mut hearing).await;
            let (why, is_refused) = match ended {
                Ended::Stopped => return,
                Ended::Broke(why) => (why, false),
                Ended::Refused(why) => (why, true),
                Ended::Recalled(saved) => {
                    if self.recalled(saved, &mut hearing).await.is_err() {
                        return;
                    }
                    continue;
                }
            };
            let mut batch = Batch::of(self.source);
            self.dialogue.lost(self.clock.now(), &mut batch);
            if !batch.events.is_empty() && self.deliver(batch, hearing.heard).await.is_err() {
                return;
            }
            if hearing.heard != was_ready {
                pause = RETRY.0;
                hearing.missed = Some(why.clone());
            }
            if self.health.down(why.clone()) {
                tracing::warn!(address = %format!("{}:{}", self.address.0, self.address.1), "{why}; trying again");
            }
            let pause_now = if is_refused { RETRY.1 } else { pause };
            pause = (pause * 2).min(RETRY.1);
            let mut stop = self.stop.clone();
            let stopped = timeout(pause_now, stop.wait_for(|stop| *stop)).await;
            if stopped.is_ok() {
                return;
            }
        }
    }

    /// The store has told where it stood before this start: the gap up to then is said, and the switch is
    /// dialled anew, as it would have been with that known.
    async fn recalled(&mut self, saved: Position, hearing: &mut Hearing) -> Result<(), ()> {
        let mut batch = Batch::of(self.source);
        self.dialogue.lost(self.clock.now(), &mut batch);
        self.dialogue.restore(&saved.decoder);
        self.recall = None;
        if let Some(early) = hearing.early.take() {
            batch.events.extend(saved.heard.map(|from| gap(from, early, NOT_RUNNING)));
            hearing.missed = Some("the switch was dialled anew, when the store was there".to_owned());
        } else {
            hearing.heard = saved.heard;
            hearing.missed = saved.heard.map(|_| NOT_RUNNING.to_owned());
        }
        self.deliver(batch, hearing.heard).await
    }

    /// One connection, from dialling to its end.
    async fn converse(&mut self, hearing: &mut Hearing) -> Ended {
        let mut stop = self.stop.clone();
        let opened = tokio::select! {
            opened = timeout(CONNECT_WAIT, open(&self.address, self.tls.as_ref())) => opened,
            _ = stop.wait_for(|stop| *stop) => return Ended::Stopped,
        };
        let (reader, mut writer) = match opened {
            Ok(Ok(halves)) => halves,
            Ok(Err(error)) => return Ended::Broke(format!("cannot connect: {error}")),
            Err(_) => return Ended::Broke(format!("no answer within {} s", CONNECT_WAIT.as_secs())),
        };
        let mut pieces = read_ahead(reader);
        self.dialogue.connected(self.clock.now());
        let dialled = Instant::now();
        let (mut batch, mut gathered_since) = (Batch::of(self.source), None::<Instant>);
        let (mut last_piece, mut last_note) = (Instant::now(), Instant::now());
        loop {
            let words = self.dialogue.say();
            if !words.is_empty()
                && let Err(error) = writer.write_all(&words).await
            {
                return Ended::Broke(format!("the line broke: {error}"));
            }
            let wait = gathered_since.map_or(TICK, |since| GATHER.saturating_sub(since.elapsed()));
            let came = tokio::select! {
                piece = timeout(wait, pieces.recv()) => Came::Piece(piece),
                saved = told(&mut self.recall) => Came::Recall(Position::read(saved)),
                _ = stop.wait_for(|stop| *stop) => Came::Stop,
            };
            let piece = match came {
                Came::Piece(piece) => piece,
                Came::Recall(saved) => {
                    // Still without a position: that of the store stands until the gap is told.
                    let is_sent = self.deliver(batch, hearing.heard).await.is_ok();
                    return if is_sent { Ended::Recalled(saved) } else { Ended::Stopped };
                }
                Came::Stop => {
                    self.ready(&mut batch, hearing);
                    let _ = self.deliver(batch, hearing.heard).await;
                    return Ended::Stopped;
                }
            };
            let now = self.clock.now();
            match piece {
                Ok(Some(Ok(piece))) => {
                    last_piece = Instant::now();
                    self.dialogue.feed(&piece, now, &mut batch);
                }
                Ok(Some(Err(error))) => {
                    return self.broke(batch, hearing.heard, format!("the line broke: {error}")).await;
                }
                Ok(None) => return self.broke(batch, hearing.heard, "the switch closed the line".to_owned()).await,
                Err(_) => self.dialogue.tick(now, &mut batch),
            }
            match self.dialogue.standing() {
                Standing::Refused(why) => return Ended::Refused(why),
                Standing::Ready => self.ready(&mut batch, hearing),
                Standing::Greeting if dialled.elapsed() > CONNECT_WAIT * 3 => {
                    return Ended::Broke("the switch did not let us in in time; is this the right port?".to_owned());
                }
                Standing::Greeting => {}
            }
            if last_piece.elapsed() > self.dialogue.silence_max().to_std() {
                return self.broke(batch, hearing.heard, "the switch has fallen silent".to_owned()).await;
            }
            let is_empty = batch.events.is_empty() && batch.rejects.is_empty();
            if !is_empty && gathered_since.is_none() {
                gathered_since = Some(Instant::now());
            }
            let is_due = gathered_since.is_some_and(|since| since.elapsed() >= GATHER) || batch.is_full();
            if is_due || (hearing.heard.is_some() && last_note.elapsed() >= NOTE_HEARD) {
                (gathered_since, last_note) = (None, Instant::now());
                let full = std::mem::replace(&mut batch, Batch::of(self.source));
                if self.deliver(full, hearing.heard).await.is_err() {
                    return Ended::Stopped;
                }
            }
        }
    }

    /// The switch is heard and all is well; the first time after a break, what was missed is said.
    fn ready(&self, batch: &mut Batch, hearing: &mut Hearing) {
        if self.dialogue.standing() != Standing::Ready {
            return;
        }
        let now = self.clock.now();
        if self.recall.is_some() && hearing.early.is_none() {
            hearing.early = Some(now);
        }
        if let (Some(from), Some(why)) = (hearing.heard, hearing.missed.take()) {
            batch.events.push(gap(from, now, &why));
            tracing::info!(seconds = (now - from) / 1000, "connected again; a gap has been recorded");
        }
        hearing.heard = Some(now);
        self.health.up(0);
    }

    async fn broke(&mut self, batch: Batch, heard: Option<Moment>, why: String) -> Ended {
        if self.deliver(batch, heard).await.is_err() { Ended::Stopped } else { Ended::Broke(why) }
    }

    async fn deliver(&self, mut batch: Batch, heard: Option<Moment>) -> Result<(), ()> {
        if self.recall.is_none() {
            let position = Position { heard, decoder: self.dialogue.save() };
            batch.position = serde_json::to_string(&position).ok();
        }
        batch.caught_up = heard.is_some();
        self.sink.send(Delivery { batch, done: None }).await.map_err(|_| ())
    }
}

impl Position {
    fn read(text: Option<String>) -> Self {
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }
}

/// Waits for what the store tells; for ever where nothing is to be told.
async fn told(recall: &mut Option<oneshot::Receiver<Option<String>>>) -> Option<String> {
    match recall {
        // A start that failed has let go of the other end: the stop comes next.
        Some(recall) => match recall.await {
            Ok(position) => position,
            Err(_) => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

fn gap(from: Moment, to: Moment, why: &str) -> CallEvent {
    CallEvent {
        id: EventId::of(&[b"gap", &from.0.to_le_bytes()]),
        stamp: Stamp::live(to),
        source: None,
        call: "".into(),
        kind: EventKind::SourceGap { from, to, reason: Some(why.into()) },
    }
}

pub(super) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(super) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

pub(super) async fn open(address: &(String, u16), tls: Option<&TlsConnector>) -> std::io::Result<(Reader, Writer)> {
    let stream = TcpStream::connect((address.0.as_str(), address.1)).await?;
    stream.set_nodelay(true)?;
    let Some(tls) = tls else {
        let (reader, writer) = stream.into_split();
        return Ok((Box::new(reader), Box::new(writer)));
    };
    let name = ServerName::try_from(address.0.clone()).map_err(std::io::Error::other)?;
    let (reader, writer) = tokio::io::split(tls.connect(name, stream).await?);
    Ok((Box::new(reader), Box::new(writer)))
}

/// Reads on its own, so that the switch need not wait for us. Ends with the line.
pub(super) fn read_ahead(mut reader: Reader) -> mpsc::Receiver<std::io::Result<Vec<u8>>> {
    let (out, pieces) = mpsc::channel(PIECES_MAX);
    tokio::spawn(async move {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = tokio::select! {
                read = reader.read(&mut piece) => read,
                () = out.closed() => return,
            };
            let sent = match read {
                Ok(0) => return,
                Ok(length) => out.send(Ok(piece[..length].to_vec())).await,
                Err(error) => {
                    let _ = out.send(Err(error)).await;
                    return;
                }
            };
            if sent.is_err() {
                return;
            }
        }
    });
    pieces
}
