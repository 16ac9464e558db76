//! For the organisations: whether their units answer those who are sent on to them.

use crate::call::fact::LegOutcome;
use crate::generate::dashboard::{Dashboard, Variable};
use crate::generate::panel::{COUNT_PX, Panel};
use crate::i18n::{Language, text};

/// The dashboard.
pub const UNITS: Dashboard =
    Dashboard { name: "units", from: "now-7d", refresh: "5m", variables: &[Variable::Organisation], panels };

/// The organisations that are chosen. Extensions that belong to none have a panel of their own.
const CHOSEN: &str = "organisation=~\"$organisation\",organisation!=\"unknown\"";

fn panels(language: Language) -> Vec<Panel> {
    let word = |key: &str| text(language, key);
    let n = "{{organisation}} n";
    let table = |key, window: &str, height| {
        let (rate, of) = (word("dash-word-rate"), word("dash-word-n"));
        let labels = format!("{{{CHOSEN},window=\"{window}\"}}");
        let columns = [
            ("organisation", word("dash-organisation")),
            ("unit", word("dash-word-unit")),
            ("Value #A", rate.clone()),
            ("Value #B", of.clone()),
        ];
        let columns: Vec<(&str, &str)> = columns.iter().map(|(from, to)| (*from, to.as_str())).collect();
        Panel::table(key, 12, height, Some((rate.clone(), false)))
            .ask_now(format!("servicegrad_unit_answer_ratio{labels}"), "")
            .ask_now(format!("servicegrad_unit_window_transfers{labels} > 0"), "")
            .rows(&columns)
            .column(&rate, "percentunit", 1, Some(&[("red", None), ("orange", Some(0.5)), ("text", Some(0.6))]))
            .column(&of, "locale", 0, None)
            .widths(&[(&rate, 130), (&of, COUNT_PX)])
    };
    let share = |key, window: &str| {
        let labels = format!("{{{CHOSEN},window=\"{window}\"}}");
        Panel::stat(key, 12)
            .ask_now(format!("servicegrad_organisation_answer_ratio{labels}"), "{{organisation}}")
            .ask_now(format!("servicegrad_organisation_window_transfers{labels}"), n)
            .unit("percentunit", 1)
            .plain("B")
    };
    let outcomes: Vec<(&str, String)> =
        LegOutcome::ALL.iter().map(|one| (one.as_str(), word(&format!("leg-outcome-{}", one.as_str())))).collect();
    let summed = |what: &str| format!("sum by (organisation) (servicegrad:unit_{what}:increase30d{{{CHOSEN}}})");
    let (answered, eligible) = (summed("answered"), summed("eligible"));
    vec![
        share("panel-units-month", "month"),
        share("panel-units-today", "today"),
        table("panel-units-table-month", "month", 14),
        table("panel-units-table-today", "today", 14),
        Panel::lines("panel-units-trend", 12)
            .ask(format!("{answered} / ({eligible} > 0)"), "{{organisation}}")
            .ask(eligible, n)
            .share()
            .with_n("B"),
        Panel::lines("panel-units-outcomes", 12)
            .ask(
                "sum by (outcome) (increase(servicegrad_transfers_total{organisation=~\"$organisation\"}[1h])) > 0",
                "{{outcome}}",
            )
            .count()
            .stacked()
            .called(&outcomes),
        Panel::bars("panel-units-unknown", 24, 5)
            .ask_now("sum by (outcome) (servicegrad_transfers_total{organisation=\"unknown\"}) > 0", "{{outcome}}")
            .count()
            .called(&outcomes),
    ]
}
