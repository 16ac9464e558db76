//! A folder that finished files are put into: each is read once, and moved away when what it said is
//! committed.
//!
//! A file is whole when it has not changed for a while; one whose name begins with a dot or ends like
//! an unfinished transfer is left alone. The position names the file, so that one that was read and
//! committed, but not yet moved when the daemon was killed, is moved and not read again, and one that
//! was half read is read on. Files that cannot be read go to a folder of their own, with the reason
//! in a file beside them.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::{oneshot, watch};

use crate::clock::Clock;
use crate::event::{Reason, Reject};
use crate::names::SourceId;
use crate::source::import;
use crate::source::{Batch, Decode, Delivery, HealthBoard, Sink};

/// Bytes read at a time.
const PIECE_BYTES: usize = 256 * 1024;
/// Most files looked at in one go; the rest are looked at when these are away.
const FILES_MAX: usize = 10_000;
/// Endings of files that are still being written.
const UNFINISHED: [&str; 4] = [".tmp", ".part", ".partial", ".filepart"];

/// How far the folder has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    file: Identity,
    /// Bytes of whole lines, unpacked.
    offset: u64,
    /// All of it is committed; what is left is to move it.
    is_over: bool,
    /// Why it goes to the failed ones.
    fault: Option<String>,
    /// What the decoder must know.
    decoder: serde_json::Value,
}

/// What makes a file that file and no other of its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    name: String,
    device: u64,
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

/// What a drop folder needs.
pub struct DropFolder {
    /// Which feed.
    pub source: SourceId,
    /// The folder.
    pub folder: PathBuf,
    /// Where files go that have been read.
    pub done: PathBuf,
    /// Where files go that cannot be read.
    pub failed: PathBuf,
    /// A file is whole when it has not changed for this long.
    pub settle: Duration,
    /// How often the folder is looked at when there is nothing to read.
    pub poll: Duration,
    /// Its decoder.
    pub decoder: Box<dyn Decode>,
    /// Where it stood at the last commit.
    pub position: Option<String>,
    /// The way to the engine.
    pub sink: Sink,
    /// How it fares.
    pub health: HealthBoard,
    /// Tells the time.
    pub clock: Clock,
    /// Turns true when it is time to stop.
    pub stop: watch::Receiver<bool>,
}

/// Nobody listens any more.
struct Stopping;

impl DropFolder {
    /// Watches until asked to stop, or until nobody listens any more.
    pub fn run(mut self) {
        let mut position: Option<Position> = self.position.take().and_then(|text| serde_json::from_str(&text).ok());
        if let Some(position) = &position {
            self.decoder.rewind();
            self.decoder.restore(&position.decoder);
        }
        let mut seen = HashMap::new();
        while !*self.stop.borrow() {
            match self.step(&mut seen, &mut position) {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => std::thread::sleep(self.poll),
                Ok(Err(Stopping)) => return,
                Err((path, error)) => {
                    let hint = match error.kind() {
                        io::ErrorKind::NotFound => "waiting for it to appear",
                        io::ErrorKind::PermissionDenied => {
                            "give the daemon's user the right to read and move files there"
                        }
                        _ => "trying again",
                    };
                    if self.health.down(format!("{}: {error}; {hint}", path.display())) {
                        tracing::warn!(path = %path.display(), %error, "{hint}");
                    }
                    std::thread::sleep(self.poll);
                }
            }
        }
    }

    /// Reads or moves one file; false: there is none to be read now.
    fn step(
        &mut self,
        seen: &mut HashMap<PathBuf, (Identity, Instant)>,
        position: &mut Option<Position>,
    ) -> Result<Result<bool, Stopping>, (PathBuf, io::Error)> {
        let here = |error| (self.folder.clone(), error);
        let files = waiting(&self.folder).map_err(here)?;
        seen.retain(|path, _| files.iter().any(|(other, _)| other == path));
        let behind = files.iter().map(|(_, about)| about.bytes).sum();
        for (path, identity) in &files {
            let since = match seen.get(path) {
                Some((known, since)) if known == identity => *since,
                _ => {
                    let now = Instant::now();
                    seen.insert(path.clone(), (identity.clone(), now));
                    now
                }
            };
            // One that was begun is whole; so is one that has not changed for long enough.
            let is_begun = position.as_ref().is_some_and(|position| position.file == *identity);
            if !is_begun && since.elapsed() < self.settle {
                continue;
            }
            let is_over = position.as_ref().is_some_and(|position| is_begun && position.is_over);
            if !is_over && self.read(path, identity, position, files.len() == 1).is_err() {
                return Ok(Err(Stopping));
            }
            let fault = position.as_ref().and_then(|position| position.fault.clone());
            self.move_away(path, fault.as_deref()).map_err(|error| (path.clone(), error))?;
            self.health.up(behind);
            return Ok(Ok(true));
        }
        self.health.up(behind);
        let mut batch = Batch::of(self.source);
        self.decoder.quiet(self.clock.now(), &mut batch);
        if batch.events.is_empty() && batch.rejects.is_empty() {
            return Ok(Ok(false));
        }
        if let Some(position) = position {
            position.decoder = self.decoder.save();
            batch.position = serde_json::to_string(position).ok();
        }
        batch.caught_up = true;
        Ok(self.deliver(batch).map(|()| true))
    }

    /// Reads a file, or the rest of it, until all of it is committed.
    fn read(
        &mut self,
        path: &Path,
        identity: &Identity,
        position: &mut Option<Position>,
        is_last: bool,
    ) -> Result<(), Stopping> {
        let offset = match position {
            Some(position) if position.file == *identity => position.offset,
            _ => {
                self.decoder.rewind();
                0
            }
        };
        let mut now_at = Position { file: identity.clone(), offset, ..Position::default() };
        let mut batch = Batch::of(self.source);
        let read = self.read_on(path, offset, &mut batch, &mut now_at, position)?;
        let received = self.clock.now();
        self.decoder.finish(received, &mut batch);
        if let Err(error) = &read {
            let detail = format!("{}: {error}; what came before has been read", path.display());
            batch.rejects.push(Reject::new(identity.name.clone(), Reason::Unreadable, detail, b"").at(received));
        }
        now_at.fault = read.err().map(|error| error.to_string()).or_else(|| self.decoder.fault());
        (now_at.is_over, now_at.decoder) = (true, self.decoder.save());
        batch.position = serde_json::to_string(&now_at).ok();
        batch.caught_up = is_last;
        let (done, receipt) = oneshot::channel();
        self.sink.blocking_send(Delivery { batch, done: Some(done) }).map_err(|_| Stopping)?;
        // Not moved before it is committed.
        receipt.blocking_recv().map_err(|_| Stopping)?;
        *position = Some(now_at);
        Ok(())
    }

    /// Reads from `offset` to the end, delivering each full batch. The inner error is that of the file.
    fn read_on(
        &mut self,
        path: &Path,
        offset: u64,
        batch: &mut Batch,
        now_at: &mut Position,
        position: &mut Option<Position>,
    ) -> Result<io::Result<()>, Stopping> {
        let mut reader = match import::open(path) {
            Ok((reader, _)) => reader,
            Err(error) => return Ok(Err(error)),
        };
        if let Err(error) = io::copy(&mut (&mut reader).take(offset), &mut io::sink()) {
            return Ok(Err(error));
        }
        let mut piece = vec![0; PIECE_BYTES];
        let mut read = offset;
        loop {
            let length = match reader.read(&mut piece) {
                Ok(0) => return Ok(Ok(())),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Err(error)),
            };
            self.decoder.feed(&piece[..length], self.clock.now(), batch);
            read += length as u64;
            if batch.is_full() {
                now_at.offset = read - self.decoder.pending_bytes();
                now_at.decoder = self.decoder.save();
                let mut full = std::mem::replace(batch, Batch::of(self.source));
                full.position = serde_json::to_string(now_at).ok();
                *position = Some(now_at.clone());
                self.deliver(full)?;
            }
        }
    }

    fn deliver(&self, batch: Batch) -> Result<(), Stopping> {
        self.sink.blocking_send(Delivery { batch, done: None }).map_err(|_| Stopping)
    }

    fn move_away(&self, path: &Path, fault: Option<&str>) -> io::Result<()> {
        let to = if fault.is_some() { &self.failed } else { &self.done };
        fs::create_dir_all(to)?;
        let name = path.file_name().unwrap_or_default();
        let free = free_name(to, name);
        if let Some(why) = fault {
            let mut beside = free.clone().into_os_string();
            beside.push(".reason.txt");
            fs::write(beside, format!("{why}\n"))?;
            tracing::warn!(file = %path.display(), to = %to.display(), why, "a file cannot be read");
        }
        match fs::rename(path, &free) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                fs::copy(path, &free)?;
                fs::remove_file(path)
            }
            moved => moved,
        }
    }
}

/// A name in `folder` that nothing has yet: an earlier file of the same name is kept.
fn free_name(folder: &Path, name: &std::ffi::OsStr) -> PathBuf {
    let mut free = folder.join(name);
    let mut number = 1;
    while free.exists() {
        number += 1;
        let mut numbered = name.to_os_string();
        numbered.push(format!(".{number}"));
        free = folder.join(numbered);
    }
    free
}

/// Files in the folder that would be read, oldest first.
///
/// # Errors
/// The folder is not there, or may not be read.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(waiting(folder)?.into_iter().map(|(path, _)| path).collect())
}

/// Files in the folder that may be whole, oldest first.
fn waiting(folder: &Path) -> io::Result<Vec<(PathBuf, Identity)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)?.take(FILES_MAX) {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_unfinished = name.starts_with('.') || UNFINISHED.iter().any(|ending| name.ends_with(ending));
        // Gone between the two looks: somebody else took it.
        let Ok(about) = entry.metadata() else { continue };
        if is_unfinished || !about.is_file() {
            continue;
        }
        let identity = Identity {
            name,
            device: about.dev(),
            inode: about.ino(),
            bytes: about.len(),
            changed: (about.mtime(), about.mtime_nsec()),
        };
        files.push((entry.path(), identity));
    }
    files.sort_by(|(_, a), (_, b)| (a.changed, &a.name).cmp(&(b.changed, &b.name)));
    Ok(files)
}
