//! `[mail]` of the configuration.

use std::path::PathBuf;

use lettre::message::Mailbox;
use serde::Deserialize;

/// Through which server mail is sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSettings {
    /// The server: `host` or `host:port`. Default: none, nothing is mailed.
    pub server: Option<String>,
    /// How the line is encrypted. Default `starttls`.
    pub encryption: Encryption,
    /// Who writes: `Servicegrad <servicegrad@example.se>`. Required with `server`.
    pub from: Option<String>,
    /// Name to log in with. Default: none.
    pub user: Option<String>,
    /// File that holds the password.
    pub password_file: Option<PathBuf>,
}

/// How the line to the mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// Begun in clear and then encrypted, or nothing is sent; port 587.
    #[default]
    Starttls,
    /// Encrypted from the beginning; port 465.
    Tls,
    /// Not at all, for a server on this machine; port 25.
    None,
}

impl Encryption {
    /// The one spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starttls => "starttls",
            Self::Tls => "tls",
            Self::None => "none",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

impl MailSettings {
    /// Checks the settings; complaints are `(key, reason)`.
    pub fn check(&self) -> Result<(), Vec<(String, String)>> {
        let mut wrong = Vec::new();
        let mut complain = |key: &str, why: String| wrong.push((key.to_owned(), why));
        if self.server.is_some() && self.address().is_none() {
            complain("server", "must be host or host:port".to_owned());
        }
        match (&self.from, &self.server) {
            (None, Some(_)) => complain("from", "is missing: who writes".to_owned()),
            (Some(from), _) if from.parse::<Mailbox>().is_err() => {
                complain("from", format!("`{from}` is no mail address"));
            }
            _ => {}
        }
        if self.user.is_some() != self.password_file.is_some() {
            complain("password_file", "goes together with user; give both or neither".to_owned());
        }
        if self.encryption == Encryption::None && self.user.is_some() {
            complain("encryption", "is none: the password would be sent in clear".to_owned());
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Host and port of the server.
    pub fn address(&self) -> Option<(String, u16)> {
        let server = self.server.as_deref()?;
        let (host, port) = match server.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (server, self.encryption.port()),
        };
        (!host.is_empty()).then(|| (host.to_owned(), port))
    }
}
