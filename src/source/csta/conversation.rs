//! The session: begin it, register for the switch's state, monitor each device, ask what goes on,
//! then keep it alive.
//!
//! Switches leave parts of this out. One that knows no sessions, or no registration, says so or says
//! nothing, and is asked the next thing.

use std::collections::VecDeque;

use ahash::AHashMap;
use smol_str::SmolStr;

use crate::measure::{Moment, Span};
use crate::source::csta::Csta;
use crate::source::csta::document::{Element, device, escaped};
use crate::source::csta::frame;
use crate::source::csta::snapshot;
use crate::source::{Batch, Decode, Dialogue, Findings, SourceSettings, Standing};

/// Where the editions' names begin; the number of the edition follows.
const EDITION: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed";
const SESSIONS: &str = "http://www.ecma-international.org/standards/ecma-354/appl_session";
/// The edition spoken where the switch names none.
const EDITION_USUAL: &str = "4";
/// How long a session is asked for, seconds; it is renewed at half of what the switch grants.
const SESSION_S: i64 = 180;
/// A question that stays unanswered this long is taken for one that the switch does not know.
const ANSWER_MS: i64 = 5_000;
/// How often the switch is asked for a sign of life.
const STATUS_MS: i64 = 30_000;
/// A switch that says nothing for this long, though asked three times, is gone.
const SILENCE_S: i64 = 95;
/// Most questions that wait for an answer at a time; switches have small queues.
const ASKED_MAX: usize = 10;
/// Most calls that are asked about, one by one, on a new line.
const CALLS_ASKED_MAX: usize = 1_000;

/// A connection to a CSTA switch.
#[derive(Debug)]
pub struct Conversation {
    csta: Csta,
    application: String,
    devices: Vec<String>,
    edition: String,
    to_ask: VecDeque<Asked>,
    asked: AHashMap<u16, (Asked, Moment)>,
    next: u16,
    to_say: Vec<u8>,
    standing: Standing,
    /// Session, and how many seconds were granted.
    session: Option<(String, i64)>,
    renewed: Moment,
    status_asked: Moment,
    monitored: Vec<String>,
    findings: Findings,
}

/// What is wrong with the settings; complaints are `(key, reason)`.
pub fn check(settings: &SourceSettings) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    if settings.monitor.is_empty() && settings.queues.is_empty() {
        let why = "is missing: without devices to monitor the switch tells nothing; list attendants and units here, \
                   and the switch's queues as `queues`";
        wrong.push(("monitor".to_owned(), why.to_owned()));
    }
    for (key, names) in [("monitor", &settings.monitor), ("queues", &settings.queues)] {
        for name in names.iter().filter(|name| device(name).is_empty()) {
            wrong.push((key.to_owned(), format!("`{name}` is no device number")));
        }
    }
    wrong
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Session,
    Renewal,
    Register,
    Monitor(String),
    Device(String),
    Call(String),
    Status,
}

impl Conversation {
    /// One that monitors what the settings name.
    pub fn new(settings: &SourceSettings) -> Self {
        let mut devices: Vec<String> =
            settings.queues.iter().chain(&settings.monitor).map(|name| device(name).to_owned()).collect();
        let mut seen = ahash::AHashSet::new();
        devices.retain(|device| seen.insert(device.clone()));
        Self {
            csta: Csta::new(settings),
            application: settings.user.clone().unwrap_or_else(|| "servicegrad".to_owned()),
            devices,
            edition: EDITION_USUAL.to_owned(),
            to_ask: VecDeque::new(),
            asked: AHashMap::new(),
            next: 0,
            to_say: Vec::new(),
            standing: Standing::Greeting,
            session: None,
            renewed: Moment(0),
            status_asked: Moment(0),
            monitored: Vec::new(),
            findings: Findings::default(),
        }
    }

    fn document(&self, asked: &Asked) -> String {
        let csta = |name: &str, inside: &str| format!("<{name} xmlns=\"{EDITION}{}\">{inside}</{name}>", self.edition);
        let session = |name: &str, inside: &str| format!("<{name} xmlns=\"{SESSIONS}\">{inside}</{name}>");
        let duration = format!("<requestedSessionDuration>{SESSION_S}</requestedSessionDuration>");
        let body = match asked {
            Asked::Session => {
                let version = |edition: u8| format!("<protocolVersion>{EDITION}{edition}</protocolVersion>");
                let versions = [6, 5, 4, 3].map(version).concat();
                let inside = format!(
                    "<applicationInfo><applicationID>{}</applicationID></applicationInfo>\
                     <requestedProtocolVersions>{versions}</requestedProtocolVersions>{duration}",
                    escaped(&self.application)
                );
                session("StartApplicationSession", &inside)
            }
            Asked::Renewal => {
                let id = self.session.as_ref().map(|(id, _)| escaped(id)).unwrap_or_default();
                session("ResetApplicationSessionTimer", &format!("<sessionID>{id}</sessionID>{duration}"))
            }
            Asked::Register => csta("SystemRegister", "<requestTypes><systemStatus>true</systemStatus></requestTypes>"),
            Asked::Monitor(device) => {
                let object = format!("<monitorObject><deviceObject>{}</deviceObject></monitorObject>", escaped(device));
                csta("MonitorStart", &object)
            }
            Asked::Device(device) => {
                csta("SnapshotDevice", &format!("<snapshotObject>{}</snapshotObject>", escaped(device)))
            }
            Asked::Call(number) => {
                let call = format!("<snapshotObject><callID>{}</callID></snapshotObject>", escaped(number));
                csta("SnapshotCall", &call)
            }
            Asked::Status => csta("SystemStatus", "<systemStatus>normal</systemStatus>"),
        };
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{body}")
    }

    /// Puts questions by to be sent, as many as the switch may have at a time.
    fn ask(&mut self, now: Moment) {
        while self.asked.len() < ASKED_MAX
            && let Some(asked) = self.to_ask.pop_front()
        {
            let Some(frame) = frame::wrap(self.next, &self.document(&asked)) else { continue };
            self.to_say.extend(frame);
            self.asked.insert(self.next, (asked, now));
            self.next = (self.next + 1) % frame::EVENT;
        }
        if self.asked.is_empty() && self.standing == Standing::Greeting {
            self.caught_up(now);
        }
    }

    /// Everything has been asked and answered.
    fn caught_up(&mut self, now: Moment) {
        if self.monitored.is_empty() {
            let why = self.findings.troubles.first().map_or("none was answered", String::as_str);
            self.standing = Standing::Refused(format!("no device can be monitored: {why}"));
            return;
        }
        self.csta.calls.monitored = Some(self.monitored.iter().map(SmolStr::new).collect());
        let broke_at = if self.csta.broke_at == Moment(0) { now } else { self.csta.broke_at };
        self.csta.calls.caught_up(broke_at);
        self.standing = Standing::Ready;
    }

    fn hear_answer(&mut self, invoke: u16, element: &Element, now: Moment) {
        match element.name.as_str() {
            "SystemStatus" if invoke != frame::EVENT => {
                let body = format!("<SystemStatusResponse xmlns=\"{EDITION}{}\"/>", self.edition);
                let document = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{body}");
                self.to_say.extend(frame::wrap(invoke, &document).unwrap_or_default());
            }
            "ApplicationSessionTerminated" => {
                let why = element.any_text();
                self.standing = Standing::Refused(format!("the switch has ended the session ({why})"));
            }
            _ if invoke == frame::EVENT => {}
            name => {
                let Some((asked, _)) = self.asked.remove(&invoke) else { return };
                let is_error =
                    name.contains("Error") || name.contains("NegResponse") || element.child("CSTAErrorCode").is_some();
                self.answered(asked, (!is_error).then_some(element), element.any_text(), now);
            }
        }
    }

    /// A question has been answered; `answer`: `None` for an error or none at all.
    fn answered(&mut self, asked: Asked, answer: Option<&Element>, error: &str, now: Moment) {
        match asked {
            Asked::Session => {
                if let Some(answer) = answer {
                    let granted = answer.text_of("actualSessionDuration").parse().unwrap_or(SESSION_S);
                    self.session = Some((answer.text_of("sessionID").to_owned(), granted));
                    self.renewed = now;
                    let version = answer.text_of("actualProtocolVersion");
                    if let Some(edition) = version.strip_prefix(EDITION).filter(|edition| !edition.is_empty()) {
                        edition.clone_into(&mut self.edition);
                    }
                }
                self.findings.version = Some(format!("CSTA III XML, edition {}", self.edition));
                self.to_ask.push_back(Asked::Register);
            }
            Asked::Register => self.to_ask.extend(self.devices.iter().cloned().map(Asked::Monitor)),
            Asked::Monitor(device) if answer.is_some() => {
                self.monitored.push(device.clone());
                self.to_ask.push_back(Asked::Device(device));
            }
            Asked::Monitor(device) => self.findings.troubles.push(not_monitored(&device, error)),
            Asked::Device(_) => {
                let connections = answer.map(snapshot::connections).unwrap_or_default();
                for connection in &connections {
                    let call = Asked::Call(connection.number.clone());
                    let calls = self.to_ask.iter().filter(|asked| matches!(asked, Asked::Call(_))).count();
                    if calls < CALLS_ASKED_MAX && !self.to_ask.contains(&call) {
                        self.to_ask.push_back(call);
                    }
                }
                self.csta.calls.goes_on(&connections);
            }
            Asked::Call(number) => {
                let connections = answer.map(snapshot::connections).unwrap_or_default();
                let outside = connections.iter().find(|connection| !self.monitored.contains(&connection.device));
                if let Some(outside) = outside {
                    self.csta.calls.call(&number, &outside.device);
                }
            }
            Asked::Renewal if answer.is_none() && !error.is_empty() => {
                self.standing = Standing::Refused(format!("the switch does not prolong the session ({error})"));
            }
            Asked::Renewal | Asked::Status => {}
        }
    }
}

/// Why a device is not monitored, and what to do.
fn not_monitored(device: &str, error: &str) -> String {
    let what = if error.contains("MonitorLimit") || error.contains("license") || error.contains("resourceLimit") {
        "the switch's licences for monitored devices are used up; buy more, or take devices off `monitor`"
    } else if error.contains("evice") {
        "the switch knows no such device; check its number in `monitor` and `queues`"
    } else if error.is_empty() {
        "the switch did not answer"
    } else {
        "look the word up in the switch's CSTA manual"
    };
    format!("device {device} is not monitored ({error}): {what}")
}

impl Decode for Conversation {
    fn feed(&mut self, bytes: &[u8], received: Moment, batch: &mut Batch) {
        let mut told = Vec::new();
        self.csta.hear(bytes, received, batch, |invoke, element| {
            if invoke != frame::EVENT || element.name == "ApplicationSessionTerminated" {
                told.push((invoke, element.clone()));
            }
        });
        for (invoke, element) in &told {
            self.hear_answer(*invoke, element, received);
        }
        if self.csta.is_broken() {
            let why = "what the switch says is no CSTA; is `connect` the address of its CSTA XML interface?";
            self.standing = Standing::Refused(why.to_owned());
        }
        if self.standing == Standing::Greeting {
            self.ask(received);
        }
        self.csta.hand_over(received, batch);
    }

    fn finish(&mut self, received: Moment, batch: &mut Batch) {
        self.csta.finish(received, batch);
    }

    fn pending_bytes(&self) -> u64 {
        self.csta.pending_bytes()
    }

    fn rewind(&mut self) {
        self.csta.rewind();
    }

    fn save(&self) -> serde_json::Value {
        self.csta.save()
    }

    fn restore(&mut self, saved: &serde_json::Value) {
        self.csta.restore(saved);
    }
}

impl Dialogue for Conversation {
    fn connected(&mut self, now: Moment) {
        self.csta.broke();
        (self.standing, self.session) = (Standing::Greeting, None);
        EDITION_USUAL.clone_into(&mut self.edition);
        for forgotten in [&mut self.monitored, &mut self.findings.troubles] {
            forgotten.clear();
        }
        self.to_say.clear();
        self.asked.clear();
        self.to_ask = VecDeque::from([Asked::Session]);
        (self.status_asked, self.next) = (now, 0);
        self.ask(now);
    }

    fn say(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.to_say)
    }

    fn tick(&mut self, now: Moment, batch: &mut Batch) {
        self.csta.calls.pass(now);
        let late = |(_, since): &(Asked, Moment)| now - *since > ANSWER_MS;
        let unanswered: Vec<u16> = self.asked.iter().filter(|(_, asked)| late(asked)).map(|(id, _)| *id).collect();
        for invoke in unanswered {
            if let Some((asked, _)) = self.asked.remove(&invoke) {
                self.answered(asked, None, "", now);
            }
        }
        if self.standing == Standing::Ready {
            if now - self.status_asked >= STATUS_MS {
                self.status_asked = now;
                self.to_ask.push_back(Asked::Status);
            }
            let half_ms = self.session.as_ref().map(|(_, granted)| granted.saturating_mul(500));
            if half_ms.is_some_and(|half_ms| now - self.renewed >= half_ms.max(1_000)) {
                self.renewed = now;
                self.to_ask.push_back(Asked::Renewal);
            }
        }
        self.ask(now);
        self.csta.hand_over(now, batch);
    }

    fn lost(&mut self, now: Moment, batch: &mut Batch) {
        self.csta.finish(now, batch);
        self.csta.broke();
    }

    fn standing(&self) -> Standing {
        self.standing.clone()
    }

    fn silence_max(&self) -> Span {
        Span::from_seconds(SILENCE_S)
    }

    fn findings(&self) -> Findings {
        let queues = self.csta.calls.queues.iter().map(ToString::to_string);
        Findings { queues: queues.collect(), ..self.findings.clone() }
    }
}
