//! What is sent of an alert: JSON for programs, words for people, and the form that Alertmanager takes.

use serde_json::{Value, json};

use crate::alert::rule::{Reading, Rule};
use crate::alert::rules;
use crate::alert::settings::{AlertSettings, ReceiverKind, ReceiverSettings};
use crate::alert::watch::{News, What};
use crate::alert::words::summary;
use crate::directory::Directory;
use crate::i18n::{Language, text, text_with};
use crate::measure::{Moment, Span};
use crate::post::{Letter, Mail};

/// What letters are written by.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// How the house wants to be told.
    pub settings: &'a AlertSettings,
    /// What people call its queues and units.
    pub directory: &'a Directory,
}

impl Writer<'_> {
    fn summary(self, news: &News, rule: &Rule, language: Language) -> String {
        summary(&news.key, rule, news.entry.value, language, self.directory)
    }
}

/// The letter that tells a receiver; `None` where the rule is unknown.
pub fn letter(news: &News, receiver: &ReceiverSettings, by: Writer<'_>) -> Option<Letter> {
    let rule = rules::named(&news.key.alert)?;
    Some(match receiver.kind {
        ReceiverKind::Webhook => {
            Letter::Post { receiver: receiver.name.clone(), body: body(news, rule, by).to_string() }
        }
        ReceiverKind::Alertmanager => {
            let alert = for_alertmanager(news, rule, by);
            Letter::Post { receiver: receiver.name.clone(), body: json!([alert]).to_string() }
        }
        ReceiverKind::Email => {
            let language = by.settings.language.into();
            Letter::Mail(Mail {
                to: receiver.to.clone(),
                subject: subject(news, rule, language, by),
                text: words(news, rule, language, by),
                attachments: Vec::new(),
            })
        }
    })
}

/// Tells the letter from every other, also after a restart.
pub fn key(news: &News, receiver: &str) -> String {
    let labels: Vec<String> = news.key.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let fired = news.entry.fired.unwrap_or(news.at);
    format!(
        "alert/{}/{}/{}/{}-{}/{receiver}",
        news.key.alert,
        labels.join(","),
        fired.0,
        news.what.as_str(),
        news.entry.times
    )
}

/// The alert for a webhook.
fn body(news: &News, rule: &Rule, by: Writer<'_>) -> Value {
    let labels: serde_json::Map<String, Value> =
        news.key.labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({
        "what": news.what.as_str(),
        "alert": rule.name,
        "severity": rule.severity.as_str(),
        "labels": labels,
        "value": (rule.value != Reading::Nothing).then_some(news.entry.value),
        "since": news.entry.since.to_rfc3339(),
        "fired": news.entry.fired.map(Moment::to_rfc3339),
        "at": news.at.to_rfc3339(),
        "summary": {
            "sv": by.summary(news, rule, Language::Sv),
            "en": by.summary(news, rule, Language::En),
        },
        "runbook": runbook(rule, by.settings),
    })
}

/// The alert as Alertmanager's API takes it. It is told again and again while it fires, and believes
/// that it is over when it has not been told for a while.
pub fn for_alertmanager(news: &News, rule: &Rule, by: Writer<'_>) -> Value {
    let mut labels: serde_json::Map<String, Value> =
        news.key.labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    labels.insert("alertname".into(), json!(rule.name));
    labels.insert("severity".into(), json!(rule.severity.as_str()));
    labels.insert("job".into(), json!("servicegrad"));
    let ends = if news.what == What::Resolved { news.at } else { news.at.plus_ms(BELIEVED_MS) };
    let mut annotations = serde_json::Map::new();
    annotations.insert("summary".into(), json!(by.summary(news, rule, by.settings.language.into())));
    if let Some(runbook) = runbook(rule, by.settings) {
        annotations.insert("runbook_url".into(), json!(runbook));
    }
    json!({
        "labels": labels,
        "annotations": annotations,
        "startsAt": news.entry.fired.unwrap_or(news.at).to_rfc3339(),
        "endsAt": ends.to_rfc3339(),
    })
}

/// How long Alertmanager believes that an alert fires after it was told.
pub const BELIEVED_MS: i64 = 5 * 60_000;

fn runbook(rule: &Rule, settings: &AlertSettings) -> Option<String> {
    settings.runbooks.as_ref().map(|page| format!("{page}#{}", rule.name.to_ascii_lowercase()))
}

fn subject(news: &News, rule: &Rule, language: Language, by: Writer<'_>) -> String {
    let what = match news.what {
        What::Fired => text(language, "alert-fired"),
        What::Reminder => text(language, "alert-reminder"),
        What::Resolved => text(language, "alert-resolved"),
    };
    format!("[{what}] {}", by.summary(news, rule, language))
}

fn words(news: &News, rule: &Rule, language: Language, by: Writer<'_>) -> String {
    let lasted = Span::from_seconds((news.at - news.entry.since) / 1000);
    let mut lines = vec![
        by.summary(news, rule, language),
        String::new(),
        text_with(language, "alert-since", &[("since", news.entry.since.to_rfc3339()), ("lasted", lasted.to_string())]),
        format!("{} · {}", rule.name, rule.severity.as_str()),
    ];
    lines.extend(runbook(rule, by.settings));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::watch::Entry;
    use crate::alert::watch::Key;
    use crate::directory::{QueueSettings, Units};

    fn news(what: What) -> News {
        let labels = vec![("queue".to_owned(), "kundtjanst".to_owned())];
        let entry = Entry {
            since: Moment(0),
            fired: Some(Moment(300_000)),
            gone: None,
            told: Some(Moment(300_000)),
            times: 1,
            value: 0.812,
        };
        News { what, key: Key { alert: "AnswerRateLow".into(), labels }, entry, at: Moment(300_000) }
    }

    #[test]
    fn a_webhook_is_told_everything_and_a_mail_one_sentence_first() {
        let settings = AlertSettings { runbooks: Some("https://x/sv.md".into()), ..AlertSettings::default() };
        let rule = rules::named("AnswerRateLow").unwrap();
        let zone = chrono_tz::Europe::Stockholm;
        let queue: QueueSettings = toml::from_str("name = \"kundtjanst\"\ntitle = \"Kundtjänst\"").unwrap();
        let queues = vec![queue.check(zone, None).unwrap()];
        let directory = Directory::new(zone, Vec::new(), queues, Units::none()).unwrap();
        let by = Writer { settings: &settings, directory: &directory };
        let told = body(&news(What::Fired), rule, by);
        assert_eq!(told["labels"]["queue"], "kundtjanst");
        assert_eq!(told["runbook"], "https://x/sv.md#answerratelow");
        assert_eq!(told["value"], 0.812);
        let subject = subject(&news(What::Resolved), rule, Language::Sv, by);
        assert!(subject.contains("Kundtjänst") && subject.contains("81,2\u{a0}%"), "{subject}");
    }

    #[test]
    fn a_reminder_is_another_letter_and_the_same_news_the_same() {
        let (fired, mut again) = (news(What::Fired), news(What::Reminder));
        again.entry.times = 2;
        assert_eq!(key(&fired, "jour"), key(&news(What::Fired), "jour"));
        assert_ne!(key(&fired, "jour"), key(&again, "jour"));
    }
}
