//! The surfaces: what all pages share, and the threads that serve them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{Semaphore, watch};

use crate::config::Config;
use crate::daemon::StartError;
use crate::daemon::feeds::Common;
use crate::daemon::outgoing::AlertDesk;
use crate::metrics::HttpMetrics;
use crate::metrics::page::registry;
use crate::source::SourceSettings;
use crate::source::kind::{Transport, kind_named};
use crate::stats::Snapshot;
use crate::stats::snapshot::ReportBoard;
use crate::store;
use crate::web::Shared;
use crate::web::audit::AuditTrail;
use crate::web::gate::Gate;
use crate::web::ingest::POSTS_MAX;
use crate::web::live::{Live, pace};
use crate::web::readers::Readers;
use crate::web::sender::{Door, Doors};
use crate::web::serve::Bounds;
use crate::web::settings::PublicBody;

/// What all pages share, with the ends that are written elsewhere.
pub(super) struct Surface {
    pub(super) shared: Arc<Shared>,
    /// Where figures are published.
    pub(super) snapshots: watch::Sender<Arc<Snapshot>>,
    /// Where it is told how the reports do.
    pub(super) reports: ReportBoard,
    /// Where it is told how the alerts stand.
    pub(super) desk: AlertDesk,
    pub(super) bounds: Bounds,
    pub(super) writers: [tokio::task::JoinHandle<()>; 2],
    pub(super) audit: JoinHandle<()>,
}

impl Surface {
    /// That of a web at `address`, which shows `first` until there is more. Nothing is asked of the
    /// store yet.
    pub(super) fn new(
        config: &Config,
        address: SocketAddr,
        common: &Common,
        first: Snapshot,
    ) -> Result<Self, StartError> {
        let (directory, clock, stop) = (Arc::clone(&config.directory), common.clock.clone(), common.stop.clone());
        let first = Arc::new(first);
        let (shown_out, shown) = watch::channel(Arc::clone(&first));
        let (snapshots_out, snapshots) = watch::channel(first);
        let metrics = registry();
        let (alerts, desk) = AlertDesk::new();
        let (trail, audit) = AuditTrail::start(store::open_ledger_of(&config.store, None)?, clock.clone());
        let gate = Arc::new(Gate::open(&config.http, address, &directory, trail, clock.clone())?);
        let writers = [tokio::spawn(pace(snapshots.clone(), shown_out)), tokio::spawn(Arc::clone(&gate).watch())];
        let (settings, named) = (config.store.clone(), Arc::clone(&directory));
        let readers = Readers::new(Box::new(move || store::open_reader(&settings, &named)));
        let settings = config.store.clone();
        let bounds = Bounds::of_system();
        let shared = Shared {
            snapshots,
            live: Live::new(shown, alerts.state.clone()),
            readers: Arc::new(readers),
            open_ledger: Box::new(move || store::open_ledger_of(&settings, None)),
            directory,
            alerts,
            doors: doors(&config.sources)?,
            sink: common.sink.clone(),
            http: HttpMetrics::new(&metrics).map_err(|error| StartError::Metrics(error.to_string()))?,
            registry: metrics,
            series_max: config.metrics.series_max,
            clock,
            gate,
            public_body: PublicBody {
                name: config.http.public_body.clone(),
                contact: config.http.public_contact.clone(),
            },
            stop,
            streams: Arc::new(Semaphore::new(bounds.streams)),
            posts: Arc::new(Semaphore::new(POSTS_MAX)),
        };
        let reports = ReportBoard::default();
        Ok(Self { shared: Arc::new(shared), snapshots: snapshots_out, reports, desk, bounds, writers, audit })
    }
}

/// Doors for the sources that are posted to.
fn doors(sources: &[SourceSettings]) -> Result<Doors, StartError> {
    let door = |source: &SourceSettings| -> Result<Option<Door>, StartError> {
        if !kind_named(&source.kind).is_some_and(|kind| matches!(kind.transport, Transport::Http)) {
            return Ok(None);
        }
        let failed = |error| StartError::Source { name: source.name.clone(), why: format!("token_file: {error}") };
        Ok(Some(Door::new(source.read_token().map_err(failed)?, source.rate)))
    };
    Ok(Doors::new(sources.iter().map(door).collect::<Result<_, _>>()?))
}
