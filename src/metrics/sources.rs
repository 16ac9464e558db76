//! How each source fares.

use crate::event::Reason;
use crate::metrics::family::{Family, each_source};
use crate::stats::snapshot::LAG_BUCKETS_S;

/// The families.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "servicegrad_source_up",
        kind: "gauge",
        labels: &["source"],
        help: "1 while the source is connected, its file open, its listener up.",
        read: |snapshot, to| each_source(snapshot, |source, name| to.int(&[("source", name)], i64::from(source.is_up))),
    },
    Family {
        name: "servicegrad_source_silent",
        kind: "gauge",
        labels: &["source"],
        help: "1 when the source is down, or was not heard for longer than its silent_after, while a queue that it feeds is open.",
        read: |snapshot, to| {
            each_source(snapshot, |source, name| to.int(&[("source", name)], i64::from(source.is_silent)));
        },
    },
    Family {
        name: "servicegrad_source_last_event_timestamp_seconds",
        kind: "gauge",
        labels: &["source"],
        help: "Time of the source's newest event, by its own clock.",
        read: |snapshot, to| {
            each_source(snapshot, |source, name| {
                to.float(&[("source", name)], source.last_event.map(|at| at.0 as f64 / 1000.0));
            });
        },
    },
    Family {
        name: "servicegrad_source_last_heard_timestamp_seconds",
        kind: "gauge",
        labels: &["source"],
        help: "When the source was last heard, a sign of life without calls included; absent before the first since the start.",
        read: |snapshot, to| {
            each_source(snapshot, |source, name| {
                to.float(&[("source", name)], source.last_heard.map(|at| at.0 as f64 / 1000.0));
            });
        },
    },
    Family {
        name: "servicegrad_source_gaps_total",
        kind: "counter",
        labels: &["source"],
        help: "Periods since the start in which the source was not heard and that it told of.",
        read: |snapshot, to| each_source(snapshot, |source, name| to.int(&[("source", name)], source.gaps as i64)),
    },
    Family {
        name: "servicegrad_source_last_gap_timestamp_seconds",
        kind: "gauge",
        labels: &["source"],
        help: "When the newest gap that was told since the start ended; absent without one.",
        read: |snapshot, to| {
            each_source(snapshot, |source, name| {
                to.float(&[("source", name)], source.last_gap.map(|at| at.0 as f64 / 1000.0));
            });
        },
    },
    Family {
        name: "servicegrad_events_ingested_total",
        kind: "counter",
        labels: &["source"],
        help: "Events used.",
        read: |snapshot, to| each_source(snapshot, |source, name| to.int(&[("source", name)], source.accepted as i64)),
    },
    Family {
        name: "servicegrad_events_duplicate_total",
        kind: "counter",
        labels: &["source"],
        help: "Events known already.",
        read: |snapshot, to| {
            each_source(snapshot, |source, name| to.int(&[("source", name)], source.duplicates as i64));
        },
    },
    Family {
        name: "servicegrad_events_backfilled_total",
        kind: "counter",
        labels: &["source"],
        help: "Events used that were too old for the live figures.",
        read: |snapshot, to| {
            each_source(snapshot, |source, name| to.int(&[("source", name)], source.backfilled as i64));
        },
    },
    Family {
        name: "servicegrad_events_unmeasured_total",
        kind: "counter",
        labels: &["source"],
        help: "Events of queues that are not measured.",
        read: |snapshot, to| {
            each_source(snapshot, |source, name| to.int(&[("source", name)], source.unmeasured as i64));
        },
    },
    Family {
        name: "servicegrad_events_rejected_total",
        kind: "counter",
        labels: &["source", "reason"],
        help: "Events that could not be used, by reason; each is a dead letter.",
        read: |snapshot, to| {
            each_source(snapshot, |source, name| {
                for reason in Reason::ALL {
                    let count = source.rejected.get(&reason).copied().unwrap_or(0) as i64;
                    to.int(&[("source", name), ("reason", reason.as_str())], count);
                }
            });
        },
    },
    Family {
        name: "servicegrad_source_last_reject_timestamp_seconds",
        kind: "gauge",
        labels: &["source"],
        help: "When the source last told something that could not be used, since the start; absent before.",
        read: |snapshot, to| {
            each_source(snapshot, |source, name| {
                to.float(&[("source", name)], source.last_reject.map(|at| at.0 as f64 / 1000.0));
            });
        },
    },
    Family {
        name: "servicegrad_event_lag_seconds",
        kind: "histogram",
        labels: &["source"],
        help: "From an event's own time until it was taken in, since the start; a clock that runs ahead counts as 0.",
        read: |snapshot, to| {
            each_source(snapshot, |source, name| {
                to.histogram(&[("source", name)], &LAG_BUCKETS_S, &source.lags, source.lag_ms as f64 / 1000.0);
            });
        },
    },
    Family {
        name: "servicegrad_event_backlog_bytes",
        kind: "gauge",
        labels: &["source"],
        help: "Bytes of the source not yet read, where it can tell.",
        read: |snapshot, to| {
            each_source(snapshot, |source, name| to.int(&[("source", name)], source.behind_bytes as i64));
        },
    },
];
