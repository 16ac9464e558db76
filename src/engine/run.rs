//! The loop of the daemon: group commit, retry, the spool while the store is away, expiry, publishing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use crate::engine::away::Drain;
use crate::engine::{Engine, Intake};
use crate::measure::Moment;
use crate::names::SourceId;
use crate::source::batch::{Delivery, Receipt};
use crate::source::health::Health;
use crate::stats::Snapshot;
use crate::stats::snapshot::{ReportBoard, Unstored};
use crate::store::StoreError;
use crate::store::spool::Spool;

/// Events gathered into one commit at most: beyond a few thousand a larger one is no faster, and
/// the sender waits longer for its answer.
const EVENTS_PER_COMMIT: u64 = 10_000;
/// How often figures are published when nothing happens: waits grow by themselves.
const TICK: Duration = Duration::from_millis(500);
/// How often figures are published at most.
const PUBLISH_EVERY: Duration = Duration::from_millis(100);
/// How often time is let pass for the calls.
const EXPIRE_EVERY: Duration = Duration::from_secs(1);
/// First and longest pause before a failing store is tried again.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How long a store may fail before what comes goes to the spool: a server that is started anew, or
/// a line that is made anew, costs nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// A commit that takes longer than this holds up the live figures: the store is then brought up to
/// date beside them.
const SLOW: Duration = Duration::from_secs(2);

/// Where the loop gets its work and where it puts what it made.
pub struct Joints {
    /// Batches from sources that cannot wait; closed when all of them have stopped.
    pub live: mpsc::Receiver<Delivery>,
    /// Batches from sources that can: files are read later.
    pub files: mpsc::Receiver<Delivery>,
    /// Where batches lie that the store could not take.
    pub spool: Spool,
    /// Finished figures.
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    /// How each source fares.
    pub health: Box<dyn Fn(SourceId) -> Health + Send>,
    /// How the scheduled reports do.
    pub reports: ReportBoard,
    /// Turns true when the sources are asked to stop.
    pub stopping: watch::Receiver<bool>,
    /// Turns true when they have stopped: a store that fails is then tried no longer.
    pub stop: watch::Receiver<bool>,
}

impl Joints {
    /// The next batch; none: all sources have stopped. While the store is away, files wait.
    async fn next(&mut self, is_away: bool) -> Option<Delivery> {
        let is_over = |of: &mpsc::Receiver<Delivery>| of.is_closed() && of.is_empty();
        loop {
            if is_over(&self.live) && is_over(&self.files) {
                return None;
            }
            let is_read = !is_away || *self.stopping.borrow();
            tokio::select! {
                Some(delivery) = self.live.recv(), if !is_over(&self.live) => return Some(delivery),
                delivery = self.files.recv(), if is_read && !is_over(&self.files) => match delivery {
                    // So that its reader can stop; it is read again after the next start.
                    Some(_) if is_away => {}
                    Some(delivery) => return Some(delivery),
                    None => {}
                },
                // The caller waits for a while only.
                else => std::future::pending().await,
            }
        }
    }

    /// A batch that is there already.
    fn waiting(&mut self, is_away: bool) -> Option<Delivery> {
        self.live.try_recv().ok().or_else(|| if is_away { None } else { self.files.try_recv().ok() })
    }
}

/// A batch that has been taken in and not yet been committed, and who wants to know.
struct Held {
    intake: Intake,
    done: Option<oneshot::Sender<Receipt>>,
}

/// The store is away.
struct Away {
    since: Moment,
    drain: Drain,
}

struct Loop {
    engine: Engine,
    joints: Joints,
    away: Option<Away>,
    /// Why nothing can be taken in at all.
    held_back: Option<String>,
}

/// Runs until all sources have stopped and everything they sent is committed, or lies in the spool.
/// An error means that the daemon was asked to stop while neither could be done, or that another has
/// taken over: what was not committed was not acknowledged either, and is read again at the next
/// start.
pub async fn run(engine: Engine, joints: Joints) -> Result<(), StoreError> {
    let mut house = Loop { engine, joints, away: None, held_back: None };
    let mut published = Instant::now();
    let mut expired = Instant::now();
    loop {
        let is_away = house.away.is_some();
        let mut group = Vec::new();
        match tokio::time::timeout(TICK, house.joints.next(is_away)).await {
            Ok(None) => break,
            Ok(Some(delivery)) => house.gather(delivery, &mut group).await?,
            // A feed that cannot be ended, such as standard input, does not hold us up.
            Err(_) if *house.joints.stop.borrow() => break,
            Err(_) => {}
        }
        if expired.elapsed() >= EXPIRE_EVERY {
            house.engine.expire();
            expired = Instant::now();
            house.stubborn(&mut group, |engine, _| engine.keep()).await?;
        }
        house.commit(&mut group).await?;
        for held in group {
            // A sender that has gone away wants no answer.
            let _ = held.done.map(|done| done.send(held.intake.into_receipt()));
        }
        house.come_back()?;
        if published.elapsed() >= PUBLISH_EVERY {
            house.publish();
            published = Instant::now();
        }
    }
    house.end().await
}

impl Loop {
    /// Takes a delivery and whatever else is waiting behind it, up to one commit's worth.
    async fn gather(&mut self, first: Delivery, group: &mut Vec<Held>) -> Result<(), StoreError> {
        let mut next = Some(first);
        let mut events = 0;
        while let Some(delivery) = next {
            let held = Held { intake: Intake::new(delivery.batch), done: delivery.done };
            self.spool(&held).await?;
            group.push(held);
            let take = |engine: &mut Engine, group: &mut [Held]| {
                group.last_mut().map_or(Ok(()), |held| engine.take(&mut held.intake))
            };
            self.stubborn(group, take).await?;
            if self.away.is_some() {
                // As it will be done when it is read from the spool.
                self.engine.work_out()?;
            }
            events += group.last().map_or(0, |held| held.intake.receipt().total());
            next = if events < EVENTS_PER_COMMIT { self.joints.waiting(self.away.is_some()) } else { None };
        }
        Ok(())
    }

    /// While the store is away: lays a batch into the spool. One that cannot be laid there is held,
    /// and its sender with it, until it can.
    async fn spool(&mut self, held: &Held) -> Result<(), StoreError> {
        let mut pause = RETRY.0;
        while self.away.is_some() {
            let Err(error) = self.joints.spool.append(self.engine.now(), [held.intake.batch()]) else { break };
            if *self.joints.stopping.borrow() {
                return Err(error.into());
            }
            if self.held_back.is_none() {
                tracing::error!(%error, "the store is away and the spool cannot be written: intake is held back");
            }
            self.held_back = Some(error.to_string());
            self.publish();
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY.1);
            self.come_back()?;
        }
        self.held_back = None;
        Ok(())
    }

    async fn commit(&mut self, group: &mut [Held]) -> Result<(), StoreError> {
        let began = Instant::now();
        let was_near = self.away.is_none();
        self.stubborn(group, |engine, _| engine.commit()).await?;
        if was_near && self.away.is_none() && began.elapsed() > SLOW {
            let why = format!("a commit took {:.1} s", began.elapsed().as_secs_f64());
            // Where there is no place for a spool, a slow store is better than none.
            if let Err(error) = self.go_away(&[], why) {
                tracing::warn!(%error, "the store is slow");
            }
        }
        Ok(())
    }

    /// Tries until the store does it, showing the trouble meanwhile. When it has failed for a while,
    /// what has been taken goes to the spool, and the engine goes on without a store.
    async fn stubborn(
        &mut self,
        group: &mut [Held],
        mut attempt: impl FnMut(&mut Engine, &mut [Held]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (began, mut pause) = (Instant::now(), RETRY.0);
        let mut has_failed = false;
        loop {
            let error = match attempt(&mut self.engine, group) {
                Ok(()) if has_failed && self.away.is_none() => {
                    tracing::info!("the store works again");
                    return Ok(());
                }
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if matches!(error, StoreError::Superseded) {
                tracing::error!(%error, "this program no longer leads, and stops");
                self.engine.trouble(error.to_string());
                self.publish();
                return Err(error);
            }
            if !has_failed {
                tracing::error!(%error, "the store fails; the batch is tried again");
            }
            has_failed = true;
            // Feeds that are to stop may be waiting for us.
            let is_last = *self.joints.stop.borrow() || (*self.joints.stopping.borrow() && began.elapsed() >= PATIENCE);
            let mut why = error.to_string();
            if is_last || began.elapsed() >= PATIENCE {
                match self.go_away(group, why.clone()) {
                    Ok(()) => continue,
                    Err(_) if is_last => return Err(error),
                    Err(spool) => why = format!("{why}; intake is held back, since {spool}"),
                }
            }
            self.engine.trouble(why);
            self.publish();
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY.1);
        }
    }

    /// From here on the store is brought up to date beside us; `group` is in nothing but our hands.
    fn go_away(&mut self, group: &[Held], why: String) -> Result<(), StoreError> {
        let now = self.engine.now();
        self.joints.spool.append(now, group.iter().map(|held| held.intake.batch()))?;
        let Some(reader) = self.joints.spool.reader(None)? else { return Ok(()) };
        tracing::error!(why, "the store is away: live intake goes to the spool, files wait");
        let mappings = self.engine.mappings();
        self.away = Some(Away { since: now, drain: Drain::start(self.engine.part(), mappings, reader, why) });
        Ok(())
    }

    /// Goes back to the store when it has been brought up to date.
    fn come_back(&mut self) -> Result<(), StoreError> {
        let records = self.joints.spool.records();
        let is_done = |away: &mut Away| away.drain.has_ended() || away.drain.stored() == Some(records);
        let Some(away) = self.away.take_if(is_done) else { return Ok(()) };
        let errors = away.drain.errors();
        self.engine.succeeded_by(away.drain.finish()?, errors);
        let events = self.joints.spool.events();
        if let Err(error) = self.joints.spool.clear() {
            // What is stored of it is known by its number.
            tracing::warn!(%error, "the spool is stored, and could not be removed");
        }
        tracing::info!(events, "the store works again; what lay in the spool is stored");
        Ok(())
    }

    fn publish(&mut self) {
        if let Some(away) = &self.away {
            let spool = &self.joints.spool;
            let unstored = Unstored {
                since: away.since,
                events: spool.events(),
                bytes: spool.bytes(),
                bytes_max: spool.bytes_max(),
            };
            let why = away.drain.trouble().unwrap_or_else(|| "it is being brought up to date".to_owned());
            let why = match &self.held_back {
                Some(held) => format!("intake is held back, since {held}; {why}"),
                None => format!("{} events wait in the spool: {why}", unstored.events),
            };
            self.engine.is_unstored(unstored, why);
        }
        let snapshot = self.engine.snapshot(&*self.joints.health, self.joints.reports.read());
        self.joints.snapshots.send_replace(Arc::new(snapshot));
    }

    /// Commits the last of it. What lies in the spool stays there for the next start.
    async fn end(mut self) -> Result<(), StoreError> {
        self.commit(&mut []).await?;
        self.come_back()?;
        self.publish();
        if let Some(away) = self.away.take() {
            away.drain.stop(PATIENCE);
            let events = self.joints.spool.events();
            tracing::warn!(
                events,
                "stopping while the store is away; what lies in the spool is stored at the next start"
            );
        }
        Ok(())
    }
}
