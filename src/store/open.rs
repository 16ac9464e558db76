//! From an address to a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use crate::directory::Directory;
use crate::measure::Span;
use crate::store::figures::Figures;
use crate::store::postgres::{Postgres, connect};
use crate::store::sqlite::file;
use crate::store::upkeep::Upkeep;
use crate::store::{Database, Fence, Ledger, Reader, Store, StoreError, Turn};

/// `[store]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// Where figures are kept: `sqlite:PATH`, relative to the working directory, or
    /// `postgres://USER@HOST/DATABASE`. Default `sqlite:servicegrad.db`.
    #[serde(default = "default_url")]
    pub url: String,
    /// Whether a store of an older Servicegrad is brought to the present schema at start; otherwise
    /// the start is refused until `servicegrad store migrate`. Default true.
    #[serde(default = "default_migrate")]
    pub migrate: bool,
    /// File that holds the password of PostgreSQL, in place of one in `url`.
    pub password_file: Option<PathBuf>,
    /// File with the certificate (PEM) that PostgreSQL's own must be signed by, where it is not one
    /// that everybody knows. That the line must be encrypted is said in `url`: `?sslmode=require`.
    pub tls_ca: Option<PathBuf>,
    /// How long a connection to PostgreSQL is waited for, 100 ms to 1 min. Default 5 s.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout: Span,
    /// How long PostgreSQL may work on one statement, 1 s to 10 min. Default 30 s.
    #[serde(default = "default_statement_timeout")]
    pub statement_timeout: Span,
    /// How long a statement may wait for another's lock in PostgreSQL, 100 ms to 1 min. Default 5 s.
    #[serde(default = "default_lock_timeout")]
    pub lock_timeout: Span,
    /// Connections to PostgreSQL that readers share, 1 to 50. Default 4.
    #[serde(default = "default_readers")]
    pub readers: usize,
    /// File in which live events lie while the store cannot take them, one for each daemon. Default:
    /// beside the SQLite file, with `-spool` behind its name; with PostgreSQL `servicegrad.spool` in
    /// the working directory.
    pub spool: Option<PathBuf>,
    /// How long that file may become, 1 MiB to 1 TiB; beyond it intake is held back. Default 1 GiB.
    #[serde(default = "default_spool_bytes_max")]
    pub spool_bytes_max: u64,
}

fn default_url() -> String {
    "sqlite:servicegrad.db".into()
}

fn default_migrate() -> bool {
    true
}

fn default_connect_timeout() -> Span {
    Span::from_seconds(5)
}

fn default_statement_timeout() -> Span {
    Span::from_seconds(30)
}

fn default_lock_timeout() -> Span {
    Span::from_seconds(5)
}

fn default_readers() -> usize {
    4
}

fn default_spool_bytes_max() -> u64 {
    1 << 30
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self::at(&default_url())
    }
}

/// What an address leads to.
pub(super) enum Place<'a> {
    File(&'a Path),
    Server,
}

impl StoreSettings {
    /// The store at `url`, with every default.
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            migrate: default_migrate(),
            password_file: None,
            tls_ca: None,
            connect_timeout: default_connect_timeout(),
            statement_timeout: default_statement_timeout(),
            lock_timeout: default_lock_timeout(),
            readers: default_readers(),
            spool: None,
            spool_bytes_max: default_spool_bytes_max(),
        }
    }

    /// The address, without a password, for people.
    pub fn address(&self) -> String {
        connect::without_password(&self.url)
    }

    /// Checks the settings; complaints are `(key, reason)`.
    pub fn check(&self) -> Result<(), Vec<(String, String)>> {
        let mut wrong = Vec::new();
        let mut complain = |key: &str, why: String| wrong.push((key.to_owned(), why));
        match self.place() {
            Err(StoreError::Address { why, .. }) => {
                complain("url", format!("`{}` {why}", connect::without_password(&self.url)));
            }
            Err(other) => complain("url", other.to_string()),
            Ok(Place::Server) => {
                // Whether the file with the password is there is seen at start.
                if let Err(why) = connect::config(&Self { password_file: None, ..self.clone() }) {
                    complain("url", why);
                }
            }
            Ok(Place::File(_)) => {}
        }
        let spans = [
            ("connect_timeout", self.connect_timeout, 100..=60_000, "100ms to 1m"),
            ("statement_timeout", self.statement_timeout, 1_000..=600_000, "1s to 10m"),
            ("lock_timeout", self.lock_timeout, 100..=60_000, "100ms to 1m"),
        ];
        for (key, span, range, words) in spans {
            if !range.contains(&span.ms()) {
                complain(key, format!("{span} lies outside {words}"));
            }
        }
        if !(1..=50).contains(&self.readers) {
            complain("readers", format!("{} lies outside 1 to 50", self.readers));
        }
        if !(1 << 20..=1 << 40).contains(&self.spool_bytes_max) {
            complain("spool_bytes_max", format!("{} lies outside 1048576 to 1099511627776", self.spool_bytes_max));
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Whether several programs may stand by to write it: a file is one program's.
    pub fn is_on_server(&self) -> bool {
        matches!(self.place(), Ok(Place::Server))
    }

    /// Where the spool is.
    pub fn spool_path(&self) -> PathBuf {
        let beside = || match self.place() {
            Ok(Place::File(path)) => {
                let mut name = path.as_os_str().to_owned();
                name.push("-spool");
                name.into()
            }
            _ => "servicegrad.spool".into(),
        };
        self.spool.clone().unwrap_or_else(beside)
    }

    pub(super) fn place(&self) -> Result<Place<'_>, StoreError> {
        match self.url.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Place::File(Path::new(path))),
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => Ok(Place::Server),
            _ => {
                let why = "is no store; write sqlite:PATH or postgres://USER@HOST/DATABASE".to_owned();
                Err(StoreError::Address { url: connect::without_password(&self.url), why })
            }
        }
    }
}

/// Opens a store for writing, creating it where there is none. One program at a time: while another
/// writes, the answer is [`StoreError::Held`], at once or within seconds.
pub fn open(settings: &StoreSettings, directory: &Arc<Directory>) -> Result<Box<dyn Store>, StoreError> {
    open_in_turn(settings, directory, &mut Turn::default())
}

/// The same for one who comes again and again, with what it saw meanwhile.
pub fn open_in_turn(
    settings: &StoreSettings,
    directory: &Arc<Directory>,
    turn: &mut Turn,
) -> Result<Box<dyn Store>, StoreError> {
    Ok(Box::new(Figures::new(to_lead(settings, turn)?, Arc::clone(directory))))
}

/// Opens a store for reading only; it must exist. Keep it: connections are made once.
pub fn open_reader(settings: &StoreSettings, directory: &Arc<Directory>) -> Result<Box<dyn Reader + Send>, StoreError> {
    let database: Box<dyn Database> = match settings.place()? {
        Place::File(path) => Box::new(file::open_to_read(path)?),
        Place::Server => Box::new(Postgres::open_to_read(settings)?),
    };
    Ok(Box::new(Figures::new(database, Arc::clone(directory))))
}

/// Opens a store to look after it; it must exist, and be of this program's schema or be brought to it.
pub fn open_upkeep(settings: &StoreSettings, directory: &Arc<Directory>) -> Result<Upkeep, StoreError> {
    if let Place::File(path) = settings.place()?
        && !path.is_file()
    {
        let why = "is not there; has anything been imported, and is this the right file?".to_owned();
        return Err(StoreError::Address { url: settings.url.clone(), why });
    }
    Ok(Upkeep { database: to_write(settings)?, directory: Arc::clone(directory) })
}

/// The same for what changes figures behind a daemon's back: while one runs, the answer is
/// [`StoreError::Held`].
pub fn open_upkeep_alone(settings: &StoreSettings, directory: &Arc<Directory>) -> Result<Upkeep, StoreError> {
    drop(open_upkeep(settings, directory)?);
    Ok(Upkeep { database: to_lead(settings, &mut Turn::default())?, directory: Arc::clone(directory) })
}

/// Opens a store that may not be there yet, for rows to be carried into.
pub fn open_to_fill(settings: &StoreSettings, directory: &Arc<Directory>) -> Result<Upkeep, StoreError> {
    Ok(Upkeep { database: to_write(settings)?, directory: Arc::clone(directory) })
}

/// Opens what is kept beside the figures, creating the store where there is none.
pub fn open_ledger(settings: &StoreSettings) -> Result<Ledger, StoreError> {
    Ok(Ledger { database: to_write(settings)?, fence: None })
}

/// The same for a daemon, on a store that it or another has opened to lead. What is written is written
/// while the program leads whose `fence` it is; `None`: whoever leads. On a server nothing is dialled
/// before the first use.
pub fn open_ledger_of(settings: &StoreSettings, fence: Option<&Fence>) -> Result<Ledger, StoreError> {
    Ok(Ledger { database: to_write_behind(settings, fence)?, fence: fence.cloned() })
}

/// What looks after the store for a daemon, as long as it leads.
pub fn open_upkeep_of(
    settings: &StoreSettings,
    directory: &Arc<Directory>,
    fence: &Fence,
) -> Result<Upkeep, StoreError> {
    Ok(Upkeep { database: to_write_behind(settings, Some(fence))?, directory: Arc::clone(directory) })
}

fn to_lead(settings: &StoreSettings, turn: &mut Turn) -> Result<Box<dyn Database>, StoreError> {
    Ok(match settings.place()? {
        Place::File(path) => {
            let led = file::open_to_lead(path, settings.migrate)?;
            turn.fence().lead_file();
            Box::new(led)
        }
        Place::Server => Box::new(Postgres::open_to_lead(settings, turn)?),
    })
}

fn to_write_behind(settings: &StoreSettings, fence: Option<&Fence>) -> Result<Box<dyn Database>, StoreError> {
    Ok(match settings.place()? {
        // Whoever holds the file holds it until it ends.
        Place::File(path) => Box::new(file::open(path, settings.migrate)?),
        Place::Server => Box::new(Postgres::open_behind(settings, fence)?),
    })
}

fn to_write(settings: &StoreSettings) -> Result<Box<dyn Database>, StoreError> {
    Ok(match settings.place()? {
        Place::File(path) => Box::new(file::open(path, settings.migrate)?),
        Place::Server => Box::new(Postgres::open(settings)?),
    })
}
