//! What the switch's lists of who is in it now say after a break.

use smol_str::SmolStr;

use crate::event::EventKind;
use crate::measure::Moment;
use crate::names::CallName;
use crate::source::freeswitch::channel::Seen;
use crate::source::freeswitch::visit::Afterwards;
use crate::source::freeswitch_esl::decoder::State;
use crate::source::freeswitch_esl::listing::{self, Row, Rows};

impl State {
    /// Which attendants serve which queues; `false` where the text is no list.
    pub(super) fn read_tiers(&mut self, text: &str) -> bool {
        let rows = Rows::read(text);
        let is_list = rows.is_some();
        if let Some(rows) = rows {
            self.tiers.clear();
            rows.each(|row| self.serves(row.get("agent"), row.get("queue")));
        }
        is_list
    }

    /// What attendants do.
    pub(super) fn read_agents(&mut self, text: &str) -> bool {
        let rows = Rows::read(text);
        let is_list = rows.is_some();
        if let Some(rows) = rows {
            rows.each(|row| {
                self.agent_status(row.get("name"), row.get("status"));
                self.agent_state(row.get("name"), row.get("state"));
            });
        }
        is_list
    }

    /// Which queues there are.
    pub(super) fn read_queues(&mut self, text: &str) -> bool {
        let rows = Rows::read(text);
        let is_list = rows.is_some();
        if let Some(rows) = rows {
            rows.each(|row| self.knows(row.get("name")));
        }
        is_list
    }

    /// Who is in a queue. A queue that is gone has no list, and nobody in it.
    pub(super) fn read_members(&mut self, text: &str) {
        let mut waiting: Vec<(SmolStr, u32)> = Vec::new();
        if let Some(rows) = Rows::read(text) {
            rows.each(|row| {
                let is_waiting = self.member(row);
                let queue = SmolStr::new(row.get("queue"));
                match waiting.iter_mut().find(|(known, _)| *known == queue) {
                    Some((_, count)) => *count += u32::from(is_waiting),
                    None => waiting.push((queue, u32::from(is_waiting))),
                }
            });
        }
        for (queue, waiting) in waiting {
            let detail = queue.clone();
            self.story.note(&detail, EventKind::QueueSnapshot { queue, waiting, longest_wait: None });
        }
    }

    /// One caller in a queue; whether they wait. Who was seen to enter is known already.
    fn member(&mut self, row: &Row<'_, '_>) -> bool {
        let (id, queue) = (row.get("session_uuid"), row.get("queue"));
        let seconds = |column: &str| row.get(column).parse::<i64>().ok().filter(|second| *second > 0);
        let is_waiting = matches!(row.get("state"), "Waiting" | "Trying");
        let is_answered = row.get("state") == "Answered";
        if id.is_empty() || !(is_waiting || is_answered) {
            return false;
        }
        if self.story.is_queued(id) {
            return is_waiting;
        }
        let call = CallName::new(id);
        let was_known = self.in_flight.contains(&call);
        if is_waiting {
            self.in_flight.retain(|known| *known != call);
        }
        match seconds("joined_epoch") {
            Some(joined) if !was_known => self.story.has_waited(id, queue, joined),
            _ => self.story.waits_on(id, queue),
        }
        if is_answered {
            let told = Afterwards { joined_s: seconds("joined_epoch"), answered_s: seconds("bridge_epoch") };
            self.story.was_answered(&call, queue, told);
        }
        is_waiting
    }

    /// All channels that there are: calls that were in flight and have none are over.
    pub(super) fn read_channels(&mut self, text: &str) -> bool {
        let Some(listed) = listing::channels(text) else { return false };
        for channel in &listed {
            self.story.see(Seen {
                id: &channel.id,
                name: &channel.name,
                dialled: &channel.dialled,
                is_calling: channel.is_calling,
                ..Seen::default()
            });
        }
        let at = if self.broke_at == Moment(0) { self.story.now() } else { self.broke_at };
        if std::mem::take(&mut self.has_restarted) {
            // That has been told, and tells of all of them.
            self.in_flight.clear();
        }
        for call in std::mem::take(&mut self.in_flight) {
            if listed.iter().any(|channel| channel.id == call) {
                self.story.goes_on(&call);
            } else if !self.story.is_waiting(&call) {
                self.story.lose_call(&call, at);
            }
        }
        true
    }
}
