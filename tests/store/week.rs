//! A week of a simulated switchboard, as an engine over a store takes it.

use std::sync::Arc;

use servicegrad::call::TrackerSettings;
use servicegrad::clock::Clock;
use servicegrad::directory::{Directory, OrganisationSettings, QueueSettings, UnitRow, Units};
use servicegrad::engine::{Engine, Intake};
use servicegrad::event::CallEvent;
use servicegrad::measure::Moment;
use servicegrad::names::SourceId;
use servicegrad::simulate::random::Chance;
use servicegrad::simulate::{Scenario, Switchboard};
use servicegrad::source::batch::Batch;
use servicegrad::stats::{Cell, CellKey, ScopeKind, Tier};
use servicegrad::store::{self, Page, Reader, Sight, StoreSettings};

/// A connection that has ended is noticed at its first use; the next one is new.
const TRIES: usize = 3;

pub const ZONE: chrono_tz::Tz = chrono_tz::Europe::Stockholm;

pub fn directory() -> Arc<Directory> {
    directory_of("vaxel")
}

/// Two queues fed by this source, two units.
pub fn directory_of(source: &str) -> Arc<Directory> {
    let queues = ["kundtjanst", "itsupport"].map(|name| QueueSettings::named(name).check(ZONE, Some("SE")).unwrap());
    let organisation = OrganisationSettings { name: "lycksele".into(), title: None };
    let unit = |from: &str, to: &str, unit: &str| UnitRow {
        from: from.into(),
        to: to.into(),
        unit: unit.into(),
        title: String::new(),
        organisation: organisation.name.clone(),
        valid_from: String::new(),
        valid_to: String::new(),
    };
    let rows = [unit("1000", "4999", "lag"), unit("5000", "9999", "hog")];
    let units = Units::check(std::slice::from_ref(&organisation), &rows, ZONE).unwrap();
    Arc::new(Directory::new(ZONE, vec![source.into()], queues.into(), units).unwrap())
}

pub fn monday() -> Moment {
    chrono::DateTime::parse_from_rfc3339("2026-03-30T00:00:00+02:00").unwrap().into()
}

/// Events of `days` days from the Monday before the end of March: two months, two partitions.
pub fn events(days: i64, seed: u64) -> Vec<CallEvent> {
    let mut board = Switchboard::new(Scenario::municipal(), seed, monday());
    board.advance(monday().plus_ms(days * 24 * 3_600_000)).into_iter().map(|told| told.event).collect()
}

/// The same with every tenth event again, and some carried far back.
pub fn disturbed(events: &[CallEvent], seed: u64) -> Vec<CallEvent> {
    let mut chance = Chance::new(seed);
    let mut all: Vec<CallEvent> = Vec::new();
    for event in events {
        all.push(event.clone());
        if chance.is(0.1) {
            all.push(event.clone());
        }
    }
    for at in 1..all.len() {
        if chance.is(0.05) {
            let back = chance.between(1.0, 400.0) as usize;
            all.swap(at, at.saturating_sub(back));
        }
    }
    all
}

pub fn engine(settings: &StoreSettings, directory: &Arc<Directory>) -> Engine {
    let store = store::open(settings, directory).unwrap();
    let clock = Clock::standing_at(monday().plus_ms(30 * 24 * 3_600_000));
    Engine::open(Arc::clone(directory), TrackerSettings::default(), store, clock).unwrap().importing()
}

pub fn take(engine: &mut Engine, events: &[CallEvent]) {
    let mut intake = Intake::new(Batch { events: events.to_vec(), ..Batch::of(SourceId(0)) });
    engine.take(&mut intake).unwrap();
    engine.expire();
    engine.commit().unwrap();
}

/// The same with a store that may fail at any statement, as the daemon does it: what failed is tried
/// again, on the very intake that was begun.
pub fn take_stubbornly(engine: &mut Engine, events: &[CallEvent]) {
    let mut intake = Intake::new(Batch { events: events.to_vec(), ..Batch::of(SourceId(0)) });
    stubbornly(|| engine.take(&mut intake));
    engine.expire();
    stubbornly(|| engine.commit());
}

fn stubbornly(mut attempt: impl FnMut() -> Result<(), store::StoreError>) {
    let failures = std::iter::from_fn(|| attempt().err()).take(TRIES);
    let told: Vec<String> = failures.map(|error| error.to_string()).collect();
    assert!(told.len() < TRIES, "{told:?}");
}

/// Everything that a report can be made from.
#[derive(Debug, PartialEq)]
pub struct Told {
    cells: Vec<(CellKey, Cell)>,
    visits: Vec<store::VisitRow>,
    legs: Vec<store::LegRow>,
    quality: store::Quality,
    has_open: bool,
}

impl Told {
    pub fn offered(&self) -> usize {
        self.visits.len()
    }

    pub fn cells_of(&self, tier: Tier) -> Vec<&(CellKey, Cell)> {
        self.cells.iter().filter(|(key, _)| key.tier == tier).collect()
    }

    /// What could not be used, by reason.
    pub fn refused(&self) -> &[(String, i64)] {
        &self.quality.dead_letters
    }
}

pub fn told(settings: &StoreSettings, directory: &Arc<Directory>) -> Told {
    let reader: Box<dyn Reader> = store::open_reader(settings, directory).unwrap();
    let (from, until) = (Moment(0), Moment(i64::MAX));
    let mut cells = Vec::new();
    for kind in ScopeKind::ALL {
        for tier in Tier::ALL {
            cells.extend(reader.cells(&Sight::ALL, kind, tier, from, until).unwrap());
        }
    }
    cells.sort_by_key(|(key, _)| *key);
    // A cell that was filled and emptied again says the same as one that never was.
    cells.retain(|(_, cell)| match cell {
        Cell::Visits(cell) => cell.counts.values().iter().any(|count| *count != 0),
        Cell::Legs(counts) => counts.values().iter().any(|count| *count != 0),
    });
    let queues = (0..directory.queues().len()).map(|at| servicegrad::names::QueueId(at as u32));
    let page = Page::first(1_000_000);
    let visits = queues.flat_map(|queue| reader.visits(&Sight::ALL, queue, from, until, &page).unwrap()).collect();
    let units = (0..directory.units().len()).map(|at| servicegrad::names::UnitId(at as u32));
    let legs = units.flat_map(|unit| reader.legs(&Sight::ALL, unit, from, until, &page).unwrap()).collect();
    Told {
        cells,
        visits,
        legs,
        quality: reader.quality(from, until).unwrap(),
        has_open: reader.has_open(from, until).unwrap(),
    }
}
