//! CloudEvents 1.0 around the event.
//!
//! Structured (an envelope with the event as its `data`) and binary (the envelope's attributes stand
//! beside the event, in headers). What the event lacks of `id`, `time` and `type` is the envelope's.
//! An id of the envelope's is unique within the envelope's `source` only, so that two senders that
//! number their events alike through one feed are kept apart.

use serde_json::{Map, Value};

use crate::event::json::{self, Unusable};
use crate::event::{CallEvent, EventId, Reason};
use crate::measure::Moment;

/// Reads one event, bare or in a CloudEvents envelope.
pub fn read(line: &[u8], received: Moment) -> Result<CallEvent, Unusable> {
    if let Some(event) = json::read_plain(line, received) {
        return event;
    }
    // Only an envelope has `specversion`; looking for the word spares every bare event a second parse.
    if line.len() > json::LINE_BYTES_MAX || memchr::memmem::find(line, b"\"specversion\"").is_none() {
        return json::read(line, received);
    }
    let value: Value = serde_json::from_slice(line)
        .map_err(|error| Unusable::new(Reason::Malformed, format!("not a JSON object: {error}")))?;
    match value {
        // The word may stand in a bare event as well, in a field that nobody knows.
        Value::Object(mut envelope) if envelope.contains_key("specversion") => {
            let data = envelope.remove("data").unwrap_or_default();
            opened(&envelope, data, received)
        }
        _ => json::read(line, received),
    }
}

/// Reads the event of a CloudEvent in binary mode: `attributes` without their `ce-`.
pub fn read_binary(attributes: &Map<String, Value>, data: &[u8], received: Moment) -> Result<CallEvent, Unusable> {
    if data.len() > json::LINE_BYTES_MAX {
        return json::read(data, received);
    }
    let data = serde_json::from_slice(data)
        .map_err(|error| Unusable::new(Reason::Malformed, format!("not a JSON object: {error}")))?;
    opened(attributes, data, received)
}

fn opened(envelope: &Map<String, Value>, data: Value, received: Moment) -> Result<CallEvent, Unusable> {
    let text = |key: &str| envelope.get(key).and_then(Value::as_str);
    if !text("specversion").is_some_and(|version| version.starts_with("1.")) {
        return Err(Unusable::new(Reason::BadField, "field `specversion` of the CloudEvent must be \"1.0\""));
    }
    let Value::Object(mut event) = data else {
        return Err(Unusable::new(Reason::BadField, "field `data` of the CloudEvent must be an object"));
    };
    let has_own_id = event.contains_key("id");
    for key in ["id", "time"] {
        if let (false, Some(value)) = (event.contains_key(key), envelope.get(key)) {
            event.insert(key.to_owned(), value.clone());
        }
    }
    if let (false, Some(kind)) = (event.contains_key("type"), text("type")) {
        let bare = kind.strip_prefix("servicegrad.").unwrap_or(kind);
        let bare = bare.strip_suffix(".v1").unwrap_or(bare);
        event.insert("type".to_owned(), bare.into());
    }
    let mut event = json::read(Value::Object(event).to_string().as_bytes(), received)?;
    if let (false, Some(source)) = (has_own_id, text("source")) {
        event.id = EventId::of(&[source.as_bytes(), &event.id.0.to_le_bytes()]);
    }
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str =
        r#"{"id":"1","time":"2026-11-23T06:12:31.482Z","type":"visit.entered","call":"a","queue":"600"}"#;
    const WRAPPED: &str = r#"{"specversion":"1.0","id":"1","source":"urn:x","type":"servicegrad.visit.entered.v1","time":"2026-11-23T06:12:31.482Z","data":{"call":"a","queue":"600"}}"#;

    fn event(line: &str) -> CallEvent {
        read(line.as_bytes(), Moment(0)).unwrap()
    }

    #[test]
    fn an_envelope_says_the_same_as_the_bare_event() {
        let (bare, wrapped) = (event(BARE), event(WRAPPED));
        assert_eq!(CallEvent { id: bare.id, ..wrapped }, bare);
        // An event that has its own id is the same event, however it is wrapped.
        let whole = format!(r#"{{"specversion":"1.0","id":"e7","source":"urn:x","data":{BARE}}}"#);
        assert_eq!(event(&whole), bare);
    }

    #[test]
    fn two_senders_that_number_alike_are_kept_apart() {
        assert_eq!(event(WRAPPED).id, event(WRAPPED).id);
        assert_ne!(event(WRAPPED).id, event(&WRAPPED.replace("urn:x", "urn:y")).id);
    }

    #[test]
    fn binary_mode_says_the_same_as_structured() {
        let Value::Object(mut attributes) = serde_json::from_str(WRAPPED).unwrap() else { unreachable!() };
        let data = attributes.remove("data").unwrap().to_string();
        assert_eq!(read_binary(&attributes, data.as_bytes(), Moment(0)).unwrap(), event(WRAPPED));
        assert_eq!(read_binary(&attributes, b"[]", Moment(0)).unwrap_err().reason, Reason::BadField);
        assert_eq!(read_binary(&attributes, b"{", Moment(0)).unwrap_err().reason, Reason::Malformed);
    }

    #[test]
    fn only_version_1_is_read_and_the_word_alone_is_no_envelope() {
        let newer = WRAPPED.replace("\"1.0\"", "\"2.0\"");
        assert_eq!(read(newer.as_bytes(), Moment(0)).unwrap_err().reason, Reason::BadField);
        let bare = BARE.replace("\"600\"", "\"specversion\"");
        assert_eq!(read(bare.as_bytes(), Moment(0)).unwrap().call, "a");
    }
}
