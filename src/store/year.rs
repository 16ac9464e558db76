//! Sums of the closed months of a year: added up once, when a month is signed, and not by every reader.
//!
//! Knows which revisions a sum is made of, and not what it is for. A sum never changes: when one of its
//! months is revised nobody asks for it any more, and the months are read one by one until the next
//! signing makes a new one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

use crate::clock::{local_day, local_midnight};
use crate::directory::Directory;
use crate::measure::{Moment, Wait};
use crate::stats::counts::ThresholdCounts;
use crate::stats::period::Calendar;
use crate::stats::{Cell, Counts, LegCounts, Scope, ScopeKind, Tier, VisitCell, Waits};
use crate::store::cells::{self, scope_name, scope_named};
use crate::store::closing;
use crate::store::database::Write;
use crate::store::tables::{YEAR_SUM, YEAR_SUM_CELL};
use crate::store::{Database, Sight, StoreError};

/// Fewer months are as quickly read one by one.
const MONTHS_MIN: usize = 2;

/// A closed month as it was signed last.
#[derive(Clone, Copy, Debug)]
struct Month {
    from: Moment,
    until: Moment,
    revision: u32,
}

/// Closed months of one year, ascending: what a sum is made of.
#[derive(Debug)]
struct Months(Vec<Month>);

impl Months {
    /// The closed months that lie in `from..until`, year by year.
    fn closed(
        database: &dyn Database,
        directory: &Directory,
        from: Moment,
        until: Moment,
    ) -> Result<Vec<Self>, StoreError> {
        let calendar = Calendar::new(directory.zone());
        let mut years: BTreeMap<i32, Vec<Month>> = BTreeMap::new();
        for (from, until, signed) in closing::stretches(database, from, until)? {
            let Some((month, revision)) = signed else { continue };
            if month == from && calendar.next(Tier::Month, month) == until {
                let year = local_day(month, directory.zone()).year();
                years.entry(year).or_default().push(Month { from, until, revision });
            }
        }
        Ok(years.into_values().map(Self).collect())
    }

    /// The one spelling of these months and revisions.
    fn name(&self) -> String {
        let each = self.0.iter().map(|month| format!("{}.{}", month.from.0, month.revision));
        each.collect::<Vec<_>>().join(" ")
    }
}

/// Adds up the closed months of the year of `month` and keeps the sum.
pub(super) fn keep(database: &dyn Database, directory: &Directory, month: Moment) -> Result<(), StoreError> {
    let (from, until) = year_of(directory, month);
    for months in Months::closed(database, directory, from, until)? {
        if months.0.len() < MONTHS_MIN {
            continue;
        }
        let name = months.name();
        let number = XxHash3_64::oneshot(name.as_bytes()) as i64;
        let mut writes = vec![Write::Put(&YEAR_SUM, vec![name.into(), number.into()])];
        for kind in ScopeKind::ALL {
            for (name, cell) in added_up(database, kind, &months)? {
                let row =
                    vec![number.into(), scope_name(kind).into(), name.into(), Content::of(&cell).to_bytes()?.into()];
                writes.push(Write::Put(&YEAR_SUM_CELL, row));
            }
        }
        database.commit("keeping the sum of a year's closed months", writes, &[])?;
    }
    Ok(())
}

fn year_of(directory: &Directory, month: Moment) -> (Moment, Moment) {
    let zone = directory.zone();
    let year = local_day(month, zone).year();
    let begins = |year: i32| local_midnight(NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default(), zone);
    (begins(year), begins(year + 1))
}

/// The sum of what was signed for these months, by name: also of what is not configured today.
fn added_up(database: &dyn Database, kind: ScopeKind, months: &Months) -> Result<BTreeMap<String, Cell>, StoreError> {
    let mut sums: BTreeMap<String, Cell> = BTreeMap::new();
    for Month { from, until, revision } in months.0.iter().copied() {
        let (sql, with) = cells::query(kind, Tier::Month, (from, until, Some((from, revision))));
        database.each("adding up closed months", &sql, &with, &mut |row| {
            let cell = cells::read(kind, &row, 2)?;
            match sums.get_mut(row.text(1)?) {
                Some(sum) => sum.merge(&cell),
                None => drop(sums.insert(row.text(1)?.to_owned(), cell)),
            }
            Ok(())
        })?;
    }
    Ok(sums)
}

/// Gives the sums of closed months that lie in `from..until` to `give`, and says which months those are.
pub(super) fn each(
    database: &dyn Database,
    directory: &Directory,
    (sight, kinds): (&Sight, &[ScopeKind]),
    (from, until): (Moment, Moment),
    give: &mut dyn FnMut(Scope, Cell),
) -> Result<Vec<(Moment, Moment)>, StoreError> {
    let mut given = Vec::new();
    for mut months in Months::closed(database, directory, from, until)? {
        let Some(number) = longest(database, &mut months)? else { continue };
        for kind in kinds.iter().copied().filter(|kind| !sight.sees_none_of(*kind)) {
            kept(database, kind, number, &mut |name, cell| {
                let scope = scope_named(kind, name, directory).filter(|scope| sight.sees(*scope, directory));
                if let Some(scope) = scope {
                    give(scope, cell);
                }
            })?;
        }
        given.extend(months.0.iter().map(|month| (month.from, month.until)));
    }
    Ok(given)
}

/// A cell of a sum beside what was signed for its months.
pub(super) struct Beside<'a> {
    /// When its first month begins.
    pub(super) from: Moment,
    pub(super) kind: ScopeKind,
    pub(super) name: &'a str,
    pub(super) stored: Option<&'a Cell>,
    pub(super) signed: Option<&'a Cell>,
}

/// Shows every cell of the sums that are read today beside what was signed for its months.
pub(super) fn each_beside(
    database: &dyn Database,
    directory: &Directory,
    show: &mut dyn FnMut(&Beside<'_>),
) -> Result<(), StoreError> {
    for mut months in Months::closed(database, directory, Moment(i64::MIN), Moment(i64::MAX))? {
        let number = longest(database, &mut months)?;
        let (Some(number), Some(first)) = (number, months.0.first()) else { continue };
        for kind in ScopeKind::ALL {
            let mut stored = BTreeMap::new();
            kept(database, kind, number, &mut |name, cell| drop(stored.insert(name.to_owned(), cell)))?;
            let signed = added_up(database, kind, &months)?;
            let names: BTreeSet<&String> = stored.keys().chain(signed.keys()).collect();
            for name in names {
                let (stored, signed) = (stored.get(name), signed.get(name));
                show(&Beside { from: first.from, kind, name, stored, signed });
            }
        }
    }
    Ok(())
}

/// The cells of one kind in the sum of this number, by name.
fn kept(
    database: &dyn Database,
    kind: ScopeKind,
    number: i64,
    give: &mut dyn FnMut(&str, Cell),
) -> Result<(), StoreError> {
    let sql = "SELECT name, content FROM year_sum_cell WHERE number = $1 AND scope = $2 ORDER BY name";
    database.each("reading the sum of closed months", sql, &[number.into(), scope_name(kind).into()], &mut |row| {
        give(row.text(0)?, Content::from_bytes(row.bytes(1)?)?.into_cell(kind)?);
        Ok(())
    })
}

/// Shortens `months` to the longest beginning of which there is a sum; its number.
fn longest(database: &dyn Database, months: &mut Months) -> Result<Option<i64>, StoreError> {
    while months.0.len() >= MONTHS_MIN {
        let sql = "SELECT number FROM year_sum WHERE months = $1";
        let number =
            database.first("looking for the sum of closed months", sql, &[months.name().into()], |row| row.int(0))?;
        if number.is_some() {
            return Ok(number);
        }
        months.0.pop();
    }
    Ok(None)
}

/// The stored form of a cell. Our own: whoever reads figures in SQL reads the months.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    values: Vec<i64>,
    thresholds: Vec<(u32, i64, i64, i64)>,
    waits: Vec<u8>,
    max_answered: Option<u32>,
    max_all: Option<u32>,
}

impl Content {
    fn of(cell: &Cell) -> Self {
        match cell {
            Cell::Legs(counts) => Self { values: counts.values().to_vec(), ..Self::default() },
            Cell::Visits(cell) => Self {
                values: cell.counts.values().to_vec(),
                thresholds: cell
                    .counts
                    .thresholds
                    .iter()
                    .map(|at| (at.threshold_ms, at.within, at.abandoned_within, at.on_threshold))
                    .collect(),
                waits: cell.waits.to_bytes(),
                max_answered: cell.max_answered.map(Wait::ms),
                max_all: cell.max_all.map(Wait::ms),
            },
        }
    }

    fn to_bytes(&self) -> Result<Vec<u8>, StoreError> {
        postcard::to_allocvec(self)
            .map_err(|error| StoreError::Damaged { what: format!("a sum that cannot be written ({error})") })
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        postcard::from_bytes(bytes).map_err(|_| damaged())
    }

    fn into_cell(self, kind: ScopeKind) -> Result<Cell, StoreError> {
        if kind == ScopeKind::Unit {
            let values = self.values.try_into().map_err(|_| damaged())?;
            return Ok(Cell::Legs(Box::new(LegCounts::from_values(values))));
        }
        let thresholds = self.thresholds.into_iter();
        let thresholds = thresholds.map(|(threshold_ms, within, abandoned_within, on_threshold)| ThresholdCounts {
            threshold_ms,
            within,
            abandoned_within,
            on_threshold,
        });
        let max = |ms: Option<u32>| ms.map(|ms| Wait::from_ms(i64::from(ms)));
        Ok(Cell::Visits(Box::new(VisitCell {
            counts: Counts::from_values(self.values.try_into().map_err(|_| damaged())?, thresholds.collect()),
            waits: Waits::from_bytes(&self.waits).ok_or_else(damaged)?,
            max_answered: max(self.max_answered),
            max_all: max(self.max_all),
            max_unsure: false,
        })))
    }
}

fn damaged() -> StoreError {
    StoreError::Damaged { what: "the sum of a year's closed months".to_owned() }
}
