//! Clocks that are set while calls go on: ours, and the server's. The figures stay what the callers come
//! to, no month is closed too soon, nothing is let go, and one program leads.
//!
//! The real programs have their clocks set by libfaketime, which leaves alone the time that nobody can
//! set, as the system does.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use servicegrad::call::TrackerSettings;
use servicegrad::clock::Clock;
use servicegrad::engine::{Engine, Intake};
use servicegrad::event::CallEvent;
use servicegrad::measure::Moment;
use servicegrad::names::SourceId;
use servicegrad::simulate::random::Chance;
use servicegrad::source::Batch;
use servicegrad::source::health::Health;
use servicegrad::store::{self, StoreSettings};

use crate::callers::{Plan, counters_come_to, kept, rollups_come_to};
use crate::crash::post;
use crate::houses::{HOOK, house_on, house_with_units_on};
use crate::program::{Daemon, House, started, until};
use crate::server::Server;
use crate::standby::{readiness, signal, visits};
use crate::stores::{Fresh, over_each};
use crate::week::{directory, events, monday, told};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A step of the clock: in which minute, by how much, and for how many minutes.
struct Step {
    minute: i64,
    ms: i64,
    lasts: i64,
}

/// What the surfaces show of the queues, whatever the time is.
fn shown(engine: &Engine) -> String {
    let snapshot = engine.snapshot(&|_| Health { is_up: true, ..Health::default() }, Vec::new());
    let queue = |at: &servicegrad::stats::snapshot::QueueNow| {
        let now = (at.is_open, at.is_fresh, at.waiting, at.longest_wait, at.talking, &at.waiting_beyond);
        format!("{now:?} {:?} {:?} {:?}", at.windows, at.trend, at.totals)
    };
    snapshot.queues.iter().map(queue).collect::<Vec<_>>().join("\n")
}

/// A day of calls told minute by minute while the clock is set; what was shown behind each minute.
fn told_under(settings: &StoreSettings, events: &[CallEvent], steps: &[Step]) -> Vec<String> {
    let clock = Clock::standing_at(monday());
    let store = store::open(settings, &directory()).unwrap();
    let mut engine = Engine::open(directory(), TrackerSettings::default(), store, clock.clone()).unwrap();
    let mut rest = events.iter().peekable();
    let mut all = Vec::new();
    for minute in 1..=24 * 60 {
        for step in steps {
            clock.step(if step.minute == minute { step.ms } else { 0 });
            clock.step(if step.minute + step.lasts == minute { -step.ms } else { 0 });
        }
        clock.set(clock.now().plus_ms(MINUTE_MS));
        let now = monday().plus_ms(minute * MINUTE_MS);
        let events: Vec<CallEvent> =
            std::iter::from_fn(|| rest.next_if(|event| event.stamp.at <= now)).cloned().collect();
        engine.take(&mut Intake::new(Batch { events, caught_up: true, ..Batch::of(SourceId(0)) })).unwrap();
        engine.expire();
        engine.commit().unwrap();
        all.push(shown(&engine));
    }
    all
}

/// Steps of minutes and hours, forth and back, over the day.
fn steps(chance: &mut Chance, lasts: impl Fn(&mut Chance) -> i64) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut minute = 60;
    while minute < 22 * 60 {
        let size = if chance.is(0.5) { chance.between(1.0, 59.0) * 6e4 } else { chance.between(1.0, 50.0) * 36e5 };
        let ms = if chance.is(0.5) { size as i64 } else { -(size as i64) };
        let lasts = lasts(chance);
        steps.push(Step { minute, ms, lasts });
        minute += lasts + chance.between(1.0, 40.0) as i64;
    }
    steps
}

#[test]
fn a_clock_that_is_set_and_set_right_again_changes_nothing_that_is_shown_or_stored() {
    let (day, directory) = (events(1, 41), directory());
    over_each(|fresh| {
        let calm = Fresh::sqlite();
        let undisturbed = told_under(&calm.settings, &day, &[]);
        let steps = steps(&mut Chance::new(42), |chance| chance.between(1.0, 9.9) as i64);
        assert!(steps.len() > 25, "{}", steps.len());
        for (minute, (is, was)) in told_under(&fresh.settings, &day, &steps).iter().zip(&undisturbed).enumerate() {
            assert_eq!(is, was, "after {minute} minutes");
        }
        assert_eq!(kept(&fresh.settings, &directory), kept(&calm.settings, &directory));
        assert_eq!(told(&fresh.settings, &directory), told(&calm.settings, &directory));
    });
}

#[test]
fn a_clock_that_stays_wrong_for_hours_loses_no_call_and_moves_none() {
    let day = events(1, 43);
    over_each(|fresh| {
        let calm = Fresh::sqlite();
        let undisturbed = told_under(&calm.settings, &day, &[]);
        let steps = steps(&mut Chance::new(44), |chance| chance.between(15.0, 120.0) as i64);
        assert!(steps.len() > 8, "{}", steps.len());
        let shown = told_under(&fresh.settings, &day, &steps);
        assert_eq!(told(&fresh.settings, &directory()), told(&calm.settings, &directory()));
        // An hour after the last of it the live figures are those of any other day.
        let live = |shown: &[String]| {
            let last = shown.last().unwrap().lines().map(|line| line.split(" [").next().unwrap().to_owned());
            last.collect::<Vec<_>>()
        };
        assert_eq!(live(&shown), live(&undisturbed));
    });
}

/// A clock of a real program, that can be set.
struct SetClock {
    folder: tempfile::TempDir,
}

impl SetClock {
    fn new() -> Self {
        let clock = Self { folder: tempfile::tempdir().unwrap() };
        // The server runs by another account.
        let all = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(clock.folder.path(), all).unwrap();
        clock.ahead(0);
        clock
    }

    /// From now on it is so far ahead.
    fn ahead(&self, ms: i64) {
        let (file, new) = (self.folder.path().join("clock"), self.folder.path().join("new"));
        std::fs::write(&new, format!("{:+}", ms / 1000)).unwrap();
        std::fs::rename(new, file).unwrap();
    }

    fn environment(&self) -> Vec<(String, String)> {
        let words = [
            ("LD_PRELOAD", library().display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.folder.path().join("clock").display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("NO_FAKE_STAT", "1".to_owned()),
        ];
        words.map(|(key, value)| (key.to_owned(), value)).into()
    }
}

/// The library of Debian's `faketime`.
fn library() -> PathBuf {
    let mut found = std::fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path().join("faketime"));
    let folder = found.find(|folder| folder.is_dir());
    let folder = folder.expect("libfaketime is missing: install Debian's `faketime`, as .ci/test does");
    Path::new(&folder).join("libfaketimeMT.so.1")
}

/// The moment that a daemon shows beside its figures.
fn its_clock(daemon: &Daemon) -> Moment {
    let seconds = daemon.metric("servicegrad_snapshot_timestamp_seconds").unwrap();
    Moment((seconds * 1000.0) as i64)
}

#[test]
fn a_daemon_whose_clock_is_set_forth_and_back_counts_every_caller_and_closes_no_month() {
    let clock = SetClock::new();
    let fresh = Fresh::sqlite();
    let house = house_with_units_on(&fresh.settings.url);
    add(&house, "[upkeep]\nevery = \"1s\"\ncalls = \"35d\"\nfacts = \"40d\"\nquarters = \"80d\"\n");
    let (daemon, _) = started(house.spawn_with(&clock.environment()));
    let mut plan = Plan::new(600);
    let now = || Clock::system().now();
    let send = |batch: &str| {
        let answer = post(&daemon.address, batch.to_owned()).join().unwrap().expect("a living daemon answers");
        assert_eq!(answer["rejected"], 0, "{answer}");
    };
    for ahead_ms in [7 * MINUTE_MS, -3 * HOUR_MS, 0, 200 * DAY_MS, -50 * MINUTE_MS, 0, 40 * DAY_MS, 5 * HOUR_MS, 0] {
        clock.ahead(ahead_ms);
        until("the daemon sees it", || (its_clock(&daemon) - now() - ahead_ms).abs() < 20_000);
        for _ in 0..4 {
            send(&plan.batch(now()));
        }
        // Stamped by us, and so by the clock that is wrong: what a month would be closed by.
        let untimed =
            format!("{{\"id\":\"at{ahead_ms}\",\"type\":\"agent.state\",\"agent\":\"a\",\"state\":\"available\"}}");
        send(&untimed);
        // Some rounds of the daemon looking after its store.
        std::thread::sleep(Duration::from_millis(2_500));
    }
    send(&plan.rest(now()));
    counters_come_to(&daemon, &plan);
    daemon.stop();
    rollups_come_to(&fresh.settings, &plan);
    let acts = store::open_ledger(&fresh.settings).unwrap().acts(Moment(0), Moment(i64::MAX), 99).unwrap();
    assert!(!acts.iter().any(|act| act.act.starts_with("month_")), "{acts:?}");
}

fn add(house: &House, rest: &str) {
    let path = house.path("servicegrad.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("{config}{rest}")).unwrap();
}

#[test]
fn one_program_leads_while_the_clock_of_the_server_is_set_forth_and_back() {
    let clock = SetClock::new();
    let server = Server::start_with(&clock.environment());
    let database = server.database();
    let houses = [HOOK, HOOK].map(|rest| house_on(&server.settings(&database).url, rest));
    let server_ahead_s = || -> i64 {
        let told = server.sql(&database, "SELECT CAST(extract(epoch FROM clock_timestamp()) AS bigint)");
        told.parse::<i64>().unwrap() - Clock::system().now().0 / 1000
    };
    let leader = houses[0].run();
    assert_eq!(leader.post(&visits(0, 50)).1["accepted"], 50);
    let standby = houses[1].run();
    let mut told = 50;
    for ahead_ms in [HOUR_MS, 0, -2 * HOUR_MS, 20 * MINUTE_MS, 0] {
        clock.ahead(ahead_ms);
        assert!((server_ahead_s() - ahead_ms / 1000).abs() <= 2, "{}", server_ahead_s());
        std::thread::sleep(Duration::from_secs(4));
        assert_eq!((readiness(&leader).0, standby.metric("servicegrad_leader")), (200, Some(0.0)), "{ahead_ms}");
        assert_eq!(leader.post(&visits(told, 5)).1["accepted"], 5);
        told += 5;
    }
    // Set back just when the leader says nothing any more: its lease seems to hold for hours.
    signal(&leader, "-STOP");
    let frozen = Instant::now();
    clock.ahead(-3 * HOUR_MS);
    while standby.metric("servicegrad_leader") != Some(1.0) {
        assert!(frozen.elapsed() < Duration::from_secs(80), "nobody leads");
        std::thread::sleep(Duration::from_millis(200));
    }
    println!("takeover with the server's clock set back: {:.1} s", frozen.elapsed().as_secs_f64());
    assert_eq!(standby.post(&visits(told - 25, 50)).1["accepted"], 25);
    signal(&leader, "-CONT");
    assert!(!leader.ended().success());
    standby.stop();
    assert_eq!(server.sql(&database, "SELECT count(*) FROM visit"), format!("{}", told + 25));
}
