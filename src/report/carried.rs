//! Figures that no switch told: monthly totals of an old system, and tickets of a service desk. Read
//! from CSV, checked whole, and marked wherever they show.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::call::fact::LegOutcome;
use crate::directory::Directory;
use crate::measure::{Moment, Span};
use crate::names::{QueueId, UnitId};
use crate::report::gather::Sums;
use crate::report::period::months;
use crate::stats::counts::ThresholdCounts;
use crate::stats::period::Period;
use crate::stats::{Cell, Counts, LegCounts, Scope, ScopeKind, Tier};
use crate::store::{Reader, Sight, StoreError};

/// All that is carried in.
#[derive(Clone, Debug, Default)]
pub struct Carried {
    queues: BTreeMap<(QueueId, NaiveDate), Counts>,
    units: BTreeMap<(UnitId, NaiveDate), LegCounts>,
    /// Tickets by queue and day.
    tickets: BTreeMap<(QueueId, NaiveDate), i64>,
}

/// One line of monthly totals. The header is `month,kind,name,offered,answered,abandoned,threshold,within`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TotalsRow {
    /// `2022-11`.
    month: String,
    /// `queue` or `unit`.
    kind: String,
    /// Our name of it.
    name: String,
    /// Calls, or transfers to the unit.
    offered: i64,
    answered: i64,
    /// Of a queue; the rest of the offered left otherwise.
    abandoned: Option<i64>,
    /// Of a queue: `30s`, with how many were answered within; further thresholds in further lines.
    threshold: Option<String>,
    within: Option<i64>,
}

/// One line of tickets. The header is `day,queue,tickets`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TicketRow {
    day: NaiveDate,
    queue: String,
    tickets: i64,
}

/// Rows of a CSV file with their lines; comma or semicolon, with or without a byte-order mark.
fn rows<T: DeserializeOwned>(bytes: &[u8], wrong: &mut Vec<String>) -> Vec<(u64, T)> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = if header.contains(&b';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(bytes);
    let mut rows = Vec::new();
    for (place, row) in reader.deserialize().enumerate() {
        let line = place as u64 + 2;
        match row {
            Ok(row) => rows.push((line, row)),
            Err(error) => wrong.push(format!("line {line}: {error}")),
        }
    }
    rows
}

fn month_of(text: &str) -> Option<NaiveDate> {
    NaiveDate::from_str(&format!("{text}-01")).ok().filter(|_| text.len() == 7)
}

impl Carried {
    /// Adds monthly totals from CSV.
    ///
    /// # Errors
    /// Everything that is wrong, each with its line.
    pub fn add_totals(&mut self, bytes: &[u8], directory: &Directory) -> Result<(), Vec<String>> {
        let mut wrong = Vec::new();
        for (line, row) in rows::<TotalsRow>(bytes, &mut wrong) {
            if let Err(why) = self.add_total(&row, directory) {
                wrong.push(format!("line {line}: {why}"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    fn add_total(&mut self, row: &TotalsRow, directory: &Directory) -> Result<(), String> {
        let month = month_of(&row.month).ok_or_else(|| format!("`{}` is no month; write 2022-11", row.month))?;
        let rest = row.offered - row.answered - row.abandoned.unwrap_or(0);
        if row.answered < 0 || row.abandoned.unwrap_or(0) < 0 || rest < 0 {
            return Err("answered and abandoned must lie between 0 and offered together".into());
        }
        match row.kind.as_str() {
            "unit" => {
                let unit = directory.unit_named(&row.name).ok_or_else(|| format!("there is no unit `{}`", row.name))?;
                let mut counts = LegCounts { transfers: row.offered, ..LegCounts::default() };
                counts.outcomes[LegOutcome::Answered as usize] = row.answered;
                // What became of the others nobody has told; they were not answered there.
                counts.outcomes[LegOutcome::NoAnswerDropped as usize] = rest;
                match self.units.insert((unit, month), counts) {
                    None => Ok(()),
                    Some(_) => Err(format!("unit `{}` stands twice in {}", row.name, row.month)),
                }
            }
            "queue" => {
                let queue =
                    directory.queue_named(&row.name).ok_or_else(|| format!("there is no queue `{}`", row.name))?;
                let abandoned = row.abandoned.ok_or("a queue needs its abandoned")?;
                let counts = Counts {
                    offered: row.offered,
                    answered: row.answered,
                    abandoned,
                    overflowed: rest,
                    // How long each waited nobody tells; whether in time, the thresholds do.
                    waits_answered: row.answered,
                    waits_abandoned: abandoned,
                    waits_all: row.offered,
                    ..Counts::default()
                };
                let held = self.queues.entry((queue, month)).or_insert_with(|| counts.clone());
                if (held.offered, held.answered, held.abandoned) != (counts.offered, counts.answered, abandoned) {
                    return Err(format!("queue `{}` stands in {} with other totals", row.name, row.month));
                }
                match (&row.threshold, row.within) {
                    (None, None) => Ok(()),
                    (Some(threshold), Some(within)) if (0..=row.answered).contains(&within) => {
                        let threshold_ms = threshold.parse::<Span>()?.ms() as u32;
                        if held.thresholds.iter().any(|at| at.threshold_ms == threshold_ms) {
                            return Err(format!("threshold {threshold} stands twice"));
                        }
                        held.thresholds.push(ThresholdCounts { threshold_ms, within, ..Default::default() });
                        held.thresholds.sort_by_key(|at| at.threshold_ms);
                        Ok(())
                    }
                    _ => Err("threshold and within belong together, and within is at most answered".into()),
                }
            }
            other => Err(format!("`{other}` is no kind; write queue or unit")),
        }
    }

    /// Adds tickets a day and queue from CSV.
    ///
    /// # Errors
    /// Everything that is wrong, each with its line.
    pub fn add_tickets(&mut self, bytes: &[u8], directory: &Directory) -> Result<(), Vec<String>> {
        let mut wrong = Vec::new();
        for (line, row) in rows::<TicketRow>(bytes, &mut wrong) {
            let Some(queue) = directory.queue_named(&row.queue) else {
                wrong.push(format!("line {line}: there is no queue `{}`", row.queue));
                continue;
            };
            if row.tickets < 0 || self.tickets.insert((queue, row.day), row.tickets).is_some() {
                wrong.push(format!("line {line}: tickets must not be negative, and a day stands once a queue"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Tickets of a queue in a period; `None`: no day of it is known.
    pub fn tickets(&self, queue: QueueId, period: Period) -> Option<i64> {
        let known = self.tickets.range((queue, period.from)..(queue, period.until));
        known.map(|(_, tickets)| *tickets).reduce(|sum, tickets| sum + tickets)
    }

    /// Whether any tickets of the queue are known.
    pub fn has_tickets(&self, queue: QueueId) -> bool {
        self.tickets.keys().any(|(of, _)| *of == queue)
    }

    /// Adds to `sums` the months of `period` in which nothing was measured of a queue or unit, and
    /// says which months those are. Only whole months can be added.
    pub fn fill(
        &self,
        reader: &dyn Reader,
        directory: &Directory,
        sight: &Sight,
        period: Period,
        sums: &mut Sums,
    ) -> Result<BTreeSet<NaiveDate>, StoreError> {
        let mut filled = BTreeSet::new();
        if months(period).is_none() || (self.queues.is_empty() && self.units.is_empty()) {
            return Ok(filled);
        }
        let (from, until) = period.moments(directory.zone());
        let measured = measured(reader, directory, sight, from, until)?;
        let is_in = |month: NaiveDate| period.from <= month && month < period.until;
        for ((queue, month), counts) in &self.queues {
            if is_in(*month) && sight.sees_queue(*queue) && !measured.contains(&(Scope::Queue(*queue), *month)) {
                sums.queues[queue.index()].counts += counts;
                filled.insert(*month);
            }
        }
        for ((unit, month), counts) in &self.units {
            if is_in(*month) && sight.sees_unit(*unit, directory) && !measured.contains(&(Scope::Unit(*unit), *month)) {
                sums.units[unit.index()].combine(counts, 1);
                filled.insert(*month);
            }
        }
        Ok(filled)
    }

    /// Whether any of the months that were carried in is of this queue.
    pub fn has_any(&self, queue: QueueId, period: Period, filled: &BTreeSet<NaiveDate>) -> bool {
        let mut carried = self.queues.range((queue, period.from)..(queue, period.until));
        carried.any(|((_, month), _)| filled.contains(month))
    }

    /// Whether every carried month of a queue in `period` counts this threshold: where one does not,
    /// the sum would pass for a low level.
    pub fn counts_at(&self, queue: QueueId, period: Period, filled: &BTreeSet<NaiveDate>, threshold_ms: u32) -> bool {
        let mut carried = self.queues.range((queue, period.from)..(queue, period.until));
        carried.all(|((_, month), counts)| {
            !filled.contains(month) || counts.thresholds.iter().any(|at| at.threshold_ms == threshold_ms)
        })
    }
}

/// Which queues and units have figures of their own in which months.
fn measured(
    reader: &dyn Reader,
    directory: &Directory,
    sight: &Sight,
    from: Moment,
    until: Moment,
) -> Result<BTreeSet<(Scope, NaiveDate)>, StoreError> {
    let mut found = BTreeSet::new();
    for kind in [ScopeKind::Queue, ScopeKind::Unit] {
        for (key, cell) in reader.cells(sight, kind, Tier::Month, from, until)? {
            let is_used = match &cell {
                Cell::Visits(cell) => cell.counts.offered > 0,
                Cell::Legs(counts) => counts.transfers > 0,
            };
            let day = crate::clock::local_day(key.start, directory.zone());
            if is_used {
                found.insert((key.scope, day.with_day(1).unwrap_or(day)));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::fact::Outcome;
    use crate::names::DefinitionId;
    use crate::report::compare::Beside;
    use crate::report::tests_support::Memory;

    const TOTALS: &str = "month,kind,name,offered,answered,abandoned,threshold,within\n\
        2025-11,queue,kundtjanst,100,90,8,30s,72\n\
        2025-11,queue,kundtjanst,100,90,8,60s,85\n\
        2026-10,queue,kundtjanst,999,999,0,30s,999\n\
        2026-02,queue,kundtjanst,10,10,0,30s,9\n\
        2025-11,unit,skola,20,11,,,\n";

    #[test]
    fn a_year_ago_is_there_from_the_first_month_and_never_in_place_of_what_was_measured() {
        let mut memory = Memory::new();
        memory.call(0, "2026-10-05T10:00:00+02:00", Outcome::Answered, 29.0);
        memory.call(0, "2026-11-05T10:00:00+01:00", Outcome::Answered, 29.0);
        memory.transfer(1, "2026-11-05T10:02:00+01:00", LegOutcome::Answered);
        let mut carried = Carried::default();
        carried.add_totals(TOTALS.as_bytes(), &memory.directory).unwrap();
        let report = memory.report_with("2026-11", carried);
        let beside = |beside: Beside| report.comparisons.iter().find(|other| other.beside == beside).unwrap();
        let ago = beside(Beside::YearAgo);
        let figures = ago.queues[0].as_ref().unwrap();
        assert_eq!((figures.counts.offered, figures.counts.answered, figures.counts.overflowed), (100, 90, 2));
        let offered = DefinitionId::ALL.iter().position(|id| *id == DefinitionId::OfOffered).unwrap();
        assert_eq!(figures.thresholds[0].levels[offered].ratio(), Some(0.72));
        assert_eq!((figures.waits.mean, figures.waits.p90), (None, None));
        assert_eq!(ago.imported, ["2025-11-01".parse().unwrap()]);
        assert_eq!(ago.units[0].as_ref().unwrap().answer_rate.ratio(), Some(0.55));
        // October was measured.
        assert_eq!(beside(Beside::Before).queues[0].as_ref().unwrap().counts.offered, 1);
        assert!(beside(Beside::Before).imported.is_empty());
        // February was not, and nobody has told its calls within 60 s.
        let year = beside(Beside::YearSoFar);
        let figures = year.queues[0].as_ref().unwrap();
        assert_eq!(figures.counts.offered, 12);
        let thresholds: Vec<u32> = figures.thresholds.iter().map(|at| at.counts.threshold_ms).collect();
        assert_eq!(thresholds, [30_000]);
    }

    #[test]
    fn every_wrong_line_is_told() {
        let memory = Memory::new();
        let text = "month,kind,name,offered,answered,abandoned,threshold,within\n\
            2025-13,queue,kundtjanst,1,1,0,,\n\
            2025-11,queue,nobody,1,1,0,,\n\
            2025-11,queue,kundtjanst,1,2,0,,\n\
            2025-11,queue,kundtjanst,5,4,1,30s,\n\
            2025-11,unit,skola,many,1,,,\n";
        let wrong = Carried::default().add_totals(text.as_bytes(), &memory.directory).unwrap_err();
        let mut lines: Vec<&str> = wrong.iter().map(|why| &why[..6]).collect();
        lines.sort_unstable();
        assert_eq!(lines, ["line 2", "line 3", "line 4", "line 5", "line 6"]);
        let wrong = Carried::default().add_tickets(b"day,queue,tickets\n2026-11-02,it,-1\n", &memory.directory);
        assert_eq!(wrong.unwrap_err().len(), 1);
    }

    #[test]
    fn tickets_stand_beside_the_answered_calls() {
        let mut memory = Memory::new();
        for minute in 0..4 {
            memory.call(1, &format!("2026-11-02T10:0{minute}:00+01:00"), Outcome::Answered, 5.0);
        }
        let mut carried = Carried::default();
        let text = "day;queue;tickets\n2026-10-30;it;7\n2026-11-02;it;2\n2026-11-03;it;1\n";
        carried.add_tickets(text.as_bytes(), &memory.directory).unwrap();
        let report = memory.report_with("2026-11", carried);
        let tickets = &report.tickets[0];
        assert_eq!((tickets.tickets, tickets.answered), (Some(3), 4));
        assert_eq!(tickets.per_answered(), Some(0.75));
        assert_eq!(report.tickets.len(), 1);
    }
}
