//! The conditions as queries. Prometheus 2.42 and 3 read them alike: no `le`, no young function.

use crate::alert::limits;

/// The labels by which series of one queue of one daemon belong together.
const QUEUE: &str = "on (job, instance, queue)";
const PROMISE: &str = "on (job, instance, queue, threshold)";

/// Upper end of what the service level of the last hour may really be: a recording rule.
pub(crate) fn wilson() -> String {
    let z = limits::Z;
    let (p, n) = (
        "servicegrad_service_level_ratio{window=\"1h\"}",
        "(servicegrad_service_level_window_calls{window=\"1h\"} > 0)",
    );
    format!(
        "({p} + {} / {n} + {z} * sqrt({p} * (1 - {p}) / {n} + {} / {n} ^ 2)) / (1 + {} / {n})",
        short(z * z / 2.0),
        short(z * z / 4.0),
        short(z * z)
    )
}

/// Without the last digits of the binary representation.
fn short(number: f64) -> String {
    format!("{number:.8}").trim_end_matches('0').to_owned()
}

fn while_open(condition: &str) -> String {
    format!("{condition}\nand {QUEUE} servicegrad_queue_open == 1")
}

pub(super) fn answer_rate_low() -> String {
    while_open(&format!(
        "servicegrad_answer_ratio{{window=\"1h\"}} < {QUEUE} servicegrad_answer_ratio_target\n\
         and {QUEUE} servicegrad_window_calls{{window=\"1h\"}} >= {}",
        limits::CALLS_MIN
    ))
}

pub(super) fn service_level_low() -> String {
    while_open(&format!("servicegrad:service_level_upper:1h < {PROMISE} servicegrad_service_level_target_ratio"))
}

pub(super) fn budget_burn_fast() -> String {
    burn("1h", limits::BURN_FAST, "5m")
}

pub(super) fn budget_burn_slow() -> String {
    burn("today", limits::BURN_SLOW, "1h")
}

fn burn(window: &str, share: f64, still: &str) -> String {
    format!(
        "servicegrad_service_level_late_calls{{window=\"{window}\"}}\n  \
         > {PROMISE} clamp_min({share} * servicegrad_service_level_budget_calls, {})\n\
         and {PROMISE} servicegrad_service_level_late_calls{{window=\"{still}\"}} > 0",
        limits::BURN_CALLS_MIN
    )
}

pub(super) fn budget_spent() -> String {
    format!(
        "servicegrad_service_level_late_calls{{window=\"month\"}} > {PROMISE} servicegrad_service_level_budget_calls"
    )
}

pub(super) fn queue_long_wait() -> String {
    while_open(&format!(
        "servicegrad_oldest_wait_seconds > {QUEUE} {} * servicegrad_service_level_threshold_seconds",
        limits::LONG_WAIT
    ))
}

pub(super) fn no_agents() -> String {
    while_open(&format!(
        "servicegrad_calls_waiting > 0\nand {QUEUE} sum by (job, instance, queue) \
         (servicegrad_agents{{state=~\"available|busy|wrapup|ringing\"}}) == 0"
    ))
}

pub(super) fn unit_answer_rate_low() -> String {
    format!(
        "servicegrad_unit_answer_ratio{{window=\"month\"}} < {}\n\
         and servicegrad_unit_window_transfers{{window=\"month\"}} >= {}",
        limits::UNIT_RATE,
        limits::UNIT_LEGS_MIN
    )
}

pub(super) fn source_stale() -> String {
    "servicegrad_source_silent == 1".to_owned()
}

pub(super) fn source_gap() -> String {
    format!("time() - servicegrad_source_last_gap_timestamp_seconds < {}", limits::NEWS_S)
}

pub(super) fn source_behind() -> String {
    format!("servicegrad_event_backlog_bytes > {}", limits::BEHIND_BYTES)
}

pub(super) fn dead_letters() -> String {
    format!("time() - servicegrad_source_last_reject_timestamp_seconds < {}", limits::NEWS_S)
}

pub(super) fn store_trouble() -> String {
    "servicegrad_store_up == 0".to_owned()
}

pub(super) fn report_missed() -> String {
    format!(
        "time() - (servicegrad_report_due_timestamp_seconds\n  unless (servicegrad_report_done_timestamp_seconds \
         >= servicegrad_report_due_timestamp_seconds)) > {}",
        limits::REPORT_LATE_S
    )
}

pub(super) fn engine_stuck() -> String {
    format!("time() - servicegrad_snapshot_timestamp_seconds > {}", limits::FIGURES_OLD_S)
}

pub(super) fn target_down() -> String {
    "up{job=\"servicegrad\"} == 0 or absent(up{job=\"servicegrad\"})".to_owned()
}

pub(super) fn watchdog() -> String {
    "vector(1)".to_owned()
}
