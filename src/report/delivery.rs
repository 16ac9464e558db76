//! Reads what no switch told, as it is delivered: monthly totals of an old system as CSV, tickets of a
//! service desk as CSV or JSON. Checked whole: all of a delivery is taken, or every fault of it is told.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::directory::Directory;
use crate::measure::Span;
use crate::store::{Elsewhere, Told};

/// No month and no day has more of anything; sums of such stay far from the end of their numbers.
const COUNT_MAX: i64 = 1_000_000_000;

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

/// Tickets of a day. The header of a CSV is `day,queue,tickets`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TicketRow {
    day: NaiveDate,
    queue: String,
    tickets: i64,
}

/// Rows by kind and name (a queue and a unit may be called alike), and by day.
type Rows = BTreeMap<(&'static str, String, NaiveDate), Told>;

fn in_order(rows: Rows, wrong: Vec<String>) -> Result<Vec<Elsewhere>, Vec<String>> {
    let rows = rows.into_iter().map(|((_, name, day), told)| Elsewhere { name, day, told });
    if wrong.is_empty() { Ok(rows.collect()) } else { Err(wrong) }
}

/// Rows of a CSV file with their lines; comma or semicolon, with or without a byte-order mark.
fn lines<T: DeserializeOwned>(bytes: &[u8], wrong: &mut Vec<String>) -> Vec<(u64, T)> {
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

/// Monthly totals from CSV.
///
/// # Errors
/// Everything that is wrong, each with its line.
pub fn totals(bytes: &[u8], directory: &Directory) -> Result<Vec<Elsewhere>, Vec<String>> {
    let (mut rows, mut wrong) = (Rows::new(), Vec::new());
    for (line, row) in lines::<TotalsRow>(bytes, &mut wrong) {
        if let Err(why) = add_total(&mut rows, &row, directory) {
            wrong.push(format!("line {line}: {why}"));
        }
    }
    in_order(rows, wrong)
}

fn month_of(text: &str) -> Option<NaiveDate> {
    NaiveDate::from_str(&format!("{text}-01")).ok().filter(|_| text.len() == 7)
}

fn add_total(rows: &mut Rows, row: &TotalsRow, directory: &Directory) -> Result<(), String> {
    let TotalsRow { offered, answered, .. } = *row;
    let month = month_of(&row.month).ok_or_else(|| format!("`{}` is no month; write 2022-11", row.month))?;
    let abandoned = row.abandoned.unwrap_or(0);
    if !(0..=COUNT_MAX).contains(&offered) {
        return Err(format!("offered must lie between 0 and {COUNT_MAX}"));
    }
    let within_offered = [answered, abandoned].iter().all(|count| (0..=offered).contains(count));
    if !within_offered || answered + abandoned > offered {
        return Err("answered and abandoned must lie between 0 and offered together".into());
    }
    match row.kind.as_str() {
        "unit" => {
            directory.unit_named(&row.name).ok_or_else(|| format!("there is no unit `{}`", row.name))?;
            match rows.entry(("unit", row.name.clone(), month)) {
                Entry::Vacant(place) => drop(place.insert(Told::Unit { transfers: offered, answered })),
                Entry::Occupied(_) => return Err(format!("unit `{}` stands twice in {}", row.name, row.month)),
            }
            Ok(())
        }
        "queue" => {
            directory.queue_named(&row.name).ok_or_else(|| format!("there is no queue `{}`", row.name))?;
            let abandoned = row.abandoned.ok_or("a queue needs its abandoned")?;
            let first = || Told::Queue { offered, answered, abandoned, within: BTreeMap::new() };
            let held = rows.entry(("queue", row.name.clone(), month)).or_insert_with(first);
            let Told::Queue { offered: of, answered: with, abandoned: without, within } = held else {
                return Err(format!("queue `{}` stands in {} as something else", row.name, row.month));
            };
            if (*of, *with, *without) != (offered, answered, abandoned) {
                return Err(format!("queue `{}` stands in {} with other totals", row.name, row.month));
            }
            match (&row.threshold, row.within) {
                (None, None) => Ok(()),
                (Some(threshold), Some(in_time)) if (0..=answered).contains(&in_time) => {
                    match within.insert(threshold.parse::<Span>()?.ms() as u32, in_time) {
                        None => Ok(()),
                        Some(_) => Err(format!("threshold {threshold} stands twice")),
                    }
                }
                _ => Err("threshold and within belong together, and within is at most answered".into()),
            }
        }
        other => Err(format!("`{other}` is no kind; write queue or unit")),
    }
}

/// Tickets a day and queue from CSV.
///
/// # Errors
/// Everything that is wrong, each with its line.
pub fn tickets(bytes: &[u8], directory: &Directory) -> Result<Vec<Elsewhere>, Vec<String>> {
    let mut wrong = Vec::new();
    let rows = lines(bytes, &mut wrong);
    tickets_of(rows.into_iter().map(|(line, row)| (format!("line {line}"), row)), wrong, directory)
}

/// The same from a JSON array of `{"day", "queue", "tickets"}`.
///
/// # Errors
/// Everything that is wrong, each with its place in the array, from 0.
pub fn tickets_json(bytes: &[u8], directory: &Directory) -> Result<Vec<Elsewhere>, Vec<String>> {
    let rows: Vec<serde_json::Value> =
        serde_json::from_slice(bytes).map_err(|error| vec![format!("no JSON array: {error}")])?;
    let mut wrong = Vec::new();
    let mut read = Vec::new();
    for (at, row) in rows.into_iter().enumerate() {
        match serde_json::from_value(row) {
            Ok(row) => read.push((format!("item {at}"), row)),
            Err(error) => wrong.push(format!("item {at}: {error}")),
        }
    }
    tickets_of(read.into_iter(), wrong, directory)
}

fn tickets_of(
    told: impl Iterator<Item = (String, TicketRow)>,
    mut wrong: Vec<String>,
    directory: &Directory,
) -> Result<Vec<Elsewhere>, Vec<String>> {
    let mut rows = Rows::new();
    for (place, TicketRow { day, queue, tickets }) in told {
        if directory.queue_named(&queue).is_none() {
            wrong.push(format!("{place}: there is no queue `{queue}`"));
        } else if !(0..=COUNT_MAX).contains(&tickets) {
            wrong.push(format!("{place}: tickets must lie between 0 and {COUNT_MAX}"));
        } else if rows.insert(("tickets", queue, day), Told::Tickets(tickets)).is_some() {
            wrong.push(format!("{place}: a day stands once a queue"));
        }
    }
    in_order(rows, wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests_support::directory;

    #[test]
    fn every_wrong_line_is_told() {
        let text = "month,kind,name,offered,answered,abandoned,threshold,within\n\
            2025-13,queue,kundtjanst,1,1,0,,\n\
            2025-11,queue,nobody,1,1,0,,\n\
            2025-11,queue,kundtjanst,1,2,0,,\n\
            2025-11,queue,kundtjanst,5,4,1,30s,\n\
            2025-11,unit,skola,many,1,,,\n\
            2025-11,unit,skola,-1,-3,,,\n";
        let wrong = totals(text.as_bytes(), &directory()).unwrap_err();
        let mut lines: Vec<&str> = wrong.iter().map(|why| &why[..6]).collect();
        lines.sort_unstable();
        assert_eq!(lines, ["line 2", "line 3", "line 4", "line 5", "line 6", "line 7"]);
        let wrong = tickets(b"day,queue,tickets\n2026-11-02,it,-1\n", &directory());
        assert_eq!(wrong.unwrap_err().len(), 1);
    }

    #[test]
    fn tickets_are_the_same_as_csv_and_as_json() {
        let csv = tickets(b"day;queue;tickets\n2026-11-02;it;7\n2026-11-03;it;0\n", &directory()).unwrap();
        let json = r#"[{"day":"2026-11-03","queue":"it","tickets":0},{"day":"2026-11-02","queue":"it","tickets":7}]"#;
        assert_eq!(tickets_json(json.as_bytes(), &directory()).unwrap(), csv);
        assert_eq!(csv[0].told, Told::Tickets(7));
        for (wrong, faults) in [
            (r#"[{"day":"2026-11-03","queue":"it","tickets":1,"who":"?"},{"day":"x"}]"#, 2),
            (r#"[{"day":"2026-11-03","queue":"nobody","tickets":1}]"#, 1),
            (r#"{"day":"2026-11-03"}"#, 1),
        ] {
            assert_eq!(tickets_json(wrong.as_bytes(), &directory()).unwrap_err().len(), faults, "{wrong}");
        }
    }
}
