//! Transfers to organisations and units: rates, other periods, outcomes.

use crate::call::fact::LegOutcome;
use crate::report::document::{
    Block, Chapter, Chart, ChartKind, Column, Row, Speak, Table, Value, Weight, comparison::beside,
};
use crate::report::sheet::{LegFigures, Report, UnitSheet};

/// Most units that are drawn.
const DRAWN_MAX: usize = 40;

/// Writes it; nothing where nobody was sent on.
pub fn chapter(report: &Report, speak: Speak) -> Option<Chapter> {
    let mut units: Vec<(usize, &UnitSheet)> =
        report.units.iter().enumerate().filter(|(_, unit)| unit.figures.counts.transfers > 0).collect();
    if units.is_empty() {
        return None;
    }
    // Worst first among those that can be judged; then those that rest on too little.
    let rate = |unit: &UnitSheet| unit.figures.answer_rate.ratio().unwrap_or(2.0);
    units.sort_by(|(_, a), (_, b)| {
        a.figures.is_few().cmp(&b.figures.is_few()).then(rate(a).total_cmp(&rate(b))).then(a.name.cmp(&b.name))
    });
    let mut blocks = vec![
        Block::Text(speak.text("report-units-read")),
        Block::Table(organisations(report, speak)),
        Block::Table(rates(report, &units, speak)),
        Block::Table(outcomes(report, &units, speak)),
    ];
    let unknown = report.unknown_targets.counts.transfers;
    if unknown > 0 {
        blocks.push(Block::Text(speak.with("report-unknown-targets", &[("n", speak.whole(unknown))])));
    }
    Some(Chapter { title: speak.text("report-units"), blocks })
}

fn columns(first: &[(&str, &str)], report: &Report, speak: Speak) -> Vec<Column> {
    let own = [
        ("transfers", "column-transfers"),
        ("answered", "column-answered"),
        ("answer_rate_share.of", "column-n"),
        ("answer_rate", "column-unit-rate"),
        ("journey_rate", "column-journey-rate"),
        ("reached_rate", "column-reached"),
        ("blind", "column-blind"),
        ("attended", "column-attended"),
        ("ring_seconds.mean", "column-ring"),
    ];
    let mut columns: Vec<Column> =
        first.iter().chain(&own).map(|(id, key)| Column::new(*id, speak.text(key))).collect();
    columns.extend(report.comparisons.iter().map(|other| {
        let title = speak.with("report-rate-of", &[("period", speak.text(beside(other.beside)))]);
        Column::new(other.beside.as_str(), title)
    }));
    columns
}

fn cells<'a>(figures: &LegFigures, others: impl Iterator<Item = Option<&'a LegFigures>>) -> Vec<Value> {
    let counts = &figures.counts;
    let mut cells = vec![
        Value::Whole(counts.transfers),
        Value::Whole(figures.answer_rate.met),
        Value::Whole(figures.answer_rate.of),
        Value::share(figures.answer_rate),
        Value::share(figures.journey_rate),
        Value::share(figures.reached_rate),
        Value::share(figures.blind()),
        Value::share(figures.attended()),
        Value::Seconds(figures.mean_ring_s()),
    ];
    cells.extend(others.map(|other| other.map_or(Value::NoData, |figures| Value::share(figures.answer_rate))));
    cells
}

fn weight(figures: &LegFigures) -> Weight {
    if figures.is_few() { Weight::Faint } else { Weight::Usual }
}

fn organisations(report: &Report, speak: Speak) -> Table {
    let columns = columns(&[("organisation", "column-organisation")], report, speak);
    let mut table = Table::new("organisations", speak.text("report-organisations"), columns);
    for (at, organisation) in report.organisations.iter().enumerate() {
        if organisation.figures.counts.transfers == 0 {
            continue;
        }
        let mut row = vec![Value::text(&organisation.title)];
        let others = report.comparisons.iter().map(|other| other.organisations[at].as_ref());
        row.extend(cells(&organisation.figures, others));
        table.rows.push(Row::new(&organisation.name, row).weighing(weight(&organisation.figures)));
    }
    table.chart = Some(Chart {
        title: speak.text("report-chart-organisations"),
        kind: ChartKind::Bars,
        series: vec![4],
        target: None,
    });
    table
}

fn titled(report: &Report, unit: &UnitSheet) -> [Value; 2] {
    let found = report.organisations.iter().find(|organisation| organisation.name == unit.organisation);
    let organisation = found.map_or_else(|| unit.organisation.clone(), |organisation| organisation.title.clone());
    [Value::text(&unit.title), Value::Text(organisation)]
}

fn rates(report: &Report, units: &[(usize, &UnitSheet)], speak: Speak) -> Table {
    let first = [("unit", "column-unit"), ("organisation", "column-organisation")];
    let mut table = Table::new("units", speak.text("report-units-rates"), columns(&first, report, speak));
    for (at, unit) in units {
        let mut row: Vec<Value> = titled(report, unit).into();
        let others = report.comparisons.iter().map(|other| other.units[*at].as_ref());
        row.extend(cells(&unit.figures, others));
        table.rows.push(Row::new(&unit.name, row).weighing(weight(&unit.figures)));
    }
    if table.rows.len() <= DRAWN_MAX {
        table.chart = Some(Chart {
            title: speak.text("report-chart-units"),
            kind: ChartKind::Bars,
            series: vec![5],
            target: None,
        });
    }
    table
}

fn outcomes(report: &Report, units: &[(usize, &UnitSheet)], speak: Speak) -> Table {
    // An outcome that nobody met is no column.
    let met: Vec<LegOutcome> = LegOutcome::ALL
        .iter()
        .copied()
        .filter(|outcome| units.iter().any(|(_, unit)| unit.figures.counts.outcome(*outcome) > 0))
        .collect();
    let mut columns = vec![
        Column::new("unit", speak.text("column-unit")),
        Column::new("organisation", speak.text("column-organisation")),
        Column::new("transfers", speak.text("column-transfers")),
    ];
    columns.extend(met.iter().map(|outcome| {
        let key = format!("leg-outcome-{}", outcome.as_str());
        Column::new(format!("outcomes.{}", outcome.as_str()), speak.text(&key))
    }));
    columns.push(Column::new("short", speak.text("column-short-ring")));
    let mut table = Table::new("outcomes", speak.text("report-units-outcomes"), columns);
    for (_, unit) in units {
        let counts = &unit.figures.counts;
        let mut row: Vec<Value> = titled(report, unit).into();
        row.push(Value::Whole(counts.transfers));
        row.extend(met.iter().map(|outcome| Value::Whole(counts.outcome(*outcome))));
        row.push(Value::Whole(counts.short));
        table.rows.push(Row::new(&unit.name, row).weighing(weight(&unit.figures)));
    }
    table
}
