//! What is in force and where it came from, for people; secrets are not shown.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::config::Config;
use crate::directory::{ClockStart, Queue, QueueSettings};
use crate::measure::Span;
use crate::source::SourceSettings;
use crate::source::records::RecordsSettings;

/// A page on what the configuration comes to: each key, its value, and behind it the file or the
/// variable that said so, or `default`.
pub fn describe(config: &Config) -> String {
    let mut page = Page { config, text: String::new(), path: String::new() };
    let (directory, tracker) = (&config.directory, &config.tracker);
    page.line("zone", directory.zone().name());
    page.line("holidays", config.holidays.as_deref().unwrap_or("none"));
    page.line("stale_after", &tracker.stale_after.to_string());
    page.line("lateness", &tracker.lateness.to_string());
    page.line("short_ring", &tracker.short_ring.to_string());
    page.table("store", "[store]");
    page.line("url", &without_password(&config.store.url));
    page.line("migrate", &config.store.migrate.to_string());
    if config.store.url.starts_with("postgres") {
        page.path("password_file", config.store.password_file.as_deref());
        page.path("tls_ca", config.store.tls_ca.as_deref());
        page.line("connect_timeout", &config.store.connect_timeout.to_string());
        page.line("statement_timeout", &config.store.statement_timeout.to_string());
        page.line("lock_timeout", &config.store.lock_timeout.to_string());
        page.line("readers", &config.store.readers.to_string());
    }
    page.path("spool", Some(&config.store.spool_path()));
    page.line("spool_bytes_max", &config.store.spool_bytes_max.to_string());
    page.table("upkeep", "[upkeep]");
    let upkeep = &config.upkeep;
    page.line("close", &upkeep.close.to_string());
    page.line("every", &upkeep.every.to_string());
    for (key, age) in [("calls", &upkeep.calls), ("facts", &upkeep.facts), ("quarters", &upkeep.quarters)] {
        page.line(key, age);
    }
    page.table("http", "[http]");
    page.line("listen", &config.http.listen.to_string());
    page.secret("token", config.http.token.as_deref());
    page.path("token_file", config.http.token_file.as_deref());
    page.path("tokens", config.http.tokens.as_deref());
    page.path("users", config.http.users.as_deref());
    page.line("session", &config.http.session.to_string());
    if let Some(proxy) = &config.http.proxy {
        page.line("proxy", &format!("{}, {} grants", proxy.from.join(", "), proxy.grant.len()));
    }
    if let Some(body) = &config.http.public_body {
        page.line("public_body", body);
    }
    if let Some(contact) = &config.http.public_contact {
        page.line("public_contact", contact);
    }
    page.table("metrics", "[metrics]");
    page.line("series_max", &config.metrics.series_max.to_string());
    page.outgoing();
    for (at, source) in config.sources.iter().enumerate() {
        page.table(&format!("source[{}]", at + 1), &format!("[[source]] {}", source.name));
        page.line("kind", &source.kind);
        page.path("path", source.path.as_deref());
        if let Some(address) = &source.listen {
            page.line("listen", &address.to_string());
        }
        page.line("poll", &source.poll.to_string());
        page.line("silent_after", &source.silent_after.to_string());
        page.secret("token", source.token.as_deref());
        page.path("token_file", source.token_file.as_deref());
        page.line("rate", &source.rate.to_string());
        page.dialled(source);
        page.read(source);
    }
    for (at, (queue, settings)) in directory.queues().iter().zip(&config.queues).enumerate() {
        page.table(&format!("queue[{}]", at + 1), &format!("[[queue]] {}", queue.name));
        page.queue(queue, settings);
    }
    page.table("directory", "[directory]");
    let (organisations, units) = (directory.organisations().len() - 1, directory.units().len() - 1);
    page.line("units", &format!("{units} units of {organisations} organisations"));
    page.text
}

/// How wide keys and values are, so that what stands behind them lines up.
const KEY_WIDTH: usize = 14;
const VALUE_WIDTH: usize = 52;

struct Page<'a> {
    config: &'a Config,
    text: String,
    path: String,
}

impl Page<'_> {
    fn table(&mut self, path: &str, title: &str) {
        self.path = format!("{path}.");
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "\n{title}");
    }

    fn line(&mut self, key: &str, value: &str) {
        let origin = self.config.origins.from(&format!("{}{key}", self.path));
        let _ = writeln!(self.text, "{key:<KEY_WIDTH$} {value:<VALUE_WIDTH$} # {origin}");
    }

    fn path(&mut self, key: &str, path: Option<&std::path::Path>) {
        if let Some(path) = path {
            self.line(key, &path.display().to_string());
        }
    }

    /// That there is one, and no more: this page is pasted into mails.
    fn secret(&mut self, key: &str, secret: Option<&str>) {
        if secret.is_some() {
            self.line(key, "(set)");
        }
    }

    /// What only a switch that is dialled has.
    fn dialled(&mut self, source: &SourceSettings) {
        let texts = [("switch", &source.switch), ("connect", &source.connect), ("user", &source.user)];
        for (key, text) in texts {
            if let Some(text) = text {
                self.line(key, text);
            }
        }
        self.secret("secret", source.secret.as_deref());
        self.path("secret_file", source.secret_file.as_deref());
        if source.connect.is_some() {
            self.line("tls", &source.tls.to_string());
            self.path("tls_ca", source.tls_ca.as_deref());
        }
    }

    /// What only records, channel event logs and monitors have.
    fn read(&mut self, source: &SourceSettings) {
        let list = |words: &[String]| words.join(", ");
        if let Some(folder) = &source.folder {
            let beside = |place: &Option<PathBuf>, name: &str| place.clone().unwrap_or_else(|| folder.join(name));
            self.path("folder", Some(folder));
            self.path("done", Some(&beside(&source.done, "done")));
            self.path("failed", Some(&beside(&source.failed, "failed")));
            self.line("settle", &source.settle.to_string());
        }
        let lists = [("peers", &source.peers), ("monitor", &source.monitor), ("queues", &source.queues)];
        for (key, words) in lists.into_iter().filter(|(_, words)| !words.is_empty()) {
            self.line(key, &list(words));
        }
        if let Some(columns) = &source.columns {
            self.line("columns", &list(columns));
        }
        if let Some(zone) = &source.zone {
            self.line("zone", zone);
        }
        if source.dialplan {
            self.line("dialplan", "true");
        }
        // With a preset it is of interest what that says; checked before, so that it can be told.
        let Some(Ok(records)) = source.records.as_ref().map(RecordsSettings::effective) else { return };
        let Ok(serde_json::Value::Object(keys)) = serde_json::to_value(&records) else { return };
        self.path.push_str("records.");
        for (key, value) in keys {
            let is_empty = value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
            if !is_empty {
                let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
                self.line(&key, &text);
            }
        }
    }

    fn outgoing(&mut self) {
        let (alert, mail) = (&self.config.alert, &self.config.mail);
        self.table("alert", "[alert]");
        self.line("every", &alert.every.to_string());
        self.line("remind", &alert.remind.to_string());
        self.line(
            "receiver",
            &alert
                .receiver
                .iter()
                .map(|one| format!("{} ({})", one.name, one.kind.as_str()))
                .collect::<Vec<_>>()
                .join(", "),
        );
        self.table("mail", "[mail]");
        self.line("server", mail.server.as_deref().unwrap_or("none"));
        self.line("encryption", mail.encryption.as_str());
        self.path("password_file", mail.password_file.as_deref());
        for (at, report) in self.config.reports.iter().enumerate() {
            self.table(&format!("report[{}]", at + 1), &format!("[[report]] {}", report.name));
            self.line("kind", &report.kind);
            self.line("every", report.every.as_str());
            self.line("day", &report.day.to_string());
            self.line("at", &report.at);
            self.line("first", report.first.as_deref().unwrap_or("the one under way when it is first seen"));
            self.line("organisation", report.organisation.as_deref().unwrap_or("everything"));
            self.line("format", &report.format.join(", "));
            self.line("to", &report.to.join(", "));
            self.path("folder", report.folder.as_deref());
        }
    }

    fn queue(&mut self, queue: &Queue, settings: &QueueSettings) {
        let span = |ms: u32| Span::from_ms(i64::from(ms)).to_string();
        self.line("title", &queue.title);
        let from: Vec<String> = queue.from.iter().map(|from| format!("{}/{}", from.source, from.queue)).collect();
        self.line("from", &if from.is_empty() { "its own name on every source".into() } else { from.join(", ") });
        let thresholds: Vec<String> = queue.thresholds_ms.iter().map(|ms| span(*ms)).collect();
        self.line("thresholds", &thresholds.join(", "));
        let objective = queue.objective.map_or_else(
            || "none".to_owned(),
            |o| format!("{} within {} by {}", o.target, span(o.threshold_ms), o.definition.as_str()),
        );
        self.line("objective", &objective);
        self.line("answer_target", &queue.answer_target.map_or_else(|| "none".into(), |target| target.to_string()));
        self.line("short_abandon", &queue.short_abandon_ms.map_or_else(|| "none".into(), span));
        self.line("hours", settings.hours.as_deref().unwrap_or("always"));
        for (day, hours) in &settings.exceptions {
            self.line("exceptions", &format!("{day}: {hours}"));
        }
        if let Some(zone) = &settings.zone {
            self.line("zone", zone);
        }
        for earlier in &settings.earlier {
            self.line("earlier", &format!("other rules until {}", earlier.until));
        }
        self.line(
            "clock",
            match queue.clock {
                ClockStart::Queued => "queued",
                ClockStart::Arrived => "arrived",
            },
        );
    }
}

/// An address without the password in it.
fn without_password(url: &str) -> String {
    let hidden = || {
        let (scheme, rest) = url.split_once("://")?;
        let (account, place) = rest.rsplit_once('@')?;
        let (name, _) = account.split_once(':')?;
        Some(format!("{scheme}://{name}:(set)@{place}"))
    };
    hidden().unwrap_or_else(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::load::load_with;

    #[test]
    fn the_page_tells_everything_but_secrets() {
        let config = load_with(Path::new("config/lystkom.toml"), Some(config::Map::new())).unwrap();
        let page = describe(&config);
        for told in ["zone           Europe/Stockholm", "0.9 within 30s by short_abandons_ignored", "# default"] {
            assert!(page.contains(told), "{told} is not in {page}");
        }
        let mut config = config;
        config.http.token = Some("hemligt".into());
        config.sources[0].token = Some("hemligt".into());
        config.sources[0].secret = Some("hemligt".into());
        assert!(!describe(&config).contains("hemligt"));
    }

    #[test]
    fn a_password_in_an_address_is_hidden() {
        assert_eq!(without_password("postgres://u:p@ss@host/db"), "postgres://u:(set)@host/db");
        assert_eq!(without_password("sqlite:a@b.db"), "sqlite:a@b.db");
    }
}
