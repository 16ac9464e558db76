//! Every panel of every dashboard: its form, its queries, every name in them, and what they come to.

use std::collections::BTreeSet;
use std::path::PathBuf;

use promql_parser::label::Matchers;
use promql_parser::parser::{Expr, LabelModifier, VectorMatchCardinality, VectorSelector};
use serde_json::Value;
use servicegrad::generate::rules;
use servicegrad::metrics::catalogue;
use servicegrad::simulate::Scenario;

use crate::answers::Answers;
use crate::incident::{a_forenoon_of_last_month, enough, house, now, tell};
use crate::program::{Daemon, until};
use crate::stack::Prometheus;

pub fn dashboards() -> Vec<(PathBuf, Value)> {
    let mut found = Vec::new();
    for language in ["sv", "en"] {
        for entry in std::fs::read_dir(format!("dashboards/grafana/{language}")).unwrap() {
            let path = entry.unwrap().path();
            let board = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            found.push((path, board));
        }
    }
    assert_eq!(found.len(), 8);
    found
}

pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// Queries for Prometheus with the place where they stand: panels, annotations.
fn queries(board: &Value) -> Vec<(String, String)> {
    let panels = list(board, "panels").iter().flat_map(|panel| {
        list(panel, "targets").iter().map(move |target| (panel["title"].as_str().unwrap(), &target["expr"]))
    });
    let notes = list(&board["annotations"], "list")
        .iter()
        .map(|note| (note["name"].as_str().unwrap(), &note["target"]["expr"]));
    let all = panels.chain(notes).filter_map(|(place, expr)| Some((place.to_owned(), expr.as_str()?.to_owned())));
    all.collect()
}

/// As Grafana would put it, with everything chosen.
fn filled_in(expr: &str) -> String {
    expr.replace("$queue", ".+").replace("$organisation", ".+").replace("$__rate_interval", "1m")
}

/// The queries that show alerts, filled in, each with its place.
pub fn about_alerts() -> Vec<(String, String)> {
    let all = dashboards().into_iter().flat_map(|(path, board)| {
        let here = queries(&board).into_iter().filter(|(_, expr)| expr.contains("ALERTS"));
        here.map(|(place, expr)| (format!("{}: {place}", path.display()), filled_in(&expr))).collect::<Vec<_>>()
    });
    all.collect()
}

#[test]
fn every_dashboard_has_the_form_that_grafana_reads() {
    for (path, mut board) in dashboards() {
        // The published types know an annotation's query for Grafana's own data only, and say so
        // themselves; what Prometheus adds is looked at here.
        for note in board["annotations"]["list"].as_array_mut().unwrap() {
            let note = note.as_object_mut().unwrap();
            let target = note.remove("target").unwrap();
            assert!(target["expr"].is_string() && target["refId"].is_string(), "{}: {target}", path.display());
            for key in ["step", "titleFormat", "useValueForTime"] {
                assert!(note.remove(key).unwrap().is_string(), "{}: {key}", path.display());
            }
        }
        let wrong = told_by("dashboard", &board);
        assert!(wrong.is_empty(), "{}: {wrong:#?}", path.display());
        for panel in list(&board, "panels") {
            let kind = panel["type"].as_str().unwrap().replace('-', "");
            let wrong = told_by(&kind, &panel["options"]);
            assert!(wrong.is_empty(), "{}: {}: {wrong:#?}", path.display(), panel["title"]);
        }
    }
}

/// What a schema says against a value. The schemas are made of the types of the npm package
/// `@grafana/schema` 13.2.2 (Apache-2.0), each by
///
/// ```text
/// npm install --ignore-scripts @grafana/schema@13.2.2 ts-json-schema-generator@2.4.0 typescript@5.8
/// types=node_modules/@grafana/schema/dist/types/raw
/// npx ts-json-schema-generator --no-type-check --minify --type Dashboard \
///   --path $types/dashboard/x/types.gen.d.ts --out tests/artefacts/schema/dashboard.json
/// npx ts-json-schema-generator --no-type-check --minify --type Options \
///   --path $types/composable/stat/panelcfg/x/types.gen.d.ts --out tests/artefacts/schema/stat.json
/// # the form alone, without its authors' explanations
/// jq -c 'walk(if type == "object" and (.description | type) == "string" then del(.description) else . end)' ...
/// ```
fn told_by(schema: &str, value: &Value) -> Vec<String> {
    let text = std::fs::read_to_string(format!("tests/artefacts/schema/{schema}.json")).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap();
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn a_misspelt_key_or_colour_mode_would_be_found() {
    let (_, mut board) = dashboards().remove(0);
    board["panels"][0]["gridpos"] = Value::from(1);
    assert!(!told_by("dashboard", &board).is_empty());
    let mut options = list(&board, "panels").iter().find(|panel| panel["type"] == "stat").unwrap()["options"].clone();
    assert!(told_by("stat", &options).is_empty());
    options["colorMode"] = Value::from("bg");
    assert!(!told_by("stat", &options).is_empty());
}

#[test]
fn every_dashboard_keeps_the_rules_of_good_dashboards() {
    let mut uids = BTreeSet::new();
    for (path, board) in dashboards() {
        let path = path.display();
        assert!(uids.insert(board["uid"].as_str().unwrap().to_owned()), "{path}: its uid stands twice");
        assert_eq!(board["editable"], false, "{path}");
        let panels = list(&board, "panels");
        assert!((5..=12).contains(&panels.len()), "{path}: {} panels", panels.len());
        let mut taken = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for panel in panels {
            let title = panel["title"].as_str().unwrap();
            let about = panel["description"].as_str().unwrap();
            assert!(
                !title.starts_with("panel-") && about.len() > 20 && !about.starts_with("panel-"),
                "{path}: {title}"
            );
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{path}: {title}: its id stands twice");
            assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{path}: {title} has no unit");
            assert!(panel["datasource"]["uid"].as_str().unwrap().starts_with("${"), "{path}: {title}: a fixed source");
            let place = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            assert!(place("x") + place("w") <= 24, "{path}: {title} hangs over");
            for x in place("x")..place("x") + place("w") {
                for y in place("y")..place("y") + place("h") {
                    assert!(taken.insert((x, y)), "{path}: {title} lies on another panel");
                }
            }
            let is_share = panel["fieldConfig"]["defaults"]["unit"] == "percentunit";
            let has_n = list(panel, "targets").iter().any(|target| {
                let text = target["expr"].as_str().or(target["rawSql"].as_str()).unwrap();
                ["window_calls", "window_transfers", "eligible", " AS n", "' n'"].iter().any(|name| text.contains(name))
            });
            assert!(!is_share || has_n, "{path}: {title}: a share without its n");
        }
        for (place, expr) in queries(&board) {
            assert!(!expr.contains("le=") && !expr.contains("le!"), "{path}: {place} selects le");
        }
    }
}

/// The names and labels that a query may use: the catalogue, what is recorded, what Prometheus adds.
fn known() -> Vec<(String, Vec<&'static str>)> {
    let mut known = catalogue::series();
    known.extend(rules::recorded());
    for name in ["process_resident_memory_bytes", "process_start_time_seconds", "up", "servicegrad_series"] {
        known.push((name.to_owned(), Vec::new()));
    }
    let of_alerts = ["alertname", "alertstate", "severity", "queue", "unit", "source", "organisation"];
    known.push(("ALERTS".to_owned(), of_alerts.to_vec()));
    known
}

/// What of a query is not known: a metric, a label of a selector, or one that it groups or joins by.
fn unknown(expr: &Expr, wrong: &mut Vec<String>) -> BTreeSet<String> {
    let mut labels: BTreeSet<String> = BTreeSet::new();
    let mut grouped: Vec<String> = Vec::new();
    match expr {
        Expr::VectorSelector(selector) => labels.extend(selected(selector, wrong)),
        Expr::MatrixSelector(selector) => labels.extend(selected(&selector.vs, wrong)),
        Expr::Aggregate(aggregate) => {
            labels = unknown(&aggregate.expr, wrong);
            if let Some(LabelModifier::Include(by)) = &aggregate.modifier {
                grouped.clone_from(&by.labels);
                let kept = labels.iter().filter(|label| by.labels.contains(label)).cloned().collect();
                assert!(
                    by.labels.iter().all(|label| labels.contains(label)),
                    "groups by {:?} of {labels:?}",
                    by.labels
                );
                labels = kept;
            }
        }
        Expr::Binary(binary) => {
            let (left, right) = (unknown(&binary.lhs, wrong), unknown(&binary.rhs, wrong));
            if let Some(modifier) = &binary.modifier {
                if let Some(LabelModifier::Include(on)) = &modifier.matching {
                    for label in &on.labels {
                        if !left.contains(label) || !right.contains(label) {
                            wrong.push(format!("joins on {label}, which one side has not"));
                        }
                    }
                }
                assert!(matches!(modifier.card, VectorMatchCardinality::OneToOne | VectorMatchCardinality::ManyToMany));
            }
            labels = &left | &right;
        }
        Expr::Call(call) => {
            for argument in &call.args.args {
                labels.extend(unknown(argument, wrong));
            }
        }
        Expr::Paren(inner) => labels = unknown(&inner.expr, wrong),
        Expr::Unary(inner) => labels = unknown(&inner.expr, wrong),
        Expr::Subquery(inner) => labels = unknown(&inner.expr, wrong),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
    labels
}

fn selected(selector: &VectorSelector, wrong: &mut Vec<String>) -> BTreeSet<String> {
    let name = selector.name.clone().unwrap_or_default();
    let Some((_, labels)) = known().into_iter().find(|(known, _)| *known == name) else {
        wrong.push(format!("there is no metric `{name}`"));
        return BTreeSet::new();
    };
    let all: BTreeSet<String> = labels.into_iter().chain(["job", "instance"]).map(str::to_owned).collect();
    let Matchers { matchers, .. } = &selector.matchers;
    for matcher in matchers {
        if !all.contains(&matcher.name) {
            wrong.push(format!("`{name}` has no label `{}`", matcher.name));
        }
    }
    all
}

fn faults(expr: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    match promql_parser::parser::parse(&filled_in(expr)) {
        Ok(parsed) => {
            unknown(&parsed, &mut wrong);
        }
        Err(error) => wrong.push(error),
    }
    wrong
}

#[test]
fn every_query_can_be_read_and_every_name_in_it_is_known() {
    for (path, board) in dashboards() {
        for (place, expr) in queries(&board) {
            let wrong = faults(&expr);
            assert!(wrong.is_empty(), "{}: {place}: {expr}: {wrong:?}", path.display());
        }
    }
}

#[test]
fn a_misspelt_metric_label_or_bracket_would_be_found() {
    for (expr, why) in [
        ("servicegrad_call_waiting", "no metric"),
        ("servicegrad_calls_waiting{kö=\"x\"}", ""),
        ("servicegrad_calls_waiting{unit=\"x\"}", "no label"),
        ("sum(servicegrad_calls_waiting", ""),
        ("servicegrad_answer_ratio - on (queue, threshold) servicegrad_answer_ratio_target", "joins on threshold"),
    ] {
        let wrong = faults(expr);
        assert!(wrong.iter().any(|fault| fault.contains(why)), "{expr}: {wrong:?}");
    }
}

#[test]
fn every_query_of_every_panel_is_answered_plausibly_from_the_living_daemon() {
    let house = house("");
    let daemon = house.run();
    let prometheus = Prometheus::start(&daemon.address, None);
    until("the zeros have been seen", || !prometheus.query("servicegrad_calls_offered_total == 0").is_empty());
    // The month before, of which the budget of this one is made.
    let (from_s, to_s) = a_forenoon_of_last_month();
    tell(&daemon, "vaxel", Scenario::municipal().around_the_clock().busier(5.0), 4, from_s, to_s);
    send_nowhere(&daemon);
    let mut answers = Answers::new();
    // Two tellings some seconds apart, so that counters are seen to grow. Where panels are drawn, there
    // is to be a queue that is not hopeless, so that its margin has another colour than red.
    let busier = if answers.are_wanted() { 3.0 } else { 20.0 };
    let scenario = || Scenario::municipal().around_the_clock().busier(busier);
    tell(&daemon, "vaxel", scenario(), 5, 40 * 60, 6 * 60);
    until("the first have been seen", || prometheus.value("sum(servicegrad_calls_offered_total)") > Some(50.0));
    tell(&daemon, "reserv", scenario(), 6, 5 * 60, 2);
    let offered = daemon.metric("servicegrad_calls_offered_total{queue=\"kundtjanst\"}");
    until("all have been seen", || {
        prometheus.value("servicegrad_calls_offered_total{queue=\"kundtjanst\"}") == offered
            && !prometheus.query("rate(servicegrad_http_request_seconds_count[10s]) > 0").is_empty()
            && !prometheus.query("servicegrad:unit_answer_ratio:30d > 0").is_empty()
    });
    if answers.are_wanted() {
        // Lines want some length, and the table of alerts an alert.
        for at in 0..10 {
            tell(&daemon, "reserv", enough(), 7 + at, 115 - 11 * at as i64, 105 - 11 * at as i64);
        }
        until("an alert fires", || !prometheus.query("ALERTS{alertstate=\"firing\",severity!=\"none\"}").is_empty());
    }
    for (path, board) in dashboards() {
        for panel in list(&board, "panels") {
            let title = panel["title"].as_str().unwrap();
            for target in list(panel, "targets") {
                let Some(expr) = target["expr"].as_str() else { continue };
                let is_now = target["instant"] == true;
                let asked = format!("{} {expr}", if is_now { "now" } else { "range" });
                answers.keep(&asked, || prometheus.answer(&filled_in(expr), is_now));
                let found = prometheus.query(&filled_in(expr));
                let place = format!("{}: {title}: {expr}", path.display());
                if may_be_empty(expr) {
                    continue;
                }
                assert!(!found.is_empty(), "{place}: nothing");
                assert!(found.iter().any(|(_, value)| value.is_finite()), "{place}: {found:?}");
                if expr.contains("_ratio") && !expr.contains(" - ") && !expr.contains("_calls") {
                    assert!(found.iter().all(|(_, value)| (0.0..=1.0).contains(value)), "{place}: {found:?}");
                }
            }
        }
    }
    answers.write("prometheus");
    daemon.stop();
}

/// What has nothing to show on a good day; the story of an incident looks at it.
fn may_be_empty(expr: &str) -> bool {
    expr.contains("ALERTS")
}

/// A caller is sent to an extension that belongs to no unit; and something comes that is no event.
pub fn send_nowhere(daemon: &Daemon) {
    let line = |kind: &str, ago_s: i64, more: &str| {
        let time = now().plus_ms(-ago_s * 1000).to_rfc3339();
        format!(r#"{{"id":"lost-{kind}","time":"{time}","type":"{kind}","call":"lost"{more}}}"#)
    };
    let told = [
        line("visit.entered", 60, r#","queue":"kundtjanst""#),
        line("visit.answered", 50, r#","queue":"kundtjanst""#),
        line("transfer.started", 20, r#","transfer":"t","kind":"blind","target":"999999""#),
        line("transfer.failed", 10, r#","transfer":"t","result":"busy""#),
    ];
    let (status, answer) = daemon.ask("POST", "/api/v1/events?source=vaxel", "", told.join("\n").as_bytes());
    assert_eq!(status, 200, "{answer}");
    let (status, answer) = daemon.ask("POST", "/api/v1/events?source=vaxel", "", b"{}");
    assert!(answer.contains("rejected"), "{status} {answer}");
}
