//! `demo`: a simulated municipal switchboard feeding the real daemon on the embedded store.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::output::tell;
use crate::cli::run::{StopSignals, log};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::daemon::Daemon;
use crate::directory::{OrganisationSettings, Units};
use crate::names::SourceId;
use crate::simulate::{Scenario, Switchboard, Told};
use crate::source::batch::EVENTS_MAX;
use crate::source::{Batch, Delivery, Sink};

/// How often what has happened is told.
const PACE: Duration = Duration::from_millis(200);
/// The demonstration has been open for this long when it begins.
const WARM_MS: i64 = 2 * 3_600_000;

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where the wallboard is served
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9464")]
    listen: std::net::SocketAddr,
    /// Folder for the store; default: one for this run, removed at the end
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// The same seed gives the same calls
    #[arg(long, default_value_t = 2023)]
    seed: u64,
    /// Callers times this
    #[arg(long, default_value_t = 1.0)]
    busier: f64,
}

/// Runs the demonstration until interrupted.
pub fn run(args: &DemoArgs) -> Result<(), CliError> {
    log();
    let own = std::env::temp_dir().join(format!("servicegrad-demo-{}", std::process::id()));
    let folder = args.folder.clone().unwrap_or_else(|| own.clone());
    std::fs::create_dir_all(&folder).map_err(|error| CliError::Failed(format!("{}: {error}", folder.display())))?;
    let config = configuration(args, &folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let mut signals = StopSignals::new()?;
        let clock = Clock::system();
        let daemon =
            Daemon::start(&config, clock.clone()).await.map_err(|error| CliError::Failed(error.to_string()))?;
        tell(&format!("servicegrad: wallboard at http://{}/  (Ctrl-C ends the demonstration)", daemon.address));
        let feed = tokio::spawn(feed(daemon.sink.clone(), clock, args.seed, args.busier));
        let asked = signals.wait(&daemon).await;
        feed.abort();
        let _ = feed.await;
        asked.and(daemon.stop().await.map_err(CliError::from))
    });
    if args.folder.is_none() {
        // Its own folder of this run; what cannot be removed is in the system's temporary folder.
        let _ = std::fs::remove_dir_all(own);
    }
    ended
}

fn configuration(args: &DemoArgs, folder: &std::path::Path) -> Result<Config, CliError> {
    let value = json!({
        "store": { "url": format!("sqlite:{}", folder.join("demo.db").display()) },
        "http": { "listen": args.listen.to_string() },
        "source": [{ "name": "simulering", "kind": "http" }],
        "queue": [
            {
                "name": "kundtjanst", "title": "Kundtjänst",
                "objective": { "threshold": "30s", "target": 0.9, "definition": "short_abandons_ignored" },
                "answer_target": 0.9,
            },
            {
                "name": "itsupport", "title": "IT-support", "short_abandon": "none",
                "objective": { "threshold": "60s", "target": 0.8, "definition": "of_offered" },
            },
        ],
    });
    let wrong = |wrong| CliError::Config(config::ConfigErrors { file: "demo".to_owned(), wrong });
    let mut config = config::load::from_value(value, folder).map_err(wrong)?;
    // The model customer's units, as its example directory lists them.
    let organisations = Scenario::ORGANISATIONS
        .map(|(name, title)| OrganisationSettings { name: name.to_owned(), title: Some(title.to_owned()) });
    let zone = config.directory.zone();
    let units = Units::check(&organisations, &Scenario::unit_rows(), zone).map_err(wrong)?;
    let directory = Arc::into_inner(config.directory).map(|directory| directory.with_units(units));
    config.directory = Arc::new(directory.ok_or_else(|| CliError::Failed("the directory is in use".to_owned()))?);
    Ok(config)
}

/// Tells the engine what happens, at the pace of the clock, after two hours told at once.
async fn feed(sink: Sink, clock: Clock, seed: u64, busier: f64) {
    let scenario = Scenario::municipal().around_the_clock().busier(busier);
    let mut board = Switchboard::new(scenario, seed ^ clock.now().0.unsigned_abs(), clock.now().plus_ms(-WARM_MS));
    loop {
        let told = board.advance(clock.now());
        for part in told.chunks(EVENTS_MAX) {
            let events = part.iter().map(|Told { event, .. }| event.clone()).collect();
            let batch = Batch { events, caught_up: true, ..Batch::of(SourceId(0)) };
            if sink.send(Delivery { batch, done: None }).await.is_err() {
                return;
            }
        }
        tokio::time::sleep(PACE).await;
    }
}
