//! A table for the terminal.

use std::fmt::Write as _;

use crate::i18n::{Language, numbers, text, text_with};
use crate::report::Report;
use crate::stats::{definition, unit_rates};

/// Writes the report for people.
pub fn render(report: &Report, language: Language) -> Vec<u8> {
    let say = |key: &str| text(language, key);
    let directory = &report.directory;
    let mut page = String::new();
    let until = report.period.until.pred_opt().unwrap_or(report.period.until);
    let status = say(if report.is_closed { "report-closed" } else { "report-provisional" });
    // Writing to a string does not fail.
    let _ = writeln!(page, "{} {} – {} ({status})\n", say("report-title"), report.period.from, until);
    let mut rows = vec![
        [
            "queue",
            "offered",
            "answered",
            "abandoned",
            "others",
            "outside-hours",
            "objective",
            "level",
            "answer-rate",
            "mean-wait",
            "p90",
        ]
        .map(|key| say(&format!("column-{key}")))
        .to_vec(),
    ];
    for row in &report.queues {
        let (queue, counts) = (directory.queue(row.queue), &row.whole.counts);
        let whole = |number: i64| numbers::whole(language, number);
        let objective = queue.objective.map_or_else(
            || "–".to_owned(),
            |objective| {
                let seconds = numbers::threshold(language, f64::from(objective.threshold_ms) / 1000.0);
                format!("{} / {seconds}", numbers::target(language, objective.target))
            },
        );
        let level = queue.objective.map_or_else(
            || "–".to_owned(),
            |objective| {
                let level = definition::service_level(counts, objective.threshold_ms, objective.definition).ratio();
                let verdict = match level {
                    None => String::new(),
                    Some(level) if level >= objective.target => format!(" {}", say("met")),
                    Some(_) => format!(" {}", say("not-met")),
                };
                format!("{}{verdict}", numbers::percent(language, level))
            },
        );
        let seconds =
            |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| numbers::seconds(language, value));
        rows.push(vec![
            queue.title.clone(),
            whole(counts.offered),
            whole(counts.answered),
            format!("{} ({})", whole(counts.abandoned), whole(counts.short_abandoned)),
            whole(counts.other_exits()),
            whole(counts.outside_hours),
            objective,
            level,
            numbers::percent(language, definition::answer_rate(counts).ratio()),
            seconds(counts.mean_wait_answered_s()),
            seconds(row.whole.waits.quantile_ms(0.9).map(|ms| f64::from(ms) / 1000.0)),
        ]);
    }
    lay_out(&rows, &mut page);
    units(report, language, &mut page);
    notes(report, language, &mut page);
    page.into_bytes()
}

fn units(report: &Report, language: Language, page: &mut String) {
    let say = |key: &str| text(language, key);
    let directory = &report.directory;
    let mut listed: Vec<_> = report.units.iter().filter(|(_, counts)| counts.transfers > 0).collect();
    if listed.is_empty() {
        return;
    }
    // Worst first; those without a rate last.
    listed.sort_by(|(_, a), (_, b)| {
        let rate = |counts| unit_rates::per_attempt(counts).ratio().unwrap_or(2.0);
        rate(a).total_cmp(&rate(b))
    });
    let mut rows = vec![
        ["unit", "organisation", "transfers", "answered", "unit-rate", "journey-rate", "reached"]
            .map(|key| say(&format!("column-{key}")))
            .to_vec(),
    ];
    for (id, counts) in listed {
        let (unit, rate) = (directory.unit(*id), unit_rates::per_attempt(counts));
        let few = if rate.of < unit_rates::LEGS_MIN { format!(" (n={})", rate.of) } else { String::new() };
        rows.push(vec![
            unit.title.clone(),
            directory.organisation(unit.organisation).title.clone(),
            numbers::whole(language, counts.transfers),
            numbers::whole(language, rate.met),
            format!("{}{few}", numbers::percent(language, rate.ratio())),
            numbers::percent(language, unit_rates::per_journey(counts).ratio()),
            numbers::percent(language, unit_rates::reached(counts).ratio()),
        ]);
    }
    page.push('\n');
    lay_out(&rows, page);
}

fn notes(report: &Report, language: Language, page: &mut String) {
    let mut said = Vec::new();
    for row in &report.queues {
        let queue = report.directory.queue(row.queue);
        let Some(objective) = queue.objective else { continue };
        said.push(format!(
            "{}: {} v{}: {}",
            queue.title,
            objective.definition.as_str(),
            definition::VERSION,
            definition::formula(objective.definition)
        ));
    }
    let mut all = crate::stats::Counts::default();
    report.queues.iter().for_each(|row| all += &row.whole.counts);
    let letters: i64 = report.quality.dead_letters.iter().map(|(_, count)| count).sum();
    let numbers = [
        ("gaps", report.quality.gaps.len() as i64),
        ("letters", letters),
        ("derived", all.derived),
        ("late", all.late),
        ("inconsistent", all.inconsistent),
        ("lost", all.lost),
        ("unknown", all.unknown),
        ("precision", all.precision_ms().map_or(0, i64::from)),
    ];
    said.push(text_with(language, "report-quality", &numbers.map(|(key, value)| (key, value.to_string()))));
    let _ = write!(page, "\n{}\n", said.join("\n"));
}

/// Columns as wide as their widest cell; the first to the left, the others to the right.
fn lay_out(rows: &[Vec<String>], page: &mut String) {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for (number, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        let _ = writeln!(page, "{}", line.trim_end());
        if number == 0 {
            let _ = writeln!(page, "{}", "─".repeat(widths.iter().sum::<usize>() + 2 * (columns - 1)));
        }
    }
}
