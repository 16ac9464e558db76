//! The event socket of a switch that is not there: who may log in, what it answers, what it says to
//! whom.

use std::fmt::Write as _;

use smol_str::format_smolstr;

use crate::event::CallEvent;
use crate::measure::Moment;
use crate::simulate::esl::{EslVoice, caller, words};
use crate::simulate::esl_wire::packet;
use crate::simulate::{Said, Spoken};

/// The switch's side of one connection.
#[derive(Debug, Default)]
pub struct Session {
    heard: Vec<u8>,
    events: Vec<String>,
    is_json: bool,
    is_in: bool,
}

/// A switch with an event socket.
#[derive(Debug)]
pub struct EslSwitch {
    voice: EslVoice,
    secret: String,
    booted: Moment,
    starts: u64,
}

impl EslSwitch {
    /// A switch that started at `booted` and lets in whoever knows this.
    pub fn new(secret: &str, booted: Moment) -> Self {
        let mut switch = Self { voice: EslVoice::default(), secret: secret.into(), booted, starts: 0 };
        switch.starts(booted);
        switch
    }

    fn starts(&mut self, at: Moment) {
        self.starts += 1;
        self.booted = at;
        self.voice.core = format_smolstr!("core-{}", self.starts);
    }

    fn answer(&self, session: &mut Session, command: &str, now: Moment) -> String {
        let reply = |text: &str| format!("Content-Type: command/reply\nReply-Text: {text}\n\n");
        let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
        match word {
            "auth" | "userauth" => {
                let secret = if word == "auth" { rest } else { rest.rsplit(':').next().unwrap_or_default() };
                session.is_in = secret == self.secret;
                reply(if session.is_in { "+OK accepted" } else { "-ERR invalid" })
            }
            _ if !session.is_in => reply("-ERR command not found"),
            "event" => {
                let mut names = rest.split_whitespace();
                session.is_json = names.next() == Some("json");
                session.events = names.map(ToOwned::to_owned).collect();
                reply(&format!("+OK event listener enabled {}", if session.is_json { "json" } else { "plain" }))
            }
            "api" => packet("api/response", &self.api(rest, now)),
            _ => reply("-ERR command not found"),
        }
    }

    fn api(&self, command: &str, now: Moment) -> String {
        match command {
            "strmicroepoch" => (now.0 * 1000).to_string(),
            "global_getvar core_uuid" => self.voice.core.to_string(),
            "uptime ms" => (now - self.booted).to_string(),
            "version" => "FreeSWITCH Version 1.10.12 (simulated)\n".to_owned(),
            "callcenter_config tier list" => self.tiers(),
            "callcenter_config agent list" => self.agents(),
            "callcenter_config queue list" => self.queues(),
            "show channels as json" => self.channels(),
            _ => match command.strip_prefix("callcenter_config queue list members ") {
                Some(queue) => self.queue_members(queue),
                None => format!("-ERR {command} Command not found!\n"),
            },
        }
    }

    // Writing to a string does not fail.

    fn tiers(&self) -> String {
        let mut out = String::from("queue|agent|state|level|position\n");
        for (queue, agent) in self.voice.members.keys() {
            let _ = writeln!(out, "{queue}|{agent}|Ready|1|1");
        }
        out + "+OK\n"
    }

    fn agents(&self) -> String {
        let mut out = String::from("name|instance_id|uuid|type|contact|status|state\n");
        for ((_, agent), state) in &self.voice.members {
            let (status, doing) = words(*state);
            let _ = writeln!(out, "{agent}|single_box||callback|user/{agent}|{status}|{doing}");
        }
        out + "+OK\n"
    }

    fn queues(&self) -> String {
        let mut names: Vec<_> = self.voice.members.keys().map(|(queue, _)| queue).collect();
        names.extend(self.voice.calls.values().filter_map(|played| Some(&played.waiting.as_ref()?.0)));
        names.sort_unstable();
        names.dedup();
        let mut out = String::from("name|strategy|moh_sound\n");
        for name in names {
            let _ = writeln!(out, "{name}|longest-idle-agent|local_stream://moh");
        }
        out + "+OK\n"
    }

    fn queue_members(&self, queue: &str) -> String {
        let mut out = String::from("queue|instance_id|uuid|session_uuid|joined_epoch|bridge_epoch|state|score\n");
        for (call, played) in &self.voice.calls {
            if let Some((of, since)) = played.waiting.as_ref().filter(|(of, _)| of == queue) {
                let _ = writeln!(out, "{of}|single_box|m-{call}|{call}|{}|0|Waiting|0", since.seconds());
            }
        }
        out + "+OK\n"
    }

    fn channels(&self) -> String {
        let mut lines = Vec::new();
        for (call, played) in &self.voice.calls {
            lines.push(caller(call));
            lines.extend(played.attendant.as_ref().map(|attendant| attendant.line.clone()));
        }
        let rows: Vec<_> = lines
            .iter()
            .map(|line| {
                let direction = if line.is_calling { "inbound" } else { "outbound" };
                serde_json::json!({
                    "uuid": line.id.as_str(), "name": line.name.as_str(), "dest": line.dialled.as_str(),
                    "direction": direction,
                })
            })
            .collect();
        serde_json::json!({ "row_count": rows.len(), "rows": rows }).to_string()
    }
}

impl Spoken for EslSwitch {
    type Session = Session;

    fn greet(&self) -> String {
        "Content-Type: auth/request\n\n".to_owned()
    }

    fn hear(&mut self, session: &mut Session, bytes: &[u8], now: Moment) -> String {
        session.heard.extend_from_slice(bytes);
        let mut answers = String::new();
        while let Some(end) = memchr::memmem::find(&session.heard, b"\n\n") {
            let command: Vec<u8> = session.heard.drain(..end + 2).collect();
            answers.push_str(&self.answer(session, String::from_utf8_lossy(&command).trim(), now));
        }
        answers
    }

    fn is_listening(&self, session: &Session) -> bool {
        session.is_in && !session.events.is_empty()
    }

    fn tell(&mut self, event: &CallEvent) -> Vec<Said> {
        self.voice.tell(event)
    }

    fn is_for(&self, session: &Session, said: &Said) -> bool {
        let is_json = said.text.contains("text/event-json\n\n");
        session.is_in && session.is_json == is_json && session.events.iter().any(|event| event == said.class)
    }

    fn beat(&mut self, now: Moment) -> Vec<Said> {
        self.voice.beats(now)
    }

    fn stop(&mut self, now: Moment) -> Vec<Said> {
        self.voice.stop(now)
    }

    fn restart(&mut self, now: Moment) {
        self.voice.calls.clear();
        self.starts(now);
    }
}
