//! What was taken in while the store could not take it: batches in a file, until they are stored.
//!
//! The file begins with a line that says what it is and a number that tells it from every other
//! spool; then come records, each with its length and a checksum, on the disk before anybody is told
//! that they were taken. The store keeps with each commit how many records of which spool it holds,
//! so that one that is read again after a crash counts once. What a crash cut short at the end was
//! never acknowledged, and is cut off.
//!
//! Knows nothing of what a batch means.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

use crate::measure::Moment;
use crate::source::Batch;

/// How every spool begins; another form has another line.
const MAGIC: &[u8; 20] = b"servicegrad spool 1\n";
/// With the number of the spool.
const HEAD_BYTES: u64 = MAGIC.len() as u64 + 8;
/// Length and checksum before each record.
const RECORD_HEAD_BYTES: usize = 4 + 8;
/// No record is longer: a batch has at most some thousand events of at most 16 KiB.
const RECORD_BYTES_MAX: usize = 512 * 1024 * 1024;

/// A spool that cannot be used: which file, why, what to do.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The system refused.
    #[error("spool {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
    /// As much lies in it as may.
    #[error("spool {} holds as much as `store.spool_bytes_max` lets it", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// It was written by another program, or is no spool.
    #[error(
        "spool {} is in a form that this program does not read; start the program that wrote it, or move the file away (what lies in it is then not counted)",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
}

/// How much of a spool the store holds: the number of the spool, and of its records from the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Which spool.
    pub spool: u64,
    /// How many of its records.
    pub records: u64,
}

/// One batch, and when it came.
#[derive(Debug, Serialize, Deserialize)]
pub struct Spooled {
    /// When we got it, by our clock.
    pub received: Moment,
    /// Whether it was worked out what it comes to before the next one came.
    pub is_settled: bool,
    /// What came.
    pub batch: Batch,
}

/// The same without holding on to the batch.
#[derive(Serialize)]
struct Spooling<'a> {
    received: Moment,
    is_settled: bool,
    batch: &'a Batch,
}

/// The spool. One owner; any number of [`SpoolReader`]s follow.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    bytes_max: u64,
    written: Option<Written>,
}

/// A file with at least its head.
#[derive(Debug)]
struct Written {
    file: Arc<File>,
    number: u64,
    /// Bytes that are safely there; what lies behind them is not part of it.
    bytes: Arc<AtomicU64>,
    records: u64,
    events: u64,
}

impl Spool {
    /// The spool at `path`, with what lies in it from before; at most `bytes_max` long.
    pub fn open(path: &Path, bytes_max: u64) -> Result<Self, SpoolError> {
        let mut spool = Self { path: path.to_owned(), bytes_max, written: None };
        let file = match File::options().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(spool),
            Err(error) => return Err(spool.failed(error)),
        };
        let length = file.metadata().map_err(|error| spool.failed(error))?.len();
        if length < HEAD_BYTES {
            // Its head was being written: nothing was acknowledged.
            return Ok(spool);
        }
        let mut head = [0; HEAD_BYTES as usize];
        file.read_exact_at(&mut head, 0).map_err(|error| spool.failed(error))?;
        let Some(number) = head.strip_prefix(MAGIC).and_then(|number| number.try_into().ok()).map(u64::from_le_bytes)
        else {
            return Err(SpoolError::Foreign { path: path.to_owned() });
        };
        let file = Arc::new(file);
        let bytes = Arc::new(AtomicU64::new(length));
        let mut reader =
            SpoolReader { file: Arc::clone(&file), bytes: Arc::clone(&bytes), number, at: HEAD_BYTES, records: 0 };
        let mut events = 0;
        while let Some(spooled) = reader.next().map_err(|error| spool.failed(error))? {
            events += spooled.batch.events.len() as u64;
        }
        if reader.at < length {
            tracing::warn!(path = %path.display(), bytes = length - reader.at, "the last record of the spool was cut short by a crash; its sender was not answered");
        }
        bytes.store(reader.at, Ordering::Release);
        spool.written = Some(Written { file, number, bytes, records: reader.records, events });
        Ok(spool)
    }

    fn failed(&self, error: io::Error) -> SpoolError {
        SpoolError::Io { path: self.path.clone(), error }
    }

    /// Whether nothing lies in it.
    pub fn is_empty(&self) -> bool {
        self.records() == 0
    }

    /// Records that lie in it.
    pub fn records(&self) -> u64 {
        self.written.as_ref().map_or(0, |written| written.records)
    }

    /// Events in them.
    pub fn events(&self) -> u64 {
        self.written.as_ref().map_or(0, |written| written.events)
    }

    /// Its length.
    pub fn bytes(&self) -> u64 {
        self.written.as_ref().map_or(0, |written| written.bytes.load(Ordering::Relaxed))
    }

    /// How long it may become.
    pub fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// Adds batches that came at `received` and were worked out together. They are on the disk when this returns; after an error
    /// none of them is part of the spool.
    pub fn append<'a>(
        &mut self,
        received: Moment,
        batches: impl IntoIterator<Item = &'a Batch>,
    ) -> Result<(), SpoolError> {
        let (mut content, mut records, mut events) = (Vec::new(), 0, 0);
        let mut batches = batches.into_iter().peekable();
        while let Some(batch) = batches.next() {
            let is_settled = batches.peek().is_none();
            let start = content.len();
            content.resize(start + RECORD_HEAD_BYTES, 0);
            content = postcard::to_extend(&Spooling { received, is_settled, batch }, content)
                .map_err(|error| self.failed(io::Error::other(error)))?;
            let (head, payload) = content[start..].split_at_mut(RECORD_HEAD_BYTES);
            if payload.len() > RECORD_BYTES_MAX {
                return Err(self.failed(io::Error::other("a batch is larger than any can be")));
            }
            head[..4].copy_from_slice(&(payload.len() as u32).to_le_bytes());
            head[4..].copy_from_slice(&checksum(payload).to_le_bytes());
            records += 1;
            events += batch.events.len() as u64;
        }
        if self.bytes().max(HEAD_BYTES) + content.len() as u64 > self.bytes_max {
            return Err(SpoolError::Full { path: self.path.clone() });
        }
        if self.written.is_none() {
            self.written = Some(begin(&self.path).map_err(|error| self.failed(error))?);
        }
        let Some(written) = &mut self.written else { return Ok(()) };
        let end = written.bytes.load(Ordering::Relaxed);
        let kept = written.file.write_all_at(&content, end).and_then(|()| written.file.sync_data());
        if let Err(error) = kept {
            // What was written of it lies behind the end, where nobody reads.
            return Err(SpoolError::Io { path: self.path.clone(), error });
        }
        written.bytes.store(end + content.len() as u64, Ordering::Release);
        written.records += records;
        written.events += events;
        Ok(())
    }

    /// Reads what lies in it behind what `known` says is stored, and what is added later.
    pub fn reader(&self, known: Option<Mark>) -> Result<Option<SpoolReader>, SpoolError> {
        let Some(written) = &self.written else { return Ok(None) };
        let mut reader = SpoolReader {
            file: Arc::clone(&written.file),
            bytes: Arc::clone(&written.bytes),
            number: written.number,
            at: HEAD_BYTES,
            records: 0,
        };
        reader.skip(known).map_err(|error| self.failed(error))?;
        Ok(Some(reader))
    }

    /// All that lies in it has been stored.
    pub fn clear(&mut self) -> Result<(), SpoolError> {
        if self.written.take().is_some() {
            std::fs::remove_file(&self.path).map_err(|error| self.failed(error))?;
        }
        Ok(())
    }
}

/// Makes the file anew, with its head, safely.
fn begin(path: &Path) -> io::Result<Written> {
    let number = getrandom::u64().map_err(|error| io::Error::other(error.to_string()))?;
    let file = File::options().create(true).truncate(true).read(true).write(true).open(path)?;
    let mut head = MAGIC.to_vec();
    head.extend_from_slice(&number.to_le_bytes());
    file.write_all_at(&head, 0)?;
    file.sync_all()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(Written { file: Arc::new(file), number, bytes: Arc::new(AtomicU64::new(HEAD_BYTES)), records: 0, events: 0 })
}

fn checksum(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// Reads a spool in order, also while it grows.
#[derive(Debug)]
pub struct SpoolReader {
    file: Arc<File>,
    bytes: Arc<AtomicU64>,
    number: u64,
    at: u64,
    records: u64,
}

impl SpoolReader {
    /// How much has been read.
    pub fn mark(&self) -> Mark {
        Mark { spool: self.number, records: self.records }
    }

    /// Goes on behind what is stored, if that is of this spool.
    pub fn skip(&mut self, known: Option<Mark>) -> io::Result<()> {
        let Some(known) = known.filter(|known| known.spool == self.number) else { return Ok(()) };
        while self.records < known.records && self.payload()?.is_some() {}
        Ok(())
    }

    /// The next batch; none: all has been read, for now.
    #[expect(clippy::should_implement_trait, reason = "it may fail, and it may go on after its end")]
    pub fn next(&mut self) -> io::Result<Option<Spooled>> {
        let (at, records) = (self.at, self.records);
        let Some(payload) = self.payload()? else { return Ok(None) };
        match postcard::from_bytes(&payload) {
            Ok(spooled) => Ok(Some(spooled)),
            Err(error) => {
                (self.at, self.records) = (at, records);
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }

    /// The next record's bytes; none where there is no whole one whose checksum is right.
    fn payload(&mut self) -> io::Result<Option<Vec<u8>>> {
        let end = self.bytes.load(Ordering::Acquire);
        if self.at + RECORD_HEAD_BYTES as u64 > end {
            return Ok(None);
        }
        let mut head = [0; RECORD_HEAD_BYTES];
        self.file.read_exact_at(&mut head, self.at)?;
        let (length, sum) = head.split_at(4);
        let length = length.try_into().map_or(0, u32::from_le_bytes);
        let from = self.at + RECORD_HEAD_BYTES as u64;
        if from + u64::from(length) > end || length as usize > RECORD_BYTES_MAX {
            return Ok(None);
        }
        let mut payload = vec![0; length as usize];
        self.file.read_exact_at(&mut payload, from)?;
        if checksum(&payload).to_le_bytes() != sum {
            return Ok(None);
        }
        (self.at, self.records) = (from + u64::from(length), self.records + 1);
        Ok(Some(payload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{CallEvent, EventId, EventKind, Stamp};
    use crate::names::SourceId;

    fn batch(id: u64) -> Batch {
        let event = CallEvent {
            id: EventId(id),
            stamp: Stamp::live(Moment(17)),
            source: None,
            call: "a".into(),
            kind: EventKind::VisitEntered { queue: "kundtjanst".into(), visit: None },
        };
        Batch { events: vec![event], position: Some("here".into()), ..Batch::of(SourceId(3)) }
    }

    fn ids(spool: &Spool, known: Option<Mark>) -> Vec<u64> {
        let mut reader = spool.reader(known).unwrap().unwrap();
        let mut ids = Vec::new();
        while let Some(spooled) = reader.next().unwrap() {
            assert_eq!((spooled.batch.source, spooled.batch.position.as_deref()), (SourceId(3), Some("here")));
            ids.extend(spooled.batch.events.iter().map(|event| event.id.0));
        }
        ids
    }

    #[test]
    fn what_was_added_is_read_after_a_restart_and_what_is_stored_is_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        let mut spool = Spool::open(&path, 1 << 20).unwrap();
        assert!(spool.is_empty() && spool.reader(None).unwrap().is_none());
        spool.append(Moment(1), [&batch(1), &batch(2)]).unwrap();
        let mut reader = spool.reader(None).unwrap().unwrap();
        assert!(reader.next().unwrap().is_some());
        let stored = reader.mark();
        drop(spool);
        let mut spool = Spool::open(&path, 1 << 20).unwrap();
        spool.append(Moment(2), [&batch(3)]).unwrap();
        assert_eq!((spool.records(), spool.events()), (3, 3));
        assert_eq!(ids(&spool, None), [1, 2, 3]);
        assert_eq!(ids(&spool, Some(stored)), [2, 3]);
        // Another spool's mark says nothing about this one.
        assert_eq!(ids(&spool, Some(Mark { spool: stored.spool.wrapping_add(1), ..stored })), [1, 2, 3]);
        spool.clear().unwrap();
        assert!(spool.is_empty() && !path.exists());
    }

    #[test]
    fn a_record_that_a_crash_cut_short_at_any_byte_is_cut_off_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        let mut spool = Spool::open(&path, 1 << 20).unwrap();
        spool.append(Moment(1), [&batch(1)]).unwrap();
        let whole = spool.bytes();
        spool.append(Moment(1), [&batch(2)]).unwrap();
        let content = std::fs::read(&path).unwrap();
        for length in 0..content.len() {
            std::fs::write(&path, &content[..length]).unwrap();
            let mut spool = Spool::open(&path, 1 << 20).unwrap();
            let kept = u64::from(length as u64 >= whole);
            assert_eq!(spool.records(), kept, "{length}");
            spool.append(Moment(2), [&batch(9)]).unwrap();
            assert_eq!(ids(&spool, None), [1, 9][1 - kept as usize..], "{length}");
        }
        let mut damaged = content;
        *damaged.last_mut().unwrap() ^= 1;
        std::fs::write(&path, damaged).unwrap();
        assert_eq!(Spool::open(&path, 1 << 20).unwrap().records(), 1);
    }

    #[test]
    fn a_full_spool_takes_nothing_more_and_a_foreign_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        let mut spool = Spool::open(&path, 200).unwrap();
        let mut taken = 0;
        while spool.append(Moment(1), [&batch(taken)]).is_ok() {
            taken += 1;
        }
        assert!(taken > 0 && spool.bytes() <= 200 && ids(&spool, None).len() as u64 == taken);
        assert!(matches!(spool.append(Moment(1), [&batch(9)]), Err(SpoolError::Full { .. })));
        std::fs::write(&path, b"servicegrad spool 2\n and something of the future").unwrap();
        assert!(matches!(Spool::open(&path, 200), Err(SpoolError::Foreign { .. })));
    }
}
