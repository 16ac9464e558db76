//! `demo`: a simulated municipal switchboard feeding the real daemon on the embedded store.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{Days, NaiveDateTime};
use clap::{Args, ValueEnum};
use serde_json::json;
use tokio::net::TcpListener;

use crate::cli::error::CliError;
use crate::cli::output::tell;
use crate::cli::run::{StopSignals, log};
use crate::clock::{Clock, local_day, local_midnight, local_moment};
use crate::config::{self, Config};
use crate::daemon::{Daemon, Played};
use crate::directory::{OrganisationSettings, Units};
use crate::measure::Moment;
use crate::names::SourceId;
use crate::simulate::ami_switch::AmiSwitch;
use crate::simulate::esl_switch::EslSwitch;
use crate::simulate::{Scenario, Spoken, Switchboard, Told};
use crate::source::batch::EVENTS_MAX;
use crate::source::{Batch, Delivery, Sink};

/// How often what has happened is told.
const PACE: Duration = Duration::from_millis(200);
/// The demonstration has been busy for this long when it begins, or since this hour of the day.
const WARM_MS: i64 = 2 * 3_600_000;
const MORNING_MS: i64 = 7 * 3_600_000;
/// Most days behind it: more than a year, so that a month has the same a year ago beside it.
const DAYS_MAX: u64 = 800;

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
    /// Days behind it, played at once, so that weeks and months have something to be compared with
    #[arg(long, value_name = "DAYS", default_value_t = 40, value_parser = clap::value_parser!(u64).range(..=DAYS_MAX))]
    days: u64,
    /// As if it were this time in Sweden, with the office hours of the model; without it the
    /// switchboard is as busy as on a forenoon at any hour
    #[arg(long, value_name = "2026-11-25T10:40", value_parser = wall)]
    at: Option<NaiveDateTime>,
    /// Let the switchboard speak the protocol of a real switch, and the daemon dial it as it would one
    #[arg(long, value_enum, conflicts_with_all = ["days", "at"])]
    switch: Option<Protocol>,
}

fn wall(text: &str) -> Result<NaiveDateTime, String> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").map_err(|_| "write for instance 2026-11-25T10:40".to_owned())
}

/// A switch's protocol.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Protocol {
    /// Asterisk's manager interface
    Ami,
    /// FreeSWITCH's event socket
    Esl,
}

/// What the store is called in its folder.
const STORE: &str = "demo.db";
/// Whose hours the model keeps.
const ZONE: chrono_tz::Tz = chrono_tz::Europe::Stockholm;
/// What the played switch wants to hear before it lets anybody in.
const SECRET: &str = "demo";

/// Runs the demonstration until interrupted.
pub fn run(args: &DemoArgs) -> Result<(), CliError> {
    log();
    let own = std::env::temp_dir().join(format!("servicegrad-demo-{}", std::process::id()));
    let folder = args.folder.clone().unwrap_or_else(|| own.clone());
    std::fs::create_dir_all(&folder).map_err(|error| CliError::Failed(format!("{}: {error}", folder.display())))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let mut signals = StopSignals::new()?;
        let clock = args.at.map_or_else(Clock::system, |wall| Clock::going_from(local_moment(wall, ZONE)));
        let line = match args.switch {
            Some(protocol) => Some((protocol, TcpListener::bind("127.0.0.1:0").await?)),
            None => None,
        };
        let source = source(line.as_ref())?;
        let is_begun = folder.join(STORE).exists();
        let config = configuration(args, &folder, &source)?;
        let daemon =
            Daemon::start(&config, clock.clone()).await.map_err(|error| CliError::Failed(error.to_string()))?;
        let calls = Calls::new(args, clock.clone(), is_begun);
        tell(&format!("servicegrad: calls of seed {} since {}", calls.seed, calls.since.to_rfc3339()));
        tell(&format!("servicegrad: wallboard at http://{}/  (Ctrl-C ends the demonstration)", daemon.address));
        let booted = clock.now().plus_ms(-WARM_MS);
        let feed = match line {
            None => tokio::spawn(feed(daemon.sink.clone(), calls)),
            Some((Protocol::Ami, line)) => {
                tokio::spawn(play(AmiSwitch::new("servicegrad", SECRET, booted), line, calls))
            }
            Some((Protocol::Esl, line)) => tokio::spawn(play(EslSwitch::new(SECRET, booted), line, calls)),
        };
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

/// The source of the demonstration: a switch at the other end of this line, or ourselves.
fn source(line: Option<&(Protocol, TcpListener)>) -> Result<serde_json::Value, CliError> {
    let Some((protocol, line)) = line else {
        return Ok(json!({ "name": "simulering", "kind": "http" }));
    };
    let (kind, user) = match protocol {
        Protocol::Ami => ("asterisk_ami", Some("servicegrad")),
        Protocol::Esl => ("freeswitch_esl", None),
    };
    let connect = line.local_addr()?.to_string();
    let mut source = json!({ "name": "simulering", "kind": kind, "connect": connect, "secret": SECRET });
    source["dialplan"] = true.into();
    if let Some(user) = user {
        source["user"] = user.into();
    }
    Ok(source)
}

fn configuration(args: &DemoArgs, folder: &std::path::Path, source: &serde_json::Value) -> Result<Config, CliError> {
    // With a time of day of its own it is an office; else it is open at any hour.
    let hours = |text: &str| if args.at.is_some() { json!(text) } else { json!("24/7") };
    let value = json!({
        "store": { "url": format!("sqlite:{}", folder.join(STORE).display()) },
        "http": { "listen": args.listen.to_string() },
        "source": [source],
        "queue": [
            {
                "name": "kundtjanst", "title": "Kundtjänst",
                "objective": { "threshold": "30s", "target": 0.9, "definition": "short_abandons_ignored" },
                "answer_target": 0.9, "hours": hours("Mo-Fr 07:30-16:30; PH off"),
            },
            {
                "name": "itsupport", "title": "IT-support", "short_abandon": "none",
                "objective": { "threshold": "60s", "target": 0.8, "definition": "of_offered" },
                "hours": hours("Mo-Fr 07:00-17:00; PH off"),
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

/// What happens, as it happens, after what lies behind at once.
struct Calls {
    /// The days before, in office hours, which end at `until`.
    past: Option<(Switchboard, Moment)>,
    board: Switchboard,
    clock: Clock,
    /// By these two the calls of today can be played again.
    seed: u64,
    since: Moment,
}

impl Calls {
    /// `is_begun`: the store has seen calls before, and goes on from now.
    fn new(args: &DemoArgs, clock: Clock, is_begun: bool) -> Self {
        let now = clock.now();
        // What begins at a time of its own is the same each time; what goes on must not be told twice.
        let seed = if args.at.is_some() && !is_begun { args.seed } else { args.seed ^ now.0.unsigned_abs() };
        let midnight = |days: u64| local_midnight(local_day(now, ZONE) - Days::new(days), ZONE);
        // A real switch tells nothing of the days before it was asked.
        let behind = if args.switch.is_some() { 0 } else { args.days };
        let (past, from) = match (is_begun, args.at) {
            (true, _) => (None, now),
            // The office keeps its hours all the way.
            (false, Some(_)) => (None, midnight(behind)),
            (false, None) => {
                // The past ends in the night, when nobody is in the middle of a call.
                let (from, until) = (midnight(behind), midnight(0));
                let past =
                    (behind > 0).then(|| Switchboard::new(Scenario::municipal().busier(args.busier), !seed, from));
                let warm = now.plus_ms(-WARM_MS);
                let since = if args.switch.is_some() { warm } else { warm.min(until.plus_ms(MORNING_MS)) };
                (past.map(|past| (past, until)), since)
            }
        };
        let mut model = Scenario::municipal().busier(args.busier);
        model.tells_agents = true;
        let model = if args.at.is_some() { model } else { model.around_the_clock() };
        Self { past, board: Switchboard::new(model, seed, from), clock, seed, since: from }
    }

    fn next(&mut self) -> Vec<Told> {
        let mut told = self.past.take().map_or_else(Vec::new, |(mut past, until)| past.advance(until));
        told.extend(self.board.advance(self.clock.now()));
        told
    }
}

/// Tells the engine what happens.
async fn feed(sink: Sink, mut calls: Calls) {
    loop {
        for part in calls.next().chunks(EVENTS_MAX) {
            let events = part.iter().map(|Told { event, .. }| event.clone()).collect();
            let batch = Batch { events, caught_up: true, ..Batch::of(SourceId(0)) };
            if sink.send(Delivery { batch, done: None }).await.is_err() {
                return;
            }
        }
        tokio::time::sleep(PACE).await;
    }
}

/// Lets what happens happen in a switch at the other end of a line, once somebody listens there.
async fn play<S: Spoken>(switch: S, line: TcpListener, mut calls: Calls) {
    let switch = Played::new(switch, calls.clock.clone());
    let answering = tokio::spawn(switch.clone().listen(line));
    while !answering.is_finished() {
        if switch.listeners() > 0 {
            for Told { event, .. } in calls.next() {
                while switch.is_behind() {
                    tokio::time::sleep(PACE / 10).await;
                }
                switch.tell(&event);
            }
        }
        tokio::time::sleep(PACE).await;
    }
}
