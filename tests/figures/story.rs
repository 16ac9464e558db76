//! Stories: events as a telephonist would write them down, and the figures that come of them.
//!
//! A line is `time call what key=value…`, for instance `08:00:02.500 a answered 600`.

use std::sync::Arc;

use servicegrad::call::TrackerSettings;
use servicegrad::clock::Clock;
use servicegrad::directory::{Directory, OrganisationSettings, Queue, QueueSettings, SwitchQueue, UnitRow, Units};
use servicegrad::engine::{Engine, Intake};
use servicegrad::event::kind::VisitLabel;
use servicegrad::event::{
    AnsweredBy, CallEvent, EndedBy, EventId, EventKind, Evidence, LeftOutcome, RefusedReason, Stamp, TransferKind,
    TransferResult,
};
use servicegrad::measure::{Moment, Talk, Wait};
use servicegrad::names::SourceId;
use servicegrad::source::batch::Batch;
use servicegrad::stats::{Cell, CellKey, Counts, LegCounts, ScopeKind, Tier, VisitCell};
use servicegrad::store::{self, StoreSettings};

pub(crate) const ZONE: chrono_tz::Tz = chrono_tz::Europe::Stockholm;
pub(crate) const DAY: &str = "2026-03-02";

/// A moment of the day that stories happen on, `08:00:00` or `08:00:00.250`, local time.
pub(crate) fn at(time: &str) -> Moment {
    let wall: chrono::NaiveDateTime = format!("{DAY}T{time}").parse().unwrap();
    chrono::TimeZone::from_local_datetime(&ZONE, &wall).unwrap().into()
}

/// Two measured queues on one switch: `kundtjanst` fed by 600 and 601, `itsupport` by 650, with
/// changes made by `adjust`; three units of two organisations.
pub(crate) fn directory(adjust: impl Fn(&mut QueueSettings)) -> Arc<Directory> {
    let queue = |name: &str, fed_by: &[&str]| -> Queue {
        let mut settings = QueueSettings::named(name);
        let feed = |queue: &&str| SwitchQueue { source: "vaxel".into(), queue: (*queue).into() };
        settings.from = fed_by.iter().map(feed).collect();
        adjust(&mut settings);
        settings.check(ZONE, Some("SE")).unwrap()
    };
    let organisations: Vec<OrganisationSettings> =
        ["lycksele", "asele"].map(|name| OrganisationSettings { name: name.into(), title: None }).into();
    let unit = |from: &str, to: &str, unit: &str, organisation: &str| UnitRow {
        from: from.into(),
        to: to.into(),
        unit: unit.into(),
        title: String::new(),
        organisation: organisation.into(),
        valid_from: String::new(),
        valid_to: String::new(),
    };
    let rows = [
        unit("7100", "7199", "social", "lycksele"),
        unit("7300", "", "skola", "lycksele"),
        unit("7400", "", "teknik", "asele"),
    ];
    let units = Units::check(&organisations, &rows, ZONE).unwrap();
    let queues = vec![queue("kundtjanst", &["600", "601"]), queue("itsupport", &["650"])];
    Arc::new(Directory::new(ZONE, vec!["vaxel".into()], queues, units).unwrap())
}

/// Reads a story.
pub(crate) fn events(story: &str) -> Vec<CallEvent> {
    story.lines().map(str::trim).filter(|line| !line.is_empty()).map(event).collect()
}

fn event(line: &str) -> CallEvent {
    let words: Vec<&str> = line.split_whitespace().collect();
    let value = |key: &str| words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    let ms = |key: &str| value(key).map(|seconds| (seconds.parse::<f64>().unwrap() * 1000.0) as i64);
    let wait = ms("wait").map(Wait::from_ms);
    let visit = value("visit").map(|label| VisitLabel(label.parse().unwrap()));
    let word = |place: usize| words.get(place).copied().unwrap_or_default();
    let queue = || word(3).into();
    let transfer = || value("transfer").unwrap_or("t").into();
    let kind = match word(2) {
        "arrived" => EventKind::CallStarted { dialled: None, is_part: false },
        "entered" => EventKind::VisitEntered { queue: queue(), visit },
        "refused" => EventKind::VisitRefused { queue: queue(), reason: RefusedReason::parse(word(4)).unwrap() },
        "answered" => EventKind::VisitAnswered { queue: queue(), visit, agent: None, wait, ring: None },
        "left" => EventKind::VisitLeft { queue: queue(), visit, outcome: LeftOutcome::parse(word(4)).unwrap(), wait },
        "over" => EventKind::ConversationEnded {
            queue: value("queue").map(Into::into),
            talk: ms("talk").map(Talk::from_ms),
            wait,
            by: value("by").and_then(EndedBy::parse),
        },
        "sent" => EventKind::TransferStarted {
            transfer: transfer(),
            kind: TransferKind::parse(value("kind").unwrap_or("blind")).unwrap(),
            target: word(3).into(),
            queue: value("queue").map(Into::into),
            agent: None,
        },
        "rings" => EventKind::TransferRinging { transfer: transfer() },
        "forwards" => EventKind::TransferForwarded { transfer: transfer(), target: word(3).into() },
        "taken" => EventKind::TransferAnswered { transfer: transfer(), by: AnsweredBy::parse(word(3)).unwrap() },
        "failed" => EventKind::TransferFailed { transfer: transfer(), result: TransferResult::parse(word(3)).unwrap() },
        "ended" => EventKind::CallEnded { by: value("by").and_then(EndedBy::parse) },
        "started" => EventKind::SourceStarted,
        "stopped" => EventKind::SourceStopped,
        "missed" => EventKind::AgentMissed { queue: queue(), agent: "a".into(), ring: None },
        other => panic!("`{other}` in `{line}`"),
    };
    let mut stamp = Stamp::live(at(word(0)));
    if words.contains(&"coarse") {
        stamp.precision_ms = 1000;
    }
    if words.contains(&"journal") {
        stamp.precision_ms = 1000;
        stamp.evidence = Evidence::Journal;
    }
    let call = if kind.is_about_call() { word(1).into() } else { "".into() };
    CallEvent { id: EventId::of(&[line.as_bytes()]), stamp, source: None, call, kind }
}

/// A daemon's heart over a store in a folder of its own; can be stopped and started again.
pub(crate) struct House {
    folder: tempfile::TempDir,
    directory: Arc<Directory>,
    engine: Option<Engine>,
    pub clock: Clock,
}

impl House {
    pub(crate) fn new(directory: Arc<Directory>) -> Self {
        let memory = std::path::Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let clock = Clock::standing_at(at("23:00:00"));
        let mut house = Self { folder: folder.unwrap(), directory, engine: None, clock };
        house.restart();
        house
    }

    fn settings(&self) -> StoreSettings {
        StoreSettings::at(&format!("sqlite:{}", self.folder.path().join("figures.db").display()))
    }

    /// Stops without a word and starts from what is stored.
    pub(crate) fn restart(&mut self) {
        self.engine = None;
        let store = store::open(&self.settings(), &self.directory).unwrap();
        let engine = Engine::open(Arc::clone(&self.directory), TrackerSettings::default(), store, self.clock.clone());
        self.engine = Some(engine.unwrap().importing());
    }

    pub(crate) fn take(&mut self, events: &[CallEvent]) {
        let engine = self.engine.as_mut().unwrap();
        let mut intake = Intake::new(Batch { events: events.to_vec(), ..Batch::of(SourceId(0)) });
        engine.take(&mut intake).unwrap();
        engine.expire();
        engine.commit().unwrap();
    }

    pub(crate) fn end(&mut self) {
        self.engine.as_mut().unwrap().end_import(SourceId(0)).unwrap();
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    pub(crate) fn reader(&self) -> Box<dyn store::Reader> {
        store::open_reader(&self.settings(), &self.directory).unwrap()
    }

    fn cells(&self, kind: ScopeKind, tier: Tier) -> Vec<(CellKey, Cell)> {
        self.reader().cells(&store::Sight::ALL, kind, tier, Moment(i64::MIN), Moment(i64::MAX)).unwrap()
    }

    /// Every stored cell.
    pub(crate) fn all_cells(&self) -> Vec<(CellKey, Cell)> {
        let kinds = ScopeKind::ALL;
        let each = kinds.into_iter().flat_map(|kind| Tier::ALL.map(|tier| self.cells(kind, tier)));
        // A cell that was filled and emptied again says the same as one that never was.
        each.flatten().filter(|(_, cell)| !is_zero(cell)).collect()
    }

    /// Whole days' figures of a queue, added up.
    pub(crate) fn queue(&self, name: &str) -> VisitCell {
        self.sum(ScopeKind::Queue, name)
    }

    /// Whole days' figures of the calls that began in a queue.
    pub(crate) fn calls(&self, name: &str) -> VisitCell {
        self.sum(ScopeKind::Calls, name)
    }

    fn sum(&self, kind: ScopeKind, name: &str) -> VisitCell {
        let id = self.directory.queue_named(name).unwrap();
        let mut sum = VisitCell::of_queue(self.directory.queue(id));
        for (key, cell) in self.cells(kind, Tier::Day) {
            let is_ours = matches!(key.scope, servicegrad::stats::Scope::Queue(q) | servicegrad::stats::Scope::Calls(q) if q == id);
            if let (Cell::Visits(cell), true) = (cell, is_ours) {
                sum.merge(&cell);
            }
        }
        sum
    }

    /// Figures of a unit.
    pub(crate) fn unit(&self, name: &str) -> LegCounts {
        let id = self.directory.unit_named(name).unwrap();
        let mut sum = LegCounts::default();
        for (key, cell) in self.cells(ScopeKind::Unit, Tier::Day) {
            if let (Cell::Legs(counts), true) = (cell, key.scope == servicegrad::stats::Scope::Unit(id)) {
                sum.combine(&counts, 1);
            }
        }
        sum
    }
}

fn is_zero(cell: &Cell) -> bool {
    match cell {
        Cell::Visits(cell) => cell.counts.values().iter().all(|count| *count == 0),
        Cell::Legs(counts) => counts.values().iter().all(|count| *count == 0),
    }
}

/// What a story comes to, its end being seen.
pub(crate) fn told(story: &str) -> House {
    told_with(story, |_| {})
}

/// The same with other settings of the queues.
pub(crate) fn told_with(story: &str, adjust: impl Fn(&mut QueueSettings)) -> House {
    let mut house = House::new(directory(adjust));
    house.take(&events(story));
    house.end();
    house
}

/// The counts that are not zero, in words: `offered 3, answered 2, abandoned 1`.
pub(crate) fn words(counts: &Counts) -> String {
    const SAID: usize = 15;
    let each = Counts::NAMES.iter().zip(counts.values()).take(SAID).filter(|(_, count)| *count != 0);
    each.map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}
