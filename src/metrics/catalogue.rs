//! Every family once, by subject: what is exposed, what the documentation says, and what rules and
//! dashboards may name.

use crate::metrics::family::{Family, Kept};
use crate::metrics::{calls, http, levels, live, sources, system, units};

/// The families of one subject.
#[derive(Debug)]
pub struct Subject {
    /// What they are about.
    pub title: &'static str,
    /// The families.
    pub families: &'static [Family],
}

/// Every family that is read off the snapshot. What matters most comes first: when there are more
/// series than there may be, the last are left out.
pub const CATALOGUE: &[Subject] = &[
    Subject { title: "Calls", families: calls::FAMILIES },
    Subject { title: "The queues now", families: live::FAMILIES },
    Subject { title: "Levels, targets and budgets", families: levels::FAMILIES },
    Subject { title: "Sources", families: sources::FAMILIES },
    Subject { title: "Store, program", families: system::FAMILIES },
    Subject { title: "Transfers to units", families: units::FAMILIES },
];

/// Every family that the program counts itself.
pub const KEPT: &[&Kept] = &[&http::REQUESTS, &http::SECONDS, &http::STREAMS, &http::CONNECTIONS, &http::TURNED_AWAY];

/// The labels: name, what it holds, and how many values it can have.
pub const LABELS: &[(&str, &str, &str)] = &[
    ("queue", "name of a measured queue", "as configured"),
    ("threshold", "a service level threshold, `30s`", "at most 8 a queue"),
    ("window", "`5m`, `30m`, `1h` by moment of outcome; `today`, `month` by local day and month of offering", "5"),
    ("outcome", "how a visit or a transfer ended, spelt as in the reports", "10, or 14 of transfers"),
    ("result", "`good` or `bad` by the queue's definition; of transfers `answered`, `missed` or `left_out`", "2, or 3"),
    ("percentile", "`50` or `90`", "2"),
    ("state", "state of an attendant", "6"),
    ("organisation", "name of an organisation, or `unknown`", "as configured"),
    ("unit", "name of a unit, or `unknown`", "as configured"),
    ("source", "name of a source", "as configured"),
    ("reason", "why an event could not be used", "8"),
    ("title", "what people read", "one a queue, unit or organisation"),
    ("definition", "id of the service level definition", "one a queue"),
    ("report", "name of a scheduled report", "as configured"),
    ("version", "version of the program", "1"),
    ("route", "template of the path, or `other`", "as many as there are pages"),
    ("method", "method of the request", "3"),
    ("class", "class of the status, `2xx`", "5"),
];

/// Every name that a query may select, with its labels: histograms by their three parts.
pub fn series() -> Vec<(String, Vec<&'static str>)> {
    let read =
        CATALOGUE.iter().flat_map(|subject| subject.families).map(|family| (family.name, family.kind, family.labels));
    let kept = KEPT.iter().map(|kept| (kept.name, kept.kind, kept.labels));
    let mut all = Vec::new();
    for (name, kind, labels) in read.chain(kept) {
        if kind == "histogram" {
            all.push((format!("{name}_bucket"), [labels, &["le"]].concat()));
            all.push((format!("{name}_sum"), labels.to_vec()));
            all.push((format!("{name}_count"), labels.to_vec()));
        } else {
            all.push((name.to_owned(), labels.to_vec()));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_family_stands_once_with_a_name_of_ours_and_known_labels() {
        let read = CATALOGUE.iter().flat_map(|subject| subject.families).map(|f| (f.name, f.kind, f.labels, f.help));
        let kept = KEPT.iter().map(|kept| (kept.name, kept.kind, kept.labels, kept.help));
        let known: BTreeSet<&str> = LABELS.iter().map(|(name, ..)| *name).collect();
        let (mut seen, mut used) = (BTreeSet::new(), BTreeSet::<&str>::new());
        for (name, kind, labels, help) in read.chain(kept) {
            assert!(name.starts_with("servicegrad_"), "{name}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            assert!(help.ends_with('.'), "{name}");
            assert!(seen.insert(name), "{name} stands twice");
            assert!(labels.iter().all(|label| known.contains(label)), "{name}: {labels:?}");
            used.extend(labels.iter().copied());
        }
        assert_eq!(used.len(), known.len(), "a label that nothing has: {known:?}");
    }
}
