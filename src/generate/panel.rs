//! One panel of a Grafana dashboard, in the classic form that Grafana 10 and later read.

use serde::Serialize;
use serde_json::{Value, json};

use crate::i18n::{Language, text};

/// Where a panel gets its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The data source variable for Prometheus.
    Prometheus,
    /// The data source variable for PostgreSQL.
    Postgres,
}

impl Source {
    pub(super) fn json(self) -> Value {
        match self {
            Self::Prometheus => json!({ "type": "prometheus", "uid": "${datasource}" }),
            Self::Postgres => json!({ "type": "grafana-postgresql-datasource", "uid": "${store}" }),
        }
    }
}

/// One panel: what it asks, and how it shows the answer.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Key of its title; that of its description has `-about` behind it.
    pub key: &'static str,
    /// Columns of 24.
    pub width: u32,
    /// Rows.
    pub height: u32,
    kind: &'static str,
    source: Source,
    targets: Vec<Value>,
    unit: &'static str,
    decimals: Option<u32>,
    steps: Vec<(&'static str, Option<f64>)>,
    mappings: Vec<Value>,
    custom: Value,
    options: Value,
    overrides: Vec<Value>,
    transformations: Vec<Value>,
    limits: (Option<f64>, Option<f64>),
}

/// Colours by margin to a queue's own target: at or above it, a little under it, under it. Grafana
/// cannot give each series a threshold of its own, so it is the margin that is coloured.
pub const MARGIN: [(&str, Option<f64>); 3] = [("red", None), ("orange", Some(-0.03)), ("green", Some(0.0))];
/// Height of the names beside large figures. Left to itself, Grafana makes them smaller than can be read
/// where there are four figures or more.
const NAME_PX: u32 = 12;
/// Least width of a table's column. Grafana's own is 150, which drives columns out of sight.
const COLUMN_PX: u32 = 80;
/// Width of a column with a number.
pub const COUNT_PX: u32 = 90;
/// No judgement.
const PLAIN: [(&str, Option<f64>); 1] = [("text", None)];

impl Panel {
    fn new(kind: &'static str, key: &'static str, size: (u32, u32), options: Value) -> Self {
        Self {
            key,
            width: size.0,
            height: size.1,
            kind,
            source: Source::Prometheus,
            targets: Vec::new(),
            unit: "locale",
            decimals: None,
            steps: PLAIN.to_vec(),
            mappings: Vec::new(),
            custom: json!({}),
            options,
            overrides: Vec::new(),
            transformations: Vec::new(),
            limits: (None, None),
        }
    }

    /// Large figures, one a series.
    pub fn stat(key: &'static str, width: u32) -> Self {
        let options = json!({
            "colorMode": "value", "graphMode": "none", "justifyMode": "auto", "orientation": "auto",
            "reduceOptions": reduce(), "textMode": "value_and_name", "wideLayout": true, "text": { "titleSize": NAME_PX },
            "showPercentChange": false, "percentChangeColorMode": "standard",
        });
        Self::new("stat", key, (width, 5), options)
    }

    /// Lines over time.
    pub fn lines(key: &'static str, width: u32) -> Self {
        let options = json!({
            "legend": { "calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": true },
            "tooltip": { "mode": "multi", "sort": "desc" },
        });
        let mut panel = Self::new("timeseries", key, (width, 8), options);
        panel.custom =
            json!({ "drawStyle": "line", "lineWidth": 2, "fillOpacity": 0, "showPoints": "auto", "spanNulls": false });
        panel
    }

    /// Bars side by side.
    pub fn bars(key: &'static str, width: u32, height: u32) -> Self {
        let options = json!({
            "displayMode": "basic", "orientation": "horizontal", "reduceOptions": reduce(),
            "showUnfilled": true, "valueMode": "color", "legend": { "calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": false },
            "maxVizHeight": 300, "minVizHeight": 16, "minVizWidth": 8,
            "namePlacement": "left", "sizing": "auto", "text": { "titleSize": NAME_PX, "valueSize": 24 },
        });
        Self::new("bargauge", key, (width, height), options)
    }

    /// A table of the newest values; `sort`: by which column, and whether the largest comes first.
    pub fn table(key: &'static str, width: u32, height: u32, sort: Option<(String, bool)>) -> Self {
        let sort: Vec<Value> =
            sort.into_iter().map(|(name, desc)| json!({ "displayName": name, "desc": desc })).collect();
        let options = json!({ "frameIndex": 0, "showHeader": true, "cellHeight": "sm", "sortBy": sort });
        let mut panel = Self::new("table", key, (width, height), options);
        panel.custom = json!({ "minWidth": COLUMN_PX });
        panel
    }

    /// States over time; `states`: value, text, colour.
    pub fn states(key: &'static str, width: u32, height: u32, states: &[(i64, String, &str)]) -> Self {
        let options = json!({
            "mergeValues": true, "showValue": "never", "alignValue": "left", "rowHeight": 0.8,
            "legend": { "calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": true },
            "tooltip": { "mode": "single", "sort": "none" },
        });
        let mut panel = Self::new("state-timeline", key, (width, height), options);
        let texts: serde_json::Map<String, Value> = states
            .iter()
            .enumerate()
            .map(|(at, (value, text, colour))| {
                (value.to_string(), json!({ "index": at, "text": text, "color": colour }))
            })
            .collect();
        panel.mappings = vec![json!({ "type": "value", "options": texts })];
        panel
    }

    /// How often each height was reached, over time, from a histogram's buckets.
    pub fn heat(key: &'static str, width: u32) -> Self {
        let options = json!({
            "calculate": false,
            "cellGap": 1,
            "color": {
                "mode": "scheme", "scheme": "Oranges", "steps": 64, "fill": "dark-orange", "exponent": 0.5,
                "reverse": false,
            },
            "exemplars": { "color": "rgba(255,0,255,0.7)" },
            "filterValues": { "le": 1e-9 },
            "legend": { "show": true },
            "rowsFrame": { "layout": "auto" },
            "showValue": "auto",
            "tooltip": { "mode": "single", "yHistogram": false, "showColorScale": false },
            "yAxis": { "axisPlacement": "left", "reverse": false, "unit": "s" },
        });
        Self::new("heatmap", key, (width, 8), options)
    }

    /// Asks Prometheus over time.
    #[must_use]
    pub fn ask(mut self, expr: impl Into<String>, legend: &str) -> Self {
        let format = if self.kind == "heatmap" { "heatmap" } else { "time_series" };
        let target = json!({
            "refId": self.next_ref(), "datasource": Source::Prometheus.json(), "expr": expr.into(),
            "legendFormat": legend, "range": true, "instant": false, "format": format,
        });
        self.targets.push(target);
        self
    }

    /// Asks Prometheus for the newest values.
    #[must_use]
    pub fn ask_now(mut self, expr: impl Into<String>, legend: &str) -> Self {
        let format = if self.kind == "table" { "table" } else { "time_series" };
        let target = json!({
            "refId": self.next_ref(), "datasource": Source::Prometheus.json(), "expr": expr.into(),
            "legendFormat": legend, "range": false, "instant": true, "format": format,
        });
        self.targets.push(target);
        self
    }

    /// Asks PostgreSQL.
    #[must_use]
    pub fn ask_sql(mut self, sql: &str, is_over_time: bool) -> Self {
        self.source = Source::Postgres;
        let format = if is_over_time { "time_series" } else { "table" };
        let target = json!({
            "refId": self.next_ref(), "datasource": Source::Postgres.json(), "rawQuery": true,
            "editorMode": "code", "rawSql": sql, "format": format,
        });
        self.targets.push(target);
        self
    }

    fn next_ref(&self) -> String {
        char::from(b'A' + self.targets.len() as u8).to_string()
    }

    /// In this unit of Grafana, with so many decimals.
    #[must_use]
    pub fn unit(mut self, unit: &'static str, decimals: u32) -> Self {
        (self.unit, self.decimals) = (unit, Some(decimals));
        self
    }

    /// Whole numbers, written out: 1093 calls are not `1 K`.
    #[must_use]
    pub fn count(self) -> Self {
        self.unit("locale", 0)
    }

    /// The name of each series is all there is to tell of it.
    #[must_use]
    pub fn names_only(mut self) -> Self {
        self.options["textMode"] = json!("name");
        self
    }

    /// Coloured by these steps.
    #[must_use]
    pub fn steps(mut self, steps: &[(&'static str, Option<f64>)]) -> Self {
        self.steps = steps.to_vec();
        self
    }

    /// A share, drawn from 0 to 1.
    #[must_use]
    pub fn share(mut self) -> Self {
        self.limits = (Some(0.0), Some(1.0));
        self.unit("percentunit", 1)
    }

    /// Lines stand on each other, and the lowest on nothing.
    #[must_use]
    pub fn stacked(mut self) -> Self {
        self.limits.0 = Some(0.0);
        self.custom["stacking"] = json!({ "mode": "normal", "group": "A" });
        self.custom["fillOpacity"] = json!(40);
        self
    }

    /// The series of a target are bars on the right, without unit: the n beside a share.
    #[must_use]
    pub fn with_n(mut self, target: &str) -> Self {
        self.overrides.push(json!({
            "matcher": { "id": "byFrameRefID", "options": target },
            "properties": [
                { "id": "custom.drawStyle", "value": "bars" }, { "id": "custom.fillOpacity", "value": 20 },
                { "id": "custom.lineWidth", "value": 0 }, { "id": "custom.axisPlacement", "value": "right" },
                { "id": "unit", "value": "locale" }, { "id": "decimals", "value": 0 }, { "id": "min", "value": 0 },
                { "id": "max", "value": Value::Null },
            ],
        }));
        self
    }

    /// The figures of a target are numbers without judgement: the n beside a share.
    #[must_use]
    pub fn plain(mut self, target: &str) -> Self {
        self.overrides.push(json!({
            "matcher": { "id": "byFrameRefID", "options": target },
            "properties": [
                { "id": "unit", "value": "locale" }, { "id": "decimals", "value": 0 },
                { "id": "thresholds", "value": thresholds(&PLAIN) },
            ],
        }));
        self
    }

    /// The series of a target are dashed: what was promised.
    #[must_use]
    pub fn with_target(mut self, target: &str) -> Self {
        self.overrides.push(json!({
            "matcher": { "id": "byFrameRefID", "options": target },
            "properties": [
                { "id": "custom.lineStyle", "value": { "fill": "dash", "dash": [10, 10] } },
                { "id": "custom.lineWidth", "value": 1 },
            ],
        }));
        self
    }

    /// A column of a table: its unit, and its steps where it is judged.
    #[must_use]
    pub fn column(mut self, name: &str, unit: &str, decimals: u32, steps: Option<&[(&str, Option<f64>)]>) -> Self {
        let mut properties =
            vec![json!({ "id": "unit", "value": unit }), json!({ "id": "decimals", "value": decimals })];
        if let Some(steps) = steps {
            properties.push(json!({ "id": "thresholds", "value": thresholds(steps) }));
            properties.push(json!({ "id": "custom.cellOptions", "value": { "type": "color-text" } }));
        }
        self.overrides.push(json!({ "matcher": { "id": "byName", "options": name }, "properties": properties }));
        self
    }

    /// Columns of a table that are this wide; the others share what is left.
    #[must_use]
    pub fn widths(self, widths: &[(&str, u32)]) -> Self {
        self.each_named("custom.width", widths)
    }

    /// What series and columns are called, instead of their names among programs. Comes last: what is
    /// said of a column after this would have to know it by its new name.
    #[must_use]
    pub fn called(self, names: &[(&str, String)]) -> Self {
        self.each_named("displayName", names)
    }

    /// One property of some series or columns, by name.
    fn each_named(mut self, property: &str, values: &[(&str, impl Serialize)]) -> Self {
        for (name, value) in values {
            let properties = json!([{ "id": property, "value": value }]);
            self.overrides.push(json!({ "matcher": { "id": "byName", "options": name }, "properties": properties }));
        }
        self
    }

    /// Rows that have these labels alike are one row; columns are named and ordered as said, others
    /// left out. They are left out first: rows of two metrics differ in the metric's name, and would
    /// never be one.
    #[must_use]
    pub fn rows(mut self, columns: &[(&str, &str)]) -> Self {
        let order: serde_json::Map<String, Value> =
            columns.iter().enumerate().map(|(at, (from, _))| ((*from).to_owned(), json!(at))).collect();
        let names: serde_json::Map<String, Value> =
            columns.iter().map(|(from, to)| ((*from).to_owned(), json!(to))).collect();
        let wanted: Vec<&str> = columns.iter().map(|(from, _)| *from).collect();
        self.transformations = vec![
            json!({ "id": "filterFieldsByName", "options": { "include": { "names": wanted } } }),
            json!({ "id": "merge", "options": {} }),
            json!({ "id": "organize", "options": { "indexByName": order, "renameByName": names, "excludeByName": {} } }),
        ];
        self
    }

    /// As Grafana reads it, at its place.
    pub(super) fn json(&self, id: usize, place: (u32, u32), language: Language) -> Value {
        let mut defaults = json!({
            "unit": self.unit, "noValue": "–", "mappings": self.mappings, "custom": self.custom,
            "color": { "mode": self.colour_mode() }, "thresholds": thresholds(&self.steps),
        });
        if let Some(decimals) = self.decimals {
            defaults["decimals"] = json!(decimals);
        }
        for (key, limit) in [("min", self.limits.0), ("max", self.limits.1)] {
            if let Some(limit) = limit {
                defaults[key] = json!(limit);
            }
        }
        json!({
            "id": id,
            "type": self.kind,
            "title": text(language, self.key),
            "description": text(language, &format!("{}-about", self.key)),
            "datasource": self.source.json(),
            "gridPos": { "x": place.0, "y": place.1, "w": self.width, "h": self.height },
            "targets": self.targets,
            "fieldConfig": { "defaults": defaults, "overrides": self.overrides },
            "options": self.options,
            "transformations": self.transformations,
        })
    }

    fn colour_mode(&self) -> &'static str {
        if matches!(self.kind, "timeseries" | "heatmap") { "palette-classic" } else { "thresholds" }
    }
}

fn reduce() -> Value {
    json!({ "calcs": ["lastNotNull"], "fields": "", "values": false })
}

fn thresholds(steps: &[(&str, Option<f64>)]) -> Value {
    let steps: Vec<Value> = steps.iter().map(|(colour, value)| json!({ "color": colour, "value": value })).collect();
    json!({ "mode": "absolute", "steps": steps })
}
