//! Records of finished calls: each preset over samples and recordings, with the expected figures by
//! hand. What a record cannot tell is said beside each.

use std::io::Read;
use std::sync::Arc;

use servicegrad::call::fact::LegOutcome;
use servicegrad::directory::{Directory, Queue, QueueSettings};
use servicegrad::event::{CallEvent, EventKind, Reason};
use servicegrad::measure::{Moment, Untold};
use servicegrad::names::SourceId;
use servicegrad::source::records::{Records, RecordsSettings};
use servicegrad::source::{Batch, Decode, SourceSettings};
use servicegrad::stats::definition::{answer_rate, service_level};
use servicegrad::stats::{LegCounts, unit_rates};

use crate::recordings::switchboard;
use crate::story::{House, ZONE, directory, words};

fn utc(text: &str) -> Moment {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().into()
}

fn read(name: &str) -> Vec<u8> {
    let bytes = std::fs::read(format!("tests/data/records/{name}")).unwrap();
    if name.strip_suffix(".gz").is_none() {
        return bytes;
    }
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
    plain
}

/// Settings as they stand under `[source.records]`.
fn settings(text: &str) -> RecordsSettings {
    toml::from_str(text).unwrap()
}

fn decoder(settings: &RecordsSettings) -> Records {
    Records::new(Arc::new(settings.plan().unwrap()))
}

fn decode_in_pieces(settings: &RecordsSettings, bytes: &[u8], piece: usize) -> Batch {
    let mut batch = Batch::of(SourceId(0));
    let mut decoder = decoder(settings);
    let received = utc("2026-03-02T12:00:00Z");
    for piece in bytes.chunks(piece) {
        decoder.feed(piece, received, &mut batch);
    }
    decoder.finish(received, &mut batch);
    decoder.flush(&mut batch);
    batch
}

fn decode(text: &str, bytes: &[u8]) -> Batch {
    decode_in_pieces(&settings(text), bytes, usize::MAX)
}

fn house(events: &[CallEvent], directory: Arc<Directory>) -> House {
    let mut house = House::new(directory);
    house.take(events);
    house.end();
    house
}

/// Outcomes of the legs to a unit that are not zero: `answered 2, busy 1`.
fn legs(counts: &LegCounts) -> String {
    let each = LegOutcome::ALL.iter().map(|outcome| (outcome.as_str(), counts.outcome(*outcome)));
    let told =
        each.filter(|(_, count)| *count != 0).chain([("open", counts.open)].into_iter().filter(|(_, n)| *n != 0));
    told.map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

const MASTER: &str = "preset = \"asterisk_cdr\"\nzone = \"Etc/UTC\"";
const CUSTOM: &str = "preset = \"asterisk_cdr_custom\"";

/// The fifty-eight named cases, as two kinds of records tell them. A caller whom the queue refused and
/// one who hung up in the greeting have no row of the queue, and the two who left by a key, the two
/// whose time ran out and the one whom an empty queue let go cannot be told apart: all five went on.
#[test]
fn fifty_eight_named_cases_in_whole_seconds_and_in_microseconds() {
    for (text, name) in [(MASTER, "cdr-Master.csv"), (CUSTOM, "cdr-Linked.csv")] {
        let batch = decode(text, &read(&format!("asterisk/small/{name}")));
        assert_eq!(batch.rejects, [], "{name}");
        let house = house(&batch.events, switchboard());
        let queue = |queue: &str| words(&house.queue(queue).counts);
        assert_eq!(queue("kundtjanst"), "offered 39, answered 29, abandoned 5, overflowed 5", "{name}");
        assert_eq!(queue("itsupport"), "offered 14, answered 14", "{name}");
        assert_eq!(queue("ringalla"), "offered 2, answered 1, abandoned 1", "{name}");
        assert_eq!(queue("overflow"), "offered 2, answered 1, abandoned 1", "{name}");
        let unit = |unit: &str| legs(&house.unit(unit));
        assert_eq!(unit("socialtjanst"), "answered 6, busy 2, no_answer_dropped 4, caller_hung_up 1", "{name}");
        assert_eq!(unit("bygg"), "answered 3", "{name}");
        assert_eq!(unit("teknik"), "no_answer_dropped 1", "{name}");
        assert_eq!(unit("kansli"), "answered_external 1", "{name}");
        assert_eq!(unit("socialmottagning"), "answered 1", "{name}");
        assert_eq!(unit("skola"), "busy 1, no_answer_recalled 1", "{name}");
    }
}

#[test]
fn waits_that_nobody_tells_are_absent_and_not_zero() {
    let batch = decode(MASTER, &read("asterisk/small/cdr-Master.csv"));
    let house = house(&batch.events, switchboard());
    let cell = house.queue("kundtjanst");
    for by in servicegrad::names::DefinitionId::ALL {
        assert_eq!(service_level(&cell.counts, 30_000, by).ratio(), None);
    }
    assert_eq!((cell.counts.unmeasured(), cell.max_all), (39, None));
    assert_eq!(cell.counts.mean_wait_all_s(), None);
    assert_eq!((answer_rate(&cell.counts).met, answer_rate(&cell.counts).of), (29, 39));
    let unit = house.unit("socialtjanst");
    assert_eq!((unit_rates::per_attempt(&unit).met, unit_rates::per_attempt(&unit).of), (6, 13));
}

/// A record is written when its call ends, so callers who were alive when the recording was cut have
/// none, three of them answered; one more, 1795467214.698, has only the row of the phone that rang in
/// vain and seems to have hung up. One caller, 1795467260.819, pressed 2 before any phone rang: no
/// row tells of the first queue.
#[test]
fn a_busy_morning_agrees_with_the_truth_as_far_as_a_record_can_tell() {
    let truth: serde_json::Value =
        serde_json::from_slice(&std::fs::read("tests/data/asterisk_queue_log/busy/truth-figures.json").unwrap())
            .unwrap();
    for (text, name) in [(MASTER, "cdr-Master.csv.gz"), (CUSTOM, "cdr-Linked.csv.gz")] {
        let batch = decode(text, &read(&format!("asterisk/busy/{name}")));
        assert_eq!(batch.rejects, [], "{name}");
        let house = house(&batch.events, switchboard());
        for queue in ["kundtjanst", "itsupport"] {
            let counts = house.calls(queue).counts;
            let told = |key: &str| truth["queues"][queue][key].as_i64().unwrap();
            let (unseen, seen_elsewhere, cut) = if queue == "kundtjanst" { (4, 0, 1) } else { (0, 1, 0) };
            assert_eq!(counts.answered, told("answered") - unseen + seen_elsewhere, "{name} {queue}");
            assert_eq!(counts.abandoned, told("abandoned") + cut, "{name} {queue}");
            assert_eq!(counts.other_exits() + counts.unknown, 0, "{name} {queue}");
        }
    }
}

#[test]
fn however_the_bytes_are_cut_and_however_often_they_are_read_the_figures_are_the_same() {
    for (text, name) in [
        (MASTER, "asterisk/small/cdr-Master.csv"),
        (CUSTOM, "asterisk/small/cdr-Linked.csv"),
        ("preset = \"avaya_ip_office\"", "avaya/smdr.csv"),
        ("preset = \"cisco_cucm\"", "cisco/cdr_C_01_202603020800_1"),
    ] {
        let (settings, bytes) = (settings(text), read(name));
        let whole = decode_in_pieces(&settings, &bytes, usize::MAX).events;
        assert!(whole.len() > 15, "{name}");
        for piece in [1, 61, 4096] {
            assert_eq!(decode_in_pieces(&settings, &bytes, piece).events, whole, "{name} {piece}");
        }
        let mut twice = House::new(switchboard());
        twice.take(&whole);
        let once = twice.all_cells();
        twice.take(&decode_in_pieces(&settings, &bytes, usize::MAX).events);
        assert_eq!(twice.all_cells(), once, "{name}");
    }
}

/// Stopped and started at every line, with what it saved.
#[test]
fn a_decoder_that_is_stopped_anywhere_goes_on_where_it_was() {
    for (text, name) in
        [(CUSTOM, "asterisk/small/cdr-Linked.csv"), ("preset = \"cisco_cucm\"", "cisco/cdr_C_01_202603020800_1")]
    {
        let (settings, bytes) = (settings(text), read(name));
        let whole = decode_in_pieces(&settings, &bytes, usize::MAX).events;
        let received = utc("2026-03-02T12:00:00Z");
        let mut batch = Batch::of(SourceId(0));
        let mut saved = serde_json::Value::Null;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let mut decoder = decoder(&settings);
            if !saved.is_null() {
                decoder.rewind();
                decoder.restore(&saved);
            }
            decoder.feed(line, received, &mut batch);
            saved = decoder.save();
        }
        let mut last = decoder(&settings);
        last.restore(&saved);
        last.flush(&mut batch);
        assert_eq!((batch.events, batch.rejects), (whole, vec![]), "{name}");
    }
}

#[test]
fn avaya_segments_are_one_call_and_lengths_are_rounded_up() {
    let batch = decode("preset = \"avaya_ip_office\"", &read("avaya/smdr.csv"));
    assert_eq!(batch.rejects, []);
    let house = house(&batch.events, directory(|_| {}));
    let cell = house.queue("kundtjanst");
    // Calls 1, 4, 6 and 7 answered; 2 hung up after 30 s; 3 was given the box. Call 6 came back to
    // the attendant, which is part of the transfer and no second visit.
    assert_eq!(words(&cell.counts), "offered 6, answered 4, abandoned 1, voicemail 1");
    assert_eq!(
        (cell.counts.wait_answered_ms, cell.counts.wait_abandoned_ms),
        (12_000 + 5_000 + 10_000 + 6_000, 30_000)
    );
    assert_eq!(cell.counts.talk_ms, 65_000 + 20_000 + 30_000 + 40_000);
    // Call 7 rang in 650 first.
    assert_eq!(words(&house.queue("itsupport").counts), "offered 1, overflowed 1");
    assert_eq!(legs(&house.unit("social")), "answered 1");
    assert_eq!(legs(&house.unit("skola")), "no_answer_dropped 1");
}

#[test]
fn cisco_joins_three_rows_of_a_transfer_by_their_legs() {
    let batch = decode("preset = \"cisco_cucm\"", &read("cisco/cdr_C_01_202603020800_1"));
    assert_eq!(batch.rejects, []);
    let house = house(&batch.events, directory(|_| {}));
    let cell = house.queue("kundtjanst");
    // 101 hung up; 104 met a busy line and was let go.
    assert_eq!(words(&cell.counts), "offered 5, answered 3, abandoned 1, overflowed 1");
    assert_eq!(cell.counts.wait_answered_ms, 25_000 + 8_000 + 3_000);
    let (social, skola) = (house.unit("social"), house.unit("skola"));
    assert_eq!((legs(&social), social.attended), ("answered 1".into(), 1));
    assert_eq!((legs(&skola), skola.blind), ("no_answer_dropped 1".into(), 1));
    let at: Vec<&str> =
        batch.events.iter().map(|event| event.kind.type_name()).filter(|name| name.starts_with("transfer")).collect();
    assert_eq!(at, ["transfer.started", "transfer.answered", "transfer.started", "transfer.failed"]);
}

/// A test cluster's own files: a call inside, and two calls to a recorder, which are nobody's.
#[test]
fn cisco_files_of_a_real_cluster() {
    let Some(samples) = std::env::var_os("SERVICEGRAD_SAMPLES") else {
        println!("NOT RUN: SERVICEGRAD_SAMPLES does not name the folder of other people's captures");
        return;
    };
    let read = |name: &str| std::fs::read(std::path::Path::new(&samples).join(name)).unwrap();
    let batch = decode("preset = \"cisco_cucm\"", &read("cisco-cucm/cdr.txt"));
    assert_eq!(batch.rejects, []);
    let house = house(&batch.events, one_queue("5033466593"));
    let cell = house.queue("hit");
    assert_eq!(words(&cell.counts), "offered 1, answered 1");
    assert_eq!((cell.counts.wait_answered_ms, cell.counts.talk_ms), (2_000, 11_000));
    let quality = decode("preset = \"cisco_cucm\"", &read("cisco-cucm/cmr.txt"));
    assert_eq!((quality.events, quality.rejects), (vec![], vec![]));
    // Console calls and a test call, none to a queue: they came, they went, nothing else is claimed.
    for (name, calls) in [("Master.csv", 2), ("good.csv", 1)] {
        let batch = decode(MASTER, &read(&format!("asterisk-cdr-cel/{name}")));
        assert_eq!(batch.rejects, [], "{name}");
        let count = |what: &str| batch.events.iter().filter(|event| event.kind.type_name() == what).count();
        assert_eq!((count("call.started"), count("call.ended")), (calls, calls), "{name}");
        assert_eq!(batch.events.len(), 2 * calls, "{name}");
    }
}

/// One measured queue, fed by this switch-side one.
fn one_queue(fed_by: &str) -> Arc<Directory> {
    let mut settings = QueueSettings::named("hit");
    settings.from = vec![servicegrad::directory::SwitchQueue { source: "vaxel".into(), queue: fed_by.into() }];
    let queue: Queue = settings.check(ZONE, None).unwrap();
    Arc::new(Directory::new(ZONE, vec!["vaxel".into()], vec![queue], servicegrad::directory::Units::none()).unwrap())
}

#[test]
fn freeswitch_tells_waits_ways_out_and_blind_transfers() {
    let batch = decode("preset = \"freeswitch_cdr\"", &read("freeswitch/Master.csv"));
    assert_eq!(batch.rejects, []);
    let house = house(
        &batch.events,
        directory(|queue| {
            if queue.name == "kundtjanst" {
                queue.from[0].queue = "kundtjanst@default".into();
            }
        }),
    );
    let cell = house.queue("kundtjanst");
    assert_eq!(words(&cell.counts), "offered 7, answered 4, abandoned 1, overflowed 1, key_exit 1");
    assert_eq!(
        (cell.counts.wait_answered_ms, cell.counts.wait_abandoned_ms),
        (18_000 + 3_000 + 3_000 + 28_000, 30_000)
    );
    assert_eq!(legs(&house.unit("social")), "answered 1");
    assert_eq!(legs(&house.unit("skola")), "busy 1, no_answer_dropped 1");
}

#[test]
fn a_3cx_chain_is_a_visit_and_a_transfer_whose_end_is_known_of_the_last_only() {
    let batch = decode("preset = \"3cx\"", &read("3cx/cdr.csv"));
    assert_eq!(batch.rejects, []);
    let house = house(&batch.events, directory(|_| {}));
    let counts = house.queue("kundtjanst").counts;
    assert_eq!(words(&counts), "offered 5, answered 3, abandoned 1, voicemail 1");
    assert_eq!((counts.unmeasured(), counts.talks), (5, 0));
    assert_eq!(legs(&house.unit("social")), "answered 1");
    assert_eq!(legs(&house.unit("skola")), "unknown 1");
    assert_eq!(unit_rates::per_attempt(&house.unit("skola")).ratio(), None);
}

#[test]
fn mitel_columns_are_fixed_and_the_year_is_the_nearest() {
    let batch = decode("preset = \"mitel_mivoice_business\"", &read("mitel/smdr.txt"));
    let told: Vec<(&str, Reason)> =
        batch.rejects.iter().map(|reject| (reject.position.as_str(), reject.reason)).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].0.starts_with("line 7") && told[0].1 == Reason::BadField, "{told:?}");
    let house = house(&batch.events, directory(|_| {}));
    let cell = house.queue("kundtjanst");
    assert_eq!(words(&cell.counts), "offered 3, answered 2, abandoned 1");
    let at_30 = cell.counts.threshold(30_000);
    assert_eq!((cell.counts.wait_answered_ms, at_30.within, at_30.on_threshold), (42_000, 2, 1));
    // How long the attendant spoke to the one that was sent on is not told.
    assert_eq!((cell.counts.talks, cell.counts.talk_ms), (1, 65_000));
    assert_eq!(words(&house.queue("itsupport").counts), "offered 1, answered 1");
    assert_eq!(legs(&house.unit("social")), "unknown 1");
}

const ATTENDANT: &str = r#"
separator = ";"
header = true
skip_lines = 1
encoding = "iso-8859-1"
[times]
starttime = "%Y%m%d%H%M%S"
[spans]
ringtime = "s"
duration = "hh:mm:ss"
[map]
call = ["callid"]
queue = "bnumber"
started = "starttime"
wait = "ringtime"
talk = "duration"
agent = "cnumber"
outcome = "cond"
outcomes = { A = "answered", N = "abandoned", O = "overflowed", B = "overflowed" }
continued = { column = "cont", values = ["1"] }
"#;

#[test]
fn any_other_switch_is_read_by_its_columns() {
    let batch = decode(ATTENDANT, &read("attendant/export.csv"));
    let told: Vec<String> =
        batch.rejects.iter().map(|reject| format!("{} {}", &reject.position[..7], reject.reason.as_str())).collect();
    assert_eq!(told, ["line 9, bad_field", "line 10 bad_time", "line 11 bad_field", "line 12 malformed"]);
    let agents: Vec<&str> = batch
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::VisitAnswered { agent, .. } => agent.as_deref(),
            _ => None,
        })
        .collect();
    assert_eq!(agents, ["Åsa", "Åsa", "Åsa"]);
    let house = house(&batch.events, directory(|_| {}));
    let cell = house.queue("kundtjanst");
    assert_eq!(words(&cell.counts), "offered 5, answered 3, abandoned 1, overflowed 1");
    assert_eq!((cell.counts.wait_answered_ms, cell.counts.wait_abandoned_ms), (25_000, 30_000));
    let plan = settings(ATTENDANT).plan().unwrap();
    let untold = [Untold::Refused, Untold::Transfers];
    assert_eq!(plan.story.untold(), untold);
}

#[test]
fn a_file_whose_header_is_another_is_told_once_and_nothing_is_guessed() {
    let batch = decode(ATTENDANT, b"Rapport\ncallid;time;ring\n1;2;3\n4;5;6\n");
    let told: Vec<&str> = batch.rejects.iter().map(|reject| reject.detail.as_str()).collect();
    assert_eq!(told, ["there is no column starttime, bnumber, cont"]);
    assert_eq!(batch.events, []);
}

/// Two calls of the night in which the clocks go back, and one of the night in which they go forward.
#[test]
fn nights_of_the_clocks() {
    let night = |rows: &str| {
        let text = ATTENDANT.replace("header = true", "header = true\nends_after = [\"ringtime\", \"duration\"]");
        let file = format!("Rapport\ncallid;starttime;ringtime;duration;bnumber;cnumber;cond;cont\n{rows}");
        let batch = decode(&text, file.as_bytes());
        assert_eq!(batch.rejects, []);
        let entered = batch.events.iter().filter(|event| event.kind.type_name() == "visit.entered");
        let told: Vec<String> = entered
            .map(|event| format!("{}{}", event.stamp.at.to_rfc3339(), if event.stamp.is_untimed() { "?" } else { "" }))
            .collect();
        (told, house(&batch.events, directory(|_| {})).queue("kundtjanst").counts)
    };
    let (told, counts) = night(
        "1;20261025015000;10;00:05:00;600;a;A;0\n2;20261025021000;20;00:10:00;600;a;A;0\n3;20261025022500;5;00:30:00;600;a;A;0\n4;20261025020500;40;00:01:00;600;a;A;0\n5;20261025031500;7;00:01:00;600;a;A;0\n",
    );
    assert_eq!(
        told,
        [
            "2026-10-24T23:50:00.000Z",
            "2026-10-25T00:10:00.000Z",
            "2026-10-25T00:25:00.000Z",
            "2026-10-25T01:05:00.000Z",
            "2026-10-25T02:15:00.000Z"
        ]
    );
    assert_eq!(
        (words(&counts).as_str(), counts.derived, counts.wait_answered_ms),
        ("offered 5, answered 5", 0, 82_000)
    );
    // 02:30 of the spring night does not exist: it counts, its wait is what the switch told, it is flagged.
    let (told, counts) = night("1;20260329015000;10;00:05:00;600;a;A;0\n2;20260329023000;20;00:01:00;600;a;A;0\n");
    assert_eq!(told, ["2026-03-29T00:50:00.000Z", "2026-03-29T01:30:00.000Z?"]);
    assert_eq!((counts.answered, counts.derived, counts.wait_answered_ms), (2, 1, 30_000));
}

/// The journal of the same switch knows better what happened, and when; the record knows what became
/// of the transfers. Nobody is counted twice.
#[test]
fn records_beside_the_journal_add_the_fate_of_transfers_and_count_nobody_twice() {
    let mut log = Batch::of(SourceId(0));
    let mut journal = servicegrad::source::asterisk_queue_log::QueueLog::default();
    journal.feed(&std::fs::read("tests/data/asterisk_queue_log/small/queue_log").unwrap(), Moment(0), &mut log);
    let records = decode(MASTER, &read("asterisk/small/cdr-Master.csv")).events;
    let alone = house(&log.events, switchboard());
    for (first, second) in [(&log.events, &records), (&records, &log.events)] {
        let mut both = House::new(switchboard());
        both.take(first);
        both.take(second);
        both.end();
        for queue in ["kundtjanst", "itsupport", "ringalla", "overflow"] {
            let (told, expected) = (both.queue(queue).counts, alone.queue(queue).counts);
            assert_eq!(words(&told), words(&expected), "{queue}");
            assert_eq!(told.wait_answered_ms, expected.wait_answered_ms, "{queue}");
            assert_eq!(told.thresholds, expected.thresholds, "{queue}");
        }
        assert_eq!(legs(&both.unit("socialtjanst")), "answered 6, busy 2, no_answer_dropped 4, caller_hung_up 1");
    }
}

#[test]
fn what_is_wrong_with_a_mapping_is_told_at_once() {
    let source = |text: &str| SourceSettings {
        records: Some(settings(text)),
        path: Some("cdr.csv".into()),
        ..SourceSettings::named("poster", "records")
    };
    let keys =
        |text: &str| -> Vec<String> { source(text).check().unwrap_err().into_iter().map(|(key, _)| key).collect() };
    assert_eq!(keys("preset = \"abacus\""), ["records.preset"]);
    assert_eq!(keys(""), ["records.preset", "records.columns"]);
    assert_eq!(
        keys(
            "encoding = \"klingon\"\nseparator = \"||\"\nzone = \"Mars\"\nidle = \"0s\"\n[map]\nstarted = \"t\"\nwait = \"w\"\n"
        ),
        [
            "records.map.queue",
            "records.map.started",
            "records.map.wait",
            "records.separator",
            "records.encoding",
            "records.zone",
            "records.idle"
        ]
    );
    assert!(source("preset = \"3cx\"").check().is_ok());
    let of = |text: &str| settings(text).plan().unwrap().checksum;
    assert_eq!(of("preset = \"3cx\""), of("preset = \"3cx\""));
    assert_ne!(of("preset = \"3cx\""), of("preset = \"3cx\"\nencoding = \"utf-8\""));
}

#[test]
fn equal_lines_of_calls_without_a_name_are_two_calls_and_the_file_again_is_none() {
    let line = "20260302080000;12;00:00:10;600;a;A\n";
    let text = ATTENDANT
        .replace("call = [\"callid\"]\n", "")
        .replace("continued = { column = \"cont\", values = [\"1\"] }\n", "")
        .replace(
            "header = true\nskip_lines = 1",
            "columns = [\"starttime\", \"ringtime\", \"duration\", \"bnumber\", \"cnumber\", \"cond\"]",
        );
    let settings = settings(&text);
    let file = line.repeat(2);
    let mut house = House::new(directory(|_| {}));
    for _ in 0..2 {
        house.take(&decode_in_pieces(&settings, file.as_bytes(), usize::MAX).events);
    }
    assert_eq!(words(&house.queue("kundtjanst").counts), "offered 2, answered 2");
}
