//! Cells kept up to date by changes of facts.
//!
//! Everything about a visit or a transfer belongs to the quarter-hour in which it was offered (or
//! started), so answered never exceeds offered and months are the sums of their days. Each change
//! takes its *was* out of three cells (quarter, day, month) and puts its *is* in; a cell that is
//! not in memory is asked for, so that corrections of any age find theirs.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use ahash::AHashMap;

use crate::call::fact::{Change, JourneyFact, LegFact, UnitJourneyFact, VisitFact, Was};
use crate::directory::{Directory, Queue};
use crate::measure::Moment;
use crate::stats::period::Calendar;
use crate::stats::{Cell, CellKey, Scope, Tier, VisitCell};

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
    cells: AHashMap<CellKey, Held>,
    touched: Vec<CellKey>,
    /// How many cells there may be before the past is let go: grows with what the present needs.
    cells_max: usize,
}

#[derive(Debug)]
struct Held {
    cell: Cell,
    is_touched: bool,
}

impl Rollup {
    /// Without any cell at hand.
    pub fn new(directory: Arc<Directory>) -> Self {
        let calendar = Calendar::new(directory.zone());
        Self { directory, calendar, cells: AHashMap::new(), touched: Vec::new(), cells_max: CELLS_MAX }
    }

    /// The calendar that cuts the intervals.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Brings the cells to hand that `change` is about. `recall` is asked once for each that is not
    /// there and answers with the stored one, if there is any. May fail, and be tried again,
    /// without harm: nothing is counted here.
    pub fn prepare<E>(
        &mut self,
        change: &Change,
        mut recall: impl FnMut(CellKey) -> Result<Option<Cell>, E>,
    ) -> Result<(), E> {
        for (scope, at) in places(change).into_iter().flatten() {
            for tier in Tier::ALL {
                let key = CellKey { scope, tier, start: self.calendar.start(tier, at) };
                if let Entry::Vacant(entry) = self.cells.entry(key) {
                    let cell = recall(key)?.unwrap_or_else(|| empty(&self.directory, key));
                    entry.insert(Held { cell, is_touched: false });
                }
            }
        }
        Ok(())
    }

    /// Counts one change; its cells have been brought to hand by [`Rollup::prepare`].
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Visit(Was { was, is }) => {
                self.count(was.as_ref(), is.as_ref(), visit_place, |fact, cell, queue, sign| {
                    if let (Cell::Visits(cell), Some(queue)) = (cell, queue) {
                        cell.count_visit(fact, queue, sign);
                    }
                });
            }
            Change::Journey(Was { was, is }) => {
                self.count(was.as_ref(), is.as_ref(), journey_place, |fact, cell, queue, sign| {
                    if let (Cell::Visits(cell), Some(queue)) = (cell, queue) {
                        cell.count_journey(fact, queue, sign);
                    }
                });
            }
            Change::Leg(Was { was, is }) => self.count(was.as_ref(), is.as_ref(), leg_place, |fact, cell, _, sign| {
                if let Cell::Legs(counts) = cell {
                    counts.count_leg(fact, sign);
                }
            }),
            Change::UnitJourney(Was { was, is }) => {
                self.count(was.as_ref(), is.as_ref(), unit_journey_place, |fact, cell, _, sign| {
                    if let Cell::Legs(counts) = cell {
                        counts.count_journey(fact, sign);
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
        place: fn(&T) -> (Scope, Moment),
        count: impl Fn(&T, &mut Cell, Option<&Queue>, i64),
    ) {
        let (from, to) = (was.map(place), is.map(place));
        if from == to {
            let Some((scope, at)) = to else { return };
            self.each_tier(scope, at, |cell, queue| {
                for (fact, sign) in [(was, -1), (is, 1)] {
                    if let Some(fact) = fact {
                        count(fact, cell, queue, sign);
                    }
                }
            });
            return;
        }
        for (fact, place, sign) in [(was, from, -1), (is, to, 1)] {
            if let (Some(fact), Some((scope, at))) = (fact, place) {
                self.each_tier(scope, at, |cell, queue| count(fact, cell, queue, sign));
            }
        }
    }

    fn each_tier(&mut self, scope: Scope, at: Moment, change: impl Fn(&mut Cell, Option<&Queue>)) {
        let queue = match scope {
            Scope::Queue(id) | Scope::Calls(id) => Some(self.directory.queue(id)),
            Scope::Unit(_) => None,
        };
        for tier in Tier::ALL {
            let key = CellKey { scope, tier, start: self.calendar.start(tier, at) };
            let new = || Held { cell: empty(&self.directory, key), is_touched: false };
            let held = self.cells.entry(key).or_insert_with(new);
            if !held.is_touched {
                held.is_touched = true;
                self.touched.push(key);
            }
            change(&mut held.cell, queue);
        }
    }

    /// A cell at hand.
    pub fn get(&self, key: &CellKey) -> Option<&Cell> {
        self.cells.get(key).map(|held| &held.cell)
    }

    /// Puts a stored cell at hand, unless one is there already.
    pub fn put(&mut self, key: CellKey, cell: Cell) {
        self.cells.entry(key).or_insert(Held { cell, is_touched: false });
    }

    /// The cells that changed since [`Rollup::committed`], with their present content.
    pub fn touched(&self) -> impl Iterator<Item = (&CellKey, &Cell)> {
        self.touched.iter().filter_map(|key| self.cells.get(key).map(|held| (key, &held.cell)))
    }

    /// What was touched is stored. Cells whose maxima the store looked up anew are forgotten, to be
    /// asked for again; and past days are let go when there are too many. `today` is the present.
    pub fn committed(&mut self, today: Moment) {
        for key in self.touched.drain(..) {
            let Some(held) = self.cells.get_mut(&key) else { continue };
            held.is_touched = false;
            if matches!(&held.cell, Cell::Visits(cell) if cell.max_unsure) {
                self.cells.remove(&key);
            }
        }
        if self.cells.len() > self.cells_max {
            let (day, month) = (self.calendar.start(Tier::Day, today), self.calendar.start(Tier::Month, today));
            let fresh = today.plus_ms(-FRESH_MS);
            let month_before = self.calendar.start(Tier::Month, month.plus_ms(-1));
            self.cells.retain(|key, _| match (key.tier, key.scope) {
                // The month before sets the budget of this one.
                (Tier::Month, Scope::Queue(_)) => key.start >= month_before,
                (Tier::Month, _) => key.start >= month,
                // The board shows today's quarter-hours of the queues.
                (Tier::Day, _) | (Tier::Quarter, Scope::Queue(_)) => key.start >= day,
                (Tier::Quarter, _) => key.start >= fresh,
            });
            self.cells_max = CELLS_MAX.max(self.cells.len() * 2);
        }
    }

    /// Nothing was stored: all cells stay at hand.
    pub fn kept(&mut self) {
        for key in self.touched.drain(..) {
            if let Some(held) = self.cells.get_mut(&key) {
                held.is_touched = false;
            }
        }
    }

    /// How many cells are at hand.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

fn visit_place(fact: &VisitFact) -> (Scope, Moment) {
    (Scope::Queue(fact.queue), fact.offered)
}

fn journey_place(fact: &JourneyFact) -> (Scope, Moment) {
    (Scope::Calls(fact.queue), fact.offered)
}

fn leg_place(fact: &LegFact) -> (Scope, Moment) {
    (Scope::Unit(fact.unit), fact.started)
}

fn unit_journey_place(fact: &UnitJourneyFact) -> (Scope, Moment) {
    (Scope::Unit(fact.unit), fact.started)
}

/// Where a change takes out and where it puts in.
fn places(change: &Change) -> [Option<(Scope, Moment)>; 2] {
    fn both<T>(change: &Was<T>, place: fn(&T) -> (Scope, Moment)) -> [Option<(Scope, Moment)>; 2] {
        [change.was.as_ref().map(place), change.is.as_ref().map(place)]
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
