//! The store stopped, cut off, slow or full under load: intake goes on, the live figures stay live and
//! say that they are not stored yet, and afterwards everything is exact.
//!
//! `SERVICEGRAD_OUTAGE_S=300 cargo test --test store away -- --nocapture` keeps the server away for
//! minutes; the figures are printed.

use std::process::Command;
use std::time::{Duration, Instant};

use servicegrad::clock::Clock;
use servicegrad::simulate::random::Chance;
use servicegrad::store::StoreSettings;

use crate::callers::{Plan, counters_come_to, plainly, store_comes_to};
use crate::crash::post;
use crate::houses::house_with_units_on;
use crate::program::{Daemon, House, until, until_within};
use crate::proxy::Proxy;
use crate::server::{Server, shared};

/// How often a batch is posted.
const EVERY: Duration = Duration::from_millis(60);

fn outage() -> Duration {
    Duration::from_secs(std::env::var("SERVICEGRAD_OUTAGE_S").map_or(6, |seconds| seconds.parse().unwrap()))
}

/// A sender that posts batch after batch and looks at the counters between.
struct Load {
    plan: Plan,
    offered: f64,
    slowest: Duration,
    posts: usize,
    /// Posts that were not answered and were posted again.
    again: usize,
}

impl Load {
    fn new(seed: u64) -> Self {
        Self { plan: Plan::new(seed), offered: 0.0, slowest: Duration::ZERO, posts: 0, again: 0 }
    }

    /// Posts one batch until it is answered; no counter ever goes back.
    fn post(&mut self, daemon: &Daemon) {
        let batch = self.plan.batch(Clock::system().now());
        self.post_batch(daemon, &batch);
    }

    fn post_batch(&mut self, daemon: &Daemon, batch: &str) {
        let began = Instant::now();
        while post(&daemon.address, batch.to_owned()).join().unwrap().is_none() {
            self.again += 1;
            assert!(began.elapsed() < Duration::from_mins(2), "never answered");
        }
        self.slowest = self.slowest.max(began.elapsed());
        self.posts += 1;
        let offered = daemon.metric("servicegrad_calls_offered_total{queue=\"kundtjanst\"}").unwrap();
        assert!(offered >= self.offered, "a counter went back from {} to {offered}", self.offered);
        self.offered = offered;
    }

    /// Posts for a while.
    fn go_on(&mut self, daemon: &Daemon, how_long: Duration) {
        let end = Instant::now() + how_long;
        while Instant::now() < end {
            self.post(daemon);
            std::thread::sleep(EVERY);
        }
    }

    fn offered(&self) -> f64 {
        plainly(&self.plan, 0)["offered"] as f64
    }

    /// The last of it; then all is stored, and all is exact.
    fn ends(mut self, daemon: Daemon, settings: &StoreSettings) {
        let rest = self.plan.rest(Clock::system().now());
        if !rest.is_empty() {
            self.post_batch(&daemon, &rest);
        }
        is_near(&daemon);
        counters_come_to(&daemon, &self.plan);
        daemon.stop();
        store_comes_to(settings, &self.plan);
        println!(
            "{} callers in {} posts, the slowest answered after {:.1} s, {} posted again; all exact",
            self.plan.callers.len(),
            self.posts,
            self.slowest.as_secs_f64(),
            self.again
        );
    }
}

fn is_away(daemon: &Daemon) {
    until("the store is away", || daemon.metric("servicegrad_store_up") == Some(0.0));
}

fn is_near(daemon: &Daemon) {
    // The longer it was away, the more there is to be stored.
    until_within(Duration::from_secs(30).max(outage() / 3), "all is stored", || {
        daemon.metric("servicegrad_store_up") == Some(1.0)
            && daemon.metric("servicegrad_store_unstored_events") == Some(0.0)
    });
}

/// A house on a server of its own, and where its figures are read.
fn house_on_own(server: &Server) -> (House, StoreSettings) {
    let settings = server.settings(&server.database());
    (house_with_units_on(&settings.url), settings)
}

#[test]
fn a_server_that_is_stopped_under_load_loses_nothing_and_the_figures_stay_live() {
    let server = Server::start();
    let (house, settings) = house_on_own(&server);
    let daemon = house.run();
    let mut load = Load::new(500);
    load.go_on(&daemon, Duration::from_secs(1));
    server.stop();
    load.post(&daemon);
    is_away(&daemon);
    let away = Instant::now();
    while away.elapsed() < outage() {
        load.go_on(&daemon, Duration::from_millis(500));
        // The load holds some lines back, to tell them late.
        let shown = load.offered();
        until("the figures are live", || {
            daemon.metric("servicegrad_calls_offered_total{queue=\"kundtjanst\"}") >= Some(shown * 0.7)
        });
    }
    let (status, ready) = daemon.ask("GET", "/readyz", "", b"");
    assert!(status == 503 && ready.contains("events wait in the spool"), "{ready}");
    let unstored = daemon.metric("servicegrad_store_unstored_events").unwrap();
    assert!(unstored > 100.0 && daemon.metric("servicegrad_store_unstored_seconds") > Some(1.0), "{unstored}");
    let spool = std::fs::metadata(house.path("servicegrad.spool")).unwrap().len();
    until("its length is told", || daemon.metric("servicegrad_store_spool_bytes") == Some(spool as f64));
    server.start_again();
    let back = Instant::now();
    is_near(&daemon);
    println!(
        "away for {:.0} s with {unstored} events in a spool of {spool} bytes, stored {:.1} s after the server was there again",
        away.elapsed().as_secs_f64(),
        back.elapsed().as_secs_f64()
    );
    assert!(!house.path("servicegrad.spool").exists());
    load.go_on(&daemon, Duration::from_secs(1));
    // And once more, started anew in the middle of things.
    for _ in 0..2 {
        server.stop();
        server.start_again();
        load.go_on(&daemon, Duration::from_secs(1));
    }
    load.ends(daemon, &settings);
}

#[test]
fn what_lay_in_the_spool_of_a_daemon_that_was_killed_or_stopped_is_stored_at_the_next_start() {
    let server = Server::start();
    let (house, settings) = house_on_own(&server);
    let mut daemon = house.run();
    let mut load = Load::new(510);
    for is_killed in [true, false] {
        load.go_on(&daemon, Duration::from_secs(1));
        server.stop();
        load.post(&daemon);
        is_away(&daemon);
        load.go_on(&daemon, Duration::from_secs(2));
        if is_killed {
            drop(daemon);
        } else {
            daemon.stop();
        }
        assert!(house.path("servicegrad.spool").exists());
        server.start_again();
        server.sql(&settings_database(&settings), "UPDATE lease SET until = 0");
        daemon = house.run();
        assert!(!house.path("servicegrad.spool").exists());
    }
    load.ends(daemon, &settings);
}

fn settings_database(settings: &StoreSettings) -> String {
    settings.url.rsplit('/').next().unwrap().to_owned()
}

#[test]
fn a_line_that_is_cut_at_any_byte_of_a_transaction_costs_nothing() {
    let server = shared();
    let database = server.database();
    let settings = server.settings(&database);
    let proxy = Proxy::to(server.port);
    let house = house_with_units_on(&settings.url.replace(&server.port.to_string(), &proxy.port.to_string()));
    let daemon = house.run();
    let (mut load, mut chance) = (Load::new(520), Chance::new(521));
    for _ in 0..60 {
        let batch = load.plan.batch(Clock::system().now());
        let way = post(&daemon.address, batch.clone());
        std::thread::sleep(Duration::from_micros(chance.between(0.0, 40_000.0) as u64));
        proxy.cut();
        if way.join().unwrap().is_none() {
            load.post_batch(&daemon, &batch);
        }
    }
    load.ends(daemon, &settings);
}

#[test]
fn a_server_that_stops_answering_holds_nobody_up_for_long() {
    let server = shared();
    let database = server.database();
    let settings = server.settings(&database);
    let proxy = Proxy::to(server.port);
    let url = settings.url.replace(&server.port.to_string(), &proxy.port.to_string());
    let house = house_with_units_on(&url);
    let path = house.path("servicegrad.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    let quick = "[store]\nstatement_timeout = \"1s\"\nconnect_timeout = \"500ms\"";
    std::fs::write(&path, config.replacen("[store]", quick, 1)).unwrap();
    let daemon = house.run();
    let mut load = Load::new(530);
    load.go_on(&daemon, Duration::from_secs(1));
    proxy.be_still(true);
    load.post(&daemon);
    is_away(&daemon);
    let again = load.again;
    load.slowest = Duration::ZERO;
    load.go_on(&daemon, outage());
    println!("while the server does not answer, the slowest post takes {:.1} s", load.slowest.as_secs_f64());
    assert_eq!(load.again, again, "a post was not answered");
    proxy.be_still(false);
    load.ends(daemon, &settings);
}

#[test]
fn a_full_disk_stops_intake_with_a_clear_state_and_intake_resumes() {
    let disk = SmallDisk::new();
    let url = format!("sqlite:{}", disk.folder.path().join("figures.db").display());
    let settings = StoreSettings::at(&url);
    let house = house_with_units_on(&url);
    let daemon = house.run();
    let mut load = Load::new(540);
    load.go_on(&daemon, Duration::from_secs(1));
    disk.fill();
    // Until nothing more fits, neither into the store nor into the spool.
    let mut refused = None;
    for _ in 0..400 {
        let batch = load.plan.batch(Clock::system().now());
        let way = post(&daemon.address, batch.clone());
        if way.join().unwrap().is_none() {
            refused = Some(batch);
            break;
        }
    }
    let refused = refused.expect("the disk was never full");
    is_away(&daemon);
    let (status, ready) = daemon.ask("GET", "/readyz", "", b"");
    assert!(status == 503 && ready.contains("intake is held back"), "{ready}");
    println!("said of a full disk: {ready}");
    disk.free();
    load.post_batch(&daemon, &refused);
    load.go_on(&daemon, Duration::from_secs(1));
    load.ends(daemon, &settings);
}

/// A disk of a few megabytes.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Self { folder };
        disk.mount("size=8m");
        disk
    }

    fn mount(&self, how: &str) {
        let sudo: &[&str] = if is_root() { &[] } else { &["sudo"] };
        let words = ["mount", "-t", "tmpfs", "-o", how, "servicegrad"];
        let words: Vec<&str> = sudo.iter().chain(&words).copied().collect();
        let made = Command::new(words[0]).args(&words[1..]).arg(self.folder.path()).status().unwrap();
        assert!(made.success(), "a tmpfs must be mounted for this test, as root or by sudo");
        if !is_root() {
            let owned = Command::new("sudo").args(["chmod", "777"]).arg(self.folder.path()).status().unwrap();
            assert!(owned.success());
        }
    }

    /// Nothing more goes on it but a little.
    fn fill(&self) {
        let path = self.folder.path().join("ballast");
        let mut piece = 1 << 16;
        while piece > 0 {
            let mut file = std::fs::File::options().create(true).append(true).open(&path).unwrap();
            if std::io::Write::write_all(&mut file, &vec![0; piece]).is_err() {
                piece /= 4;
            }
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.folder.path().join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let sudo: &[&str] = if is_root() { &[] } else { &["sudo"] };
        let words: Vec<&str> = sudo.iter().copied().chain(["umount", "-l"]).collect();
        let _ = Command::new(words[0]).args(&words[1..]).arg(self.folder.path()).status();
    }
}

fn is_root() -> bool {
    String::from_utf8_lossy(&Command::new("id").arg("-u").output().unwrap().stdout).trim() == "0"
}
