//! `[[source]]` of the configuration.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use crate::measure::{Span, Untold};
use crate::names::is_slug;
use crate::secret;
use crate::source::kind::{KINDS, Transport, kind_named};
use crate::source::peers::Peers;
use crate::source::records::RecordsSettings;

/// One feed. Which keys a kind reads and which it needs is checked by [`SourceSettings::check`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    /// Our name of it: a slug.
    pub name: String,
    /// One of the kinds.
    pub kind: String,
    /// File to follow, `-` for standard input (ndjson only).
    pub path: Option<PathBuf>,
    /// Address to listen on for TCP lines (ndjson only), `127.0.0.1:9465`.
    pub listen: Option<SocketAddr>,
    /// How often a file is looked at when nothing new came, 10 ms to 1 min. Default 200 ms.
    #[serde(default = "default_poll")]
    pub poll: Span,
    /// Not heard for longer than this while one of its queues is open, it counts as silent: its live
    /// figures are withdrawn. 10 s to 7 d. Default 30 min.
    #[serde(default = "default_silent_after")]
    pub silent_after: Span,
    /// Word that a sender over TCP or HTTP must give: this source's own, good for no other. Required
    /// where `listen` is not loopback; over HTTP without one the rules of `[http]` hold.
    pub token: Option<String>,
    /// File that holds the token, in place of `token`.
    pub token_file: Option<PathBuf>,
    /// Events that a sender over TCP or HTTP may send per second on average, 1 to 1 000 000. Default
    /// 20 000. Over HTTP a faster one is told when to come again, over TCP it is read more slowly.
    #[serde(default = "default_rate")]
    pub rate: u32,
    /// Name of the source that tells of the same switch: their words on a call are put together and
    /// nothing is counted twice. Queues are then fed by that source. Default: this one alone.
    pub switch: Option<String>,
    /// Where a dialled switch is, `host` or `host:port`.
    pub connect: Option<String>,
    /// Encrypt the line. Default false.
    #[serde(default)]
    pub tls: bool,
    /// File with the certificate (PEM) that the switch's own must be signed by, where it is not one
    /// that everybody knows.
    pub tls_ca: Option<PathBuf>,
    /// Name to log in with.
    pub user: Option<String>,
    /// Secret to log in with.
    pub secret: Option<String>,
    /// File that holds the secret, in place of `secret`.
    pub secret_file: Option<PathBuf>,
    /// Also ask for dialplan events: joins that a queue refuses are seen then (asterisk_ami), and
    /// voicemail at the moment that it begins (freeswitch_esl). The switch says three times as much.
    /// Default false.
    #[serde(default)]
    pub dialplan: bool,
    /// Names of the columns in their order (asterisk_cel only), as in cel_custom.conf. Default: told by
    /// their number, or by the first line of an export.
    pub columns: Option<Vec<String>>,
    /// Time zone of times that name none.
    pub zone: Option<String>,
    /// Devices to monitor (csta only): attendants, and the extensions of units.
    #[serde(default)]
    pub monitor: Vec<String>,
    /// Queues and pilot numbers of the switch (csta only), which are monitored as well.
    #[serde(default)]
    pub queues: Vec<String>,
    /// Folder that finished files are put into (records only): each is read once, when it is whole.
    pub folder: Option<PathBuf>,
    /// Where files go that have been read. Default: `done` in the folder.
    pub done: Option<PathBuf>,
    /// Where files go that cannot be read, each with the reason beside it. Default: `failed` in the
    /// folder.
    pub failed: Option<PathBuf>,
    /// A file is whole when it has not changed for this long, 0 s to 1 h. Default 2 s.
    #[serde(default = "default_settle")]
    pub settle: Span,
    /// Addresses that may send to `listen` (records only), `192.0.2.7` or `192.0.2.0/24`: such senders
    /// give no token. Required where `listen` is not loopback.
    #[serde(default)]
    pub peers: Vec<String>,
    /// How records are read (records only).
    pub records: Option<RecordsSettings>,
}

fn default_settle() -> Span {
    Span::from_seconds(2)
}

fn default_poll() -> Span {
    Span::from_ms(200)
}

fn default_rate() -> u32 {
    20_000
}

fn default_silent_after() -> Span {
    Span::from_seconds(30 * 60)
}

impl SourceSettings {
    /// A feed of this name and kind with every default.
    pub fn named(name: &str, kind: &str) -> Self {
        Self {
            name: name.into(),
            kind: kind.into(),
            path: None,
            listen: None,
            poll: default_poll(),
            silent_after: default_silent_after(),
            token: None,
            token_file: None,
            rate: default_rate(),
            switch: None,
            connect: None,
            tls: false,
            tls_ca: None,
            user: None,
            secret: None,
            secret_file: None,
            dialplan: false,
            columns: None,
            zone: None,
            monitor: Vec::new(),
            queues: Vec::new(),
            folder: None,
            done: None,
            failed: None,
            settle: default_settle(),
            peers: Vec::new(),
            records: None,
        }
    }

    /// Checks the settings; complaints are `(key, reason)`.
    pub fn check(&self) -> Result<(), Vec<(String, String)>> {
        let mut wrong = Vec::new();
        let mut complain = |key: &str, why: String| wrong.push((key.to_owned(), why));
        if !is_slug(&self.name) {
            complain("name", format!("`{}` must be 1 to 64 of a-z, 0-9, - and _", self.name));
        }
        if !(10..=60_000).contains(&self.poll.ms()) {
            complain("poll", format!("{} lies outside 10ms to 1m", self.poll));
        }
        if !(1..=1_000_000).contains(&self.rate) {
            complain("rate", format!("{} lies outside 1 to 1000000 events per second", self.rate));
        }
        if self.token.as_deref() == Some("") {
            complain("token", "an empty word keeps nobody out; leave the key away or give one".into());
        }
        if !(10_000..=7 * 86_400_000).contains(&self.silent_after.ms()) {
            complain("silent_after", format!("{} lies outside 10s to 7d", self.silent_after));
        }
        if self.token.is_some() && self.token_file.is_some() {
            complain("token_file", "stands beside token; give one of them".into());
        }
        if self.secret.is_some() && self.secret_file.is_some() {
            complain("secret_file", "stands beside secret; give one of them".into());
        }
        let kind = kind_named(&self.kind);
        if let Some(kind) = kind {
            for (key, why) in self.check_transport(kind.transport).into_iter().chain((kind.check)(self)) {
                complain(&key, why);
            }
        } else {
            let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            complain("kind", format!("there is no kind `{}`; there are {}", self.kind, known.join(", ")));
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    fn check_transport(&self, transport: Transport) -> Vec<(String, String)> {
        let mut wrong = Vec::new();
        let mut complain = |key: &str, why: String| wrong.push((key.to_owned(), why));
        let is_dialled = matches!(transport, Transport::Dial { .. });
        let of_dialled = [
            ("connect", self.connect.is_some()),
            ("tls", self.tls),
            ("tls_ca", self.tls_ca.is_some()),
            ("user", self.user.is_some()),
            ("secret", self.secret.is_some()),
            ("secret_file", self.secret_file.is_some()),
        ];
        for (key, _) in of_dialled.into_iter().filter(|(_, is_given)| *is_given && !is_dialled) {
            complain(key, format!("means nothing to a source of kind {}, which dials nowhere", self.kind));
        }
        let is_of_records = matches!(transport, Transport::FileFolderOrListen);
        let of_records = [
            ("folder", self.folder.is_some()),
            ("done", self.done.is_some()),
            ("failed", self.failed.is_some()),
            ("peers", !self.peers.is_empty()),
            ("records", self.records.is_some()),
        ];
        for (key, _) in of_records.into_iter().filter(|(_, is_given)| *is_given && !is_of_records) {
            complain(key, format!("means nothing to a source of kind {}", self.kind));
        }
        let has_token = self.token.is_some() || self.token_file.is_some();
        match transport {
            Transport::FileFolderOrListen => {
                let given = [self.path.is_some(), self.folder.is_some(), self.listen.is_some()];
                if given.into_iter().filter(|is_given| *is_given).count() != 1 {
                    complain("path", "or `folder` or `listen`: a source of kind records is one of them".into());
                }
                if has_token {
                    complain(
                        "token",
                        "is nothing that a switch's printer line can give; say which `peers` may send".into(),
                    );
                }
                if self.folder.is_none() && (self.done.is_some() || self.failed.is_some()) {
                    complain("done", "and failed belong to a `folder`".into());
                }
                if !(0..=3_600_000).contains(&self.settle.ms()) {
                    complain("settle", format!("{} lies outside 0s to 1h", self.settle));
                }
                let is_open = self.listen.is_some_and(|address| !address.ip().is_loopback());
                match Peers::parse(&self.peers) {
                    Err(why) => complain("peers", why),
                    Ok(peers) if is_open && peers.is_empty() => {
                        complain(
                            "peers",
                            "is missing: `listen` is not loopback, so say which addresses may send".into(),
                        );
                    }
                    Ok(_) => {}
                }
            }
            Transport::File => {
                if self.path.is_none() {
                    complain("path", "is missing: the file to follow".into());
                }
                if self.listen.is_some() {
                    complain("listen", format!("a source of kind {} does not listen", self.kind));
                }
            }
            Transport::FileOrListen => match (&self.path, &self.listen) {
                (None, None) => {
                    complain("path", "is missing: a file to follow, - for standard input, or else `listen`".into());
                }
                (Some(_), Some(_)) => complain("listen", "stands beside path; a source is one of them".into()),
                (None, Some(address)) if !address.ip().is_loopback() && !has_token => {
                    complain(
                        "listen",
                        format!(
                            "{address} is not loopback: anybody there could send events; give a `token` or `token_file`"
                        ),
                    );
                }
                _ => {}
            },
            Transport::Http => {
                if self.path.is_some() || self.listen.is_some() {
                    complain("path", "a source of kind http is posted to and has neither path nor listen".into());
                }
            }
            Transport::Dial { .. } => {
                if self.path.is_some() || self.listen.is_some() {
                    complain("path", format!("a source of kind {} dials, and has neither path nor listen", self.kind));
                }
                match self.connect.as_deref().map(|connect| address(connect, 1)) {
                    None => complain("connect", "is missing: where the switch is, `host` or `host:port`".into()),
                    Some(None) => complain("connect", "must be `host` or `host:port`".into()),
                    Some(Some(_)) => {}
                }
                if self.tls_ca.is_some() && !self.tls {
                    complain("tls_ca", "stands without `tls = true`".into());
                }
            }
        }
        wrong
    }

    /// What it cannot tell; empty for what is not known to leave anything untold.
    pub fn untold(&self) -> Vec<Untold> {
        kind_named(&self.kind).map(|kind| (kind.untold)(self)).unwrap_or_default()
    }

    /// Tells one mapping of its columns from another, where it has columns.
    pub fn mapping(&self) -> Option<String> {
        Some(self.records.as_ref()?.plan().ok()?.checksum)
    }

    /// Host and port of a dialled switch.
    pub fn connect_to(&self, default_port: u16) -> Option<(String, u16)> {
        address(self.connect.as_deref()?, default_port)
    }

    /// The secret, read from its file where it stands in one; empty where there is none.
    pub fn read_secret(&self) -> std::io::Result<String> {
        Ok(secret::of(self.secret_file.as_deref(), self.secret.as_deref())?.unwrap_or_default())
    }

    /// The token, read from its file where it stands in one.
    pub fn read_token(&self) -> std::io::Result<Option<String>> {
        secret::of(self.token_file.as_deref(), self.token.as_deref())
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn address(text: &str, default_port: u16) -> Option<(String, u16)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().ok()?),
        _ => (text, default_port),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty() && port > 0).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn addresses_of_switches() {
        let told = |text: &str| address(text, 5038).map(|(host, port)| format!("{host} {port}")).unwrap_or_default();
        assert_eq!(told("vaxel.kommun.se"), "vaxel.kommun.se 5038");
        assert_eq!(told("10.0.0.1:5039"), "10.0.0.1 5039");
        assert_eq!(told("::1"), "::1 5038");
        assert_eq!(told("[::1]:5039"), "::1 5039");
        assert_eq!((told(""), told("a:b"), told("a:0")), (String::new(), String::new(), String::new()));
    }
}
