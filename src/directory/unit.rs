//! Organisations and units, and which extension belonged to which unit when.
//!
//! Rows come from a CSV file with the columns `from,to,unit,title,organisation,valid_from,valid_to`
//! (the file itself is read by [`config`](crate::config)). Dates are local days of the zone, both
//! ends included; an empty date is open.

use std::collections::HashMap;

use ahash::AHashMap;
use chrono::NaiveDate;
use serde::Deserialize;

use crate::measure::Moment;
use crate::names::{OrganisationId, UNKNOWN_ORGANISATION, UNKNOWN_UNIT, UnitId, is_slug};

/// `[[organisation]]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganisationSettings {
    /// Our name: a slug.
    pub name: String,
    /// What people read. Default: the name.
    pub title: Option<String>,
}

/// An organisation: a municipality, usually.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// Our name: a slug.
    pub name: String,
    /// What people read.
    pub title: String,
}

/// A unit that callers are sent on to.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Our name: a slug.
    pub name: String,
    /// What people read.
    pub title: String,
    /// Whose unit it is.
    pub organisation: OrganisationId,
}

/// One row of the units file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitRow {
    /// First extension of the range.
    pub from: String,
    /// Last extension of the range; empty: only the first.
    #[serde(default)]
    pub to: String,
    /// The unit's name: a slug.
    pub unit: String,
    /// What people read; empty: the name.
    #[serde(default)]
    pub title: String,
    /// Name of an `[[organisation]]`.
    pub organisation: String,
    /// First local day, `2026-01-01`; empty: since ever.
    #[serde(default)]
    pub valid_from: String,
    /// Last local day; empty: until further notice.
    #[serde(default)]
    pub valid_to: String,
}

/// All organisations and units, with the extensions that lead to them.
#[derive(Debug)]
pub struct Units {
    organisations: Vec<Organisation>,
    units: Vec<Unit>,
    by_name: AHashMap<String, UnitId>,
    single: HashMap<String, Vec<Held>>,
    ranges: Vec<Range>,
}

/// A unit's hold on an extension, from and to as instants, half-open.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    unit: UnitId,
    from: Moment,
    until: Moment,
}

/// A range of extensions of one length.
#[derive(Debug)]
struct Range {
    digits: usize,
    first: u64,
    last: u64,
    held: Held,
}

impl Held {
    fn covers(&self, at: Moment) -> bool {
        self.from <= at && at < self.until
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.unit != other.unit && self.from < other.until && other.from < self.until
    }
}

impl Units {
    /// Nobody: every target is unknown.
    pub fn none() -> Self {
        Self {
            organisations: vec![Organisation { name: "unknown".into(), title: "–".into() }],
            units: vec![Unit { name: "unknown".into(), title: "–".into(), organisation: UNKNOWN_ORGANISATION }],
            by_name: AHashMap::from([("unknown".to_owned(), UNKNOWN_UNIT)]),
            single: HashMap::new(),
            ranges: Vec::new(),
        }
    }

    /// Checks organisations and rows as a whole; every complaint names its row (line of the file,
    /// the header being line 1) or organisation, and the reason.
    pub fn check(
        organisations: &[OrganisationSettings],
        rows: &[UnitRow],
        zone: chrono_tz::Tz,
    ) -> Result<Self, Vec<(String, String)>> {
        let mut units = Self::none();
        let mut wrong = Vec::new();
        for organisation in organisations {
            let name = &organisation.name;
            if !is_slug(name) || name == "unknown" {
                wrong.push((
                    format!("organisation `{name}`"),
                    "the name must be 1 to 64 of a-z, 0-9, - and _, and not `unknown`".into(),
                ));
            } else if units.organisation_named(name).is_some() {
                wrong.push((format!("organisation `{name}`"), "stands twice".into()));
            } else {
                let title = organisation.title.clone().unwrap_or_else(|| name.clone());
                units.organisations.push(Organisation { name: name.clone(), title });
            }
        }
        for (index, row) in rows.iter().enumerate() {
            if let Err(why) = units.add(row, zone) {
                wrong.push((format!("line {}", index + 2), why));
            }
        }
        if wrong.is_empty() { Ok(units) } else { Err(wrong) }
    }

    fn add(&mut self, row: &UnitRow, zone: chrono_tz::Tz) -> Result<(), String> {
        if !is_slug(&row.unit) || row.unit == "unknown" {
            return Err(format!("unit `{}` must be 1 to 64 of a-z, 0-9, - and _, and not `unknown`", row.unit));
        }
        let organisation = self
            .organisation_named(&row.organisation)
            .ok_or_else(|| format!("organisation `{}` is not configured; add an [[organisation]]", row.organisation))?;
        let from = match row.valid_from.as_str() {
            "" => Moment(i64::MIN),
            day => start_of(day, 0, zone)?,
        };
        let until = match row.valid_to.as_str() {
            "" => Moment(i64::MAX),
            day => start_of(day, 1, zone)?,
        };
        if from >= until {
            return Err(format!("valid_from {} lies after valid_to {}", row.valid_from, row.valid_to));
        }
        let unit = if let Some(unit) = self.unit_named(&row.unit) {
            if self.units[unit.index()].organisation != organisation {
                return Err(format!("unit `{}` stands in two organisations; give it two names", row.unit));
            }
            unit
        } else {
            let unit = UnitId(self.units.len() as u32);
            let title = if row.title.is_empty() { row.unit.clone() } else { row.title.clone() };
            self.units.push(Unit { name: row.unit.clone(), title, organisation });
            self.by_name.insert(row.unit.clone(), unit);
            unit
        };
        self.hold(row, Held { unit, from, until })
    }

    fn hold(&mut self, row: &UnitRow, held: Held) -> Result<(), String> {
        let clash =
            |unit: UnitId| format!("overlaps in extension and time with unit `{}`", self.units[unit.index()].name);
        let first = row.from.trim();
        let last = if row.to.trim().is_empty() { first } else { row.to.trim() };
        if first.is_empty() || first.len() > 32 {
            return Err("`from` must be an extension of 1 to 32 characters".into());
        }
        if first == last {
            if let Some(other) = self.single.get(first).into_iter().flatten().find(|other| other.overlaps(&held)) {
                return Err(clash(other.unit));
            }
            self.single.entry(first.to_owned()).or_default().push(held);
            return Ok(());
        }
        let (Ok(low), Ok(high)) = (first.parse::<u64>(), last.parse::<u64>()) else {
            return Err(format!("`{first}` to `{last}` is not a range of numbers"));
        };
        if first.len() != last.len() || low > high {
            return Err(format!("`{first}` to `{last}`: a range runs upward between numbers of equal length"));
        }
        let range = Range { digits: first.len(), first: low, last: high, held };
        let other = self.ranges.iter().find(|other| {
            other.digits == range.digits
                && other.first <= range.last
                && range.first <= other.last
                && other.held.overlaps(&held)
        });
        if let Some(other) = other {
            return Err(clash(other.held.unit));
        }
        self.ranges.push(range);
        Ok(())
    }

    /// The unit of this name.
    pub fn unit_named(&self, name: &str) -> Option<UnitId> {
        self.by_name.get(name).copied()
    }

    /// The unit that the extension `target` belonged to at `at`. A single extension wins over a
    /// range that contains it; unknown targets are [`UNKNOWN_UNIT`].
    pub fn unit_of(&self, target: &str, at: Moment) -> UnitId {
        if let Some(held) = self.single.get(target).into_iter().flatten().find(|held| held.covers(at)) {
            return held.unit;
        }
        let Ok(number) = target.parse::<u64>() else {
            return UNKNOWN_UNIT;
        };
        let found = self.ranges.iter().find(|range| {
            range.digits == target.len() && (range.first..=range.last).contains(&number) && range.held.covers(at)
        });
        found.map_or(UNKNOWN_UNIT, |range| range.held.unit)
    }

    /// All organisations; the first is `unknown`.
    pub fn organisations(&self) -> &[Organisation] {
        &self.organisations
    }

    /// All units; the first is `unknown`.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// The organisation of this name; never `unknown`.
    pub fn organisation_named(&self, name: &str) -> Option<OrganisationId> {
        let at = self.organisations.iter().skip(1).position(|organisation| organisation.name == name)?;
        Some(OrganisationId(at as u32 + 1))
    }
}

/// The instant at which the local day `day` plus `days` begins.
fn start_of(day: &str, days: u64, zone: chrono_tz::Tz) -> Result<Moment, String> {
    let date: NaiveDate = day.parse().map_err(|_| format!("`{day}` is no date; write for instance 2026-01-31"))?;
    let date = date.checked_add_days(chrono::Days::new(days)).ok_or_else(|| format!("`{day}` is out of range"))?;
    Ok(crate::clock::local_midnight(date, zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOCKHOLM: chrono_tz::Tz = chrono_tz::Europe::Stockholm;

    fn row(from: &str, to: &str, unit: &str, valid_from: &str, valid_to: &str) -> UnitRow {
        UnitRow {
            from: from.into(),
            to: to.into(),
            unit: unit.into(),
            title: String::new(),
            organisation: "lycksele".into(),
            valid_from: valid_from.into(),
            valid_to: valid_to.into(),
        }
    }

    fn lycksele() -> Vec<OrganisationSettings> {
        vec![OrganisationSettings { name: "lycksele".into(), title: None }]
    }

    fn at(text: &str) -> Moment {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().into()
    }

    #[test]
    fn an_extension_changes_unit_at_local_midnight() {
        let rows = [row("7100", "7199", "skola", "", "2026-06-30"), row("7100", "7199", "bygg", "2026-07-01", "")];
        let units = Units::check(&lycksele(), &rows, STOCKHOLM).unwrap();
        let name = |moment| units.units()[units.unit_of("7150", at(moment)).index()].name.clone();
        assert_eq!(name("2026-06-30T23:59:59+02:00"), "skola");
        assert_eq!(name("2026-07-01T00:00:00+02:00"), "bygg");
    }

    #[test]
    fn a_single_extension_wins_over_a_range_and_lengths_do_not_mix() {
        let rows = [row("7100", "7199", "skola", "", ""), row("7100", "", "rektor", "", "")];
        let units = Units::check(&lycksele(), &rows, STOCKHOLM).unwrap();
        assert_eq!(units.units()[units.unit_of("7100", Moment(0)).index()].name, "rektor");
        assert_eq!(units.units()[units.unit_of("7101", Moment(0)).index()].name, "skola");
        assert_eq!(units.unit_of("07101", Moment(0)), UNKNOWN_UNIT);
        assert_eq!(units.unit_of("u7101", Moment(0)), UNKNOWN_UNIT);
    }

    #[test]
    fn every_wrong_row_is_named_at_once() {
        let rows = [
            row("7100", "7199", "skola", "", ""),
            row("7150", "", "Skola!", "", ""),
            row("7190", "7290", "bygg", "", ""),
            row("1", "2", "x", "2026-02-30", ""),
        ];
        let wrong = Units::check(&lycksele(), &rows, STOCKHOLM).unwrap_err();
        let lines: Vec<&str> = wrong.iter().map(|(line, _)| line.as_str()).collect();
        assert_eq!(lines, ["line 3", "line 4", "line 5"]);
    }
}
