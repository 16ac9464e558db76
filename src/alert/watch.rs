//! From conditions that hold to alerts that are told: pending, firing, reminders, resolved. Pure: the
//! findings and the time come in, what is to be told comes out.
//!
//! The same steps as Prometheus takes with `for` and `keep_firing_for`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::alert::rule::{Finding, Rule};
use crate::alert::rules;
use crate::alert::settings::RuleSettings;
use crate::alert::silence::Silence;
use crate::measure::{Moment, Span};

/// Which alert: the rule, and who by its labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Name of the rule.
    pub alert: String,
    /// Labels in the rule's order.
    pub labels: Vec<(String, String)>,
}

impl Key {
    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(label, _)| label == name).map(|(_, value)| value.as_str())
    }
}

/// How an alert stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Since when its condition holds.
    pub since: Moment,
    /// When it began to fire; `None`: it is not sure yet.
    pub fired: Option<Moment>,
    /// Since when its condition no longer holds; `None`: it does.
    #[serde(default)]
    pub gone: Option<Moment>,
    /// When it was last told of; `None`: nobody has been told.
    pub told: Option<Moment>,
    /// How many times it was told of.
    pub times: u32,
    /// The value, when it last held.
    pub value: f64,
}

/// What is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It fires.
    Fired,
    /// It fires still.
    Reminder,
    /// It is over.
    Resolved,
}

impl What {
    /// The one spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Reminder => "reminder",
            Self::Resolved => "resolved",
        }
    }
}

/// Something to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// What.
    pub what: What,
    /// Of which alert.
    pub key: Key,
    /// How it stands.
    pub entry: Entry,
    /// When this became so.
    pub at: Moment,
}

/// All alerts that hold, or held a short while ago.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    entries: Vec<(Key, Entry)>,
}

impl Watch {
    /// The alerts, pending and firing.
    pub fn entries(&self) -> &[(Key, Entry)] {
        &self.entries
    }

    /// One evaluation: `findings` are all that hold at `now`. Says what is to be told.
    pub fn step(
        &mut self,
        now: Moment,
        findings: Vec<(&'static Rule, Finding)>,
        settings: &dyn Fn(&Rule) -> RuleSettings,
        remind: Span,
        silences: &[Silence],
    ) -> Vec<News> {
        let mut entries: BTreeMap<Key, Entry> = std::mem::take(&mut self.entries).into_iter().collect();
        entries.values_mut().for_each(|entry| entry.gone = entry.gone.or(Some(now)));
        for (rule, finding) in findings {
            let labels = finding.labels.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let new = Entry { since: now, fired: None, gone: None, told: None, times: 0, value: finding.value };
            let entry = entries.entry(Key { alert: rule.name.to_owned(), labels }).or_insert(new);
            (entry.gone, entry.value) = (None, finding.value);
        }
        let mut news = Vec::new();
        entries.retain(|key, entry| {
            // A rule that is no longer there has nobody to keep its alerts.
            let settings = rules::named(&key.alert).map(settings).filter(|settings| settings.enabled);
            let keep_ms = settings.as_ref().map_or(-1, |settings| settings.keep.ms());
            let holds = entry.gone.is_none() && settings.is_some();
            if entry.fired.is_none() && holds && settings.is_some_and(|own| now - entry.since >= own.hold.ms()) {
                entry.fired = Some(now);
            }
            if holds || (entry.fired.is_some() && entry.gone.is_some_and(|gone| now - gone < keep_ms)) {
                return true;
            }
            if entry.told.is_some() {
                news.push(News { what: What::Resolved, key: key.clone(), entry: entry.clone(), at: now });
            }
            false
        });
        let firing: Vec<Key> =
            entries.iter().filter(|(_, entry)| entry.fired.is_some()).map(|(key, _)| key.clone()).collect();
        for (key, entry) in &mut entries {
            let is_quiet = silences.iter().any(|silence| silence.covers(key, now)) || is_hidden(key, &firing);
            if entry.fired.is_none() || is_quiet {
                continue;
            }
            let what = match entry.told {
                None => What::Fired,
                Some(told) if remind.ms() > 0 && now - told >= remind.ms() => What::Reminder,
                Some(_) => continue,
            };
            entry.told = Some(now);
            entry.times += 1;
            news.push(News { what, key: key.clone(), entry: entry.clone(), at: now });
        }
        self.entries = entries.into_iter().collect();
        news
    }
}

/// Whether a firing alert makes this one no news: one of its rule's `hidden_by`, of the same queue
/// where both name one.
pub fn is_hidden(key: &Key, firing: &[Key]) -> bool {
    let hidden_by = rules::named(&key.alert).map_or(&[][..], |rule| rule.hidden_by);
    firing.iter().any(|other| {
        let is_of_other_queue = matches!((key.label("queue"), other.label("queue")), (Some(a), Some(b)) if a != b);
        hidden_by.contains(&other.alert.as_str()) && !is_of_other_queue
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_seconds(seconds)
    }

    fn low(queue: &str) -> (&'static Rule, Finding) {
        let labels = vec![("queue", queue.to_owned())];
        (rules::named("AnswerRateLow").unwrap(), Finding { labels, value: 0.8 })
    }

    struct Desk {
        watch: Watch,
        silences: Vec<Silence>,
    }

    impl Desk {
        fn new() -> Self {
            Self { watch: Watch::default(), silences: Vec::new() }
        }

        /// Steps every 15 s of `from..=to`; what is told, with its second.
        fn run(&mut self, from: i64, to: i64, findings: &[(&'static Rule, Finding)]) -> Vec<(i64, What, String)> {
            let mut told = Vec::new();
            for second in (from..=to).step_by(15) {
                let all = findings.to_vec();
                let news =
                    self.watch.step(at(second), all, &RuleSettings::of, Span::from_seconds(4 * 3600), &self.silences);
                told.extend(news.into_iter().map(|news| (news.at.seconds(), news.what, news.key.alert)));
            }
            told
        }
    }

    #[test]
    fn a_condition_fires_once_it_has_held_and_is_called_off_once_it_has_been_gone() {
        let mut desk = Desk::new();
        let name = || "AnswerRateLow".to_owned();
        assert_eq!(desk.run(0, 285, &[low("kundtjanst")]), []);
        assert_eq!(desk.run(300, 600, &[low("kundtjanst")]), [(300, What::Fired, name())]);
        // Wavers about the target: nothing new.
        assert_eq!(desk.run(615, 1000, &[]), []);
        assert_eq!(desk.run(1005, 1200, &[low("kundtjanst")]), []);
        assert_eq!(desk.run(1215, 2000, &[]), [(1815, What::Resolved, name())]);
        assert!(desk.watch.entries().is_empty());
    }

    #[test]
    fn what_is_over_before_it_is_sure_is_never_told() {
        let mut desk = Desk::new();
        assert_eq!(desk.run(0, 270, &[low("kundtjanst")]), []);
        assert_eq!(desk.run(285, 2000, &[]), []);
    }

    #[test]
    fn what_goes_on_is_told_again_after_hours() {
        let mut desk = Desk::new();
        let told = desk.run(0, 9 * 3600, &[low("kundtjanst")]);
        let times: Vec<(i64, What)> = told.into_iter().map(|(second, what, _)| (second, what)).collect();
        assert_eq!(times, [(300, What::Fired), (300 + 4 * 3600, What::Reminder), (300 + 8 * 3600, What::Reminder)]);
    }

    #[test]
    fn a_silence_holds_back_and_what_still_fires_after_it_is_told() {
        let mut desk = Desk::new();
        desk.silences = vec![Silence {
            id: 1,
            alert: None,
            labels: vec![("queue".to_owned(), "kundtjanst".to_owned())],
            from: at(0),
            until: at(900),
            by: "lead".to_owned(),
            comment: "utbildning".to_owned(),
            ended: None,
        }];
        let both = [low("kundtjanst"), low("itsupport")];
        let told = desk.run(0, 1000, &both);
        let when: Vec<i64> = told.iter().map(|(second, ..)| *second).collect();
        assert_eq!(when, [300, 900]);
    }

    #[test]
    fn a_source_that_is_not_heard_hides_what_follows_from_it() {
        let mut desk = Desk::new();
        let labels = vec![("source", "vaxel".to_owned())];
        let stale = (rules::named("SourceStale").unwrap(), Finding::of(labels));
        let told = desk.run(0, 600, &[low("kundtjanst"), stale]);
        assert_eq!(told, [(120, What::Fired, "SourceStale".to_owned())]);
    }

    #[test]
    fn what_was_told_before_a_restart_is_not_told_again_after_it() {
        let mut desk = Desk::new();
        assert_eq!(desk.run(0, 400, &[low("kundtjanst")]).len(), 1);
        let kept = serde_json::to_string(&desk.watch).unwrap();
        let mut again = Desk { watch: serde_json::from_str(&kept).unwrap(), silences: Vec::new() };
        assert_eq!(again.run(405, 900, &[low("kundtjanst")]), []);
    }
}
