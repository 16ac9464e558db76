//! For the lead on duty: who waits, how the last half-hour and today stand against each queue's own
//! target, and why.

use crate::generate::dashboard::{Dashboard, Variable};
use crate::generate::panel::{MARGIN, Panel};
use crate::i18n::{Language, text};

/// The dashboard.
pub const LIVE: Dashboard =
    Dashboard { name: "live", from: "now-8h", refresh: "30s", variables: &[Variable::Queue], panels };

/// Level less target, of the threshold that has one.
fn margin(window: &str) -> String {
    format!(
        "servicegrad_service_level_ratio{{queue=~\"$queue\",window=\"{window}\"}} - on (job, instance, queue, threshold) \
         servicegrad_service_level_target_ratio"
    )
}

/// What is measured at the threshold that has a target.
fn promised(metric: &str, window: &str) -> String {
    format!(
        "{metric}{{queue=~\"$queue\",window=\"{window}\"}} and on (job, instance, queue, threshold) \
         servicegrad_service_level_target_ratio"
    )
}

fn panels(language: Language) -> Vec<Panel> {
    let word = |key: &str| text(language, key);
    let (n, target) = ("{{queue}} n", format!("{{{{queue}}}} {}", word("dash-word-target")));
    vec![
        Panel::stat("panel-live-waiting", 4)
            .ask_now("servicegrad_calls_waiting{queue=~\"$queue\"}", "{{queue}}")
            .count(),
        Panel::stat("panel-live-oldest", 4)
            .ask_now("servicegrad_oldest_wait_seconds{queue=~\"$queue\"}", "{{queue}}")
            .unit("dthms", 0),
        Panel::stat("panel-live-margin-30m", 4)
            .ask_now(margin("30m"), "{{queue}}")
            .ask_now(promised("servicegrad_service_level_window_calls", "30m"), n)
            .unit("percentunit", 1)
            .steps(&MARGIN)
            .plain("B"),
        Panel::stat("panel-live-margin-today", 4)
            .ask_now(margin("today"), "{{queue}}")
            .ask_now(promised("servicegrad_service_level_window_calls", "today"), n)
            .unit("percentunit", 1)
            .steps(&MARGIN)
            .plain("B"),
        Panel::stat("panel-live-answer-today", 4)
            .ask_now("servicegrad_answer_ratio{queue=~\"$queue\",window=\"today\"}", "{{queue}}")
            .ask_now("servicegrad_window_calls{queue=~\"$queue\",window=\"today\"}", n)
            .unit("percentunit", 1)
            .plain("B"),
        Panel::stat("panel-live-agents", 4)
            .ask_now("servicegrad_agents{queue=~\"$queue\",state=\"available\"}", "{{queue}}")
            .count(),
        Panel::lines("panel-live-level", 12)
            .ask(promised("servicegrad_service_level_ratio", "30m"), "{{queue}}")
            .ask("servicegrad_service_level_target_ratio{queue=~\"$queue\"}", &target)
            .ask(promised("servicegrad_service_level_window_calls", "30m"), n)
            .share()
            .with_target("B")
            .with_n("C"),
        Panel::lines("panel-live-answer", 12)
            .ask("servicegrad_answer_ratio{queue=~\"$queue\",window=\"1h\"}", "{{queue}}")
            .ask("servicegrad_answer_ratio_target{queue=~\"$queue\"}", &target)
            .ask("servicegrad_window_calls{queue=~\"$queue\",window=\"1h\"}", n)
            .share()
            .with_target("B")
            .with_n("C"),
        Panel::lines("panel-live-now", 12)
            .ask("servicegrad_calls_waiting{queue=~\"$queue\"}", &format!("{{{{queue}}}} {}", word("dash-word-waiting")))
            .ask("servicegrad_calls_active{queue=~\"$queue\"}", &format!("{{{{queue}}}} {}", word("dash-word-talking")))
            .count(),
        Panel::heat("panel-live-waits", 12).ask(
            "sum by (le) (increase(servicegrad_call_wait_seconds_bucket{queue=~\"$queue\",outcome=\"answered\"}[$__rate_interval]))",
            "{{le}}",
        ),
        Panel::states(
            "panel-live-open",
            12,
            6,
            &[(0, word("dash-word-closed"), "gray"), (1, word("dash-word-open"), "green")],
        )
        .ask("servicegrad_queue_open{queue=~\"$queue\"}", "{{queue}}"),
        Panel::table("panel-live-alerts", 12, 6, None)
            .ask_now("ALERTS{alertstate=\"firing\",severity!=\"none\"}", "")
            .rows(&[
                ("alertname", &word("dash-word-alert")),
                ("severity", &word("dash-word-severity")),
                ("queue", &word("dash-queue")),
                ("unit", &word("dash-word-unit")),
                ("source", &word("dash-word-source")),
            ]),
    ]
}
