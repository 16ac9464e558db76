//! A real Asterisk's channel event log against the ground truth taken on the far side of every call,
//! and together with the other feeds of that switch.

use servicegrad::event::{CallEvent, EventKind};
use servicegrad::source::SourceSettings;
use servicegrad::source::asterisk_cel::Cel;

use crate::asterisk::{counted, decode, differences, live, queue_log, unzipped};
use crate::captures::samples;
use crate::story::words;

pub(crate) fn decoder(zone: Option<&str>) -> Cel {
    let mut settings = SourceSettings::named("vaxel", "asterisk_cel");
    settings.zone = zone.map(ToOwned::to_owned);
    Cel::new(&settings)
}

fn log(name: &str) -> Vec<u8> {
    unzipped(&format!("tests/data/asterisk_cel/{name}/cel-Master.csv.gz"))
}

fn channels(name: &str) -> Vec<CallEvent> {
    decode(&mut decoder(None), &log(name), usize::MAX)
}

#[test]
fn fifty_eight_named_cases_are_as_they_were() {
    assert_eq!(
        differences("small", &channels("small")),
        [
            // This switch did not log that applications start (`apps=queue` was missing): a queue that
            // takes nobody in, and one that lets the caller hear ringing until the caller gives up,
            // make no sound and leave no row.
            r#"itsupport_join_refused_all_paused Some("1795467056.58"): sent away by the switchboard but None"#,
            // These two are told as the manager interface tells them.
            r#"blind_dtmf_7999_no_such_unit Some("1795467202.149"): ["7999 never_rang"] but []"#,
            r#"blind_ami_7000_to_other_queue Some("1795467246.168"): ["7000 answered"] but []"#,
            r#"queue_without_answer_abandoned Some("1795467301.203"): abandoned but None"#,
        ]
    );
}

#[test]
fn a_busy_morning_is_as_it_was() {
    assert_eq!(differences("busy", &channels("busy")), Vec::<String>::new());
}

#[test]
fn three_feeds_of_one_switch_are_one_set_of_calls_in_any_order() {
    for name in ["small", "busy"] {
        let (live, journal, channels) = (live(name), queue_log(name), channels(name));
        let together = counted(&[&live, &journal, &channels]);
        let cells = together.all_cells();
        for order in [[&channels, &journal, &live], [&journal, &channels, &live], [&live, &channels, &journal]] {
            assert_eq!(counted(&order.map(|events| &events[..])).all_cells(), cells, "{name}");
        }
        let mut mixed = [live.clone(), journal.clone(), channels.clone()].concat();
        mixed.sort_by_key(|event| event.stamp.at);
        assert_eq!(counted(&[&mixed]).all_cells(), cells, "{name}");
        let alone = counted(&[&live]);
        for queue in ["kundtjanst", "itsupport", "ringalla"] {
            assert_eq!(words(&together.calls(queue).counts), words(&alone.calls(queue).counts), "{name} {queue}");
        }
    }
}

/// The transfers that events tell of: kind, target, and who answered or how it failed.
fn transfers(events: &[CallEvent]) -> Vec<String> {
    let mut told: Vec<(&str, String, &str)> = Vec::new();
    for event in events {
        match &event.kind {
            EventKind::VisitEntered { queue, .. } => panic!("no capture has a queue, but {queue}"),
            EventKind::TransferStarted { transfer, kind, target, .. } => {
                told.push((transfer, format!("{} {target}", kind.as_str()), "open"));
            }
            EventKind::TransferAnswered { transfer, by } => {
                told.iter_mut().filter(|(name, ..)| name == transfer).for_each(|told| told.2 = by.as_str());
            }
            EventKind::TransferFailed { transfer, result } => {
                told.iter_mut().filter(|(name, ..)| name == transfer).for_each(|told| told.2 = result.as_str());
            }
            _ => {}
        }
    }
    told.into_iter().map(|(_, sent, came_to)| format!("{sent} {came_to}")).collect()
}

#[test]
fn tables_of_other_peoples_switches() {
    let Some(samples) = samples() else { return };
    // Calls between extensions, from a switch that rings phones from scripts of its own. Where the
    // table has no column of extensions, or the caller began within a script, the target is unknown.
    let expected: [(&str, &[&str]); 29] = [
        // Newest first; the mobile that registers second answers.
        ("00", &["direct 1002 person"]),
        // Voicemail of 1604 at once: no phone rings.
        ("01", &[]),
        ("03", &["direct 1604 person"]),
        ("04", &["direct 91800 person"]),
        // A conference.
        ("06", &[]),
        ("07", &["direct  person"]),
        // The first two rows name another call by a slip of the hand.
        ("09", &["direct  person"]),
        // A message first, then 102 rings.
        ("10", &["direct 102 person"]),
        // Set up by the switch between a mobile and a number: nobody called in.
        ("12", &[]),
        ("13", &["direct 1001 person"]),
        ("15", &["direct 103 person"]),
        // 103 turns it down, and the one it is forwarded to answers.
        ("16", &["direct 103 person"]),
        // No such number.
        ("18", &[]),
        ("19", &["direct 000101 no_answer"]),
        ("21", &["direct **9642301 person"]),
        ("22", &["direct 5551112222 person"]),
        // Asterisk 11: one row for a bridge.
        ("24", &["direct 1624 person"]),
        ("25", &["direct  person"]),
        ("27", &["direct  caller_hung_up"]),
        ("28", &["direct **9742310 caller_hung_up"]),
        // A group of two.
        ("30", &["direct  person"]),
        // Rang out, and rang once more.
        ("31", &["direct 104 person"]),
        ("33", &[]),
        // Answered, and then made a conference.
        ("34", &["direct 1130 person"]),
        ("36", &["direct  person"]),
        // A switchboard outside the queues: answered, parked, answered again.
        ("37", &["direct 91001 person"]),
        // Rang out, and the one it is forwarded to answers.
        ("39", &["direct  person"]),
        ("40", &["direct  person"]),
        // A group in which the second answers, through two layers of wrapping.
        ("42", &["direct  person"]),
    ];
    let mut wrong = Vec::new();
    for (number, expected) in expected {
        let table = std::fs::read(samples.join(format!("asterisk-cel-tables/call_log_{number}.psv"))).unwrap();
        let told = transfers(&decode(&mut decoder(Some("UTC")), &table, usize::MAX));
        if told != expected {
            wrong.push(format!("{number}: {told:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_log_of_asterisks_own_sample_configuration() {
    let Some(samples) = samples() else { return };
    let log = std::fs::read(samples.join("asterisk-cdr-cel/CELMaster1.csv")).unwrap();
    // A script dials a Local channel that plays a sound: no phone is rung.
    assert_eq!(transfers(&decode(&mut decoder(None), &log, usize::MAX)), ["direct  unreachable"]);
}
