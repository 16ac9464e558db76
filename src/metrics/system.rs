//! How the store and the program fare.

use crate::metrics::family::Family;
use crate::stats::snapshot::COMMIT_BUCKETS_MS;

/// The families.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "servicegrad_calls_held",
        kind: "gauge",
        labels: &[],
        help: "Calls in memory: going on, or ended a short while ago.",
        read: |snapshot, to| to.int(&[], snapshot.calls_held as i64),
    },
    Family {
        name: "servicegrad_calls_stale_total",
        kind: "counter",
        labels: &[],
        help: "Calls since the start whose end was never seen.",
        read: |snapshot, to| to.int(&[], snapshot.calls_stale as i64),
    },
    Family {
        name: "servicegrad_leader",
        kind: "gauge",
        labels: &[],
        help: "1 while this program writes the figures, 0 while it stands by.",
        read: |_, to| to.int(&[], 1),
    },
    Family {
        name: "servicegrad_store_up",
        kind: "gauge",
        labels: &[],
        help: "1 while the store takes commits; at 0 live events lie in the spool and files wait.",
        read: |snapshot, to| to.int(&[], i64::from(snapshot.store.trouble.is_none())),
    },
    Family {
        name: "servicegrad_store_unstored_events",
        kind: "gauge",
        labels: &[],
        help: "Events that were taken in while the store was away and lie in the spool; 0 when all is stored.",
        read: |snapshot, to| to.int(&[], snapshot.store.unstored.map_or(0, |of| of.events as i64)),
    },
    Family {
        name: "servicegrad_store_unstored_seconds",
        kind: "gauge",
        labels: &[],
        help: "For how long the store has been away; 0 when all is stored.",
        read: |snapshot, to| {
            let away_ms = snapshot.store.unstored.map_or(0, |of| snapshot.at.ms_since(of.since).max(0));
            to.float(&[], Some(away_ms as f64 / 1000.0));
        },
    },
    Family {
        name: "servicegrad_store_spool_bytes",
        kind: "gauge",
        labels: &[],
        help: "Length of the spool; at store.spool_bytes_max intake is held back.",
        read: |snapshot, to| to.int(&[], snapshot.store.unstored.map_or(0, |of| of.bytes as i64)),
    },
    Family {
        name: "servicegrad_store_errors_total",
        kind: "counter",
        labels: &[],
        help: "Failed commits since the start.",
        read: |snapshot, to| to.int(&[], snapshot.store.errors as i64),
    },
    Family {
        name: "servicegrad_store_commit_seconds",
        kind: "histogram",
        labels: &[],
        help: "How long the commits since the start took.",
        read: |snapshot, to| {
            let store = &snapshot.store;
            to.histogram_ms(&[], &COMMIT_BUCKETS_MS, &store.commit_times, store.commit_ms / 1000.0);
        },
    },
    Family {
        name: "servicegrad_snapshot_timestamp_seconds",
        kind: "gauge",
        labels: &[],
        help: "When these figures were made.",
        read: |snapshot, to| to.float(&[], Some(snapshot.at.0 as f64 / 1000.0)),
    },
    Family {
        name: "servicegrad_report_due_timestamp_seconds",
        kind: "gauge",
        labels: &["report"],
        help: "When the newest scheduled report of this name was due.",
        read: |snapshot, to| {
            for report in &snapshot.reports {
                to.float(&[("report", &report.name)], report.due.map(|at| at.0 as f64 / 1000.0));
            }
        },
    },
    Family {
        name: "servicegrad_report_done_timestamp_seconds",
        kind: "gauge",
        labels: &["report"],
        help: "When a scheduled report of this name was last made and handed over; absent before the first.",
        read: |snapshot, to| {
            for report in &snapshot.reports {
                to.float(&[("report", &report.name)], report.done.map(|at| at.0 as f64 / 1000.0));
            }
        },
    },
    Family {
        name: "servicegrad_build_info",
        kind: "gauge",
        labels: &["version"],
        help: "1, with the version of the program.",
        read: |_, to| to.int(&[("version", env!("CARGO_PKG_VERSION"))], 1),
    },
];
