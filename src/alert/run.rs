//! The loop: judges the newest snapshot, keeps what is to be told together with how the alerts stand,
//! and shows that.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{mpsc, watch};

use crate::alert::board::{AlertNow, Ask, State, Words};
use crate::alert::notice::{self, Writer};
use crate::alert::rules;
use crate::alert::settings::{AlertSettings, ReceiverKind};
use crate::alert::silence::{SILENCES_MAX, Silence};
use crate::alert::watch::{Key, News, Watch, What, is_hidden};
use crate::alert::words::summary;
use crate::clock::{CalmClock, Clock};
use crate::directory::Directory;
use crate::i18n::Language;
use crate::measure::Moment;
use crate::post::Letter;
use crate::stats::Snapshot;
use crate::store::audit::Act;
use crate::store::{Ledger, StoreError};

/// Under which name the alerts' memory is kept.
const WRITER: &str = "alert";
/// How often Alertmanager is told anew of what fires.
const REFRESH_MS: i64 = 60_000;

/// What the loop needs.
#[derive(Debug)]
pub struct Alerts {
    /// How alerts are judged and told.
    pub settings: AlertSettings,
    /// The newest figures.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// The outbox.
    pub outbox: Ledger,
    /// Where it shows how the alerts stand.
    pub state: watch::Sender<Arc<State>>,
    /// What is asked of it.
    pub asks: mpsc::Receiver<Ask>,
    /// Says that there are letters.
    pub wake: SyncSender<()>,
    /// Tells the time.
    pub clock: Clock,
    /// The same for what lasts: holds, reminders, silences.
    pub calm: CalmClock,
    /// Turns true when it is time to stop.
    pub stop: watch::Receiver<bool>,
}

/// What must outlive a crash.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Memory {
    watch: Watch,
    silences: Vec<Silence>,
    last_silence: u64,
    /// When Alertmanager was last told of all that fires.
    refreshed: Option<Moment>,
}

impl Alerts {
    /// Judges until asked to stop. Blocks on the store, so it has a thread of its own.
    pub async fn run(mut self) {
        let mut memory: Option<Memory> = None;
        let mut stop = self.stop.clone();
        loop {
            let now = self.calm.now();
            match self.round(&mut memory, now) {
                Ok(()) => {}
                // Nothing is told before it is kept; the next round tries again from the same state.
                Err(error) => tracing::warn!(%error, "alerts cannot be kept; trying again"),
            }
            let next = tokio::time::sleep(self.settings.every.to_std());
            tokio::pin!(next);
            loop {
                tokio::select! {
                    () = &mut next => break,
                    _ = stop.wait_for(|stop| *stop) => return,
                    Some(ask) = self.asks.recv() => self.answer(&mut memory, ask),
                }
            }
        }
    }

    /// One evaluation. What cannot be kept has not happened.
    fn round(&mut self, memory: &mut Option<Memory>, now: Moment) -> Result<(), StoreError> {
        let known = self.remember(memory.as_ref())?;
        let mut next = known.clone();
        let snapshot = self.snapshots.borrow().clone();
        // The age of what is shown is told by the clock that stands on it.
        let shown = self.clock.now();
        let mut findings = Vec::new();
        for rule in rules::RULES {
            if let Some(judge) = rule.judge {
                findings.extend(judge(&snapshot, shown).into_iter().map(|finding| (rule, finding)));
            }
        }
        next.silences.retain(|silence| silence.is_in_force(now) || silence.from > now);
        let settings = &self.settings;
        let news = next.watch.step(now, findings, &|rule| settings.rule(rule), settings.remind, &next.silences);
        let by = Writer { settings, directory: &snapshot.directory };
        let mut letters = self.letters(&news, by);
        if next.refreshed.is_none_or(|at| now - at >= REFRESH_MS) {
            let refreshed = self.refresh(&next.watch, now, by);
            // Nothing that fires: nothing is told, and nothing kept.
            if !refreshed.is_empty() {
                next.refreshed = Some(now);
                letters.extend(refreshed);
            }
        }
        let has_changed = next != known;
        if has_changed {
            let text = json!(next).to_string();
            let letters: Vec<_> = letters.into_iter().map(|(key, letter)| letter.under(key)).collect();
            self.outbox.write_letters(&letters, Some((WRITER, &text)), None, now)?;
            // The carrier may have a word waiting already.
            let _ = self.wake.try_send(());
        }
        for news in &news {
            tracing::info!(alert = news.key.alert, labels = ?news.key.labels, "alert {}", news.what.as_str());
        }
        self.show(&next, now);
        *memory = Some(next);
        Ok(())
    }

    fn remember(&self, memory: Option<&Memory>) -> Result<Memory, StoreError> {
        if let Some(memory) = memory {
            return Ok(memory.clone());
        }
        let Some(text) = self.outbox.memory_of(WRITER)? else { return Ok(Memory::default()) };
        serde_json::from_str(&text).map_err(|_| StoreError::Damaged { what: "what the alerts kept".to_owned() })
    }

    fn letters(&self, news: &[News], by: Writer<'_>) -> Vec<(String, Letter)> {
        let mut letters = Vec::new();
        for news in news {
            let Some(rule) = rules::named(&news.key.alert) else { continue };
            for receiver in self.settings.receiver.iter().filter(|one| one.wants(&news.key, rule.severity)) {
                // It reminds by itself.
                if news.what == What::Reminder && receiver.kind == ReceiverKind::Alertmanager {
                    continue;
                }
                let letter = notice::letter(news, receiver, by);
                letters.extend(letter.map(|letter| (notice::key(news, &receiver.name), letter)));
            }
        }
        letters
    }

    /// Tells each Alertmanager anew of what fires and was told, in one letter.
    fn refresh(&self, watch: &Watch, now: Moment, by: Writer<'_>) -> Vec<(String, Letter)> {
        let receivers = self.settings.receiver.iter().filter(|one| one.kind == ReceiverKind::Alertmanager);
        let letters = receivers.filter_map(|receiver| {
            let told = watch.entries().iter().filter(|(_, entry)| entry.told.is_some_and(|told| told < now));
            let alerts: Vec<serde_json::Value> = told
                .filter_map(|(key, entry)| {
                    let rule = rules::named(&key.alert).filter(|rule| receiver.wants(key, rule.severity))?;
                    let news = News { what: What::Reminder, key: key.clone(), entry: entry.clone(), at: now };
                    Some(notice::for_alertmanager(&news, rule, by))
                })
                .collect();
            let body = json!(alerts).to_string();
            let key = format!("alert/refresh/{}/{}", now.0, receiver.name);
            (!alerts.is_empty()).then(|| (key, Letter::Post { receiver: receiver.name.clone(), body }))
        });
        letters.collect()
    }

    fn answer(&mut self, memory: &mut Option<Memory>, ask: Ask) {
        let now = self.calm.now();
        match ask {
            Ask::Silence(silence, done) => {
                // Whoever asked may have gone away.
                let _ = done.send(self.silence(memory, silence, now));
            }
            Ask::EndSilence { id, by, at, done } => {
                let _ = done.send(self.end_silence(memory, id, &by, at));
            }
        }
    }

    fn silence(&mut self, memory: &mut Option<Memory>, mut silence: Silence, now: Moment) -> Result<Silence, String> {
        let mut next = self.remember(memory.as_ref()).map_err(|error| error.to_string())?;
        if next.silences.len() >= SILENCES_MAX {
            return Err(format!("there are {SILENCES_MAX} silences already; end one first"));
        }
        next.last_silence += 1;
        silence.id = next.last_silence;
        next.silences.push(silence.clone());
        let detail = format!("until {}: {}", silence.until.to_rfc3339(), silence.comment);
        self.keep(memory, next, now, &silence.by, "alert_silenced", &about(&silence), &detail)?;
        Ok(silence)
    }

    fn end_silence(&mut self, memory: &mut Option<Memory>, id: u64, by: &str, now: Moment) -> Result<bool, String> {
        let mut next = self.remember(memory.as_ref()).map_err(|error| error.to_string())?;
        let found = next.silences.iter_mut().find(|silence| silence.id == id && silence.is_in_force(now));
        let Some(silence) = found else { return Ok(false) };
        silence.ended = Some(now);
        let about = about(silence);
        self.keep(memory, next, now, by, "alert_silence_ended", &about, "")?;
        Ok(true)
    }

    #[expect(clippy::too_many_arguments, reason = "an act has as many parts")]
    fn keep(
        &mut self,
        memory: &mut Option<Memory>,
        next: Memory,
        now: Moment,
        who: &str,
        act: &str,
        about: &str,
        detail: &str,
    ) -> Result<(), String> {
        let act = Act { at: now, who: who.into(), act: act.into(), about: about.into(), detail: detail.into() };
        let kept = self.outbox.write_letters(&[], Some((WRITER, &json!(next).to_string())), Some(&act), now);
        kept.map_err(|error| error.to_string())?;
        self.show(&next, now);
        *memory = Some(next);
        Ok(())
    }

    fn show(&self, memory: &Memory, now: Moment) {
        let directory = Arc::clone(&self.snapshots.borrow().directory);
        self.state.send_replace(Arc::new(state(memory, now, &directory)));
    }
}

fn about(silence: &Silence) -> String {
    let labels: Vec<String> = silence.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("silence {} {} {}", silence.id, silence.alert.as_deref().unwrap_or("any"), labels.join(","))
}

fn state(memory: &Memory, now: Moment, directory: &Directory) -> State {
    let entries = memory.watch.entries();
    let firing: Vec<Key> =
        entries.iter().filter(|(_, entry)| entry.fired.is_some()).map(|(key, _)| key.clone()).collect();
    let mut alerts = Vec::new();
    for rule in rules::RULES {
        for (key, entry) in entries.iter().filter(|(key, _)| key.alert == rule.name) {
            let state = match entry.fired {
                None => "pending",
                Some(_) if memory.silences.iter().any(|silence| silence.covers(key, now)) => "silenced",
                Some(_) if is_hidden(key, &firing) => "hidden",
                Some(_) => "firing",
            };
            alerts.push(AlertNow {
                alert: key.alert.clone(),
                severity: rule.severity.as_str(),
                labels: key.labels.iter().cloned().collect(),
                state,
                since_ms: entry.since.0,
                fired_ms: entry.fired.map(|at| at.0),
                value: entry.value,
                summary: Words {
                    sv: summary(key, rule, entry.value, Language::Sv, directory),
                    en: summary(key, rule, entry.value, Language::En, directory),
                },
            });
        }
    }
    let silences = memory.silences.iter().filter(|silence| silence.is_in_force(now)).cloned().collect();
    State { judged_ms: Some(now.0), alerts, silences }
}
