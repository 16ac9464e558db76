//! Who may see what, and a longer list page by page.

use servicegrad::measure::Moment;
use servicegrad::names::OrganisationId;
use servicegrad::stats::{ScopeKind, Tier};
use servicegrad::store::{After, Page, Sight};

use crate::story::{at, told};

/// Two callers in two queues, sent to units of two organisations, and one to nowhere known.
const DAY: &str = "
    08:00:00 a entered 600\n08:00:05 a answered 600\n08:01:00 a sent 7101\n08:01:09 a taken person\n08:05:00 a ended
    08:00:00 b entered 600\n08:00:07 b answered 600\n08:02:00 b sent 7400\n08:02:30 b failed busy\n08:05:00 b ended
    08:10:00 c entered 650\n08:10:01 c answered 650\n08:11:00 c sent 9999\n08:11:05 c failed unreachable
    08:12:00 c ended";

const EVER: (Moment, Moment) = (Moment(i64::MIN), Moment(i64::MAX));

#[test]
fn a_municipality_sees_the_transfers_to_its_own_units_and_no_other_row() {
    let house = told(DAY);
    let (directory, reader) = (house.directory(), house.reader());
    let asele = directory.organisations().iter().position(|one| one.name == "asele").unwrap();
    let sight = Sight::of_organisations([OrganisationId(asele as u32)]);
    for (at, unit) in directory.units().iter().enumerate() {
        let id = servicegrad::names::UnitId(at as u32);
        let seen = reader.legs(&sight, id, EVER.0, EVER.1, &Page::first(100)).unwrap().len();
        let all = reader.legs(&Sight::ALL, id, EVER.0, EVER.1, &Page::first(100)).unwrap().len();
        assert_eq!(all, usize::from(["unknown", "social", "teknik"].contains(&unit.name.as_str())), "{}", unit.name);
        assert_eq!(seen, usize::from(unit.name == "teknik"), "{}", unit.name);
    }
    for queue in [0, 1].map(servicegrad::names::QueueId) {
        assert!(reader.visits(&sight, queue, EVER.0, EVER.1, &Page::first(100)).unwrap().is_empty());
    }
    for tier in Tier::ALL {
        let cells = |sight, kind| reader.cells(sight, kind, tier, EVER.0, EVER.1).unwrap();
        assert!(cells(&sight, ScopeKind::Queue).is_empty() && cells(&sight, ScopeKind::Calls).is_empty());
        assert!(!cells(&Sight::ALL, ScopeKind::Queue).is_empty());
        let units = cells(&sight, ScopeKind::Unit);
        assert!(!units.is_empty() && units.iter().all(|(key, _)| sight.sees(key.scope, directory)));
    }
}

#[test]
fn a_queue_lead_sees_one_queue() {
    let house = told(DAY);
    let (directory, reader) = (house.directory(), house.reader());
    let [ours, other] = ["itsupport", "kundtjanst"].map(|name| directory.queue_named(name).unwrap());
    let sight = Sight::of_queues([ours]);
    assert_eq!(reader.visits(&sight, ours, EVER.0, EVER.1, &Page::first(100)).unwrap().len(), 1);
    assert!(reader.visits(&sight, other, EVER.0, EVER.1, &Page::first(100)).unwrap().is_empty());
    assert!(reader.cells(&sight, ScopeKind::Unit, Tier::Day, EVER.0, EVER.1).unwrap().is_empty());
}

#[test]
fn dead_letters_are_for_those_who_see_everything() {
    let house = told("08:00:00 a left 600 abandoned");
    let (directory, reader) = (house.directory(), house.reader());
    let letters = reader.dead_letters(&Sight::ALL, None, 10).unwrap();
    assert_eq!(letters.iter().map(|letter| letter.reason.as_str()).collect::<Vec<_>>(), ["orphan_end"]);
    assert!(reader.dead_letters(&Sight::ALL, Some(letters[0].id), 10).unwrap().is_empty());
    let every_queue = Sight::of_queues((0..directory.queues().len() as u32).map(servicegrad::names::QueueId));
    assert!(reader.dead_letters(&every_queue, None, 10).unwrap().is_empty());
}

#[test]
fn pages_end_to_end_are_the_whole_list() {
    // Three callers of one moment: only the names of the calls tell them apart.
    let call = |(call, second): (&str, u8)| {
        format!(
            "08:00:0{second} {call} entered 600\n08:00:1{second} {call} answered 600\n08:01:0{second} {call} sent 7101"
        )
    };
    let calls = [("a", 0), ("b", 0), ("c", 0), ("d", 9), ("e", 9)].map(call).join("\n");
    let house = told(&calls);
    let (directory, reader) = (house.directory(), house.reader());
    let (queue, unit) = (directory.queue_named("kundtjanst").unwrap(), directory.unit_named("social").unwrap());
    let (mut visits, mut legs) = (Vec::new(), Vec::new());
    let mut page = Page::first(2);
    while let Some(last) = {
        let rows = reader.visits(&Sight::ALL, queue, at("08:00:00"), at("08:00:10"), &page).unwrap();
        assert!(rows.len() <= 2);
        visits.extend(rows.iter().map(|row| row.call.to_string()));
        rows.last().cloned()
    } {
        let (at, call) = (last.visit.offered, last.call.to_string());
        page.after = Some(After { at, source: last.source, call, number: last.visit.number });
    }
    let mut page = Page::first(2);
    while let Some(last) = {
        let rows = reader.legs(&Sight::ALL, unit, at("08:01:00"), at("08:01:09"), &page).unwrap();
        legs.extend(rows.iter().map(|row| row.call.to_string()));
        rows.last().cloned()
    } {
        page.after =
            Some(After { at: last.started, source: last.source, call: last.call.to_string(), number: last.number });
    }
    assert_eq!(visits, ["a", "b", "c", "d", "e"]);
    assert_eq!(legs, ["a", "b", "c"], "those at the very end of the time asked for are not in it");
}
