//! The rollups that ten million calls a month leave: 2 000 queues, 20 000 units, twelve months.
//!
//! The last month is counted call by call by the [`Rollup`] and committed by the store, as in the
//! daemon, but from facts that are drawn here and not from events: quarter-hours, days and months of
//! queues, whole calls and units. The days and months of the eleven months before it are copies of
//! its own under other dates; their quarter-hours are not there, as after `upkeep.quarters`.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "benches stop at the first surprise")]

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{Datelike, Days, Months, NaiveDate};
use servicegrad::call::fact::{Change, JourneyFact, LegFact, LegOutcome, Outcome, UnitJourneyFact, VisitFact, Was};
use servicegrad::clock::local_midnight;
use servicegrad::directory::Directory;
use servicegrad::event::TransferKind;
use servicegrad::measure::{Moment, Ring, Talk, Wait};
use servicegrad::names::{QueueId, UnitId};
use servicegrad::simulate::random::Chance;
use servicegrad::stats::rollup::Rollup;
use servicegrad::store::tables::{LEG_CELL, Table, VISIT_CELL};
use servicegrad::store::{Commit, Store};

pub const QUEUES: usize = 2_000;
pub const UNITS: usize = 20_000;
pub const CALLS: f64 = 10_000_000.0;
/// The month that is counted, the last of the twelve.
pub const LAST: (i32, u32) = (2026, 12);
/// Share of the answered that attendants send on.
const SENT_ON: f64 = 0.52;
/// Cells of one commit.
const CELLS: usize = 50_000;

fn first_of(month: (i32, u32)) -> NaiveDate {
    NaiveDate::from_ymd_opt(month.0, month.1, 1).unwrap()
}

/// How much is called on a weekday, Monday first, and in an hour.
const WEEKDAYS: [f64; 7] = [1.25, 1.05, 1.05, 1.0, 0.85, 0.12, 0.12];
const HOURS: [f64; 24] = [
    0.02, 0.02, 0.02, 0.02, 0.02, 0.04, 0.1, 0.5, 1.2, 1.4, 1.2, 1.0, 0.9, 1.2, 1.0, 0.8, 0.5, 0.1, 0.06, 0.05, 0.04,
    0.03, 0.02, 0.02,
];

/// Ascending sums, to draw from.
struct Drawn(Vec<f64>);

impl Drawn {
    fn of(weights: impl Iterator<Item = f64>) -> Self {
        let add = |sum: &mut f64, weight: f64| {
            *sum += weight;
            Some(*sum)
        };
        Self(weights.scan(0.0, add).collect())
    }

    fn draw(&self, chance: &mut Chance) -> usize {
        let at = chance.share() * self.0[self.0.len() - 1];
        self.0.partition_point(|sum| *sum < at).min(self.0.len() - 1)
    }
}

/// Counts the last month, `share` of the calls, into `store`. Returns how many cells were written.
pub fn count(store: &mut dyn Store, directory: &Arc<Directory>, share: f64) -> usize {
    let first = first_of(LAST);
    let days: Vec<NaiveDate> = first.iter_days().take_while(|day| day.month() == first.month()).collect();
    let weight = |day: &NaiveDate| WEEKDAYS[day.weekday().num_days_from_monday() as usize];
    let all: f64 = days.iter().map(weight).sum();
    let hours = Drawn::of(HOURS.into_iter());
    let queues = Drawn::of((0..QUEUES).map(|at| (at as f64 + 3.0).powf(-0.8)));
    let mut chance = Chance::new(2026);
    let mut rollup = Rollup::new(Arc::clone(directory));
    let mut written = 0;
    for day in &days {
        let midnight = local_midnight(*day, directory.zone());
        for _ in 0..(CALLS * share * weight(day) / all) as usize {
            let hour = hours.draw(&mut chance) as f64;
            let offered = midnight.plus_ms(((hour + chance.share()) * 3_600_000.0) as i64);
            let queue = queues.draw(&mut chance);
            call(&mut rollup, directory, &mut chance, queue, offered);
        }
        let cells: Vec<_> = rollup.touched().map(|(key, cell)| (*key, cell)).collect();
        for cells in cells.chunks(CELLS) {
            let commit = Commit { cells: cells.to_vec(), ..Commit::default() };
            store.commit(&commit).unwrap();
        }
        written += cells.len();
        rollup.committed(local_midnight(*day + Days::new(1), directory.zone()));
    }
    written
}

fn call(rollup: &mut Rollup, directory: &Directory, chance: &mut Chance, queue: usize, offered: Moment) {
    let id = QueueId(queue as u32);
    // Queues differ in how often somebody answers at once.
    let at_once = 0.55 + 0.42 * ((queue * 7_919) % 1_000) as f64 / 1_000.0;
    let wait_s = if chance.is(at_once) { 1.0 + chance.exponential(6.0) } else { 8.0 + chance.exponential(110.0) };
    let patience_s = 4.0 + chance.exponential(420.0);
    let is_answered = wait_s <= patience_s;
    let wait = Wait::from_ms((wait_s.min(patience_s) * 1_000.0) as i64);
    let outcome = Some(if is_answered { Outcome::Answered } else { Outcome::Abandoned });
    let decided = Some(offered.plus_ms(i64::from(wait.ms())));
    let talk_ms = ((15.0 + chance.exponential(150.0)) * 1_000.0) as i64;
    let visit = VisitFact {
        queue: id,
        number: 1,
        offered,
        outcome,
        decided,
        wait: Some(wait),
        talk: is_answered.then(|| Talk::from_ms(talk_ms)),
        over: true,
        outside_hours: false,
        derived: false,
        inconsistent: false,
        late: false,
        coarse: false,
    };
    let journey = JourneyFact { queue: id, offered, outcome, decided, wait: Some(wait), outside_hours: false };
    rollup.apply(&Change::Visit(is(visit)));
    rollup.apply(&Change::Journey(is(journey)));
    if !is_answered || !chance.is(SENT_ON) {
        return;
    }
    let units = directory.units().len();
    // The directory's last ones; ten to a queue.
    let unit = UnitId((units - UNITS + queue * (UNITS / QUEUES) + chance.skewed(UNITS / QUEUES)) as u32);
    let reached = chance.is(0.45 + 0.27 * f64::from(unit.0 % 100) / 100.0);
    let organisation = directory.unit(unit).organisation;
    let started = offered.plus_ms(i64::from(wait.ms()) + talk_ms);
    let leg = LegFact {
        number: 1,
        queue: Some(id),
        kind: TransferKind::Blind,
        target: "".into(),
        unit,
        organisation,
        started,
        outcome: Some(if reached { LegOutcome::Answered } else { LegOutcome::NoAnswerDropped }),
        ring: Some(Ring::from_ms(8_000)),
        short: false,
        not_completed: false,
    };
    rollup.apply(&Change::Leg(is(leg)));
    rollup.apply(&Change::UnitJourney(is(UnitJourneyFact { unit, organisation, started, reached })));
}

fn is<T>(fact: T) -> Was<T> {
    Was { was: None, is: Some(fact) }
}

/// Statements that copy the days and the month of the last month to each of the eleven before it.
pub fn copies(directory: &Directory) -> Vec<String> {
    let start = |day: NaiveDate| local_midnight(day, directory.zone());
    let last = first_of(LAST);
    let mut statements = Vec::new();
    for back in 1..12 {
        let first = last.checked_sub_months(Months::new(back)).unwrap();
        let mut sql = String::new();
        let days = first.iter_days().take_while(|day| day.month() == first.month());
        let days = days.zip(last.iter_days()).map(|(to, from)| ("day", to, from));
        for (tier, to, from) in days.chain([("month", first, last)]) {
            for table in [&*VISIT_CELL, &*LEG_CELL] {
                copy(table, tier, start(from), start(to), &mut sql);
            }
        }
        statements.push(sql);
    }
    statements
}

fn copy(table: &Table, tier: &str, from: Moment, to: Moment, sql: &mut String) {
    let names = table.names();
    let read = names.replacen(" start,", &format!(" {},", to.0), 1);
    // Every scope by name, so that the key finds the rows.
    let scopes =
        if table.name == "visit_cell" { vec!["scope = 'queue' AND ", "scope = 'calls' AND "] } else { vec![""] };
    for scope in scopes {
        writeln!(
            sql,
            "INSERT INTO {0} ({names}) SELECT {read} FROM {0} WHERE {scope}tier = '{tier}' AND start = {1};",
            table.name, from.0
        )
        .unwrap();
    }
}
