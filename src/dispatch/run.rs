//! The loop: makes each report when it is due, and puts it into the outbox together with the note that
//! it was made.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::clock::{CalmClock, local_day};
use crate::directory::Directory;
use crate::dispatch::DispatchSettings;
use crate::dispatch::letters::letters;
use crate::dispatch::schedule::due;
use crate::measure::Moment;
use crate::report::{ReportKind, Request, month_report};
use crate::stats::period::Period;
use crate::stats::snapshot::ReportBoard;
use crate::store::{Ledger, Reader, Sight, StoreError};

/// Under which name the memory of what was sent is kept.
const WRITER: &str = "report";
/// How often it is looked whether a report is due.
const LOOK: Duration = Duration::from_secs(5);

/// What the loop needs.
pub struct Dispatch {
    /// The reports.
    pub settings: Vec<DispatchSettings>,
    /// Who is who.
    pub directory: Arc<Directory>,
    /// Opens the store for reading, when there is something to read.
    pub open: Box<dyn Fn() -> Result<Box<dyn Reader + Send>, StoreError> + Send>,
    /// The outbox.
    pub outbox: Ledger,
    /// Where it tells what was due and done.
    pub board: ReportBoard,
    /// Says that there are letters.
    pub wake: SyncSender<()>,
    /// Tells the time.
    pub clock: CalmClock,
    /// Turns true when it is time to stop.
    pub stop: watch::Receiver<bool>,
}

/// What must outlive a crash: how far each report has come, by its name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Memory(BTreeMap<String, Progress>);

/// How far a report has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Progress {
    /// First day of the period that is sent next.
    next: NaiveDate,
    /// The one that was sent last.
    last: Option<Sent>,
}

/// A report that was put into the outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Sent {
    due: Moment,
    keys: Vec<String>,
}

/// Why a report was not made.
#[derive(Debug, thiserror::Error)]
enum NotMade {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("it cannot be written: {0}")]
    Written(#[from] std::io::Error),
}

impl Dispatch {
    /// Sends what is due until asked to stop. Blocks on the store, so it has a thread of its own.
    pub async fn run(mut self) {
        let mut memory: Option<Memory> = None;
        let mut stop = self.stop.clone();
        let mut is_in_trouble = false;
        loop {
            let now = self.clock.now();
            match self.round(&mut memory, now) {
                Ok(()) => is_in_trouble = false,
                Err(error) => {
                    if !std::mem::replace(&mut is_in_trouble, true) {
                        tracing::warn!(%error, "a report could not be made; trying again");
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Makes what is due at `now`: of each report one, so that a long absence is caught up in turn.
    fn round(&mut self, memory: &mut Option<Memory>, now: Moment) -> Result<(), NotMade> {
        let mut known = match memory.take() {
            Some(known) => known,
            None => self.remember()?,
        };
        let mut outcome = Ok(());
        for settings in self.settings.clone() {
            // One that cannot be made does not hold up the others.
            if let Err(error) = self.advance(&settings, &mut known, now) {
                outcome = outcome.and(Err(error));
            }
        }
        *memory = Some(known);
        outcome
    }

    fn remember(&self) -> Result<Memory, StoreError> {
        let Some(text) = self.outbox.memory_of(WRITER)? else { return Ok(Memory::default()) };
        serde_json::from_str(&text)
            .map_err(|_| StoreError::Damaged { what: "what was kept of sent reports".to_owned() })
    }

    fn advance(&mut self, settings: &DispatchSettings, memory: &mut Memory, now: Moment) -> Result<(), NotMade> {
        let zone = self.directory.zone();
        let first = || settings.first.as_deref().and_then(|first| Period::parse(first).ok()).map(|period| period.from);
        let seen = memory.0.get(&settings.name).cloned();
        let is_new = seen.is_none();
        let progress = seen.unwrap_or_else(|| {
            let from = first().unwrap_or_else(|| settings.every.holding(local_day(now, zone)).from);
            Progress { next: from, last: None }
        });
        // What is configured may have changed since: the period is of today's length.
        let period = settings.every.holding(progress.next);
        let due = due(settings, period, zone);
        if due <= now {
            self.board.due(&settings.name, due);
            let letters = self.made(settings, period, now)?;
            let keys = letters.iter().map(|letter| letter.key.clone()).collect();
            let sent = Progress { next: period.until, last: Some(Sent { due, keys }) };
            self.keep(settings, sent, &letters, memory, now)?;
            tracing::info!(report = settings.name, period = settings.every.label(period), "report sent on its way");
        } else if is_new {
            self.keep(settings, progress, &[], memory, now)?;
        }
        self.tell(settings, memory)?;
        Ok(())
    }

    fn made(
        &self,
        settings: &DispatchSettings,
        period: Period,
        now: Moment,
    ) -> Result<Vec<crate::store::outbox::NewLetter>, NotMade> {
        let named = |name: &String| self.directory.organisation_named(name);
        let sight = match &settings.organisation {
            None => Sight::ALL,
            // One that has left the configuration is shown nothing.
            Some(name) => Sight::of_organisations(named(name)),
        };
        let kind = ReportKind::named(&settings.kind).unwrap_or(&crate::report::REPORTS[0]);
        let request = Request { period, kind, interval: kind.interval, elsewhere: Arc::default(), sight };
        let reader = (self.open)()?;
        let report = month_report(&*reader, &self.directory, &request, now)?;
        Ok(letters(settings, period, &report)?.into_iter().map(|(key, letter)| letter.under(key)).collect())
    }

    /// The letters and that they were written, together or not at all.
    fn keep(
        &mut self,
        settings: &DispatchSettings,
        progress: Progress,
        letters: &[crate::store::outbox::NewLetter],
        memory: &mut Memory,
        now: Moment,
    ) -> Result<(), StoreError> {
        let mut next = memory.clone();
        next.0.insert(settings.name.clone(), progress);
        let text = serde_json::json!(next).to_string();
        self.outbox.write_letters(letters, Some((WRITER, &text)), None, now)?;
        *memory = next;
        if !letters.is_empty() {
            // The carrier may have a word waiting already.
            let _ = self.wake.try_send(());
        }
        Ok(())
    }

    /// Tells the board what was due, and done once every letter has been taken.
    fn tell(&self, settings: &DispatchSettings, memory: &Memory) -> Result<(), StoreError> {
        let Some(sent) = memory.0.get(&settings.name).and_then(|progress| progress.last.as_ref()) else {
            return Ok(());
        };
        self.board.due(&settings.name, sent.due);
        if let Some(taken) = self.outbox.taken(&sent.keys)? {
            self.board.done(&settings.name, taken);
        }
        Ok(())
    }
}
