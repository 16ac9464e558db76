//! Start, and stop in order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::config::Config;
use crate::daemon::feeds::{self, Common, Stood, is_live};
use crate::daemon::outgoing::{self, Outgoing};
use crate::daemon::standby::{self, stand_by};
use crate::daemon::surface::Surface;
use crate::daemon::{early, upkeep};
use crate::engine::run::{Joints, run};
use crate::engine::{Anteroom, Engine};
use crate::names::SourceId;
use crate::source::batch::DELIVERIES_MAX;
use crate::source::health::Health;
use crate::source::{HealthBoard, Sink};
use crate::store::spool::Spool;
use crate::store::{StoreError, Turn};
use crate::web::gate::GateError;
use crate::web::router;
use crate::web::serve::serve;

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
    /// Opens the store, restores, starts the feeds, serves the web. Where the server of the store is not
    /// there yet, live sources are heard meanwhile.
    pub async fn start(config: &Config, clock: Clock) -> Result<Self, StartError> {
        let directory = Arc::clone(&config.directory);
        let address = config.http.listen;
        let listen = |error| StartError::Listen { address, error };
        let mut listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let mut turn = Turn::default();
        let fence = turn.fence().clone();
        let mut opened = standby::open(&config.store, &directory, &mut turn).await;
        if let Err(held @ StoreError::Held { .. }) = &opened
            && config.store.is_on_server()
        {
            let why = held.to_string();
            let led = stand_by(&config.store, &directory, &mut turn, why, listener, address).await?;
            (opened, listener) = (Ok(led.0), led.1);
        }
        let (sink, mut live) = mpsc::channel(DELIVERIES_MAX);
        let (files_in, files) = mpsc::channel(DELIVERIES_MAX);
        let (stop_feeds, stop) = watch::channel(false);
        let (stop_engine, engine_stop) = watch::channel(false);
        let boards: Vec<HealthBoard> =
            config.sources.iter().map(|source| HealthBoard::of(Some(source.silent_after))).collect();
        let common =
            Common { sink: sink.clone(), files: files_in, clock: clock.clone(), stop: stop.clone(), recorder: None };
        let mut feeds = JoinSet::new();
        let mut recalls = BTreeMap::new();
        let spool = || Spool::open(&config.store.spool_path(), config.store.spool_bytes_max).map_err(StoreError::from);
        let (store, mut spool, early) = match opened {
            Ok(store) => (store, spool()?, None),
            Err(away @ StoreError::Unreachable { .. }) => {
                let anteroom = Anteroom::new(Arc::clone(&directory), config.tracker.clone(), clock.clone(), spool()?);
                let nothing = anteroom.engine().snapshot(&|_| Health::default(), Vec::new());
                let surface = Surface::new(config, address, &common, nothing)?;
                let (reason, reasons) = watch::channel(away.to_string());
                let (pages, own) = early::Pages::open(listener, &surface, reasons).map_err(listen)?;
                listener = own;
                tracing::error!("{away}; live sources are heard until it is there: http://{address}/readyz");
                for (at, settings) in config.sources.iter().enumerate().filter(|(_, settings)| is_live(settings)) {
                    let (recall, recalled) = oneshot::channel();
                    let stood = Stood::Unknown(recalled);
                    feeds::start(SourceId(at as u32), settings, stood, boards[at].clone(), &common, &mut feeds).await?;
                    recalls.insert(at, recall);
                }
                let (settings, directory) = (&config.store, &directory);
                let waiting = early::Waiting { settings, directory, turn: &mut turn, live: &mut live, reason };
                let (store, spool) = waiting.wait(anteroom).await?;
                (store, spool, Some((surface, pages)))
            }
            Err(error) => return Err(error.into()),
        };
        let mut engine = Engine::open(Arc::clone(&directory), config.tracker.clone(), store, clock.clone())?;
        engine.replay(&mut spool)?;
        for (at, settings) in config.sources.iter().enumerate() {
            let source = SourceId(at as u32);
            if let Some(mapping) = settings.mapping() {
                engine.read_by(source, &mapping);
            }
            let position = engine.position(source).map(ToOwned::to_owned);
            if let Some(recall) = recalls.remove(&at) {
                // One that has no use for it has let go of the other end.
                drop(recall.send(position));
            } else {
                let stood = Stood::At(position);
                feeds::start(source, settings, stood, boards[at].clone(), &common, &mut feeds).await?;
            }
        }
        let health = move |source: SourceId| boards.get(source.index()).map(HealthBoard::read).unwrap_or_default();
        let first = engine.snapshot(&health, Vec::new());
        let surface = match early {
            Some((surface, pages)) => {
                surface.snapshots.send_replace(Arc::new(first));
                pages.close().await;
                surface
            }
            None => Surface::new(config, address, &common, first)?,
        };
        let Surface { shared, snapshots, reports, desk, bounds, writers, audit } = surface;
        let upkeep = upkeep::start(config, &fence, &clock, stop.clone());
        let outgoing =
            outgoing::start(config, &fence, desk, shared.snapshots.clone(), reports.clone(), &clock, stop.clone())?;
        let http = shared.http.clone();
        let health = Box::new(health);
        let joints =
            Joints { live, files, spool, snapshots, health, reports, stopping: stop.clone(), stop: engine_stop };
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

/// The store blocks, so the engine has a thread of its own, with a clock for its timers.
fn on_own_thread(engine: Engine, joints: Joints) -> Result<(), StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    match runtime {
        Ok(runtime) => runtime.block_on(run(engine, joints)),
        Err(error) => Err(StoreError::Damaged { what: format!("the engine's runtime ({error})") }),
    }
}
