//! Killed at random moments, many of them within the commit: after the last start every counter, cell,
//! histogram, fact and open call is what plain counting says, and what an engine says that nobody
//! disturbed.
//!
//! The real program is posted batches with repeated and late events, as a sender would: a batch that
//! was not answered is posted again after the next start. `SERVICEGRAD_KILLS=1000 cargo test --test
//! store crash -- --nocapture` runs the long one and prints how many of the kills hit a batch that was
//! under way, and how many of those found it committed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use servicegrad::clock::Clock;
use servicegrad::simulate::random::Chance;

use crate::callers::{Plan, counters_come_to, store_comes_to};
use crate::houses::house_with_units_on;
use crate::program::{Daemon, House};
use crate::server::shared;
use crate::stores::Fresh;

/// Kills on each store where nothing else is asked for.
const KILLS: usize = 20;
/// One life of the daemon after another.
struct Lives<'a> {
    house: &'a House,
    /// How long a post takes that is answered, ms.
    usual_ms: f64,
    kills: usize,
    hit: usize,
    found_committed: usize,
}

/// Posts on a connection of its own; the answer, if there was one.
pub fn post(address: &str, batch: String) -> std::thread::JoinHandle<Option<serde_json::Value>> {
    let address = address.to_owned();
    std::thread::spawn(move || {
        let mut stream = TcpStream::connect(&address).ok()?;
        let head = format!(
            "POST /api/v1/events HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            batch.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(batch.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.starts_with("HTTP/1.1 200").then(|| serde_json::from_str(body).ok())?
    })
}

impl Lives<'_> {
    /// Posts a batch, which must be answered.
    fn post(&mut self, daemon: &Daemon, batch: &str) -> serde_json::Value {
        let began = Instant::now();
        let answer = post(&daemon.address, batch.to_owned()).join().unwrap().expect("a living daemon answers");
        self.usual_ms = 0.8 * self.usual_ms + 0.2 * began.elapsed().as_secs_f64() * 1000.0;
        answer
    }

    /// Posts a batch and kills the daemon at a random moment of its way; posts it to the next until one
    /// has answered.
    fn kill_over(&mut self, daemon: Daemon, batch: &str, chance: &mut Chance, after_death: &dyn Fn()) -> Daemon {
        let way = post(&daemon.address, batch.to_owned());
        std::thread::sleep(Duration::from_micros((chance.between(0.0, 1.4) * self.usual_ms * 1000.0) as u64));
        // Dropped, it is killed and waited for.
        drop(daemon);
        self.kills += 1;
        let was_answered = way.join().unwrap().is_some();
        after_death();
        let next = self.house.run();
        if !was_answered {
            self.hit += 1;
            let answer = self.post(&next, batch);
            self.found_committed += usize::from(answer["accepted"] == 0);
        }
        next
    }
}

fn crash(fresh: &Fresh, seed: u64, after_death: &dyn Fn()) {
    let kills = std::env::var("SERVICEGRAD_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let house = house_with_units_on(&fresh.settings.url);
    let (mut plan, mut chance) = (Plan::new(seed), Chance::new(seed + 1));
    let mut lives = Lives { house: &house, usual_ms: 20.0, kills: 0, hit: 0, found_committed: 0 };
    let mut daemon = house.run();
    let began = Instant::now();
    let now = || Clock::system().now();
    while lives.kills < kills {
        for _ in 0..chance.between(0.0, 3.0) as usize {
            let batch = plan.batch(now());
            lives.post(&daemon, &batch);
        }
        let batch = plan.batch(now());
        daemon = lives.kill_over(daemon, &batch, &mut chance, after_death);
    }
    let rest = plan.rest(now());
    if !rest.is_empty() {
        lives.post(&daemon, &rest);
    }
    let took = began.elapsed().as_secs_f64();
    let plan = &plan;
    println!(
        "{kills} kills in {took:.0} s: {} callers in {} batches; {} kills hit a batch under way, {} of those after its commit",
        plan.callers.len(),
        plan.posted.len(),
        lives.hit,
        lives.found_committed
    );
    assert!(lives.hit * 20 > kills, "too few kills hit anything");

    counters_come_to(&daemon, plan);
    daemon.stop();
    store_comes_to(&fresh.settings, plan);
}

#[test]
fn kills_at_random_moments_change_nothing_on_sqlite() {
    crash(&Fresh::sqlite(), 400, &|| {});
}

#[test]
fn kills_at_random_moments_change_nothing_on_postgres() {
    let server = shared();
    let database = server.database();
    let fresh = Fresh::on(server.settings(&database));
    // A lease runs out by itself after some seconds; a thousand times that is too long.
    crash(&fresh, 410, &|| drop(server.sql(&database, "UPDATE lease SET until = 0")));
}
