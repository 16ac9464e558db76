//! `run`: the daemon.

use std::path::PathBuf;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::error::CliError;
use crate::cli::output::tell;
use crate::clock::Clock;
use crate::config;
use crate::daemon::Daemon;

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "config/servicegrad.toml")]
    config: PathBuf,
    /// The store, in place of the configured one: sqlite:PATH or postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// Runs the daemon until it is asked to stop.
pub fn run(args: &RunArgs) -> Result<(), CliError> {
    let mut config = config::load(&args.config)?;
    if let Some(url) = &args.store {
        config.store.url.clone_from(url);
    }
    log();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let mut signals = StopSignals::new()?;
        let started = tokio::select! {
            started = Daemon::start(&config, Clock::system()) => started,
            // It may be a standby, which waits for as long as the other lives.
            () = signals.asked() => return Ok(()),
        };
        let daemon = started.map_err(|error| CliError::Failed(error.to_string()))?;
        tell(&format!("servicegrad: wallboard at http://{}/", daemon.address));
        signals.wait(&daemon).await?;
        tell("servicegrad: stopping; what has been read is being committed");
        Ok(daemon.stop().await?)
    })
}

/// What asks the daemon to stop. Made before it says that it runs, so that nobody asks in vain.
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Listens for SIGTERM and SIGINT.
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for either.
    pub(super) async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for either, or for the engine to fail.
    pub(super) async fn wait(&mut self, daemon: &Daemon) -> Result<(), CliError> {
        loop {
            tokio::select! {
                () = self.asked() => return Ok(()),
                () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {
                    if daemon.has_failed() {
                        return Err(CliError::Failed("the engine has stopped; the log says why".to_owned()));
                    }
                }
            }
        }
    }
}

/// Sets up the log: to standard error, by RUST_LOG, else information of our own.
pub(super) fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("servicegrad=info,warn"));
    // A second set-up, as in tests, keeps the first.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
