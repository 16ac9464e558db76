//! Copies of a whole store for the day on which it is lost.
//!
//! A file is copied by SQLite's own means while the daemon writes to it. A database on a server
//! belongs to the server, whose own tools know its roles, its partitions and its log: they are named
//! and not imitated.

use std::path::Path;

use crate::store::open::Place;
use crate::store::sqlite::backup;
use crate::store::upkeep::Progress;
use crate::store::{StoreError, StoreSettings};

/// Copies the store into the new file `to`, as it is now. `progress` is told of pages.
pub fn back_up(settings: &StoreSettings, to: &Path, progress: Progress<'_>) -> Result<(), StoreError> {
    match settings.place()? {
        Place::File(path) => backup::back_up(path, to, progress),
        Place::Server => Err(of_server(
            "pg_dump --format=custom --file=figures.dump DATABASE, while the daemon runs; a copy in a file of its own \
             is made by `servicegrad store move --to sqlite:FILE`",
        )),
    }
}

/// Puts a backup in the place of the store; one that is there is overwritten where `may_replace`
/// says so. `progress` is told of pages.
pub fn put_back(
    settings: &StoreSettings,
    from: &Path,
    may_replace: bool,
    progress: Progress<'_>,
) -> Result<(), StoreError> {
    match settings.place()? {
        Place::File(path) => backup::put_back(from, path, may_replace, progress),
        Place::Server => Err(of_server("pg_restore --clean --if-exists --dbname=DATABASE figures.dump")),
    }
}

fn of_server(command: &str) -> StoreError {
    StoreError::Refused {
        why: format!("the store is a database of PostgreSQL, which has its own tool for this: {command}"),
    }
}
