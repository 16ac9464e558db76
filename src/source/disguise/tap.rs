//! Beside a decoder: everything it is fed is also recorded, in disguise.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use crate::measure::{Moment, Span};
use crate::source::disguise::{Disguised, Fakes, Key, Shape};
use crate::source::{Batch, Decode, Dialogue, Findings, SourceSettings, Standing};

/// Where recordings go; several streams of one source may share it. What went wrong first is kept,
/// and nothing is written after it.
#[derive(Clone, Default)]
pub struct Tape(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    out: Option<Box<dyn Write + Send>>,
    written: u64,
    failed: Option<std::io::Error>,
}

impl std::fmt::Debug for Tape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tape")
    }
}

impl Tape {
    /// A recording into `out`.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(State { out: Some(Box::new(out)), ..State::default() })))
    }

    /// Bytes recorded so far, or what went wrong.
    pub fn written(&self) -> std::io::Result<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(out) = &mut state.out
            && let Err(error) = out.flush()
        {
            state.failed.get_or_insert(error);
        }
        state.failed.take().map_or(Ok(state.written), Err)
    }

    fn write(&self, bytes: &[u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State { out: Some(out), written, failed } = &mut *state else { return };
        match out.write_all(bytes) {
            Ok(()) => *written += bytes.len() as u64,
            Err(error) => {
                failed.get_or_insert(error);
                state.out = None;
            }
        }
    }
}

/// Records a source, however many streams it is read in.
#[derive(Clone)]
pub struct Recorder {
    /// Where it goes.
    pub tape: Tape,
    /// What the fakes hang on.
    pub key: Key,
    /// Words and numbers that stay.
    pub is_known: Arc<dyn Fn(&str) -> bool + Send + Sync>,
}

impl Recorder {
    /// One stream of the source, recorded beside `inner`.
    pub fn tap<D: ?Sized>(&self, settings: &SourceSettings, shape: Shape, inner: Box<D>) -> Tap<D> {
        let is_known = Arc::clone(&self.is_known);
        let fakes = Fakes::new(self.key, move |word| is_known(word));
        Tap::new(inner, Disguised::new(settings.clone(), shape, fakes), self.tape.clone())
    }
}

/// A decoder, or the dialogue of a switch, that is recorded.
#[derive(Debug)]
pub struct Tap<D: ?Sized> {
    stream: Disguised,
    tape: Tape,
    inner: Box<D>,
}

impl<D: ?Sized> Tap<D> {
    /// Records what `inner` is fed.
    pub fn new(inner: Box<D>, stream: Disguised, tape: Tape) -> Self {
        Self { stream, tape, inner }
    }

    fn record(&mut self, bytes: &[u8]) {
        let mut out = Vec::with_capacity(bytes.len());
        self.stream.take(bytes, &mut out);
        self.tape.write(&out);
    }

    fn end(&mut self) {
        let mut out = Vec::new();
        self.stream.finish(&mut out);
        self.tape.write(&out);
    }
}

/// What is held when the recording is ended is part of it.
impl<D: ?Sized> Drop for Tap<D> {
    fn drop(&mut self) {
        self.end();
    }
}

impl<D: Decode + ?Sized> Decode for Tap<D> {
    fn feed(&mut self, bytes: &[u8], received: Moment, batch: &mut Batch) {
        self.record(bytes);
        self.inner.feed(bytes, received, batch);
    }

    fn finish(&mut self, received: Moment, batch: &mut Batch) {
        self.end();
        self.inner.finish(received, batch);
    }

    fn pending_bytes(&self) -> u64 {
        self.inner.pending_bytes()
    }

    fn rewind(&mut self) {
        self.end();
        self.inner.rewind();
    }

    fn quiet(&mut self, now: Moment, batch: &mut Batch) {
        self.inner.quiet(now, batch);
    }

    fn flush(&mut self, batch: &mut Batch) {
        self.inner.flush(batch);
    }

    fn fault(&self) -> Option<String> {
        self.inner.fault()
    }
}

impl<D: Dialogue + ?Sized> Dialogue for Tap<D> {
    fn connected(&mut self, now: Moment) {
        self.end();
        self.inner.connected(now);
    }

    fn say(&mut self) -> Vec<u8> {
        self.inner.say()
    }

    fn tick(&mut self, now: Moment, batch: &mut Batch) {
        self.inner.tick(now, batch);
    }

    fn lost(&mut self, now: Moment, batch: &mut Batch) {
        self.end();
        self.inner.lost(now, batch);
    }

    fn standing(&self) -> Standing {
        self.inner.standing()
    }

    fn silence_max(&self) -> Span {
        self.inner.silence_max()
    }

    fn findings(&self) -> Findings {
        self.inner.findings()
    }
}
