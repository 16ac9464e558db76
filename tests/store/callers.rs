//! Callers that are made up, what a switch says of them, and what they come to by plain counting.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use servicegrad::call::TrackerSettings;
use servicegrad::clock::Clock;
use servicegrad::directory::Directory;
use servicegrad::engine::{Engine, Intake};
use servicegrad::event::body;
use servicegrad::measure::{Moment, Wait};
use servicegrad::names::{QueueId, SourceId};
use servicegrad::simulate::random::Chance;
use servicegrad::source::Batch;
use servicegrad::stats::{Cell, Scope, ScopeKind, Tier, Waits};
use servicegrad::store::{self, Reader, Sight, StoreSettings};

use crate::program::{Daemon, until};
use crate::stores::Fresh;
use crate::week::{directory_of, told};

pub const QUEUES: [&str; 2] = ["kundtjanst", "itsupport"];
/// The longest wait of a short abandon, ms.
const SHORT_MS: i64 = 5_000;

/// What became of a caller, as it was made up.
#[derive(Clone, Debug)]
pub struct Caller {
    pub queue: usize,
    pub offered: Moment,
    pub end: End,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    StillWaiting,
    StillTalking { wait_ms: i64 },
    Answered { wait_ms: i64, talk_ms: i64, sent_on: Option<bool> },
    Left { wait_ms: i64, how: &'static str },
}

/// The plan of a run: batches of lines, in the order in which they are to be posted.
pub struct Plan {
    pub callers: Vec<Caller>,
    chance: Chance,
    /// Lines that are held back, with how many batches they wait.
    late: VecDeque<(usize, String)>,
    /// Batches as they were first posted.
    pub posted: Vec<(Moment, String)>,
}

impl Plan {
    pub fn new(seed: u64) -> Self {
        Self { callers: Vec::new(), chance: Chance::new(seed), late: VecDeque::new(), posted: Vec::new() }
    }

    /// A batch of some callers who came in the last minutes, with repetitions, out of order, some of it
    /// to come later.
    pub fn batch(&mut self, now: Moment) -> String {
        let mut lines = Vec::new();
        for _ in 0..self.chance.between(1.0, 40.0) as usize {
            let caller = self.caller(now);
            lines.extend(told_of(&caller, self.callers.len()));
            self.callers.push(caller);
        }
        let mut batch = Vec::new();
        for line in lines {
            if self.chance.is(0.1) {
                batch.push(line.clone());
            }
            if self.chance.is(0.1) {
                let wait = self.chance.between(1.0, 6.0) as usize;
                self.late.push_back((wait, line));
            } else {
                batch.push(line);
            }
        }
        for _ in 0..self.late.len() {
            let Some((wait, line)) = self.late.pop_front() else { break };
            if wait == 0 { batch.push(line) } else { self.late.push_back((wait - 1, line)) }
        }
        for at in (1..batch.len()).rev() {
            let other = self.chance.between(0.0, at as f64 + 0.999) as usize;
            batch.swap(at, other);
        }
        let batch = batch.join("\n");
        self.posted.push((now, batch.clone()));
        batch
    }

    /// What is still held back.
    pub fn rest(&mut self, now: Moment) -> String {
        let batch: Vec<String> = self.late.drain(..).map(|(_, line)| line).collect();
        self.posted.push((now, batch.join("\n")));
        batch.join("\n")
    }

    fn caller(&mut self, now: Moment) -> Caller {
        let chance = &mut self.chance;
        let wait_ms = if chance.is(0.05) { 30_000 } else { chance.between(0.0, 90_000.0) as i64 };
        let talk_ms = chance.between(1_000.0, 60_000.0) as i64;
        let end = match chance.between(0.0, 100.0) as u32 {
            0..5 => End::StillWaiting,
            5..10 => End::StillTalking { wait_ms },
            10..25 => End::Left { wait_ms: if chance.is(0.3) { wait_ms / 20 } else { wait_ms }, how: "abandoned" },
            25..30 => End::Left { wait_ms, how: "key_exit" },
            30..34 => End::Left { wait_ms, how: "overflowed" },
            _ => End::Answered { wait_ms, talk_ms, sent_on: chance.is(0.4).then(|| chance.is(0.7)) },
        };
        let ago_ms = 160_000 + chance.between(0.0, 120_000.0) as i64;
        Caller { queue: usize::from(chance.is(0.4)), offered: now.plus_ms(-ago_ms), end }
    }
}

/// The lines that a switch would send of a caller.
pub fn told_of(caller: &Caller, number: usize) -> Vec<String> {
    let queue = QUEUES[caller.queue];
    let mut lines = Vec::new();
    let mut say = |after_ms: i64, kind: &str, more: String| {
        let time = caller.offered.plus_ms(after_ms).to_utc().to_rfc3339();
        let id = format!("{number}-{}", lines.len());
        lines.push(format!(r#"{{"id":"{id}","time":"{time}","type":"{kind}","call":"k{number}"{more}}}"#));
    };
    let in_queue = format!(r#","queue":"{queue}""#);
    say(0, "visit.entered", in_queue.clone());
    match caller.end {
        End::StillWaiting => {}
        End::StillTalking { wait_ms } => say(wait_ms, "visit.answered", in_queue),
        End::Left { wait_ms, how } => {
            say(wait_ms, "visit.left", format!(r#"{in_queue},"outcome":"{how}""#));
            say(wait_ms, "call.ended", String::new());
        }
        End::Answered { wait_ms, talk_ms, sent_on } => {
            say(wait_ms, "visit.answered", in_queue.clone());
            let end = wait_ms + talk_ms;
            let by = if sent_on.is_some() { "transfer" } else { "caller" };
            say(end, "conversation.ended", format!(r#"{in_queue},"by":"{by}""#));
            if let Some(is_answered) = sent_on {
                let sent = format!(r#"{in_queue},"transfer":"t","kind":"blind","target":"{}""#, 1_000 + number % 9_000);
                say(end, "transfer.started", sent);
                if is_answered {
                    say(end + 7_000, "transfer.answered", r#","transfer":"t","answered_by":"person""#.to_owned());
                } else {
                    say(end + 7_000, "transfer.failed", r#","transfer":"t","result":"busy""#.to_owned());
                }
            }
            say(end + 8_000, "call.ended", String::new());
        }
    }
    lines
}

/// Counts of the callers of a queue, by plain filtering.
pub fn plainly(plan: &Plan, queue: usize) -> BTreeMap<&'static str, i64> {
    let all: Vec<&Caller> = plan.callers.iter().filter(|caller| caller.queue == queue).collect();
    let count = |is: &dyn Fn(End) -> bool| all.iter().filter(|caller| is(caller.end)).count() as i64;
    let answered_within = |limit_ms: i64| {
        count(&|end| match end {
            End::Answered { wait_ms, .. } | End::StillTalking { wait_ms } => wait_ms <= limit_ms,
            _ => false,
        })
    };
    let left = |how: &'static str| count(&|end| matches!(end, End::Left { how: its, .. } if its == how));
    let short = count(&|end| matches!(end, End::Left { wait_ms, how: "abandoned" } if wait_ms <= SHORT_MS));
    BTreeMap::from([
        ("offered", all.len() as i64),
        ("open", count(&|end| end == End::StillWaiting)),
        ("answered", answered_within(i64::MAX)),
        ("within_30", answered_within(30_000)),
        ("within_60", answered_within(60_000)),
        ("abandoned", left("abandoned")),
        ("short_abandoned", short),
        ("key_exit", left("key_exit")),
        ("overflowed", left("overflowed")),
    ])
}

/// The same from the stored cells of a tier, and the waits of the answered.
pub fn stored(reader: &dyn Reader, tier: Tier, queue: usize) -> (BTreeMap<&'static str, i64>, Waits, i64) {
    let (mut sum, mut waits) = (BTreeMap::<&'static str, i64>::new(), Waits::default());
    let mut cells = 0;
    for (key, cell) in reader.cells(&Sight::ALL, ScopeKind::Queue, tier, Moment(0), Moment(i64::MAX)).unwrap() {
        let Cell::Visits(cell) = cell else { continue };
        if key.scope != Scope::Queue(QueueId(queue as u32)) {
            continue;
        }
        let counts = &cell.counts;
        let within = |ms: u32| counts.thresholds.iter().find(|at| at.threshold_ms == ms).map_or(0, |at| at.within);
        for (name, count) in [
            ("offered", counts.offered),
            ("open", counts.open),
            ("answered", counts.answered),
            ("within_30", within(30_000)),
            ("within_60", within(60_000)),
            ("abandoned", counts.abandoned),
            ("short_abandoned", counts.short_abandoned),
            ("key_exit", counts.key_exit),
            ("overflowed", counts.overflowed),
        ] {
            *sum.entry(name).or_default() += count;
        }
        waits.merge(&cell.waits);
        cells += 1;
    }
    (sum, waits, cells)
}

/// The waits of the answered, one by one.
pub fn waits_of(plan: &Plan, queue: usize) -> Waits {
    let mut waits = Waits::default();
    for caller in plan.callers.iter().filter(|caller| caller.queue == queue) {
        if let End::Answered { wait_ms, .. } | End::StillTalking { wait_ms } = caller.end {
            waits.add(Wait::from_ms(wait_ms));
        }
    }
    waits
}

/// An engine that takes every batch once, when it was first posted, and is never disturbed.
pub fn undisturbed(plan: &Plan, settings: &StoreSettings, directory: &Arc<Directory>) {
    let clock = Clock::standing_at(plan.posted[0].0);
    let store = store::open(settings, directory).unwrap();
    let mut engine = Engine::open(Arc::clone(directory), TrackerSettings::default(), store, clock.clone()).unwrap();
    for (at, batch) in &plan.posted {
        clock.set(*at);
        let items = body::read(batch.as_bytes(), *at, 1_000_000).unwrap();
        let events = items.into_iter().map(|item| item.event.unwrap()).collect();
        engine.take(&mut Intake::new(Batch { events, caught_up: true, ..Batch::of(SourceId(0)) })).unwrap();
        engine.commit().unwrap();
    }
}

/// What only a start reads: totals, sources, calls of which more is expected.
pub fn kept(settings: &StoreSettings, directory: &Arc<Directory>) -> impl PartialEq + std::fmt::Debug {
    let mut store = store::open(settings, directory).unwrap();
    let restored = store.restore(Moment(i64::MAX)).unwrap();
    let mut queues = servicegrad::call::testimony::SwitchQueues::default();
    let mut open: Vec<String> = Vec::new();
    for (key, bytes) in &restored.open_calls {
        let mut call = store::saved::from_bytes(bytes, key, &mut queues, directory).unwrap();
        call.testimonies.sort_by_key(|testimony| testimony.id);
        let ids: Vec<_> = call.testimonies.iter().map(|testimony| testimony.id).collect();
        open.push(format!("{} {ids:?} {:?}", key.call, call.facts));
    }
    open.sort();
    let sources: Vec<_> = restored
        .sources
        .iter()
        .map(|(name, state)| (name.clone(), state.newest, state.accepted, state.backfilled, state.unmeasured))
        .collect();
    let (mut queue_totals, mut unit_totals) = (restored.queue_totals, restored.unit_totals);
    queue_totals.sort_by_key(|(id, _)| *id);
    unit_totals.sort_by_key(|(id, _)| *id);
    (sources, queue_totals, unit_totals, open)
}

/// Whether the counters of a daemon are those of the plan, now or soon. An end that comes before its
/// answer is counted as it looked then, by design: those counters are held against an undisturbed engine.
pub fn counters_come_to(daemon: &Daemon, plan: &Plan) {
    for (queue, name) in QUEUES.iter().enumerate() {
        let offered = format!("servicegrad_calls_offered_total{{queue=\"{name}\"}}");
        let expected = plainly(plan, queue)["offered"] as f64;
        until(&offered, || daemon.metric(&offered) == Some(expected));
    }
}

/// The rollups are what plain counting says.
pub fn rollups_come_to(settings: &StoreSettings, plan: &Plan) {
    let directory = directory_of("hook");
    let reader = store::open_reader(settings, &directory).unwrap();
    for (queue, name) in QUEUES.iter().enumerate() {
        for tier in Tier::ALL {
            let (counts, waits, cells) = stored(&*reader, tier, queue);
            assert_eq!(counts, plainly(plan, queue), "{name} {tier:?} over {cells} cells");
            assert_eq!(waits.to_bytes(), waits_of(plan, queue).to_bytes(), "{name} {tier:?}");
        }
    }
}

/// What is stored is what plain counting says, and what an undisturbed engine says.
pub fn store_comes_to(settings: &StoreSettings, plan: &Plan) {
    rollups_come_to(settings, plan);
    let directory = directory_of("hook");
    let calm = Fresh::sqlite();
    undisturbed(plan, &calm.settings, &directory);
    assert_eq!(kept(settings, &directory), kept(&calm.settings, &directory));
    assert_eq!(told(settings, &directory), told(&calm.settings, &directory));
}
