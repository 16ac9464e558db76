//! The stack of containers and the systemd unit, tried as far as a machine without either can.

use std::path::Path;
use std::process::Command;

use regex::Regex;

use crate::incident::house;
use crate::lint::run;
use crate::program::PROGRAM;

const STACK: &str = "config/stack";

fn read(name: &str) -> String {
    std::fs::read_to_string(format!("{STACK}/{name}")).unwrap()
}

#[test]
fn the_stack_names_no_file_that_is_not_there_and_no_secret_that_is_not_made() {
    let compose = read("compose.yaml");
    let mounts = Regex::new(r#"["\- ](\.\.?/[^:"\s]*):/"#).unwrap();
    let mounted: Vec<&str> = mounts.captures_iter(&compose).map(|found| found.get(1).unwrap().as_str()).collect();
    assert!(mounted.len() >= 8, "{mounted:?}");
    for path in mounted {
        assert!(Path::new(STACK).join(path).exists(), "compose.yaml mounts {path}");
    }
    let made = Regex::new("for name in ([a-z_ ]+); do").unwrap();
    let made: Vec<&str> = made.captures(&compose).unwrap().get(1).unwrap().as_str().split(' ').collect();
    let all = [compose.clone(), read("servicegrad.toml"), read("prometheus.yml"), read("postgres-roles.sh")].concat();
    for used in Regex::new("/secrets/([a-z_]+)").unwrap().captures_iter(&all) {
        assert!(made.contains(&&used[1]), "nobody makes {}", &used[0]);
    }
    for line in read("Containerfile").lines().filter(|line| line.starts_with("COPY ") && !line.contains("--from")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        for source in &words[1..words.len() - 1] {
            assert!(Path::new(source).exists(), "the Containerfile copies {source}");
        }
    }
}

#[test]
fn the_stacks_prometheus_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("rules")).unwrap();
    std::fs::copy("dashboards/prometheus/servicegrad.rules.yml", path("rules/servicegrad.rules.yml")).unwrap();
    std::fs::write(path("token"), "word").unwrap();
    let config = read("prometheus.yml").replace("/secrets/token", path("token").to_str().unwrap());
    std::fs::write(path("prometheus.yml"), config).unwrap();
    let said = run("promtool", &["check", "config", path("prometheus.yml").to_str().unwrap()], "");
    assert!(said.contains("rules found"), "{said}");
}

#[test]
fn the_stacks_question_after_health_is_answered_by_the_daemon() {
    let compose = read("compose.yaml");
    let asked = compose.lines().find_map(|line| line.trim().strip_prefix("- exec 3<>")).unwrap();
    let ask = |address: &str| {
        let script =
            format!("exec 3<>{asked}").replace("$$", "$").replace("127.0.0.1/9464", &address.replace(':', "/"));
        Command::new("bash").args(["-c", &script]).output().unwrap().status.success()
    };
    let daemon = house("").run();
    let address = daemon.address.clone();
    assert!(ask(&address), "{asked}");
    daemon.stop();
    assert!(!ask(&address), "nobody is there any more");
}

#[test]
fn the_unit_is_sound_and_lets_the_program_do_no_more_than_it_must() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("servicegrad.service");
    let text = std::fs::read_to_string("config/systemd/servicegrad.service").unwrap();
    std::fs::write(&unit, text.replace("/usr/local/bin/servicegrad", PROGRAM)).unwrap();
    run("systemd-analyze", &["verify", unit.to_str().unwrap()], "");
    // In tenths, of ten: what systemd itself makes of the hardening.
    run("systemd-analyze", &["security", "--offline=true", "--threshold=15", unit.to_str().unwrap()], "");
}
