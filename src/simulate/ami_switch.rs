//! The manager interface of a switch that is not there: who may log in, what it answers, what it
//! says to whom.

use std::fmt::Write as _;

use md5::{Digest, Md5};

use crate::event::CallEvent;
use crate::measure::Moment;
use crate::simulate::ami::AmiVoice;
use crate::simulate::{Said, Spoken};

/// The switch's side of one connection.
#[derive(Debug, Default)]
pub struct Session {
    heard: Vec<u8>,
    classes: Vec<String>,
    is_in: bool,
}

/// A switch with a manager interface.
#[derive(Debug)]
pub struct AmiSwitch {
    voice: AmiVoice,
    user: String,
    secret: String,
    booted: Moment,
    denied: Vec<&'static str>,
    /// Classes of events that this user may not hear.
    unheard: Vec<&'static str>,
}

/// What the first line of a connection says.
const BANNER: &str = "Asterisk Call Manager/11.0.0\r\n";
const CHALLENGE: &str = "840415273";

impl AmiSwitch {
    /// A switch that started at `booted` and lets this user in.
    pub fn new(user: &str, secret: &str, booted: Moment) -> Self {
        Self {
            voice: AmiVoice::default(),
            user: user.into(),
            secret: secret.into(),
            booted,
            denied: Vec::new(),
            unheard: Vec::new(),
        }
    }

    /// The same, with an action that this user may not use.
    #[must_use]
    pub fn denying(mut self, action: &'static str) -> Self {
        self.denied.push(action);
        self
    }

    /// The same, with a class of events that this user may not hear; as a real one it says nothing of
    /// that.
    #[must_use]
    pub fn keeping_back(mut self, class: &'static str) -> Self {
        self.unheard.push(class);
        self
    }

    fn answer(&self, session: &mut Session, message: &str, now: Moment, out: &mut String) {
        let get = |key: &str| {
            let lines = message.lines().filter_map(|line| line.split_once(": "));
            lines.filter(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value).next().unwrap_or_default()
        };
        let id = get("ActionID");
        let mut respond = |response: &str, rest: &str| {
            // Writing to a string does not fail.
            let _ = write!(out, "Response: {response}\r\nActionID: {id}\r\n{rest}\r\n");
        };
        match get("Action") {
            "Challenge" => respond("Success", &format!("Challenge: {CHALLENGE}\r\n")),
            "Login" => {
                let key = format!("{:x}", Md5::digest(format!("{CHALLENGE}{}", self.secret)));
                session.is_in = get("Username") == self.user && get("Key") == key;
                if !session.is_in {
                    return respond("Error", "Message: Authentication failed\r\n");
                }
                let is_heard = |class: &&str| !self.unheard.contains(class);
                session.classes = get("Events").split(',').filter(is_heard).map(ToOwned::to_owned).collect();
                let uptime = (now - self.booted) / 1000;
                respond("Success", "Message: Authentication accepted\r\n");
                if !session.classes.iter().any(|class| class == "system") {
                    return;
                }
                let _ = write!(out, "Event: FullyBooted\r\nUptime: {uptime}\r\nStatus: Fully Booted\r\n\r\n");
            }
            _ if !session.is_in => respond("Error", "Message: Permission denied\r\n"),
            action if self.denied.contains(&action) => respond("Error", "Message: Permission denied\r\n"),
            "Ping" => {
                let stamp = format!("Timestamp: {}.{:06}\r\n", now.seconds(), now.0.rem_euclid(1000) * 1000);
                respond("Success", &format!("Ping: Pong\r\n{stamp}"));
            }
            "CoreSettings" => respond("Success", "AMIversion: 11.0.0\r\nAsteriskVersion: 22.0.0 (simulated)\r\n"),
            "QueueStatus" => {
                respond("Success", "EventList: start\r\n");
                out.push_str(&self.voice.queue_status(id, now));
            }
            "CoreShowChannels" => {
                respond("Success", "EventList: start\r\n");
                out.push_str(&self.voice.channels(id));
            }
            _ => respond("Error", "Message: Invalid/unknown command\r\n"),
        }
    }
}

impl Spoken for AmiSwitch {
    type Session = Session;

    fn greet(&self) -> String {
        BANNER.to_owned()
    }

    fn hear(&mut self, session: &mut Session, bytes: &[u8], now: Moment) -> String {
        session.heard.extend_from_slice(bytes);
        let mut answers = String::new();
        while let Some(end) = memchr::memmem::find(&session.heard, b"\r\n\r\n") {
            let message: Vec<u8> = session.heard.drain(..end + 4).collect();
            self.answer(session, &String::from_utf8_lossy(&message), now, &mut answers);
        }
        answers
    }

    fn is_listening(&self, session: &Session) -> bool {
        session.is_in
    }

    fn tell(&mut self, event: &CallEvent) -> Vec<Said> {
        self.voice.tell(event)
    }

    fn is_for(&self, session: &Session, said: &Said) -> bool {
        session.is_in && session.classes.iter().any(|class| class == said.class)
    }

    fn beat(&mut self, _: Moment) -> Vec<Said> {
        // It answers pings, and says nothing of itself.
        Vec::new()
    }

    fn stop(&mut self, now: Moment) -> Vec<Said> {
        self.voice.stop(now)
    }

    fn restart(&mut self, now: Moment) {
        self.voice.restart();
        self.booted = now;
    }
}
