//! While the store is away: the live figures go on over a store that keeps nothing, what comes in
//! lies in the spool, and a thread of its own waits for the store and brings it up to date.
//!
//! That thread restores an engine from the store, as a start does, and gives it what lies in the
//! spool, each batch as at the time when it came. When it has caught up, its engine takes the place of
//! the one that showed the live figures, which is thrown away with whatever it could not know. So
//! nothing that is stored ever comes from memory that a crash could have lost.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::clock::{CalmClock, Clock};
use crate::engine::core::Engine;
use crate::engine::intake::Intake;
use crate::measure::Moment;
use crate::names::{CallKey, SourceId};
use crate::stats::{Cell, CellKey};
use crate::store::spool::{Mark, Spool, SpoolReader, Spooled};
use crate::store::{Commit, Restored, Store, StoreError};

/// Events of the spool that are stored with one commit.
const EVENTS_PER_COMMIT: usize = 10_000;
/// How often the thread looks for more.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// First and longest pause before a failing store is tried again.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// A store that knows nothing and keeps nothing.
pub(super) struct Nowhere;

impl Store for Nowhere {
    fn restore(&mut self, _: Moment) -> Result<Restored, StoreError> {
        Ok(Restored::default())
    }

    fn recall_calls(&mut self, _: &[CallKey]) -> Result<Vec<(usize, Vec<u8>)>, StoreError> {
        Ok(Vec::new())
    }

    fn calls_gone_until(&mut self, _: SourceId) -> Result<Option<Moment>, StoreError> {
        Ok(None)
    }

    fn recall_cells(&mut self, _: &[CellKey]) -> Result<Vec<(usize, Cell)>, StoreError> {
        Ok(Vec::new())
    }

    fn commit(&mut self, _: &Commit<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    fn keep(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn is_empty(&mut self) -> Result<bool, StoreError> {
        Ok(true)
    }
}

/// How the thread stands, for the loop of the daemon.
#[derive(Debug)]
struct Board {
    /// Nothing more comes: end when all is stored.
    is_sealed: AtomicBool,
    /// End at once.
    is_stopped: AtomicBool,
    /// Records of the spool that are stored; [`UNKNOWN`] until the store has answered.
    stored: AtomicU64,
    /// Failed attempts.
    errors: AtomicU64,
    trouble: Mutex<Option<String>>,
}

const UNKNOWN: u64 = u64::MAX;

impl Board {
    fn new(why: String) -> Self {
        Self {
            is_sealed: AtomicBool::new(false),
            is_stopped: AtomicBool::new(false),
            stored: AtomicU64::new(UNKNOWN),
            errors: AtomicU64::new(0),
            trouble: Mutex::new(Some(why)),
        }
    }

    fn tell(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

/// The thread that brings the store up to date.
pub(super) struct Drain {
    board: Arc<Board>,
    thread: JoinHandle<Result<Option<Engine>, StoreError>>,
}

impl Drain {
    /// Starts it: `fresh` is to be restored from its store, `reader` stands at the spool's beginning.
    pub(super) fn start(fresh: Engine, mappings: Vec<(SourceId, String)>, reader: SpoolReader, why: String) -> Self {
        let board = Arc::new(Board::new(why));
        let shared = Arc::clone(&board);
        Self { board, thread: std::thread::spawn(move || drain(fresh, &mappings, reader, &shared)) }
    }

    /// Records that it has stored; `None`: the store has not answered yet.
    pub(super) fn stored(&self) -> Option<u64> {
        Some(self.board.stored.load(Ordering::Acquire)).filter(|stored| *stored != UNKNOWN)
    }

    /// Its failed attempts.
    pub(super) fn errors(&self) -> u64 {
        self.board.errors.load(Ordering::Relaxed)
    }

    /// Why it does not get on; `None`: it does.
    pub(super) fn trouble(&self) -> Option<String> {
        self.board.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it has ended by itself: another program leads.
    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Nothing more comes, and all is stored: its engine.
    pub(super) fn finish(self) -> Result<Engine, StoreError> {
        self.board.is_sealed.store(true, Ordering::Release);
        let ended = self.thread.join();
        let died = || StoreError::Damaged { what: "the thread that stores the spool".to_owned() };
        ended.map_err(|_| died())??.ok_or_else(died)
    }

    /// Ends it within `patience`; a store that does not answer is waited for no longer.
    pub(super) fn stop(self, patience: Duration) {
        self.board.is_stopped.store(true, Ordering::Release);
        let end = Instant::now() + patience;
        while !self.thread.is_finished() && Instant::now() < end {
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

/// A batch from the spool on its way in.
struct Taking {
    received: Moment,
    intake: Intake,
    is_settled: bool,
    is_taken: bool,
}

impl Taking {
    fn of(spooled: Spooled) -> Self {
        let Spooled { received, is_settled, batch } = spooled;
        Self { received, intake: Intake::new(batch), is_settled, is_taken: false }
    }
}

/// Until all is stored and nothing more comes. `None`: it was stopped.
fn drain(
    mut engine: Engine,
    mappings: &[(SourceId, String)],
    mut reader: SpoolReader,
    board: &Board,
) -> Result<Option<Engine>, StoreError> {
    let mut pause = RETRY.0;
    // An engine that was put back in part is thrown away.
    while let Err(error) = engine.restore() {
        if rest(board, &mut pause, error)? {
            return Ok(None);
        }
        engine = engine.anew();
    }
    for (source, mapping) in mappings {
        engine.read_by(*source, mapping);
    }
    pause = RETRY.0;
    while let Err(error) = reader.skip(engine.spooled.value) {
        if rest(board, &mut pause, unreadable(&error))? {
            return Ok(None);
        }
    }
    loop {
        // Asked before the last look, so that nothing can have come in between.
        let is_sealed = board.is_sealed.load(Ordering::Acquire);
        let (mut group, mut events) = (Vec::new(), 0);
        while events < EVENTS_PER_COMMIT {
            match reader.next() {
                Ok(None) => break,
                Ok(Some(spooled)) => {
                    events += spooled.batch.events.len();
                    group.push(Taking::of(spooled));
                }
                Err(error) => {
                    if rest(board, &mut pause, unreadable(&error))? {
                        return Ok(None);
                    }
                }
            }
        }
        while let Err(error) = step(&mut engine, &mut group, reader.mark()) {
            if rest(board, &mut pause, error)? {
                return Ok(None);
            }
        }
        pause = RETRY.0;
        board.tell(None);
        board.stored.store(reader.mark().records, Ordering::Release);
        if board.is_stopped.load(Ordering::Acquire) {
            return Ok(None);
        }
        if group.is_empty() {
            if is_sealed {
                return Ok(Some(engine));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

fn unreadable(error: &std::io::Error) -> StoreError {
    StoreError::Damaged { what: format!("the spool ({error})") }
}

/// Says that the writer is there, and stores a group where there is one.
fn step(engine: &mut Engine, group: &mut [Taking], mark: Mark) -> Result<(), StoreError> {
    engine.keep()?;
    if group.is_empty() { Ok(()) } else { engine.take_spooled(group, mark) }
}

/// Tells the trouble and pauses; whether it is time to end. An error is final.
fn rest(board: &Board, pause: &mut Duration, error: StoreError) -> Result<bool, StoreError> {
    if matches!(error, StoreError::Superseded) {
        return Err(error);
    }
    board.errors.fetch_add(1, Ordering::Relaxed);
    board.tell(Some(error.to_string()));
    let end = Instant::now() + *pause;
    *pause = (*pause * 2).min(RETRY.1);
    while Instant::now() < end {
        if board.is_stopped.load(Ordering::Acquire) {
            return Ok(true);
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(board.is_stopped.load(Ordering::Acquire))
}

impl Engine {
    /// Takes in what lies in the spool from before the start, and empties it.
    pub fn replay(&mut self, spool: &mut Spool) -> Result<(), StoreError> {
        if spool.is_empty() {
            return Ok(spool.clear()?);
        }
        let Some(mut reader) = spool.reader(self.spooled.value)? else { return Ok(()) };
        let events = spool.events();
        let mut group: Vec<Taking> = Vec::new();
        let mut held = 0;
        while let Some(spooled) = reader.next().map_err(|error| unreadable(&error))? {
            held += spooled.batch.events.len();
            group.push(Taking::of(spooled));
            if held >= EVENTS_PER_COMMIT {
                self.take_spooled(&mut group, reader.mark())?;
                group.clear();
                held = 0;
            }
        }
        self.take_spooled(&mut group, reader.mark())?;
        spool.clear()?;
        tracing::info!(events, "what lay in the spool is stored");
        Ok(())
    }

    /// Takes batches in as at the times when they came, and commits them with how far the spool has
    /// been read. May be called again with the same batches after a failure.
    fn take_spooled(&mut self, group: &mut [Taking], mark: Mark) -> Result<(), StoreError> {
        let last = group.last().map(|taking| taking.received);
        for taking in group.iter_mut().filter(|taking| !taking.is_taken) {
            self.as_at(taking.received, |engine| {
                engine.take(&mut taking.intake)?;
                if taking.is_settled { engine.work_out() } else { Ok(()) }
            })?;
            taking.is_taken = true;
        }
        *self.spooled.change() = Some(mark);
        self.as_at(last.unwrap_or(self.calm.peek()), |engine| {
            engine.expire();
            engine.commit()
        })
    }

    /// The same from the beginning, over the same store.
    pub(super) fn anew(self) -> Self {
        let mut anew = Self::fresh(self.directory, self.settings, self.store, self.clock);
        anew.calm = self.calm;
        anew
    }

    /// Goes on without its store, for showing only; what it leaves behind is to be restored from it.
    pub(super) fn part(&mut self) -> Self {
        self.is_away = true;
        let store = std::mem::replace(&mut self.store, Box::new(Nowhere));
        let mut stored = Self::fresh(Arc::clone(&self.directory), self.settings.clone(), store, self.clock.clone());
        stored.calm = self.calm.clone();
        stored
    }

    /// The store has been brought up to date by `stored`, which takes its place. What nobody stores
    /// stays: how sources, attendants and the store have fared since the start.
    pub(super) fn succeeded_by(&mut self, stored: Self, errors: u64) {
        let shown = std::mem::replace(self, stored);
        self.revision = self.revision.max(shown.revision) + 1;
        self.live = shown.live;
        self.agents = shown.agents;
        self.tells_agents = shown.tells_agents;
        self.calm = shown.calm;
        self.started = shown.started;
        self.health.and(&shown.health);
        self.health.0.errors += errors;
        (self.health.0.trouble, self.health.0.unstored) = (None, None);
    }

    /// Does something as if it were `at`.
    pub(super) fn as_at<T>(&mut self, at: Moment, act: impl FnOnce(&mut Self) -> T) -> T {
        let standing = Clock::standing_at(at);
        let calm = std::mem::replace(&mut self.calm, CalmClock::new(standing.clone(), 0));
        let clock = std::mem::replace(&mut self.clock, standing);
        let done = act(self);
        (self.clock, self.calm) = (clock, calm);
        done
    }

    /// Now, by its clock.
    pub(super) fn now(&self) -> Moment {
        self.calm.peek()
    }

    /// The sources that are read by a mapping of their columns.
    pub(super) fn mappings(&self) -> Vec<(SourceId, String)> {
        let all = self.sources.iter().enumerate();
        all.filter_map(|(at, source)| Some((SourceId(at as u32), source.value.mapping.clone()?))).collect()
    }
}
