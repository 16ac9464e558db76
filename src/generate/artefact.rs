//! Every generated file once: where it stands below `dashboards`, and its text.

use crate::generate::boards::DASHBOARDS;
use crate::generate::{metrics_page, rules};
use crate::i18n::Language;

/// A generated file.
#[derive(Debug)]
pub struct Artefact {
    /// Path below the folder `dashboards`.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// All generated files.
pub fn artefacts() -> Vec<Artefact> {
    let mut all = vec![
        Artefact { path: "METRICS.md".to_owned(), text: metrics_page::page() },
        Artefact { path: "prometheus/servicegrad.rules.yml".to_owned(), text: rules::page() },
    ];
    for language in [Language::Sv, Language::En] {
        for dashboard in DASHBOARDS {
            let path = format!("grafana/{}/{}.json", language.code(), dashboard.name);
            all.push(Artefact { path, text: format!("{:#}\n", dashboard.json(language)) });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::rules::RULES;

    #[test]
    fn what_is_committed_is_what_would_be_generated() {
        let stale: Vec<String> = artefacts()
            .into_iter()
            .filter(|artefact| {
                let held = std::fs::read_to_string(format!("dashboards/{}", artefact.path));
                held.is_ok_and(|held| held == artefact.text).eq(&false)
            })
            .map(|artefact| artefact.path)
            .collect();
        assert!(stale.is_empty(), "run `servicegrad generate`: {stale:?}");
    }

    #[test]
    fn every_alert_has_a_runbook_in_both_languages_and_a_test_in_which_it_fires() {
        let read = |path: &str| std::fs::read_to_string(format!("dashboards/{path}")).unwrap();
        let (sv, en) = (read("runbooks/sv.md"), read("runbooks/en.md"));
        let tests = read("prometheus/servicegrad.rules.test.yml");
        for rule in RULES {
            let heading = format!("\n## {}\n", rule.name);
            assert!(sv.contains(&heading) && en.contains(&heading), "{} has no runbook", rule.name);
            let fires = format!("alertname=\"{}\"", rule.name);
            let is_expected = |line: &str| line.contains("labels: '{") && line.contains(&fires);
            assert!(tests.lines().any(is_expected), "{} has no test in which it fires", rule.name);
        }
    }
}
