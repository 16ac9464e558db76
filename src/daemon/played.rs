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
/// How often a switch says that it is alive, where it does.
const BEAT: Duration = Duration::from_secs(20);

/// A played switch. Clones are the same switch.
#[derive(Debug)]
pub struct Played<S: Spoken> {
    switch: Arc<Mutex<S>>,
    said: broadcast::Sender<Said>,
    /// Counts up whenever all lines are cut; `false`: and no new one is taken.
    cuts: watch::Sender<(u64, bool)>,
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
        let (cuts, _) = watch::channel((0, true));
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

    /// The switch stops in order, and starts anew.
    pub fn stop(&self) {
        let now = self.clock.now();
        let said = self.switch.lock().unwrap_or_else(PoisonError::into_inner).stop(now);
        for said in said {
            let _ = self.said.send(said);
        }
    }

    /// Cuts all lines.
    pub fn cut(&self) {
        self.cuts.send_modify(|(cuts, _)| *cuts += 1);
    }

    /// Cuts all lines, and takes no new ones until [`Played::plug_in`].
    pub fn unplug(&self) {
        self.cuts.send_modify(|(cuts, is_plugged_in)| (*cuts, *is_plugged_in) = (*cuts + 1, false));
    }

    /// Takes new lines again.
    pub fn plug_in(&self) {
        self.cuts.send_modify(|(_, is_plugged_in)| *is_plugged_in = true);
    }

    /// The switch is killed and starts anew.
    pub fn restart(&self) {
        self.switch.lock().unwrap_or_else(PoisonError::into_inner).restart(self.clock.now());
        self.cut();
    }

    /// How many have logged in and are listening.
    pub fn listeners(&self) -> usize {
        self.said.receiver_count()
    }

    /// Whether listeners have so much before them that they should be given time.
    pub fn is_behind(&self) -> bool {
        self.said.len() > BEHIND_MAX / 2
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
        if !cuts.borrow_and_update().1 {
            return Ok(());
        }
        let mut said = None;
        let mut session = S::Session::default();
        let greeting = self.switch.lock().unwrap_or_else(PoisonError::into_inner).greet();
        self.write(&mut stream, &greeting).await?;
        let mut piece = vec![0; PIECE_BYTES];
        let mut beats = tokio::time::interval(BEAT);
        loop {
            tokio::select! {
                read = stream.read(&mut piece) => {
                    let length = read?;
                    if length == 0 {
                        return Ok(());
                    }
                    let now = self.clock.now();
                    let answer = {
                        let mut switch = self.switch.lock().unwrap_or_else(PoisonError::into_inner);
                        let answer = switch.hear(&mut session, &piece[..length], now);
                        if said.is_none() && switch.is_listening(&session) {
                            said = Some(self.said.subscribe());
                        }
                        answer
                    };
                    self.write(&mut stream, &answer).await?;
                }
                next = hear(&mut said) => {
                    let Ok(next) = next else { return Ok(()) };
                    let is_theirs = self.switch.lock().unwrap_or_else(PoisonError::into_inner).is_for(&session, &next);
                    if is_theirs {
                        self.write(&mut stream, &next.text).await?;
                    }
                }
                _ = beats.tick() => {
                    let said = {
                        let mut switch = self.switch.lock().unwrap_or_else(PoisonError::into_inner);
                        let said = switch.beat(self.clock.now());
                        said.into_iter().filter(|said| switch.is_for(&session, said)).collect::<Vec<_>>()
                    };
                    for said in said {
                        self.write(&mut stream, &said.text).await?;
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

/// The next thing said; nothing, for as long as nobody listens.
async fn hear(said: &mut Option<broadcast::Receiver<Said>>) -> Result<Said, broadcast::error::RecvError> {
    match said {
        Some(said) => said.recv().await,
        None => std::future::pending().await,
    }
}
