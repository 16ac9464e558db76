//! Every generated file once: where it stands below `dashboards`, and its text.

use crate::generate::metrics_page;

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
    vec![Artefact { path: "METRICS.md".to_owned(), text: metrics_page::page() }]
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
