//! Counters of visits: they only grow, and go on where they stood after a restart.

use crate::call::fact::Outcome;
use crate::metrics::family::{Family, each_queue, threshold};
use crate::stats::totals::WAIT_BUCKETS_S;

/// The families.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "servicegrad_calls_offered_total",
        kind: "counter",
        labels: &["queue"],
        help: "Visits that entered the queue while it was open.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| to.int(&[("queue", name)], queue.totals.offered as i64));
        },
    },
    Family {
        name: "servicegrad_calls_while_closed_total",
        kind: "counter",
        labels: &["queue"],
        help: "Visits that entered the queue while it was closed; in no other count.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| to.int(&[("queue", name)], queue.totals.outside_hours as i64));
        },
    },
    Family {
        name: "servicegrad_calls_ended_total",
        kind: "counter",
        labels: &["queue", "outcome"],
        help: "Visits that ended, by outcome; short abandons are in abandoned too.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| {
                for outcome in Outcome::ALL {
                    let count = queue.totals.ended[*outcome as usize] as i64;
                    to.int(&[("queue", name), ("outcome", outcome.as_str())], count);
                }
            });
        },
    },
    Family {
        name: "servicegrad_calls_short_abandoned_total",
        kind: "counter",
        labels: &["queue"],
        help: "Visits abandoned within the queue's short limit.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| to.int(&[("queue", name)], queue.totals.short_abandoned as i64));
        },
    },
    Family {
        name: "servicegrad_service_level_calls_total",
        kind: "counter",
        labels: &["queue", "threshold", "result"],
        help: "Visits in the denominator of the queue's service level, by its definition: answered in time (good) or not (bad).",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| {
                for (threshold_ms, good, bad) in &queue.totals.thresholds {
                    let threshold = threshold(*threshold_ms);
                    for (result, count) in [("good", good), ("bad", bad)] {
                        let labels = [("queue", name), ("threshold", threshold.as_str()), ("result", result)];
                        to.int(&labels, *count as i64);
                    }
                }
            });
        },
    },
    Family {
        name: "servicegrad_call_wait_seconds",
        kind: "histogram",
        labels: &["queue", "outcome"],
        help: "Waits of the answered and of the abandoned; for heat maps only, service levels have counters of their own.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| {
                let totals = &queue.totals;
                let both = [
                    ("answered", &totals.answered_waits, totals.answered_wait_ms),
                    ("abandoned", &totals.abandoned_waits, totals.abandoned_wait_ms),
                ];
                for (outcome, counts, sum_ms) in both {
                    let labels = [("queue", name), ("outcome", outcome)];
                    to.histogram(&labels, &WAIT_BUCKETS_S, counts, sum_ms as f64 / 1000.0);
                }
            });
        },
    },
    Family {
        name: "servicegrad_call_talk_seconds_total",
        kind: "counter",
        labels: &["queue"],
        help: "Seconds of conversation that have ended, where the source tells their length.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| {
                to.float(&[("queue", name)], Some(queue.totals.talk_ms as f64 / 1000.0));
            });
        },
    },
    Family {
        name: "servicegrad_conversations_total",
        kind: "counter",
        labels: &["queue"],
        help: "Conversations that have ended and whose length is known.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| to.int(&[("queue", name)], queue.totals.talks as i64));
        },
    },
];
