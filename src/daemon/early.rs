//! Until the server of the store is there: what live sources say lies in the spool, files wait, and the
//! pages say why there is nothing to see.
//!
//! After a power cut the database comes up later than we do, and a switch does not say twice what it
//! says meanwhile.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::daemon::StartError;
use crate::daemon::standby::{self, LOOK_EVERY, twice};
use crate::daemon::surface::Surface;
use crate::directory::Directory;
use crate::engine::{Anteroom, Intake};
use crate::source::Delivery;
use crate::store::spool::Spool;
use crate::store::{Store, StoreError, StoreSettings, Turn};
use crate::web::serve::serve;
use crate::web::standby::early_router;

/// First and longest pause before a spool that cannot be written is tried again.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// What waiting needs.
pub(super) struct Waiting<'a> {
    pub(super) settings: &'a StoreSettings,
    pub(super) directory: &'a Arc<Directory>,
    pub(super) turn: &'a mut Turn,
    /// What live sources say.
    pub(super) live: &'a mut mpsc::Receiver<Delivery>,
    /// Why the store is not there, for people.
    pub(super) reason: watch::Sender<String>,
}

/// The pages meanwhile, on a second hold of the listener.
pub(super) struct Pages {
    served: JoinSet<()>,
    over: watch::Sender<bool>,
}

impl Pages {
    /// Opens them; the listener is for the pages proper.
    pub(super) fn open(
        listener: TcpListener,
        surface: &Surface,
        reason: watch::Receiver<String>,
    ) -> std::io::Result<(Self, TcpListener)> {
        let (listener, shown) = twice(listener)?;
        let (over, is_over) = watch::channel(false);
        let (mut served, shared) = (JoinSet::new(), Arc::clone(&surface.shared));
        let http = shared.http.clone();
        served.spawn(serve(shown, early_router(shared, reason), surface.bounds, http, is_over));
        Ok((Self { served, over }, listener))
    }

    /// Closes them, when what is under way has been answered.
    pub(super) async fn close(mut self) {
        self.over.send_replace(true);
        self.served.join_next().await;
    }
}

impl Waiting<'_> {
    /// Waits for the store, and lays what comes into the spool.
    pub(super) async fn wait(self, mut anteroom: Anteroom) -> Result<(Box<dyn Store>, Spool), StartError> {
        loop {
            let opened = {
                let (settings, directory, turn) = (self.settings, self.directory, &mut *self.turn);
                let attempt = async move {
                    tokio::time::sleep(LOOK_EVERY).await;
                    standby::open(settings, directory, turn).await
                };
                tokio::pin!(attempt);
                loop {
                    tokio::select! {
                        opened = &mut attempt => break opened,
                        Some(delivery) = self.live.recv() => {
                            anteroom = lay(anteroom, delivery, &self.reason).await?;
                        }
                    }
                }
            };
            match opened {
                Ok(store) => {
                    let events = anteroom.events();
                    tracing::info!(
                        events,
                        "the store is there; what came meanwhile lies in the spool and is stored now"
                    );
                    return Ok((store, anteroom.into_spool()));
                }
                // Another leads, and has done so all the time: it heard the same switches.
                Err(StoreError::Held { .. }) if self.turn.is_taken() => return Err(StoreError::Superseded.into()),
                Err(
                    away @ (StoreError::Unreachable { .. } | StoreError::Postgres { .. } | StoreError::Held { .. }),
                ) => {
                    let events = anteroom.events();
                    self.reason.send_replace(format!("{events} events wait in the spool: {away}"));
                }
                Err(other) => return Err(other.into()),
            }
        }
    }
}

/// Lays a batch into the spool and answers its sender; one that cannot be laid there is held until it
/// can, and its sender with it.
async fn lay(
    mut anteroom: Anteroom,
    delivery: Delivery,
    reason: &watch::Sender<String>,
) -> Result<Anteroom, StoreError> {
    let mut intake = Intake::new(delivery.batch);
    let (mut pause, mut is_told) = (RETRY.0, false);
    loop {
        // The disk blocks.
        let laying = move || {
            let laid = anteroom.take(&mut intake);
            (anteroom, intake, laid)
        };
        let laid;
        let Ok(back) = tokio::task::spawn_blocking(laying).await else {
            return Err(StoreError::Damaged { what: "the thread that writes the spool".to_owned() });
        };
        (anteroom, intake, laid) = back;
        let Err(error) = laid else { break };
        reason.send_replace(format!("intake is held back, since {error}"));
        if !std::mem::replace(&mut is_told, true) {
            tracing::error!(%error, "the store is not there and the spool cannot be written: intake is held back");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RETRY.1);
    }
    // A sender that has gone away wants no answer.
    let _ = delivery.done.map(|done| done.send(intake.into_receipt()));
    Ok(anteroom)
}
