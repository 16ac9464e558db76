//! What becomes of callers who are sent on to a unit.

use servicegrad::call::fact::LegOutcome;
use servicegrad::stats::unit_rates;

use crate::story::{House, told};

const ANSWERED: &str = "08:00:00 a entered 600\n08:00:05 a answered 600\n";

fn with(rest: &str) -> House {
    told(&format!("{ANSWERED}{rest}"))
}

fn outcomes(house: &House, unit: &str) -> String {
    let counts = house.unit(unit);
    let each = LegOutcome::ALL.iter().filter(|outcome| counts.outcome(**outcome) != 0);
    let told: Vec<String> = each.map(|outcome| format!("{} {}", outcome.as_str(), counts.outcome(*outcome))).collect();
    format!("{}: {}", counts.transfers, told.join(", "))
}

#[test]
fn a_blind_transfer_that_a_person_answers() {
    let house = with("08:01:00 a over by=transfer\n08:01:00 a sent 7101\n08:01:09 a taken person\n08:05:00 a ended");
    assert_eq!(outcomes(&house, "social"), "1: answered 1");
    let counts = house.unit("social");
    assert_eq!((counts.ring_ms, counts.rings, counts.blind_answered), (9_000, 1, 1));
    assert_eq!(unit_rates::per_attempt(&counts).ratio(), Some(1.0));
}

#[test]
fn an_unanswered_one_that_comes_back_within_a_minute_is_a_recall() {
    let back = "08:01:00 a over\n08:01:00 a sent 7300\n08:01:20 a failed no_answer\n08:01:40 a entered 600\n08:01:50 a left 600 abandoned";
    assert_eq!(outcomes(&with(back), "skola"), "1: no_answer_recalled 1");
    let gone = "08:01:00 a over\n08:01:00 a sent 7300\n08:01:20 a failed no_answer\n08:01:25 a ended";
    assert_eq!(outcomes(&with(gone), "skola"), "1: no_answer_dropped 1");
}

#[test]
fn a_machine_counts_against_the_headline_and_for_reached() {
    let house = with("08:01:00 a over\n08:01:00 a sent 7400\n08:01:10 a taken voicemail");
    let counts = house.unit("teknik");
    assert_eq!((unit_rates::per_attempt(&counts).met, unit_rates::per_attempt(&counts).of), (0, 1));
    assert_eq!(unit_rates::reached(&counts).ratio(), Some(1.0));
}

#[test]
fn in_a_group_any_answer_wins_over_busy_phones() {
    let house =
        with("08:01:00 a sent 7101\n08:01:01 a failed busy\n08:01:04 a taken other\n08:01:05 a failed no_answer");
    assert_eq!(outcomes(&house, "social"), "1: answered_elsewhere 1");
}

#[test]
fn a_caller_who_gives_up_within_five_seconds_is_left_out() {
    let house = with(
        "08:01:00 a sent 7101 transfer=1\n08:01:04.999 a failed caller_hung_up transfer=1
         08:02:00 b sent 7101 queue=600\n08:02:05 b failed caller_hung_up",
    );
    let counts = house.unit("social");
    assert_eq!((counts.transfers, counts.short, unit_rates::per_attempt(&counts).of), (2, 1, 1));
}

#[test]
fn a_consultation_answered_and_taken_back_is_answered_and_flagged() {
    let house = with(
        "08:01:00 a sent 7101 kind=attended\n08:01:05 a taken person\n08:01:30 a failed withdrawn\n08:02:00 a over",
    );
    let counts = house.unit("social");
    assert_eq!((counts.outcome(LegOutcome::Answered), counts.not_completed, counts.attended_answered), (1, 1, 1));
}

#[test]
fn a_withdrawn_or_untold_transfer_is_in_no_rate() {
    let house = with(
        "08:01:00 a sent 7101 transfer=1\n08:01:05 a failed withdrawn transfer=1\n08:02:00 a sent 7101 transfer=2",
    );
    assert_eq!(outcomes(&house, "social"), "2: withdrawn 1, unknown 1");
    assert_eq!(unit_rates::per_attempt(&house.unit("social")).ratio(), None);
}

#[test]
fn a_caller_sent_twice_is_two_attempts_and_one_journey() {
    let house = with(
        "08:01:00 a sent 7101 transfer=1\n08:01:20 a failed no_answer transfer=1
         08:01:30 a entered 600\n08:01:35 a answered 600
         08:02:00 a sent 7102 transfer=2\n08:02:05 a taken person transfer=2",
    );
    let counts = house.unit("social");
    assert_eq!((unit_rates::per_attempt(&counts).met, unit_rates::per_attempt(&counts).of), (1, 2));
    assert_eq!((unit_rates::per_journey(&counts).met, unit_rates::per_journey(&counts).of), (1, 1));
}

#[test]
fn ruling_14_direct_calls_stand_apart_and_a_transfer_into_a_queue_is_no_leg() {
    let house = told("09:00:00 d sent 7101 kind=direct\n09:00:05 d taken person");
    let counts = house.unit("social");
    assert_eq!((counts.transfers, counts.apart), (0, 1));
    let house = with("08:01:00 a over\n08:01:00 a sent 7000\n08:01:00.100 a entered 650\n08:01:05 a answered 650");
    assert_eq!(outcomes(&house, "unknown"), "0: ");
    assert_eq!(house.queue("itsupport").counts.answered, 1);
}

#[test]
fn an_unknown_target_is_told_apart() {
    let house = with("08:01:00 a sent 9999\n08:01:05 a failed unreachable");
    assert_eq!(outcomes(&house, "unknown"), "1: unreachable 1");
}
