//! File and environment to a [`Config`].

use std::path::Path;
use std::sync::Arc;

use chrono_tz::Tz;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::call::TrackerSettings;
use crate::config::ConfigErrors;
use crate::config::section::read;
use crate::directory::{Directory, OrganisationSettings, Queue, QueueSettings, UnitRow, Units};
use crate::source::SourceSettings;
use crate::store::StoreSettings;
use crate::web::HttpSettings;

/// Prefix of environment variables that override the file: `SERVICEGRAD_STORE__URL`.
pub const ENVIRONMENT: &str = "SERVICEGRAD";

/// A checked configuration.
#[derive(Debug)]
pub struct Config {
    /// Who is who.
    pub directory: Arc<Directory>,
    /// The feeds, in the order of their ids.
    pub sources: Vec<SourceSettings>,
    /// Where figures are kept.
    pub store: StoreSettings,
    /// How the web is served.
    pub http: HttpSettings,
    /// How calls are followed.
    pub tracker: TrackerSettings,
}

/// The keys of the top level.
const KEYS: [&str; 11] = [
    "zone",
    "stale_after",
    "lateness",
    "short_ring",
    "holidays",
    "store",
    "http",
    "source",
    "queue",
    "organisation",
    "directory",
];

/// Keys of the tracker, which stand at the top level.
const TRACKER_KEYS: [&str; 3] = ["stale_after", "lateness", "short_ring"];

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectorySettings {
    units: Option<String>,
}

/// Loads the file at `path`, with the environment over it, and checks everything.
pub fn load(path: &Path) -> Result<Config, ConfigErrors> {
    let file = path.display().to_string();
    let fail = |why: String| ConfigErrors { file: file.clone(), wrong: vec![("file".to_owned(), why)] };
    if !path.is_file() {
        return Err(fail("does not exist or is no file; give its path with --config".to_owned()));
    }
    let environment = config::Environment::with_prefix(ENVIRONMENT).prefix_separator("_").separator("__");
    let merged = config::Config::builder()
        .add_source(config::File::from(path).format(config::FileFormat::Toml))
        .add_source(environment)
        .build()
        .and_then(config::Config::try_deserialize::<Value>)
        .map_err(|error| fail(format!("cannot be read: {error}")))?;
    from_value(merged, path.parent().unwrap_or(Path::new("."))).map_err(|wrong| ConfigErrors { file, wrong })
}

/// Checks a configuration that has been read; paths in it are relative to `folder`.
pub fn from_value(value: Value, folder: &Path) -> Result<Config, Vec<(String, String)>> {
    let mut wrong = Vec::new();
    let Value::Object(mut top) = value else { return Err(vec![("file".to_owned(), "holds no table".to_owned())]) };
    for key in top.keys().filter(|key| !KEYS.contains(&key.as_str())) {
        wrong.push((key.clone(), format!("is not known; the keys here are {}", KEYS.join(", "))));
    }
    let zone = zone(&mut top, &mut wrong);
    let holidays = holidays(&mut top, &mut wrong);
    let tracker: TrackerSettings = {
        let keys = TRACKER_KEYS.iter().filter_map(|key| top.remove(*key).map(|value| ((*key).to_owned(), value)));
        let table = Value::Object(keys.collect());
        checked("", read("", table, &mut wrong), TrackerSettings::check, &mut wrong)
    };
    let store: StoreSettings = table(&mut top, "store", StoreSettings::check, &mut wrong);
    let http: HttpSettings = table(&mut top, "http", HttpSettings::check, &mut wrong);
    let sources: Vec<SourceSettings> = list(&mut top, "source", &mut wrong);
    for (at, source) in sources.iter().enumerate() {
        complain(&entry("source", at, &source.name), source.check(), &mut wrong);
        if sources[..at].iter().any(|other| other.name == source.name) {
            wrong.push((entry("source", at, &source.name), "stands twice".to_owned()));
        }
    }
    let settings: Vec<QueueSettings> = list(&mut top, "queue", &mut wrong);
    let mut queues: Vec<Queue> = Vec::new();
    for (at, queue) in settings.iter().enumerate() {
        match queue.check(zone, holidays.as_deref()) {
            Ok(queue) => queues.push(queue),
            Err(faults) => complain::<()>(&entry("queue", at, &queue.name), Err(faults), &mut wrong),
        }
    }
    let organisations: Vec<OrganisationSettings> = list(&mut top, "organisation", &mut wrong);
    let units = units(&mut top, &organisations, zone, folder, &mut wrong);
    let names = sources.iter().map(|source| source.name.clone()).collect();
    let directory = match Directory::new(zone, names, queues, units) {
        Ok(directory) if wrong.is_empty() => directory,
        Ok(_) => return Err(wrong),
        Err(faults) => {
            wrong.extend(faults);
            return Err(wrong);
        }
    };
    Ok(Config { directory: Arc::new(directory), sources, store, http, tracker })
}

fn zone(top: &mut Map<String, Value>, wrong: &mut Vec<(String, String)>) -> Tz {
    let stockholm = chrono_tz::Europe::Stockholm;
    match top.remove("zone") {
        None => stockholm,
        Some(value) => value.as_str().and_then(|name| name.parse().ok()).unwrap_or_else(|| {
            wrong
                .push(("zone".to_owned(), format!("{value} is no time zone; write for instance \"Europe/Stockholm\"")));
            stockholm
        }),
    }
}

fn holidays(top: &mut Map<String, Value>, wrong: &mut Vec<(String, String)>) -> Option<String> {
    match top.remove("holidays") {
        None => Some("SE".to_owned()),
        Some(Value::String(none)) if none == "none" => None,
        Some(Value::String(country)) if country == "SE" => Some(country),
        Some(other) => {
            wrong.push(("holidays".to_owned(), format!("{other} is not known; write \"SE\" or \"none\"")));
            None
        }
    }
}

fn units(
    top: &mut Map<String, Value>,
    organisations: &[OrganisationSettings],
    zone: Tz,
    folder: &Path,
    wrong: &mut Vec<(String, String)>,
) -> Units {
    let settings: Option<DirectorySettings> = top.remove("directory").and_then(|value| read("directory", value, wrong));
    let rows = match settings.and_then(|settings| settings.units) {
        None => Vec::new(),
        Some(name) => {
            let path = folder.join(&name);
            match unit_rows(&path) {
                Ok(rows) => rows,
                Err(why) => {
                    wrong.push(("directory.units".to_owned(), format!("{}: {why}", path.display())));
                    Vec::new()
                }
            }
        }
    };
    match Units::check(organisations, &rows, zone) {
        Ok(units) => units,
        Err(faults) => {
            complain::<()>("directory.units", Err(faults), wrong);
            Units::none()
        }
    }
}

fn unit_rows(path: &Path) -> Result<Vec<UnitRow>, String> {
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).map_err(|error| error.to_string())?;
    reader.deserialize().collect::<Result<_, _>>().map_err(|error| error.to_string())
}

fn table<T: DeserializeOwned + Default>(
    top: &mut Map<String, Value>,
    key: &str,
    check: fn(&T) -> Result<(), Vec<(String, String)>>,
    wrong: &mut Vec<(String, String)>,
) -> T {
    let read = match top.remove(key) {
        None => Some(T::default()),
        Some(value) => read(key, value, wrong),
    };
    checked(key, read, check, wrong)
}

fn checked<T: Default>(
    key: &str,
    read: Option<T>,
    check: fn(&T) -> Result<(), Vec<(String, String)>>,
    wrong: &mut Vec<(String, String)>,
) -> T {
    if let Some(settings) = &read {
        complain(key, check(settings), wrong);
    }
    read.unwrap_or_default()
}

fn list<T: DeserializeOwned>(top: &mut Map<String, Value>, key: &str, wrong: &mut Vec<(String, String)>) -> Vec<T> {
    match top.remove(key) {
        None => Vec::new(),
        Some(Value::Array(entries)) => entries
            .into_iter()
            .enumerate()
            .filter_map(|(at, value)| {
                let name = value.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
                read(&entry(key, at, &name), value, wrong)
            })
            .collect(),
        Some(_) => {
            wrong.push((key.to_owned(), format!("must be a list: write [[{key}]]")));
            Vec::new()
        }
    }
}

/// `queue[2] "itsupport"`: place and name, since either may be what is wrong.
fn entry(key: &str, at: usize, name: &str) -> String {
    format!("{key}[{}] \"{name}\"", at + 1)
}

fn complain<T>(path: &str, checked: Result<T, Vec<(String, String)>>, wrong: &mut Vec<(String, String)>) {
    if let Err(faults) = checked {
        let place = |key: String| if path.is_empty() { key } else { format!("{path}.{key}") };
        wrong.extend(faults.into_iter().map(|(key, why)| (place(key), why)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Config, Vec<(String, String)>> {
        let value: toml::Value = toml::from_str(text).unwrap();
        from_value(serde_json::to_value(value).unwrap(), Path::new("config"))
    }

    #[test]
    fn the_shipped_files_are_valid() {
        for file in ["config/servicegrad.toml", "config/lystkom.toml"] {
            if let Err(wrong) = load(Path::new(file)) {
                panic!("{wrong}");
            }
        }
    }

    #[test]
    fn every_fault_is_told_at_once_with_its_key() {
        let wrong = check(
            r#"
            zone = "Mars/Olympus"
            stale_after = "soon"
            colour = "red"
            [http]
            listen = "0.0.0.0:80"
            port = 80
            [[source]]
            name = "Växel"
            kind = "carrier_pigeon"
            [[source]]
            name = "log"
            kind = "asterisk_queue_log"
            [[queue]]
            name = "a"
            thresholds = ["30s"]
            short_abandon = "long"
            objective = { threshold = "20s", target = 90 }
            [[queue]]
            name = "b"
            hours = "whenever"
            treshold = ["30s"]
            from = [{ source = "nobody", queue = "1" }]
            [[organisation]]
            name = "x"
            [directory]
            units = "no-such-file.csv"
            "#,
        )
        .unwrap_err();
        let keys: Vec<&str> = wrong.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "colour",
                "zone",
                "stale_after",
                "http.port",
                "source[1] \"Växel\".name",
                "source[1] \"Växel\".kind",
                "source[2] \"log\".path",
                "queue[2] \"b\".treshold",
                "queue[1] \"a\".short_abandon",
                "queue[1] \"a\".objective.threshold",
                "queue[1] \"a\".objective.target",
                "directory.units",
            ]
        );
    }

    #[test]
    fn nothing_but_a_queue_is_enough() {
        let config = check("[[queue]]\nname = \"kundtjanst\"").unwrap();
        assert_eq!(config.directory.queues()[0].thresholds_ms, [30_000, 60_000]);
        assert_eq!(config.http.listen.to_string(), "127.0.0.1:9464");
        assert_eq!(config.store.url, "sqlite:servicegrad.db");
    }
}
