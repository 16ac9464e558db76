//! The keeper of a store, and how far long work has come.

use std::sync::Arc;

use crate::directory::Directory;
use crate::measure::Moment;
use crate::stats::Tier;
use crate::stats::period::Calendar;
use crate::store::{Database, StoreError};

/// A store in the hands of whoever looks after it.
#[derive(Debug)]
pub struct Upkeep {
    pub(in crate::store) database: Box<dyn Database>,
    pub(in crate::store) directory: Arc<Directory>,
}

/// How far long work has come: so many of so many.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

impl Upkeep {
    /// The calendar of the store's rollups.
    pub fn calendar(&self) -> Calendar {
        Calendar::new(self.directory.zone())
    }

    /// Months of which anything is kept, as facts or as rollups, by their first instant, ascending.
    pub fn months(&self) -> Result<Vec<Moment>, StoreError> {
        let doing = "looking for the months of the store";
        let mut ends: Vec<(Moment, Moment)> = Vec::new();
        for (table, column, also) in [
            ("visit", "offered", ""),
            ("journey", "offered", ""),
            ("leg", "started", ""),
            ("unit_journey", "started", ""),
            ("visit_cell", "start", "WHERE tier = 'month'"),
            ("leg_cell", "start", "WHERE tier = 'month'"),
        ] {
            let sql = format!("SELECT min({column}), max({column}) FROM {table} {also}");
            let found = self.database.first(doing, &sql, &[], |row| Ok((row.maybe_int(0)?, row.maybe_int(1)?)))?;
            if let Some((Some(first), Some(last))) = found {
                ends.push((Moment(first), Moment(last)));
            }
        }
        let (first, last) = (ends.iter().map(|(first, _)| *first).min(), ends.iter().map(|(_, last)| *last).max());
        let (Some(first), Some(last)) = (first, last) else { return Ok(Vec::new()) };
        let calendar = self.calendar();
        let mut months = vec![calendar.start(Tier::Month, first)];
        while let Some(next) = months.last().map(|month| calendar.next(Tier::Month, *month))
            && next <= last
        {
            months.push(next);
        }
        Ok(months)
    }
}
