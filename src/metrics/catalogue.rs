//! Every family once: its name, what it says, and how it is read off the snapshot.

use crate::call::fact::{LegOutcome, Outcome};
use crate::event::{AgentState, Reason};
use crate::metrics::text::Samples;
use crate::names::DefinitionId;
use crate::stats::snapshot::{QueueNow, Snapshot, SourceNow, Window};
use crate::stats::totals::WAIT_BUCKETS_S;
use crate::stats::{LegCounts, definition, unit_rates};

/// One family of series.
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// What it says.
    pub help: &'static str,
    /// How it is read.
    pub read: fn(&Snapshot, &mut Samples<'_>),
}

/// Every family.
pub const CATALOGUE: &[Family] = &[
    Family {
        name: "servicegrad_calls_offered_total",
        kind: "counter",
        help: "Visits that entered the queue while it was open.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| to.int(&[("queue", name)], queue.totals.offered as i64));
        },
    },
    Family {
        name: "servicegrad_calls_outside_hours_total",
        kind: "counter",
        help: "Visits that entered the queue while it was closed.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| to.int(&[("queue", name)], queue.totals.outside_hours as i64));
        },
    },
    Family {
        name: "servicegrad_calls_ended_total",
        kind: "counter",
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
        help: "Visits abandoned within the queue's short limit.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| to.int(&[("queue", name)], queue.totals.short_abandoned as i64));
        },
    },
    Family {
        name: "servicegrad_service_level_calls_total",
        kind: "counter",
        help: "Visits in the denominator of the queue's service level, met (good) or not (bad).",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| {
                for (threshold_ms, good, bad) in &queue.totals.thresholds {
                    let threshold = span(*threshold_ms);
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
        help: "Waits of the answered and of the abandoned; percentiles only, service levels have counters of their own.",
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
        name: "servicegrad_calls_waiting",
        kind: "gauge",
        help: "Waiting now.",
        read: |snapshot, to| each_fresh(snapshot, |queue, name| to.int(&[("queue", name)], i64::from(queue.waiting))),
    },
    Family {
        name: "servicegrad_oldest_wait_seconds",
        kind: "gauge",
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
        help: "Conversations with attendants going on.",
        read: |snapshot, to| each_fresh(snapshot, |queue, name| to.int(&[("queue", name)], i64::from(queue.talking))),
    },
    Family {
        name: "servicegrad_agents",
        kind: "gauge",
        help: "Attendants by state, where a source tells.",
        read: |snapshot, to| {
            each_fresh(snapshot, |queue, name| {
                for state in AgentState::ALL.iter().filter(|_| !queue.agents.is_empty()) {
                    let count = queue.agents.get(state).copied().unwrap_or(0);
                    to.int(&[("queue", name), ("state", state.as_str())], i64::from(count));
                }
            });
        },
    },
    Family {
        name: "servicegrad_queue_open",
        kind: "gauge",
        help: "1 inside the queue's opening hours.",
        read: |snapshot, to| each_queue(snapshot, |queue, name| to.int(&[("queue", name)], i64::from(queue.is_open))),
    },
    Family {
        name: "servicegrad_service_level_ratio",
        kind: "gauge",
        help: "Exact service level by the queue's definition: short windows by moment of outcome, today and month by offering.",
        read: |snapshot, to| {
            each_window(snapshot, |queue, name, window| {
                let settings = snapshot.directory.queue(queue.id);
                let by = settings.objective.map_or(DefinitionId::default(), |objective| objective.definition);
                for threshold_ms in &settings.thresholds_ms {
                    let level = queue.service_level(window, *threshold_ms, by, &snapshot.directory);
                    let labels = [("queue", name), ("threshold", &*span(*threshold_ms)), ("window", window.as_str())];
                    to.float(&labels, level.ratio());
                }
            });
        },
    },
    Family {
        name: "servicegrad_answer_ratio",
        kind: "gauge",
        help: "Exact answer rate.",
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
        help: "Percentiles of the waits of the answered, at most 0.79 % too high.",
        read: |snapshot, to| {
            each_window(snapshot, |queue, name, window| {
                for (quantile, label) in [(0.5, "0.5"), (0.9, "0.9"), (0.95, "0.95"), (0.99, "0.99")] {
                    let wait = queue.window(window).waits.quantile_ms(quantile).map(|ms| f64::from(ms) / 1000.0);
                    to.float(&[("queue", name), ("window", window.as_str()), ("quantile", label)], wait);
                }
            });
        },
    },
    Family {
        name: "servicegrad_service_level_target_ratio",
        kind: "gauge",
        help: "The promise: target of the queue's objective at its threshold.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| {
                let Some(objective) = snapshot.directory.queue(queue.id).objective else { return };
                to.float(&[("queue", name), ("threshold", &*span(objective.threshold_ms))], Some(objective.target));
            });
        },
    },
    Family {
        name: "servicegrad_queue_info",
        kind: "gauge",
        help: "1, with what people call the queue.",
        read: |snapshot, to| {
            each_queue(snapshot, |queue, name| {
                to.int(&[("queue", name), ("title", &snapshot.directory.queue(queue.id).title)], 1);
            });
        },
    },
    Family {
        name: "servicegrad_transfers_total",
        kind: "counter",
        help: "Transfer legs that attendants sent to the unit and that ended, by outcome.",
        read: |snapshot, to| {
            for unit in &snapshot.units {
                let labels = unit_labels(snapshot, unit.id);
                for outcome in LegOutcome::ALL {
                    let all = [labels[0], labels[1], ("outcome", outcome.as_str())];
                    to.int(&all, unit.totals.ended[*outcome as usize] as i64);
                }
            }
        },
    },
    Family {
        name: "servicegrad_unit_answer_ratio",
        kind: "gauge",
        help: "Of the transfers to the unit, the share answered there, per attempt.",
        read: |snapshot, to| {
            each_unit_window(snapshot, |labels, counts| to.float(labels, unit_rates::per_attempt(counts).ratio()));
        },
    },
    Family {
        name: "servicegrad_unit_window_transfers",
        kind: "gauge",
        help: "Denominator of the unit's answer rate: n of the window; units without transfers are left out.",
        read: |snapshot, to| {
            each_unit_window(snapshot, |labels, counts| {
                if counts.transfers > 0 {
                    to.int(labels, unit_rates::per_attempt(counts).of);
                }
            });
        },
    },
    Family {
        name: "servicegrad_source_up",
        kind: "gauge",
        help: "1 while the source is connected, its file open, its listener up.",
        read: |snapshot, to| each_source(snapshot, |source, name| to.int(&[("source", name)], i64::from(source.is_up))),
    },
    Family {
        name: "servicegrad_source_last_event_timestamp_seconds",
        kind: "gauge",
        help: "Time of the source's newest event, by its own clock.",
        read: |snapshot, to| {
            each_source(snapshot, |source, name| {
                to.float(&[("source", name)], source.last_event.map(|at| at.0 as f64 / 1000.0));
            });
        },
    },
    Family {
        name: "servicegrad_events_ingested_total",
        kind: "counter",
        help: "Events used.",
        read: |snapshot, to| each_source(snapshot, |source, name| to.int(&[("source", name)], source.accepted as i64)),
    },
    Family {
        name: "servicegrad_events_duplicate_total",
        kind: "counter",
        help: "Events known already.",
        read: |snapshot, to| {
            each_source(snapshot, |source, name| to.int(&[("source", name)], source.duplicates as i64));
        },
    },
    Family {
        name: "servicegrad_events_backfilled_total",
        kind: "counter",
        help: "Events used that were too old for the live figures.",
        read: |snapshot, to| {
            each_source(snapshot, |source, name| to.int(&[("source", name)], source.backfilled as i64));
        },
    },
    Family {
        name: "servicegrad_events_unmeasured_total",
        kind: "counter",
        help: "Events of queues that are not measured.",
        read: |snapshot, to| {
            each_source(snapshot, |source, name| to.int(&[("source", name)], source.unmeasured as i64));
        },
    },
    Family {
        name: "servicegrad_events_rejected_total",
        kind: "counter",
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
        name: "servicegrad_event_backlog_bytes",
        kind: "gauge",
        help: "Bytes of the source not yet read, where it can tell.",
        read: |snapshot, to| {
            each_source(snapshot, |source, name| to.int(&[("source", name)], source.behind_bytes as i64));
        },
    },
    Family {
        name: "servicegrad_calls_open",
        kind: "gauge",
        help: "Calls in memory: going on, or ended a short while ago.",
        read: |snapshot, to| to.int(&[], snapshot.calls_held as i64),
    },
    Family {
        name: "servicegrad_calls_stale_total",
        kind: "counter",
        help: "Calls since the start whose end was never seen.",
        read: |snapshot, to| to.int(&[], snapshot.calls_stale as i64),
    },
    Family {
        name: "servicegrad_store_up",
        kind: "gauge",
        help: "1 while the store takes commits; at 0 intake is held back.",
        read: |snapshot, to| to.int(&[], i64::from(snapshot.store.trouble.is_none())),
    },
    Family {
        name: "servicegrad_store_commits_total",
        kind: "counter",
        help: "Commits since the start.",
        read: |snapshot, to| to.int(&[], snapshot.store.commits as i64),
    },
    Family {
        name: "servicegrad_store_errors_total",
        kind: "counter",
        help: "Failed commits since the start.",
        read: |snapshot, to| to.int(&[], snapshot.store.errors as i64),
    },
    Family {
        name: "servicegrad_store_last_commit_seconds",
        kind: "gauge",
        help: "How long the last commit took.",
        read: |snapshot, to| to.float(&[], Some(snapshot.store.last_commit_ms / 1000.0)),
    },
    Family {
        name: "servicegrad_snapshot_timestamp_seconds",
        kind: "gauge",
        help: "When these figures were made.",
        read: |snapshot, to| to.float(&[], Some(snapshot.at.0 as f64 / 1000.0)),
    },
    Family {
        name: "servicegrad_build_info",
        kind: "gauge",
        help: "1, with the version of the program.",
        read: |_, to| to.int(&[("version", env!("CARGO_PKG_VERSION"))], 1),
    },
];

/// `30s`: names a threshold.
fn span(ms: u32) -> String {
    format!("{}s", f64::from(ms) / 1000.0)
}

fn each_queue(snapshot: &Snapshot, mut visit: impl FnMut(&QueueNow, &str)) {
    for queue in &snapshot.queues {
        visit(queue, &snapshot.directory.queue(queue.id).name);
    }
}

/// Queues whose source is heard: no value beats a frozen one.
fn each_fresh(snapshot: &Snapshot, mut visit: impl FnMut(&QueueNow, &str)) {
    each_queue(snapshot, |queue, name| {
        if queue.is_fresh {
            visit(queue, name);
        }
    });
}

fn each_window(snapshot: &Snapshot, mut visit: impl FnMut(&QueueNow, &str, Window)) {
    each_queue(snapshot, |queue, name| {
        for window in Window::ALL {
            // What was counted today stands; what is live needs a live source.
            if queue.is_fresh || matches!(window, Window::Today | Window::Month) {
                visit(queue, name, window);
            }
        }
    });
}

fn each_source(snapshot: &Snapshot, mut visit: impl FnMut(&SourceNow, &str)) {
    for (name, source) in snapshot.directory.sources().iter().zip(&snapshot.sources) {
        visit(source, name);
    }
}

fn unit_labels(snapshot: &Snapshot, id: crate::names::UnitId) -> [(&'static str, &str); 2] {
    let unit = snapshot.directory.unit(id);
    [("organisation", &snapshot.directory.organisation(unit.organisation).name), ("unit", &unit.name)]
}

fn each_unit_window(snapshot: &Snapshot, mut visit: impl FnMut(&[(&'static str, &str)], &LegCounts)) {
    for unit in &snapshot.units {
        let labels = unit_labels(snapshot, unit.id);
        for (window, counts) in [("today", &unit.today), ("month", &unit.month)] {
            visit(&[labels[0], labels[1], ("window", window)], counts);
        }
    }
}
