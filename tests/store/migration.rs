//! Older stores are brought on, newer ones refused, and nothing happens that was not allowed.

use rusqlite::Connection;
use servicegrad::store::migrations::{SCHEMA, STEPS};
use servicegrad::store::{self, StoreError, StoreSettings};

use crate::stores::Fresh;

fn path(settings: &StoreSettings) -> &str {
    settings.url.strip_prefix("sqlite:").unwrap()
}

/// A store as the first release made it: without a history of steps.
fn first_release() -> Fresh {
    let fresh = Fresh::sqlite();
    let file = Connection::open(path(&fresh.settings)).unwrap();
    file.execute_batch(STEPS[0].sqlite).unwrap();
    file.execute_batch("PRAGMA user_version = 1; INSERT INTO gap VALUES ('vaxel', 1, 2, 'switch down');").unwrap();
    fresh
}

fn schema(settings: &StoreSettings) -> i64 {
    let file = Connection::open(path(settings)).unwrap();
    file.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_store_of_the_first_release_is_brought_on_and_keeps_what_it_holds() {
    let fresh = first_release();
    for _ in 0..2 {
        drop(store::open_ledger(&fresh.settings).unwrap());
        assert_eq!(schema(&fresh.settings), SCHEMA);
    }
    let file = Connection::open(path(&fresh.settings)).unwrap();
    let kept: i64 = file.query_row("SELECT count(*) FROM gap", [], |row| row.get(0)).unwrap();
    let steps: i64 = file.query_row("SELECT count(*) FROM refinery_schema_history", [], |row| row.get(0)).unwrap();
    assert_eq!((kept, steps), (1, SCHEMA));
}

#[test]
fn an_older_store_is_left_alone_where_migrating_is_off() {
    let fresh = first_release();
    let settings = StoreSettings { migrate: false, ..fresh.settings.clone() };
    let refused = store::open_ledger(&settings).err().unwrap();
    assert!(matches!(refused, StoreError::Older { found: 1, known: SCHEMA, .. }), "{refused}");
    assert!(refused.to_string().contains("servicegrad store migrate"), "{refused}");
    assert_eq!(schema(&fresh.settings), 1);
}

#[test]
fn a_newer_store_is_refused() {
    let fresh = first_release();
    let file = Connection::open(path(&fresh.settings)).unwrap();
    file.pragma_update(None, "user_version", SCHEMA + 1).unwrap();
    let refused = store::open_ledger(&fresh.settings).err().unwrap();
    assert!(matches!(refused, StoreError::Newer { .. }), "{refused}");
}

#[test]
fn a_store_whose_steps_were_other_ones_is_refused() {
    let fresh = Fresh::sqlite();
    drop(store::open_ledger(&fresh.settings).unwrap());
    let file = Connection::open(path(&fresh.settings)).unwrap();
    file.execute("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1", []).unwrap();
    let refused = store::open_ledger(&fresh.settings).err().unwrap();
    assert!(matches!(refused, StoreError::Migration { .. }), "{refused}");
}

#[test]
fn a_step_that_fails_in_the_middle_changes_nothing() {
    let fresh = first_release();
    // A later step trips over a table that is there already.
    let file = Connection::open(path(&fresh.settings)).unwrap();
    file.execute_batch("CREATE TABLE audit (x)").unwrap();
    let refused = store::open_ledger(&fresh.settings).err().unwrap();
    assert!(matches!(refused, StoreError::Migration { .. }), "{refused}");
    assert_eq!(schema(&fresh.settings), 1);
}

#[test]
fn every_table_has_the_columns_that_the_program_writes() {
    let fresh = Fresh::sqlite();
    drop(store::open_ledger(&fresh.settings).unwrap());
    let file = Connection::open(path(&fresh.settings)).unwrap();
    for table in store::tables::all() {
        let mut query = file.prepare(&format!("SELECT name FROM pragma_table_info('{}')", table.name)).unwrap();
        let found: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        // The number of a dead letter is SQLite's own.
        let found: Vec<&str> = found.iter().map(String::as_str).filter(|name| *name != "id").collect();
        let written: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        assert_eq!(found, written, "{}", table.name);
    }
}
