//! Recordings in disguise: nobody's number or name is in them, and they come to the same figures.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use servicegrad::call::fact::CallFacts;
use servicegrad::directory::Directory;
use servicegrad::event::EventKind;
use servicegrad::measure::Moment;
use servicegrad::names::{SourceId, UNKNOWN_UNIT};
use servicegrad::source::disguise::{Disguised, Fakes};
use servicegrad::source::kind::{KINDS, kind_named};
use servicegrad::source::{Batch, SourceSettings};

use crate::asterisk::{facts, unzipped};
use crate::recordings::switchboard;

/// The bytes of a source of this kind, as they are sent to somebody.
fn disguised(kind: &str, directory: &Arc<Directory>, bytes: &[u8]) -> Vec<u8> {
    let directory = Arc::clone(directory);
    let is_known =
        move |word: &str| directory.queue_named(word).is_some() || directory.unit_of(word, Moment(0)) != UNKNOWN_UNIT;
    let kind = kind_named(kind).unwrap();
    let settings = SourceSettings::named("vaxel", kind.name);
    let mut stream = Disguised::new(settings, kind.shape, Fakes::new(*b"en nyckel till d", is_known));
    let mut out = Vec::new();
    for piece in bytes.chunks(1_000) {
        stream.take(piece, &mut out);
    }
    stream.finish(&mut out);
    out
}

fn decoded(kind: &str, bytes: &[u8]) -> Batch {
    let mut batch = Batch::of(SourceId(0));
    let mut decoder = (kind_named(kind).unwrap().decoder)(&SourceSettings::named("vaxel", kind));
    decoder.feed(bytes, Moment(0), &mut batch);
    decoder.finish(Moment(0), &mut batch);
    batch
}

/// Facts of all calls without the names of anybody: targets that are no unit's are told as unknown.
fn nameless(directory: &Arc<Directory>, batch: &Batch) -> BTreeMap<String, String> {
    let nameless = |facts: &CallFacts| {
        let mut facts = facts.clone();
        for leg in &mut facts.legs {
            if leg.unit == UNKNOWN_UNIT {
                leg.target = "?".into();
            }
        }
        format!("{facts:?}")
    };
    facts(directory, &batch.events).iter().map(|(call, facts)| (call.to_string(), nameless(facts))).collect()
}

/// Numbers as long as those of somebody outside.
fn telling(text: &str) -> BTreeSet<String> {
    let numbers = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let is_number = |word: &&str| word.bytes().all(|byte| byte.is_ascii_digit());
    numbers.filter(is_number).filter(|number| number.len() >= 9 && number.starts_with('0')).map(str::to_owned).collect()
}

#[test]
fn a_recording_in_disguise_has_the_same_figures_and_nobodys_number_or_name() {
    let directory = switchboard();
    for name in ["small", "busy"] {
        let ami = unzipped(&format!("tests/data/asterisk_ami/{name}/ami.raw.gz"));
        let log = std::fs::read(format!("tests/data/asterisk_queue_log/{name}/queue_log")).unwrap();
        let cel = unzipped(&format!("tests/data/asterisk_cel/{name}/cel-Master.csv.gz"));
        for (kind, original) in [("asterisk_ami", ami), ("asterisk_queue_log", log), ("asterisk_cel", cel)] {
            let fake = disguised(kind, &directory, &original);
            assert_eq!(fake.len(), original.len());
            let (was, is) = (decoded(kind, &original), decoded(kind, &fake));
            assert_eq!((was.events.len(), is.rejects.len()), (is.events.len(), 0), "{kind} {name}");
            let (was, is) = (nameless(&directory, &was), nameless(&directory, &is));
            for (call, facts) in &was {
                assert_eq!(Some(facts), is.get(call), "{kind} {name} {call}");
            }
            assert_eq!(was.len(), is.len());
            let (original, fake) = (String::from_utf8_lossy(&original), String::from_utf8_lossy(&fake));
            let numbers = telling(&original);
            assert!(numbers.len() > 20, "{kind} {name}");
            for number in numbers {
                assert!(!fake.contains(&number), "{kind} {name}: {number}");
            }
            for word in ["Handlaggare", "Kund ", "trunk-", "a1001", "10.0.", "servicegrad"] {
                assert!(!fake.contains(word), "{kind} {name}: {word}");
            }
        }
    }
}

/// Every file of a kind's samples, unpacked.
pub(crate) fn samples(kind: &str) -> Vec<Vec<u8>> {
    fn walk(folder: &Path, found: &mut Vec<Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                walk(&path, found);
            } else if !name.starts_with("truth") {
                let bytes = std::fs::read(&path).unwrap();
                found.push(if bytes.starts_with(&[0x1f, 0x8b]) { unzipped(path.to_str().unwrap()) } else { bytes });
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new("tests/data").join(kind), &mut found);
    found
}

/// What happened and when, without who.
fn happened(batch: &Batch) -> Vec<(Moment, &'static str, Option<i64>)> {
    let wait = |kind: &EventKind| match kind {
        EventKind::VisitAnswered { wait, .. } | EventKind::VisitLeft { wait, .. } => {
            wait.map(|wait| i64::from(wait.ms()))
        }
        _ => None,
    };
    batch.events.iter().map(|event| (event.stamp.at, event.kind.type_name(), wait(&event.kind))).collect()
}

#[test]
fn samples_of_every_kind_in_disguise_are_decoded_to_the_same_events() {
    let nobody = switchboard();
    for kind in KINDS {
        for sample in samples(kind.name) {
            let fake = disguised(kind.name, &nobody, &sample);
            assert_eq!(fake.len(), sample.len(), "{}", kind.name);
            let (was, is) = (decoded(kind.name, &sample), decoded(kind.name, &fake));
            assert_eq!(happened(&was), happened(&is), "{}", kind.name);
            assert_eq!(was.rejects.len(), is.rejects.len(), "{}", kind.name);
        }
    }
}
