//! How many attendants a queue needs per half-hour of a day, from the last same weekdays; and what
//! to expect of another number.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveTime, Timelike};

use crate::directory::{Directory, Queue};
use crate::measure::{Moment, Share};
use crate::names::QueueId;
use crate::report::figures::threshold_of;
use crate::stats::staffing::{ErlangA, Load, Wanted, expected, needed, patience_s};
use crate::stats::{Cell, Counts, Scope, ScopeKind, Tier, definition};
use crate::store::{Reader, Sight, StoreError};

/// How many same weekdays a plan rests on.
pub const DAYS_BEHIND: usize = 8;
/// How many weeks back they are looked for: holidays are passed over.
const WEEKS_BACK: u64 = 26;
/// Fewest conversations for a half-hour to have a handle time of its own.
const TALKS_MIN: i64 = 20;
/// Target where the queue has none.
const TARGET: f64 = 0.8;

/// What is asked.
#[derive(Clone, Debug)]
pub struct StaffingRequest {
    /// Which queue.
    pub queue: QueueId,
    /// The local days to plan.
    pub days: Vec<NaiveDate>,
    /// After-call work that no switch tells of, seconds a call.
    pub wrapup_s: f64,
    /// Numbers of attendants to try.
    pub what_if: Vec<u32>,
    /// Only half-hours that begin in `from..until`; `None`: all in which the queue is open.
    pub between: Option<(NaiveTime, NaiveTime)>,
}

/// A plan, with all it rests on.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What people call the queue.
    pub title: String,
    /// The promise.
    pub wanted: Wanted,
    /// After-call work, seconds a call.
    pub wrapup_s: f64,
    /// Numbers tried.
    pub what_if: Vec<u32>,
    /// Day by day; days on which the queue is closed are left out.
    pub days: Vec<DayPlan>,
}

/// One day.
#[derive(Clone, Debug)]
pub struct DayPlan {
    /// Which.
    pub day: NaiveDate,
    /// The days that it rests on, newest first; may be fewer than [`DAYS_BEHIND`].
    pub behind: Vec<NaiveDate>,
    /// Mean patience, seconds; `None`: nobody gave up.
    pub patience_s: Option<f64>,
    /// Half-hours in order.
    pub halves: Vec<HalfHour>,
}

/// Half an hour.
#[derive(Clone, Debug)]
pub struct HalfHour {
    /// Its local start.
    pub start: NaiveTime,
    /// Median number of calls of the days behind.
    pub calls: f64,
    /// Mean handle time, seconds; `None`: no conversation is known.
    pub handle_s: Option<f64>,
    /// What was counted on the days behind.
    pub counts: Counts,
    /// The service level that was observed on them.
    pub observed: Share,
    /// Fewest attendants that are expected to keep the promise.
    pub needed: Option<u32>,
    /// The same if nobody ever gave up (Erlang C).
    pub needed_patient: Option<u32>,
    /// What is expected of those needed.
    pub expected: Option<ErlangA>,
    /// What is expected of each number that was asked for.
    pub what_if: Vec<Option<ErlangA>>,
}

impl Plan {
    /// The same plan with these numbers of attendants tried.
    #[must_use]
    pub fn trying(mut self, what_if: &[u32]) -> Self {
        for day in &mut self.days {
            for half in &mut day.halves {
                let tried = |attendants: &u32| expected(half.load()?, *attendants, day.patience_s, &self.wanted);
                half.what_if = what_if.iter().map(tried).collect();
            }
        }
        self.what_if = what_if.to_vec();
        self
    }
}

impl HalfHour {
    fn load(&self) -> Option<Load> {
        Some(Load { calls_per_hour: self.calls * 2.0, handle_s: self.handle_s? })
    }
}

/// Makes a plan.
///
/// # Errors
/// Where the store cannot be read.
pub fn plan(reader: &dyn Reader, directory: &Directory, request: &StaffingRequest) -> Result<Plan, StoreError> {
    let queue = directory.queue(request.queue);
    let (threshold_ms, definition) = threshold_of(queue.objective.as_ref(), &queue.thresholds_ms);
    let wanted = Wanted {
        threshold_s: f64::from(threshold_ms) / 1000.0,
        short_s: queue.short_abandon_ms.map_or(0.0, |ms| f64::from(ms) / 1000.0),
        target: queue.objective.map_or(TARGET, |objective| objective.target),
        definition,
    };
    let mut days = Vec::new();
    for day in &request.days {
        let planned = day_plan(reader, directory, request, *day, &wanted, threshold_ms)?;
        if !planned.halves.is_empty() {
            days.push(planned);
        }
    }
    let plan = Plan { title: queue.title.clone(), wanted, wrapup_s: request.wrapup_s, what_if: Vec::new(), days };
    Ok(plan.trying(&request.what_if))
}

/// Counts of one past day by half-hour of the local day.
type Halves = BTreeMap<u32, Counts>;

fn half_of(time: NaiveTime) -> u32 {
    time.num_seconds_from_midnight() / 1800
}

fn day_plan(
    reader: &dyn Reader,
    directory: &Directory,
    request: &StaffingRequest,
    day: NaiveDate,
    wanted: &Wanted,
    threshold_ms: u32,
) -> Result<DayPlan, StoreError> {
    let queue = directory.queue(request.queue);
    let mut behind: Vec<(NaiveDate, Halves)> = Vec::new();
    for week in 1..=WEEKS_BACK {
        let Some(past) = day.checked_sub_days(Days::new(7 * week)) else { break };
        let halves = counted(reader, directory, request.queue, past)?;
        if halves.values().any(|counts| counts.offered > counts.outside_hours) {
            behind.push((past, halves));
        }
        if behind.len() == DAYS_BEHIND {
            break;
        }
    }
    let mut all = Counts::of_queue(queue);
    behind.iter().flat_map(|(_, halves)| halves.values()).for_each(|counts| all += counts);
    let patience = patience_s(&all);
    let half = |half: u32| half_hour(queue, request, half, &behind, &all, patience, wanted, threshold_ms);
    let halves = open_halves(directory, queue, request, day).into_iter().map(half).collect();
    let behind = behind.iter().map(|(past, _)| *past).collect();
    Ok(DayPlan { day, behind, patience_s: patience, halves })
}

fn counted(reader: &dyn Reader, directory: &Directory, queue: QueueId, day: NaiveDate) -> Result<Halves, StoreError> {
    let zone = directory.zone();
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    let (from, until) = (crate::clock::local_midnight(day, zone), crate::clock::local_midnight(next, zone));
    let mut halves = Halves::new();
    for (key, cell) in reader.cells(&Sight::of_queues([queue]), ScopeKind::Queue, Tier::Quarter, from, until)? {
        if let (Scope::Queue(found), Cell::Visits(cell)) = (key.scope, cell)
            && found == queue
        {
            let local = key.start.to_utc().with_timezone(&zone).time();
            *halves.entry(half_of(local)).or_default() += &cell.counts;
        }
    }
    Ok(halves)
}

fn open_halves(directory: &Directory, queue: &Queue, request: &StaffingRequest, day: NaiveDate) -> Vec<u32> {
    let midnight = crate::clock::local_midnight(day, directory.zone());
    let is_asked = |half: &u32| {
        let start = start_of(*half);
        request.between.is_none_or(|(from, until)| from <= start && start < until)
    };
    // A day of the clock change has its own length; half-hours are told by what the clock shows.
    let moments = (0..100).map(|at| Moment(midnight.0 + at * 1_800_000));
    let of_day = moments.map(|at| (at, at.to_utc().with_timezone(&directory.zone()).naive_local()));
    let open = of_day.filter(|(at, local)| local.date() == day && queue.hours.is_open(*at));
    let mut halves: Vec<u32> = open.map(|(_, local)| half_of(local.time())).filter(is_asked).collect();
    halves.dedup();
    halves
}

fn start_of(half: u32) -> NaiveTime {
    NaiveTime::from_num_seconds_from_midnight_opt(half * 1800, 0).unwrap_or_default()
}

#[expect(clippy::too_many_arguments, reason = "all that half an hour rests on, worked out once for the day")]
fn half_hour(
    queue: &Queue,
    request: &StaffingRequest,
    half: u32,
    behind: &[(NaiveDate, Halves)],
    all: &Counts,
    patience: Option<f64>,
    wanted: &Wanted,
    threshold_ms: u32,
) -> HalfHour {
    let mut counts = Counts::of_queue(queue);
    let mut calls = Vec::new();
    for (_, halves) in behind {
        let found = halves.get(&half);
        calls.push(found.map_or(0, |counts| counts.offered - counts.outside_hours));
        found.into_iter().for_each(|found| counts += found);
    }
    let spoken = if counts.talks >= TALKS_MIN { &counts } else { all };
    let talk = Share { met: spoken.talk_ms, of: spoken.talks }.ratio();
    let mut planned = HalfHour {
        start: start_of(half),
        calls: median(&mut calls),
        handle_s: talk.map(|ms| ms / 1000.0 + request.wrapup_s),
        observed: definition::service_level(&counts, threshold_ms, wanted.definition),
        counts,
        needed: None,
        needed_patient: None,
        expected: None,
        what_if: Vec::new(),
    };
    if let Some(load) = planned.load() {
        planned.needed = needed(load, patience, wanted);
        planned.needed_patient = needed(load, None, wanted);
        planned.expected = planned.needed.and_then(|attendants| expected(load, attendants, patience, wanted));
    }
    planned
}

fn median(numbers: &mut [i64]) -> f64 {
    numbers.sort_unstable();
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => 0.0,
        length if length % 2 == 1 => numbers[middle] as f64,
        _ => (numbers[middle - 1] + numbers[middle]) as f64 / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::fact::Outcome;
    use crate::report::tests_support::Memory;

    fn request(day: &str) -> StaffingRequest {
        StaffingRequest {
            queue: QueueId(0),
            days: vec![day.parse().unwrap()],
            wrapup_s: 20.0,
            what_if: vec![1, 3],
            between: Some(("09:00:00".parse().unwrap(), "10:00:00".parse().unwrap())),
        }
    }

    /// Nine Mondays before 30 November; on one of them nobody called.
    fn mondays() -> Memory {
        let mut memory = Memory::new();
        for (day, calls) in [
            ("2026-11-23", 10),
            ("2026-11-16", 12),
            ("2026-11-02", 14),
            ("2026-10-26", 40),
            ("2026-10-19", 12),
            ("2026-10-12", 12),
            ("2026-10-05", 13),
            ("2026-09-28", 11),
            ("2026-09-21", 500),
        ] {
            let offset = if day >= "2026-10-25" { "+01:00" } else { "+02:00" };
            for call in 0..calls {
                let outcome = if call % 6 == 5 { Outcome::Abandoned } else { Outcome::Answered };
                let offered = format!("{day}T09:{:02}:{:02}{offset}", call % 30, call % 60);
                memory.talk(0, &offered, outcome, 20.0, 100.0);
            }
        }
        memory
    }

    #[test]
    fn a_day_rests_on_the_median_of_the_last_eight_same_weekdays_with_calls() {
        let memory = mondays();
        let plan = plan(&memory, &memory.directory, &request("2026-11-30")).unwrap();
        let day = &plan.days[0];
        assert_eq!(day.behind.len(), 8);
        assert_eq!(day.behind.last(), Some(&"2026-09-28".parse().unwrap()));
        let starts: Vec<String> = day.halves.iter().map(|half| half.start.to_string()).collect();
        assert_eq!(starts, ["09:00:00", "09:30:00"]);
        assert_eq!((day.halves[0].calls, day.halves[1].calls), (12.0, 0.0));
        assert_eq!(day.halves[0].handle_s, Some(120.0));
        assert_eq!(day.halves[1].needed, Some(0));
        // 24 calls an hour of 120 s are 0.8 Erlang.
        let needed = day.halves[0].needed.unwrap();
        assert!((2..=4).contains(&needed), "{needed}");
        let level = |at: usize| day.halves[0].what_if[at].unwrap().level(plan.wanted.definition).unwrap();
        assert!(level(0) < 0.9 && level(1) > 0.9, "{} {}", level(0), level(1));
    }

    #[test]
    fn nothing_behind_is_no_plan() {
        let memory = Memory::new();
        let plan = plan(&memory, &memory.directory, &request("2026-11-30")).unwrap();
        let half = &plan.days[0].halves[0];
        assert_eq!((half.calls, half.handle_s, half.needed, half.observed.ratio()), (0.0, None, None, None));
    }
}
