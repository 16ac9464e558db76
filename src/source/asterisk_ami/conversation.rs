//! Logging in, keeping alive, catching up after a break.
//!
//! The secret is never sent: the switch gives a challenge, and gets the MD5 digest of challenge and
//! secret, which is what the protocol has. Only TLS keeps what follows from being read.

use md5::{Digest, Md5};

use crate::measure::{Moment, Span};
use crate::source::asterisk_ami::Ami;
use crate::source::asterisk_ami::message::{Cut, Message};
use crate::source::asterisk_ami::rights::Heard;
use crate::source::{Batch, Decode, Dialogue, Findings, SourceSettings, Standing};

/// How often the switch is asked for a sign of life, which also tells its clock.
const PING_MS: i64 = 10_000;
/// A switch that says nothing for this long, though asked three times, is gone.
const SILENCE_S: i64 = 35;

/// A manager connection.
#[derive(Debug)]
pub struct Conversation {
    ami: Ami,
    user: String,
    secret: String,
    events: &'static str,
    to_say: Vec<u8>,
    standing: Standing,
    pinged: Moment,
    pings: u64,
    has_queues: bool,
    has_channels: bool,
    heard: Heard,
    findings: Findings,
}

impl Conversation {
    /// One that logs in as the settings say.
    pub fn new(settings: &SourceSettings, secret: &str) -> Self {
        Self {
            ami: Ami::default(),
            user: settings.user.clone().unwrap_or_default(),
            secret: secret.to_owned(),
            // Without `dialplan` a join that the queue refuses is not seen; with it the switch says
            // three times as much.
            events: if settings.dialplan { "system,call,agent,dialplan" } else { "system,call,agent" },
            to_say: Vec::new(),
            standing: Standing::Greeting,
            pinged: Moment(0),
            pings: 0,
            has_queues: false,
            has_channels: false,
            heard: Heard::default(),
            findings: Findings::default(),
        }
    }

    fn say(&mut self, action: &str, id: &str, fields: &[(&str, &str)]) {
        let mut text = format!("Action: {action}\r\nActionID: sg-{id}\r\n");
        for (key, value) in fields {
            // A line end in a value would be a line of its own.
            let value = value.replace(['\r', '\n'], " ");
            for part in [key, ": ", value.as_str(), "\r\n"] {
                text.push_str(part);
            }
        }
        text.push_str("\r\n");
        self.to_say.extend_from_slice(text.as_bytes());
    }

    fn answer(&mut self, cut: &Told) {
        match cut {
            Told::Banner(version) => {
                self.findings.version = Some(format!("manager interface {version}"));
                self.say("Challenge", "challenge", &[("AuthType", "MD5")]);
            }
            Told::Challenge(challenge) => {
                let key = format!("{:x}", Md5::digest(format!("{challenge}{}", self.secret)));
                let (user, events) = (self.user.clone(), self.events);
                let fields =
                    [("AuthType", "MD5"), ("Username", user.as_str()), ("Key", key.as_str()), ("Events", events)];
                self.say("Login", "login", &fields);
            }
            Told::Refused(why) => self.standing = Standing::Refused(why.clone()),
            Told::LoggedIn => {
                self.heard.logged_in();
                // First its clock, which tells whether it has started anew.
                self.ping();
                self.say("CoreSettings", "settings", &[]);
                self.say("QueueStatus", "queues", &[]);
                self.say("CoreShowChannels", "channels", &[]);
            }
            Told::Version(version) => self.findings.version = Some(format!("Asterisk {version}")),
            Told::QueuesDone => self.has_queues = true,
            Told::ChannelsDone => self.has_channels = true,
            Told::Missing(what) => {
                if !self.findings.troubles.contains(what) {
                    self.findings.troubles.push(what.clone());
                }
            }
        }
        if self.has_queues && self.has_channels && self.standing == Standing::Greeting {
            self.standing = Standing::Ready;
        }
    }

    fn ping(&mut self) {
        self.pings += 1;
        let id = format!("ping-{}", self.pings);
        self.say("Ping", &id, &[]);
    }
}

/// What matters to the conversation of what the switch says.
enum Told {
    Banner(String),
    Challenge(String),
    Refused(String),
    LoggedIn,
    Version(String),
    QueuesDone,
    ChannelsDone,
    Missing(String),
}

impl Told {
    fn of(cut: &Cut<'_>) -> Vec<Self> {
        match cut {
            Cut::Banner(version) => vec![Self::Banner((*version).to_owned())],
            Cut::Message(message) => Self::of_message(message),
            Cut::Reject(_) => Vec::new(),
        }
    }

    fn of_message(message: &Message<'_>) -> Vec<Self> {
        match (message.get("ActionID"), message.get("Response"), message.get("Event")) {
            ("sg-challenge", "Success", _) => vec![Self::Challenge(message.get("Challenge").to_owned())],
            ("sg-challenge", "Error", _) => vec![Self::Refused(
                "the switch gives no MD5 challenge, and the secret is not sent in the clear; set authtype or upgrade"
                    .to_owned(),
            )],
            ("sg-login", "Success", _) => vec![Self::LoggedIn],
            ("sg-login", "Error", _) => vec![Self::Refused(format!(
                "the switch refuses the login ({}); check `user` and `secret` against manager.conf, and that `permit` there lets this address in",
                message.get("Message")
            ))],
            ("sg-settings", "Success", _) => vec![Self::Version(message.get("AsteriskVersion").to_owned())],
            ("sg-queues", "Error", _) => vec![
                Self::Missing(
                    "QueueStatus is not allowed: who waits after a break is not known; add `write = reporting` for this user in manager.conf".to_owned(),
                ),
                Self::QueuesDone,
            ],
            ("sg-channels", "Error", _) => vec![
                Self::Missing(
                    "CoreShowChannels is not allowed: which calls go on after a break is not known; add `write = system,reporting` for this user in manager.conf".to_owned(),
                ),
                Self::ChannelsDone,
            ],
            ("sg-queues", _, "QueueStatusComplete") => vec![Self::QueuesDone],
            ("sg-channels", _, "CoreShowChannelsComplete") => vec![Self::ChannelsDone],
            (_, "", event) if !event.is_empty() => Self::of_event(message, event),
            _ => Vec::new(),
        }
    }

    fn of_event(message: &Message<'_>, event: &str) -> Vec<Self> {
        // Answers to questions carry no stamp; what happens must.
        let is_answer = !message.get("ActionID").is_empty() || event == "FullyBooted";
        if is_answer || !message.get("Timestamp").is_empty() {
            return Vec::new();
        }
        vec![Self::Missing(
            "events carry no Timestamp, so waits are measured by our clock; set `timestampevents = yes` in manager.conf".to_owned(),
        )]
    }
}

impl Decode for Conversation {
    fn feed(&mut self, bytes: &[u8], received: Moment, batch: &mut Batch) {
        let mut told = Vec::new();
        let heard = &mut self.heard;
        self.ami.hear(bytes, received, batch, |cut| {
            if let Cut::Message(message) = cut {
                heard.note(message);
            }
            told.extend(Told::of(cut));
        });
        for told in &told {
            self.answer(told);
        }
    }

    fn finish(&mut self, received: Moment, batch: &mut Batch) {
        self.ami.finish(received, batch);
    }

    fn pending_bytes(&self) -> u64 {
        self.ami.pending_bytes()
    }

    fn rewind(&mut self) {
        self.ami.rewind();
    }

    fn save(&self) -> serde_json::Value {
        self.ami.save()
    }

    fn restore(&mut self, saved: &serde_json::Value) {
        self.ami.restore(saved);
    }
}

impl Dialogue for Conversation {
    fn connected(&mut self, now: Moment) {
        self.ami.broke();
        self.to_say.clear();
        (self.standing, self.has_queues, self.has_channels) = (Standing::Greeting, false, false);
        self.pinged = now;
        self.findings.troubles.clear();
        self.heard = Heard::default();
    }

    fn say(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.to_say)
    }

    fn tick(&mut self, now: Moment, batch: &mut Batch) {
        self.ami.state.pass_silence(now);
        self.ami.finish(now, batch);
        if self.standing == Standing::Ready && now - self.pinged >= PING_MS {
            self.pinged = now;
            self.ping();
        }
    }

    fn lost(&mut self, now: Moment, batch: &mut Batch) {
        self.ami.finish(now, batch);
        self.ami.broke();
    }

    fn standing(&self) -> Standing {
        self.standing.clone()
    }

    fn silence_max(&self) -> Span {
        Span::from_seconds(SILENCE_S)
    }

    fn findings(&self) -> Findings {
        let mut findings = self.findings.clone();
        findings.queues = self.ami.state.queues.iter().map(ToString::to_string).collect();
        findings.tell_clock(self.ami.state.clock_ahead_ms);
        let (troubles, notes) = self.heard.told(self.standing == Standing::Ready, !findings.queues.is_empty());
        findings.troubles.extend(troubles);
        findings.notes = notes;
        findings
    }
}
