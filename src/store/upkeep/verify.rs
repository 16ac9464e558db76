//! Every rollup beside what its facts come to, and every difference by name.

use std::collections::BTreeSet;

use crate::measure::Moment;
use crate::stats::{Cell, CellKey, Counts, LegCounts, Tier, VisitCell};
use crate::store::cells::{name_of, scope_name};
use crate::store::upkeep::{Progress, Upkeep};
use crate::store::{StoreError, year};

/// Differences that are told one by one; a store with more has one cause, and the count says the rest.
pub const DIFFERENCES_TOLD: usize = 1_000;

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Facts that were counted.
    pub facts: u64,
    /// Rollups that were compared.
    pub cells: u64,
    /// Figures that differ.
    pub different: u64,
    /// The first [`DIFFERENCES_TOLD`] of them.
    pub differences: Vec<Difference>,
    /// Months whose facts have been let go: they cannot be verified.
    pub without_facts: u64,
    /// Queues and units with rollups that are not configured: how they were counted is not known.
    pub unconfigured: BTreeSet<String>,
}

/// A figure that is not what its facts come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Of what: `queue`, `calls` or `unit`, and its name.
    pub about: String,
    /// Of which size: quarter, day or month; year: a sum of closed months, which is compared with what was
    /// signed for them.
    pub tier: &'static str,
    /// When its interval begins.
    pub start: Moment,
    /// The figure: a column of the store, `within 30000 ms`, `waits`.
    pub figure: String,
    /// As it is stored; `None`: it is not.
    pub stored: Option<i64>,
    /// As its facts come to; `None`: there is none.
    pub facts: Option<i64>,
}

impl Verified {
    fn note(&mut self, difference: Difference) {
        self.different += 1;
        if self.differences.len() < DIFFERENCES_TOLD {
            self.differences.push(difference);
        }
    }
}

impl Upkeep {
    /// Counts all facts again and compares every rollup of every queue and unit that is configured.
    /// `progress` is told of months.
    pub fn verify(&self, progress: Progress<'_>) -> Result<Verified, StoreError> {
        let mut verified = Verified::default();
        self.database.as_of_now("verifying the store", &mut || {
            verified = Verified { unconfigured: self.unconfigured()?, ..Verified::default() };
            let mut months = self.months()?;
            if let Some(until) = self.facts_gone_until()? {
                verified.without_facts = months.iter().filter(|month| **month < until).count() as u64;
                months.retain(|month| *month >= until);
            }
            for (at, month) in months.iter().enumerate() {
                self.verify_month(*month, &mut verified)?;
                progress(at as u64 + 1, months.len() as u64);
            }
            self.verify_sums(&mut verified)
        })?;
        Ok(verified)
    }

    fn verify_month(&self, month: Moment, verified: &mut Verified) -> Result<(), StoreError> {
        let counted = self.count_month(month)?;
        let end = self.calendar().next(Tier::Month, month);
        let stored = self.stored_cells(month, end)?;
        verified.facts += counted.facts;
        let mut keys: BTreeSet<CellKey> = counted.cells.keys().chain(stored.keys()).copied().collect();
        if let Some(until) = self.quarters_gone_until()? {
            keys.retain(|key| key.tier != Tier::Quarter || key.start >= until);
        }
        verified.cells += keys.len() as u64;
        for key in keys {
            let (stored, facts) = (stored.get(&key), counted.cells.get(&key));
            for (figure, stored, facts) in differing(stored, facts) {
                verified.note(self.difference(key, figure, stored, facts));
            }
        }
        Ok(())
    }

    /// The sums of closed months beside what was signed for these.
    fn verify_sums(&self, verified: &mut Verified) -> Result<(), StoreError> {
        year::each_beside(&*self.database, &self.directory, &mut |cell| {
            verified.cells += 1;
            for (figure, stored, facts) in differing(cell.stored, cell.signed) {
                let about = format!("{} {}", scope_name(cell.kind), cell.name);
                verified.note(Difference { about, tier: "year", start: cell.from, figure, stored, facts });
            }
        })
    }

    fn difference(&self, key: CellKey, figure: String, stored: Option<i64>, facts: Option<i64>) -> Difference {
        Difference {
            about: format!("{} {}", scope_name(key.scope.kind()), name_of(key.scope, &self.directory)),
            tier: key.tier.as_str(),
            start: key.start,
            figure,
            stored,
            facts,
        }
    }

    fn unconfigured(&self) -> Result<BTreeSet<String>, StoreError> {
        let mut found = BTreeSet::new();
        let queues: BTreeSet<&str> = self.directory.queues().iter().map(|queue| queue.name.as_str()).collect();
        let units: BTreeSet<&str> = self.directory.units().iter().map(|unit| unit.name.as_str()).collect();
        for (kind, table, known) in [("queue", "visit_cell", &queues), ("unit", "leg_cell", &units)] {
            let names = self.names(table)?;
            found.extend(names.into_iter().filter(|n| !known.contains(n.as_str())).map(|n| format!("{kind} {n}")));
        }
        Ok(found)
    }
}

/// Figures in which two cells differ; one that is not there has noughts only.
pub(in crate::store) fn differing(a: Option<&Cell>, b: Option<&Cell>) -> Vec<(String, Option<i64>, Option<i64>)> {
    let (left, right) = (a.map(figures).unwrap_or_default(), b.map(figures).unwrap_or_default());
    let mut names: Vec<&String> = left.iter().map(|(name, _)| name).collect();
    names.extend(right.iter().map(|(name, _)| name).filter(|name| !left.iter().any(|(other, _)| other == *name)));
    let of = |list: &[(String, i64)], name: &str| list.iter().find(|(other, _)| other == name).map(|(_, n)| *n);
    let mut found: Vec<_> = names
        .into_iter()
        .map(|name| (name.clone(), of(&left, name), of(&right, name)))
        .filter(|(_, a, b)| a.unwrap_or(0) != b.unwrap_or(0))
        .collect();
    // Two spreads of waits may differ and add up to the same.
    let waits = |cell: Option<&Cell>| match cell {
        Some(Cell::Visits(cell)) => cell.waits.clone(),
        _ => crate::stats::Waits::default(),
    };
    if waits(a) != waits(b) {
        let medians = (waits(a).quantile_ms(0.5), waits(b).quantile_ms(0.5));
        found.push(("spread of waits".to_owned(), medians.0.map(i64::from), medians.1.map(i64::from)));
    }
    found
}

/// Everything that is counted in a cell, by name.
fn figures(cell: &Cell) -> Vec<(String, i64)> {
    match cell {
        Cell::Legs(counts) => named(&LegCounts::NAMES, &counts.values()),
        Cell::Visits(cell) => of_visits(cell),
    }
}

fn of_visits(cell: &VisitCell) -> Vec<(String, i64)> {
    let mut all = named(Counts::NAMES, &cell.counts.values());
    for at in &cell.counts.thresholds {
        let ms = at.threshold_ms;
        all.push((format!("within {ms} ms"), at.within));
        all.push((format!("abandoned within {ms} ms"), at.abandoned_within));
        all.push((format!("waits of exactly {ms} ms"), at.on_threshold));
    }
    let maxima = [("longest wait of the answered, ms", cell.max_answered), ("longest wait, ms", cell.max_all)];
    all.extend(maxima.into_iter().filter_map(|(name, wait)| Some((name.to_owned(), wait?.ms().into()))));
    all
}

fn named(names: &[&str], values: &[i64]) -> Vec<(String, i64)> {
    names.iter().zip(values).map(|(name, value)| ((*name).to_owned(), *value)).collect()
}
