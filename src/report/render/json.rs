//! JSON: the form for programs. The keys are a contract: keys are added, never renamed or removed.
//!
//! Counts are integers, shares numbers from 0 to 1 or `null` (no data), times of waiting seconds,
//! instants RFC 3339 with the local offset. Thresholds are keys, in seconds: `"30"`, `"1.5"`.
//! Beside each rate stands its `…_share` with numerator and denominator.

use std::io::{self, Write};

use crate::call::fact::LegOutcome;
use crate::directory::Objective;
use crate::measure::{Moment, Share, Untold};
use crate::names::DefinitionId;
use crate::report::figures::is_met;
use crate::report::render::Style;
use crate::report::render::json_beside::{comparisons, revisions, tickets, weekday_hours};
use crate::report::render::json_keys::{
    Body, Calls, CallsOfQueue, Cells, Definition, Doubt, Gap, Interval, Judged, Keyed, Legs, Mean, Organisation,
    OwnObjective, Period, Quality, Queue, Unit, Waits,
};
use crate::report::sheet::{LegFigures, Report, ThresholdFigures, VisitFigures, seconds};
use crate::stats::{Counts, definition};

/// Writes the report as one indented JSON object.
///
/// # Errors
/// Those of `out`.
pub fn render(report: &Report, _: &Style, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &body(report))?;
    out.write_all(b"\n")
}

fn body(report: &Report) -> Body<'_> {
    let period = &report.period;
    Body {
        period: Period {
            from: period.from.to_string(),
            to: period.until.to_string(),
            zone: period.zone.name(),
            status: period.status.as_str(),
            start: period.local(period.start),
            end: period.local(period.end),
            made: period.local(period.made),
            interval: period.interval.map(crate::report::Interval::as_str),
            revision: period.shown.map(|shown| shown.revision),
            last_revision: period.shown.map(|shown| shown.last),
            revisions: revisions(report),
        },
        queues: queues(report),
        units: report
            .units
            .iter()
            .map(|unit| Unit {
                unit: &unit.name,
                title: &unit.title,
                organisation: &unit.organisation,
                legs: legs(&unit.figures),
            })
            .collect(),
        unknown_targets: legs(&report.unknown_targets),
        organisations: report
            .organisations
            .iter()
            .map(|organisation| Organisation {
                organisation: &organisation.name,
                title: &organisation.title,
                units: organisation.units,
                legs: legs(&organisation.figures),
            })
            .collect(),
        calls: calls(report),
        comparisons: comparisons(report),
        weekday_hours: weekday_hours(report),
        tickets: tickets(report),
        quality: quality(report),
        definitions: definitions(),
    }
}

fn queues(report: &Report) -> Vec<Queue<'_>> {
    let intervals = |list: &[(Moment, VisitFigures)], objective: Option<&Objective>| {
        let one = |(at, figures): &(Moment, VisitFigures)| Interval {
            start: report.period.local(*at),
            cells: cells(figures, objective),
            doubt: doubt(&figures.counts),
        };
        list.iter().map(one).collect()
    };
    report
        .queues
        .iter()
        .map(|queue| Queue {
            queue: &queue.name,
            title: &queue.title,
            cells: cells(&queue.figures, queue.objective.as_ref()),
            doubt: doubt(&queue.figures.counts),
            rules_changed: queue.has_changed,
            intervals: report.period.interval.map(|_| intervals(&queue.intervals, queue.objective.as_ref())),
        })
        .collect()
}

pub(super) fn cells(figures: &VisitFigures, objective: Option<&Objective>) -> Cells {
    let counts = &figures.counts;
    let waits = &figures.waits;
    Cells {
        offered: counts.offered,
        answered: counts.answered,
        abandoned: counts.abandoned,
        short_abandoned: figures.told(Untold::Wait, counts.short_abandoned),
        overflowed: counts.overflowed,
        key_exit: counts.key_exit,
        callback: counts.callback,
        voicemail: counts.voicemail,
        refused: figures.told(Untold::Refused, counts.refused),
        system: counts.system,
        outside_hours: counts.outside_hours,
        answered_outside_hours: counts.answered_outside_hours,
        lost: counts.lost,
        unknown: counts.unknown,
        open: counts.open,
        others: counts.other_exits(),
        not_counted: counts.not_counted(),
        within: per_threshold(figures, |at| figures.told(Untold::Wait, at.counts.within)),
        abandoned_within: per_threshold(figures, |at| figures.told(Untold::Wait, at.counts.abandoned_within)),
        on_threshold: per_threshold(figures, |at| figures.told(Untold::Wait, at.counts.on_threshold)),
        service_level: per_definition(figures, Share::ratio),
        service_level_share: per_definition(figures, |share| share),
        objective: objective.and_then(|objective| judged(objective, figures.judged?)),
        answer_rate: figures.answer_rate.ratio(),
        answer_rate_share: figures.answer_rate,
        wait_seconds: Waits {
            mean: waits.mean,
            mean_abandoned: waits.mean_abandoned,
            mean_all: waits.mean_all,
            p50: waits.p50,
            p90: waits.p90,
            p95: waits.p95,
            p99: waits.p99,
            max: waits.max,
            max_all: waits.max_all,
        },
    }
}

fn per_threshold<T>(figures: &VisitFigures, figure: impl Fn(&ThresholdFigures) -> T) -> Keyed<T> {
    figures.thresholds.iter().map(|at| (seconds(at.counts.threshold_ms), figure(at))).collect()
}

fn per_definition<T>(figures: &VisitFigures, figure: impl Fn(Share) -> T) -> Keyed<Keyed<T>> {
    let ids = DefinitionId::ALL.into_iter().enumerate();
    ids.map(|(index, id)| (id.as_str().to_owned(), per_threshold(figures, |at| figure(at.levels[index])))).collect()
}

fn judged(objective: &Objective, share: Share) -> Option<Judged> {
    let threshold_ms = objective.threshold_ms;
    Some(Judged {
        threshold_s: match threshold_ms % 1000 {
            0 => (threshold_ms / 1000).into(),
            _ => serde_json::Number::from_f64(f64::from(threshold_ms) / 1000.0)?,
        },
        target: objective.target,
        definition: objective.definition.as_str(),
        version: definition::VERSION,
        value: share.ratio(),
        met: is_met(share, objective),
        share,
    })
}

fn doubt(counts: &Counts) -> Doubt {
    Doubt {
        derived: counts.derived,
        inconsistent: counts.inconsistent,
        late: counts.late,
        precision_ms: counts.precision_ms(),
        talk_seconds: mean(counts.talk_ms, counts.talks),
    }
}

fn mean(sum_ms: i64, of: i64) -> Mean {
    Mean { mean: Share { met: sum_ms, of }.ratio().map(|ms| ms / 1000.0), of }
}

fn calls(report: &Report) -> Calls<'_> {
    let by_queue = report.queues.iter().zip(&report.calls.by_first_queue);
    Calls {
        cells: cells(&report.calls.total, None),
        own_objective: report.calls.total.judged.map(|share| OwnObjective { value: share.ratio(), share }),
        by_first_queue: by_queue
            .map(|(queue, figures)| CallsOfQueue {
                queue: &queue.name,
                title: &queue.title,
                cells: cells(figures, queue.objective.as_ref()),
            })
            .collect(),
    }
}

pub(super) fn legs(figures: &LegFigures) -> Legs {
    let counts = &figures.counts;
    let outcomes = LegOutcome::ALL.iter().map(|outcome| (outcome.as_str().to_owned(), counts.outcome(*outcome)));
    Legs {
        transfers: counts.transfers,
        answered: figures.answer_rate.met,
        outcomes: outcomes.collect(),
        open: counts.open,
        short: counts.short,
        not_completed: counts.not_completed,
        apart: counts.apart,
        answer_rate: figures.answer_rate.ratio(),
        answer_rate_share: figures.answer_rate,
        few: figures.is_few(),
        journey_rate: figures.journey_rate.ratio(),
        journey_rate_share: figures.journey_rate,
        reached_rate: figures.reached_rate.ratio(),
        reached_rate_share: figures.reached_rate,
        by_kind: Keyed(vec![("blind".into(), figures.blind()), ("attended".into(), figures.attended())]),
        ring_seconds: mean(counts.ring_ms, counts.rings),
    }
}

fn quality(report: &Report) -> Quality<'_> {
    let quality = &report.quality;
    let period = &report.period;
    Quality {
        gaps: quality
            .gaps
            .iter()
            .map(|gap| Gap {
                source: &gap.source,
                from: period.local(gap.from),
                to: period.local(gap.to),
                reason: gap.reason.as_deref(),
                filled_by: gap.filled_by.as_deref(),
            })
            .collect(),
        dead_letters: quality.dead_letters,
        dead_letters_by_reason: quality.dead_letters_by_reason.iter().cloned().collect(),
        derived: quality.derived,
        unmeasured: quality.unmeasured,
        late: quality.late,
        inconsistent: quality.inconsistent,
        lost: quality.lost,
        unknown: quality.unknown,
        untold: quality
            .untold
            .iter()
            .map(|(source, what)| (source.clone(), what.iter().map(|what| what.as_str()).collect()))
            .collect(),
        precision_ms: quality.precision_ms,
    }
}

fn definitions() -> Keyed<Definition> {
    let told = |id| Definition { version: definition::VERSION, formula: definition::formula(id) };
    DefinitionId::ALL.into_iter().map(|id| (id.as_str().to_owned(), told(id))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::tests_support::{Memory, small_month};

    fn rendered(report: &Report) -> Value {
        let mut bytes = Vec::new();
        render(report, &Style::default(), &mut bytes).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    fn keys(value: &Value) -> Vec<&str> {
        value.as_object().unwrap().keys().map(String::as_str).collect()
    }

    /// The golden file is read by people who build on the form. After a wanted change, write it
    /// anew with `GOLDEN=write cargo test` and read the difference.
    #[test]
    fn a_small_month_is_the_golden_one() {
        let report = small_month().report("2026-11", Some(crate::report::Interval::Day));
        let mut bytes = Vec::new();
        render(&report, &Style::default(), &mut bytes).unwrap();
        let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/report/month.json");
        if std::env::var_os("GOLDEN").is_some() {
            std::fs::write(&golden, &bytes).unwrap();
        }
        assert_eq!(String::from_utf8(bytes).unwrap(), std::fs::read_to_string(golden).unwrap());
    }

    #[test]
    fn every_key_of_the_contract_is_there() {
        let report = rendered(&small_month().report("2026-11", Some(crate::report::Interval::Hour)));
        let has = |value: &Value, wanted: &str| {
            let found = keys(value);
            for key in wanted.split_whitespace() {
                assert!(found.contains(&key), "{key} is not among {found:?}");
            }
        };
        has(&report, "period queues units organisations calls quality");
        has(&report["period"], "from to zone status");
        let cells = "offered answered abandoned short_abandoned overflowed key_exit callback voicemail refused system \
            outside_hours answered_outside_hours lost unknown open derived within abandoned_within on_threshold \
            service_level objective answer_rate wait_seconds";
        let queue = &report["queues"][0];
        has(queue, cells);
        has(queue, "queue intervals");
        has(&queue["intervals"][0], cells);
        has(&queue["intervals"][0], "start");
        has(&queue["objective"], "threshold_s target definition version value met");
        has(&queue["wait_seconds"], "mean mean_abandoned mean_all p50 p90 p95 p99 max");
        for id in DefinitionId::ALL {
            has(&queue["service_level"][id.as_str()], "30 60");
        }
        for key in ["within", "abandoned_within", "on_threshold"] {
            has(&queue[key], "30 60");
        }
        has(&report["queues"][1]["within"], "1.5 60");
        has(&report["units"][0], "unit organisation transfers answered outcomes answer_rate journey_rate reached_rate");
        has(&report["quality"], "gaps dead_letters derived late inconsistent precision_ms");
    }

    #[test]
    fn figures_of_the_small_month_are_those_a_person_would_count() {
        let report = rendered(&small_month().report("2026-11", None));
        let queue = &report["queues"][0];
        assert_eq!(queue["within"], json!({"30": 2, "60": 3}));
        assert_eq!(queue["on_threshold"], json!({"30": 1, "60": 0}));
        assert_eq!(queue["service_level"]["of_offered"]["30"], json!(2.0 / 6.0));
        assert_eq!(queue["objective"]["value"], json!(0.4));
        assert_eq!(queue["objective"]["met"], json!(false));
        assert_eq!(queue["objective"]["threshold_s"], json!(30));
        assert_eq!(report["queues"][1]["objective"], Value::Null);
        assert_eq!(report["units"][1]["answer_rate"], json!(0.5));
        assert_eq!(report["quality"]["dead_letters"], json!(3));
        assert_eq!(report["period"]["to"], json!("2026-12-01"));
        assert!(queue.get("intervals").is_none());
    }

    #[test]
    fn no_data_is_null() {
        let report = rendered(&Memory::new().report("2026-11", None));
        let queue = &report["queues"][0];
        for key in ["value", "met"] {
            assert_eq!(queue["objective"][key], Value::Null);
        }
        assert_eq!(queue["service_level"]["of_offered"]["30"], Value::Null);
        assert_eq!(queue["answer_rate"], Value::Null);
        assert_eq!(queue["offered"], json!(0));
        assert_eq!(report["quality"]["precision_ms"], Value::Null);
    }
}
