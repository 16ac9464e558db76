//! Bodies of many events, as they are posted: one event, an array, or one a line.
//!
//! Knows where an item begins and ends, and answers for each of them by its place and its own id.
//! What an item says is for [`envelope`] to read.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::event::{CallEvent, Reason, Reject, envelope};
use crate::measure::Moment;

/// One item of a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its own id, a text or a number, where it has one that can be read.
    pub id: Option<Value>,
    /// The event, or why it cannot be used; positions are `item 1` and so on.
    pub event: Result<CallEvent, Reject>,
}

/// Longest id that is given back. A longer one is none that a sender could know its event by.
const ID_BYTES_MAX: usize = 256;

/// Reads a body of one event, an array of events, or a line each; bare or in envelopes. Every item
/// is answered for, in order. `None`: there are more than `items_max`.
pub fn read(body: &[u8], received: Moment, items_max: usize) -> Option<Vec<Item>> {
    let body = body.trim_ascii();
    if body.first() == Some(&b'[') {
        return match serde_json::from_slice::<Vec<&RawValue>>(body) {
            Ok(items) if items.len() > items_max => None,
            Ok(items) => Some(numbered(items.iter().map(|item| item.get().as_bytes()), received)),
            Err(error) => {
                let reject = Reject::new("item 1", Reason::Malformed, format!("not a JSON array: {error}"), body);
                Some(vec![Item { id: None, event: Err(reject) }])
            }
        };
    }
    // One object over several lines, or one a line.
    if let Ok(one) = serde_json::from_slice::<&RawValue>(body) {
        return Some(numbered(std::iter::once(one.get().as_bytes()), received));
    }
    let lines = || body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    (lines().count() <= items_max).then(|| numbered(lines(), received))
}

/// Reads the one event of a body in CloudEvents' binary mode, whose attributes stand beside it.
pub fn read_binary(attributes: &serde_json::Map<String, Value>, body: &[u8], received: Moment) -> Item {
    let id = attributes.get("id").cloned();
    let event = envelope::read_binary(attributes, body, received).map_err(|wrong| {
        let reject = Reject::new("item 1", wrong.reason, wrong.detail, body);
        Reject { at: wrong.at, ..reject }
    });
    Item { id, event }
}

fn numbered<'a>(items: impl Iterator<Item = &'a [u8]>, received: Moment) -> Vec<Item> {
    items.enumerate().map(|(at, item)| read_item(at, item, received)).collect()
}

fn read_item(at: usize, item: &[u8], received: Moment) -> Item {
    #[derive(Deserialize)]
    struct Identified {
        id: Value,
    }
    let id = serde_json::from_slice::<Identified>(item).ok().map(|identified| identified.id);
    let id = id.filter(|id| id.is_number() || id.as_str().is_some_and(|id| id.len() <= ID_BYTES_MAX));
    let event = envelope::read(item, received).map_err(|wrong| {
        let reject = Reject::new(format!("item {}", at + 1), wrong.reason, wrong.detail, item);
        Reject { at: wrong.at, ..reject }
    });
    Item { id, event }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKind;

    const BARE: &str =
        r#"{"id":"1","time":"2026-11-23T06:12:31.482Z","type":"visit.entered","call":"a","queue":"600"}"#;
    const WRAPPED: &str = r#"{"specversion":"1.0","id":7,"source":"urn:x","type":"servicegrad.visit.entered.v1","time":"2026-11-23T06:12:31.482Z","data":{"call":"a","queue":"600"}}"#;

    fn items(body: &str) -> Vec<Item> {
        read(body.as_bytes(), Moment(0), 3).unwrap()
    }

    #[test]
    fn a_body_is_one_event_an_array_or_lines() {
        for body in [format!("{BARE}\n{WRAPPED}\n"), format!("[{BARE},\n {WRAPPED}]")] {
            let items = items(&body);
            assert_eq!(
                items.iter().map(|item| item.id.clone().unwrap()).collect::<Vec<_>>(),
                [Value::from("1"), Value::from(7)]
            );
            assert!(
                items.iter().all(|item| matches!(item.event.as_ref().unwrap().kind, EventKind::VisitEntered { .. }))
            );
        }
        assert_eq!(items(&BARE.replace(',', ",\n")).len(), 1);
    }

    #[test]
    fn what_cannot_be_read_is_answered_item_by_item() {
        let items = items(&format!("{BARE}\nnonsense\n{}", BARE.replace("entered", "exploded")));
        let told: Vec<_> = items
            .iter()
            .map(|item| (item.id.is_some(), item.event.as_ref().err().map(|reject| (&*reject.position, reject.reason))))
            .collect();
        assert_eq!(
            told,
            [
                (true, None),
                (false, Some(("item 2", Reason::Malformed))),
                (true, Some(("item 3", Reason::UnknownEvent)))
            ]
        );
    }

    #[test]
    fn more_items_than_may_be_are_not_read() {
        assert_eq!(read(format!("[{BARE},{BARE},{BARE},{BARE}]").as_bytes(), Moment(0), 3), None);
        assert_eq!(read(format!("{BARE}\n").repeat(4).as_bytes(), Moment(0), 3), None);
        assert_eq!(read(b"[]", Moment(0), 3), Some(vec![]));
    }
}
