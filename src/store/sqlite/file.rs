//! The file: opened with its pragmas and its schema.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::store::contract::holder;
use crate::store::sqlite::Sqlite;
use crate::store::sqlite::migrate::{migrate, schema};
use crate::store::{StoreError, migrations};

/// Longest a writer waits for another that holds the file.
const BUSY: Duration = Duration::from_secs(5);

/// Wraps SQLite's word with what was being done.
pub(super) fn failed(doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |source| StoreError::Sqlite { doing, source }
}

/// How a file is called in errors.
pub(super) fn url(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

/// Opens the file at `path` for writing, creating it where there is none, and brings it to this
/// program's schema where `may_migrate`.
pub(in crate::store) fn open(path: &Path, may_migrate: bool) -> Result<Sqlite, StoreError> {
    let url = url(path);
    let mut connection = Connection::open(path).map_err(|error| StoreError::Address {
        url: url.clone(),
        why: format!("cannot be opened ({error}); check that its folder exists and may be written to"),
    })?;
    let setup = failed("setting up the file");
    connection.busy_timeout(BUSY).map_err(&setup)?;
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;",
        )
        .map_err(&setup)?;
    connection.set_prepared_statement_cache_capacity(64);
    migrate(&mut connection, &url, may_migrate)?;
    Ok(Sqlite { connection, _lock: None })
}

/// The same, as the one program that writes figures.
pub(in crate::store) fn open_to_lead(path: &Path, may_migrate: bool) -> Result<Sqlite, StoreError> {
    let lock = lock(path)?;
    Ok(Sqlite { _lock: Some(lock), ..open(path, may_migrate)? })
}

/// The place of the one program that writes figures.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    /// Closing alone would not do: a program that was just started from this one holds the file, too,
    /// until it has become itself.
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the lock of the store is given back when this program ends");
        }
    }
}

/// Takes the place of the one program that writes figures: the system holds the lock for as long as
/// the program lives. A file of its own, since closing the store's file a second time would drop
/// SQLite's own locks on it.
pub(super) fn lock(path: &Path) -> Result<Lock, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push("-lock");
    let failed = |why: String| StoreError::Address { url: url(path), why };
    let mut lock = File::options().create(true).read(true).append(true).open(&name).map_err(|error| {
        failed(format!("cannot be opened ({error}); check that its folder exists and may be written to"))
    })?;
    match lock.try_lock() {
        Ok(()) => {
            // For whoever is refused; the lock itself is the system's.
            let named = lock.set_len(0).and_then(|()| lock.write_all(holder().as_bytes()));
            named.map_err(|error| failed(format!("{}: {error}", name.display())))?;
            Ok(Lock(lock))
        }
        Err(TryLockError::WouldBlock) => {
            let mut by = String::new();
            let read = lock.read_to_string(&mut by);
            let by = if read.is_ok() && !by.is_empty() { by } else { format!("{} is locked", name.display()) };
            Err(StoreError::Held { url: url(path), by })
        }
        Err(TryLockError::Error(error)) => Err(failed(format!("cannot be locked: {error}"))),
    }
}

/// Opens the file at `path` for reading only; it must exist and be of this program's schema.
pub(in crate::store) fn open_to_read(path: &Path) -> Result<Sqlite, StoreError> {
    let url = url(path);
    // Read and write, since a reader of a WAL file may have to recover it; nothing is written.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| StoreError::Address {
        url: url.clone(),
        why: format!("cannot be read ({error}); has anything been imported, and is this the right file?"),
    })?;
    let setup = failed("opening the file");
    connection.busy_timeout(BUSY).map_err(&setup)?;
    connection.execute_batch("PRAGMA query_only = ON;").map_err(&setup)?;
    connection.set_prepared_statement_cache_capacity(64);
    let found = schema(&connection)?;
    if found == 0 {
        return Err(StoreError::Address { url, why: "is no store of Servicegrad".into() });
    }
    migrations::judge(&url, found, false)?;
    Ok(Sqlite { connection, _lock: None })
}
