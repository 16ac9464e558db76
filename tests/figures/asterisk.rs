//! A real Asterisk's manager interface against the ground truth taken on the far side of every call:
//! each call's outcome and wait, each transfer and what became of it.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use serde_json::Value;
use servicegrad::call::fact::{CallFacts, LegFact, LegOutcome, Outcome};
use servicegrad::call::{NoArchive, Tracker, TrackerSettings};
use servicegrad::directory::Directory;
use servicegrad::event::CallEvent;
use servicegrad::measure::Moment;
use servicegrad::names::{CallName, SourceId};
use servicegrad::source::asterisk_ami::Ami;
use servicegrad::source::asterisk_queue_log::QueueLog;
use servicegrad::source::{Batch, Decode};

use crate::recordings::switchboard;
use crate::story::{House, words};

pub(crate) fn unzipped(path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

pub(crate) fn decode(decoder: &mut dyn Decode, bytes: &[u8], pieces: usize) -> Vec<CallEvent> {
    let mut batch = Batch::of(SourceId(0));
    for piece in bytes.chunks(pieces) {
        decoder.feed(piece, Moment(0), &mut batch);
    }
    decoder.finish(Moment(0), &mut batch);
    assert_eq!(batch.rejects, []);
    batch.events
}

/// What all calls come to.
pub(crate) fn facts(directory: &Arc<Directory>, events: &[CallEvent]) -> BTreeMap<CallName, CallFacts> {
    let mut tracker = Tracker::new(Arc::clone(directory), TrackerSettings::default());
    let mut facts = BTreeMap::new();
    for event in events {
        tracker.apply(SourceId(0), event, &mut NoArchive).unwrap();
    }
    tracker.settle(|settled, _| {
        facts.insert(settled.key.call.clone(), settled.call.facts.clone());
    });
    facts
}

/// Calls by the caller's number, as the channels of the recording tell it: several for one number
/// stand in order.
fn names_by_number(raw: &[u8]) -> BTreeMap<String, Vec<CallName>> {
    let text = String::from_utf8_lossy(raw);
    let mut names: BTreeMap<String, Vec<CallName>> = BTreeMap::new();
    for message in text.split("\r\n\r\n") {
        let field = |key: &str| message.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
        if field("Event") == Some("Newchannel")
            && field("ChannelStateDesc") == Some("Ring")
            && let (Some(number), Some(id)) = (field("CallerIDNum"), field("Uniqueid"))
        {
            names.entry(number.to_owned()).or_default().push(id.into());
        }
    }
    names
}

/// A transfer in the words of the truth.
fn word(leg: &LegFact) -> String {
    let outcome = match leg.outcome {
        Some(LegOutcome::Answered) if leg.not_completed => "answered_but_declined",
        Some(LegOutcome::Answered | LegOutcome::AnsweredExternal) => "answered",
        Some(LegOutcome::NoAnswerRecalled | LegOutcome::NoAnswerDropped) => "no_answer",
        Some(LegOutcome::Busy) => "busy",
        Some(LegOutcome::Rejected) => "rejected",
        Some(LegOutcome::CallerHungUp) => "abandoned",
        None => "open at the cut",
        Some(other) => other.as_str(),
    };
    format!("{} {outcome}", leg.target)
}

/// Everything in which a recording, as decoded to `events`, differs from the truth.
pub(crate) fn differences(name: &str, events: &[CallEvent]) -> Vec<String> {
    let raw = unzipped(&format!("tests/data/asterisk_ami/{name}/ami.raw.gz"));
    let truth: Value =
        serde_json::from_slice(&unzipped(&format!("tests/data/asterisk_ami/{name}/truth.json.gz"))).unwrap();
    let facts = facts(&switchboard(), events);
    let mut names = names_by_number(&raw);
    let mut wrong = Vec::new();
    for call in truth["calls"].as_array().unwrap() {
        let text = |key: &str| call[key].as_str().unwrap_or_default();
        let nobody = CallFacts::default();
        let known = names.get_mut(text("caller")).filter(|names| !names.is_empty()).map(|names| names.remove(0));
        let facts = known.as_ref().and_then(|name| facts.get(name)).unwrap_or(&nobody);
        let mut complain = |what: String| wrong.push(format!("{} {known:?}: {what}", text("case")));
        let outcome = facts.journey.as_ref().map(|journey| journey.outcome);
        let agrees = match text("result") {
            "answered" => outcome == Some(Some(Outcome::Answered)),
            "abandoned" => outcome == Some(Some(Outcome::Abandoned)),
            "left by key" => outcome == Some(Some(Outcome::KeyExit)),
            "sent away by the switchboard" => matches!(outcome, Some(Some(Outcome::Overflowed | Outcome::Refused))),
            "not a queue call" | "hung up before the queue" => outcome.is_none(),
            "open at the cut" => outcome.is_none_or(|outcome| outcome.is_none()),
            other => panic!("`{other}`"),
        };
        if !agrees {
            complain(format!("{} but {outcome:?}", text("result")));
        }
        let wait = facts.journey.as_ref().and_then(|journey| journey.wait).map(|wait| f64::from(wait.ms()) / 1000.0);
        if let (Some(told), Some(wait)) = (call["wait_s_about"].as_f64(), wait)
            && (told - wait).abs() > 0.2
        {
            complain(format!("waited {told} but {wait}"));
        }
        let told: Vec<String> = call["transfers"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|transfer| format!("{} {}", transfer["to"].as_str().unwrap(), transfer["outcome"].as_str().unwrap()))
            .collect();
        let sent = facts.legs.iter().filter(|leg| leg.kind != servicegrad::event::TransferKind::Direct);
        let legs: Vec<String> = sent.map(word).collect();
        if told != legs {
            complain(format!("{told:?} but {legs:?}"));
        }
    }
    wrong
}

#[test]
fn fifty_eight_named_cases_are_as_they_were() {
    assert_eq!(
        differences("small", &live("small")),
        [
            // Keys were pressed for a number that does not exist: the switch says nothing of it.
            r#"blind_dtmf_7999_no_such_unit Some("1795467202.149"): ["7999 never_rang"] but []"#,
            // 7000 leads into a queue, which is no unit: a visit of that queue, and no transfer to a unit.
            r#"blind_ami_7000_to_other_queue Some("1795467246.168"): ["7000 answered"] but []"#,
        ]
    );
}

#[test]
fn a_busy_morning_is_as_it_was() {
    assert_eq!(differences("busy", &live("busy")), Vec::<String>::new());
}

pub(crate) fn queue_log(name: &str) -> Vec<CallEvent> {
    let log = std::fs::read(format!("tests/data/asterisk_queue_log/{name}/queue_log")).unwrap();
    decode(&mut QueueLog::default(), &log, usize::MAX)
}

pub(crate) fn live(name: &str) -> Vec<CallEvent> {
    decode(&mut Ami::default(), &unzipped(&format!("tests/data/asterisk_ami/{name}/ami.raw.gz")), usize::MAX)
}

pub(crate) fn counted(deliveries: &[&[CallEvent]]) -> House {
    let mut house = House::new(switchboard());
    for events in deliveries {
        house.take(events);
    }
    house.end();
    house
}

#[test]
fn live_and_journal_of_one_switch_are_one_set_of_calls_in_any_order() {
    for name in ["small", "busy"] {
        let (live, journal) = (live(name), queue_log(name));
        let together = counted(&[&live, &journal]).all_cells();
        assert_eq!(counted(&[&journal, &live]).all_cells(), together);
        let mut mixed = [live.clone(), journal.clone()].concat();
        mixed.sort_by_key(|event| event.stamp.at);
        assert_eq!(counted(&[&mixed]).all_cells(), together);
        let (half_live, half_journal) = (live.len() / 2, journal.len() / 3);
        let pieces = [&journal[..half_journal], &live[half_live..], &journal, &live[..half_live], &journal];
        assert_eq!(counted(&pieces).all_cells(), together, "{name}");
    }
}

#[test]
fn together_they_count_what_the_live_feed_counts_and_alone_the_journal_comes_within_its_seconds() {
    for name in ["small", "busy"] {
        let (live, journal) = (live(name), queue_log(name));
        let both = counted(&[&live, &journal]);
        let (live, journal) = (counted(&[&live]), counted(&[&journal]));
        for queue in ["kundtjanst", "itsupport", "ringalla"] {
            let [both, live, journal] = [&both, &live, &journal].map(|house| house.calls(queue).counts);
            // The attendant's question that led into the queue is a caller to the journal alone.
            let phantoms = i64::from(name == "busy" && queue == "kundtjanst");
            assert_eq!(words(&both), words(&live), "{name} {queue}");
            assert_eq!(journal.offered - phantoms, live.offered - live.refused, "{name} {queue}");
            assert_eq!(journal.answered - phantoms, live.answered, "{name} {queue}");
            assert_eq!(journal.abandoned, live.abandoned, "{name} {queue}");
            assert_eq!(both.inconsistent, 0, "{name} {queue}");
            for seconds in [20, 30, 60] {
                let [both, live, journal] = [&both, &live, &journal].map(|counts| counts.threshold(seconds * 1000));
                assert_eq!(both.within, live.within, "{name} {queue} {seconds}");
                let apart = (journal.within - phantoms - live.within).abs();
                assert!(apart <= journal.on_threshold, "{name} {queue} {seconds}: {journal:?} {live:?}");
            }
        }
        assert_eq!(both.unit("socialtjanst"), live.unit("socialtjanst"), "{name}");
        assert_eq!(both.unit("skola"), live.unit("skola"), "{name}");
    }
}

#[test]
fn however_the_bytes_are_torn_the_events_are_the_same() {
    let raw = unzipped("tests/data/asterisk_ami/small/ami.raw.gz");
    let whole = decode(&mut Ami::default(), &raw, usize::MAX);
    for pieces in [1, 7, 1460, 65_536] {
        assert!(decode(&mut Ami::default(), &raw, pieces) == whole, "in pieces of {pieces}");
    }
}
