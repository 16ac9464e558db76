//! What every page shares.

use std::sync::Arc;

use prometheus::Registry;
use tokio::sync::{Semaphore, watch};

use crate::alert::AlertBoard;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::measure::Moment;
use crate::metrics::HttpMetrics;
use crate::source::Sink;
use crate::stats::Snapshot;
use crate::web::gate::Gate;
use crate::web::live::Live;
use crate::web::readers::Readers;
use crate::web::sender::Doors;
use crate::web::settings::PublicBody;
use crate::web::tickets::OpenLedger;

/// What every page shares.
pub struct Shared {
    /// Finished figures, always the newest.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// The same as JSON, written once for all who see the same.
    pub live: Live,
    /// Questions to the store.
    pub readers: Arc<Readers>,
    /// Opens what is kept beside the figures, for what is told by no source.
    pub open_ledger: OpenLedger,
    /// Who is who.
    pub directory: Arc<Directory>,
    /// How the alerts stand.
    pub alerts: AlertBoard,
    /// The sources that may be posted to.
    pub doors: Doors,
    /// The way to the engine; gone when the daemon stops.
    pub sink: Sink,
    /// What the program counts itself.
    pub registry: Registry,
    /// Of that, what the web counts.
    pub http: HttpMetrics,
    /// Most series on the page of metrics.
    pub series_max: usize,
    /// Tells the time.
    pub clock: Clock,
    /// Who is let in.
    pub gate: Arc<Gate>,
    /// Who stands behind the service.
    pub public_body: PublicBody,
    /// Turns true when the daemon stops: streams end.
    pub stop: watch::Receiver<bool>,
    /// Places for streams.
    pub streams: Arc<Semaphore>,
    /// Places for posts under way.
    pub posts: Arc<Semaphore>,
}

impl Shared {
    /// `2026-11-01T07:15:00.250+01:00`: a moment with the offset that holds there; whole seconds
    /// without decimals.
    pub fn local(&self, at: Moment) -> String {
        let local = at.to_utc().with_timezone(&self.directory.zone());
        local.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false)
    }
}
