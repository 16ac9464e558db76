//! One table of the file, read into its settings with all its faults and not only the first.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::config::Fault;

/// Reads `value` as a `T`. Each fault is told with its key below `path`; a faulty key is then left
/// out and the rest read on, so that the next fault is found as well. What could be read comes back
/// even so, with defaults for what could not, so that it can be checked on: nothing starts on it,
/// since a fault has been told.
pub(super) fn read<T: DeserializeOwned>(path: &str, value: Value, wrong: &mut Vec<Fault>) -> Option<T> {
    let Value::Object(mut table) = value else {
        wrong.push((path.to_owned(), "must be a table".to_owned()));
        return None;
    };
    let mut removed: Vec<String> = Vec::new();
    loop {
        let fault = match serde_path_to_error::deserialize::<_, T>(Value::Object(table.clone())) {
            Ok(settings) => return Some(settings),
            Err(fault) => fault,
        };
        let (place, why) = (fault.path().to_string(), fault.inner().to_string());
        let Some(key) = faulty_key(&place, &why, &table) else {
            // A required key that was left out because it was faulty has been told already.
            if !removed.iter().any(|key| why.contains(&format!("missing field `{key}`"))) {
                wrong.push((below(path, &place), why));
            }
            return None;
        };
        wrong.push((below(path, if place == "." { &key } else { &place }), why));
        table.remove(&key);
        removed.push(key);
    }
}

fn faulty_key(place: &str, why: &str, table: &Map<String, Value>) -> Option<String> {
    let unknown = why.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    let first = place.split(['.', '[']).next().filter(|first| !first.is_empty() && *first != "?");
    [first, unknown].into_iter().flatten().find(|key| table.contains_key(*key)).map(ToOwned::to_owned)
}

fn below(path: &str, place: &str) -> String {
    match (path, place) {
        (path, "." | "") => path.to_owned(),
        ("", place) => place.to_owned(),
        (path, place) => format!("{path}.{place}"),
    }
}
