//! A file that grows and rotates, followed on a thread of its own.
//!
//! The file is known by device and inode. When the path leads to another one, the old is read to
//! its end first; when it has shrunk (copied and truncated), or begins differently, the copy is read to
//! its end, where there is one, and then the file from its beginning, which is harmless because
//! events are known by their content. A file that is not
//! there is waited for. The position goes with each batch and is committed with it, and always
//! stands at the end of a whole line, so a half-written one is read again when it is whole.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::event::EventId;
use crate::names::SourceId;
use crate::source::{Batch, Decode, Delivery, HealthBoard, Sink};

/// Bytes read at a time.
const PIECE_BYTES: usize = 256 * 1024;
/// Bytes by which the beginning of a file is recognised.
const HEAD_BYTES: usize = 256;

/// How far a file has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    device: u64,
    inode: u64,
    /// Bytes of whole lines.
    offset: u64,
    /// Hash of the first bytes, and how many of them.
    head: (u64, u64),
    /// What the decoder must know.
    decoder: serde_json::Value,
}

/// What a follower needs.
pub struct Follow {
    /// Which feed.
    pub source: SourceId,
    /// The file.
    pub path: PathBuf,
    /// How often it is looked at when nothing new came.
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

struct Open {
    file: File,
    position: Position,
    /// Bytes handed to the decoder.
    read: u64,
}

impl Follow {
    /// Follows until asked to stop, or until nobody listens any more.
    pub fn run(mut self) {
        let mut open: Option<Open> = None;
        let mut saved: Option<Position> = self.position.take().and_then(|text| serde_json::from_str(&text).ok());
        let mut piece = vec![0; PIECE_BYTES];
        while !*self.stop.borrow() {
            let progress = self.step(&mut open, &mut saved, &mut piece);
            match progress {
                Ok(Some(batch)) => {
                    if self.sink.blocking_send(Delivery { batch, done: None }).is_err() {
                        return;
                    }
                }
                Ok(None) => std::thread::sleep(self.poll),
                Err(error) => {
                    let hint = match error.kind() {
                        io::ErrorKind::NotFound => "waiting for it to appear",
                        io::ErrorKind::PermissionDenied => "give the daemon's user the right to read it",
                        _ => "trying again",
                    };
                    let trouble = format!("{}: {error}; {hint}", self.path.display());
                    if self.health.down(trouble.clone()) {
                        tracing::warn!(path = %self.path.display(), %error, "{hint}");
                    }
                    open = None;
                    std::thread::sleep(self.poll);
                }
            }
        }
    }

    /// Reads one batch, or nothing when the end has been reached.
    fn step(
        &mut self,
        open: &mut Option<Open>,
        saved: &mut Option<Position>,
        piece: &mut [u8],
    ) -> io::Result<Option<Batch>> {
        let current = match open {
            Some(current) => current,
            None => open.insert(self.open(saved.as_ref())?),
        };
        let mut batch = Batch::of(self.source);
        let received = self.clock.now();
        let at_end = loop {
            let length = current.file.read(piece)?;
            if length == 0 {
                break true;
            }
            self.decoder.feed(&piece[..length], received, &mut batch);
            current.read += length as u64;
            if batch.is_full() {
                break false;
            }
        };
        let whole = current.read - self.decoder.pending_bytes();
        let is_new = whole != current.position.offset;
        current.position.offset = whole;
        if current.position.head.1 < HEAD_BYTES as u64 {
            current.position.head = head(&mut current.file, current.read)?;
        }
        let size = current.file.metadata()?.len();
        self.health.up(size.saturating_sub(current.read));
        if is_new || !batch.events.is_empty() || !batch.rejects.is_empty() {
            current.position.decoder = self.decoder.save();
            batch.position = serde_json::to_string(&current.position).ok();
            batch.caught_up = at_end;
            *saved = Some(current.position.clone());
            return Ok(Some(batch));
        }
        if self.has_moved_on(current)? {
            if let Some(copy) = self.copy_of_emptied(current)? {
                *open = Some(copy);
                return Ok(None);
            }
            return self.move_on(open, saved, piece).map(Some);
        }
        self.decoder.quiet(received, &mut batch);
        if batch.events.is_empty() && batch.rejects.is_empty() {
            return Ok(None);
        }
        current.position.decoder = self.decoder.save();
        batch.position = serde_json::to_string(&current.position).ok();
        batch.caught_up = true;
        *saved = Some(current.position.clone());
        Ok(Some(batch))
    }

    /// The file is no longer the one at the path: reads what was written to it up to the moment it
    /// was moved away, then goes over to the next.
    fn move_on(
        &mut self,
        open: &mut Option<Open>,
        saved: &mut Option<Position>,
        piece: &mut [u8],
    ) -> io::Result<Batch> {
        let mut batch = Batch::of(self.source);
        let received = self.clock.now();
        if let Some(current) = open.as_mut() {
            loop {
                let length = current.file.read(piece)?;
                if length == 0 {
                    break;
                }
                self.decoder.feed(&piece[..length], received, &mut batch);
                current.read += length as u64;
            }
            // Nothing more will be written to it: its last line is whole as it is.
            self.decoder.finish(received, &mut batch);
            (current.position.offset, current.position.decoder) = (current.read, self.decoder.save());
            batch.position = serde_json::to_string(&current.position).ok();
            *saved = Some(current.position.clone());
            let next = self.next_after(current)?;
            *open = Some(self.open_at(&next)?);
        }
        Ok(batch)
    }

    /// Whether the path leads to another file now, or this one was rewritten.
    fn has_moved_on(&self, current: &mut Open) -> io::Result<bool> {
        let here = current.file.metadata()?;
        if here.len() < current.read || head(&mut current.file, current.position.head.1)? != current.position.head {
            return Ok(true);
        }
        match fs::metadata(&self.path) {
            Ok(there) => Ok((there.dev(), there.ino()) != (here.dev(), here.ino())),
            // Renamed, and the new one is not there yet: more may still be written to the old.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Opens where it stood: the file at the path, or the one that was rotated away under it.
    fn open(&mut self, saved: Option<&Position>) -> io::Result<Open> {
        let Some(saved) = saved else { return self.open_fresh() };
        for path in std::iter::once(self.path.clone()).chain(siblings(&self.path)) {
            if let Some(open) = self.open_where(&path, saved, |is_same_file| is_same_file)? {
                return Ok(open);
            }
        }
        let copy = self.copy(saved)?;
        copy.map_or_else(|| self.open_fresh(), Ok)
    }

    /// The file at the path was emptied: the copy that was made of it before, where there is one that
    /// holds what has not been read yet.
    fn copy_of_emptied(&mut self, current: &Open) -> io::Result<Option<Open>> {
        let (here, there) = (current.file.metadata()?, fs::metadata(&self.path));
        let is_emptied = there.is_ok_and(|there| (there.dev(), there.ino()) == (here.dev(), here.ino()));
        let position = Position { decoder: self.decoder.save(), ..current.position.clone() };
        if is_emptied { self.copy(&position) } else { Ok(None) }
    }

    /// Another file that begins as the one at `position` did and goes on behind it.
    fn copy(&mut self, position: &Position) -> io::Result<Option<Open>> {
        for path in siblings(&self.path) {
            let found = self.open_where(&path, position, |is_same_file| !is_same_file && position.head.1 > 0)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Opens a file at `position`, if it begins as that one did, is long enough and the right one.
    fn open_where(
        &mut self,
        path: &Path,
        position: &Position,
        is_right: impl Fn(bool) -> bool,
    ) -> io::Result<Option<Open>> {
        let Ok(mut file) = File::open(path) else { return Ok(None) };
        let about = file.metadata()?;
        let is_same_file = (about.dev(), about.ino()) == (position.device, position.inode);
        let is_right = is_right(is_same_file) && about.len() >= position.offset;
        if !is_right || head(&mut file, position.head.1)? != position.head {
            return Ok(None);
        }
        self.decoder.rewind();
        self.decoder.restore(&position.decoder);
        file.seek(SeekFrom::Start(position.offset))?;
        let position = Position { device: about.dev(), inode: about.ino(), ..position.clone() };
        Ok(Some(Open { file, read: position.offset, position }))
    }

    /// Opens the file at the path at its beginning.
    fn open_fresh(&mut self) -> io::Result<Open> {
        let path = self.path.clone();
        self.open_at(&path)
    }

    /// Opens a file at its beginning. What the decoder knows of the time before stays: a journal
    /// goes on in its next file.
    fn open_at(&mut self, path: &Path) -> io::Result<Open> {
        let file = File::open(path)?;
        self.decoder.rewind();
        let about = file.metadata()?;
        let position = Position { device: about.dev(), inode: about.ino(), ..Position::default() };
        Ok(Open { file, position, read: 0 })
    }

    /// The file that was begun next after `current`: the one at the path, or, if it was rotated more
    /// than once while nobody looked, the oldest of those written to after it.
    fn next_after(&self, current: &Open) -> io::Result<PathBuf> {
        let about = current.file.metadata()?;
        let written = |about: &fs::Metadata| (about.mtime(), about.mtime_nsec());
        let later = siblings(&self.path).into_iter().filter_map(|path| {
            let other = fs::metadata(&path).ok()?;
            let is_other = (other.dev(), other.ino()) != (about.dev(), about.ino());
            (is_other && written(&other) > written(&about)).then(|| (written(&other), path))
        });
        Ok(later.min().map_or_else(|| self.path.clone(), |(_, path)| path))
    }
}

/// Hash of the first bytes of a file, of which `known` are there at least, leaving its cursor.
fn head(file: &mut File, known: u64) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::FileExt;
    let mut bytes = [0; HEAD_BYTES];
    let wanted = (known as usize).min(HEAD_BYTES);
    let mut filled = 0;
    while filled < wanted {
        let length = file.read_at(&mut bytes[filled..wanted], filled as u64)?;
        if length == 0 {
            break;
        }
        filled += length;
    }
    Ok((EventId::of(&[&bytes[..filled]]).0, filled as u64))
}

/// Other files in the folder that rotation makes of this one: its name with numbers or a date
/// behind it. Compressed ones are for `import`.
fn siblings(path: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Vec::new();
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let is_rotated = |other: &PathBuf| {
        let ending = other.file_name().and_then(|other| other.to_str()?.strip_prefix(name));
        ending.is_some_and(|ending| {
            ending.starts_with(['.', '-']) && ending.bytes().all(|b| b.is_ascii_digit() || b".-_:T".contains(&b))
        })
    };
    entries.flatten().map(|entry| entry.path()).filter(is_rotated).collect()
}
