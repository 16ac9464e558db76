//! Start, and stop in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::config::Config;
use crate::daemon::feeds::{self, Common};
use crate::daemon::outgoing::{self, Outgoing};
use crate::daemon::standby::lead;
use crate::daemon::upkeep;
use crate::engine::Engine;
use crate::engine::run::{Joints, run};
use crate::metrics::HttpMetrics;
use crate::metrics::page::registry;
use crate::names::SourceId;
use crate::source::batch::DELIVERIES_MAX;
use crate::source::kind::{Transport, kind_named};
use crate::source::{HealthBoard, Sink, SourceSettings};
use crate::stats::Snapshot;
use crate::stats::snapshot::ReportBoard;
use crate::store::spool::Spool;
use crate::store::{self, StoreError};
use crate::web::audit::AuditTrail;
use crate::web::gate::{Gate, GateError};
use crate::web::ingest::POSTS_MAX;
use crate::web::live::{Live, pace};
use crate::web::readers::Readers;
use crate::web::sender::{Door, Doors};
use crate::web::serve::{Bounds, serve};
use crate::web::settings::PublicBody;
use crate::web::{Shared, router};

/// Why the daemon could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A source.
    #[error("source `{name}`: {why}")]
    Source {
        /// Which.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// The address of the web.
    #[error("http.listen: cannot listen on {address}: {error}; is another daemon running there?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's word.
        error: std::io::Error,
    },
    /// The gate.
    #[error("{0}")]
    Gate(#[from] GateError),
    /// What goes out.
    #[error("{0}")]
    Outgoing(String),
    /// The metrics of the web.
    #[error("metrics: {0}")]
    Metrics(String),
}

/// A running daemon.
pub struct Daemon {
    /// Where the web is served.
    pub address: SocketAddr,
    /// The way to the engine, for feeds that are made in the program.
    pub sink: Sink,
    stop_feeds: watch::Sender<bool>,
    stop_engine: watch::Sender<bool>,
    feeds: JoinSet<()>,
    web: tokio::task::JoinHandle<()>,
    writers: [tokio::task::JoinHandle<()>; 2],
    audit: JoinHandle<()>,
    outgoing: Outgoing,
    upkeep: JoinHandle<()>,
    engine: JoinHandle<Result<(), StoreError>>,
}

impl Daemon {
    /// Opens the store, restores, starts the feeds, serves the web.
    pub async fn start(config: &Config, clock: Clock) -> Result<Self, StartError> {
        let directory = Arc::clone(&config.directory);
        let address = config.http.listen;
        let listen = |error| StartError::Listen { address, error };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (store, fence, listener) = lead(&config.store, &directory, listener, address).await?;
        let mut engine = Engine::open(Arc::clone(&directory), config.tracker.clone(), store, clock.clone())?;
        let mut spool =
            Spool::open(&config.store.spool_path(), config.store.spool_bytes_max).map_err(StoreError::from)?;
        engine.replay(&mut spool)?;
        let (sink, live) = mpsc::channel(DELIVERIES_MAX);
        let (files_in, files) = mpsc::channel(DELIVERIES_MAX);
        let (stop_feeds, stop) = watch::channel(false);
        let (stop_engine, engine_stop) = watch::channel(false);
        let boards: Vec<HealthBoard> =
            config.sources.iter().map(|source| HealthBoard::of(Some(source.silent_after))).collect();
        let common =
            Common { sink: sink.clone(), files: files_in, clock: clock.clone(), stop: stop.clone(), recorder: None };
        let mut feeds = JoinSet::new();
        for (at, settings) in config.sources.iter().enumerate() {
            let source = SourceId(at as u32);
            if let Some(mapping) = settings.mapping() {
                engine.read_by(source, &mapping);
            }
            let position = engine.position(source).map(ToOwned::to_owned);
            feeds::start(source, settings, position, boards[at].clone(), &common, &mut feeds).await?;
        }
        let health = move |source: SourceId| boards.get(source.index()).map(HealthBoard::read).unwrap_or_default();
        let reports = ReportBoard::default();
        let first: Arc<Snapshot> = Arc::new(engine.snapshot(&health, reports.read()));
        let (shown_out, shown) = watch::channel(Arc::clone(&first));
        let (snapshots_out, snapshots) = watch::channel(first);
        let metrics = registry();
        let upkeep = upkeep::start(config, &fence, &clock, stop.clone());
        let (outgoing, alerts) = outgoing::start(config, &fence, snapshots.clone(), reports.clone(), &clock, stop.clone())?;
        let (trail, audit) = AuditTrail::start(store::open_ledger_of(&config.store, None)?, clock.clone());
        let gate = Arc::new(Gate::open(&config.http, address, &directory, trail, clock.clone())?);
        let writers = [tokio::spawn(pace(snapshots.clone(), shown_out)), tokio::spawn(Arc::clone(&gate).watch())];
        let (settings, named) = (config.store.clone(), Arc::clone(&directory));
        let readers = Readers::new(Box::new(move || store::open_reader(&settings, &named)));
        let bounds = Bounds::of_system();
        let shared = Shared {
            snapshots,
            live: Live::new(shown, alerts.state.clone()),
            readers: Arc::new(readers),
            directory,
            alerts,
            doors: doors(&config.sources)?,
            sink: sink.clone(),
            http: HttpMetrics::new(&metrics).map_err(|error| StartError::Metrics(error.to_string()))?,
            registry: metrics,
            series_max: config.metrics.series_max,
            clock,
            gate,
            public_body: PublicBody {
                name: config.http.public_body.clone(),
                contact: config.http.public_contact.clone(),
            },
            stop: stop.clone(),
            streams: Arc::new(Semaphore::new(bounds.streams)),
            posts: Arc::new(Semaphore::new(POSTS_MAX)),
        };
        let (http, shared) = (shared.http.clone(), Arc::new(shared));
        let health = Box::new(health);
        let joints = Joints {
            live,
            files,
            spool,
            snapshots: snapshots_out,
            health,
            reports,
            stopping: stop.clone(),
            stop: engine_stop,
        };
        Ok(Self {
            address,
            sink,
            stop_feeds,
            stop_engine,
            feeds,
            web: tokio::spawn(serve(listener, router(shared), bounds, http, stop)),
            writers,
            audit,
            outgoing,
            upkeep,
            engine: std::thread::spawn(move || on_own_thread(engine, joints)),
        })
    }

    /// Stops: first the feeds and the web, then, when everything they sent is committed, the engine.
    pub async fn stop(mut self) -> Result<(), StoreError> {
        self.stop_feeds.send_replace(true);
        while self.feeds.join_next().await.is_some() {}
        // Its end, however it came, ends the web's hold on the engine.
        let _ = (&mut self.web).await;
        self.stop_engine.send_replace(true);
        drop(self.sink);
        let outgoing = self.outgoing;
        let upkeep = self.upkeep;
        let _ = tokio::task::spawn_blocking(move || (outgoing.join(), upkeep.join())).await;
        let engine = tokio::task::spawn_blocking(move || self.engine.join()).await;
        for writer in self.writers {
            writer.abort();
            let _ = writer.await;
        }
        // Nobody holds the trail now; what is under way is written.
        let _ = tokio::task::spawn_blocking(move || self.audit.join()).await;
        match engine {
            Ok(Ok(ended)) => ended,
            _ => Err(StoreError::Damaged { what: "the engine's thread, which stopped by itself,".to_owned() }),
        }
    }

    /// Whether the engine has ended by itself, which it never should.
    pub fn has_failed(&self) -> bool {
        self.engine.is_finished()
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

/// The store blocks, so the engine has a thread of its own, with a clock for its timers.
fn on_own_thread(engine: Engine, joints: Joints) -> Result<(), StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    match runtime {
        Ok(runtime) => runtime.block_on(run(engine, joints)),
        Err(error) => Err(StoreError::Damaged { what: format!("the engine's runtime ({error})") }),
    }
}
