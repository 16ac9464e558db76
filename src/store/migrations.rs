//! The steps that bring a store to this program's schema, the same for every kind of store.
//!
//! To add a table: write `sqlite/migrations/NNN_name.sql` and `postgres/migrations/NNN_name.sql` with
//! the next free number (bigint, text, boolean, bytea, jsonb on PostgreSQL), and add the name at the
//! end of [`STEPS`]. What uses the table is a file beside [`audit`](crate::store::audit) that adds
//! methods to the [`Ledger`](crate::store::Ledger), in SQL for both. A table of figures stands in
//! [`tables`](crate::store::tables) as well. A step that has been released is never edited: the
//! stores that took it would differ from those that will, and start-up refuses such a store.
//!
//! All steps that a store lacks are taken in one transaction with the note that they were: killed in
//! between, it has taken none of them.

use refinery_core::{Migration, Runner};

use crate::store::StoreError;

/// One step, in the words of each kind of store.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// `NNN_name`: numbers ascend from 001 without a hole.
    pub name: &'static str,
    /// For SQLite.
    pub sqlite: &'static str,
    /// For PostgreSQL.
    pub postgres: &'static str,
}

macro_rules! steps {
    ($($name:literal),+ $(,)?) => {
        /// All of them, in order.
        pub const STEPS: &[Step] = &[$(Step {
            name: $name,
            sqlite: include_str!(concat!("sqlite/migrations/", $name, ".sql")),
            postgres: include_str!(concat!("postgres/migrations/", $name, ".sql")),
        }),+];
    };
}

steps![
    "001_first",
    "002_audit",
    "003_report_views",
    "004_outbox",
    "005_lease",
    "006_closing",
    "007_retention",
    "008_report_definitions",
    "009_elsewhere",
    "010_year_sum"
];

/// The schema that this program reads and writes: the number of the last step.
pub const SCHEMA: i64 = STEPS.len() as i64;

/// What is to become of a store of schema `found` (0: there is none yet).
///
/// # Errors
/// It is newer than this program, or older and `may_migrate` is false.
pub(super) fn judge(url: &str, found: i64, may_migrate: bool) -> Result<(), StoreError> {
    let url = url.to_owned();
    match found {
        found if found > SCHEMA => Err(StoreError::Newer { url, found, known: SCHEMA }),
        found if found < SCHEMA && found > 0 && !may_migrate => Err(StoreError::Older { url, found, known: SCHEMA }),
        _ => Ok(()),
    }
}

/// The runner over the steps as `text` tells them.
pub(super) fn runner(text: fn(&Step, i64) -> String) -> Result<Runner, StoreError> {
    let mut migrations = Vec::new();
    for (at, step) in STEPS.iter().enumerate() {
        let number = at as i64 + 1;
        let name = step.name.split_once('_').map_or(step.name, |(_, name)| name);
        let migration = Migration::unapplied(&format!("V{number}__{name}"), &text(step, number));
        migrations.push(migration.map_err(|error| failed(&error))?);
    }
    Ok(Runner::new(&migrations).set_grouped(true))
}

/// Wraps the runner's word.
pub(super) fn failed(error: &refinery_core::Error) -> StoreError {
    // The outer word says what was being done, the inner one why it failed.
    let why = std::error::Error::source(error).map_or_else(|| error.to_string(), |inner| format!("{error}: {inner}"));
    StoreError::Migration { why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numbered_without_a_hole_and_stand_in_the_folders() {
        for (at, step) in STEPS.iter().enumerate() {
            assert_eq!(step.name.split('_').next(), Some(format!("{:03}", at + 1).as_str()), "{}", step.name);
        }
        for folder in ["src/store/sqlite/migrations", "src/store/postgres/migrations"] {
            assert_eq!(std::fs::read_dir(folder).unwrap().count(), STEPS.len(), "{folder}");
        }
    }

    #[test]
    fn a_newer_store_is_refused_and_an_older_one_when_told_so() {
        assert!(judge("x", 0, false).is_ok() && judge("x", SCHEMA, false).is_ok() && judge("x", 1, true).is_ok());
        assert!(matches!(judge("x", SCHEMA + 1, true), Err(StoreError::Newer { .. })));
        assert!(matches!(judge("x", 1, false), Err(StoreError::Older { found: 1, .. })));
    }
}
