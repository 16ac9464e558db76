//! The rulings of the design, one story each.

use std::sync::Arc;

use servicegrad::call::fact::LegOutcome;
use servicegrad::measure::Untold;
use servicegrad::names::DefinitionId;
use servicegrad::stats::definition::service_level;

use crate::story::{House, directory, events, told, told_with, words};

fn waits(house: &House, queue: &str) -> (i64, i64) {
    let counts = house.queue(queue).counts;
    (counts.wait_answered_ms, counts.waits_answered)
}

#[test]
fn one_call_answered_one_abandoned_one_gone_by_key() {
    let house = told(
        "08:00:00 a entered 600
         08:00:12 a answered 600
         08:03:00 a over
         08:00:05 b entered 600
         08:00:45 b left 600 abandoned
         08:00:06 c entered 600
         08:00:10 c left 600 key_exit",
    );
    let counts = house.queue("kundtjanst").counts;
    assert_eq!(words(&counts), "offered 3, answered 1, abandoned 1, key_exit 1");
    assert_eq!(service_level(&counts, 30_000, DefinitionId::OfOffered).ratio(), Some(1.0 / 3.0));
    assert_eq!((counts.talk_ms, counts.talks), (168_000, 1));
}

#[test]
fn ruling_1_met_is_at_most_the_threshold_to_the_millisecond() {
    let house = told(
        "08:00:00.000 a entered 600
         08:00:30.000 a answered 600
         08:00:00.000 b entered 600
         08:00:30.001 b answered 600",
    );
    let at = house.queue("kundtjanst").counts.threshold(30_000);
    assert_eq!((at.within, at.on_threshold), (1, 1));
}

#[test]
fn ruling_1_a_millisecond_clock_goes_by_its_stamps_and_disagreement_is_counted() {
    let house = told("08:00:00.000 a entered 600\n08:00:10.500 a answered 600 wait=14");
    assert_eq!(waits(&house, "kundtjanst"), (10_500, 1));
    assert_eq!(house.queue("kundtjanst").counts.inconsistent, 1);
}

#[test]
fn ruling_1_a_whole_second_clock_goes_by_what_it_reports() {
    let house = told(
        "08:00:00 a entered 600 coarse
         08:00:31 a answered 600 coarse wait=30
         08:00:00 b entered 600 coarse
         08:00:31 b answered 600 coarse",
    );
    let counts = house.queue("kundtjanst").counts;
    assert_eq!((counts.wait_answered_ms, counts.derived, counts.coarse), (61_000, 1, 2));
    assert_eq!(counts.precision_ms(), Some(1000));
}

#[test]
fn ruling_1_a_negative_span_is_zero_and_counted() {
    let house = told("08:00:05.000 a entered 600\n08:00:04.990 a answered 600");
    let counts = house.queue("kundtjanst").counts;
    assert_eq!(
        (words(&counts).as_str(), counts.wait_answered_ms, counts.inconsistent),
        ("offered 1, answered 1", 0, 1)
    );
}

#[test]
fn ruling_3_overflow_inside_a_measured_queue_is_one_visit_with_the_first_clock() {
    let house = told(
        "08:00:00 a entered 600
         08:00:40 a left 600 overflowed
         08:00:41 a entered 601
         08:00:55 a answered 601",
    );
    assert_eq!(words(&house.queue("kundtjanst").counts), "offered 1, answered 1");
    assert_eq!(waits(&house, "kundtjanst"), (55_000, 1));
}

#[test]
fn ruling_3_any_other_return_is_a_new_visit() {
    let house = told(
        "08:00:00 a entered 600
         08:00:10 a answered 600
         08:01:00 a over
         08:01:30 a entered 600
         08:01:35 a left 600 overflowed
         08:02:50 a entered 601
         08:02:55 a answered 601",
    );
    assert_eq!(words(&house.queue("kundtjanst").counts), "offered 3, answered 2, overflowed 1");
}

#[test]
fn ruling_3_a_visit_refused_after_its_entry_is_one_visit() {
    let house = told("08:00:00 a entered 600\n08:00:01 a refused 600 full\n08:00:02 b refused 600 empty");
    assert_eq!(words(&house.queue("kundtjanst").counts), "offered 2, refused 2");
}

#[test]
fn ruling_3_an_interim_outcome_that_proves_wrong_is_corrected() {
    let mut house = House::new(directory(|_| {}));
    house.take(&events("08:00:00 a entered 600 visit=1\n08:00:09 a left 600 abandoned visit=1"));
    assert_eq!(words(&house.queue("kundtjanst").counts), "offered 1, abandoned 1");
    house.take(&events("08:00:20 a answered 600 visit=1"));
    let cell = house.queue("kundtjanst");
    assert_eq!(words(&cell.counts), "offered 1, answered 1");
    assert_eq!((cell.max_all.unwrap().ms(), cell.waits.len()), (20_000, 1));
}

#[test]
fn a_longest_wait_that_is_corrected_away_leaves_the_next_longest() {
    let mut house = House::new(directory(|_| {}));
    house.take(&events(
        "08:00:00 a entered 600 visit=1\n08:00:50 a left 600 abandoned visit=1
         08:00:00 b entered 600\n08:00:07 b answered 600",
    ));
    assert_eq!(house.queue("kundtjanst").max_all.unwrap().ms(), 50_000);
    house.take(&events("08:00:03 a answered 600 visit=1"));
    let cell = house.queue("kundtjanst");
    assert_eq!((cell.max_all.unwrap().ms(), cell.max_answered.unwrap().ms()), (7_000, 7_000));
}

#[test]
fn ruling_4_a_call_is_answered_if_answered_anywhere_and_waits_from_its_first_entry() {
    let house = told(
        "08:00:00 a entered 600
         08:00:20 a left 600 key_exit
         08:00:21 a entered 650
         08:00:31 a answered 650",
    );
    assert_eq!(words(&house.queue("kundtjanst").counts), "offered 1, key_exit 1");
    assert_eq!(words(&house.queue("itsupport").counts), "offered 1, answered 1");
    let calls = house.calls("kundtjanst").counts;
    assert_eq!((words(&calls).as_str(), calls.wait_answered_ms), ("offered 1, answered 1", 31_000));
    assert_eq!(words(&house.calls("itsupport").counts), "");
}

#[test]
fn ruling_5_an_end_without_a_beginning_is_worked_back_from_its_wait() {
    let house = told(
        "08:00:30 a answered 600 coarse wait=30
         08:01:00 a over coarse talk=30 wait=30 queue=600
         08:05:00 b over coarse talk=60 wait=20 queue=600
         08:06:00 c left 600 abandoned coarse wait=7",
    );
    let counts = house.queue("kundtjanst").counts;
    assert_eq!((words(&counts).as_str(), counts.derived), ("offered 3, answered 2, abandoned 1", 3));
    assert_eq!((counts.wait_answered_ms, counts.talk_ms), (50_000, 90_000));
}

#[test]
fn ruling_6_hours_are_half_open_and_judged_at_the_offer() {
    let house = told_with(
        "07:59:59.999 a entered 600
         08:00:05 a answered 600
         08:00:00.000 b entered 600
         08:00:10 b answered 600
         16:29:59.999 c entered 600
         16:40:00 c answered 600
         16:30:00.000 d entered 600
         16:30:40 d left 600 abandoned",
        |queue| queue.hours = Some("Mo-Fr 08:00-16:30".into()),
    );
    let counts = house.queue("kundtjanst").counts;
    assert_eq!(words(&counts), "offered 4, answered 2, outside_hours 2, answered_outside_hours 1");
}

#[test]
fn ruling_6_a_switch_that_says_closed_is_believed() {
    let house = told("10:00:00 a refused 600 closed");
    assert_eq!(words(&house.queue("kundtjanst").counts), "offered 1, outside_hours 1");
}

#[test]
fn ruling_7_what_has_no_end_is_unknown_and_an_answered_visit_stays_answered() {
    let house = told(
        "08:00:00 a entered 600
         08:00:00 b entered 600
         08:00:05 b answered 600",
    );
    assert_eq!(words(&house.queue("kundtjanst").counts), "offered 2, answered 1, unknown 1");
}

#[test]
fn who_sends_a_caller_on_blind_has_left_the_conversation_and_who_asks_first_has_not() {
    let talk = |sent: &str| {
        let way = "08:00:00 a entered 600\n08:00:10 a answered 600\n08:20:00 a taken person\n08:30:00 a ended";
        let counts = told(&format!("{way}\n{sent}")).queue("kundtjanst").counts;
        (counts.talk_ms, counts.talks)
    };
    assert_eq!(talk("08:01:10 a sent 7100"), (60_000, 1));
    assert_eq!(talk("08:01:10 a sent 7100\n08:01:11 a over"), (61_000, 1), "what is told holds");
    assert_eq!(talk("08:01:10 a sent 7100 queue=650"), (1_790_000, 1), "by another");
    assert_eq!(talk("08:01:10 a sent 7100 kind=attended"), (1_790_000, 1));
    let taken_back = "08:01:10 a sent 7100\n08:01:20 a failed withdrawn";
    assert_eq!(talk(taken_back), (1_790_000, 1));
    assert_eq!(talk(&format!("{taken_back}\n08:02:10 a sent 7300 transfer=2")), (120_000, 1));
    assert_eq!(talk("08:01:10 a sent 7100\n08:02:10 a sent 7300 transfer=2 kind=attended"), (1_790_000, 1));
}

#[test]
fn a_switch_that_never_tells_whether_units_answer_keeps_no_transfer_open() {
    let story = "08:00:00 a entered 600\n08:00:10 a answered 600\n22:00:00 b entered 600\n22:00:10 b answered 600\n\
                 08:01:10 a sent 7100\n22:01:10 b sent 7100";
    let legs = |untold: &[Untold]| {
        let directory = Arc::into_inner(directory(|_| {})).unwrap().with_untold(vec![untold.to_vec()]);
        let mut house = House::new(Arc::new(directory));
        house.take(&events(story));
        house.end();
        let legs = house.unit("social");
        (legs.transfers, legs.open, legs.outcomes[LegOutcome::Unknown as usize])
    };
    assert_eq!(legs(&[]), (2, 1, 1), "of the second it may still be told");
    assert_eq!(legs(&[Untold::UnitAnswer]), (2, 0, 2));
}

#[test]
fn ruling_7_a_call_of_the_last_hours_is_open() {
    let house = told("22:00:00 a entered 600");
    assert_eq!(words(&house.queue("kundtjanst").counts), "offered 1, open 1");
}

#[test]
fn ruling_16_a_restart_loses_those_who_wait_and_is_not_people_hanging_up() {
    let house = told(
        "08:00:00 a entered 600
         08:00:50 b entered 600
         08:00:58.500 b left 600 abandoned
         08:00:30 c entered 600
         08:00:40 c answered 600
         08:00:10 d entered 600
         08:00:20 d left 600 abandoned
         08:00:59 - started
         08:01:10 e entered 600
         08:01:12 e answered 600",
    );
    assert_eq!(words(&house.queue("kundtjanst").counts), "offered 5, answered 2, abandoned 1, lost 2");
}

#[test]
fn ruling_17_abandoned_and_at_once_elsewhere_was_an_overflow() {
    let house = told(
        "08:00:00 a entered 600
         08:00:30.000 a left 600 abandoned
         08:00:30.002 a entered 650
         08:00:35 a answered 650",
    );
    assert_eq!(words(&house.queue("kundtjanst").counts), "offered 1, overflowed 1");
}

#[test]
fn the_clock_can_start_at_the_arrival() {
    let story = "08:00:00 a arrived\n08:00:20 a entered 600\n08:00:35 a answered 600";
    let house = told_with(story, |queue| queue.clock = servicegrad::directory::ClockStart::Arrived);
    assert_eq!(waits(&house, "kundtjanst"), (35_000, 1));
    assert_eq!(waits(&told(story), "kundtjanst"), (15_000, 1));
}

#[test]
fn ring_attempts_are_no_calls() {
    let house = told("08:00:00 a missed 600\n08:00:01 b entered 600\n08:00:09 b missed 600\n08:00:20 b answered 600");
    assert_eq!(words(&house.queue("kundtjanst").counts), "offered 1, answered 1");
}

#[test]
fn a_caller_who_hangs_up_while_waiting_has_abandoned_even_if_only_the_call_tells() {
    let house = told("08:00:00 a entered 600\n08:00:09 a ended by=caller");
    let counts = house.queue("kundtjanst").counts;
    assert_eq!((words(&counts).as_str(), counts.wait_abandoned_ms), ("offered 1, abandoned 1", 9_000));
}

#[test]
fn the_last_word_said_twice_is_one_conversation() {
    let house = told(
        "08:00:00 a entered 600 journal
         08:00:10 a answered 600 wait=10 journal
         08:01:00 a over talk=50 wait=10 queue=600 by=transfer journal
         08:01:00 a over talk=50 wait=10 queue=600 by=agent journal",
    );
    let counts = house.queue("kundtjanst").counts;
    assert_eq!((words(&counts).as_str(), counts.talk_ms), ("offered 1, answered 1", 50_000));
}
