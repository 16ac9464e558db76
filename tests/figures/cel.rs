//! A real Asterisk's channel event log against the ground truth taken on the far side of every call,
//! and together with the other feeds of that switch.

use std::fmt::Write as _;

use servicegrad::call::fact::CallFacts;
use servicegrad::event::{CallEvent, EventKind};
use servicegrad::measure::Moment;
use servicegrad::names::SourceId;
use servicegrad::source::asterisk_cel::Cel;
use servicegrad::source::{Batch, Decode, SourceSettings};

use crate::asterisk::{counted, decode, differences, facts, live, queue_log, unzipped};
use crate::captures::samples;
use crate::recordings::switchboard;
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
        // Caller and called bear one Uniqueid here, by a slip of the hand: nobody is seen to be rung.
        ("03", &[]),
        // Somebody's phone calls itself by a number from outside. The phone that rings is the one that
        // callers come from, as a trunk is, and is taken for one.
        ("04", &["direct 91800 external"]),
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

/// A table of somebody else's switch, and what it tells with `mended` done to each of its rows.
fn mended_table(number: &str, mended: impl Fn(&str) -> String) -> Option<[Vec<String>; 2]> {
    let table = std::fs::read_to_string(samples()?.join(format!("asterisk-cel-tables/call_log_{number}.psv"))).unwrap();
    let rows: Vec<String> = table.lines().map(mended).collect();
    assert!(rows.iter().zip(table.lines()).any(|(row, was)| row != was), "{number}: nothing was mended");
    let told = |table: &str| transfers(&decode(&mut decoder(Some("UTC")), table.as_bytes(), usize::MAX));
    Some([told(&table), told(&(rows.join("\n") + "\n"))])
}

#[test]
fn a_limit_a_phone_that_bears_the_callers_uniqueid_is_not_seen_to_be_rung() {
    // In table 03 both channels bear the caller's Uniqueid, which no switch writes: it names one channel.
    // So the rows of the phone are taken for the caller's own. With a Uniqueid of its own it is seen.
    let mended = mended_table("03", |row| match row.rsplit_once("1658354172.12 ") {
        Some((head, rest)) if row.contains("PJSIP/xfloi61j") => format!("{head}1658354172.13 {rest}"),
        _ => row.to_owned(),
    });
    let Some([is, should]) = mended else { return };
    assert_eq!((is, should), (vec![], vec!["direct 1604 person".to_owned()]));
}

#[test]
fn a_limit_a_phone_that_callers_come_from_is_taken_for_a_trunk() {
    // In table 04 somebody calls their own phone by a number from outside: the line that the caller came
    // by rings. A log names no line a trunk, so one that callers come by is one, and whoever answers there
    // is somebody outside. Another phone that rings is somebody of the house.
    let mended = mended_table("04", |row| row.replace("PJSIP/cul113qn-00000001", "PJSIP/xfloi61j-00000001"));
    let Some([is, should]) = mended else { return };
    let one = |told: &str| vec![told.to_owned()];
    assert_eq!((is, should), (one("direct 91800 external"), one("direct 91800 person")));
}

#[test]
fn the_log_of_asterisks_own_sample_configuration() {
    let Some(samples) = samples() else { return };
    let log = std::fs::read(samples.join("asterisk-cdr-cel/CELMaster1.csv")).unwrap();
    // A script dials a Local channel that plays a sound: no phone is rung.
    assert_eq!(transfers(&decode(&mut decoder(None), &log, usize::MAX)), ["direct  unreachable"]);
}

#[test]
fn read_on_after_a_restart_the_log_tells_what_it_told_at_one_go() {
    let log = log("small");
    let whole = counted(&[&channels("small")]).all_cells();
    for cut in (1..24).map(|part| log.len() * part / 24) {
        let mut first = decoder(None);
        let mut batch = Batch::of(SourceId(0));
        first.feed(&log[..cut], Moment(0), &mut batch);
        let read_on = cut - first.pending_bytes() as usize;
        let mut second = decoder(None);
        second.restore(&first.save());
        let after = decode(&mut second, &log[read_on..], usize::MAX);
        assert_eq!(counted(&[&batch.events, &after]).all_cells(), whole, "cut at {cut}, read on at {read_on}");
        assert!(cut - read_on < log.len() / 4, "{} bytes are read again", cut - read_on);
    }
}

#[test]
fn an_export_may_stand_in_any_order() {
    let log = String::from_utf8_lossy(&log("small")).into_owned();
    let head = "eventtype,eventtime,cid_name,cid_num,cid_dnid,exten,context,channame,appname,appdata,uniqueid,linkedid,\
                peer,userdeftype,eventextra\n";
    let newest_first: Vec<&str> = log.lines().rev().collect();
    let export = format!("{head}{}\n", newest_first.join("\n"));
    let told = decode(&mut decoder(None), export.as_bytes(), usize::MAX);
    let whole = decode(&mut decoder(None), format!("{head}{log}").as_bytes(), usize::MAX);
    assert_eq!(told.len(), whole.len());
    assert!(counted(&[&told]).all_cells() == counted(&[&channels("small")]).all_cells());
}

/// A log of a switch that says when applications start: `at kind channel exten app data extra`.
pub(crate) fn with_applications(rows: &str) -> Vec<CallEvent> {
    let mut log = String::from("eventtype,eventtime,exten,channame,appname,appdata,uniqueid,linkedid,extra\n");
    for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let mut words = row.split_whitespace().map(|word| if word == "-" { "" } else { word });
        let [at, kind, channel, exten, app, data, extra] = std::array::from_fn(|_| words.next().unwrap_or_default());
        let (call, part) = channel.split_once('.').unwrap_or((channel, ""));
        let name = if part.is_empty() { format!("PJSIP/trunk-{call}") } else { format!("PJSIP/{part}-{call}") };
        let extra = extra.replace('"', "\"\"");
        writeln!(log, "{kind},17954{at},{exten},{name},{app},\"{data}\",{channel},{call},\"{extra}\"").unwrap();
    }
    decode(&mut decoder(None), log.as_bytes(), usize::MAX)
}

fn in_words(events: &[CallEvent]) -> Vec<String> {
    let words = |facts: &CallFacts| {
        let visits = facts.visits.iter().map(|visit| {
            let wait = visit.wait.map(|wait| format!(" {}", f64::from(wait.ms()) / 1000.0)).unwrap_or_default();
            format!("{}{wait}", visit.outcome.map_or("waits", |outcome| outcome.as_str()))
        });
        let legs =
            facts.legs.iter().map(|leg| format!("{} {}", leg.target, leg.outcome.map_or("open", |o| o.as_str())));
        visits.chain(legs).collect::<Vec<_>>().join(", ")
    };
    facts(&switchboard(), events).values().map(words).collect()
}

#[test]
fn applications_that_say_when_they_start_tell_of_every_queue() {
    let told = with_applications(
        r#"
        00.000 CHAN_START a 600 - - -
        01.000 APP_START  a 600 Queue kundtjanst,t -
        01.004 APP_END    a 600 Queue kundtjanst,t -
        02.000 HANGUP     a 600 - - {"hangupcause":16,"hangupsource":"dialplan/builtin"}
        10.000 CHAN_START b 600 - - -
        11.000 APP_START  b 600 Queue kundtjanst,r -
        19.500 HANGUP     b 600 - - {"hangupcause":16,"hangupsource":"PJSIP/trunk-b"}
        20.000 CHAN_START c 600 - - -
        21.000 APP_START  c 600 Queue kundtjanst,t -
        27.000 DTMF       c 600 Queue kundtjanst,t -
        27.002 APP_END    c 2 Queue kundtjanst,t -
        29.000 HANGUP     c 2 - - {"hangupcause":16,"hangupsource":"PJSIP/trunk-c"}
        30.000 CHAN_START d 600 - - -
        31.000 APP_START  d 600 Queue kundtjanst,t -
        61.000 APP_END    d 600 Queue kundtjanst,t -
        61.001 APP_START  d 600 Queue overflow,t -
        61.100 CHAN_START d.a1007 s - - -
        63.000 ANSWER     d.a1007 600 AppQueue - -
        63.010 BRIDGE_ENTER d.a1007 600 AppQueue - {"bridge_id":"x"}
        63.011 BRIDGE_ENTER d 600 Queue overflow,t {"bridge_id":"x"}
        70.000 BLINDTRANSFER d.a1007 600 AppQueue - {"extension":"7100","bridge_id":"x","transferee_channel_uniqueid":"d"}
        70.001 BRIDGE_EXIT d 600 Queue overflow,t {"bridge_id":"x"}
        70.002 HANGUP     d.a1007 600 AppQueue - {"hangupcause":16,"hangupsource":"PJSIP/a1007-d"}
        70.003 APP_START  d 7100 Dial PJSIP/u7100 -
        70.010 CHAN_START d.u7100 s - - -
        85.000 HANGUP     d.u7100 7100 AppDial - {"hangupcause":0,"hangupsource":"","dialstatus":""}
        85.001 APP_END    d 7100 Dial PJSIP/u7100 -
        85.002 APP_START  d 7100 VoiceMail 7100 -
        95.000 HANGUP     d 7100 - - {"hangupcause":16,"hangupsource":"PJSIP/trunk-d","dialstatus":"NOANSWER"}
        "#,
    );
    assert_eq!(
        in_words(&told),
        [
            "refused",
            "abandoned 8.5",
            "key_exit 6.002",
            // It went from queue to queue; 7100 rang out, and its voicemail took the call.
            "overflowed 30, answered 2.01, 7100 voicemail",
        ]
    );
}

#[test]
fn each_fault_has_its_reason_and_its_neighbours_count() {
    let log = b"\"CHAN_START\",\"1795466973.1\",\"\",\"\",\"\",\"600\",\"in\",\"PJSIP/t-1\",\"\",\"\",\"a\",\"a\",\"\",\"\",\"\"\nnonsense\n\
        \"ANSWER\",\"yesterday\",\"\",\"\",\"\",\"600\",\"in\",\"PJSIP/t-1\",\"\",\"\",\"a\",\"a\",\"\",\"\",\"\"\n\
        \"ANSWER\",\"2026-03-02 08:00:00\",\"\",\"\",\"\",\"600\",\"in\",\"PJSIP/t-1\",\"\",\"\",\"a\",\"a\",\"\",\"\",\"\"\n\
        \"ANSWER\",\"1795466974.1\",\"\",\"\",\"\",\"600\",\"in\",\"PJSIP/t-1\",\"\",\"\",\"\",\"a\",\"\",\"\",\"\"\n\
        \"APP_START\",\"1795466975.1\",\"J\xf6ns\",\"\",\"\",\"600\",\"in\",\"PJSIP/t-1\",\"Queue\",\"kundtjanst\",\"a\",\"a\",\"\",\"\",\"\"\n";
    let mut batch = Batch::of(SourceId(0));
    let mut decoder = decoder(None);
    decoder.feed(log, Moment(0), &mut batch);
    let why: Vec<&str> = batch.rejects.iter().map(|reject| reject.reason.as_str()).collect();
    assert_eq!(why, ["malformed", "bad_time", "bad_time", "bad_field"]);
    assert!(batch.rejects[0].detail.contains("give their names as `columns`"), "{}", batch.rejects[0].detail);
    assert!(batch.rejects[2].detail.contains("say which it is by `zone`"), "{}", batch.rejects[2].detail);
    let told: Vec<&str> = batch.events.iter().map(|event| event.kind.type_name()).collect();
    assert_eq!(told, ["call.started", "visit.entered"]);
}
