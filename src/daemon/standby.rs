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
use crate::store::{self, Fence, Store, StoreError, StoreSettings, Turn};
use crate::web::standby;

/// How often a standby looks whether its place is free.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The store, the fence for those who write beside it, and the listener of the pages, which meanwhile
/// served the state of a standby.
pub(super) async fn lead(
    settings: &StoreSettings,
    directory: &Arc<Directory>,
    listener: TcpListener,
    address: SocketAddr,
) -> Result<(Box<dyn Store>, Fence, TcpListener), StartError> {
    let mut turn = Turn::default();
    let why = match open(settings, directory, &mut turn).await {
        Err(held @ StoreError::Held { .. }) if settings.is_on_server() => held.to_string(),
        opened => return Ok((opened?, turn.fence().clone(), listener)),
    };
    let failed = |error| StartError::Listen { address, error };
    let listener = listener.into_std().map_err(failed)?;
    let shown = TcpListener::from_std(listener.try_clone().map_err(failed)?).map_err(failed)?;
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
        match open(settings, directory, &mut turn).await {
            Ok(store) => break store,
            // Also a server that is down for a while: a standby waits for it.
            Err(held @ (StoreError::Held { .. } | StoreError::Postgres { .. })) => {
                reason.send_replace(held.to_string());
            }
            Err(other) => return Err(other.into()),
        }
    };
    // Whoever keeps a line open must come again, to the pages themselves.
    lead.send_replace(true);
    let _ = tokio::time::timeout(LOOK_EVERY, pages.join_next()).await;
    tracing::info!("the other program has gone: this one leads from now on");
    Ok((store, turn.fence().clone(), TcpListener::from_std(listener).map_err(failed)?))
}

/// Opening blocks, on a server that is slow for seconds.
async fn open(
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
