//! `[[source]]` of the configuration.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use crate::measure::Span;
use crate::names::is_slug;
use crate::source::kind::{KINDS, Transport, kind_named};

/// One feed.
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
    /// Word that a sender over TCP or HTTP must give. Required where `listen` is not loopback.
    pub token: Option<String>,
    /// File that holds the token, in place of `token`.
    pub token_file: Option<PathBuf>,
}

fn default_poll() -> Span {
    Span::from_ms(200)
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
            token: None,
            token_file: None,
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
        if self.token.is_some() && self.token_file.is_some() {
            complain("token_file", "stands beside token; give one of them".into());
        }
        let has_token = self.token.is_some() || self.token_file.is_some();
        match kind_named(&self.kind).map(|kind| kind.transport) {
            None => {
                let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
                complain("kind", format!("there is no kind `{}`; there are {}", self.kind, known.join(", ")));
            }
            Some(Transport::File) => {
                if self.path.is_none() {
                    complain("path", "is missing: the file to follow".into());
                }
                if self.listen.is_some() {
                    complain("listen", format!("a source of kind {} does not listen", self.kind));
                }
            }
            Some(Transport::FileOrListen) => match (&self.path, &self.listen) {
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
            Some(Transport::Http) => {
                if self.path.is_some() || self.listen.is_some() {
                    complain("path", "a source of kind http is posted to and has neither path nor listen".into());
                }
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// The token, read from its file where it stands in one.
    pub fn read_token(&self) -> std::io::Result<Option<String>> {
        match &self.token_file {
            Some(path) => Ok(Some(std::fs::read_to_string(path)?.trim().to_owned())),
            None => Ok(self.token.clone()),
        }
    }
}
