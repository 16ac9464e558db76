//! Texts by key.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

/// A language that people read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Language {
    /// Swedish.
    #[default]
    Sv,
    /// English.
    En,
}

impl Language {
    /// The language's code: `sv`, `en`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sv => "sv",
            Self::En => "en",
        }
    }

    /// The language of this code.
    pub fn parse(code: &str) -> Option<Self> {
        match code {
            "sv" => Some(Self::Sv),
            "en" => Some(Self::En),
            _ => None,
        }
    }
}

static SWEDISH: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle("sv", include_str!("sv.ftl")));
static ENGLISH: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle("en", include_str!("en.ftl")));

fn bundle(code: &str, source: &str) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = code.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Marks of direction around values help where scripts mix; here they would only stand in tables.
    bundle.set_use_isolating(false);
    // Our own files: a test reads every key of both.
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
    bundle.add_resource_overriding(resource);
    bundle
}

/// The text of `key`; the key itself where there is none, which a test rules out.
pub fn text(language: Language, key: &str) -> String {
    text_with(language, key, &[])
}

/// The text of `key` with values put in.
pub fn text_with(language: Language, key: &str, values: &[(&str, String)]) -> String {
    let bundle = match language {
        Language::Sv => &*SWEDISH,
        Language::En => &*ENGLISH,
    };
    let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else { return key.to_owned() };
    let mut args = FluentArgs::new();
    for (name, value) in values {
        args.set(*name, value.as_str());
    }
    bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned()
}

/// Every key of a language, in the order of its file.
pub fn keys(language: Language) -> Vec<&'static str> {
    let source = match language {
        Language::Sv => include_str!("sv.ftl"),
        Language::En => include_str!("en.ftl"),
    };
    let key =
        |line: &'static str| line.split_once(" = ").map(|(key, _)| key).filter(|key| !key.starts_with([' ', '#']));
    source.lines().filter_map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_keys_and_a_text_for_each() {
        assert_eq!(keys(Language::Sv), keys(Language::En));
        for language in [Language::Sv, Language::En] {
            for key in keys(language) {
                assert!(!text(language, key).is_empty(), "{language:?} {key}");
            }
        }
    }
}
