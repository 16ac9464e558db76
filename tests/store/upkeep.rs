//! A store is looked after: verified, copied, moved.

use servicegrad::measure::Moment;
use servicegrad::store::upkeep::backup;
use servicegrad::store::{self, Act, Elsewhere, StoreSettings, Told};

use crate::stores::{Fresh, over_each};
use crate::week::{directory, disturbed, engine, events, take, told};

fn act() -> Act {
    let word = |text: &str| text.to_owned();
    Act { at: Moment(1), who: word("cli anna"), act: word("store_moved"), about: word("store"), detail: word("") }
}

fn filled(fresh: &Fresh) {
    let mut engine = engine(&fresh.settings, &directory());
    for piece in disturbed(&events(4, 21), 22).chunks(900) {
        take(&mut engine, piece);
    }
    engine.end_import(servicegrad::names::SourceId(0)).unwrap();
    let mut ledger = store::open_ledger(&fresh.settings).unwrap();
    let tickets =
        Elsewhere { name: "kundtjanst".to_owned(), day: "2026-03-02".parse().unwrap(), told: Told::Tickets(7) };
    ledger.keep_elsewhere(&[tickets], &act()).unwrap();
}

/// Changes the store behind the program's back.
pub fn tamper(settings: &StoreSettings, sql: &str) {
    if let Some(path) = settings.url.strip_prefix("sqlite:") {
        rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
    } else {
        let database = settings.url.rsplit('/').next().unwrap();
        crate::server::shared().sql(database, sql);
    }
}

#[test]
fn every_rollup_is_what_its_facts_come_to_and_a_changed_one_is_named() {
    let directory = directory();
    over_each(|fresh| {
        filled(fresh);
        let keeper = store::open_upkeep(&fresh.settings, &directory).unwrap();
        let mut months = Vec::new();
        let verified = keeper.verify(&mut |done, of| months.push((done, of))).unwrap();
        assert_eq!((verified.different, verified.unconfigured.len()), (0, 0), "{:?}", verified.differences);
        assert!(verified.facts > 2_000 && verified.cells > 400, "{} {}", verified.facts, verified.cells);
        assert_eq!(months, [(1, 2), (2, 2)]);

        tamper(
            &fresh.settings,
            "UPDATE visit_cell SET answered = answered + 3 WHERE tier = 'month' AND name = 'kundtjanst' AND scope = 'queue'",
        );
        tamper(
            &fresh.settings,
            "DELETE FROM leg_cell WHERE tier = 'day' AND name = 'hog' AND start = (SELECT min(start) FROM leg_cell WHERE tier = 'day' AND name = 'hog')",
        );
        let verified = keeper.verify(&mut |_, _| {}).unwrap();
        let found = &verified.differences;
        let months = found.iter().filter(|one| one.tier == "month").collect::<Vec<_>>();
        assert_eq!(months.len(), 2, "two months lie in these days: {months:?}");
        assert!(months.iter().all(|one| one.about == "queue kundtjanst" && one.figure == "answered"));
        assert!(months.iter().all(|one| one.stored.unwrap() == one.facts.unwrap() + 3));
        let days = found.iter().filter(|one| one.tier == "day").collect::<Vec<_>>();
        assert!(days.iter().all(|one| one.about == "unit hog" && one.stored.is_none()), "{days:?}");
        assert!(days.iter().any(|one| one.figure == "transfers"), "{days:?}");
    });
}

#[test]
fn a_store_is_moved_to_the_server_and_back_with_the_same_figures() {
    let directory = directory();
    let (file, server, back) = (Fresh::sqlite(), Fresh::postgres(), Fresh::sqlite());
    filled(&file);
    let keeper = |fresh: &Fresh| store::open_to_fill(&fresh.settings, &directory).unwrap();
    let carried = keeper(&file).carry_into(&keeper(&server), &act(), &mut |_, _| {}).unwrap();
    assert!(carried.rows > 3_000, "{carried:?}");
    let again = keeper(&server).carry_into(&keeper(&back), &act(), &mut |_, _| {}).unwrap();
    // The move was noted.
    assert_eq!(again.rows, carried.rows + 1);
    let first = told(&file.settings, &directory);
    assert!(first.offered() > 1_000);
    assert_eq!(first, told(&server.settings, &directory));
    assert_eq!(first, told(&back.settings, &directory));
    for fresh in [&server, &back] {
        let verified = keeper(fresh).verify(&mut |_, _| {}).unwrap();
        assert_eq!(verified.different, 0, "{:?}", verified.differences);
        // What was told before the move is known after it.
        let before = told(&fresh.settings, &directory);
        take(&mut engine(&fresh.settings, &directory), &events(4, 21));
        assert_eq!(told(&fresh.settings, &directory), before);
    }
    let refused = keeper(&file).carry_into(&keeper(&server), &act(), &mut |_, _| {}).unwrap_err();
    assert!(refused.to_string().contains("not empty"), "{refused}");
}

#[test]
fn a_backup_is_the_store_of_one_moment_and_is_put_back() {
    let directory = directory();
    let fresh = Fresh::sqlite();
    let days = events(4, 23);
    let (first, second) = days.split_at(days.len() / 2);
    let mut writer = engine(&fresh.settings, &directory);
    take(&mut writer, first);
    let before = told(&fresh.settings, &directory);
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    // Somebody writes in the middle of it.
    let mut rest = second.chunks(200);
    backup::back_up(&fresh.settings, &copy, &mut |_, _| {
        if let Some(piece) = rest.next() {
            take(&mut writer, piece);
        }
    })
    .unwrap();
    let of_copy = StoreSettings::at(&format!("sqlite:{}", copy.display()));
    assert_eq!(told(&of_copy, &directory), before);
    assert_ne!(told(&fresh.settings, &directory), before);
    let refused = backup::back_up(&fresh.settings, &copy, &mut |_, _| {}).unwrap_err();
    assert!(refused.to_string().contains("there already"), "{refused}");
    drop(writer);
    let refused = backup::put_back(&fresh.settings, &copy, false, &mut |_, _| {}).unwrap_err();
    assert!(refused.to_string().contains("--replace"), "{refused}");
    backup::put_back(&fresh.settings, &copy, true, &mut |_, _| {}).unwrap();
    assert_eq!(told(&fresh.settings, &directory), before);
    std::fs::write(folder.path().join("no.db"), "nothing of the kind").unwrap();
    assert!(backup::put_back(&fresh.settings, &folder.path().join("no.db"), true, &mut |_, _| {}).is_err());
    let server = Fresh::postgres();
    let refused = backup::back_up(&server.settings, &folder.path().join("new.db"), &mut |_, _| {}).unwrap_err();
    assert!(refused.to_string().contains("pg_dump"), "{refused}");
}
