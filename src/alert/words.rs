//! One sentence an alert, in either language.

use crate::alert::rule::{Reading, Rule};
use crate::alert::watch::Key;
use crate::directory::Directory;
use crate::i18n::{Language, numbers, text_with};

/// What a text says where a rule names no such thing.
const NOBODY: &str = "–";

/// One sentence that says who, as people call them, and how much.
pub fn summary(key: &Key, rule: &Rule, value: f64, language: Language, directory: &Directory) -> String {
    let label =
        |name: &str| key.label(name).map_or_else(|| NOBODY.to_owned(), |of| called(name, of, language, directory));
    summary_with(rule, language, &label, &reading(rule, value, language))
}

/// What people call what a label names; the label's own word where nobody is of that name any more.
fn called(label: &str, name: &str, language: Language, directory: &Directory) -> String {
    let title = match label {
        "queue" => directory.queue_named(name).map(|id| directory.queue(id).title.clone()),
        "unit" => directory.unit_named(name).map(|id| directory.unit(id).title.clone()),
        "organisation" => directory.organisation_named(name).map(|id| directory.organisation(id).title.clone()),
        "threshold" => {
            let seconds = name.strip_suffix('s').and_then(|seconds| seconds.parse().ok());
            seconds.map(|seconds| numbers::threshold(language, seconds))
        }
        _ => None,
    };
    title.unwrap_or_else(|| name.to_owned())
}

/// The same with whatever stands for labels and value: rules for Prometheus put their templates in.
pub fn summary_with(rule: &Rule, language: Language, label: &dyn Fn(&str) -> String, value: &str) -> String {
    let names = ["queue", "threshold", "unit", "organisation", "source", "report"];
    let mut values: Vec<(&str, String)> = names.iter().map(|name| (*name, label(name))).collect();
    values.push(("value", value.to_owned()));
    text_with(language, &format!("alert-{}", rule.name), &values)
}

fn reading(rule: &Rule, value: f64, language: Language) -> String {
    match rule.value {
        Reading::Share => numbers::percent(language, Some(value)),
        Reading::Seconds => numbers::seconds(language, value),
        Reading::Number => numbers::whole(language, value.round() as i64),
        Reading::Nothing => NOBODY.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::rules;

    #[test]
    fn every_rule_has_a_sentence_in_both_languages_that_names_its_subject() {
        for rule in rules::RULES {
            for language in [Language::Sv, Language::En] {
                let said = summary_with(rule, language, &|name| format!("<{name}>"), "<value>");
                assert!(!said.starts_with("alert-"), "{} has no text", rule.name);
                for label in rule.labels {
                    assert!(said.contains(&format!("<{label}>")), "{}: {said} does not name {label}", rule.name);
                }
                assert_eq!(said.contains("<value>"), rule.value != Reading::Nothing, "{}: {said}", rule.name);
            }
        }
    }
}
