//! A tree of values to a [`Config`]: every setting read, every room asked whether it agrees.

use std::path::Path;
use std::sync::Arc;

use chrono_tz::Tz;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::alert::AlertSettings;
use crate::call::TrackerSettings;
use crate::config::section::read;
use crate::config::units::unit_rows;
use crate::config::{Fault, Origins};
use crate::directory::{Directory, OrganisationSettings, Queue, QueueSettings, UnitRow, Units};
use crate::dispatch::DispatchSettings;
use crate::metrics::MetricsSettings;
use crate::names::SourceId;
use crate::post::MailSettings;
use crate::source::SourceSettings;
use crate::store::StoreSettings;
use crate::store::upkeep::UpkeepSettings;
use crate::web::HttpSettings;

/// A checked configuration.
#[derive(Debug)]
pub struct Config {
    /// Who is who.
    pub directory: Arc<Directory>,
    /// The feeds, in the order of their ids.
    pub sources: Vec<SourceSettings>,
    /// Where figures are kept.
    pub store: StoreSettings,
    /// How it is looked after.
    pub upkeep: UpkeepSettings,
    /// How the web is served.
    pub http: HttpSettings,
    /// How the page of metrics is bounded.
    pub metrics: MetricsSettings,
    /// How alerts are judged and told.
    pub alert: AlertSettings,
    /// Through which server mail is sent.
    pub mail: MailSettings,
    /// Reports that are sent by themselves.
    pub reports: Vec<DispatchSettings>,
    /// How calls are followed.
    pub tracker: TrackerSettings,
    /// The queues as configured; as checked they stand in the directory.
    pub queues: Vec<QueueSettings>,
    /// Whose public holidays `PH` means in opening hours; `None`: nobody's.
    pub holidays: Option<String>,
    /// Where the values came from.
    pub origins: Origins,
}

/// The keys of the top level.
const KEYS: [&str; 16] = [
    "zone",
    "stale_after",
    "lateness",
    "short_ring",
    "holidays",
    "store",
    "upkeep",
    "http",
    "metrics",
    "alert",
    "mail",
    "report",
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

/// Checks a configuration that has been read; paths in it are relative to `folder`.
pub fn from_value(value: Value, folder: &Path) -> Result<Config, Vec<Fault>> {
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
    let upkeep: UpkeepSettings = table(&mut top, "upkeep", UpkeepSettings::check, &mut wrong);
    let http: HttpSettings = table(&mut top, "http", HttpSettings::check, &mut wrong);
    let metrics: MetricsSettings = table(&mut top, "metrics", MetricsSettings::check, &mut wrong);
    let alert: AlertSettings = table(&mut top, "alert", AlertSettings::check, &mut wrong);
    let mail: MailSettings = table(&mut top, "mail", MailSettings::check, &mut wrong);
    if mail.server.is_none() && alert.receiver.iter().any(|receiver| !receiver.to.is_empty()) {
        wrong.push(("mail.server".to_owned(), "is missing: a receiver of alerts is to be mailed".to_owned()));
    }
    let reports = reports(&mut top, &mail, &mut wrong);
    // A source whose settings are wrong is still one that a queue can be fed by.
    let names = names(top.get("source"));
    let mut sources: Vec<(String, SourceSettings)> = list(&mut top, "source", &mut wrong);
    for records in sources.iter_mut().filter_map(|(_, source)| source.records.as_mut()) {
        records.zone.get_or_insert_with(|| zone.name().to_owned());
    }
    for (at, (place, source)) in sources.iter().enumerate() {
        complain(place, source.check(), &mut wrong);
        if sources[..at].iter().any(|(_, other)| other.name == source.name) {
            wrong.push((place.clone(), "stands twice".to_owned()));
        }
    }
    let settings: Vec<(String, QueueSettings)> = list(&mut top, "queue", &mut wrong);
    let queues = settings.iter().map(|(place, queue)| {
        queue.check(zone, holidays.as_deref()).or_else(|faults| {
            complain::<()>(place, Err(faults), &mut wrong);
            // Stands in for the faulty one, so that where it is fed from is checked as well.
            QueueSettings { from: queue.from.clone(), ..QueueSettings::named(&queue.name) }.check(zone, None)
        })
    });
    let queues: Vec<Queue> = queues.filter_map(Result::ok).collect();
    let organisations: Vec<(String, OrganisationSettings)> = list(&mut top, "organisation", &mut wrong);
    let organisations: Vec<OrganisationSettings> = organisations.into_iter().map(|(_, settings)| settings).collect();
    let is_known = |name: &String| organisations.iter().any(|organisation| organisation.name == *name);
    for (place, report) in &reports {
        if let Some(name) = report.organisation.as_ref().filter(|name| !is_known(name)) {
            wrong.push((format!("{place}.organisation"), format!("there is no [[organisation]] `{name}`")));
        }
    }
    let units = units(&mut top, &organisations, zone, folder, &mut wrong);
    let switches = switches(&names, &sources, &mut wrong);
    let untold = sources.iter().map(|(_, source)| source.untold()).collect();
    match Directory::new(zone, names, queues, units) {
        Ok(directory) if wrong.is_empty() => Ok(Config {
            directory: Arc::new(directory.with_switches(switches).with_untold(untold)),
            sources: sources.into_iter().map(|(_, source)| source).collect(),
            store,
            upkeep,
            http,
            metrics,
            alert,
            mail,
            reports: reports.into_iter().map(|(_, report)| report).collect(),
            tracker,
            queues: settings.into_iter().map(|(_, queue)| queue).collect(),
            holidays,
            origins: Origins::default(),
        }),
        Ok(_) => Err(wrong),
        Err(faults) => {
            // The directory knows names and not places.
            let queues = settings.iter().map(|(place, queue)| (format!("queue `{}`", queue.name), place));
            let queues: Vec<(String, &String)> = queues.collect();
            wrong.extend(faults.into_iter().map(|(key, why)| {
                let found =
                    queues.iter().rev().find_map(|(name, place)| Some((place, key.strip_prefix(name.as_str())?)));
                (found.map_or_else(|| key.clone(), |(place, rest)| format!("{place}{rest}")), why)
            }));
            Err(wrong)
        }
    }
}

/// The reports that are sent, each with its place.
fn reports(
    top: &mut Map<String, Value>,
    mail: &MailSettings,
    wrong: &mut Vec<Fault>,
) -> Vec<(String, DispatchSettings)> {
    let reports: Vec<(String, DispatchSettings)> = list(top, "report", wrong);
    for (at, (place, report)) in reports.iter().enumerate() {
        complain(place, report.check(), wrong);
        if reports[..at].iter().any(|(_, other)| other.name == report.name) {
            wrong.push((format!("{place}.name"), "stands twice".to_owned()));
        }
        if mail.server.is_none() && !report.to.is_empty() {
            wrong.push(("mail.server".to_owned(), format!("is missing: {place} is to be mailed")));
        }
    }
    reports
}

/// For each source the one that stands for its switch.
fn switches(names: &[String], sources: &[(String, SourceSettings)], wrong: &mut Vec<Fault>) -> Vec<SourceId> {
    let mut switches: Vec<SourceId> = (0..names.len() as u32).map(SourceId).collect();
    for (place, source) in sources {
        let Some(switch) = &source.switch else { continue };
        let other = sources.iter().find(|(_, other)| other.name == *switch);
        let fault = match other {
            None => format!("there is no source `{switch}`"),
            Some((_, other)) if other.switch.as_ref().is_some_and(|next| next != switch) => {
                format!("source `{switch}` names another one itself; name that one")
            }
            Some(_) => {
                let own = names.iter().position(|name| *name == source.name);
                let stands = names.iter().position(|name| name == switch);
                if let (Some(own), Some(stands)) = (own, stands) {
                    switches[own] = SourceId(stands as u32);
                }
                continue;
            }
        };
        wrong.push((format!("{place}.switch"), fault));
    }
    switches
}

/// Names of all entries of a list, also of those that cannot be read.
fn names(list: Option<&Value>) -> Vec<String> {
    let entries = list.and_then(Value::as_array).into_iter().flatten();
    entries.map(|entry| entry.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()).collect()
}

fn zone(top: &mut Map<String, Value>, wrong: &mut Vec<Fault>) -> Tz {
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

fn holidays(top: &mut Map<String, Value>, wrong: &mut Vec<Fault>) -> Option<String> {
    match top.remove("holidays") {
        None => Some("SE".to_owned()),
        Some(Value::String(none)) if none == "none" => None,
        Some(Value::String(country)) if country == "SE" => Some(country),
        Some(other) => {
            wrong.push(("holidays".to_owned(), format!("{other} is not known; write \"SE\" or \"none\"")));
            // Or every queue that names public holidays would be told to say whose.
            Some("SE".to_owned())
        }
    }
}

fn units(
    top: &mut Map<String, Value>,
    organisations: &[OrganisationSettings],
    zone: Tz,
    folder: &Path,
    wrong: &mut Vec<Fault>,
) -> Units {
    let settings: Option<DirectorySettings> = top.remove("directory").and_then(|value| read("directory", value, wrong));
    let Some(name) = settings.and_then(|settings| settings.units) else {
        // Organisations are checked all the same.
        return Units::check(organisations, &[], zone).unwrap_or_else(|faults| {
            complain::<()>("", Err(faults), wrong);
            Units::none()
        });
    };
    let path = folder.join(&name);
    let place = |at: &str| format!("directory.units: {} {at}", path.display()).trim_end().to_owned();
    let (lines, rows): (Vec<u64>, Vec<UnitRow>) = match unit_rows(&path) {
        Ok((rows, faults)) => {
            wrong.extend(faults.into_iter().map(|(at, why)| (place(&at), why)));
            rows.into_iter().unzip()
        }
        Err(faults) => {
            wrong.extend(faults.into_iter().map(|(at, why)| (place(&at), why)));
            return Units::none();
        }
    };
    Units::check(organisations, &rows, zone).unwrap_or_else(|faults| {
        // The directory counts rows and a header; the file has comments and empty lines as well.
        for (at, why) in faults {
            let row = at.strip_prefix("line ").and_then(|line| line.parse::<usize>().ok()).map(|line| line - 2);
            let at = match row.and_then(|row| lines.get(row)) {
                Some(line) => place(&format!("line {line}")),
                None => at,
            };
            wrong.push((at, why));
        }
        Units::none()
    })
}

fn table<T: DeserializeOwned + Default>(
    top: &mut Map<String, Value>,
    key: &str,
    check: fn(&T) -> Result<(), Vec<Fault>>,
    wrong: &mut Vec<Fault>,
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
    check: fn(&T) -> Result<(), Vec<Fault>>,
    wrong: &mut Vec<Fault>,
) -> T {
    if let Some(settings) = &read {
        complain(key, check(settings), wrong);
    }
    read.unwrap_or_default()
}

/// The entries of a list that can be read, each with its place.
fn list<T: DeserializeOwned>(top: &mut Map<String, Value>, key: &str, wrong: &mut Vec<Fault>) -> Vec<(String, T)> {
    match top.remove(key) {
        None => Vec::new(),
        Some(Value::Array(entries)) => entries
            .into_iter()
            .enumerate()
            .filter_map(|(at, value)| {
                let place = entry(key, at, value.get("name").and_then(Value::as_str).unwrap_or_default());
                let settings = read(&place, value, wrong)?;
                Some((place, settings))
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

fn complain<T>(path: &str, checked: Result<T, Vec<Fault>>, wrong: &mut Vec<Fault>) {
    if let Err(faults) = checked {
        let place = |key: String| if path.is_empty() { key } else { format!("{path}.{key}") };
        wrong.extend(faults.into_iter().map(|(key, why)| (place(key), why)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Config, Vec<Fault>> {
        let value: toml::Value = toml::from_str(text).unwrap();
        from_value(serde_json::to_value(value).unwrap(), Path::new("config"))
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
                "http.listen",
                "source[1] \"Växel\".name",
                "source[1] \"Växel\".kind",
                "source[2] \"log\".path",
                "queue[2] \"b\".treshold",
                "queue[1] \"a\".short_abandon",
                "queue[1] \"a\".objective.threshold",
                "queue[1] \"a\".objective.target",
                "queue[2] \"b\".hours",
                "directory.units: config/no-such-file.csv",
                "queue[2] \"b\".from",
            ]
        );
    }

    #[test]
    fn unknown_keys_are_refused_at_every_level() {
        let wrong = check(
            r#"
            a = 1
            [store]
            b = 1
            [http]
            c = 1
            [[source]]
            name = "log"
            kind = "http"
            d = 1
            [[queue]]
            name = "q"
            from = [{ source = "log", queue = "1", e = 1 }]
            objective = { threshold = "30s", target = 0.9, f = 1 }
            g = 1
            [[organisation]]
            name = "o"
            h = 1
            [directory]
            i = 1
            "#,
        )
        .unwrap_err();
        let mut told: Vec<&str> = wrong
            .iter()
            .map(|(key, why)| if why.starts_with("unknown field") { &why[15..16] } else { key.as_str() })
            .collect();
        told.sort_unstable();
        assert_eq!(told, ["a", "b", "c", "d", "e", "f", "g", "h", "i"], "{wrong:?}");
    }

    #[test]
    fn a_faulty_source_does_not_make_its_queues_faulty() {
        let wrong = check(
            r#"
            holidays = "DK"
            [[source]]
            name = "log"
            [[queue]]
            name = "q"
            hours = "Mo-Fr 08:00-16:00; PH off"
            from = [{ source = "log", queue = "1" }]
            "#,
        )
        .unwrap_err();
        let keys: Vec<&str> = wrong.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["holidays", "source[1] \"log\""]);
        assert!(wrong[1].1.contains("missing field `kind`"));
    }

    #[test]
    fn a_line_that_cannot_be_read_hides_no_other_fault_of_the_units_file() {
        let folder = tempfile::tempdir().unwrap();
        let rows = "from,to,unit,title,organisation\n3,2,c,,x\nonly two,fields\n1,,a,,nobody\n";
        std::fs::write(folder.path().join("units.csv"), rows).unwrap();
        let config = "[[organisation]]\nname = \"x\"\n[directory]\nunits = \"units.csv\"\n";
        let value: toml::Value = toml::from_str(config).unwrap();
        let wrong = from_value(serde_json::to_value(value).unwrap(), folder.path()).unwrap_err();
        let mut lines: Vec<&str> =
            wrong.iter().filter_map(|(key, _)| key.rsplit_once("line ")).map(|(_, line)| line).collect();
        lines.sort_unstable();
        assert_eq!(lines, ["2", "3", "4"], "{wrong:?}");
    }

    #[test]
    fn wrong_rows_of_the_units_file_are_told_by_line() {
        let folder = tempfile::tempdir().unwrap();
        let rows = "from,to,unit,title,organisation\n# comment\n1,,a,,x\n\n2,,b,,nobody\n3,2,c,,x\n";
        std::fs::write(folder.path().join("units.csv"), rows).unwrap();
        let text = "[[organisation]]\nname = \"x\"\n[directory]\nunits = \"units.csv\"";
        let value: toml::Value = toml::from_str(text).unwrap();
        let wrong = from_value(serde_json::to_value(value).unwrap(), folder.path()).unwrap_err();
        let lines: Vec<&str> = wrong.iter().map(|(key, _)| key.rsplit("csv ").next().unwrap()).collect();
        assert_eq!(lines, ["line 5", "line 6"]);
        assert!(wrong[0].0.starts_with("directory.units: ") && wrong[0].1.contains("nobody"));
    }

    #[test]
    fn nothing_but_a_queue_is_enough() {
        let config = check("[[queue]]\nname = \"kundtjanst\"").unwrap();
        assert_eq!(config.directory.queues()[0].thresholds_ms, [30_000, 60_000]);
        assert_eq!(config.http.listen.to_string(), "127.0.0.1:9464");
        assert_eq!(config.store.url, "sqlite:servicegrad.db");
    }
}
