//! Two programs, one store: one writes at a time, and a frozen one writes nothing when it wakes.

use servicegrad::call::TrackerSettings;
use servicegrad::clock::Clock;
use servicegrad::engine::{Engine, Intake};
use servicegrad::measure::Moment;
use servicegrad::names::SourceId;
use servicegrad::source::batch::Batch;
use servicegrad::store::outbox::NewLetter;
use servicegrad::store::{self, Ledger, StoreError, Turn};

use crate::server::shared;
use crate::stores::over_each;
use crate::week::{directory, engine, events, take, told};

#[test]
fn a_second_writer_is_refused_until_the_first_has_gone() {
    let directory = directory();
    over_each(|fresh| {
        let first = store::open(&fresh.settings, &directory).unwrap();
        let refused = store::open(&fresh.settings, &directory).err().unwrap();
        assert!(matches!(refused, StoreError::Held { .. }), "{refused}");
        // What is kept beside the figures has no such rule.
        store::open_ledger(&fresh.settings).unwrap();
        drop(first);
        store::open(&fresh.settings, &directory).unwrap();
    });
}

#[test]
fn an_old_leader_that_wakes_up_after_a_takeover_writes_nothing() {
    let (server, directory) = (shared(), directory());
    let database = server.database();
    let settings = server.settings(&database);
    let days = events(2, 16);
    let (first, second) = days.split_at(days.len() / 2);
    let mut frozen = engine(&settings, &directory);
    take(&mut frozen, first);
    // It says nothing for so long that its lease has run out, and another takes over.
    server.sql(&database, "UPDATE lease SET until = 0");
    let mut leader = engine(&settings, &directory);
    let mut intake = Intake::new(Batch { events: second.to_vec(), ..Batch::of(SourceId(0)) });
    frozen.take(&mut intake).unwrap();
    for _ in 0..2 {
        let refused = frozen.commit().unwrap_err();
        assert!(matches!(refused, StoreError::Superseded), "{refused}");
    }
    take(&mut leader, second);
    drop((frozen, leader));
    let calm = server.settings(&server.database());
    let mut undisturbed = engine(&calm, &directory);
    take(&mut undisturbed, first);
    take(&mut undisturbed, second);
    assert_eq!(told(&settings, &directory), told(&calm, &directory));
}

#[test]
fn a_lease_that_is_kept_does_not_run_out_and_one_that_is_not_does() {
    let (server, directory) = (shared(), directory());
    let settings = server.settings(&server.database());
    let clock = Clock::standing_at(crate::week::monday());
    let store = store::open(&settings, &directory).unwrap();
    let mut leader = Engine::open(directory.clone(), TrackerSettings::default(), store, clock).unwrap();
    let began = std::time::Instant::now();
    while began.elapsed().as_secs() < 7 {
        leader.keep().unwrap();
        assert!(store::open(&settings, &directory).is_err(), "taken over from a leader that is there");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let silent = std::time::Instant::now();
    while store::open(&settings, &directory).is_err() {
        assert!(silent.elapsed().as_secs() < 10, "nobody takes over from a leader that is gone");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    assert!(matches!(leader.keep().unwrap_err(), StoreError::Superseded));
}

fn letter(key: &str) -> NewLetter {
    NewLetter { key: key.into(), to: "jour".into(), content: vec![1] }
}

#[test]
fn who_leads_no_more_neither_writes_a_letter_nor_takes_one_out() {
    let (server, directory) = (shared(), directory());
    let database = server.database();
    let settings = server.settings(&database);
    let (mut first, mut second) = (Turn::default(), Turn::default());
    let of = |turn: &Turn| store::open_ledger_of(&settings, Some(turn.fence())).unwrap();
    let (mut old, mut new) = (of(&first), of(&second));
    let write =
        |ledger: &mut Ledger, key: &str| ledger.write_letters(&[letter(key)], Some((key, "{}")), None, Moment(1));
    let leader = store::open_in_turn(&settings, &directory, &mut first).unwrap();
    write(&mut old, "a").unwrap();
    let held = old.letters_due(Moment(1), Moment(i64::MAX), 9).unwrap();
    for refused in [write(&mut new, "b").unwrap_err(), new.memory_of("a").unwrap_err()] {
        assert!(refused.to_string().contains("does not lead yet"), "{refused}");
    }
    server.sql(&database, "UPDATE lease SET until = 0");
    let _next = store::open_in_turn(&settings, &directory, &mut second).unwrap();
    for refused in [
        write(&mut old, "c").unwrap_err(),
        old.take_letter(held[0].id).unwrap_err(),
        old.letter_sent(held[0].id, Moment(2)).unwrap_err(),
        old.letter_refused(held[0].id, "", None).unwrap_err(),
    ] {
        assert!(matches!(refused, StoreError::Superseded), "{refused}");
    }
    assert!(new.take_letter(held[0].id).unwrap());
    new.letter_sent(held[0].id, Moment(2)).unwrap();
    assert!(!new.take_letter(held[0].id).unwrap());
    assert_eq!((new.memory_of("a").unwrap().as_deref(), new.memory_of("c").unwrap()), (Some("{}"), None));
    drop(leader);
    assert_eq!(server.sql(&database, "SELECT count(*) FROM outbox"), "1");
}
