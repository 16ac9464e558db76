//! A switch that is not there, on a port of this machine: for demonstrations and tests that run the
//! real adapters.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, watch};

use crate::clock::Clock;
use crate::event::CallEvent;
use crate::simulate::{Said, Spoken};

/// Messages on their way to slow listeners; who falls further behind is cut off, as real switches do.
const BEHIND_MAX: usize = 100_000;
const PIECE_BYTES: usize = 16 * 1024;

/// A played switch. Clones are the same switch.
#[derive(Debug)]
pub struct Played<S: Spoken> {
    switch: Arc<Mutex<S>>,
    said: broadcast::Sender<Said>,
    /// Counts up whenever all lines are cut.
    cuts: watch::Sender<u64>,
    clock: Clock,
    /// Bytes written at a time; small ones tear messages.
    piece_bytes: usize,
}

impl<S: Spoken> Clone for Played<S> {
    fn clone(&self) -> Self {
        Self {
            switch: Arc::clone(&self.switch),
            said: self.said.clone(),
            cuts: self.cuts.clone(),
            clock: self.clock.clone(),
            piece_bytes: self.piece_bytes,
        }
    }
}

impl<S: Spoken> Played<S> {
    /// A switch; [`Played::listen`] puts it on the line.
    pub fn new(switch: S, clock: Clock) -> Self {
        let (said, _) = broadcast::channel(BEHIND_MAX);
        let (cuts, _) = watch::channel(0);
        Self { switch: Arc::new(Mutex::new(switch)), said, cuts, clock, piece_bytes: PIECE_BYTES }
    }

    /// The same, writing at most this many bytes at a time.
    #[must_use]
    pub fn in_pieces_of(self, piece_bytes: usize) -> Self {
        Self { piece_bytes: piece_bytes.max(1), ..self }
    }

    /// Something happens: everybody who asked for it hears of it.
    pub fn tell(&self, event: &CallEvent) {
        let said = self.switch.lock().unwrap_or_else(PoisonError::into_inner).tell(event);
        for said in said {
            // Nobody may be listening.
            let _ = self.said.send(said);
        }
    }

    /// Cuts all lines.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// The switch is killed and starts anew.
    pub fn restart(&self) {
        self.switch.lock().unwrap_or_else(PoisonError::into_inner).restart(self.clock.now());
        self.cut();
    }

    /// How many are listening.
    pub fn listeners(&self) -> usize {
        self.said.receiver_count()
    }

    /// Answers whoever dials, for as long as it is polled.
    pub async fn listen(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let this = self.clone();
            tokio::spawn(async move {
                // A listener that goes away is no trouble of ours.
                let _ = this.converse(stream).await;
            });
        }
    }

    async fn converse(self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut cuts = self.cuts.subscribe();
        let mut said = self.said.subscribe();
        let mut session = S::Session::default();
        let greeting = self.switch.lock().unwrap_or_else(PoisonError::into_inner).greet();
        self.write(&mut stream, &greeting).await?;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            tokio::select! {
                read = stream.read(&mut piece) => {
                    let length = read?;
                    if length == 0 {
                        return Ok(());
                    }
                    let now = self.clock.now();
                    let answer =
                        self.switch.lock().unwrap_or_else(PoisonError::into_inner).hear(&mut session, &piece[..length], now);
                    self.write(&mut stream, &answer).await?;
                }
                next = said.recv() => {
                    let Ok(next) = next else { return Ok(()) };
                    let is_theirs = self.switch.lock().unwrap_or_else(PoisonError::into_inner).is_for(&session, &next);
                    if is_theirs {
                        self.write(&mut stream, &next.text).await?;
                    }
                }
                _ = cuts.changed() => return Ok(()),
            }
        }
    }

    async fn write(&self, stream: &mut TcpStream, text: &str) -> std::io::Result<()> {
        for piece in text.as_bytes().chunks(self.piece_bytes) {
            stream.write_all(piece).await?;
            if self.piece_bytes < PIECE_BYTES {
                stream.flush().await?;
                tokio::time::sleep(Duration::from_micros(50)).await;
            }
        }
        Ok(())
    }
}
