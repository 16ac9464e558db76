//! An event's fields, from either form: plain header lines with URL-encoded values, or a flat JSON
//! object.

use std::borrow::Cow;

use serde_json::Value;

use crate::source::freeswitch_esl::packet::{decode, value};

/// How a list is written where only a text fits.
const LIST: &str = "ARRAY::";
const LIST_BAR: &str = "|:";
/// Most fields of one event; real ones have some hundreds.
const FIELDS_MAX: usize = 5_000;

/// An event.
#[derive(Clone, Debug, Default)]
pub struct Event {
    fields: Vec<(String, String)>,
}

impl Event {
    /// Reads the plain form. A body of the event's own is its field `_body`.
    pub fn plain(body: &[u8]) -> Self {
        let text = decode(body);
        let (head, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut fields: Vec<(String, String)> = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .take(FIELDS_MAX)
            .map(|(key, value)| (key.to_owned(), unescape(value.trim()).into_owned()))
            .collect();
        if !rest.is_empty() && !value(head, "Content-Length").is_empty() {
            fields.push(("_body".to_owned(), rest.to_owned()));
        }
        Self { fields }
    }

    /// Reads the JSON form; why not, where it is none.
    pub fn json(body: &[u8]) -> Result<Self, String> {
        let object = match serde_json::from_str(&decode(body)) {
            Ok(Value::Object(object)) => object,
            Ok(_) => return Err("not a JSON object".to_owned()),
            Err(error) => return Err(error.to_string()),
        };
        let fields = object.into_iter().take(FIELDS_MAX).map(|(key, value)| (key, text(value))).collect();
        Ok(Self { fields })
    }

    /// The value under `key`, whose case does not matter; empty where there is none.
    pub fn get(&self, key: &str) -> &str {
        let found = self.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The first of these that has a value.
    pub fn first(&self, keys: &[&str]) -> &str {
        keys.iter().map(|key| self.get(key)).find(|value| !value.is_empty()).unwrap_or_default()
    }

    /// A whole number under `key`.
    pub fn number(&self, key: &str) -> Option<i64> {
        self.get(key).parse().ok()
    }

    /// The values under `key`, of which there may be several.
    pub fn list(&self, key: &str) -> impl Iterator<Item = &str> {
        list(self.get(key))
    }
}

/// The values of a field that may hold several.
pub fn list(value: &str) -> impl Iterator<Item = &str> {
    value.strip_prefix(LIST).unwrap_or(value).split(LIST_BAR).filter(|part| !part.is_empty())
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        Value::Array(parts) => {
            let parts: Vec<String> = parts.into_iter().map(text).collect();
            format!("{LIST}{}", parts.join(LIST_BAR))
        }
        other => other.to_string(),
    }
}

/// Undoes URL-encoding. What only looks like it stays as it is.
pub fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains('%') {
        return Cow::Borrowed(value);
    }
    let bytes = value.as_bytes();
    let hex = |at: usize| bytes.get(at).and_then(|digit| char::from(*digit).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if let (b'%', Some(high), Some(low)) = (bytes[at], hex(at + 1), hex(at + 2)) {
            out.push((high * 16 + low) as u8);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    Cow::Owned(decode(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let plain = Event::plain(b"Event-Name: CUSTOM\nCC-Queue: kundtj%C3%A4nst%40default\nvariable_a: ARRAY%3A%3A1%3Ax%7C%3A2%3Ay\nContent-Length: 4\n\nbody");
        let json = Event::json(
            r#"{"Event-Name":"CUSTOM","CC-Queue":"kundtjänst@default","variable_a":["1:x","2:y"],"n":7,"_body":"body"}"#
                .as_bytes(),
        );
        let json = json.unwrap();
        for event in [&plain, &json] {
            assert_eq!((event.get("event-name"), event.get("cc-queue")), ("CUSTOM", "kundtjänst@default"));
            assert_eq!(event.list("variable_a").collect::<Vec<_>>(), ["1:x", "2:y"]);
            assert_eq!((event.get("_body"), event.get("nothing")), ("body", ""));
        }
        assert_eq!((json.number("n"), json.first(&["nothing", "Event-Name"])), (Some(7), "CUSTOM"));
        assert!(Event::json(b"[]").is_err() && Event::json(b"{").is_err());
    }

    #[test]
    fn percent_signs_that_mean_nothing_stay() {
        assert_eq!(unescape("100%"), "100%");
        assert_eq!(unescape("%4x%41%"), "%4xA%");
        assert_eq!(unescape("%E5"), "å");
    }
}
