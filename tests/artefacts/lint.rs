//! What promtool and amtool say of the files as they are shipped.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::program::{House, until};

pub fn run(program: &str, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}; .ci/test installs it"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let complained = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {said}{complained}");
    format!("{said}{complained}")
}

#[test]
fn the_page_of_metrics_is_clean() {
    let house = House::new(
        "[[source]]\nname = \"vaxel\"\nkind = \"http\"\n[[queue]]\nname = \"kundtjanst\"\nanswer_target = 0.9\n\
         objective = { threshold = \"30s\", target = 0.9 }\n[[organisation]]\nname = \"asele\"\n",
    );
    let daemon = house.run();
    until("the web has counted itself", || daemon.get("/metrics").contains("servicegrad_http_requests_total{"));
    let said = run("promtool", &["check", "metrics"], &daemon.get("/metrics"));
    assert_eq!(said, "", "promtool complains");
    daemon.stop();
}

#[test]
fn the_rules_are_sound_and_every_alert_does_as_its_test_says() {
    run("promtool", &["check", "rules", "dashboards/prometheus/servicegrad.rules.yml"], "");
    run("promtool", &["test", "rules", "dashboards/prometheus/servicegrad.rules.test.yml"], "");
}

#[test]
fn the_example_of_routing_sends_each_to_their_own() {
    let config = "dashboards/alertmanager/alertmanager.yml";
    run("amtool", &["check-config", config], "");
    for (labels, receiver) in [
        (&["severity=page", "alertname=AnswerRateLow", "queue=kundtjanst"][..], "gruppledare"),
        (&["severity=page", "alertname=QueueLongWait", "queue=itsupport"], "it-gruppledare"),
        (&["severity=page", "alertname=StoreTrouble"], "drift"),
        (&["severity=page", "alertname=SourceStale", "source=vaxel"], "drift"),
        (&["severity=ticket", "alertname=UnitAnswerRateLow", "organisation=asele", "unit=asele-va"], "asele"),
        (&["severity=ticket", "alertname=UnitAnswerRateLow", "organisation=dorotea"], "forbundet"),
        (&["severity=ticket", "alertname=BudgetSpent", "queue=itsupport"], "forbundet"),
        (&["severity=none", "alertname=Watchdog"], "dodmansgrepp"),
    ] {
        let file = format!("--config.file={config}");
        let mut arguments = vec!["config", "routes", "test", &file];
        arguments.extend(labels);
        let said = run("amtool", &arguments, "");
        assert!(said.lines().any(|line| line == receiver), "{labels:?}: {said}");
    }
}
