//! How somebody wants the pages: language and theme, said in the address, so that a screen is set
//! up once and a link shows what its sender saw.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use serde::Deserialize;

use crate::i18n::{Language, text, text_with};

/// What need not be escaped beside letters and digits.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What the address says of the look.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct LookQuery {
    lang: Option<String>,
    theme: Option<String>,
    token: Option<String>,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// What the screen prefers.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The one spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Language and theme of a page, and the token to carry on in its links.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// The language.
    pub language: Language,
    /// The theme.
    pub theme: Theme,
    token: Option<String>,
}

impl From<LookQuery> for Look {
    fn from(query: LookQuery) -> Self {
        let theme = match query.theme.as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::Auto,
        };
        Self {
            language: query.lang.as_deref().and_then(Language::parse).unwrap_or_default(),
            theme,
            token: query.token,
        }
    }
}

impl Look {
    /// The text of a key.
    pub fn say(&self, key: &str) -> String {
        text(self.language, key)
    }

    /// The text of a key with values put in.
    pub fn say_with(&self, key: &str, values: &[(&str, String)]) -> String {
        text_with(self.language, key, values)
    }

    /// An address of ours that keeps the look.
    pub fn link(&self, path: &str) -> String {
        self.link_with(path, &[])
    }

    /// The same with further parameters.
    pub fn link_with(&self, path: &str, more: &[(&str, &str)]) -> String {
        let mut address = path.to_owned();
        let lang = (self.language != Language::default()).then(|| ("lang", self.language.code()));
        let theme = (self.theme != Theme::default()).then(|| ("theme", self.theme.as_str()));
        let token = self.token.as_deref().map(|token| ("token", token));
        for (name, value) in more.iter().copied().chain(lang).chain(theme).chain(token) {
            let mark = if address.contains('?') { '&' } else { '?' };
            let _ = write!(address, "{mark}{name}={}", escaped(value));
        }
        address
    }

    /// What a form must carry along so that its answer looks the same.
    pub fn carried(&self) -> Vec<(&'static str, String)> {
        let mut carried = Vec::new();
        if self.language != Language::default() {
            carried.push(("lang", self.language.code().to_owned()));
        }
        if self.theme != Theme::default() {
            carried.push(("theme", self.theme.as_str().to_owned()));
        }
        carried.extend(self.token.clone().map(|token| ("token", token)));
        carried
    }

    /// The same in the other language.
    #[must_use]
    pub fn in_other_language(&self) -> Self {
        let language = if self.language == Language::Sv { Language::En } else { Language::Sv };
        Self { language, ..self.clone() }
    }

    /// The same in another theme.
    #[must_use]
    pub fn in_theme(&self, theme: Theme) -> Self {
        Self { theme, ..self.clone() }
    }
}

/// A value as it stands in an address: all but letters and digits as `%XX`.
pub fn escaped(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, KEPT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_the_look_and_says_nothing_of_what_is_usual() {
        assert_eq!(Look::default().link("/units"), "/units");
        let query = LookQuery { lang: Some("en".into()), theme: Some("dark".into()), token: Some("a+b".into()) };
        let look = Look::from(query);
        assert_eq!(
            look.link_with("/units", &[("period", "2026-11")]),
            "/units?period=2026-11&lang=en&theme=dark&token=a%2Bb"
        );
        assert_eq!(look.in_other_language().link("/"), "/?theme=dark&token=a%2Bb");
    }
}
