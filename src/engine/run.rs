//! The loop of the daemon: group commit, retry, expiry, publishing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::engine::{Engine, Intake};
use crate::names::SourceId;
use crate::source::batch::{Delivery, Receipt};
use crate::source::health::Health;
use crate::stats::Snapshot;
use crate::stats::snapshot::ReportBoard;
use crate::store::StoreError;

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

/// Where the loop gets its work and where it puts what it made.
pub struct Joints {
    /// Batches from the sources; closed when all of them have stopped.
    pub deliveries: mpsc::Receiver<Delivery>,
    /// Finished figures.
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    /// How each source fares.
    pub health: Box<dyn Fn(SourceId) -> Health + Send>,
    /// How the scheduled reports do.
    pub reports: ReportBoard,
    /// Turns true when the daemon is asked to stop: a store that fails is then tried no longer.
    pub stop: watch::Receiver<bool>,
}

/// Runs until all sources have stopped and everything they sent is committed. An error means that
/// the daemon was asked to stop while the store failed, or that another has taken over: what was
/// not committed was not acknowledged either, and is read again at the next start.
pub async fn run(mut engine: Engine, mut joints: Joints) -> Result<(), StoreError> {
    let mut published = Instant::now();
    let mut expired = Instant::now();
    loop {
        let first = tokio::time::timeout(TICK, joints.deliveries.recv()).await;
        let mut answers = Vec::new();
        match first {
            Ok(None) => break,
            Ok(Some(delivery)) => gather(&mut engine, &mut joints, delivery, &mut answers).await?,
            // A feed that cannot be ended, such as standard input, does not hold us up.
            Err(_) if *joints.stop.borrow() => break,
            Err(_) => {}
        }
        if expired.elapsed() >= EXPIRE_EVERY {
            engine.expire();
            expired = Instant::now();
            stubborn(&mut engine, &joints, Engine::keep).await?;
        }
        stubborn(&mut engine, &joints, Engine::commit).await?;
        for (answer, receipt) in answers {
            // A sender that has gone away wants no answer.
            let _ = answer.send(receipt);
        }
        if published.elapsed() >= PUBLISH_EVERY {
            publish(&engine, &joints);
            published = Instant::now();
        }
    }
    stubborn(&mut engine, &joints, Engine::commit).await?;
    publish(&engine, &joints);
    Ok(())
}

type Answers = Vec<(tokio::sync::oneshot::Sender<Receipt>, Receipt)>;

/// Takes a delivery and whatever else is waiting behind it, up to one commit's worth.
async fn gather(
    engine: &mut Engine,
    joints: &mut Joints,
    first: Delivery,
    answers: &mut Answers,
) -> Result<(), StoreError> {
    let mut next = Some(first);
    let mut events = 0;
    while let Some(delivery) = next {
        let mut intake = Intake::new(delivery.batch);
        stubborn(engine, joints, |engine| engine.take(&mut intake)).await?;
        let receipt = intake.into_receipt();
        events += receipt.accepted + receipt.duplicates + receipt.rejected;
        if let Some(done) = delivery.done {
            answers.push((done, receipt));
        }
        next = if events < EVENTS_PER_COMMIT { joints.deliveries.try_recv().ok() } else { None };
    }
    Ok(())
}

/// Tries until the store does it, showing the trouble meanwhile; gives up only when asked to stop.
async fn stubborn(
    engine: &mut Engine,
    joints: &Joints,
    mut attempt: impl FnMut(&mut Engine) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut pause = RETRY.0;
    let mut has_failed = false;
    loop {
        match attempt(engine) {
            Ok(()) => {
                if has_failed {
                    tracing::info!("the store works again");
                }
                return Ok(());
            }
            Err(error) if *joints.stop.borrow() => return Err(error),
            Err(error @ StoreError::Superseded) => {
                tracing::error!(%error, "this program no longer leads, and stops");
                engine.trouble(&error);
                publish(engine, joints);
                return Err(error);
            }
            Err(error) => {
                if !has_failed {
                    tracing::error!(%error, "the store fails; intake is held back and the batch is tried again");
                }
                has_failed = true;
                engine.trouble(&error);
                publish(engine, joints);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RETRY.1);
            }
        }
    }
}

fn publish(engine: &Engine, joints: &Joints) {
    joints.snapshots.send_replace(Arc::new(engine.snapshot(&*joints.health, joints.reports.read())));
}
