//! A copy of the file while it is written to, and such a copy put back.

use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::store::StoreError;
use crate::store::migrations;
use crate::store::sqlite::failed;
use crate::store::sqlite::file::{lock, url};
use crate::store::sqlite::migrate::schema;

/// Pages that are copied between two looks at the progress.
const PAGES_AT_ONCE: i32 = 2_000;

/// Copies the store at `from` into the file `to`, which must not be there: the store as it is now,
/// whatever is written meanwhile. Who writes is not held up.
pub(in crate::store) fn back_up(from: &Path, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError::Refused { why: format!("{} is there already; name a new file", to.display()) });
    }
    let source = whole(from)?;
    let doing = failed("backing up");
    // The moment that is copied is held from here on; without it each change would begin the copy anew.
    let moment = source.unchecked_transaction().map_err(&doing)?;
    schema(&moment)?;
    let mut copy = Connection::open(to).map_err(|error| cannot(to, &error))?;
    pages(&source, &mut copy, progress).inspect_err(|_| {
        // Half a backup is none; what cannot be removed is found by whoever looks.
        let _ = std::fs::remove_file(to);
    })?;
    copy.close().map_err(|(_, error)| doing(error))
}

/// Puts the backup at `from` in the place of the store at `to`. Where a store is there already,
/// `may_replace` must say that it is to go; the program must not be running on it.
pub(in crate::store) fn put_back(
    from: &Path,
    to: &Path,
    may_replace: bool,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), StoreError> {
    if to.exists() && !may_replace {
        let why = format!("{} is there already; say --replace where it is to be overwritten", to.display());
        return Err(StoreError::Refused { why });
    }
    let backup = whole(from)?;
    // Nobody who holds figures of the old one in memory may go on writing.
    let _lock = lock(to)?;
    let mut store = Connection::open(to).map_err(|error| cannot(to, &error))?;
    pages(&backup, &mut store, progress)
}

fn cannot(path: &Path, error: &rusqlite::Error) -> StoreError {
    StoreError::Refused { why: format!("{} cannot be written: {error}", path.display()) }
}

/// Opens a store that is to be copied, if it is one of ours and whole.
fn whole(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|error| StoreError::Address { url: url(path), why: format!("cannot be read ({error})") })?;
    let found = schema(&connection)?;
    if found == 0 {
        return Err(StoreError::Address { url: url(path), why: "is no store of Servicegrad".into() });
    }
    migrations::judge(&url(path), found, true)?;
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(failed("looking whether the file is whole"))?;
    if verdict == "ok" {
        return Ok(connection);
    }
    Err(StoreError::Refused { why: format!("{} is damaged: {verdict}", path.display()) })
}

fn pages(from: &Connection, to: &mut Connection, progress: &mut dyn FnMut(u64, u64)) -> Result<(), StoreError> {
    let doing = failed("copying the file");
    let copy = Backup::new(from, to).map_err(&doing)?;
    loop {
        let step = copy.step(PAGES_AT_ONCE).map_err(&doing)?;
        let told = copy.progress();
        let (all, left) = (i64::from(told.pagecount), i64::from(told.remaining));
        progress((all - left) as u64, all as u64);
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            // Somebody holds the other file for a moment.
            _ => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    }
}
