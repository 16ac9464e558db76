//! The promise: shuffled within the allowed lateness, told twice, cut anywhere over restarts, and
//! imported again afterwards, the same events give the same figures, and they are the oracle's.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use servicegrad::call::fact::{LegOutcome, Outcome};
use servicegrad::event::CallEvent;
use servicegrad::names::DefinitionId;
use servicegrad::stats::{VisitCell, definition, unit_rates};

use crate::oracle::{OracleVisit, PlannedCall, PlannedEnd, plans, visits};
use crate::story::{House, directory};

/// Cases of each of the four tests: 10 000 together. `SERVICEGRAD_CASES` sets another number.
const CASES: u32 = 2_500;
const LATENESS_MS: i64 = 15 * 60_000;

/// How the events reach us: for each, by how much it is late, whether it is told twice, and
/// whether the daemon dies after it.
type Delivery = Vec<(i64, bool, bool)>;

fn cases(shard: u8) {
    let cases = std::env::var("SERVICEGRAD_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[shard; 32]));
    let late = prop_oneof![Just(0), 0..LATENESS_MS - 1];
    let each = (late, prop::bool::weighted(0.2), prop::bool::weighted(0.03));
    let input = (plans(), proptest::collection::vec(each, 150));
    let house = directory(|_| {});
    runner.run(&input, |(plans, delivery)| holds(&house, &plans, &delivery)).unwrap();
}

#[test]
fn the_figures_are_the_oracles_first_quarter() {
    cases(1);
}

#[test]
fn the_figures_are_the_oracles_second_quarter() {
    cases(2);
}

#[test]
fn the_figures_are_the_oracles_third_quarter() {
    cases(3);
}

#[test]
fn the_figures_are_the_oracles_fourth_quarter() {
    cases(4);
}

fn holds(
    directory: &Arc<servicegrad::directory::Directory>,
    plans: &[PlannedCall],
    delivery: &Delivery,
) -> Result<(), TestCaseError> {
    let mut events: Vec<CallEvent> = Vec::new();
    for (number, plan) in plans.iter().enumerate() {
        events.extend(plan.events(&format!("c{number}")));
    }
    let mut house = House::new(Arc::clone(directory));
    deliver(&mut house, &events, delivery);
    house.end();
    let all = plans.iter().flat_map(visits).collect::<Vec<_>>();
    for queue in ["kundtjanst", "itsupport"] {
        let ours: Vec<&OracleVisit> = all.iter().filter(|visit| visit.measured == queue).collect();
        queue_is(&house.queue(queue), &ours)?;
    }
    units_are(&house, plans)?;
    let cells = house.all_cells();
    // Imported again, in order: everything is known.
    events.sort_by_key(|event| event.stamp.at);
    house.take(&events);
    house.end();
    prop_assert_eq!(&house.all_cells(), &cells);
    Ok(())
}

fn deliver(house: &mut House, events: &[CallEvent], delivery: &Delivery) {
    let how = |place: usize| delivery[place % delivery.len()];
    let mut told: Vec<(i64, usize)> = Vec::new();
    for (place, event) in events.iter().enumerate() {
        let (late, is_twice, _) = how(place);
        told.push((event.stamp.at.0 + late, place));
        if is_twice {
            told.push((event.stamp.at.0 + how(place + 7).0, place));
        }
    }
    told.sort_unstable();
    let mut batch = Vec::new();
    for (_, place) in told {
        batch.push(events[place].clone());
        let (late, _, dies) = how(place + 3);
        if dies || late % 5 == 0 {
            house.take(&std::mem::take(&mut batch));
        }
        if dies {
            house.restart();
        }
    }
    house.take(&batch);
}

fn queue_is(cell: &VisitCell, visits: &[&OracleVisit]) -> Result<(), TestCaseError> {
    let count = |outcome: &str| visits.iter().filter(|visit| visit.outcome == outcome).count() as i64;
    let counts = &cell.counts;
    prop_assert_eq!(counts.offered, visits.len() as i64);
    let by_outcome = [
        (Outcome::Answered, counts.answered),
        (Outcome::Abandoned, counts.abandoned),
        (Outcome::Overflowed, counts.overflowed),
        (Outcome::KeyExit, counts.key_exit),
        (Outcome::Callback, counts.callback),
        (Outcome::Voicemail, counts.voicemail),
        (Outcome::System, counts.system),
        (Outcome::Unknown, counts.unknown),
        (Outcome::Lost, counts.lost),
        (Outcome::Refused, counts.refused),
    ];
    for (outcome, counted) in by_outcome {
        prop_assert_eq!(counted, count(outcome.as_str()), "{}", outcome.as_str());
    }
    prop_assert_eq!((counts.open, counts.outside_hours, counts.inconsistent), (0, 0, 0));
    let waits = |outcome: &str| -> Vec<i64> {
        let mut waits: Vec<i64> = visits.iter().filter(|v| v.outcome == outcome).filter_map(|v| v.wait_ms).collect();
        waits.sort_unstable();
        waits
    };
    let (answered, abandoned) = (waits("answered"), waits("abandoned"));
    prop_assert_eq!(counts.wait_answered_ms, answered.iter().sum::<i64>());
    prop_assert_eq!(counts.wait_abandoned_ms, abandoned.iter().sum::<i64>());
    prop_assert_eq!(cell.max_answered.map(|wait| i64::from(wait.ms())), answered.last().copied());
    let others = visits.len() as i64 - count("answered") - count("abandoned") - count("unknown");
    let short = abandoned.iter().filter(|wait| **wait <= 5_000).count() as i64;
    prop_assert_eq!(counts.short_abandoned, short);
    for threshold in [30_000i64, 60_000] {
        let within = |waits: &[i64]| waits.iter().filter(|wait| **wait <= threshold).count() as i64;
        let (met, late_b) = (within(&answered), within(&abandoned));
        let (a, b, x) = (count("answered"), count("abandoned"), others);
        let expected = [
            (DefinitionId::OfAnswered, met, a),
            (DefinitionId::OfAnsweredAndAbandoned, met, a + b),
            (DefinitionId::OfOffered, met, a + b + x),
            (DefinitionId::ShortAbandonsIgnored, met, a + b + x - short),
            (DefinitionId::AbandonsWithinIgnored, met, a + b + x - late_b),
            (DefinitionId::AbandonsWithinMet, met + late_b, a + b + x),
        ];
        for (id, met, of) in expected {
            let share = definition::service_level(counts, threshold as u32, id);
            prop_assert_eq!((share.met, share.of), (met, of), "{} {}", id.as_str(), threshold);
        }
        let exactly = answered.iter().filter(|wait| **wait == threshold).count() as i64;
        prop_assert_eq!(counts.threshold(threshold as u32).on_threshold, exactly);
    }
    for quantile in [0.5, 0.9, 0.95, 0.99] {
        let rank = ((quantile * answered.len() as f64).ceil() as usize).max(1);
        let exact = answered.get(rank - 1).map(|wait| *wait as f64);
        let told = cell.waits.quantile_ms(quantile).map(f64::from);
        let is_close = exact.zip(told).is_none_or(|(exact, told)| told >= exact && told <= exact * 1.0079 + 0.5);
        prop_assert!(is_close && exact.is_some() == told.is_some(), "{quantile}: {told:?} for {exact:?}");
    }
    Ok(())
}

fn units_are(house: &House, plans: &[PlannedCall]) -> Result<(), TestCaseError> {
    for (unit, extension) in [("social", "7101"), ("skola", "7300"), ("teknik", "7400")] {
        let mut legs = Vec::new();
        let mut callers = (0, 0);
        for plan in plans {
            let mut of_caller = Vec::new();
            for stay in plan.seen() {
                let PlannedEnd::Answered { transfer: Some(transfer), .. } = stay.end else { continue };
                let is_measured = matches!(stay.queue, "600" | "601" | "650");
                if transfer.target == extension && is_measured {
                    of_caller.push(transfer);
                }
            }
            let counts = |transfer: &&crate::oracle::PlannedTransfer| match transfer.end {
                Err(servicegrad::event::TransferResult::Withdrawn) => false,
                Err(servicegrad::event::TransferResult::CallerHungUp) => transfer.ring_ms >= 5_000,
                _ => true,
            };
            let reached = |transfer: &crate::oracle::PlannedTransfer| {
                use servicegrad::event::AnsweredBy::{External, Other, Person};
                matches!(transfer.end, Ok(Person | Other | External))
            };
            callers.0 += i64::from(of_caller.iter().filter(counts).any(reached));
            callers.1 += i64::from(of_caller.iter().any(|transfer| counts(&transfer)));
            legs.extend(of_caller.into_iter().map(|t| (counts(&&t), reached(&t))));
        }
        let counts = house.unit(unit);
        prop_assert_eq!(counts.transfers, legs.len() as i64, "{}", unit);
        let rate = unit_rates::per_attempt(&counts);
        let expected =
            (legs.iter().filter(|(_, reached)| *reached).count(), legs.iter().filter(|(counts, _)| *counts).count());
        prop_assert_eq!((rate.met, rate.of), (expected.0 as i64, expected.1 as i64), "{}", unit);
        let journeys = unit_rates::per_journey(&counts);
        prop_assert_eq!((journeys.met, journeys.of), callers, "{}", unit);
        prop_assert_eq!(counts.outcome(LegOutcome::Unknown), 0);
    }
    Ok(())
}
