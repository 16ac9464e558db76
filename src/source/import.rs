//! Old files, read from beginning to end: plain or gzip, oldest first, `-` for standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::measure::Moment;
use crate::names::SourceId;
use crate::source::{Batch, Decode};

/// Bytes read at a time: large enough that calls do not count, small enough that a batch stays
/// near its size.
const PIECE_BYTES: usize = 256 * 1024;
/// Events of a batch when nobody waits for the figures: most calls are then whole within one.
pub const EVENTS_PER_BATCH: usize = 50_000;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A file that cannot be imported.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}; {hint}", path.display())]
pub struct ImportError {
    path: PathBuf,
    source: io::Error,
    hint: &'static str,
}

impl ImportError {
    fn at(path: &Path, source: io::Error) -> Self {
        let hint = match source.kind() {
            io::ErrorKind::NotFound => "is the path right, and has the file been rotated away?",
            io::ErrorKind::PermissionDenied => "give the user that runs this the right to read it",
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                "the gzip file is damaged or cut short; what came before the damage has been read"
            }
            _ => "what came before has been read; run the import again when the fault is mended",
        };
        Self { path: path.to_owned(), source, hint }
    }
}

/// Reads `path` through `decoder` and hands each full batch to `take`, with the bytes of the file
/// (as it lies on disk) that have been read so far. The last batch may be small or empty.
pub fn import<E: From<ImportError>>(
    path: &Path,
    source: SourceId,
    decoder: &mut dyn Decode,
    received: Moment,
    mut take: impl FnMut(Batch, u64) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |error| ImportError::at(path, error);
    let (mut reader, read_so_far) = open(path).map_err(failed)?;
    decoder.rewind();
    let mut piece = vec![0; PIECE_BYTES];
    let mut batch = Batch::of(source);
    loop {
        let length = match reader.read(&mut piece) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                // What has been read is whole lines; it counts.
                take(batch, read_so_far.get())?;
                return Err(failed(error).into());
            }
        };
        if length == 0 {
            decoder.finish(received, &mut batch);
            return take(batch, read_so_far.get());
        }
        decoder.feed(&piece[..length], received, &mut batch);
        if batch.events.len() + batch.rejects.len() >= EVENTS_PER_BATCH {
            take(std::mem::replace(&mut batch, Batch::of(source)), read_so_far.get())?;
        }
    }
}

/// Bytes that have been read of a file as it lies on disk.
pub type ReadSoFar = std::rc::Rc<std::cell::Cell<u64>>;

/// What a file holds, unpacked where it is packed, and a count of the bytes that have been read of it
/// as it lies on disk.
pub fn open(path: &Path) -> io::Result<(Box<dyn Read>, ReadSoFar)> {
    let (counted, read_so_far) = Counted::open(path)?;
    let mut plain = BufReader::with_capacity(PIECE_BYTES, counted);
    let is_gzip = plain.fill_buf()?.starts_with(&GZIP);
    let reader: Box<dyn Read> = if is_gzip { Box::new(MultiGzDecoder::new(plain)) } else { Box::new(plain) };
    Ok((reader, read_so_far))
}

/// Counts the bytes read from a file.
struct Counted {
    inner: Box<dyn Read>,
    count: std::rc::Rc<std::cell::Cell<u64>>,
}

impl Counted {
    fn open(path: &Path) -> io::Result<(Self, std::rc::Rc<std::cell::Cell<u64>>)> {
        let inner: Box<dyn Read> =
            if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path)?) };
        let count = std::rc::Rc::new(std::cell::Cell::new(0));
        Ok((Self { inner, count: std::rc::Rc::clone(&count) }, count))
    }
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.count.set(self.count.get() + length as u64);
        Ok(length)
    }
}
