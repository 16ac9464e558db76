//! What goes on when a line is new: which calls of before it still do, and who waits.

use crate::measure::Moment;
use crate::source::csta::calls::Calls;
use crate::source::csta::document::{Element, device};

/// A connection that a device has, by its own word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The call's number.
    pub number: String,
    /// The device.
    pub device: String,
    /// It waits there, and has not been answered.
    pub is_waiting: bool,
}

/// The connections in an answer to `SnapshotDevice` or `SnapshotCall`.
pub fn connections(answer: &Element) -> Vec<Connection> {
    let mut found = Vec::new();
    for name in ["snapshotDeviceResponseInfo", "snapshotCallResponseInfo"] {
        answer.all(name, &mut found);
    }
    let connection = |info: &&Element| {
        let number = info.text_of("callID").to_owned();
        let named = ["deviceOnCall", "deviceID"].iter().find_map(|name| info.find(name)).map(Element::any_text);
        let mut states = Vec::new();
        for name in ["localConnectionState", "localConnectionInfo", "localCallState"] {
            info.all(name, &mut states);
        }
        let is_waiting = states.iter().any(|state| matches!(state.any_text(), "queued" | "alerting"));
        let device = named.map(device).unwrap_or_default().to_owned();
        (!number.is_empty()).then_some(Connection { number, device, is_waiting })
    };
    found.iter().filter_map(connection).collect()
}

impl Calls {
    /// The line broke: what was in flight is remembered by its numbers.
    pub fn broke(&mut self) {
        let queued: Vec<_> = self.story.queued_calls().cloned().collect();
        let calls = std::mem::take(&mut self.by_number);
        let known = calls.into_iter().map(|(number, call)| (number, call.name));
        self.in_flight.extend(known.filter(|(_, name)| queued.contains(name)));
        self.story.forget();
    }

    /// A device has told its connections.
    pub fn goes_on(&mut self, connections: &[Connection]) {
        for connection in connections {
            let was_known = self.in_flight.contains_key(connection.number.as_str());
            let is_queue = self.queues.contains(connection.device.as_str());
            let is_caller = !is_queue && self.monitored.is_some() && !self.is_seen(&connection.device);
            let caller = if is_caller { connection.device.as_str() } else { "" };
            let name = self.call(&connection.number, caller).name.clone();
            if is_queue && connection.is_waiting {
                let queue = connection.device.as_str();
                self.call(&connection.number, "").waiting = Some(queue.into());
                if was_known {
                    self.story.waits_on(&name, queue);
                } else {
                    // Since when is not told.
                    let now = self.story.now();
                    self.story.joins(&name, queue, Some(now));
                }
            } else if was_known {
                self.story.goes_on(&name);
                if !is_caller && !is_queue {
                    self.connection(&connection.number, &connection.device);
                }
            }
        }
    }

    /// All devices have told: what was in flight and is not among them is over, since `broke_at`.
    pub fn caught_up(&mut self, broke_at: Moment) {
        for (number, name) in std::mem::take(&mut self.in_flight) {
            if !self.by_number.contains_key(&number) {
                self.story.lose_call(&name, broke_at);
            }
        }
    }
}
