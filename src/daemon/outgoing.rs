//! What goes out: alerts judged on a thread of their own, reports made on another, letters carried on a
//! third.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::alert::AlertBoard;
use crate::alert::board::{Ask, State};
use crate::alert::run::Alerts;
use crate::alert::settings::{AlertSettings, ReceiverKind};
use crate::clock::{CalmClock, Clock};
use crate::config::Config;
use crate::daemon::StartError;
use crate::dispatch::run::Dispatch;
use crate::post::Carrier;
use crate::post::folder::FolderWay;
use crate::post::mail::MailWay;
use crate::post::web::{WebWay, agent};
use crate::secret;
use crate::stats::Snapshot;
use crate::stats::snapshot::ReportBoard;
use crate::store::{self, Fence};

/// How long a letter under way is waited for at the end; it stays in the outbox.
const CARRIER_WAIT: Duration = Duration::from_secs(3);

/// How long a step of the clock must last: before an alert is held to have lasted, and before a report
/// is sent, which is not called back.
const STEP_LASTS_MS: i64 = 10 * 60 * 1000;
const REPORT_STEP_LASTS_MS: i64 = 60 * 60 * 1000;

/// The threads.
#[derive(Debug)]
pub(super) struct Outgoing {
    alerts: JoinHandle<()>,
    reports: JoinHandle<()>,
    carrier: JoinHandle<()>,
}

/// Where the alerts say how they stand, and are asked.
pub(super) struct AlertDesk {
    state: watch::Sender<Arc<State>>,
    asks: mpsc::Receiver<Ask>,
}

impl AlertDesk {
    /// With the board that the surfaces read.
    pub(super) fn new() -> (AlertBoard, Self) {
        let (board, state, asks) = AlertBoard::new();
        (board, Self { state, asks })
    }
}

/// Starts them, to write behind `fence`; the board of the reports is written here.
pub(super) fn start(
    config: &Config,
    fence: &Fence,
    desk: AlertDesk,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    reports: ReportBoard,
    clock: &Clock,
    stop: watch::Receiver<bool>,
) -> Result<Outgoing, StartError> {
    let outbox = || store::open_ledger_of(&config.store, Some(fence));
    let (wake, woken) = sync_channel(1);
    let carrier = Carrier {
        outbox: outbox()?,
        mail: MailWay::new(&config.mail).map_err(StartError::Outgoing)?,
        web: Arc::new(ways(&config.alert)?),
        folders: folders(config),
        clock: clock.clone(),
        calm: CalmClock::new(clock.clone(), STEP_LASTS_MS),
    };
    let alerts = Alerts {
        settings: config.alert.clone(),
        snapshots,
        outbox: outbox()?,
        state: desk.state,
        asks: desk.asks,
        wake: wake.clone(),
        clock: clock.clone(),
        calm: CalmClock::new(clock.clone(), STEP_LASTS_MS),
        stop: stop.clone(),
    };
    let (settings, directory) = (config.store.clone(), Arc::clone(&config.directory));
    let dispatch = Dispatch {
        settings: config.reports.clone(),
        directory: Arc::clone(&config.directory),
        open: Box::new(move || store::open_reader(&settings, &directory)),
        outbox: outbox()?,
        board: reports,
        wake,
        clock: CalmClock::new(clock.clone(), REPORT_STEP_LASTS_MS),
        stop,
    };
    let runtime = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.map_err(|error| StartError::Outgoing(format!("a thread's runtime: {error}")))
    };
    let (of_alerts, of_reports) = (runtime()?, runtime()?);
    let outgoing = Outgoing {
        alerts: std::thread::spawn(move || of_alerts.block_on(alerts.run())),
        reports: std::thread::spawn(move || of_reports.block_on(dispatch.run())),
        carrier: std::thread::spawn(move || carrier.run(&woken)),
    };
    Ok(outgoing)
}

/// The folders that reports are put into, by name of the report.
fn folders(config: &Config) -> BTreeMap<String, FolderWay> {
    let with_folder = config.reports.iter().filter_map(|report| Some((report, report.folder.clone()?)));
    with_folder.map(|(report, folder)| (report.name.clone(), FolderWay(folder))).collect()
}

/// The ways to the receivers of the web, by name.
fn ways(settings: &AlertSettings) -> Result<BTreeMap<String, WebWay>, StartError> {
    let agent = agent();
    let mut ways = BTreeMap::new();
    for receiver in &settings.receiver {
        let Some(url) = &receiver.url else { continue };
        let url = match receiver.kind {
            ReceiverKind::Alertmanager => format!("{}/api/v2/alerts", url.trim_end_matches('/')),
            ReceiverKind::Webhook | ReceiverKind::Email => url.clone(),
        };
        let read = |key: &str, path: Option<&std::path::PathBuf>| {
            let word = path.map(|path| secret::read(path)).transpose();
            word.map_err(|error| StartError::Outgoing(format!("alert.receiver \"{}\".{key}: {error}", receiver.name)))
        };
        let secret = read("secret_file", receiver.secret_file.as_ref())?;
        let token = read("token_file", receiver.token_file.as_ref())?;
        ways.insert(receiver.name.clone(), WebWay::new(&agent, url, secret.as_deref(), token));
    }
    Ok(ways)
}

impl Outgoing {
    /// Waits for them after they were asked to stop; a letter under way not for long.
    pub(super) fn join(self) {
        // A thread that panicked has said so by itself.
        let _ = self.alerts.join();
        let _ = self.reports.join();
        let end = Instant::now() + CARRIER_WAIT;
        while !self.carrier.is_finished() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
