//! How the alerts stand, for the surfaces, and the way to ask for a silence.

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};

use crate::alert::silence::Silence;
use crate::directory::Directory;
use crate::measure::Moment;
use crate::names::QueueId;
use crate::store::Sight;

/// One alert.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertNow {
    /// Name of the rule.
    pub alert: String,
    /// `page` or `ticket`.
    pub severity: &'static str,
    /// Who, by name of the label.
    pub labels: std::collections::BTreeMap<String, String>,
    /// `pending`, `firing` or `silenced`; one that another alert explains is `hidden`.
    pub state: &'static str,
    /// Since when its condition holds, ms since 1970.
    pub since_ms: i64,
    /// When it began to fire.
    pub fired_ms: Option<i64>,
    /// The value, when its condition last held.
    pub value: f64,
    /// One sentence, by language.
    pub summary: Words,
}

/// The same in both languages.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Words {
    /// Swedish.
    pub sv: String,
    /// English.
    pub en: String,
}

/// How all alerts stand.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct State {
    /// When they were judged, ms since 1970; null before the first time.
    pub judged_ms: Option<i64>,
    /// Those that hold, the weightiest first.
    pub alerts: Vec<AlertNow>,
    /// Silences in force.
    pub silences: Vec<Silence>,
}

impl State {
    /// What of it somebody may know of who sees this much.
    #[must_use]
    pub fn seen_by(&self, sight: &Sight, directory: &Directory) -> Self {
        let seen = |label: &dyn Fn(&str) -> Option<String>| is_seen(sight, directory, label);
        let alerts = self.alerts.iter().filter(|alert| seen(&|name| alert.labels.get(name).cloned()));
        let silences = self.silences.iter().filter(|silence| {
            seen(&|name| silence.labels.iter().find(|(label, _)| label == name).map(|(_, value)| value.clone()))
        });
        Self { judged_ms: self.judged_ms, alerts: alerts.cloned().collect(), silences: silences.cloned().collect() }
    }
}

/// Whether somebody may know of what carries these labels: whoever sees the queue or organisation that
/// it names, or a queue that its source feeds. What names none of them is for those who see everything.
fn is_seen(sight: &Sight, directory: &Directory, label: &dyn Fn(&str) -> Option<String>) -> bool {
    if sight.is_all() {
        return true;
    }
    if let Some(queue) = label("queue") {
        return directory.queue_named(&queue).is_some_and(|id| sight.sees_queue(id));
    }
    if let Some(organisation) = label("organisation") {
        return directory.organisation_named(&organisation).is_some_and(|id| sight.sees_organisation(id));
    }
    let Some(source) = label("source") else { return false };
    let mut queues = (0..).map(QueueId).zip(directory.queues());
    queues.any(|(id, queue)| queue.is_fed_by(&source) && sight.sees_queue(id))
}

/// What somebody asks of the alerts.
#[derive(Debug)]
pub enum Ask {
    /// A silence; its number is ours to give.
    Silence(Silence, oneshot::Sender<Result<Silence, String>>),
    /// An end to one.
    EndSilence {
        /// Which.
        id: u64,
        /// Who asks.
        by: String,
        /// When.
        at: Moment,
        /// Whether there was one in force.
        done: oneshot::Sender<Result<bool, String>>,
    },
}

/// What surfaces hold of the alerts.
#[derive(Clone, Debug)]
pub struct AlertBoard {
    /// How they stand, always the newest.
    pub state: watch::Receiver<Arc<State>>,
    asks: mpsc::Sender<Ask>,
}

/// Questions on their way; more than a few are nobody's honest wish.
const ASKS_MAX: usize = 16;

impl AlertBoard {
    /// A board, with the ends that the loop holds.
    pub fn new() -> (Self, watch::Sender<Arc<State>>, mpsc::Receiver<Ask>) {
        let (state_out, state) = watch::channel(Arc::new(State::default()));
        let (asks, asked) = mpsc::channel(ASKS_MAX);
        (Self { state, asks }, state_out, asked)
    }

    /// Asks for a silence; it is kept when this returns.
    pub async fn silence(&self, silence: Silence) -> Result<Silence, String> {
        let (done, answer) = oneshot::channel();
        self.asks.send(Ask::Silence(silence, done)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Ends a silence; says whether it was in force.
    pub async fn end_silence(&self, id: u64, by: String, at: Moment) -> Result<bool, String> {
        let (done, answer) = oneshot::channel();
        self.asks.send(Ask::EndSilence { id, by, at, done }).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

fn stopped() -> String {
    "the daemon is stopping".to_owned()
}
