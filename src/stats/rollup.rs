//! Cells kept up to date by changes of facts.
//!
//! Everything about a visit or a transfer belongs to the quarter-hour in which it was offered (or
//! started), so answered never exceeds offered and months are the sums of their days. Each change
//! takes its *was* out of three cells (quarter, day, month) and puts its *is* in; a cell that is
//! not in memory is asked for, so that corrections of any age find theirs.

use std::sync::Arc;

use ahash::AHashMap;

use crate::call::fact::{Change, Was};
use crate::directory::Directory;
use crate::measure::Moment;
use crate::names::QueueId;
use crate::stats::period::Calendar;
use crate::stats::{Cell, CellKey, LegCounts, Scope, Tier, VisitCell};

/// Cells in memory beyond which those of past days are let go after a commit. A national operator
/// touches some 25 000 a day; the price of one let go too early is one look-up.
const CELLS_MAX: usize = 60_000;

/// The cells at hand, and which of them the current batch has touched.
#[derive(Debug)]
pub struct Rollup {
    directory: Arc<Directory>,
    calendar: Calendar,
    cells: AHashMap<CellKey, Held>,
    touched: Vec<CellKey>,
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
        Self { directory, calendar, cells: AHashMap::new(), touched: Vec::new() }
    }

    /// The calendar that cuts the intervals.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Applies one change. `recall` is asked once for each cell that is not at hand and answers
    /// with the stored one, if there is any.
    pub fn apply<E>(
        &mut self,
        change: &Change,
        recall: &mut impl FnMut(CellKey) -> Result<Option<Cell>, E>,
    ) -> Result<(), E> {
        match change {
            Change::Visit(Was { was, is }) => {
                for (fact, sign) in [(was, -1), (is, 1)] {
                    let Some(fact) = fact else { continue };
                    self.each_visits(Scope::Queue(fact.queue), fact.queue, fact.offered, recall, |cell, queue| {
                        cell.count_visit(fact, queue, sign);
                    })?;
                }
            }
            Change::Journey(Was { was, is }) => {
                for (fact, sign) in [(was, -1), (is, 1)] {
                    let Some(fact) = fact else { continue };
                    self.each_visits(Scope::Calls(fact.queue), fact.queue, fact.offered, recall, |cell, queue| {
                        cell.count_journey(fact, queue, sign);
                    })?;
                }
            }
            Change::Leg(Was { was, is }) => {
                for (fact, sign) in [(was, -1), (is, 1)] {
                    let Some(fact) = fact else { continue };
                    self.each_legs(Scope::Unit(fact.unit), fact.started, recall, |counts| {
                        counts.count_leg(fact, sign)
                    })?;
                }
            }
            Change::UnitJourney(Was { was, is }) => {
                for (fact, sign) in [(was, -1), (is, 1)] {
                    let Some(fact) = fact else { continue };
                    self.each_legs(Scope::Unit(fact.unit), fact.started, recall, |counts| {
                        counts.count_journey(fact, sign);
                    })?;
                }
            }
        }
        Ok(())
    }

    fn each_visits<E>(
        &mut self,
        scope: Scope,
        queue: QueueId,
        at: Moment,
        recall: &mut impl FnMut(CellKey) -> Result<Option<Cell>, E>,
        mut count: impl FnMut(&mut VisitCell, &crate::directory::Queue),
    ) -> Result<(), E> {
        let directory = Arc::clone(&self.directory);
        for tier in Tier::ALL {
            if let Cell::Visits(cell) = self.touch(scope, tier, at, recall)? {
                count(cell, directory.queue(queue));
            }
        }
        Ok(())
    }

    fn each_legs<E>(
        &mut self,
        scope: Scope,
        at: Moment,
        recall: &mut impl FnMut(CellKey) -> Result<Option<Cell>, E>,
        mut count: impl FnMut(&mut LegCounts),
    ) -> Result<(), E> {
        for tier in Tier::ALL {
            if let Cell::Legs(counts) = self.touch(scope, tier, at, recall)? {
                count(counts);
            }
        }
        Ok(())
    }

    fn touch<E>(
        &mut self,
        scope: Scope,
        tier: Tier,
        at: Moment,
        recall: &mut impl FnMut(CellKey) -> Result<Option<Cell>, E>,
    ) -> Result<&mut Cell, E> {
        let key = CellKey { scope, tier, start: self.calendar.start(tier, at) };
        let held = match self.cells.entry(key) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let cell = recall(key)?.unwrap_or_else(|| empty(&self.directory, scope));
                entry.insert(Held { cell, is_touched: false })
            }
        };
        if !held.is_touched {
            held.is_touched = true;
            self.touched.push(key);
        }
        Ok(&mut held.cell)
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
        if self.cells.len() > CELLS_MAX {
            let (day, month) = (self.calendar.start(Tier::Day, today), self.calendar.start(Tier::Month, today));
            self.cells.retain(|key, _| key.start >= if key.tier == Tier::Month { month } else { day });
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

/// An empty cell for what `scope` is about.
pub fn empty(directory: &Directory, scope: Scope) -> Cell {
    match scope {
        Scope::Queue(queue) | Scope::Calls(queue) => {
            Cell::Visits(Box::new(VisitCell::of_queue(directory.queue(queue))))
        }
        Scope::Unit(_) => Cell::Legs(Box::default()),
    }
}
