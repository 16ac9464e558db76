//! A table for people at a terminal, in Swedish or English.
//!
//! Shows what a reader needs to judge a figure beside the figure: target and whether it was met in
//! words, how many it rests on, what is left out, by which definition, and how good the data is.

use std::io::{self, Write};

use crate::directory::Objective;
use crate::i18n::{Language, numbers, text, text_with};
use crate::measure::{Share, Untold};
use crate::names::DefinitionId;
use crate::report::figures::is_met;
use crate::report::render::Style;
use crate::report::sheet::{LegFigures, QualitySheet, QueueSheet, Report, Status, UnitSheet, VisitFigures};
use crate::stats::definition;

/// Writes the report as tables under each other.
///
/// # Errors
/// Those of `out`.
pub fn render(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let speak = Speak(style.language);
    let period = &report.period;
    let last = period.until.pred_opt().unwrap_or(period.until);
    let status = match period.status {
        Status::Closed => speak.text("report-closed"),
        Status::Provisional => speak.text("report-provisional"),
    };
    let title = speak.text("report-title");
    writeln!(out, "{title} {} – {last} ({status}, {})", period.from, period.zone.name())?;
    queues(report, &speak, *style, out)?;
    intervals(report, &speak, *style, out)?;
    units(report, &speak, *style, out)?;
    notes(report, &speak, out)
}

/// Texts and numbers in one language.
struct Speak(Language);

impl Speak {
    fn text(&self, key: &str) -> String {
        text(self.0, key)
    }

    fn whole(&self, number: i64) -> String {
        numbers::whole(self.0, number)
    }

    fn percent(&self, share: Share) -> String {
        numbers::percent(self.0, share.ratio())
    }

    fn wait(&self, seconds: Option<f64>) -> String {
        seconds.map_or_else(|| numbers::NO_DATA.to_owned(), |seconds| numbers::seconds(self.0, seconds))
    }

    /// A threshold as its queue has it, in seconds: `60 s` and not a minute.
    fn threshold(&self, ms: u32) -> String {
        let decimals = usize::from(!ms.is_multiple_of(1000));
        format!("{}\u{a0}s", numbers::decimal(self.0, f64::from(ms) / 1000.0, decimals))
    }

    /// A promise: `90 %`, with a decimal only where it has one.
    fn target(&self, target: f64) -> String {
        let percent = target * 100.0;
        let decimals = usize::from((percent - percent.round()).abs() > 1e-9);
        let space = if self.0 == Language::Sv { "\u{a0}" } else { "" };
        format!("{}{space}%", numbers::decimal(self.0, percent, decimals))
    }
}

/// A line of a table, and whether it is to be greyed.
struct Line {
    cells: Vec<String>,
    is_faint: bool,
}

fn line(cells: Vec<String>) -> Line {
    Line { cells, is_faint: false }
}

/// Thresholds of all queues, ascending.
fn thresholds(report: &Report) -> Vec<u32> {
    let each = report.queues.iter().flat_map(|queue| &queue.figures.thresholds);
    let mut all: Vec<u32> = each.map(|at| at.counts.threshold_ms).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn visit_columns(first: &[&str], thresholds: &[u32], speak: &Speak) -> Vec<String> {
    let mut columns: Vec<String> = first.iter().map(|key| speak.text(key)).collect();
    columns
        .extend(["column-offered", "column-answered", "column-abandoned", "column-others"].map(|key| speak.text(key)));
    let within = |ms: &u32| text_with(speak.0, "column-within", &[("threshold", speak.threshold(*ms))]);
    columns.extend(thresholds.iter().map(within));
    let rest = ["column-answer-rate", "column-mean-wait", "column-p90", "column-outside-hours", "column-not-counted"];
    columns.extend(rest.map(|key| speak.text(key)));
    columns
}

fn visit_cells(
    figures: &VisitFigures,
    objective: Option<&Objective>,
    thresholds: &[u32],
    speak: &Speak,
) -> Vec<String> {
    let counts = &figures.counts;
    let short = figures.told(Untold::Wait, counts.short_abandoned);
    let mut cells = vec![
        speak.whole(counts.offered),
        speak.whole(counts.answered),
        format!("{} ({})", speak.whole(counts.abandoned), short.map_or(numbers::NO_DATA.into(), |n| speak.whole(n))),
        speak.whole(counts.other_exits()),
    ];
    cells.extend(thresholds.iter().map(|ms| level(figures, objective, *ms, speak)));
    cells.extend([
        speak.percent(figures.answer_rate),
        speak.wait(figures.waits.mean),
        speak.wait(figures.waits.p90),
        speak.whole(counts.outside_hours),
        speak.whole(counts.lost + counts.unknown + counts.open),
    ]);
    cells
}

/// The service level at a threshold by the queue's definition; at the one that was promised, with
/// the promise and whether it was kept.
fn level(figures: &VisitFigures, objective: Option<&Objective>, threshold_ms: u32, speak: &Speak) -> String {
    let by = objective.map_or_else(DefinitionId::default, |objective| objective.definition);
    let Some(at) = figures.thresholds.iter().find(|at| at.counts.threshold_ms == threshold_ms) else {
        return String::new();
    };
    let level = speak.percent(at.levels[by as usize]);
    let promised = objective.filter(|objective| objective.threshold_ms == threshold_ms);
    let Some((objective, share)) = promised.zip(figures.judged) else { return level };
    let target = text_with(speak.0, "report-target", &[("target", speak.target(objective.target))]);
    match is_met(share, objective) {
        None => format!("{level} ({target})"),
        Some(kept) => format!("{level} ({target}: {})", speak.text(if kept { "met" } else { "not-met" })),
    }
}

fn queues(report: &Report, speak: &Speak, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let thresholds = thresholds(report);
    let columns = visit_columns(&["column-queue"], &thresholds, speak);
    let one = |title: &str, figures: &VisitFigures, objective: Option<&Objective>| {
        let mut cells = vec![title.to_owned()];
        cells.extend(visit_cells(figures, objective, &thresholds, speak));
        line(cells)
    };
    let mut lines: Vec<Line> =
        report.queues.iter().map(|queue| one(&queue.title, &queue.figures, queue.objective.as_ref())).collect();
    if report.queues.len() > 1 {
        lines.push(one(&speak.text("report-all-calls"), &report.calls.total, None));
    }
    lay_out(&columns, 1, &lines, style, out)
}

fn intervals(report: &Report, speak: &Speak, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let thresholds = thresholds(report);
    let columns = visit_columns(&["column-queue", "column-start"], &thresholds, speak);
    let with = |queue: &QueueSheet| {
        let one = |(start, figures): &(crate::measure::Moment, VisitFigures)| {
            let local = report.period.local(*start);
            // The offset tells the two hours of autumn apart; the seconds say nothing.
            let start = format!("{} {}{}", &local[..10], &local[11..16], &local[19..]);
            let mut cells = vec![queue.title.clone(), start];
            cells.extend(visit_cells(figures, queue.objective.as_ref(), &thresholds, speak));
            line(cells)
        };
        queue.intervals.iter().map(one).collect::<Vec<_>>()
    };
    let lines: Vec<Line> = report.queues.iter().flat_map(with).collect();
    if lines.is_empty() { Ok(()) } else { lay_out(&columns, 2, &lines, style, out) }
}

fn leg_cells(figures: &LegFigures, speak: &Speak) -> Vec<String> {
    let rate = figures.answer_rate;
    let few = if figures.is_few() { " (n<10)" } else { "" };
    vec![
        speak.whole(figures.counts.transfers),
        speak.whole(rate.met),
        speak.whole(rate.of),
        format!("{}{few}", speak.percent(rate)),
        speak.percent(figures.journey_rate),
        speak.percent(figures.reached_rate),
    ]
}

fn units(report: &Report, speak: &Speak, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut listed: Vec<&UnitSheet> = report.units.iter().filter(|unit| unit.figures.counts.transfers > 0).collect();
    if listed.is_empty() {
        return Ok(());
    }
    // Worst first among those that can be judged; then those that rest on too little.
    let rate = |unit: &UnitSheet| unit.figures.answer_rate.ratio().unwrap_or(2.0);
    listed.sort_by(|a, b| {
        a.figures.is_few().cmp(&b.figures.is_few()).then(rate(a).total_cmp(&rate(b))).then(a.name.cmp(&b.name))
    });
    let columns = |first: &[&str]| -> Vec<String> {
        let rest = ["column-transfers", "column-answered", "column-n", "column-unit-rate"];
        let rates = ["column-journey-rate", "column-reached"];
        first.iter().chain(&rest).chain(&rates).map(|key| speak.text(key)).collect()
    };
    let title = |name: &str| {
        let found = report.organisations.iter().find(|organisation| organisation.name == name);
        found.map_or_else(|| name.to_owned(), |organisation| organisation.title.clone())
    };
    let lines = listed.iter().map(|unit| {
        let mut cells = vec![unit.title.clone(), title(&unit.organisation)];
        cells.extend(leg_cells(&unit.figures, speak));
        Line { cells, is_faint: unit.figures.is_few() }
    });
    lay_out(&columns(&["column-unit", "column-organisation"]), 2, &lines.collect::<Vec<_>>(), style, out)?;
    let used = report.organisations.iter().filter(|organisation| organisation.figures.counts.transfers > 0);
    let lines = used.map(|organisation| {
        let mut cells = vec![organisation.title.clone()];
        cells.extend(leg_cells(&organisation.figures, speak));
        Line { cells, is_faint: organisation.figures.is_few() }
    });
    lay_out(&columns(&["column-organisation"]), 1, &lines.collect::<Vec<_>>(), style, out)
}

fn notes(report: &Report, speak: &Speak, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    let mut told = Vec::new();
    for queue in &report.queues {
        let by = queue.objective.map_or_else(DefinitionId::default, |objective| objective.definition);
        if !told.contains(&by) {
            told.push(by);
            let formula = definition::formula(by);
            writeln!(out, "{}: {} v{}: {formula}", speak.text("column-level"), by.as_str(), definition::VERSION)?;
        }
    }
    if !told.is_empty() {
        writeln!(out, "  {}", speak.text("report-letters"))?;
    }
    let unknown = report.unknown_targets.counts.transfers;
    if unknown > 0 {
        writeln!(out, "{}", text_with(speak.0, "report-unknown-targets", &[("n", speak.whole(unknown))]))?;
    }
    quality(&report.quality, speak, out)?;
    untold(&report.quality, speak, out)?;
    for gap in &report.quality.gaps {
        let (from, to) = (report.period.local(gap.from), report.period.local(gap.to));
        let reason = gap.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let filled =
            gap.filled_by.as_ref().map(|by| text_with(speak.0, "report-gap-filled", &[("source", by.clone())]));
        let filled = filled.map(|filled| format!(", {filled}")).unwrap_or_default();
        writeln!(out, "  {}: {from} – {to}{reason}{filled}", gap.source)?;
    }
    Ok(())
}

/// What the sources cannot tell, so that nobody takes a dash for a nought.
fn untold(quality: &QualitySheet, speak: &Speak, out: &mut dyn Write) -> io::Result<()> {
    if quality.unmeasured > 0 {
        writeln!(out, "{}", text_with(speak.0, "report-unmeasured", &[("n", speak.whole(quality.unmeasured))]))?;
    }
    for (source, untold) in &quality.untold {
        let what: Vec<String> = untold.iter().map(|what| speak.text(&format!("untold-{}", what.as_str()))).collect();
        let words = [("source", source.clone()), ("what", what.join(", "))];
        writeln!(out, "{}", text_with(speak.0, "report-untold", &words))?;
    }
    Ok(())
}

fn quality(quality: &QualitySheet, speak: &Speak, out: &mut dyn Write) -> io::Result<()> {
    let counts = [
        ("gaps", quality.gaps.len() as i64),
        ("letters", quality.dead_letters),
        ("derived", quality.derived),
        ("late", quality.late),
        ("inconsistent", quality.inconsistent),
        ("lost", quality.lost),
        ("unknown", quality.unknown),
    ];
    let mut values: Vec<(&str, String)> = counts.map(|(key, count)| (key, speak.whole(count))).into();
    let precision = quality.precision_ms.map_or_else(|| numbers::NO_DATA.to_owned(), |ms| format!("{ms}\u{a0}ms"));
    values.push(("precision", precision));
    writeln!(out, "{}", text_with(speak.0, "report-quality", &values))
}

/// Columns as wide as their widest cell; the first `left` to the left, the others to the right.
fn lay_out(columns: &[String], left: usize, lines: &[Line], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let wide = |text: &String| text.chars().count();
    let width =
        |(at, name): (usize, &String)| lines.iter().map(|line| wide(&line.cells[at])).fold(wide(name), usize::max);
    let widths: Vec<usize> = columns.iter().enumerate().map(width).collect();
    let spell = |cells: &[String]| {
        let cells =
            cells.iter().zip(&widths).enumerate().map(|(at, (cell, width))| {
                if at < left { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    writeln!(out, "\n{}", spell(columns))?;
    writeln!(out, "{}", "─".repeat(widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1)))?;
    for line in lines {
        let row = spell(&line.cells);
        if line.is_faint && style.is_colour {
            writeln!(out, "\u{1b}[2m{row}\u{1b}[0m")?;
        } else {
            writeln!(out, "{row}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Interval;
    use crate::report::tests_support::{Memory, small_month};

    fn rendered(memory: &Memory, style: &Style) -> String {
        let mut bytes = Vec::new();
        render(&memory.report("2026-11", Some(Interval::Day)), style, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap().replace('\u{a0}', " ")
    }

    /// Written anew like the golden JSON.
    #[test]
    fn a_small_month_is_the_golden_one() {
        let table = rendered(&small_month(), &Style::default());
        let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/report/month.txt");
        if std::env::var_os("GOLDEN").is_some() {
            std::fs::write(&golden, &table).unwrap();
        }
        assert_eq!(table, std::fs::read_to_string(golden).unwrap());
    }

    #[test]
    fn english_is_english_and_few_legs_are_greyed() {
        let table = rendered(&small_month(), &Style { language: Language::En, is_colour: true, ..Style::default() });
        assert!(table.contains("40.0% (target 90%: not met)"), "{table}");
        assert!(table.contains("\u{1b}[2mskola") && table.contains("(n<10)"), "{table}");
    }

    #[test]
    fn nothing_is_a_dash_and_no_table_of_units() {
        let table = rendered(&Memory::new(), &Style::default());
        assert!(table.contains("– (mål 90 %)") && !table.contains("Enhet "), "{table}");
    }
}
