//! Whatever comes: no reader panics, none holds more than its bound, and how the bytes are torn
//! changes nothing. Over every kind of source there is, with its samples bent out of shape.
//!
//! A short run is part of the tests. `SERVICEGRAD_FUZZ_INPUTS=1000000 cargo test --release --test
//! figures fuzz -- --nocapture` runs that many inputs a target and says how many it ran, how long that
//! took and how long the slowest of them. `SERVICEGRAD_FUZZ_SEED` begins elsewhere, `SERVICEGRAD_FUZZ_TARGET` runs
//! one target alone.

use std::path::Path;
use std::time::{Duration, Instant};

use servicegrad::event::{body, envelope};
use servicegrad::measure::Moment;
use servicegrad::names::SourceId;
use servicegrad::source::disguise::{Disguised, Fakes};
use servicegrad::source::kind::{KINDS, Kind, Transport};
use servicegrad::source::{Batch, Decode, SourceSettings};

use crate::disguised::samples;

/// Inputs of a target in the short run.
const INPUTS: u64 = 1_000;
/// Most bytes of one input, before it is bent.
const INPUT_BYTES_MAX: usize = 2_000;
/// What no reader may hold of bytes that are not yet whole.
const PENDING_BYTES_MAX: u64 = 1024 * 1024;

/// An input that takes more of a processor hangs: all of them are short.
const INPUT_TAKES_MAX: Duration = Duration::from_secs(5);

/// How long this thread has had a processor: others may have it in between.
fn spent() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(told.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or_default())
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A cheap source of chance: what matters is speed, and that a seed tells the input.
struct Dice(u64);

impl Dice {
    fn new(target: &str, input: u64) -> Self {
        let seed = number("SERVICEGRAD_FUZZ_SEED", 1);
        let mixed = target
            .bytes()
            .fold(seed ^ 0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        Self((mixed ^ input.wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// Bytes that readers trip over.
const STONES: [&[u8]; 24] = [
    b"\n",
    b"\r\n\r\n",
    b"\0",
    b"|",
    b";",
    b",",
    b"\"",
    b"'",
    b"<",
    b">",
    b"</",
    b"{",
    b"}",
    b"[",
    b"\\",
    b": ",
    b"%",
    b"\xff\xfe",
    b"\xc3",
    b"-1",
    b"99999999999999999999",
    b"0",
    b"NaN",
    b"Content-Length: 99999999999\n\n",
];

/// A piece of a sample, bent.
fn bent(samples: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let piece = |dice: &mut Dice| -> Vec<u8> {
        let sample = &samples[dice.below(samples.len())];
        let start = if dice.below(4) == 0 { 0 } else { dice.below(sample.len()) };
        // From the beginning of a line or an element, mostly.
        let line =
            sample[start..].iter().position(|byte| matches!(byte, b'\n' | b'>')).map_or(start, |end| start + end + 1);
        let start = if start == 0 || dice.below(8) == 0 { start } else { line.min(sample.len()) };
        sample[start..(start + dice.below(INPUT_BYTES_MAX) + 1).min(sample.len())].to_vec()
    };
    let mut bytes = piece(dice);
    for _ in 0..dice.below(6) {
        let at = dice.below(bytes.len() + 1);
        let to = (at + dice.below(40)).min(bytes.len());
        match dice.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            1 => drop(bytes.drain(at..to)),
            2 => {
                let again = bytes[at..to].to_vec();
                drop(bytes.splice(at..at, again));
            }
            3 => drop(bytes.splice(at..to, STONES[dice.below(STONES.len())].iter().copied())),
            4 => drop(bytes.splice(at..at, piece(dice))),
            5 => {
                if let Some(digit) = bytes[at..].iter_mut().find(|byte| byte.is_ascii_digit()) {
                    *digit = b'0' + dice.below(10) as u8;
                }
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

fn decode(decoder: &mut dyn Decode, bytes: &[u8], dice: Option<&mut Dice>) -> Batch {
    let mut batch = Batch::of(SourceId(0));
    let received = Moment(1_795_467_000_000);
    let mut rest = bytes;
    let mut dice = dice;
    while !rest.is_empty() {
        let length = dice.as_mut().map_or(rest.len(), |dice| dice.below(40) + 1).min(rest.len());
        decoder.feed(&rest[..length], received, &mut batch);
        assert!(decoder.pending_bytes() <= PENDING_BYTES_MAX.max(bytes.len() as u64));
        rest = &rest[length..];
    }
    decoder.finish(received, &mut batch);
    batch
}

fn holds(kind: &Kind, settings: &SourceSettings, input: &[u8], dice: &mut Dice) {
    let whole = decode(&mut *(kind.decoder)(settings), input, None);
    let torn = decode(&mut *(kind.decoder)(settings), input, Some(dice));
    assert_eq!(whole.events, torn.events);
    assert_eq!(whole.rejects, torn.rejects);
    if let Transport::Dial { dialogue, .. } = kind.transport {
        let mut dialogue = dialogue(settings, "hemligt");
        let mut batch = Batch::of(SourceId(0));
        dialogue.connected(Moment(1_795_467_000_000));
        dialogue.feed(input, Moment(1_795_467_000_500), &mut batch);
        assert!(dialogue.say().len() <= 64 * 1024);
        dialogue.tick(Moment(1_795_467_060_000), &mut batch);
        dialogue.lost(Moment(1_795_467_061_000), &mut batch);
        let _ = (dialogue.findings(), dialogue.standing(), dialogue.save());
    }
    let mut stream = Disguised::new(settings.clone(), kind.shape, Fakes::new([1; 16], |_| false));
    let mut out = Vec::new();
    stream.take(input, &mut out);
    stream.finish(&mut out);
    assert_eq!(out.len(), input.len(), "a disguise is as long as what it hides");
}

/// Runs inputs of a target; a failure tells which.
fn run(target: &str, samples: &[Vec<u8>], mut each: impl FnMut(&[u8], &mut Dice)) {
    if std::env::var("SERVICEGRAD_FUZZ_TARGET").is_ok_and(|wanted| wanted != target) {
        return;
    }
    let inputs = number("SERVICEGRAD_FUZZ_INPUTS", INPUTS);
    let (began, mut slowest) = (Instant::now(), Duration::ZERO);
    for input in 0..inputs {
        let mut dice = Dice::new(target, input);
        let bytes = bent(samples, &mut dice);
        let started = spent();
        let held = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| each(&bytes, &mut dice)));
        slowest = slowest.max(spent().saturating_sub(started));
        assert!(slowest <= INPUT_TAKES_MAX, "{target}, input {input}, hangs: {:?}", String::from_utf8_lossy(&bytes));
        if let Err(panic) = held {
            println!("{target}, input {input}: {:?}", String::from_utf8_lossy(&bytes));
            std::panic::resume_unwind(panic);
        }
    }
    println!(
        "{target}: {inputs} inputs in {:.0} s, the slowest in {:.1} ms of a processor",
        began.elapsed().as_secs_f64(),
        slowest.as_secs_f64() * 1000.0
    );
}

#[test]
fn fuzz_every_kind_of_source() {
    std::thread::scope(|scope| {
        for kind in KINDS {
            scope.spawn(|| {
                let settings = SourceSettings::named("vaxel", kind.name);
                run(kind.name, &samples(kind.name), |input, dice| holds(kind, &settings, input, dice));
            });
        }
    });
}

#[test]
fn fuzz_every_preset_of_records() {
    std::thread::scope(|scope| {
        for preset in servicegrad::source::records::presets::PRESETS {
            scope.spawn(|| {
                let kind = servicegrad::source::kind::kind_named("records").unwrap();
                let mut settings = SourceSettings::named("poster", kind.name);
                let target = format!("records as {}", preset.name);
                let preset = Some(preset.name.to_owned());
                settings.records = Some(servicegrad::source::RecordsSettings {
                    preset,
                    ..servicegrad::source::RecordsSettings::default()
                });
                run(&target, &samples(kind.name), |input, dice| {
                    holds(kind, &settings, input, dice);
                    let mut decoder = (kind.decoder)(&settings);
                    let mut batch = decode(&mut *decoder, input, None);
                    decoder.flush(&mut batch);
                    let saved = decoder.save();
                    decoder.restore(&saved);
                });
            });
        }
    });
}

#[test]
fn fuzz_posted_bodies() {
    let samples = [samples("http"), samples("ndjson")].concat();
    run("bodies", &samples, |input, _| {
        for item in body::read(input, Moment(0), 100).unwrap_or_default() {
            assert!(item.event.is_ok() || item.event.is_err_and(|reject| reject.excerpt.len() <= 1_000));
        }
        let attributes = [("specversion", "1.0"), ("id", "1"), ("source", "urn:x"), ("type", "visit.entered")];
        let attributes = attributes.map(|(key, value)| (key.to_owned(), value.into())).into_iter().collect();
        let _ = envelope::read_binary(&attributes, input, Moment(0));
    });
}

#[test]
fn fuzz_configurations() {
    let samples = ["config/servicegrad.toml", "config/lystkom.toml"].map(|path| std::fs::read(path).unwrap());
    run("configurations", &samples, |input, _| {
        let text = String::from_utf8_lossy(input);
        if let Ok(value) = toml::from_str::<toml::Value>(&text) {
            let _ = servicegrad::config::from_value(serde_json::to_value(value).unwrap(), Path::new("no-such-folder"));
        }
        for word in text.split_whitespace().take(20) {
            let _ = servicegrad::stats::period::Period::parse(word);
            let _ = word.parse::<servicegrad::measure::Span>();
            let _ = servicegrad::report::period::between(word, "2026-01-01");
        }
    });
}
