//! `[alert]` of the configuration.

use std::path::PathBuf;

use serde::Deserialize;

use crate::alert::rule::{Rule, Severity};
use crate::alert::rules;
use crate::alert::watch::Key;
use crate::i18n::Language;
use crate::measure::Span;
use crate::names::is_slug;

/// How alerts are judged and told.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertSettings {
    /// How often the conditions are judged, 1 s to 5 min. Default 15 s.
    pub every: Span,
    /// What still fires is told again after this long, 5 min to 7 d; `0s`: never. Default 4 h.
    pub remind: Span,
    /// Language of mails. Default `sv`.
    pub language: LanguageName,
    /// Where the runbooks are read, as an address to which `#alertname` is added. Default: none.
    pub runbooks: Option<String>,
    /// Rules that are to be other than they are.
    pub rule: Vec<RuleChange>,
    /// Who is told.
    pub receiver: Vec<ReceiverSettings>,
}

/// A language by its code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LanguageName {
    /// Swedish.
    #[default]
    Sv,
    /// English.
    En,
}

impl From<LanguageName> for Language {
    fn from(name: LanguageName) -> Self {
        match name {
            LanguageName::Sv => Self::Sv,
            LanguageName::En => Self::En,
        }
    }
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            every: Span::from_seconds(15),
            remind: Span::from_seconds(4 * 3600),
            language: LanguageName::Sv,
            runbooks: None,
            rule: Vec::new(),
            receiver: Vec::new(),
        }
    }
}

/// `[[alert.rule]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleChange {
    /// Name of the rule.
    pub name: String,
    /// Whether it is judged at all. Default true.
    pub enabled: Option<bool>,
    /// How long its condition must hold. Default: as the rule has it.
    pub hold: Option<Span>,
    /// How long it goes on firing when its condition no longer holds. Default: as the rule has it.
    pub keep: Option<Span>,
}

/// A rule as it is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleSettings {
    /// Whether it is judged at all.
    pub enabled: bool,
    /// How long its condition must hold.
    pub hold: Span,
    /// How long it goes on firing.
    pub keep: Span,
}

impl RuleSettings {
    /// As the rule has it.
    pub fn of(rule: &Rule) -> Self {
        let span = |seconds: u32| Span::from_seconds(i64::from(seconds));
        Self { enabled: true, hold: span(rule.hold_s), keep: span(rule.keep_s) }
    }
}

/// `[[alert.receiver]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiverSettings {
    /// Our name of it: a slug.
    pub name: String,
    /// How it is told.
    pub kind: ReceiverKind,
    /// Address: of the webhook, or of the Alertmanager (`http://127.0.0.1:9093`).
    pub url: Option<String>,
    /// File that holds the secret with which posts to a webhook are signed.
    pub secret_file: Option<PathBuf>,
    /// File that holds a token that is given as `Authorization: Bearer`.
    pub token_file: Option<PathBuf>,
    /// Mail addresses.
    #[serde(default)]
    pub to: Vec<String>,
    /// Only alerts of these severities. Default: all.
    #[serde(default)]
    pub severity: Vec<Severity>,
    /// Only alerts of these queues, and those of no queue. Default: all.
    #[serde(default)]
    pub queues: Vec<String>,
    /// Only alerts of these organisations' units. Default: all.
    #[serde(default)]
    pub organisations: Vec<String>,
}

/// How a receiver is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiverKind {
    /// JSON posted to an address, signed where there is a secret.
    Webhook,
    /// Alertmanager's API, version 2.
    Alertmanager,
    /// A mail.
    Email,
}

impl ReceiverKind {
    /// The one spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Alertmanager => "alertmanager",
            Self::Email => "email",
        }
    }
}

impl AlertSettings {
    /// Checks the settings; complaints are `(key, reason)`.
    pub fn check(&self) -> Result<(), Vec<(String, String)>> {
        let mut wrong = Vec::new();
        let mut complain = |key: String, why: String| wrong.push((key, why));
        if !(1_000..=300_000).contains(&self.every.ms()) {
            complain("every".into(), format!("{} lies outside 1s to 5m", self.every));
        }
        if self.remind.ms() != 0 && !(300_000..=7 * 86_400_000).contains(&self.remind.ms()) {
            complain("remind".into(), format!("{} lies outside 5m to 7d, and is not 0s", self.remind));
        }
        for (at, rule) in self.rule.iter().enumerate() {
            let known = rules::RULES.iter().filter(|rule| rule.judge.is_some()).map(|rule| rule.name);
            if !known.clone().any(|name| name == rule.name) {
                let known: Vec<&str> = known.collect();
                complain(
                    format!("rule[{}].name", at + 1),
                    format!("there is no rule `{}`; there are {}", rule.name, known.join(", ")),
                );
            }
        }
        for (at, receiver) in self.receiver.iter().enumerate() {
            let place = |key: &str| format!("receiver[{}] \"{}\".{key}", at + 1, receiver.name);
            for (key, why) in receiver.check() {
                complain(place(key), why);
            }
            if self.receiver[..at].iter().any(|other| other.name == receiver.name) {
                complain(place("name"), "stands twice".into());
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// A rule as it is in force.
    pub fn rule(&self, rule: &Rule) -> RuleSettings {
        let own = RuleSettings::of(rule);
        let change = self.rule.iter().find(|change| change.name == rule.name);
        change.map_or(own, |change| RuleSettings {
            enabled: change.enabled.unwrap_or(true),
            hold: change.hold.unwrap_or(own.hold),
            keep: change.keep.unwrap_or(own.keep),
        })
    }
}

impl ReceiverSettings {
    fn check(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        let mut complain = |key: &'static str, why: &str| wrong.push((key, why.to_owned()));
        if !is_slug(&self.name) {
            complain("name", "must be 1 to 64 of a-z, 0-9, - and _");
        }
        let is_web = self.url.as_deref().is_some_and(|url| url.starts_with("http://") || url.starts_with("https://"));
        match self.kind {
            ReceiverKind::Email if self.to.is_empty() => complain("to", "is missing: mail addresses"),
            ReceiverKind::Webhook | ReceiverKind::Alertmanager if !is_web => {
                complain("url", "must be an address that begins with http:// or https://");
            }
            _ => {}
        }
        if self.kind == ReceiverKind::Email && self.url.is_some() {
            complain("url", "means nothing to a receiver of kind email");
        }
        if self.kind != ReceiverKind::Email && !self.to.is_empty() {
            complain("to", "means nothing to a receiver that is no mail address");
        }
        if self.kind != ReceiverKind::Webhook && self.secret_file.is_some() {
            complain("secret_file", "is for receivers of kind webhook");
        }
        for to in self.to.iter().filter(|to| to.parse::<lettre::Address>().is_err()) {
            complain("to", &format!("`{to}` is no mail address"));
        }
        wrong
    }

    /// Whether an alert is its business.
    pub fn wants(&self, key: &Key, severity: Severity) -> bool {
        let is_among = |list: &[String], label: &str| {
            list.is_empty() || key.label(label).is_none_or(|value| list.iter().any(|one| one == value))
        };
        (self.severity.is_empty() || self.severity.contains(&severity))
            && is_among(&self.queues, "queue")
            && is_among(&self.organisations, "organisation")
    }
}
