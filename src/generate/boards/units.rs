//! For the organisations: whether their units answer those who are sent on to them.

use crate::generate::dashboard::{Dashboard, Variable};
use crate::generate::panel::Panel;
use crate::i18n::{Language, text};

/// The dashboard.
pub const UNITS: Dashboard =
    Dashboard { name: "units", from: "now-7d", refresh: "5m", variables: &[Variable::Organisation], panels };

fn panels(language: Language) -> Vec<Panel> {
    let word = |key: &str| text(language, key);
    let n = "{{organisation}} n";
    let table = |key, window: &str, height| {
        let (rate, of) = (word("dash-word-rate"), word("dash-word-n"));
        let labels = format!("{{organisation=~\"$organisation\",window=\"{window}\"}}");
        let columns = [
            ("organisation", word("dash-organisation")),
            ("unit", word("dash-word-unit")),
            ("Value #A", rate.clone()),
            ("Value #B", of.clone()),
        ];
        let columns: Vec<(&str, &str)> = columns.iter().map(|(from, to)| (*from, to.as_str())).collect();
        Panel::table(key, 12, height, Some((rate.clone(), false)))
            .ask_now(format!("servicegrad_unit_answer_ratio{labels}"), "")
            .ask_now(format!("servicegrad_unit_window_transfers{labels}"), "")
            .rows(&columns)
            .column(&rate, "percentunit", 1, Some(&[("red", None), ("orange", Some(0.5)), ("text", Some(0.6))]))
            .column(&of, "short", 0, None)
    };
    vec![
        Panel::stat("panel-units-month", 12)
            .ask_now("servicegrad_organisation_answer_ratio{organisation=~\"$organisation\",window=\"month\"}", "{{organisation}}")
            .ask_now("servicegrad_organisation_window_transfers{organisation=~\"$organisation\",window=\"month\"}", n)
            .unit("percentunit", 1)
            .plain("B"),
        Panel::stat("panel-units-today", 12)
            .ask_now("servicegrad_organisation_answer_ratio{organisation=~\"$organisation\",window=\"today\"}", "{{organisation}}")
            .ask_now("servicegrad_organisation_window_transfers{organisation=~\"$organisation\",window=\"today\"}", n)
            .unit("percentunit", 1)
            .plain("B"),
        table("panel-units-table-month", "month", 14),
        table("panel-units-table-today", "today", 14),
        Panel::lines("panel-units-trend", 12)
            .ask(
                "sum by (organisation) (servicegrad:unit_answered:increase30d{organisation=~\"$organisation\"}) \
                 / (sum by (organisation) (servicegrad:unit_eligible:increase30d{organisation=~\"$organisation\"}) > 0)",
                "{{organisation}}",
            )
            .ask("sum by (organisation) (servicegrad:unit_eligible:increase30d{organisation=~\"$organisation\"})", n)
            .share()
            .with_n("B"),
        Panel::lines("panel-units-outcomes", 12)
            .ask(
                "sum by (outcome) (increase(servicegrad_transfers_total{organisation=~\"$organisation\"}[1h])) > 0",
                "{{outcome}}",
            )
            .unit("short", 0)
            .stacked(),
        Panel::bars("panel-units-unknown", 24, 5)
            .ask_now("sum by (outcome) (servicegrad_transfers_total{organisation=\"unknown\"}) > 0", "{{outcome}}")
            .unit("short", 0),
    ]
}
