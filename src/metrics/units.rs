//! Transfers: counters per unit and organisation, and exact answer rates with their n.

use crate::call::fact::LegOutcome;
use crate::metrics::family::{Family, each_organisation_window, each_unit_window, unit_labels};
use crate::stats::unit_rates;

/// The families.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "servicegrad_transfers_total",
        kind: "counter",
        labels: &["organisation", "outcome"],
        help: "Transfer legs that attendants sent to units of the organisation and that ended, by outcome.",
        read: |snapshot, to| {
            let organisations = snapshot.directory.organisations();
            let mut sums = vec![[0_u64; LegOutcome::ALL.len()]; organisations.len()];
            for unit in &snapshot.units {
                let sum = &mut sums[snapshot.directory.unit(unit.id).organisation.index()];
                sum.iter_mut().zip(unit.totals.ended).for_each(|(sum, ended)| *sum += ended);
            }
            for (organisation, sum) in organisations.iter().zip(sums) {
                for outcome in LegOutcome::ALL {
                    let labels = [("organisation", organisation.name.as_str()), ("outcome", outcome.as_str())];
                    to.int(&labels, sum[*outcome as usize] as i64);
                }
            }
        },
    },
    Family {
        name: "servicegrad_organisation_answer_ratio",
        kind: "gauge",
        labels: &["organisation", "window"],
        help: "Of the transfers to units of the organisation, the share answered there, 0 to 1, per attempt.",
        read: |snapshot, to| {
            each_organisation_window(snapshot, |labels, counts| {
                to.float(labels, unit_rates::per_attempt(counts).ratio());
            });
        },
    },
    Family {
        name: "servicegrad_organisation_window_transfers",
        kind: "gauge",
        labels: &["organisation", "window"],
        help: "Denominator of the organisation's answer rate: n of the window.",
        read: |snapshot, to| {
            each_organisation_window(snapshot, |labels, counts| to.int(labels, unit_rates::per_attempt(counts).of));
        },
    },
    Family {
        name: "servicegrad_organisation_info",
        kind: "gauge",
        labels: &["organisation", "title"],
        help: "1, with what people call the organisation.",
        read: |snapshot, to| {
            for organisation in snapshot.directory.organisations() {
                to.int(&[("organisation", &organisation.name), ("title", &organisation.title)], 1);
            }
        },
    },
    Family {
        name: "servicegrad_unit_answer_ratio",
        kind: "gauge",
        labels: &["organisation", "unit", "window"],
        help: "Of the transfers to the unit, the share answered there, 0 to 1, per attempt; absent without transfers.",
        read: |snapshot, to| {
            each_unit_window(snapshot, |labels, counts| to.float(labels, unit_rates::per_attempt(counts).ratio()));
        },
    },
    Family {
        name: "servicegrad_unit_window_transfers",
        kind: "gauge",
        labels: &["organisation", "unit", "window"],
        help: "Denominator of the unit's answer rate: n of the window; absent without transfers.",
        read: |snapshot, to| {
            each_unit_window(snapshot, |labels, counts| to.int(labels, unit_rates::per_attempt(counts).of));
        },
    },
    Family {
        name: "servicegrad_unit_transfers_total",
        kind: "counter",
        labels: &["organisation", "unit", "result"],
        help: "Transfer legs to the unit that ended: answered or missed in its answer rate, or left out of it (withdrawn, unknown, short ring).",
        read: |snapshot, to| {
            for unit in &snapshot.units {
                let labels = unit_labels(snapshot, unit.id);
                for (result, count) in unit.totals.judged() {
                    to.int(&[labels[0], labels[1], ("result", result)], count as i64);
                }
            }
        },
    },
    Family {
        name: "servicegrad_unit_info",
        kind: "gauge",
        labels: &["organisation", "unit", "title"],
        help: "1, with what people call the unit.",
        read: |snapshot, to| {
            for unit in &snapshot.units {
                let labels = unit_labels(snapshot, unit.id);
                to.int(&[labels[0], labels[1], ("title", &snapshot.directory.unit(unit.id).title)], 1);
            }
        },
    },
];
