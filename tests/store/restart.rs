//! What a sender may write, and what a server may do, holds up nobody.

use servicegrad::measure::Moment;
use servicegrad::store::{self, audit::Act};

use crate::server::shared;
use crate::stores::over_each;
use crate::week::{directory, engine, events, take, take_stubbornly, told};

#[test]
fn a_name_with_a_nul_in_it_does_not_hold_up_its_batch() {
    let directory = directory();
    over_each(|fresh| {
        let mut hostile = events(1, 14);
        let count = hostile.len();
        for event in &mut hostile[count / 2..] {
            event.call = format!("{}\0", event.call).into();
        }
        take(&mut engine(&fresh.settings, &directory), &hostile);
        assert!(told(&fresh.settings, &directory).offered() > 100);
    });
}

#[test]
fn a_connection_that_the_server_ends_is_made_anew() {
    let server = shared();
    let database = server.database();
    let settings = server.settings(&database);
    let directory = directory();
    let days = events(2, 15);
    let (first, second) = days.split_at(days.len() / 2);
    let mut engine = engine(&settings, &directory);
    take(&mut engine, first);
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'");
    server.sql("postgres", &end);
    take_stubbornly(&mut engine, second);
    let calm = server.settings(&server.database());
    take(&mut crate::week::engine(&calm, &directory), &days);
    assert_eq!(told(&settings, &directory).offered(), told(&calm, &directory).offered());
}

#[test]
fn a_server_that_is_not_there_is_named_without_the_password() {
    let mut settings = shared().settings("nowhere");
    settings.url = settings.url.replace("servicegrad@", "servicegrad:hemligt@");
    let mut refused = store::open_ledger(&settings).err().unwrap().to_string();
    assert!(refused.contains("nowhere") && !refused.contains("hemligt"), "{refused}");
    settings.url = "postgres://servicegrad:hemligt@127.0.0.1:1/figures".into();
    refused = store::open_ledger(&settings).err().unwrap().to_string();
    assert!(refused.contains("cannot connect") && !refused.contains("hemligt"), "{refused}");
}

#[test]
fn a_reader_cannot_write_and_an_empty_database_is_no_store() {
    let server = shared();
    let database = server.database();
    let settings = server.settings(&database);
    let refused = store::open_reader(&settings, &directory()).err().unwrap();
    assert!(refused.to_string().contains("holds no figures yet"), "{refused}");
    let mut ledger = store::open_ledger(&settings).unwrap();
    let word = |text: &str| text.to_owned();
    ledger.note(&Act { at: Moment(1), who: word("a"), act: word("b"), about: word("c"), detail: word("d") }).unwrap();
    server.sql(&database, "UPDATE refinery_schema_history SET version = version + 100");
    let refused = store::open_ledger(&settings).err().unwrap();
    assert!(matches!(refused, servicegrad::store::StoreError::Newer { .. }), "{refused}");
}
