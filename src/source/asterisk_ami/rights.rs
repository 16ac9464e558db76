//! Which classes of events the switch lets us hear. It never says so: it leaves out the rest without a
//! word, and what is left out shows only by what is heard.

use crate::source::asterisk_ami::message::Message;

/// Callers who joined a queue without any word of channels: there would be some of each of them.
const JOINS_MIN: u32 = 3;
/// Channels that came and went without a word of queues, on a switch that has some.
const CHANNELS_MIN: u32 = 200;

/// What has been heard on this connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heard {
    has_logged_in: bool,
    system: u32,
    /// Channels that are gone.
    channels: u32,
    call: u32,
    joins: u32,
    agent: u32,
}

impl Heard {
    /// The switch has let us in; what it says to that is class `system`.
    pub(super) fn logged_in(&mut self) {
        self.has_logged_in = true;
    }

    /// The switch says something. Answers are told whoever asks, and say nothing of classes.
    pub(super) fn note(&mut self, message: &Message<'_>) {
        let event = message.get("Event");
        if event == "FullyBooted" {
            self.system += 1;
        }
        if event.is_empty() || !message.get("ActionID").is_empty() {
            return;
        }
        match message.get("Privilege").split(',').next().unwrap_or_default() {
            "system" => self.system += 1,
            "call" => {
                self.call += 1;
                self.channels += u32::from(event == "Hangup");
            }
            "agent" => {
                self.agent += 1;
                self.joins += u32::from(event == "QueueCallerJoin");
            }
            _ => {}
        }
    }

    /// What is missing, and what to do; and what cannot be told yet. `is_booted`: the first answers
    /// have come. `has_queues`: the switch has some.
    pub(super) fn told(&self, is_booted: bool, has_queues: bool) -> (Vec<String>, Vec<String>) {
        let lacks = |class: &str, so: &str| {
            format!("class `{class}` is not heard: {so}; add it to `read` of this user in manager.conf")
        };
        let mut troubles = Vec::new();
        if self.has_logged_in && is_booted && self.system == 0 {
            troubles.push(lacks("system", "a restart of the switch is not noticed, and its lost calls stay open"));
        }
        if self.joins >= JOINS_MIN && self.call == 0 {
            troubles.push(lacks("call", "transfers and hang-ups are not seen"));
        }
        if has_queues && self.channels >= CHANNELS_MIN && self.agent == 0 {
            troubles.push(lacks("agent", "queues are not seen"));
        }
        let unheard: Vec<&str> = [("call", self.call), ("agent", self.agent)]
            .iter()
            .filter(|(_, heard)| *heard == 0)
            .map(|(c, _)| *c)
            .collect();
        let mut notes = Vec::new();
        if troubles.is_empty() && !unheard.is_empty() {
            notes.push(format!(
                "nothing of class {} was heard meanwhile: either nothing happened, or `read` of this user in manager.conf lacks it; look again when calls come in",
                unheard.join(" and ")
            ));
        }
        (troubles, notes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::asterisk_ami::message::{Cut, Messages};

    fn told(text: &str) -> (Vec<String>, Vec<String>) {
        let mut heard = Heard::default();
        heard.logged_in();
        Messages::default().cut(text.as_bytes(), |cut| {
            if let Cut::Message(message) = cut {
                heard.note(&message);
            }
        });
        heard.told(true, true)
    }

    fn event(name: &str, class: &str) -> String {
        format!("Event: {name}\r\nPrivilege: {class},all\r\n\r\n")
    }

    #[test]
    fn a_class_that_is_left_out_is_named_by_what_is_heard() {
        let booted = "Event: FullyBooted\r\nUptime: 7\r\n\r\n".to_owned();
        let named = |text: String| -> Vec<String> {
            let (troubles, _) = told(&text);
            troubles.iter().map(|trouble| trouble.split('`').nth(1).unwrap_or_default().to_owned()).collect()
        };
        let (joins, hangups) = (event("QueueCallerJoin", "agent").repeat(3), event("Hangup", "call").repeat(200));
        assert_eq!(named(String::new()), ["system"]);
        assert_eq!(named(booted.clone()), [""; 0]);
        assert_eq!(named(booted.clone() + &joins), ["call"]);
        assert_eq!(named(booted.clone() + &hangups), ["agent"]);
        assert_eq!(named(booted.clone() + &hangups + &joins), [""; 0]);
        // Nothing happened: that is said, and no more.
        assert!(told(&booted).1[0].contains("class call and agent was heard"), "{:?}", told(&booted));
        assert_eq!(told(&(booted + &hangups + &joins)).1, [""; 0]);
    }
}
