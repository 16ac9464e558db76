//! Lines pushed to us over TCP, by senders that give a token and wait for an answer, or by a switch
//! that takes us for its printer: that one is known by its address and is told nothing.
//!
//! The sender connects, gives the token in a first line `{"token":"…"}` where one is configured, and
//! writes events, one a line. Whenever it pauses, or has sent a batch's worth, it gets one line
//! back, after the commit: `{"accepted":2,"duplicates":0,"rejected":1}`. A sender that is too fast
//! is read more slowly; nothing is lost.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::time::timeout;

use crate::clock::Clock;
use crate::event::json::LINE_BYTES_MAX;
use crate::names::SourceId;
use crate::source::peers::Peers;
use crate::source::{Batch, Decode, Delivery, HealthBoard, Sink};

/// Most senders at once. A switch has one or two; the rest wait for a place.
const CONNECTIONS_MAX: usize = 64;
/// A pause after which what has come is committed and answered.
const PAUSE: Duration = Duration::from_millis(200);
/// How long the first line with the token is waited for.
const TOKEN_WAIT: Duration = Duration::from_secs(10);
/// How long a sender that is refused may take to notice. It keeps its place meanwhile.
const REFUSED_WAIT: Duration = Duration::from_secs(2);
const PIECE_BYTES: usize = 64 * 1024;
/// A sender that is silent for this long is asked whether it is still there, and let go if not: one
/// that vanished without a word must not keep its place.
const KEEP_ALIVE: Duration = Duration::from_mins(1);

/// What a listener needs.
pub struct Listen {
    /// Which feed.
    pub source: SourceId,
    /// Where senders connect.
    pub listener: TcpListener,
    /// Makes a decoder for each of them.
    pub decoder: Box<dyn Fn() -> Box<dyn Decode> + Send + Sync>,
    /// Events that each of them may send in a second on average.
    pub rate: u32,
    /// Word that they must give.
    pub token: Option<String>,
    /// Who may send, where senders are switches that expect no answer; `None`: whoever gives the token,
    /// and is answered.
    pub printer_of: Option<Peers>,
    /// The way to the engine.
    pub sink: Sink,
    /// How it fares.
    pub health: HealthBoard,
    /// Tells the time.
    pub clock: Clock,
    /// Turns true when it is time to stop.
    pub stop: watch::Receiver<bool>,
}

impl Listen {
    /// Listens until asked to stop.
    pub async fn run(self) {
        let this = Arc::new(self);
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut stop = this.stop.clone();
        this.health.up(0);
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let accepted = tokio::select! {
                accepted = this.listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            match accepted {
                Ok((_, peer)) if this.printer_of.as_ref().is_some_and(|peers| !peers.may_send(peer.ip())) => {
                    tracing::warn!(%peer, "a sender whose address is not among `peers` was turned away");
                }
                Ok((stream, peer)) => {
                    let this = Arc::clone(&this);
                    tokio::spawn(async move {
                        if let Err(error) = this.serve(stream).await {
                            tracing::debug!(%peer, %error, "a sender went away");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a sender; trying again");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let keep_alive = socket2::TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE / 6);
        socket2::SockRef::from(&stream).set_tcp_keepalive(&keep_alive)?;
        let mut decoder = (self.decoder)();
        let mut batch = Batch::of(self.source);
        let mut piece = vec![0; PIECE_BYTES];
        let mut early = Vec::new();
        if let Some(token) = &self.token {
            match timeout(TOKEN_WAIT, first_line(&mut stream)).await {
                Ok(Ok((line, rest))) if is_token(&line, token) => early = rest,
                _ => {
                    return refuse(&mut stream, "the first line must be {\"token\":\"...\"} with the right token")
                        .await;
                }
            }
        }
        decoder.feed(&early, self.clock.now(), &mut batch);
        let mut stop = self.stop.clone();
        loop {
            let read = tokio::select! {
                read = timeout(PAUSE, stream.read(&mut piece)) => read,
                _ = stop.wait_for(|stop| *stop) => Ok(Ok(0)),
            };
            let is_over = match read {
                Ok(Ok(0)) => {
                    decoder.finish(self.clock.now(), &mut batch);
                    decoder.flush(&mut batch);
                    true
                }
                Ok(Ok(length)) => {
                    decoder.feed(&piece[..length], self.clock.now(), &mut batch);
                    if !batch.is_full() {
                        continue;
                    }
                    false
                }
                Ok(Err(error)) => return Err(error),
                Err(_) => {
                    decoder.quiet(self.clock.now(), &mut batch);
                    false
                }
            };
            if !batch.events.is_empty() || !batch.rejects.is_empty() {
                let full = std::mem::replace(&mut batch, Batch::of(self.source));
                self.deliver(full, &mut stream).await?;
            }
            if is_over {
                return Ok(());
            }
        }
    }

    async fn deliver(&self, mut batch: Batch, stream: &mut TcpStream) -> std::io::Result<()> {
        let count = batch.events.len() as u64;
        batch.caught_up = true;
        let (done, receipt) = oneshot::channel();
        let gone = || std::io::Error::other("the daemon is stopping");
        self.sink.send(Delivery { batch, done: Some(done) }).await.map_err(|_| gone())?;
        let receipt = receipt.await.map_err(|_| gone())?;
        if self.printer_of.is_some() {
            return Ok(());
        }
        let mut answer = serde_json::to_vec(&receipt)?;
        answer.push(b'\n');
        stream.write_all(&answer).await?;
        tokio::time::sleep(Duration::from_millis(count * 1000 / u64::from(self.rate))).await;
        Ok(())
    }
}

/// Tells a sender why, and listens on for a moment: a line that is closed while the sender still
/// writes takes our answer with it.
async fn refuse(stream: &mut TcpStream, why: &str) -> std::io::Result<()> {
    let mut answer = serde_json::to_vec(&serde_json::json!({ "error": why }))?;
    answer.push(b'\n');
    stream.write_all(&answer).await?;
    stream.shutdown().await?;
    let mut piece = vec![0; PIECE_BYTES];
    // Whoever writes on regardless has been told.
    let _ =
        timeout(REFUSED_WAIT, async { while stream.read(&mut piece).await.is_ok_and(|length| length > 0) {} }).await;
    Ok(())
}

/// The first line, and what came behind it.
async fn first_line(stream: &mut TcpStream) -> std::io::Result<(Vec<u8>, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut piece = [0; 1024];
    loop {
        let length = stream.read(&mut piece).await?;
        bytes.extend_from_slice(&piece[..length]);
        if let Some(end) = memchr::memchr(b'\n', &bytes) {
            let rest = bytes.split_off(end + 1);
            return Ok((bytes, rest));
        }
        if length == 0 || bytes.len() > LINE_BYTES_MAX {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
    }
}

fn is_token(line: &[u8], token: &str) -> bool {
    let told: Option<serde_json::Value> = serde_json::from_slice(line).ok();
    let told = told.as_ref().and_then(|told| told.get("token")).and_then(serde_json::Value::as_str);
    told.is_some_and(|told| equal_in_constant_time(told.as_bytes(), token.as_bytes()))
}

/// Compares without telling by its duration where the difference lies.
pub fn equal_in_constant_time(told: &[u8], known: &[u8]) -> bool {
    let mut difference = told.len() ^ known.len();
    for (at, byte) in told.iter().enumerate() {
        difference |= usize::from(byte ^ known.get(at % known.len().max(1)).copied().unwrap_or(0));
    }
    difference == 0
}
