//! For managers: the month against its targets, and the months before it from the store.

use crate::generate::dashboard::{Dashboard, Variable};
use crate::generate::panel::{COUNT_PX, MARGIN, Panel};
use crate::i18n::{Language, text};

/// The dashboard.
pub const MONTH: Dashboard = Dashboard {
    name: "month",
    from: "now-13M",
    refresh: "15m",
    variables: &[Variable::Queue, Variable::Store, Variable::Definition],
    panels,
};

const TARGET: &str = "on (job, instance, queue, threshold) servicegrad_service_level_target_ratio";

/// Shares are sums over sums, whatever the period: percentages are never averaged. A month begins at
/// local midnight, so that half a day later it is that month anywhere.
const MONTHS: &str = "\
SELECT to_char((start + interval '12 hours') AT TIME ZONE 'UTC', 'YYYY-MM') AS month, queue, \
threshold_ms / 1000.0 AS threshold_s, met::float8 / nullif(\"of\", 0) AS level, \"of\" AS n, offered, answered, abandoned \
FROM report_definition \
WHERE tier = 'month' AND definition = '$definition' AND $__timeFilter(start) \
ORDER BY start DESC, queue, threshold_ms";

const DAYS: &str = "\
SELECT start AS time, queue || ' ' || threshold_ms / 1000 || ' s' AS metric, met::float8 / nullif(\"of\", 0) AS value \
FROM report_definition \
WHERE tier = 'day' AND definition = '$definition' AND $__timeFilter(start) \
ORDER BY start";

const DAYS_N: &str = "\
SELECT start AS time, queue || ' n' AS metric, max(\"of\") AS value \
FROM report_definition \
WHERE tier = 'day' AND definition = '$definition' AND $__timeFilter(start) \
GROUP BY start, queue ORDER BY start";

const OFFERED: &str = "\
SELECT start AS time, queue AS metric, offered AS value FROM report_queue \
WHERE tier = 'month' AND $__timeFilter(start) ORDER BY start";

const UNITS: &str = "\
SELECT unit, sum(answered)::float8 / nullif(sum(rate_of), 0) AS rate, sum(rate_of)::bigint AS n \
FROM report_unit WHERE tier = 'month' AND unit <> 'unknown' AND $__timeFilter(start) \
GROUP BY unit HAVING sum(rate_of) >= 10 ORDER BY rate LIMIT 50";

const GAPS: &str = "\
SELECT source, \"from\" AS started, \"to\" AS ended, \
round(extract(epoch FROM \"to\" - \"from\") / 60.0)::bigint AS minutes, reason FROM report_gap \
WHERE $__timeFilter(\"from\") ORDER BY \"from\" DESC LIMIT 100";

const QUALITY: &str = "\
SELECT queue, sum(offered)::bigint AS offered, sum(outside_hours)::bigint AS outside_hours, sum(lost)::bigint AS lost, \
sum(unknown)::bigint AS unknown, sum(derived)::bigint AS derived, sum(late)::bigint AS late \
FROM report_queue WHERE tier = 'month' AND $__timeFilter(start) GROUP BY queue ORDER BY queue";

/// Width of a column with a date and a time of day.
const MOMENT_PX: u32 = 170;

fn panels(language: Language) -> Vec<Panel> {
    let word = |key: &str| text(language, key);
    let n = "{{queue}} n";
    let month = |metric: &str| format!("{metric}{{queue=~\"$queue\",window=\"month\"}}");
    let level = month("servicegrad_service_level_ratio");
    vec![
        Panel::stat("panel-month-level", 6)
            .ask_now(format!("{level} and {TARGET}"), "{{queue}} {{threshold}}")
            .ask_now(format!("{} and {TARGET}", month("servicegrad_service_level_window_calls")), n)
            .unit("percentunit", 1)
            .plain("B"),
        Panel::stat("panel-month-margin", 6)
            .ask_now(format!("{level} - {TARGET}"), "{{queue}}")
            .ask_now(format!("{} and {TARGET}", month("servicegrad_service_level_window_calls")), n)
            .unit("percentunit", 1)
            .steps(&MARGIN)
            .plain("B"),
        Panel::stat("panel-month-answer", 6)
            .ask_now(month("servicegrad_answer_ratio"), "{{queue}}")
            .ask_now(month("servicegrad_window_calls"), n)
            .unit("percentunit", 1)
            .plain("B"),
        Panel::stat("panel-month-budget", 6)
            .ask_now(
                "servicegrad_service_level_budget_calls{queue=~\"$queue\"} - on (job, instance, queue, threshold) \
                 servicegrad_service_level_late_calls{window=\"month\"}",
                "{{queue}}",
            )
            .count()
            .steps(&[("red", None), ("text", Some(0.0))]),
        Panel::table("panel-month-months", 14, 10, None)
            .ask_sql(MONTHS, false)
            .column("level", "percentunit", 1, None)
            .called(&[
                ("month", word("column-month")),
                ("queue", word("column-queue")),
                ("threshold_s", format!("{} (s)", word("column-threshold"))),
                ("level", word("column-level")),
                ("offered", word("column-offered")),
                ("answered", word("column-answered")),
                ("abandoned", word("column-abandoned")),
            ]),
        Panel::table("panel-month-units", 10, 10, None)
            .ask_sql(UNITS, false)
            .column("rate", "percentunit", 1, None)
            .widths(&[("rate", 130), ("n", COUNT_PX)])
            .called(&[("unit", word("column-unit")), ("rate", word("dash-word-rate"))]),
        Panel::lines("panel-month-days", 12).ask_sql(DAYS, true).ask_sql(DAYS_N, true).share().with_n("B"),
        Panel::lines("panel-month-offered", 12).ask_sql(OFFERED, true).count(),
        Panel::table("panel-month-quality", 12, 7, None)
            .ask_sql(QUALITY, false)
            .widths(&[("outside_hours", 130)])
            .called(&[
                ("queue", word("column-queue")),
                ("offered", word("column-offered")),
                ("outside_hours", word("column-outside-hours")),
                ("lost", word("dash-word-lost")),
                ("unknown", word("dash-word-unknown")),
                ("derived", word("dash-word-derived")),
                ("late", word("dash-word-late")),
            ]),
        Panel::table("panel-month-gaps", 12, 7, None)
            .ask_sql(GAPS, false)
            .column("minutes", "locale", 0, None)
            .widths(&[("started", MOMENT_PX), ("ended", MOMENT_PX), ("minutes", COUNT_PX)])
            .called(&[
                ("source", word("column-source")),
                ("started", word("column-start")),
                ("ended", word("column-end")),
                ("minutes", word("dash-word-minutes")),
                ("reason", word("column-reason")),
            ]),
        Panel::stat("panel-month-definition", 24)
            .ask_now(
                "servicegrad_service_level_threshold_seconds{queue=~\"$queue\"}",
                &format!("{{{{queue}}}} {} {{{{definition}}}}", word("dash-word-by")),
            )
            .unit("suffix:s", 0),
    ]
}
