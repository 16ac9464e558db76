//! Exact shares per window with their n, and what was promised, as data that rules join on.

use crate::metrics::family::{Family, WINDOWS, each_level, each_queue, each_window, threshold};
use crate::stats::snapshot::Window;
use crate::stats::{budget, definition};

/// The families.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "servicegrad_service_level_ratio",
        kind: "gauge",
        labels: &["queue", "threshold", "window"],
        help: "Exact service level, 0 to 1, by the queue's definition; absent where nobody counts.",
        read: |snapshot, to| each_level(snapshot, |labels, level| to.float(labels, level.ratio())),
    },
    Family {
        name: "servicegrad_service_level_window_calls",
        kind: "gauge",
        labels: &["queue", "threshold", "window"],
        help: "Denominator of the service level: n of the window.",
        read: |snapshot, to| each_level(snapshot, |labels, level| to.int(labels, level.of)),
    },
    Family {
        name: "servicegrad_service_level_late_calls",
        kind: "gauge",
        labels: &["queue", "threshold", "window"],
        help: "Visits in the denominator that were not answered in time, those who wait beyond the threshold included.",
        read: |snapshot, to| each_level(snapshot, |labels, level| to.int(labels, level.of - level.met)),
    },
    Family {
        name: "servicegrad_answer_ratio",
        kind: "gauge",
        labels: &["queue", "window"],
        help: "Exact answer rate, 0 to 1: answered of all that were decided, less short abandons; absent where nobody counts.",
        read: |snapshot, to| {
            each_window(snapshot, |queue, name, window| {
                let rate = definition::answer_rate(&queue.window(window).counts);
                to.float(&[("queue", name), ("window", window.as_str())], rate.ratio());
            });
        },
    },
    Family {
        name: "servicegrad_window_calls",
        kind: "gauge",
        labels: &["queue", "window"],
        help: "Denominator of the answer rate: n of the window.",
        read: |snapshot, to| {
            each_window(snapshot, |queue, name, window| {
                let rate = definition::answer_rate(&queue.window(window).counts);
                to.int(&[("queue", name), ("window", window.as_str())], rate.of);
            });
        },
    },
    Family {
        name: "servicegrad_wait_seconds",
        kind: "gauge",
        labels: &["queue", "window", "percentile"],
        help: "Percentiles of the waits of the answered, at most 0.79 % too high.",
        read: |snapshot, to| {
            each_window(snapshot, |queue, name, window| {
                for (share, label) in [(0.5, "50"), (0.9, "90")] {
                    let wait = queue.window(window).waits.quantile_ms(share).map(|ms| f64::from(ms) / 1000.0);
                    to.float(&[("queue", name), ("window", window.as_str()), ("percentile", label)], wait);
                }
            });
        },
    },
    Family {
        name: "servicegrad_service_level_target_ratio",
        kind: "gauge",
        labels: &["queue", "threshold"],
        help: "The promise: target of the queue's objective, 0 to 1, at its threshold; no other threshold has one.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| {
                let Some(objective) = snapshot.directory.queue(queue.id).objective else { return };
                let labels = [("queue", name), ("threshold", &*threshold(objective.threshold_ms))];
                to.float(&labels, Some(objective.target));
            });
        },
    },
    Family {
        name: "servicegrad_service_level_threshold_seconds",
        kind: "gauge",
        labels: &["queue", "definition"],
        help: "The threshold of the queue's objective, with the definition that it is judged by.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| {
                let Some(objective) = snapshot.directory.queue(queue.id).objective else { return };
                let labels = [("queue", name), ("definition", objective.definition.as_str())];
                to.float(&labels, Some(f64::from(objective.threshold_ms) / 1000.0));
            });
        },
    },
    Family {
        name: "servicegrad_answer_ratio_target",
        kind: "gauge",
        labels: &["queue"],
        help: "The answer rate that was promised, 0 to 1.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| {
                to.float(&[("queue", name)], snapshot.directory.queue(queue.id).answer_target);
            });
        },
    },
    Family {
        name: "servicegrad_service_level_budget_calls",
        kind: "gauge",
        labels: &["queue", "threshold"],
        help: "Late calls that this month can bear: what the target allows of the month before, or of this month where it has more; absent before there is a whole month.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| {
                let Some(objective) = snapshot.directory.queue(queue.id).objective else { return };
                let labels = [("queue", name), ("threshold", &*threshold(objective.threshold_ms))];
                to.float(&labels, budget::late_calls(queue, &objective));
            });
        },
    },
    Family {
        name: "servicegrad_queue_info",
        kind: "gauge",
        labels: &["queue", "title"],
        help: "1, with what people call the queue.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| {
                to.int(&[("queue", name), ("title", &snapshot.directory.queue(queue.id).title)], 1);
            });
        },
    },
];

const _: () = assert!(matches!(WINDOWS[4], Window::Month), "the month's late calls are compared with its budget");
