//! `[http]` of the configuration.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use crate::measure::Span;
use crate::secret;
use crate::web::proxy::ProxySettings;

/// Where and to whom the web is served.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSettings {
    /// Address to serve on. Default `127.0.0.1:9464`.
    pub listen: SocketAddr,
    /// Word that a reader or sender must give, as `Authorization: Bearer WORD` or `?token=WORD`.
    /// Default: none; required where `listen` is not loopback.
    pub token: Option<String>,
    /// File that holds the token, in place of `token`.
    pub token_file: Option<PathBuf>,
    /// File in which `servicegrad token` keeps further tokens, as hashes. Default: none.
    pub tokens: Option<PathBuf>,
    /// File in which `servicegrad user` keeps those who may log in. Default: none.
    pub users: Option<PathBuf>,
    /// How long they stay logged in, 5 min to 7 d. Default 12 h.
    pub session: Span,
    /// A proxy that says who asks. Default: none.
    pub proxy: Option<ProxySettings>,
    /// Who stands behind the service, for the accessibility statement. Default: not said.
    pub public_body: Option<String>,
    /// Where they are reached. Default: not said.
    pub public_contact: Option<String>,
}

/// Who stands behind the service, where that is said.
#[derive(Clone, Debug, Default)]
pub struct PublicBody {
    /// Its name.
    pub name: Option<String>,
    /// Where it is reached.
    pub contact: Option<String>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9464)),
            token: None,
            token_file: None,
            tokens: None,
            users: None,
            session: Span::from_seconds(12 * 3600),
            proxy: None,
            public_body: None,
            public_contact: None,
        }
    }
}

impl HttpSettings {
    /// Checks the settings; complaints are `(key, reason)`.
    pub fn check(&self) -> Result<(), Vec<(String, String)>> {
        let mut wrong = Vec::new();
        if self.token.is_some() && self.token_file.is_some() {
            wrong.push(("token_file".to_owned(), "stands beside token; give one of them".to_owned()));
        }
        let files = [&self.token_file, &self.tokens, &self.users];
        let is_kept = self.token.is_some() || self.proxy.is_some() || files.into_iter().any(Option::is_some);
        if !self.listen.ip().is_loopback() && !is_kept {
            let why = format!(
                "{} is not loopback: anybody there could read and send; give `token`, `token_file`, `tokens`, `users` or `proxy`",
                self.listen
            );
            wrong.push(("listen".to_owned(), why));
        }
        if !(300_000..=604_800_000).contains(&self.session.ms()) {
            wrong.push(("session".to_owned(), format!("{} lies outside 5m to 7d", self.session)));
        }
        let proxy = self.proxy.iter().flat_map(ProxySettings::faults);
        wrong.extend(proxy.map(|(key, why)| (format!("proxy.{key}"), why)));
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// The token, read from its file where it stands in one.
    pub fn read_token(&self) -> std::io::Result<Option<String>> {
        secret::of(self.token_file.as_deref(), self.token.as_deref())
    }
}
