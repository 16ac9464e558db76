//! Gauges of the present; those of a silent source are absent.

use crate::event::AgentState;
use crate::metrics::family::{Family, each_fresh, each_queue};

/// The families.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "servicegrad_queue_open",
        kind: "gauge",
        labels: &["queue"],
        help: "1 inside the queue's opening hours.",
        read: |snapshot, to| each_queue(snapshot, |queue, name| to.int(&[("queue", name)], i64::from(queue.is_open))),
    },
    Family {
        name: "servicegrad_queue_fresh",
        kind: "gauge",
        labels: &["queue"],
        help: "1 while a source that feeds the queue is heard; at 0 its live figures are absent.",
        read: |snapshot, to| each_queue(snapshot, |queue, name| to.int(&[("queue", name)], i64::from(queue.is_fresh))),
    },
    Family {
        name: "servicegrad_calls_waiting",
        kind: "gauge",
        labels: &["queue"],
        help: "Waiting now.",
        read: |snapshot, to| each_fresh(snapshot, |queue, name| to.int(&[("queue", name)], i64::from(queue.waiting))),
    },
    Family {
        name: "servicegrad_oldest_wait_seconds",
        kind: "gauge",
        labels: &["queue"],
        help: "How long the first of those who wait has waited; 0 when nobody waits.",
        read: |snapshot, to| {
            each_fresh(snapshot, |queue, name| {
                let wait = queue.longest_wait.map_or(0.0, |wait| f64::from(wait.ms()) / 1000.0);
                to.float(&[("queue", name)], Some(wait));
            });
        },
    },
    Family {
        name: "servicegrad_calls_active",
        kind: "gauge",
        labels: &["queue"],
        help: "Conversations with attendants going on.",
        read: |snapshot, to| each_fresh(snapshot, |queue, name| to.int(&[("queue", name)], i64::from(queue.talking))),
    },
    Family {
        name: "servicegrad_agents",
        kind: "gauge",
        labels: &["queue", "state"],
        help: "Attendants by state, where a source tells.",
        read: |snapshot, to| {
            each_fresh(snapshot, |queue, name| {
                for state in AgentState::ALL.iter().filter(|_| queue.tells_agents) {
                    let count = queue.agents.get(state).copied().unwrap_or(0);
                    to.int(&[("queue", name), ("state", state.as_str())], i64::from(count));
                }
            });
        },
    },
];
