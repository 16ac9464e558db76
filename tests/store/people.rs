//! What is old is let go, and what is kept about somebody is shown and erased; figures stay.

use std::sync::Arc;

use servicegrad::call::TrackerSettings;
use servicegrad::clock::Clock;
use servicegrad::engine::Engine;
use servicegrad::event::{CallEvent, EventId, EventKind};
use servicegrad::measure::{Moment, Span};
use servicegrad::stats::Tier;
use servicegrad::store::upkeep::settings::Ages;
use servicegrad::store::{self, Act, StoreSettings};

use crate::stores::{Fresh, over_each};
use crate::week::{directory, engine, events, monday, take, told};

const DAY_MS: i64 = 24 * 3_600_000;

fn act() -> Act {
    let word = |text: &str| text.to_owned();
    Act { at: Moment(1), who: word("cli anna"), act: word("number_erased"), about: word("number"), detail: word("") }
}

fn days(days: i64) -> Option<Span> {
    Some(Span::from_seconds(days * 86_400))
}

/// An engine that lives a while after the week.
fn engine_later(settings: &StoreSettings, later: i64) -> Engine {
    let directory = directory();
    let store = store::open(settings, &directory).unwrap();
    let clock = Clock::standing_at(monday().plus_ms(later * DAY_MS));
    Engine::open(directory, TrackerSettings::default(), store, clock).unwrap().importing()
}

#[test]
fn calls_that_were_let_go_are_counted_no_second_time() {
    let directory = directory();
    over_each(|fresh| {
        let days_told = events(4, 41);
        let mut engine = engine(&fresh.settings, &directory);
        take(&mut engine, &days_told);
        engine.end_import(servicegrad::names::SourceId(0)).unwrap();
        drop(engine);
        let before = told(&fresh.settings, &directory);
        let keeper = store::open_upkeep(&fresh.settings, &directory).unwrap();
        let ages = Ages { calls: days(35), ..Ages::default() };
        let now = monday().plus_ms(60 * DAY_MS);
        assert_eq!(keeper.let_go(&ages, now, &|| false).unwrap().rows(), 0, "told to stop");
        let gone = keeper.let_go(&ages, now, &|| true).unwrap();
        assert!(gone.calls > 500 && gone.facts == 0, "{gone:?}");
        assert_eq!(told(&fresh.settings, &directory), before);
        assert_eq!(keeper.let_go(&ages, now, &|| true).unwrap().rows(), 0);
        // The same again, as when an old journal is imported a second time.
        take(&mut engine_later(&fresh.settings, 60), &days_told);
        let after = told(&fresh.settings, &directory);
        assert_eq!(after.offered(), before.offered());
        assert_eq!(keeper.verify(&mut |_, _| {}).unwrap().different, 0);
        let refused = after.refused();
        assert!(refused.len() == 1 && refused[0].0 == "let_go" && refused[0].1 > 1_000, "{refused:?}");
    });
}

#[test]
fn facts_and_quarters_go_at_their_own_age_and_months_stay() {
    let directory = directory();
    over_each(|fresh| {
        take(&mut engine(&fresh.settings, &directory), &events(4, 42));
        let before = told(&fresh.settings, &directory);
        let keeper = store::open_upkeep(&fresh.settings, &directory).unwrap();
        // Two days before April is old enough: only March goes.
        let ages = Ages { calls: days(35), facts: days(40), quarters: days(40) };
        let first = keeper.let_go(&ages, monday().plus_ms(50 * DAY_MS), &|| true).unwrap();
        assert!(first.facts > 500 && first.quarters > 100, "{first:?}");
        let half = told(&fresh.settings, &directory);
        assert!(half.offered() > 0 && half.offered() < before.offered());
        assert_eq!(half.cells_of(Tier::Month), before.cells_of(Tier::Month));
        assert_eq!(half.cells_of(Tier::Day), before.cells_of(Tier::Day));
        assert!(half.cells_of(Tier::Quarter).len() < before.cells_of(Tier::Quarter).len());
        let verified = keeper.verify(&mut |_, _| {}).unwrap();
        assert_eq!((verified.different, verified.without_facts), (0, 1), "{:?}", verified.differences);
        let month = keeper.months().unwrap()[0];
        let refused = keeper.recount(month, &act()).unwrap_err();
        assert!(refused.to_string().contains("have been let go"), "{refused}");
        keeper.let_go(&ages, monday().plus_ms(200 * DAY_MS), &|| true).unwrap();
        assert_eq!(told(&fresh.settings, &directory).offered(), 0);
        assert_eq!(told(&fresh.settings, &directory).cells_of(Tier::Month), before.cells_of(Tier::Month));
    });
}

const NUMBER: &str = "070987654321";

/// Days in which callers were sent on to somebody's own telephone.
fn events_with_a_number() -> Vec<CallEvent> {
    let mut all = events(3, 43);
    let targets = all.iter_mut().filter_map(|event| match &mut event.kind {
        EventKind::TransferStarted { target, .. } => Some(target),
        _ => None,
    });
    targets.step_by(20).take(5).for_each(|target| *target = NUMBER.into());
    // And one whom a unit's telephone passed on to it.
    let at = all.iter().rposition(|event| matches!(event.kind, EventKind::TransferRinging { .. })).unwrap();
    let mut forwarded = all[at].clone();
    let EventKind::TransferRinging { transfer } = &forwarded.kind else { unreachable!() };
    forwarded.kind = EventKind::TransferForwarded { transfer: transfer.clone(), target: NUMBER.into() };
    forwarded.id = EventId::of(&[b"forwarded"]);
    all.insert(at + 1, forwarded);
    all
}

fn bytes_of(fresh: &Fresh) -> Vec<u8> {
    let Some(path) = fresh.settings.url.strip_prefix("sqlite:") else { return Vec::new() };
    let read = |ending: &str| std::fs::read(format!("{path}{ending}")).unwrap_or_default();
    [read(""), read("-wal")].concat()
}

#[test]
fn a_number_is_shown_and_erased_and_no_figure_changes() {
    let directory = directory();
    over_each(|fresh| {
        let days_told = events_with_a_number();
        take(&mut engine(&fresh.settings, &directory), &days_told);
        let before = told(&fresh.settings, &directory);
        let reader = store::open_upkeep(&fresh.settings, &directory).unwrap();
        let kept = reader.about_number(NUMBER).unwrap();
        assert_eq!((kept.transfers.len(), kept.calls.len(), kept.dead_letters.len()), (5, 6, 0));
        assert_eq!(reader.about_number("070").unwrap().transfers.len(), 0, "a part of a number is another number");
        drop(reader);
        let is_there = |bytes: &[u8]| memchr::memmem::find(bytes, NUMBER.as_bytes()).is_some();
        assert_eq!(is_there(&bytes_of(fresh)), fresh.settings.url.starts_with("sqlite"));
        let alone = store::open_upkeep_alone(&fresh.settings, &directory).unwrap();
        assert_eq!(alone.erase_number(NUMBER, |_| act()).unwrap(), kept);
        let nothing = alone.about_number(NUMBER).unwrap();
        assert_eq!((nothing.transfers.len(), nothing.calls.len()), (0, 0));
        drop(alone);
        assert!(!is_there(&bytes_of(fresh)), "its bytes are still in the file");
        assert_eq!(told(&fresh.settings, &directory), before);
        // The journal is read again: what is known stays known, and the number does not come back.
        take(&mut engine(&fresh.settings, &Arc::clone(&directory)), &days_told);
        assert_eq!(told(&fresh.settings, &directory), before);
        let reader = store::open_upkeep(&fresh.settings, &directory).unwrap();
        assert_eq!(reader.about_number(NUMBER).unwrap().calls.len(), 0);
        assert_eq!(reader.verify(&mut |_, _| {}).unwrap().different, 0);
    });
}
