//! CloudEvents 1.0 around the event, structured and batched, and bodies of many events.

use serde_json::Value;

use crate::event::json::{self, Unusable};
use crate::event::{CallEvent, Reason, Reject};
use crate::measure::Moment;

/// Reads one event, bare or in a CloudEvents envelope.
pub fn read(line: &[u8], received: Moment) -> Result<CallEvent, Unusable> {
    if let Some(event) = json::read_plain(line, received) {
        return event;
    }
    // Only an envelope has `specversion`; looking for the word spares every bare event a second parse.
    if memchr::memmem::find(line, b"\"specversion\"").is_none() {
        return json::read(line, received);
    }
    if line.len() > json::LINE_BYTES_MAX {
        return json::read(line, received);
    }
    let value: Value = serde_json::from_slice(line)
        .map_err(|error| Unusable::new(Reason::Malformed, format!("not a JSON object: {error}")))?;
    json::read(&unwrap_envelope(value)?, received)
}

/// The bare event in an envelope: what `data` lacks of `id`, `time` and `type` is the envelope's.
fn unwrap_envelope(mut envelope: Value) -> Result<Vec<u8>, Unusable> {
    let Some(Value::Object(mut event)) = envelope.get_mut("data").map(Value::take) else {
        return Err(Unusable::new(Reason::BadField, "field `data` of the CloudEvent must be an object"));
    };
    for key in ["id", "time"] {
        if let (false, Some(value)) = (event.contains_key(key), envelope.get(key)) {
            event.insert(key.to_owned(), value.clone());
        }
    }
    if let (false, Some(kind)) = (event.contains_key("type"), envelope.get("type").and_then(Value::as_str)) {
        let bare = kind.strip_prefix("servicegrad.").unwrap_or(kind);
        let bare = bare.strip_suffix(".v1").unwrap_or(bare);
        event.insert("type".to_owned(), bare.into());
    }
    Ok(Value::Object(event).to_string().into_bytes())
}

/// Reads a body of one event, an array of events, or a line each; bare or in envelopes. Every item
/// is answered for, in order; positions are `item 1` and so on.
pub fn read_body(body: &[u8], received: Moment) -> Vec<Result<CallEvent, Reject>> {
    let body = body.trim_ascii();
    if body.first() == Some(&b'[') {
        return match serde_json::from_slice::<Vec<&serde_json::value::RawValue>>(body) {
            Ok(items) => {
                items.iter().enumerate().map(|(at, item)| read_item(at, item.get().as_bytes(), received)).collect()
            }
            Err(error) => {
                vec![Err(Reject::new("item 1", Reason::Malformed, format!("not a JSON array: {error}"), body))]
            }
        };
    }
    // One object over several lines, or one a line.
    if let Ok(one) = serde_json::from_slice::<&serde_json::value::RawValue>(body) {
        return vec![read_item(0, one.get().as_bytes(), received)];
    }
    let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    lines.enumerate().map(|(at, line)| read_item(at, line, received)).collect()
}

fn read_item(at: usize, item: &[u8], received: Moment) -> Result<CallEvent, Reject> {
    read(item, received).map_err(|wrong| {
        let reject = Reject::new(format!("item {}", at + 1), wrong.reason, wrong.detail, item);
        Reject { at: wrong.at, ..reject }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKind;

    const BARE: &str =
        r#"{"id":"1","time":"2026-11-23T06:12:31.482Z","type":"visit.entered","call":"a","queue":"600"}"#;
    const WRAPPED: &str = r#"{"specversion":"1.0","id":"1","source":"urn:x","type":"servicegrad.visit.entered.v1","time":"2026-11-23T06:12:31.482Z","data":{"call":"a","queue":"600"}}"#;

    #[test]
    fn an_envelope_says_the_same_as_the_bare_event() {
        assert_eq!(read(WRAPPED.as_bytes(), Moment(0)), read(BARE.as_bytes(), Moment(0)));
    }

    #[test]
    fn a_body_is_one_event_an_array_or_lines() {
        for body in [format!("{BARE}\n{WRAPPED}\n"), format!("[{BARE},\n {WRAPPED}]")] {
            let items = read_body(body.as_bytes(), Moment(0));
            assert_eq!(items.len(), 2);
            assert!(items.iter().all(|item| matches!(item.as_ref().unwrap().kind, EventKind::VisitEntered { .. })));
        }
        assert_eq!(read_body(BARE.replace(',', ",\n").as_bytes(), Moment(0)).len(), 1);
    }

    #[test]
    fn what_cannot_be_read_is_answered_item_by_item() {
        let items = read_body(format!("{BARE}\nnonsense\n{BARE}").as_bytes(), Moment(0));
        let told: Vec<_> =
            items.iter().map(|item| item.as_ref().map_err(|reject| reject.position.as_str()).is_ok()).collect();
        assert_eq!(told, [true, false, true]);
        assert_eq!(items[1].as_ref().unwrap_err().position, "item 2");
    }
}
