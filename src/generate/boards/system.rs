//! For those who run it: whether the sources are heard, the store keeps up and the program is well.

use crate::generate::dashboard::Dashboard;
use crate::generate::panel::Panel;
use crate::i18n::{Language, text};

/// The dashboard.
pub const SYSTEM: Dashboard = Dashboard { name: "system", from: "now-24h", refresh: "1m", variables: &[], panels };

fn panels(language: Language) -> Vec<Panel> {
    let word = |key: &str| text(language, key);
    vec![
        Panel::states(
            "panel-system-sources",
            12,
            8,
            &[(0, word("dash-word-down"), "red"), (1, word("dash-word-up"), "green")],
        )
        .ask("servicegrad_source_up", "{{source}}"),
        Panel::lines("panel-system-age", 12)
            .ask("time() - servicegrad_source_last_event_timestamp_seconds", "{{source}}")
            .unit("s", 1),
        Panel::lines("panel-system-events", 12)
            .ask("sum by (source) (rate(servicegrad_events_ingested_total[$__rate_interval]))", "{{source}}")
            .ask(
                "sum by (source) (rate(servicegrad_events_duplicate_total[$__rate_interval]))",
                &format!("{{{{source}}}} {}", word("dash-word-duplicates")),
            )
            .unit("eps", 1),
        Panel::lines("panel-system-rejected", 12)
            .ask(
                "sum by (source, reason) (increase(servicegrad_events_rejected_total[1h])) > 0",
                "{{source}} {{reason}}",
            )
            .count()
            .stacked(),
        Panel::lines("panel-system-lag", 12)
            .ask(
                "rate(servicegrad_event_lag_seconds_sum[$__rate_interval]) \
                 / (rate(servicegrad_event_lag_seconds_count[$__rate_interval]) > 0)",
                "{{source}}",
            )
            .unit("s", 1),
        Panel::lines("panel-system-backlog", 12).ask("servicegrad_event_backlog_bytes", "{{source}}").unit("bytes", 0),
        Panel::lines("panel-system-commits", 12)
            .ask(
                "rate(servicegrad_store_commit_seconds_sum[$__rate_interval]) \
                 / (rate(servicegrad_store_commit_seconds_count[$__rate_interval]) > 0)",
                &word("dash-word-mean"),
            )
            .unit("s", 1),
        Panel::states(
            "panel-system-store",
            12,
            8,
            &[(0, word("dash-word-down"), "red"), (1, word("dash-word-up"), "green")],
        )
        .ask("servicegrad_store_up", &word("dash-word-store")),
        Panel::lines("panel-system-web", 12)
            .ask("sum by (class) (rate(servicegrad_http_requests_total[$__rate_interval]))", "{{class}}")
            .unit("reqps", 2)
            .stacked(),
        Panel::lines("panel-system-memory", 12)
            .ask("process_resident_memory_bytes{job=\"servicegrad\"}", "{{instance}}")
            .unit("bytes", 0),
        Panel::stat("panel-system-held", 12)
            .ask_now("servicegrad_calls_held", &word("dash-word-calls"))
            .ask_now("servicegrad_sse_clients", &word("dash-word-boards"))
            .ask_now("servicegrad_series", &word("dash-word-series"))
            .count(),
        Panel::stat("panel-system-version", 12)
            .ask_now("servicegrad_build_info", "{{version}} {{instance}}")
            .count()
            .names_only(),
    ]
}
