//! A real Asterisk's queue_log against the ground truth taken on the far side of every call.
//!
//! The truth counts each call by the first queue of the number dialled, so it is compared with the
//! figures of whole calls. What a queue_log cannot tell is said beside each case.

use std::sync::Arc;

use serde_json::Value;
use servicegrad::directory::{Directory, OrganisationSettings, QueueSettings, UnitRow, Units};
use servicegrad::measure::Moment;
use servicegrad::names::SourceId;
use servicegrad::source::asterisk_queue_log::QueueLog;
use servicegrad::source::{Batch, Decode};

use crate::story::{House, ZONE, words};

pub(crate) fn switchboard() -> Arc<Directory> {
    let queue = |name: &str| {
        let mut settings = QueueSettings::named(name);
        settings.thresholds = ["20s", "30s", "60s"].map(|span| span.parse().unwrap()).to_vec();
        settings.check(ZONE, None).unwrap()
    };
    let unit = |extension: &str, unit: &str| UnitRow {
        from: extension.into(),
        to: String::new(),
        unit: unit.into(),
        title: String::new(),
        organisation: "kommun".into(),
        valid_from: String::new(),
        valid_to: String::new(),
    };
    let rows = [
        ("7100", "socialtjanst"),
        ("7200", "bygg"),
        ("7300", "skola"),
        ("7400", "teknik"),
        ("7500", "kansli"),
        ("7600", "socialmottagning"),
    ];
    let organisation = OrganisationSettings { name: "kommun".into(), title: None };
    let units = Units::check(&[organisation], &rows.map(|(extension, name)| unit(extension, name)), ZONE).unwrap();
    let queues = ["kundtjanst", "itsupport", "ringalla", "overflow"].map(queue).into();
    Arc::new(Directory::new(ZONE, vec!["vaxel".into()], queues, units).unwrap())
}

fn decode(log: &[u8], pieces: usize) -> Batch {
    let mut batch = Batch::of(SourceId(0));
    let mut decoder = QueueLog::default();
    for piece in log.chunks(pieces) {
        decoder.feed(piece, Moment(0), &mut batch);
    }
    decoder.finish(Moment(0), &mut batch);
    batch
}

fn recorded(name: &str) -> (House, Value) {
    let folder = format!("tests/data/asterisk_queue_log/{name}");
    let batch = decode(&std::fs::read(format!("{folder}/queue_log")).unwrap(), usize::MAX);
    assert_eq!(batch.rejects, []);
    let mut house = House::new(switchboard());
    house.take(&batch.events);
    house.end();
    let truth = std::fs::read_to_string(format!("{folder}/truth-figures.json")).unwrap();
    (house, serde_json::from_str(&truth).unwrap())
}

/// The truth of a queue, with what the log cannot know put right: `phantoms` are consultations that
/// an attendant's own phone makes into the queue and that look like callers; `refused` were never
/// let in and left no line.
struct Truth<'a> {
    queue: &'a Value,
    phantoms: i64,
    refused: i64,
}

impl Truth<'_> {
    fn holds(&self, house: &House, name: &str) {
        let counts = house.calls(name).counts;
        let told = |key: &str| self.queue[key].as_i64().unwrap();
        assert_eq!(counts.offered, told("offered") + self.phantoms - self.refused, "{name} offered");
        assert_eq!(counts.answered, told("answered") + self.phantoms, "{name} answered");
        assert_eq!(counts.abandoned, told("abandoned"), "{name} abandoned");
        assert_eq!(counts.open, told("open_at_cut"), "{name} open");
        assert_eq!(counts.other_exits(), told("other") - self.refused, "{name} others");
        for seconds in [20, 30, 60] {
            let at = counts.threshold(seconds * 1000);
            let truth = told(&format!("answered_within_{seconds}")) + self.phantoms;
            // Whole seconds cannot decide a wait that reads exactly the threshold, and say how many.
            assert!(
                at.within - at.on_threshold <= truth && truth <= at.within,
                "{name} within {seconds}: {at:?} {truth}"
            );
        }
        assert_eq!((counts.lost, counts.unknown, counts.inconsistent), (0, 0, 0), "{name}");
    }
}

#[test]
fn fifty_eight_named_cases() {
    let (house, truth) = recorded("small");
    let queues = &truth["queues"];
    Truth { queue: &queues["kundtjanst"], phantoms: 0, refused: 0 }.holds(&house, "kundtjanst");
    Truth { queue: &queues["itsupport"], phantoms: 0, refused: 1 }.holds(&house, "itsupport");
    Truth { queue: &queues["ringalla"], phantoms: 0, refused: 0 }.holds(&house, "ringalla");
    assert_eq!(
        words(&house.queue("kundtjanst").counts),
        "offered 40, answered 29, abandoned 5, short_abandoned 2, overflowed 4, key_exit 2"
    );
    assert_eq!(words(&house.queue("overflow").counts), "offered 2, answered 1, abandoned 1");
}

#[test]
fn a_busy_morning_cut_in_mid_traffic() {
    let (house, truth) = recorded("busy");
    let queues = &truth["queues"];
    // 1795466978.191 is attendant 1002 consulting 7300, which forwards into the queue.
    Truth { queue: &queues["kundtjanst"], phantoms: 1, refused: 0 }.holds(&house, "kundtjanst");
    Truth { queue: &queues["itsupport"], phantoms: 0, refused: 0 }.holds(&house, "itsupport");
}

#[test]
fn a_queue_log_knows_blind_transfers_and_never_claims_an_answer() {
    let (house, _) = recorded("small");
    // Attended transfers and redirects leave no line with a target.
    for (unit, blind) in [("socialtjanst", 4), ("skola", 1), ("teknik", 1), ("socialmottagning", 1), ("bygg", 0)] {
        let counts = house.unit(unit);
        assert_eq!((counts.transfers, counts.open), (blind, blind), "{unit}");
        assert_eq!(servicegrad::stats::unit_rates::per_attempt(&counts).ratio(), None, "{unit}");
    }
}

#[test]
fn however_the_bytes_are_cut_the_events_are_the_same() {
    let log = std::fs::read("tests/data/asterisk_queue_log/small/queue_log").unwrap();
    let whole = decode(&log, usize::MAX).events;
    for pieces in [1, 7, 64, 4096] {
        assert_eq!(decode(&log, pieces).events, whole);
    }
}

/// Other people's captures are not ours to keep: they are read where they lie.
#[test]
fn samples_of_others() {
    let Some(samples) = std::env::var_os("SERVICEGRAD_SAMPLES") else {
        println!("NOT RUN: SERVICEGRAD_SAMPLES does not name the folder of other people's captures");
        return;
    };
    let read =
        |name: &str| std::fs::read(std::path::Path::new(&samples).join("asterisk-queue-log").join(name)).unwrap();
    let count = |name: &str, queue: &str| {
        let batch = decode(&read(name), usize::MAX);
        assert_eq!(batch.rejects, []);
        let settings = QueueSettings::named(queue).check(ZONE, None).unwrap();
        let directory = Directory::new(ZONE, vec!["vaxel".into()], vec![settings], Units::none()).unwrap();
        let mut house = House::new(Arc::new(directory));
        house.take(&batch.events);
        house.end();
        let counts = house.queue(queue).counts;
        (words(&counts), counts.wait_answered_ms, counts.talk_ms)
    };
    // Two calls, one after the other: waits of 1 and 2 s as the switch reports them, talks of 3 and 4.
    assert_eq!(count("logvisualiser.queue_log", "9000"), ("offered 2, answered 2".into(), 3_000, 7_000));
    // Call 757927 entered (told five times) and waited 10 s; 760166 is known by its completion only;
    // 760296 by answer and completions; 761192 entered and waited 14 s.
    assert_eq!(count("asterisk2slack.queue_log", "201").0, "offered 4, answered 4");
}

#[test]
fn the_samples_of_our_own_format_come_to_their_figures() {
    let mut house = House::new(crate::story::directory(|queue| queue.from.clear()));
    let mut batch = Batch::of(SourceId(0));
    let mut decoder = servicegrad::source::ndjson::Ndjson::default();
    decoder.feed(&std::fs::read("tests/data/ndjson/visit.ndjson").unwrap(), Moment(0), &mut batch);
    house.take(&batch.events);
    let counts = house.queue("kundtjanst").counts;
    assert_eq!((words(&counts).as_str(), counts.wait_answered_ms), ("offered 1, answered 1", 7_750));
    assert_eq!(house.unit("social").outcome(servicegrad::call::fact::LegOutcome::Answered), 1);
    let posted =
        servicegrad::event::body::read(&std::fs::read("tests/data/http/batch.json").unwrap(), Moment(0), 10).unwrap();
    let mut house = House::new(crate::story::directory(|queue| queue.from.clear()));
    house.take(&posted.into_iter().map(|item| item.event.unwrap()).collect::<Vec<_>>());
    assert_eq!(words(&house.queue("kundtjanst").counts), "offered 1, abandoned 1");
}
