//! File and environment to a [`Config`].

use std::path::Path;

use config::Source;
use serde_json::Value;

pub use crate::config::check::from_value;
use crate::config::origin::ENVIRONMENT;
use crate::config::{Config, ConfigErrors, Origins};

/// Loads the file at `path`, with the environment over it, and checks everything.
///
/// # Errors
/// Everything that is wrong, each with its key and the reason.
pub fn load(path: &Path) -> Result<Config, ConfigErrors> {
    load_with(path, None)
}

/// As [`load`], with these variables in place of the process's own.
pub(super) fn load_with(path: &Path, variables: Option<config::Map<String, String>>) -> Result<Config, ConfigErrors> {
    let file = path.display().to_string();
    let fail = |why: String| ConfigErrors { file: file.clone(), wrong: vec![("file".to_owned(), why)] };
    if !path.is_file() {
        return Err(fail("does not exist or is no file; give its path with --config".to_owned()));
    }
    let environment =
        config::Environment::with_prefix(ENVIRONMENT).prefix_separator("__").separator("__").source(variables);
    let merged = config::Config::builder()
        .add_source(config::File::from(path).format(config::FileFormat::Toml))
        .add_source(environment)
        .build()
        .map_err(|error| fail(format!("cannot be read: {error}")))?;
    let tree = merged.collect().map_err(|error| fail(format!("cannot be read: {error}")))?;
    let origins = Origins::of(&tree);
    let value: Value = merged.try_deserialize().map_err(|error| fail(format!("cannot be read: {error}")))?;
    match from_value(value, path.parent().unwrap_or(Path::new("."))) {
        Ok(config) => Ok(Config { origins, ..config }),
        Err(mut wrong) => {
            // The file is innocent of what a variable said.
            for (key, _) in &mut wrong {
                if let Some(variable) = origins.variable_of(key) {
                    *key = format!("{variable} ({key})");
                }
            }
            Err(ConfigErrors { file, wrong })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(list: &[(&str, &str)]) -> Option<config::Map<String, String>> {
        Some(list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    const SHIPPED: &str = "config/servicegrad.toml";

    #[test]
    fn the_shipped_files_are_valid() {
        for file in [SHIPPED, "config/lystkom.toml", "config/stack/servicegrad.toml"] {
            if let Err(wrong) = load_with(Path::new(file), variables(&[])) {
                panic!("{wrong}");
            }
        }
    }

    #[test]
    fn the_example_is_the_federation_of_its_first_comment() {
        let config = load_with(Path::new("config/lystkom.toml"), variables(&[])).unwrap();
        let directory = &config.directory;
        assert_eq!((directory.organisations().len() - 1, config.sources.len()), (5, 2));
        assert!((200..=250).contains(&directory.units().len()));
        assert!(directory.queues().iter().all(|queue| queue.from.len() == 2 && queue.objective.is_some()));
        let unit_on = |day: &str| {
            let at = chrono::DateTime::parse_from_rfc3339(day).unwrap().into();
            directory.unit(directory.unit_of("8195", at)).name.clone()
        };
        assert_eq!(unit_on("2026-12-31T23:59:59+01:00"), "unknown");
        assert_eq!(unit_on("2027-01-01T00:00:00+01:00"), "dorotea-hemtjanst");
    }

    #[test]
    fn the_environment_wins_over_the_file_and_it_shows() {
        let set = [
            ("SERVICEGRAD__STORE__URL", "sqlite:/var/lib/s.db"),
            ("SERVICEGRAD__STALE_AFTER", "6h"),
            ("SERVICEGRAD_PORT", "tcp://10.0.0.1:9464"),
        ];
        let config = load_with(Path::new(SHIPPED), variables(&set)).unwrap();
        assert_eq!(config.store.url, "sqlite:/var/lib/s.db");
        assert_eq!(config.tracker.stale_after.to_string(), "6h");
        assert_eq!(config.origins.from("store.url"), "SERVICEGRAD__STORE__URL");
        assert_eq!(config.origins.from("zone"), SHIPPED);
        assert_eq!(config.origins.from("directory.units"), "default");
        assert_eq!(config.origins.from("queue[1].objective"), SHIPPED);
    }

    #[test]
    fn a_wrong_variable_is_named_and_not_the_file() {
        let set = [
            ("SERVICEGRAD__STROE__URL", "x"),
            ("SERVICEGRAD__STORE__URL", "mysql:x"),
            ("SERVICEGRAD__LATENESS", "soon"),
        ];
        let wrong = load_with(Path::new(SHIPPED), variables(&set)).unwrap_err();
        let keys: Vec<&str> = wrong.wrong.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["stroe", "SERVICEGRAD__LATENESS (lateness)", "SERVICEGRAD__STORE__URL (store.url)"]);
    }

    /// The names of a settings struct's fields, told by its own `Deserialize`.
    fn fields<T: serde::de::DeserializeOwned>() -> Vec<&'static str> {
        struct Probe<'a>(&'a mut Vec<&'static str>);
        impl<'de> serde::Deserializer<'de> for Probe<'_> {
            type Error = serde::de::value::Error;
            fn deserialize_any<V: serde::de::Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
                Err(serde::de::Error::custom("only structs are settings"))
            }
            fn deserialize_struct<V: serde::de::Visitor<'de>>(
                self,
                _: &'static str,
                fields: &'static [&'static str],
                _: V,
            ) -> Result<V::Value, Self::Error> {
                self.0.extend(fields);
                Err(serde::de::Error::custom("only the names were wanted"))
            }
            serde::forward_to_deserialize_any! {
                bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
                unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
            }
        }
        let mut names = Vec::new();
        let _ = T::deserialize(Probe(&mut names));
        assert!(!names.is_empty());
        names
    }

    #[test]
    fn every_setting_stands_in_the_shipped_file() {
        let text = std::fs::read_to_string(SHIPPED).unwrap();
        let lists = [
            fields::<crate::call::TrackerSettings>(),
            fields::<crate::store::StoreSettings>(),
            fields::<crate::store::upkeep::UpkeepSettings>(),
            fields::<crate::web::HttpSettings>(),
            fields::<crate::web::proxy::ProxySettings>(),
            fields::<crate::web::proxy::GroupGrant>(),
            fields::<crate::metrics::MetricsSettings>(),
            fields::<crate::alert::AlertSettings>(),
            fields::<crate::alert::settings::RuleChange>(),
            fields::<crate::alert::settings::ReceiverSettings>(),
            fields::<crate::post::MailSettings>(),
            fields::<crate::dispatch::DispatchSettings>(),
            fields::<crate::source::SourceSettings>(),
            fields::<crate::source::RecordsSettings>(),
            fields::<crate::source::records::mapped::MapSettings>(),
            fields::<crate::directory::QueueSettings>(),
            fields::<crate::directory::EarlierSettings>(),
            fields::<crate::directory::OrganisationSettings>(),
        ];
        for key in lists.into_iter().flatten().chain(["zone", "holidays", "units"]) {
            let is_there = |line: &str| {
                let line = line.strip_prefix("# ").unwrap_or(line);
                line.starts_with(&format!("{key} = ")) || line.trim_end_matches(']').ends_with(&format!(".{key}"))
            };
            assert!(text.lines().any(is_there), "`{key}` does not stand in {SHIPPED}");
        }
    }

    #[test]
    fn every_key_of_the_shipped_file_has_its_comment() {
        let text = std::fs::read_to_string(SHIPPED).unwrap();
        let mut is_explained = false;
        for line in text.lines() {
            let is_key = |line: &str| {
                line.split_once(" = ").is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
            };
            let bare = line.strip_prefix("# ").unwrap_or(line);
            if line.is_empty() || line.starts_with('[') {
                // A comment above a table's first line may speak for its first key.
                is_explained &= line.starts_with('[');
            } else if is_key(bare) {
                // A second key of one block is explained by the comment above the block.
                assert!(is_explained || line.starts_with("# "), "`{line}` has no comment");
            } else if line.starts_with('#') {
                is_explained = true;
            }
        }
    }
}
