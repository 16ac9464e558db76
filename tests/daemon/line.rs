//! The real program, a played switch on a port, the real adapter between; and what the calls that are
//! played come to.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;
use servicegrad::clock::Clock;
use servicegrad::daemon::Played;
use servicegrad::event::CallEvent;
use servicegrad::measure::Moment;
use servicegrad::simulate::ami_switch::AmiSwitch;
use servicegrad::simulate::esl_switch::EslSwitch;
use servicegrad::simulate::{Scenario, Spoken, Switchboard};

use crate::program::{Daemon, House, until};

const QUEUES: &str = r#"
[[queue]]
name = "kundtjanst"
[[queue]]
name = "itsupport"
short_abandon = "none"
"#;

/// The model customer's organisations and units.
fn people(house: &House) -> String {
    let mut rows = String::from("from,to,unit,title,organisation,valid_from,valid_to\n");
    for row in Scenario::unit_rows() {
        writeln!(rows, "{},{},{},{},{},,", row.from, row.to, row.unit, row.title, row.organisation).unwrap();
    }
    std::fs::write(house.path("units.csv"), rows).unwrap();
    let organisations = Scenario::ORGANISATIONS.map(|(name, _)| format!("[[organisation]]\nname = \"{name}\"\n"));
    format!("{}[directory]\nunits = \"units.csv\"\n", organisations.concat())
}

/// A house with this source.
pub(crate) fn house(source: &str) -> House {
    let house = House::new("");
    let config = std::fs::read_to_string(house.path("servicegrad.toml")).unwrap();
    let source = source.replace("FOLDER", &house.folder.path().display().to_string());
    std::fs::write(house.path("servicegrad.toml"), format!("{config}{source}{QUEUES}{}", people(&house))).unwrap();
    house
}

/// Calls of the two hours up to `until`, in order.
pub(crate) fn calls(seed: u64, until: Moment) -> Vec<CallEvent> {
    busy_calls(seed, until, 3.0)
}

/// The same, with so many times the callers of the model customer.
pub(crate) fn busy_calls(seed: u64, until: Moment, busier: f64) -> Vec<CallEvent> {
    let scenario = Scenario::municipal().around_the_clock().busier(busier);
    let mut board = Switchboard::new(scenario, seed, until.plus_ms(-2 * 3_600_000));
    board.advance(until).into_iter().map(|told| told.event).collect()
}

/// What those calls come to when they are told as canonical events.
pub(crate) fn plainly(events: &[CallEvent]) -> Value {
    let house = house("[[source]]\nname = \"plain\"\nkind = \"ndjson\"\npath = \"-\"\n");
    let mut lines = Vec::new();
    for (at, event) in events.iter().enumerate() {
        servicegrad::event::json::write(event, &at.to_string(), &mut lines);
        lines.push(b'\n');
    }
    std::fs::write(house.path("calls.ndjson"), lines).unwrap();
    house.ok(&["import", "--source", "plain", "calls.ndjson"]);
    figures(&house)
}

/// Counts of queues and units, without what a source can or cannot tell.
pub(crate) fn figures(house: &House) -> Value {
    let now = chrono::Utc::now();
    let (from, to) = (now - chrono::TimeDelta::days(60), now + chrono::TimeDelta::days(2));
    let day = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d").to_string();
    let report = house.report(&["--from", &day(from), "--to", &day(to)]);
    let pick = |row: &Value, keys: &[&str]| -> Value {
        keys.iter().map(|key| ((*key).to_owned(), row[*key].clone())).collect::<serde_json::Map<_, _>>().into()
    };
    let queues: Vec<Value> = report["queues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            pick(
                row,
                &[
                    "queue",
                    "offered",
                    "answered",
                    "abandoned",
                    "short_abandoned",
                    "overflowed",
                    "open",
                    "lost",
                    "unknown",
                    "within",
                    "abandoned_within",
                ],
            )
        })
        .collect();
    let units: Vec<Value> = report["units"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| pick(row, &["unit", "transfers", "answered", "outcomes"]))
        .collect();
    serde_json::json!({ "queues": queues, "units": units })
}

/// Waits until the house's figures are these; half a minute at most after they last changed.
pub(crate) fn comes_to(house: &House, expected: &Value) {
    let (mut last, mut changed) = (Value::Null, Instant::now());
    loop {
        let figures = figures(house);
        if figures == *expected {
            return;
        }
        if figures != last {
            (last, changed) = (figures.clone(), Instant::now());
        }
        if changed.elapsed() > Duration::from_secs(30) {
            for part in ["queues", "units"] {
                let [is, should] = [&figures, expected].map(|figures| figures[part].as_array().unwrap());
                let missing = should.iter().filter(|row| !is.contains(row)).map(|row| format!("should {row}"));
                let false_ones = is.iter().filter(|row| !should.contains(row)).map(|row| format!("is     {row}"));
                missing.chain(false_ones).take(10).for_each(|line| println!("{line}"));
            }
            panic!("the figures are not those of the calls");
        }
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// Waits until a queue count, over all queues, is this.
pub(crate) fn count(house: &House, key: &str) -> i64 {
    figures(house)["queues"].as_array().unwrap().iter().map(|row| row[key].as_i64().unwrap()).sum()
}

/// How a played switch is played.
pub(crate) struct Setup {
    /// It says this much at a time, and slowly.
    pub(crate) piece_bytes: usize,
    /// By this clock.
    pub(crate) clock: Clock,
}

impl Default for Setup {
    fn default() -> Self {
        Self { piece_bytes: usize::MAX, clock: Clock::system() }
    }
}

/// A played switch on a port.
pub(crate) struct Line<S: Spoken> {
    _runtime: tokio::runtime::Runtime,
    pub(crate) switch: Played<S>,
    pub(crate) source: String,
}

/// An Asterisk that has been up for six hours.
pub(crate) fn asterisk(setup: Setup) -> Line<AmiSwitch> {
    let switch = AmiSwitch::new("servicegrad", "hemlig", setup.clock.now().plus_ms(-6 * 3_600_000));
    Line::new(switch, "kind = \"asterisk_ami\"\nuser = \"servicegrad\"\ndialplan = true\n", setup)
}

/// A FreeSWITCH that has been up for six hours.
pub(crate) fn freeswitch(setup: Setup) -> Line<EslSwitch> {
    let switch = EslSwitch::new("hemlig", setup.clock.now().plus_ms(-6 * 3_600_000));
    Line::new(switch, "kind = \"freeswitch_esl\"\ndialplan = true\n", setup)
}

impl<S: Spoken> Line<S> {
    fn new(switch: S, settings: &str, setup: Setup) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let switch = Played::new(switch, setup.clock).in_pieces_of(setup.piece_bytes);
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(switch.clone().listen(listener));
        let source =
            format!("[[source]]\nname = \"vaxel\"\n{settings}connect = \"127.0.0.1:{port}\"\nsecret = \"hemlig\"\n");
        Self { _runtime: runtime, switch, source }
    }

    /// Tells what happens, in order.
    pub(crate) fn tell(&self, events: &[CallEvent]) {
        for event in events {
            while self.switch.is_behind() {
                std::thread::sleep(Duration::from_millis(5));
            }
            self.switch.tell(event);
        }
    }

    /// Waits until the daemon has logged in.
    pub(crate) fn is_heard(&self, daemon: &Daemon) {
        until("the switch is heard", || daemon.metric("servicegrad_source_up{source=\"vaxel\"}") == Some(1.0));
        until("the line stands", || self.switch.listeners() == 1);
    }
}
