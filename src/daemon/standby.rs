//! Until this program may write: opens the store, or stands by while another leads.
//!
//! A standby serves nothing but its own state, at the address where the pages will be: not ready, and
//! why. It takes over as soon as the leader has gone, or has said nothing for too long.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::daemon::StartError;
use crate::directory::Directory;
use crate::store::{self, Store, StoreError, StoreSettings, Turn};
use crate::web::standby;

/// How often a standby looks whether its place is free.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Waits while another leads, who is named in `why`: the store, and the listener of the pages, which
/// meanwhile served the state of a standby.
pub(super) async fn stand_by(
    settings: &StoreSettings,
    directory: &Arc<Directory>,
    turn: &mut Turn,
    why: String,
    listener: TcpListener,
    address: SocketAddr,
) -> Result<(Box<dyn Store>, TcpListener), StartError> {
    let failed = |error| StartError::Listen { address, error };
    let (listener, shown) = twice(listener).map_err(failed)?;
    let (reason, reasons) = watch::channel(why.clone());
    let (lead, mut leads) = watch::channel(false);
    tracing::info!("standby at http://{address}/readyz: {why}");
    // Dropped with this function, however it ends.
    let mut pages = tokio::task::JoinSet::new();
    pages.spawn(async move {
        let until = async move { drop(leads.wait_for(|leads| *leads).await) };
        axum::serve(shown, standby::router(reasons)).with_graceful_shutdown(until).await
    });
    let store = loop {
        tokio::time::sleep(LOOK_EVERY).await;
        match open(settings, directory, turn).await {
            Ok(store) => break store,
            // Also a server that is down for a while: a standby waits for it.
            Err(held @ (StoreError::Held { .. } | StoreError::Unreachable { .. } | StoreError::Postgres { .. })) => {
                reason.send_replace(held.to_string());
            }
            Err(other) => return Err(other.into()),
        }
    };
    // Whoever keeps a line open must come again, to the pages themselves.
    lead.send_replace(true);
    let _ = tokio::time::timeout(LOOK_EVERY, pages.join_next()).await;
    tracing::info!("the other program has gone: this one leads from now on");
    Ok((store, listener))
}

/// The same listener, for now and for later.
pub(super) fn twice(listener: TcpListener) -> std::io::Result<(TcpListener, TcpListener)> {
    let listener = listener.into_std()?;
    let other = listener.try_clone()?;
    Ok((TcpListener::from_std(listener)?, TcpListener::from_std(other)?))
}

/// Opening blocks, on a server that is slow for seconds.
pub(super) async fn open(
    settings: &StoreSettings,
    directory: &Arc<Directory>,
    turn: &mut Turn,
) -> Result<Box<dyn Store>, StoreError> {
    let (settings, directory) = (settings.clone(), Arc::clone(directory));
    let mut taking = std::mem::take(turn);
    let opening = move || (store::open_in_turn(&settings, &directory, &mut taking), taking);
    let Ok((opened, seen)) = tokio::task::spawn_blocking(opening).await else {
        return Err(StoreError::Damaged { what: "the thread that opens the store".to_owned() });
    };
    *turn = seen;
    opened
}
