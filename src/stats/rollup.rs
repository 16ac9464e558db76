//! Cells kept up to date by changes of facts.
//!
//! Everything about a visit or a transfer belongs to the quarter-hour in which it was offered (or
//! started), so answered never exceeds offered and months are the sums of their days. Each change
//! takes its *was* out of three cells (quarter, day, month) and puts its *is* in; a cell that is
//! not in memory is asked for, so that corrections of any age find theirs.

use std::sync::Arc;

use ahash::{AHashMap, AHashSet};

use crate::call::fact::{Change, JourneyFact, LegFact, UnitJourneyFact, VisitFact, Was};
use crate::directory::{Directory, Queue};
use crate::measure::Moment;
use crate::stats::cell::both;
use crate::stats::period::Calendar;
use crate::stats::{Cell, CellKey, Scope, ScopeKind, Tier, VisitCell};

/// Cells in memory beyond which those of the past are let go after a commit. The model customer
/// touches some 2 000 a day, a national operator some 300 000; the price of one let go too early is
/// one look-up.
const CELLS_MAX: usize = 50_000;
/// Quarter-hours that stay at hand: what is offered now is decided within the hour.
const FRESH_MS: i64 = 2 * 3_600_000;

/// The cells at hand, and which of them the current batch has touched.
#[derive(Debug)]
pub struct Rollup {
    directory: Arc<Directory>,
    calendar: Calendar,
    held: Vec<Held>,
    /// Where in `held` a cell is.
    slots: AHashMap<CellKey, u32>,
    /// Where the three cells of a quarter-hour are, so that a change finds them by one look-up.
    trios: AHashMap<Place, Trio>,
    /// The last of each kind that was asked for: changes of one queue come one after another.
    last: [Option<(Place, Trio)>; ScopeKind::ALL.len()],
    touched: Vec<u32>,
    /// Cells whose longest wait was taken out since the last commit.
    unsure: Vec<u32>,
    /// How many cells there may be before the past is let go: grows with what the present needs.
    cells_max: usize,
}

/// A scope and a moment: where something is counted.
type Place = (Scope, Moment);

/// Slots of the cells of a quarter-hour, its day and its month, in the order of [`Tier::ALL`].
type Trio = [u32; Tier::ALL.len()];

#[derive(Debug)]
struct Held {
    key: CellKey,
    cell: Cell,
    is_touched: bool,
    /// The store knows better: to be asked for again before it is used.
    is_outdated: bool,
}

impl Rollup {
    /// Without any cell at hand.
    pub fn new(directory: Arc<Directory>) -> Self {
        let calendar = Calendar::new(directory.zone());
        Self {
            directory,
            calendar,
            held: Vec::new(),
            slots: AHashMap::new(),
            trios: AHashMap::new(),
            last: [None; ScopeKind::ALL.len()],
            touched: Vec::new(),
            unsure: Vec::new(),
            cells_max: CELLS_MAX,
        }
    }

    /// The calendar that cuts the intervals.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Brings the cells to hand that `changes` are about. `recall` is asked once for all that are not
    /// there and answers with those that are stored, each by its place. May fail, and be tried again,
    /// without harm: nothing is counted here.
    pub fn prepare<'a, E>(
        &mut self,
        changes: impl Iterator<Item = &'a Change>,
        recall: impl FnOnce(&[CellKey]) -> Result<Vec<(usize, Cell)>, E>,
    ) -> Result<(), E> {
        let (mut asked, mut missing) = (AHashSet::new(), Vec::new());
        for change in changes {
            let (from, to) = places(change);
            for (scope, at) in from.into_iter().chain(to.filter(|_| to != from)) {
                if self.known_trio(scope, at).is_none() {
                    let keys = Tier::ALL.map(|tier| CellKey { scope, tier, start: self.calendar.start(tier, at) });
                    let unknown = keys.into_iter().filter(|key| self.get(key).is_none());
                    missing.extend(unknown.filter(|key| asked.insert(*key)));
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let stored = recall(&missing)?;
        for key in &missing {
            self.hold(*key, empty(&self.directory, *key));
        }
        for (at, cell) in stored {
            self.hold(missing[at], cell);
        }
        Ok(())
    }

    /// Counts one change; its cells have been brought to hand by [`Rollup::prepare`].
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Visit(Was { was, is }) => {
                self.count(was.as_ref(), is.as_ref(), visit_place, |was, is, cell, queue| {
                    if let (Cell::Visits(cell), Some(queue)) = (cell, queue) {
                        cell.count_visit(was, is, queue);
                    }
                });
            }
            Change::Journey(Was { was, is }) => {
                self.count(was.as_ref(), is.as_ref(), journey_place, |was, is, cell, queue| {
                    if let (Cell::Visits(cell), Some(queue)) = (cell, queue) {
                        cell.count_journey(was, is, queue);
                    }
                });
            }
            Change::Leg(Was { was, is }) => self.count(was.as_ref(), is.as_ref(), leg_place, |was, is, cell, _| {
                if let Cell::Legs(counts) = cell {
                    both(was, is).for_each(|(leg, sign)| counts.count_leg(leg, sign));
                }
            }),
            Change::UnitJourney(Was { was, is }) => {
                self.count(was.as_ref(), is.as_ref(), unit_journey_place, |was, is, cell, _| {
                    if let Cell::Legs(counts) = cell {
                        both(was, is).for_each(|(journey, sign)| counts.count_journey(journey, sign));
                    }
                });
            }
        }
    }

    /// Takes `was` out of the three cells of its place and puts `is` into those of its own, which are
    /// the same as a rule.
    fn count<T>(
        &mut self,
        was: Option<&T>,
        is: Option<&T>,
        place: fn(&T) -> Place,
        count: impl Fn(Option<&T>, Option<&T>, &mut Cell, Option<&Queue>),
    ) {
        let (from, to) = (was.map(place), is.map(place));
        if from == to {
            self.each_tier(to, |cell, queue| count(was, is, cell, queue));
        } else {
            self.each_tier(from, |cell, queue| count(was, None, cell, queue));
            self.each_tier(to, |cell, queue| count(None, is, cell, queue));
        }
    }

    fn each_tier(&mut self, place: Option<Place>, change: impl Fn(&mut Cell, Option<&Queue>)) {
        let Some((scope, at)) = place else { return };
        let trio = self.trio(scope, at);
        let queue = match scope {
            Scope::Queue(id) | Scope::Calls(id) => Some(self.directory.queue(id)),
            Scope::Unit(_) => None,
        };
        for slot in trio {
            let held = &mut self.held[slot as usize];
            if !held.is_touched {
                held.is_touched = true;
                self.touched.push(slot);
            }
            let was_sure = held.cell.is_sure();
            change(&mut held.cell, queue);
            if was_sure && !held.cell.is_sure() {
                self.unsure.push(slot);
            }
        }
    }

    /// The three cells of `at`, where all are at hand and have been used together before.
    fn known_trio(&self, scope: Scope, at: Moment) -> Option<Trio> {
        let place = (scope, self.calendar.start(Tier::Quarter, at));
        let last = self.last[scope.kind() as usize].filter(|(known, _)| *known == place);
        let trio = last.map(|(_, trio)| trio).or_else(|| self.trios.get(&place).copied());
        trio.filter(|trio| trio.iter().all(|slot| !self.held[*slot as usize].is_outdated))
    }

    /// The three cells of `at`; those that are not at hand are new.
    fn trio(&mut self, scope: Scope, at: Moment) -> Trio {
        let place = (scope, self.calendar.start(Tier::Quarter, at));
        if let Some(trio) = self.known_trio(scope, at) {
            self.last[scope.kind() as usize] = Some((place, trio));
            return trio;
        }
        let mut trio = Trio::default();
        for (tier, slot) in Tier::ALL.into_iter().zip(&mut trio) {
            let key = CellKey { scope, tier, start: self.calendar.start(tier, at) };
            *slot = match self.slots.get(&key) {
                Some(slot) if !self.held[*slot as usize].is_outdated => *slot,
                _ => self.hold(key, empty(&self.directory, key)),
            };
        }
        self.trios.insert(place, trio);
        trio
    }

    /// Puts a cell at hand, in the place of an outdated one if there is one.
    fn hold(&mut self, key: CellKey, cell: Cell) -> u32 {
        let held = Held { key, cell, is_touched: false, is_outdated: false };
        if let Some(slot) = self.slots.get(&key) {
            self.held[*slot as usize] = held;
            return *slot;
        }
        let slot = self.held.len() as u32;
        self.held.push(held);
        self.slots.insert(key, slot);
        slot
    }

    /// A cell at hand.
    pub fn get(&self, key: &CellKey) -> Option<&Cell> {
        let held = &self.held[*self.slots.get(key)? as usize];
        (!held.is_outdated).then_some(&held.cell)
    }

    /// Puts a stored cell at hand, unless one is there already.
    pub fn put(&mut self, key: CellKey, cell: Cell) {
        if self.get(&key).is_none() {
            self.hold(key, cell);
        }
    }

    /// The cells that changed since [`Rollup::committed`], with their present content.
    pub fn touched(&self) -> impl Iterator<Item = (&CellKey, &Cell)> {
        self.touched.iter().map(|slot| &self.held[*slot as usize]).map(|held| (&held.key, &held.cell))
    }

    /// What was touched is stored. Cells whose maxima the store looked up anew are to be asked for
    /// again; and past days are let go when there are too many. `today` is the present.
    pub fn committed(&mut self, today: Moment) {
        for slot in self.touched.drain(..) {
            self.held[slot as usize].is_touched = false;
        }
        for slot in self.unsure.drain(..) {
            self.held[slot as usize].is_outdated = true;
        }
        if self.held.len() > self.cells_max {
            self.let_go_of_the_past(today);
        }
    }

    fn let_go_of_the_past(&mut self, today: Moment) {
        let (day, month) = (self.calendar.start(Tier::Day, today), self.calendar.start(Tier::Month, today));
        let fresh = today.plus_ms(-FRESH_MS);
        let month_before = self.calendar.start(Tier::Month, month.plus_ms(-1));
        self.held.retain(|held| match (held.key.tier, held.key.scope) {
            _ if held.is_outdated => false,
            // The month before sets the budget of this one.
            (Tier::Month, Scope::Queue(_)) => held.key.start >= month_before,
            (Tier::Month, _) => held.key.start >= month,
            // The board shows today's quarter-hours of the queues.
            (Tier::Day, _) | (Tier::Quarter, Scope::Queue(_)) => held.key.start >= day,
            (Tier::Quarter, _) => held.key.start >= fresh,
        });
        self.trios.clear();
        self.last = [None; ScopeKind::ALL.len()];
        self.slots.clear();
        self.slots.extend(self.held.iter().zip(0..).map(|(held, slot)| (held.key, slot)));
        self.cells_max = CELLS_MAX.max(self.held.len() * 2);
    }

    /// Nothing was stored: all cells stay at hand.
    pub fn kept(&mut self) {
        for slot in self.touched.drain(..) {
            self.held[slot as usize].is_touched = false;
        }
    }

    /// How many cells are at hand.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

fn visit_place(fact: &VisitFact) -> Place {
    (Scope::Queue(fact.queue), fact.offered)
}

fn journey_place(fact: &JourneyFact) -> Place {
    (Scope::Calls(fact.queue), fact.offered)
}

fn leg_place(fact: &LegFact) -> Place {
    (Scope::Unit(fact.unit), fact.started)
}

fn unit_journey_place(fact: &UnitJourneyFact) -> Place {
    (Scope::Unit(fact.unit), fact.started)
}

/// Where a change takes out and where it puts in.
fn places(change: &Change) -> (Option<Place>, Option<Place>) {
    fn both<T>(change: &Was<T>, place: fn(&T) -> Place) -> (Option<Place>, Option<Place>) {
        (change.was.as_ref().map(place), change.is.as_ref().map(place))
    }
    match change {
        Change::Visit(change) => both(change, visit_place),
        Change::Journey(change) => both(change, journey_place),
        Change::Leg(change) => both(change, leg_place),
        Change::UnitJourney(change) => both(change, unit_journey_place),
    }
}

/// An empty cell, with the thresholds that hold in its interval.
pub fn empty(directory: &Directory, key: CellKey) -> Cell {
    match key.scope {
        Scope::Queue(queue) | Scope::Calls(queue) => {
            Cell::Visits(Box::new(VisitCell::of_queue(directory.queue(queue).at(key.start))))
        }
        Scope::Unit(_) => Cell::Legs(Box::default()),
    }
}
