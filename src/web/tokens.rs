//! The tokens: who may what, kept as hashes in a file of their own.
//!
//! The file is written by `servicegrad token` and read again by the daemon as soon as it changes, so
//! that a token that was revoked is refused within seconds. It holds no token, only what SHA-256
//! makes of it: a token is 256 random bits, so nothing slower is needed.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::directory::Directory;
use crate::names::{OrganisationId, QueueId, is_slug};
use crate::source::listen::equal_in_constant_time;
use crate::store::{Part, Sight};
use crate::web::visitor::{Right, Visitor};

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Stands for every queue or organisation.
const ALL: &str = "all";

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A screen on a wall: the wallboard, read only.
    Wallboard,
    /// An organisation's own units and reports.
    Organisation,
    /// Whoever leads a queue: wallboard, queues, units, reports.
    Lead,
    /// A program that posts events.
    Ingest,
    /// Prometheus.
    Metrics,
    /// Everything.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Wallboard, Self::Organisation, Self::Lead, Self::Ingest, Self::Metrics, Self::Admin];

    /// The one spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wallboard => "wallboard",
            Self::Organisation => "organisation",
            Self::Lead => "lead",
            Self::Ingest => "ingest",
            Self::Metrics => "metrics",
            Self::Admin => "admin",
        }
    }

    /// What it may do.
    pub const fn rights(self) -> &'static [Right] {
        match self {
            Self::Wallboard => &[Right::Board],
            Self::Organisation => &[Right::Units, Right::Reports, Right::Alerts],
            Self::Lead => &[Right::Board, Right::Queues, Right::Units, Right::Reports, Right::Alerts],
            Self::Ingest => &[Right::Ingest],
            Self::Metrics => &[Right::Metrics],
            Self::Admin => &Right::ALL,
        }
    }
}

/// A token as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// What it is known by.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
    /// When it was made, RFC 3339.
    pub made: String,
    /// Queues that it shows, by name; `all`: every one.
    #[serde(default)]
    pub queues: BTreeSet<String>,
    /// Organisations that it shows, by name; `all`: every one.
    #[serde(default)]
    pub organisations: BTreeSet<String>,
}

/// The file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenFile {
    /// The tokens.
    #[serde(default, rename = "token")]
    pub tokens: Vec<Token>,
}

/// Why the tokens cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}", path = .path.display())]
pub struct TokenError {
    path: PathBuf,
    why: String,
}

impl TokenFile {
    /// Reads the file at `path`; none there: no token.
    pub fn read(path: &Path) -> Result<Self, TokenError> {
        let failed = |why: String| TokenError { path: path.to_owned(), why };
        match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map_err(|error| failed(error.to_string())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(failed(format!("cannot be read: {error}"))),
        }
    }

    /// Writes the file whole or not at all; only its owner may read it.
    pub fn write(&self, path: &Path) -> Result<(), TokenError> {
        let failed = |why: String| TokenError { path: path.to_owned(), why };
        let text = toml::to_string_pretty(self).map_err(|error| failed(error.to_string()))?;
        let beside = path.with_extension("new");
        let written = || -> std::io::Result<()> {
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&beside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&beside, path)
        };
        written().map_err(|error| failed(format!("cannot be written: {error}")))
    }
}

/// SHA-256 of a token, in hexadecimal.
pub fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

impl Token {
    /// Who comes with it. The error says what is wrong with it.
    pub fn visitor(&self, directory: &Directory) -> Result<Visitor, String> {
        if !is_slug(&self.name) {
            return Err(format!("token `{}`: the name must be 1 to 64 of a-z, 0-9, - and _", self.name));
        }
        let lacks = |kind: &str, name: &str| format!("token `{}`: there is no {kind} `{name}`", self.name);
        let queue = |name: &str| directory.queue_named(name).ok_or_else(|| lacks("queue", name));
        let organisation = |name: &str| {
            let found = directory.organisations().iter().skip(1).position(|one| one.name == name);
            found.map(|at| OrganisationId(at as u32 + 1)).ok_or_else(|| lacks("organisation", name))
        };
        let sight = match self.role {
            Role::Admin => Sight::ALL,
            _ => Sight {
                queues: part::<QueueId>(&self.queues, queue)?,
                organisations: part::<OrganisationId>(&self.organisations, organisation)?,
            },
        };
        Ok(Visitor { name: self.name.clone(), rights: self.role.rights(), sight })
    }
}

fn part<T: Ord>(names: &BTreeSet<String>, find: impl Fn(&str) -> Result<T, String>) -> Result<Part<T>, String> {
    if names.contains(ALL) {
        return Ok(Part::All);
    }
    Ok(Part::Only(names.iter().map(|name| find(name)).collect::<Result<_, _>>()?))
}

/// The tokens in force.
#[derive(Debug, Default)]
pub struct Tokens {
    path: Option<PathBuf>,
    known: RwLock<Vec<(String, Visitor)>>,
    seen: Mutex<Option<(SystemTime, u64)>>,
}

impl Tokens {
    /// Those of the file at `path`; `None`: there are none.
    pub fn open(path: Option<&Path>, directory: &Directory) -> Result<Self, TokenError> {
        let tokens = Self { path: path.map(Path::to_owned), ..Self::default() };
        tokens.look(directory)?;
        Ok(tokens)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Who comes with this token.
    pub fn visitor(&self, token: &str) -> Option<Visitor> {
        let told = hash(token);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|(hash, _)| equal_in_constant_time(hash.as_bytes(), told.as_bytes()));
        found.map(|(_, visitor)| visitor.clone())
    }

    /// Reads the file again if it has changed.
    fn look(&self, directory: &Directory) -> Result<(), TokenError> {
        let Some(path) = &self.path else { return Ok(()) };
        let state = std::fs::metadata(path).ok().and_then(|file| Some((file.modified().ok()?, file.len())));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == state && state.is_some() {
            return Ok(());
        }
        let file = TokenFile::read(path)?;
        let known = file.tokens.iter().map(|token| Ok((token.sha256.clone(), token.visitor(directory)?)));
        let known: Result<_, String> = known.collect();
        let known = known.map_err(|why| TokenError { path: path.clone(), why })?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        *seen = state;
        Ok(())
    }
}

/// Looks at the file again and again until it is aborted. A file that cannot be read leaves in force
/// what was, and says so once.
pub async fn watch(tokens: Arc<Tokens>, directory: Arc<Directory>) {
    let mut is_told = false;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        match tokens.look(&directory) {
            Ok(()) => is_told = false,
            Err(error) if !is_told => {
                tracing::error!(%error, "the tokens cannot be read again; those before stay in force");
                is_told = true;
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(name: &str, role: Role, secret: &str) -> Token {
        Token {
            name: name.into(),
            role,
            sha256: hash(secret),
            made: "2026-11-24T12:00:00Z".into(),
            queues: BTreeSet::new(),
            organisations: BTreeSet::new(),
        }
    }

    fn directory() -> Directory {
        Directory::new(chrono_tz::Europe::Stockholm, Vec::new(), Vec::new(), crate::directory::Units::none()).unwrap()
    }

    #[test]
    fn a_revoked_token_is_refused_as_soon_as_the_file_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.toml");
        let mut file =
            TokenFile { tokens: vec![token("vagg", Role::Wallboard, "one"), token("chef", Role::Admin, "two")] };
        file.write(&path).unwrap();
        let tokens = Tokens::open(Some(&path), &directory()).unwrap();
        assert_eq!(tokens.visitor("one").unwrap().name, "vagg");
        assert!(tokens.visitor("one").unwrap().may(Right::Board) && !tokens.visitor("one").unwrap().may(Right::Ingest));
        assert!(tokens.visitor("three").is_none());
        file.tokens.remove(0);
        file.write(&path).unwrap();
        tokens.look(&directory()).unwrap();
        assert!(tokens.visitor("one").is_none() && tokens.visitor("two").unwrap().sight.is_all());
    }

    #[test]
    fn a_token_for_what_does_not_exist_is_told() {
        let mut wrong = token("asele", Role::Organisation, "x");
        wrong.organisations.insert("asele".into());
        assert!(wrong.visitor(&directory()).unwrap_err().contains("no organisation `asele`"));
    }

    #[test]
    fn nothing_named_is_nothing_seen() {
        let visitor = token("vagg", Role::Wallboard, "x").visitor(&directory()).unwrap();
        assert_eq!(visitor.sight, Sight { queues: Part::none(), organisations: Part::none() });
    }
}
