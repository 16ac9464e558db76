//! `[[report]]` of the configuration.

use std::path::PathBuf;

use chrono::NaiveTime;
use serde::Deserialize;

use crate::alert::settings::LanguageName;
use crate::dispatch::schedule::Every;
use crate::names::is_slug;
use crate::report::{Format, REPORTS, ReportKind};
use crate::stats::period::Period;

/// Latest day after a period on which its report can be sent.
const DAY_MAX: u32 = 31;

/// A report that is sent by itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DispatchSettings {
    /// Our name of it, a slug: what was sent is remembered under it.
    pub name: String,
    /// Which report: `month`, `year`, `units`, `hours` or `definitions`. Default `month`.
    #[serde(default = "month")]
    pub kind: String,
    /// Whenever one of these has ended: `day`, `month`, `quarter`, `tertial` or `year`. Default `month`.
    #[serde(default)]
    pub every: Every,
    /// On which day after the period, 1 to 31. Default 1, the day after its last.
    #[serde(default = "one")]
    pub day: u32,
    /// At what local time: `HH:MM`. Default `07:00`.
    #[serde(default = "seven")]
    pub at: String,
    /// The first period that is sent. Default: the one under way when the report is first seen here.
    pub first: Option<String>,
    /// Only the units of this organisation, and no queue. Default: everything.
    pub organisation: Option<String>,
    /// As which files: `xlsx`, `html`, `csv`, `json`, `table`, and `pdf` where the program was built with
    /// it. Default `xlsx`.
    #[serde(default = "xlsx")]
    pub format: Vec<String>,
    /// In which language. Default `sv`.
    #[serde(default)]
    pub language: LanguageName,
    /// Mail addresses; one mail to all of them.
    #[serde(default)]
    pub to: Vec<String>,
    /// Folder that the files are put into.
    pub folder: Option<PathBuf>,
}

fn month() -> String {
    "month".to_owned()
}

fn one() -> u32 {
    1
}

fn seven() -> String {
    "07:00".to_owned()
}

fn xlsx() -> Vec<String> {
    vec!["xlsx".to_owned()]
}

impl DispatchSettings {
    /// Checks the settings; complaints are `(key, reason)`. Whether the organisation is there, the
    /// directory knows.
    pub fn check(&self) -> Result<(), Vec<(String, String)>> {
        let mut wrong = Vec::new();
        let mut complain = |key: &str, why: String| wrong.push((key.to_owned(), why));
        if !is_slug(&self.name) {
            complain("name", "must be 1 to 64 of a-z, 0-9, - and _".to_owned());
        }
        if ReportKind::named(&self.kind).is_none() {
            let known: Vec<&str> = REPORTS.iter().map(|kind| kind.name).collect();
            complain("kind", format!("there is no report `{}`; there are {}", self.kind, known.join(", ")));
        }
        if !(1..=DAY_MAX).contains(&self.day) {
            complain("day", format!("{} lies outside 1 to {DAY_MAX}", self.day));
        }
        if self.time().is_none() {
            complain("at", format!("`{}` is no time of day; write for instance \"07:00\"", self.at));
        }
        if let Some(first) = &self.first {
            match Period::parse(first) {
                Err(why) => complain("first", why),
                Ok(period) if self.every.holding(period.from) != period => {
                    let right = self.every.label(self.every.holding(period.from));
                    complain("first", format!("`{first}` is no {}; write {right}", self.every.as_str()));
                }
                Ok(_) => {}
            }
        }
        for why in self.format.iter().filter_map(|name| Format::named(name).err()) {
            complain("format", why);
        }
        if self.format.is_empty() {
            complain("format", "names none".to_owned());
        }
        for to in self.to.iter().filter(|to| to.parse::<lettre::Address>().is_err()) {
            complain("to", format!("`{to}` is no mail address"));
        }
        if self.to.is_empty() && self.folder.is_none() {
            complain("to", "is missing, and so is folder: nobody would get it".to_owned());
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// The local time of day at which it is sent.
    pub fn time(&self) -> Option<NaiveTime> {
        NaiveTime::parse_from_str(&self.at, "%H:%M").ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_told_with_what_to_write() {
        let settings: DispatchSettings = toml::from_str(
            "name = \"Åsele\"\nkind = \"all\"\nevery = \"tertial\"\nday = 0\nat = \"7\"\nfirst = \"2026-11\"\n\
             format = [\"odt\"]\nto = [\"chef\"]\n",
        )
        .unwrap();
        let wrong = settings.check().unwrap_err();
        let keys: Vec<&str> = wrong.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["name", "kind", "day", "at", "first", "format", "to"]);
        assert_eq!(wrong[4].1, "`2026-11` is no tertial; write 2026-T3");
        assert!(wrong[5].1.starts_with("there is no format `odt`; there are table, json"), "{}", wrong[5].1);
        let nobody: DispatchSettings = toml::from_str("name = \"asele\"").unwrap();
        assert_eq!(nobody.check().unwrap_err().len(), 1);
    }

    #[test]
    fn whoever_wants_pdf_of_a_build_without_it_is_told_how_to_build_one() {
        let settings: DispatchSettings =
            toml::from_str("name = \"asele\"\nformat = [\"pdf\"]\nto = [\"chef@example.org\"]").unwrap();
        let wrong = settings.check().err().unwrap_or_default();
        assert_eq!(wrong.len(), usize::from(!cfg!(feature = "pdf")));
        for (key, why) in wrong {
            assert!(key == "format" && why.contains("cargo build --release --features pdf"), "{why}");
        }
    }
}
