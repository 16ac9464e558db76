//! A source read as the daemon reads it, and recorded in disguise; nothing is counted or stored.

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::daemon::StartError;
use crate::daemon::feeds::{self, Common, Stood};
use crate::names::SourceId;
use crate::source::batch::DELIVERIES_MAX;
use crate::source::disguise::Recorder;
use crate::source::{HealthBoard, Receipt, SourceSettings};

/// Reads the source and records it until `stop` turns true. How it fares stands on `health`.
pub async fn record(
    settings: &SourceSettings,
    recorder: Recorder,
    health: HealthBoard,
    clock: Clock,
    stop: watch::Receiver<bool>,
) -> Result<(), StartError> {
    let (sink, mut deliveries) = mpsc::channel(DELIVERIES_MAX);
    let mut tasks = JoinSet::new();
    let common = Common { files: sink.clone(), sink, clock, stop: stop.clone(), recorder: Some(recorder) };
    feeds::start(SourceId(0), settings, Stood::At(None), health, &common, &mut tasks).await?;
    drop(common);
    let mut stopped = stop;
    loop {
        let delivery = tokio::select! {
            delivery = deliveries.recv() => delivery,
            _ = stopped.wait_for(|stop| *stop) => break,
        };
        let Some(delivery) = delivery else { break };
        if let Some(done) = delivery.done {
            // Nothing of it was accepted, and the sender is told so.
            let _ = done.send(Receipt::default());
        }
    }
    drop(deliveries);
    while tasks.join_next().await.is_some() {}
    Ok(())
}
