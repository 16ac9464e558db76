//! A dashboard: its panels laid out from left to right, its variables and annotations.

use serde_json::{Value, json};

use crate::generate::panel::{Panel, Source};
use crate::i18n::{Language, text};

/// A dashboard.
#[derive(Debug)]
pub struct Dashboard {
    /// Its short name: file, and with the language its uid.
    pub name: &'static str,
    /// The period that is shown at first, up to now.
    pub from: &'static str,
    /// How often it is asked anew.
    pub refresh: &'static str,
    /// Its variables besides the data source.
    pub variables: &'static [Variable],
    /// Its panels, in the order of their weight.
    pub panels: fn(Language) -> Vec<Panel>,
}

/// A variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Queues.
    Queue,
    /// Organisations.
    Organisation,
    /// The data source of the store.
    Store,
    /// The definition by which history is shown.
    Definition,
}

/// The version of the schema that Grafana's own packages write.
const SCHEMA_VERSION: u32 = 42;

impl Dashboard {
    /// As Grafana reads it.
    pub fn json(&self, language: Language) -> Value {
        let variables: Vec<Value> =
            std::iter::once(datasource()).chain(self.variables.iter().map(|one| one.json(language))).collect();
        json!({
            "uid": format!("servicegrad-{}-{}", self.name, language.code()),
            "title": text(language, &format!("dash-{}", self.name)),
            "description": text(language, &format!("dash-{}-about", self.name)),
            "tags": ["servicegrad", language.code()],
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "editable": false,
            "graphTooltip": 1,
            "timezone": "",
            "time": { "from": self.from, "to": "now" },
            "timepicker": {},
            "refresh": self.refresh,
            "fiscalYearStartMonth": 0,
            "links": [{
                "title": "Servicegrad", "type": "dashboards", "tags": ["servicegrad", language.code()],
                "asDropdown": true, "includeVars": false, "keepTime": false, "targetBlank": false, "icon": "external link",
                "tooltip": "", "url": "",
            }],
            "annotations": { "list": annotations(language) },
            "templating": { "list": variables },
            "panels": self.placed(language),
        })
    }

    fn placed(&self, language: Language) -> Vec<Value> {
        let (mut x, mut y, mut row) = (0, 0, 0);
        let place = |(at, panel): (usize, Panel)| {
            if x + panel.width > 24 {
                (x, y, row) = (0, y + row, 0);
            }
            let json = panel.json(at + 1, (x, y), language);
            x += panel.width;
            row = row.max(panel.height);
            json
        };
        (self.panels)(language).into_iter().enumerate().map(place).collect()
    }
}

fn datasource() -> Value {
    json!({
        "name": "datasource", "type": "datasource", "label": "Prometheus", "query": "prometheus",
        "current": { "text": "Servicegrad", "value": "servicegrad-prometheus" }, "hide": 0, "multi": false, "includeAll": false,
        "refresh": 1, "regex": "", "options": [], "skipUrlSync": false,
    })
}

impl Variable {
    fn json(self, language: Language) -> Value {
        let label = |key: &str| text(language, key);
        match self {
            Self::Queue => labels("queue", &label("dash-queue"), "label_values(servicegrad_queue_info, queue)"),
            Self::Organisation => labels(
                "organisation",
                &label("dash-organisation"),
                "label_values(servicegrad_organisation_info, organisation)",
            ),
            Self::Store => json!({
                "name": "store", "type": "datasource", "label": "PostgreSQL", "query": "grafana-postgresql-datasource",
                "current": { "text": "Servicegrad", "value": "servicegrad-postgres" }, "hide": 0, "multi": false,
                "includeAll": false, "refresh": 1, "regex": "", "options": [], "skipUrlSync": false,
            }),
            Self::Definition => {
                let ids: Vec<&str> = crate::names::DefinitionId::ALL.iter().map(|id| id.as_str()).collect();
                let default = crate::names::DefinitionId::default().as_str();
                let options: Vec<Value> =
                    ids.iter().map(|id| json!({ "text": id, "value": id, "selected": *id == default })).collect();
                json!({
                    "name": "definition", "type": "custom", "label": label("dash-definition"), "query": ids.join(","),
                    "current": { "text": default, "value": default }, "options": options, "hide": 0, "multi": false,
                    "includeAll": false, "skipUrlSync": false,
                })
            }
        }
    }
}

fn labels(name: &str, label: &str, query: &str) -> Value {
    json!({
        "name": name, "type": "query", "label": label, "datasource": Source::Prometheus.json(),
        "definition": query, "query": { "query": query, "refId": "labels" },
        "current": { "text": ["All"], "value": ["$__all"] }, "multi": true, "includeAll": true, "allValue": ".+",
        "refresh": 2, "regex": "", "sort": 1, "hide": 0, "options": [], "skipUrlSync": false,
    })
}

/// Alerts, gaps of sources, and starts of the program.
fn annotations(language: Language) -> Vec<Value> {
    let one = |key: &str, colour: &str, expr: &str, title: &str, is_time: bool| {
        json!({
            "name": text(language, key), "datasource": Source::Prometheus.json(), "enable": true, "hide": false,
            "iconColor": colour, "target": { "expr": expr, "refId": "A" }, "step": "60s",
            "titleFormat": title, "useValueForTime": if is_time { "on" } else { "off" },
        })
    };
    vec![
        one(
            "dash-note-alerts",
            "red",
            "ALERTS{alertstate=\"firing\",severity=\"page\"}",
            "{{alertname}} {{queue}}{{source}}",
            false,
        ),
        one("dash-note-gaps", "orange", "servicegrad_source_last_gap_timestamp_seconds * 1000", "{{source}}", true),
        one("dash-note-sources", "purple", "servicegrad_source_up == 0", "{{source}}", false),
        one("dash-note-starts", "blue", "process_start_time_seconds{job=\"servicegrad\"} * 1000", "Servicegrad", true),
    ]
}
