//! Logging in, keeping alive, catching up after a break.
//!
//! The password goes as it is, which is what the protocol has: only a line that nobody else can read
//! keeps it, loopback or a tunnel with TLS.

use std::collections::VecDeque;

use smol_str::SmolStr;

use crate::measure::{Moment, Span};
use crate::source::freeswitch_esl::Esl;
use crate::source::freeswitch_esl::decoder::State;
use crate::source::freeswitch_esl::packet::Packet;
use crate::source::{Batch, Decode, Dialogue, Findings, SourceSettings, Standing};

/// How often the switch is asked what time it is, which is also a sign of life.
const CLOCK_MS: i64 = 10_000;
/// A switch that says nothing for this long, though asked three times, is gone.
const SILENCE_S: i64 = 35;
/// Most queues whose members are asked for after a break.
const QUEUES_MAX: usize = 1_000;
/// What is listened to. Whatever stands behind CUSTOM is a subclass of it.
const CHANNEL_EVENTS: &str = "CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HANGUP_COMPLETE HEARTBEAT SHUTDOWN";
const CUSTOM_EVENTS: &str = "CUSTOM callcenter::info fifo::info sofia::transferor sofia::transferee sofia::replaced";

/// A question that has been asked and not yet answered. Answers come in the order of the questions.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Question {
    Login,
    Clock,
    Core,
    Uptime,
    Version,
    Subscribe,
    Tiers,
    Agents,
    Queues,
    Members(SmolStr),
    Channels,
}

/// An event socket connection.
#[derive(Debug)]
pub struct Conversation {
    esl: Esl,
    talk: Talk,
}

/// What has been asked, and what was found out by it.
#[derive(Debug)]
struct Talk {
    user: Option<String>,
    secret: String,
    is_told_applications: bool,
    to_say: Vec<u8>,
    asked: VecDeque<Question>,
    standing: Standing,
    /// Which start of the switch it says that it is, until it says when that was.
    core: SmolStr,
    clock_asked: Moment,
    findings: Findings,
}

impl Conversation {
    /// One that logs in as the settings say.
    pub fn new(settings: &SourceSettings, secret: &str) -> Self {
        let talk = Talk {
            user: settings.user.clone().filter(|user| !user.is_empty()),
            secret: secret.to_owned(),
            is_told_applications: settings.dialplan,
            to_say: Vec::new(),
            asked: VecDeque::new(),
            standing: Standing::Greeting,
            core: SmolStr::default(),
            clock_asked: Moment(0),
            findings: Findings::default(),
        };
        Self { esl: Esl::default(), talk }
    }
}

impl Talk {
    fn ask(&mut self, question: Question) {
        let words = match &question {
            Question::Login => match &self.user {
                Some(user) => format!("userauth {user}:{}", self.secret),
                None => format!("auth {}", self.secret),
            },
            Question::Clock => "api strmicroepoch".to_owned(),
            Question::Core => "api global_getvar core_uuid".to_owned(),
            Question::Uptime => "api uptime ms".to_owned(),
            Question::Version => "api version".to_owned(),
            Question::Subscribe => {
                let applications = if self.is_told_applications { " CHANNEL_EXECUTE" } else { "" };
                format!("event json {CHANNEL_EVENTS}{applications} {CUSTOM_EVENTS}")
            }
            Question::Tiers => "api callcenter_config tier list".to_owned(),
            Question::Agents => "api callcenter_config agent list".to_owned(),
            Question::Queues => "api callcenter_config queue list".to_owned(),
            Question::Members(queue) => format!("api callcenter_config queue list members {queue}"),
            Question::Channels => "api show channels as json".to_owned(),
        };
        // A line end in a name or secret would be a command of its own.
        let words = words.replace(['\r', '\n'], " ");
        self.to_say.extend_from_slice(words.as_bytes());
        self.to_say.extend_from_slice(b"\n\n");
        self.asked.push_back(question);
    }

    fn hear(&mut self, state: &mut State, packet: &Packet<'_>) {
        match packet.content_type() {
            "auth/request" => self.ask(Question::Login),
            "text/rude-rejection" => {
                self.standing = Standing::Refused(
                    "the switch lets no connections in from this address; add it to the list that `apply-inbound-acl` names in event_socket.conf.xml".to_owned(),
                );
            }
            "command/reply" => self.answer(state, packet.get("Reply-Text")),
            "api/response" => self.answer(state, packet.text().trim()),
            _ => {}
        }
    }

    fn answer(&mut self, state: &mut State, text: &str) {
        let Some(question) = self.asked.pop_front() else { return };
        let is_refused = text.starts_with("-ERR") || text.starts_with("-USAGE");
        match question {
            Question::Login if is_refused => {
                self.standing = Standing::Refused(format!(
                    "the switch refuses the login ({text}); check `secret`, and `user` where one is given, against event_socket.conf.xml or the user's directory entry"
                ));
            }
            Question::Login => self.logged_in(),
            Question::Subscribe if is_refused => {
                self.standing = Standing::Refused(format!(
                    "the switch lets this user listen to no events ({text}); add `esl-allowed-events` to the user's directory entry"
                ));
            }
            Question::Subscribe => {}
            Question::Clock => match text.parse::<i64>() {
                Ok(micros) if micros > 0 => state.clock(Moment(micros / 1000)),
                _ => self.missing("strmicroepoch", text, "the switch's clock is not compared with ours"),
            },
            Question::Core if is_refused || text.is_empty() => {
                self.missing("global_getvar", text, "a restart of the switch is known only by its first event");
            }
            Question::Core => self.core = text.into(),
            Question::Uptime => {
                let up_ms = text.parse::<i64>().ok();
                if up_ms.is_none() {
                    self.missing("uptime", text, "when the switch started is not known exactly");
                }
                let core = std::mem::take(&mut self.core);
                if !core.is_empty() {
                    state.is_core(&core, up_ms.map(|up_ms| state.story.now().plus_ms(-up_ms)));
                }
            }
            Question::Version => self.findings.version = text.lines().next().map(ToOwned::to_owned),
            Question::Tiers if state.read_tiers(text) => {}
            Question::Agents if state.read_agents(text) => {}
            Question::Tiers | Question::Agents => {
                self.missing("callcenter_config", text, "attendants are not shown");
            }
            Question::Queues => {
                if !state.read_queues(text) {
                    self.missing("callcenter_config", text, "who waits in mod_callcenter after a break is not known");
                }
                for queue in state.queues.iter().take(QUEUES_MAX).cloned().collect::<Vec<_>>() {
                    self.ask(Question::Members(queue));
                }
                self.ask(Question::Channels);
            }
            Question::Members(_) => state.read_members(text),
            Question::Channels => {
                if !state.read_channels(text) {
                    self.missing("show", text, "which calls go on after a break is not known");
                }
                if self.standing == Standing::Greeting {
                    self.standing = Standing::Ready;
                }
            }
        }
    }

    fn logged_in(&mut self) {
        // First its clock, which tells whether it has started anew; then events, so that nothing
        // falls between them and the lists.
        let first = [Question::Clock, Question::Core, Question::Uptime, Question::Version, Question::Subscribe];
        for question in first.into_iter().chain([Question::Tiers, Question::Agents, Question::Queues]) {
            self.ask(question);
        }
    }

    fn missing(&mut self, command: &str, text: &str, so: &str) {
        let trouble = format!(
            "`{command}` is not answered ({}): {so}; load its module, or add it to `esl-allowed-api` for this user",
            text.lines().next().unwrap_or_default()
        );
        if !self.findings.troubles.contains(&trouble) {
            self.findings.troubles.push(trouble);
        }
    }
}

impl Decode for Conversation {
    fn feed(&mut self, bytes: &[u8], received: Moment, batch: &mut Batch) {
        let Self { esl, talk } = self;
        esl.hear(bytes, received, batch, |state, packet| talk.hear(state, packet));
    }

    fn finish(&mut self, received: Moment, batch: &mut Batch) {
        self.esl.finish(received, batch);
    }

    fn pending_bytes(&self) -> u64 {
        self.esl.pending_bytes()
    }

    fn rewind(&mut self) {
        self.esl.rewind();
    }

    fn save(&self) -> serde_json::Value {
        self.esl.save()
    }

    fn restore(&mut self, saved: &serde_json::Value) {
        self.esl.restore(saved);
    }
}

impl Dialogue for Conversation {
    fn connected(&mut self, now: Moment) {
        self.esl.broke();
        let talk = &mut self.talk;
        talk.to_say.clear();
        talk.asked.clear();
        (talk.standing, talk.clock_asked) = (Standing::Greeting, now);
        talk.findings.troubles.clear();
    }

    fn say(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.talk.to_say)
    }

    fn tick(&mut self, now: Moment, batch: &mut Batch) {
        self.esl.state.pass_silence(now);
        self.esl.finish(now, batch);
        if self.talk.standing == Standing::Ready && now - self.talk.clock_asked >= CLOCK_MS {
            self.talk.clock_asked = now;
            self.talk.ask(Question::Clock);
        }
    }

    fn lost(&mut self, now: Moment, batch: &mut Batch) {
        self.esl.finish(now, batch);
        self.esl.broke();
    }

    fn standing(&self) -> Standing {
        self.talk.standing.clone()
    }

    fn silence_max(&self) -> Span {
        Span::from_seconds(SILENCE_S)
    }

    fn findings(&self) -> Findings {
        let state = &self.esl.state;
        let mut findings = self.talk.findings.clone();
        findings.queues = state.queues.iter().map(ToString::to_string).collect();
        findings.tell_clock(state.clock_ahead_ms);
        if state.story.is_on_our_clock() {
            findings.troubles.push(
                "events carry no Event-Date-Timestamp, so waits are measured by our clock; upgrade the switch"
                    .to_owned(),
            );
        }
        findings
    }
}
