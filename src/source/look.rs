//! A look at a source without reading it for good: is it there, does it let us in, what does it say
//! of itself.
//!
//! Stores nothing and moves no position. What is wrong is told as `troubles`, for people.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use crate::clock::Clock;
use crate::event::EventKind;
use crate::measure::Moment;
use crate::names::SourceId;
use crate::source::dial::{open, read_ahead};
use crate::source::{Batch, Decode, Dialogue, Findings, Standing, drop_folder, import};

/// How long a switch may take to connect, let us in and tell its queues.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long we listen on when it has: some faults show in the events only.
const LINGER: Duration = Duration::from_secs(1);
/// How often time is let pass for the conversation.
const TICK: Duration = Duration::from_millis(200);
/// How much of the end of a file is read: an hour or more of a busy switchboard.
const TAIL_BYTES: u64 = 1024 * 1024;

/// How much of its beginning, where that is another part.
const HEAD_BYTES: usize = 16 * 1024;

/// What a folder that files are put into holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderFindings {
    /// How many files wait to be read.
    pub waiting: usize,
    /// The newest of them, or of those that have been read, and what it holds.
    pub sample: Option<(PathBuf, FileFindings)>,
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileFindings {
    /// How large it is.
    pub bytes: u64,
    /// Time of its newest event; `None`: it holds none.
    pub newest: Option<Moment>,
    /// Queues that its last events name.
    pub queues: Vec<String>,
    /// Events and rejects at its end, and why the last reject could not be used.
    pub events: usize,
    /// What could not be used at its end.
    pub rejects: usize,
    /// Why the last of those could not be used.
    pub example: Option<String>,
}

/// Dials a switch and holds the conversation until it has told what it has. An error says what was
/// wrong and what to do.
pub async fn dialled(
    mut dialogue: Box<dyn Dialogue>,
    address: &(String, u16),
    tls: Option<&TlsConnector>,
    clock: &Clock,
) -> Result<Findings, String> {
    let end = Instant::now() + PATIENCE;
    let opened = timeout(PATIENCE, open(address, tls)).await;
    let opened = opened.map_err(|_| format!("no answer within {} s", PATIENCE.as_secs()))?;
    let (reader, mut writer) = opened.map_err(|error| format!("cannot connect: {error}"))?;
    let mut pieces = read_ahead(reader);
    let mut batch = Batch::of(SourceId(0));
    dialogue.connected(clock.now());
    let mut ready_since = None;
    loop {
        let words = dialogue.say();
        writer.write_all(&words).await.map_err(|error| format!("the line broke: {error}"))?;
        match timeout(TICK, pieces.recv()).await {
            Ok(Some(Ok(piece))) => dialogue.feed(&piece, clock.now(), &mut batch),
            Ok(Some(Err(error))) => return Err(format!("the line broke: {error}")),
            Ok(None) => return Err("the switch closed the line; is this the right port?".to_owned()),
            Err(_) => dialogue.tick(clock.now(), &mut batch),
        }
        (batch.events, batch.rejects) = (Vec::new(), Vec::new());
        match dialogue.standing() {
            Standing::Refused(why) => return Err(why),
            Standing::Ready if ready_since.get_or_insert_with(Instant::now).elapsed() >= LINGER => {
                return Ok(dialogue.findings());
            }
            Standing::Greeting if Instant::now() >= end => {
                return Err("the switch did not let us in in time; is this the right port?".to_owned());
            }
            Standing::Ready | Standing::Greeting => {}
        }
    }
}

/// Reads the end of a file.
pub fn file(path: &Path, mut decoder: Box<dyn Decode>, now: Moment) -> std::io::Result<FileFindings> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let from = bytes.saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut tail)?;
    // The first line is half a line, unless it is the file's first.
    let start = if from == 0 { 0 } else { memchr::memchr(b'\n', &tail).map_or(tail.len(), |end| end + 1) };
    let mut batch = Batch::of(SourceId(0));
    if from > 0 {
        // The head of a file may say what its columns are.
        let mut head = vec![0; HEAD_BYTES];
        let length = File::open(path)?.read(&mut head)?;
        let whole = memchr::memrchr(b'\n', &head[..length]).map_or(0, |end| end + 1);
        decoder.feed(&head[..whole], now, &mut batch);
    }
    decoder.feed(&tail[start..], now, &mut batch);
    Ok(findings(bytes, batch, decoder, now))
}

/// Looks into a folder that files are put into, and reads the beginning of the newest; of those in
/// `done` where none waits.
pub fn folder(folder: &Path, done: &Path, decoder: Box<dyn Decode>, now: Moment) -> std::io::Result<FolderFindings> {
    let waiting = drop_folder::files(folder)?;
    // Before the first file has been read there is no such folder.
    let read = || drop_folder::files(done).unwrap_or_default();
    let newest = waiting.last().cloned().or_else(|| read().pop());
    let sample = newest.map(|path| sample(&path, decoder, now).map(|findings| (path, findings))).transpose()?;
    Ok(FolderFindings { waiting: waiting.len(), sample })
}

/// Reads the beginning of a file, which may be packed.
fn sample(path: &Path, mut decoder: Box<dyn Decode>, now: Moment) -> std::io::Result<FileFindings> {
    let (reader, _) = import::open(path)?;
    let mut head = Vec::new();
    reader.take(TAIL_BYTES).read_to_end(&mut head)?;
    let is_whole = (head.len() as u64) < TAIL_BYTES;
    let end = if is_whole { head.len() } else { memchr::memrchr(b'\n', &head).map_or(head.len(), |end| end + 1) };
    let mut batch = Batch::of(SourceId(0));
    decoder.feed(&head[..end], now, &mut batch);
    Ok(findings(std::fs::metadata(path)?.len(), batch, decoder, now))
}

fn findings(bytes: u64, mut batch: Batch, mut decoder: Box<dyn Decode>, now: Moment) -> FileFindings {
    decoder.finish(now, &mut batch);
    decoder.flush(&mut batch);
    let mut queues: Vec<String> = batch.events.iter().filter_map(|event| queue_of(&event.kind)).collect();
    queues.sort_unstable();
    queues.dedup();
    FileFindings {
        bytes,
        newest: batch.events.iter().map(|event| event.stamp.at).max(),
        queues,
        events: batch.events.len(),
        rejects: batch.rejects.len(),
        example: batch.rejects.pop().map(|reject| reject.detail),
    }
}

fn queue_of(kind: &EventKind) -> Option<String> {
    match kind {
        EventKind::VisitEntered { queue, .. }
        | EventKind::VisitRefused { queue, .. }
        | EventKind::VisitAnswered { queue, .. }
        | EventKind::VisitLeft { queue, .. } => Some(queue.to_string()),
        _ => None,
    }
}
