//! CSV for spreadsheets: one table, one row for each queue, interval, unit and so on, told apart by
//! the column `section`. A column that says nothing about a row is empty there, and so is a share
//! without data.
//!
//! Columns are named like the keys of the JSON form, thresholds and definitions joined on:
//! `within_30`, `service_level_of_offered_60`. Names do not follow the language, so that a
//! sheet built on them survives it.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::call::fact::LegOutcome;
use crate::directory::Objective;
use crate::measure::{Share, Untold};
use crate::names::DefinitionId;
use crate::report::figures::is_met;
use crate::report::render::{Locale, Style};
use crate::report::revisions::Signed;
use crate::report::sheet::{LegFigures, PeriodSheet, QualitySheet, Report, VisitFigures, seconds};

/// Writes the report as CSV after RFC 4180: lines end with CR LF, fields are quoted where needed.
///
/// # Errors
/// Those of `out`.
pub fn render(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let rows = rows(report);
    let mut columns: Vec<&str> = Vec::new();
    for (column, _) in rows.iter().flat_map(|row| &row.0) {
        if !columns.contains(&column.as_ref()) {
            columns.push(column);
        }
    }
    let delimiter = match style.locale {
        Locale::Plain => b',',
        Locale::Swedish => {
            out.write_all("\u{feff}".as_bytes())?;
            b';'
        }
    };
    let mut csv = csv::WriterBuilder::new().delimiter(delimiter).terminator(csv::Terminator::CRLF).from_writer(out);
    csv.write_record(&columns)?;
    for row in &rows {
        csv.write_record(columns.iter().map(|column| row.spell(column, style.locale)))?;
    }
    csv.flush()
}

/// What stands in a field.
enum Field {
    Text(String),
    Whole(i64),
    Real(Option<f64>),
}

#[derive(Default)]
struct Row(Vec<(Cow<'static, str>, Field)>);

impl Row {
    fn of(period: &PeriodSheet, section: &'static str) -> Self {
        let mut row = Self::default();
        row.text("section", section);
        row.text("period_from", period.from.to_string());
        row.text("period_to", period.until.to_string());
        row.text("status", period.status.as_str());
        if let Some(shown) = period.shown {
            row.whole("period_revision", shown.revision);
        }
        row
    }

    fn text(&mut self, column: impl Into<Cow<'static, str>>, text: impl Into<String>) {
        self.0.push((column.into(), Field::Text(text.into())));
    }

    fn whole(&mut self, column: impl Into<Cow<'static, str>>, number: impl Into<i64>) {
        self.0.push((column.into(), Field::Whole(number.into())));
    }

    /// A count that no source may tell: empty then.
    fn told(&mut self, column: impl Into<Cow<'static, str>>, count: Option<i64>) {
        self.0.push((column.into(), count.map_or(Field::Real(None), Field::Whole)));
    }

    fn real(&mut self, column: impl Into<Cow<'static, str>>, number: Option<f64>) {
        self.0.push((column.into(), Field::Real(number)));
    }

    fn share(&mut self, column: &'static str, share: Share) {
        self.real(column, share.ratio());
        self.whole(format!("{column}_met"), share.met);
        self.whole(format!("{column}_of"), share.of);
    }

    fn spell(&self, column: &str, locale: Locale) -> String {
        let Some((_, field)) = self.0.iter().find(|(name, _)| name == column) else { return String::new() };
        match field {
            Field::Text(text) => disarm(text),
            Field::Whole(number) => number.to_string(),
            Field::Real(None) => String::new(),
            Field::Real(Some(number)) if locale == Locale::Swedish => number.to_string().replace('.', ","),
            Field::Real(Some(number)) => number.to_string(),
        }
    }
}

/// A text that a spreadsheet would take for a formula gets an apostrophe in front: titles come
/// from a file that others may edit, and the sheet is opened by somebody who trusts us.
fn disarm(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

fn rows(report: &Report) -> Vec<Row> {
    let period = &report.period;
    let mut rows = Vec::new();
    for queue in &report.queues {
        let mut row = named(period, "queue", &queue.name, &queue.title);
        visits(&mut row, &queue.figures, queue.objective.as_ref());
        doubt(&mut row, &queue.figures);
        rows.push(row);
    }
    for queue in &report.queues {
        for (start, figures) in &queue.intervals {
            let mut row = named(period, "interval", &queue.name, &queue.title);
            row.text("start", period.local(*start));
            visits(&mut row, figures, queue.objective.as_ref());
            doubt(&mut row, figures);
            rows.push(row);
        }
    }
    let mut total = Row::of(period, "calls_total");
    visits(&mut total, &report.calls.total, None);
    rows.push(total);
    for (queue, figures) in report.queues.iter().zip(&report.calls.by_first_queue) {
        let mut row = named(period, "calls", &queue.name, &queue.title);
        visits(&mut row, figures, queue.objective.as_ref());
        rows.push(row);
    }
    for unit in &report.units {
        let mut row = named(period, "unit", &unit.name, &unit.title);
        row.text("organisation", &unit.organisation);
        legs(&mut row, &unit.figures);
        rows.push(row);
    }
    let mut unknown = Row::of(period, "unknown_targets");
    legs(&mut unknown, &report.unknown_targets);
    rows.push(unknown);
    for organisation in &report.organisations {
        let mut row = named(period, "organisation", &organisation.name, &organisation.title);
        row.text("organisation", &organisation.name);
        legs(&mut row, &organisation.figures);
        rows.push(row);
    }
    beside(report, &mut rows);
    patterns(report, &mut rows);
    rows.push(quality(period, &report.quality));
    revisions(report, &mut rows);
    rows
}

/// What was signed, and for each revision what it changed.
fn revisions(report: &Report, rows: &mut Vec<Row>) {
    for one in &report.revisions {
        let of = |mut row: Row| {
            row.text("month", one.month.format("%Y-%m").to_string());
            row.whole("revision", i64::from(one.revision));
            row
        };
        let mut signing = of(Row::of(&report.period, "revision"));
        signing.text("signed", report.period.local(one.at));
        signing.text("signed_by", &one.who);
        signing.text("reason", &one.why);
        rows.push(signing);
        for change in &one.changes {
            let mut row = of(named(&report.period, "revision_change", &change.name, &change.title));
            row.text("kind", change.kind);
            row.text("figure", &change.figure);
            for (column, signed) in [("was", change.was), ("is", change.is)] {
                match signed {
                    Signed::Count(count) => row.whole(column, count),
                    Signed::Share(share) => row.real(column, share),
                    Signed::Absent => row.real(column, None),
                }
            }
            rows.push(row);
        }
    }
}

/// Other periods: rows like those of the period itself, with `beside`, `beside_from`, `beside_to`.
fn beside(report: &Report, rows: &mut Vec<Row>) {
    for other in &report.comparisons {
        let of = |section: &'static str, name: &str, title: &str| {
            let mut row = named(&report.period, section, name, title);
            row.text("beside", other.beside.as_str());
            row.text("beside_from", other.period.from.to_string());
            row.text("beside_to", other.period.until.to_string());
            row
        };
        for (queue, figures) in report.queues.iter().zip(&other.queues) {
            let mut row = of("queue_beside", &queue.name, &queue.title);
            if let Some(figures) = figures {
                visits(&mut row, figures, queue.objective.as_ref());
            }
            rows.push(row);
        }
        let organisations = report.organisations.iter().zip(&other.organisations);
        let organisations =
            organisations.map(|(one, figures)| (of("organisation_beside", &one.name, &one.title), figures));
        let units = report.units.iter().zip(&other.units);
        let units = units.map(|(one, figures)| (of("unit_beside", &one.name, &one.title), figures));
        for (mut row, figures) in organisations.chain(units) {
            if let Some(figures) = figures {
                legs(&mut row, figures);
            }
            rows.push(row);
        }
    }
}

/// Counts by weekday (1 is Monday) and local hour, where anything was offered.
fn patterns(report: &Report, rows: &mut Vec<Row>) {
    for (queue, pattern) in report.queues.iter().zip(report.patterns.iter().flatten()) {
        for (weekday, hours) in pattern.cells.iter().enumerate() {
            for (hour, counts) in hours.iter().enumerate().filter(|(_, counts)| counts.offered > 0) {
                let mut row = named(&report.period, "weekday_hour", &queue.name, &queue.title);
                row.whole("weekday", weekday as i64 + 1);
                row.whole("hour", hour as i64);
                row.whole("offered", counts.offered);
                row.whole("answered", counts.answered);
                row.whole("abandoned", counts.abandoned);
                row.real("objective_threshold_s", Some(f64::from(pattern.threshold_ms) / 1000.0));
                row.text("objective_definition", pattern.definition.as_str());
                row.real("objective_value", pattern.level(weekday, hour).ratio());
                rows.push(row);
            }
        }
    }
}

fn named(period: &PeriodSheet, section: &'static str, name: &str, title: &str) -> Row {
    let mut row = Row::of(period, section);
    row.text("name", name);
    row.text("title", title);
    row
}

fn visits(row: &mut Row, figures: &VisitFigures, objective: Option<&Objective>) {
    let counts = &figures.counts;
    for (column, number) in [
        ("offered", counts.offered),
        ("answered", counts.answered),
        ("abandoned", counts.abandoned),
        ("overflowed", counts.overflowed),
        ("key_exit", counts.key_exit),
        ("callback", counts.callback),
        ("voicemail", counts.voicemail),
        ("system", counts.system),
        ("outside_hours", counts.outside_hours),
        ("answered_outside_hours", counts.answered_outside_hours),
        ("lost", counts.lost),
        ("unknown", counts.unknown),
        ("open", counts.open),
        ("others", counts.other_exits()),
        ("not_counted", counts.not_counted()),
    ] {
        row.whole(column, number);
    }
    row.told("short_abandoned", figures.told(Untold::Wait, counts.short_abandoned));
    row.told("refused", figures.told(Untold::Refused, counts.refused));
    for at in &figures.thresholds {
        let threshold = seconds(at.counts.threshold_ms);
        let told = |count| figures.told(Untold::Wait, count);
        row.told(format!("within_{threshold}"), told(at.counts.within));
        row.told(format!("abandoned_within_{threshold}"), told(at.counts.abandoned_within));
        row.told(format!("on_threshold_{threshold}"), told(at.counts.on_threshold));
        for (id, level) in DefinitionId::ALL.into_iter().zip(at.levels) {
            row.real(format!("service_level_{}_{threshold}", id.as_str()), level.ratio());
        }
    }
    if let Some(objective) = objective {
        row.real("objective_threshold_s", Some(f64::from(objective.threshold_ms) / 1000.0));
        row.real("objective_target", Some(objective.target));
        row.text("objective_definition", objective.definition.as_str());
    }
    if let Some(share) = figures.judged {
        row.real("objective_value", share.ratio());
        row.whole("objective_share_met", share.met);
        row.whole("objective_share_of", share.of);
        let kept = objective.and_then(|objective| is_met(share, objective));
        row.text("objective_met", kept.map_or("", |kept| if kept { "true" } else { "false" }));
    }
    row.share("answer_rate", figures.answer_rate);
    let waits = &figures.waits;
    for (column, number) in [
        ("wait_seconds_mean", waits.mean),
        ("wait_seconds_mean_abandoned", waits.mean_abandoned),
        ("wait_seconds_mean_all", waits.mean_all),
        ("wait_seconds_p50", waits.p50),
        ("wait_seconds_p90", waits.p90),
        ("wait_seconds_p95", waits.p95),
        ("wait_seconds_p99", waits.p99),
        ("wait_seconds_max", waits.max),
        ("wait_seconds_max_all", waits.max_all),
    ] {
        row.real(column, number);
    }
}

fn doubt(row: &mut Row, figures: &VisitFigures) {
    row.whole("derived", figures.counts.derived);
    row.whole("inconsistent", figures.counts.inconsistent);
    row.whole("late", figures.counts.late);
    row.real("precision_ms", figures.counts.precision_ms().map(f64::from));
}

fn legs(row: &mut Row, figures: &LegFigures) {
    let counts = &figures.counts;
    row.whole("transfers", counts.transfers);
    row.whole("transfers_answered", figures.answer_rate.met);
    for outcome in LegOutcome::ALL {
        row.whole(format!("outcome_{}", outcome.as_str()), counts.outcome(*outcome));
    }
    row.whole("transfers_open", counts.open);
    row.whole("short", counts.short);
    row.whole("apart", counts.apart);
    row.share("blind", figures.blind());
    row.share("attended", figures.attended());
    row.real("ring_seconds_mean", figures.mean_ring_s());
    row.share("unit_answer_rate", figures.answer_rate);
    row.share("journey_rate", figures.journey_rate);
    row.share("reached_rate", figures.reached_rate);
}

fn quality(period: &PeriodSheet, quality: &QualitySheet) -> Row {
    let mut row = Row::of(period, "quality");
    row.whole("gaps", quality.gaps.len() as i64);
    row.whole("dead_letters", quality.dead_letters);
    for (column, number) in [
        ("derived", quality.derived),
        ("unmeasured", quality.unmeasured),
        ("late", quality.late),
        ("inconsistent", quality.inconsistent),
        ("lost", quality.lost),
        ("unknown", quality.unknown),
        ("unmeasured", quality.unmeasured),
    ] {
        row.whole(column, number);
    }
    row.real("precision_ms", quality.precision_ms.map(f64::from));
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Interval;
    use crate::report::render::json;
    use crate::report::tests_support::small_month;

    fn rendered(locale: Locale) -> String {
        let report = small_month().report("2026-11", Some(Interval::Day));
        let mut bytes = Vec::new();
        render(&report, &Style { locale, ..Style::default() }, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    type Table = Vec<std::collections::HashMap<String, String>>;

    fn read(text: &str, delimiter: u8) -> Table {
        let mut reader = ::csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
        reader.deserialize().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn read_back_it_equals_the_json() {
        let report = small_month().report("2026-11", Some(Interval::Day));
        let mut bytes = Vec::new();
        json::render(&report, &Style::default(), &mut bytes).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let table = read(&rendered(Locale::Plain), b',');
        let section = |name: &str| table.iter().filter(|row| row["section"] == name).collect::<Vec<_>>();
        let mut compared = 0;
        for (row, queue) in section("queue").into_iter().zip(json["queues"].as_array().unwrap()) {
            assert_eq!(row["name"], queue["queue"].as_str().unwrap());
            for (column, text) in row {
                let value =
                    queue.get(column).or_else(|| queue["wait_seconds"].get(column.strip_prefix("wait_seconds_")?));
                let value = value.or_else(|| {
                    let (id, threshold) = column.strip_prefix("service_level_")?.rsplit_once('_')?;
                    queue["service_level"].get(id)?.get(threshold)
                });
                match value {
                    Some(serde_json::Value::Number(number)) => {
                        assert_eq!(text.parse::<f64>().unwrap(), number.as_f64().unwrap(), "{column}");
                        compared += 1;
                    }
                    Some(serde_json::Value::Null) => assert_eq!(text, "", "{column}"),
                    _ => {}
                }
            }
        }
        assert!(compared > 60, "{compared}");
        assert_eq!(section("interval").len(), 3);
        assert_eq!((section("unit").len(), section("organisation").len(), section("quality").len()), (2, 2, 1));
        assert_eq!(section("unit")[1]["unit_answer_rate"], "0.5");
    }

    #[test]
    fn a_swedish_spreadsheet_opens_it_as_it_is() {
        let text = rendered(Locale::Swedish);
        let text = text.strip_prefix('\u{feff}').unwrap();
        assert!(text.starts_with("section;period_from;") && text.contains("\r\n"));
        let table = read(text, b';');
        assert_eq!(table[0]["objective_value"], "0,4");
        assert_eq!(table[0]["title"], "Kundtjänst");
    }

    #[test]
    fn a_title_is_never_a_formula() {
        assert!(read(&rendered(Locale::Plain), b',').iter().any(|row| row["title"] == "'=IT-support"));
        for bad in ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"] {
            assert_eq!(disarm(bad), format!("'{bad}"));
        }
        assert_eq!(disarm("IT-support"), "IT-support");
    }

    #[test]
    fn every_row_has_every_column_and_lines_end_as_the_rule_says() {
        let text = rendered(Locale::Plain);
        let widths: Vec<usize> = text.split_terminator("\r\n").map(|line| line.split(',').count()).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
        assert!(!text.replace("\r\n", "").contains('\n'));
    }
}
