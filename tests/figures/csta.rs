//! What CSTA monitors tell, and what it comes to: a switchboard written down by hand, and documents of
//! other people's switches, which are templates and one frame.

use std::sync::Arc;

use servicegrad::call::fact::CallFacts;
use servicegrad::directory::{Directory, OrganisationSettings, QueueSettings, SwitchQueue, UnitRow, Units};
use servicegrad::event::{AgentState, EventKind, Evidence};
use servicegrad::measure::Moment;
use servicegrad::names::SourceId;
use servicegrad::source::csta::document::Element;
use servicegrad::source::csta::{Conversation, Csta, frame};
use servicegrad::source::{Batch, Decode, Dialogue, SourceSettings, Standing};

use crate::asterisk::facts;
use crate::captures::samples;
use crate::story::{ZONE, at};

fn settings() -> SourceSettings {
    let mut settings = SourceSettings::named("vaxel", "csta");
    settings.monitor = ["1001", "1002", "1004", "7100", "7101", "7200", "7300", "7400"].map(Into::into).into();
    settings.queues = ["16600", "16650"].map(Into::into).into();
    settings
}

pub(crate) fn switchboard() -> Arc<Directory> {
    let queue = |name: &str, number: &str| {
        let mut queue = QueueSettings::named(name);
        queue.from = vec![SwitchQueue { source: "vaxel".into(), queue: number.into() }];
        queue.check(ZONE, None).unwrap()
    };
    let unit = |from: &str, to: &str, unit: &str| UnitRow {
        from: from.into(),
        to: to.into(),
        unit: unit.into(),
        title: String::new(),
        organisation: "kommun".into(),
        valid_from: String::new(),
        valid_to: String::new(),
    };
    let organisation = OrganisationSettings { name: "kommun".into(), title: None };
    let rows = [unit("7000", "7999", "forvaltning"), unit("8000", "8999", "skola"), unit("0701234567", "", "kansli")];
    let units = Units::check(&[organisation], &rows, ZONE).unwrap();
    let queues = vec![queue("kundtjanst", "16600"), queue("itsupport", "16650")];
    Arc::new(Directory::new(ZONE, vec!["vaxel".into()], queues, units).unwrap())
}

/// The frames of the file, each with the moment at which it came.
fn frames() -> Vec<(Moment, Vec<u8>)> {
    frames_of(&std::fs::read_to_string("tests/data/csta/truth.txt").unwrap())
}

fn frames_of(text: &str) -> Vec<(Moment, Vec<u8>)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (seconds, document) = line.split_once(' ').unwrap();
            let ms = (seconds.parse::<f64>().unwrap() * 1000.0).round() as i64;
            (at("08:00:00").plus_ms(ms), frame::wrap(frame::EVENT, document).unwrap())
        })
        .collect()
}

/// What the decoder makes of them, in pieces of so many bytes.
fn told(pieces: usize) -> Batch {
    decoded(frames(), pieces)
}

/// What it makes of the frames that a text writes down.
pub(crate) fn told_from(text: &str) -> Batch {
    decoded(frames_of(text), usize::MAX)
}

fn decoded(frames: Vec<(Moment, Vec<u8>)>, pieces: usize) -> Batch {
    let mut decoder = Csta::new(&settings());
    let mut batch = Batch::of(SourceId(0));
    for (received, frame) in frames {
        for piece in frame.chunks(pieces) {
            decoder.feed(piece, received, &mut batch);
        }
    }
    batch
}

fn words(directory: &Directory, facts: &CallFacts) -> String {
    let visits = facts.visits.iter().map(|visit| {
        let waited = visit.wait.map(|wait| format!(" {}", f64::from(wait.ms()) / 1000.0)).unwrap_or_default();
        let outcome = visit.outcome.map_or("waits", |outcome| outcome.as_str());
        format!("{} {outcome}{waited}", directory.queue(visit.queue).name)
    });
    let legs = facts.legs.iter().map(|leg| {
        let given_back = if leg.not_completed { " and given back" } else { "" };
        format!("{} {} {}{given_back}", leg.kind.as_str(), leg.target, leg.outcome.map_or("open", |o| o.as_str()))
    });
    visits.chain(legs).collect::<Vec<_>>().join(", ")
}

#[test]
fn seventeen_calls_of_a_monitored_switchboard() {
    let directory = switchboard();
    let batch = told(usize::MAX);
    assert_eq!(batch.rejects, []);
    let facts = facts(&directory, &batch.events);
    // The number of a call, of which some are given twice; and a question's own call, which is none.
    let is_call = |facts: &CallFacts| !facts.visits.is_empty() || !facts.legs.is_empty();
    let mut calls: Vec<(i64, String)> = facts
        .iter()
        .filter(|(_, facts)| is_call(facts))
        .map(|(name, facts)| {
            let (number, since) = name.split_once('@').unwrap();
            (since.parse().unwrap(), format!("{number}: {}", words(&directory, facts)))
        })
        .collect();
    calls.sort();
    let calls: Vec<&str> = calls.iter().map(|(_, words)| words.as_str()).collect();
    assert_eq!(
        calls,
        [
            "101: kundtjanst answered 7.2",
            "102: kundtjanst abandoned 12",
            "103: kundtjanst answered 3, blind 7100 no_answer_dropped",
            "104: kundtjanst answered 3, attended 7200 answered",
            "105: kundtjanst answered 3, blonde 7300 answered",
            "106: kundtjanst answered 3, attended 7100 answered and given back",
            "107: kundtjanst answered 3, blind 7350 unknown",
            "108: kundtjanst overflowed 30.2, itsupport answered 3.8",
            "109: kundtjanst answered 3, blind 7400 busy",
            "110: kundtjanst answered 3, blind 7100 caller_hung_up",
            "111: kundtjanst answered 3, blind 7100 answered_elsewhere",
            "112: kundtjanst answered 3, attended 0701234567 answered_external",
            "101: kundtjanst answered 4",
            "114: kundtjanst answered 3, blind 7100 no_answer_recalled",
            "115: direct 7100 answered",
            "116: kundtjanst answered 3",
            "117: kundtjanst waits",
        ]
    );
}

#[test]
fn attendants_states_and_whose_clock() {
    use AgentState::{Available, Offline, Paused, Wrapup};
    let batch = told(usize::MAX);
    let states: Vec<AgentState> = batch
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::AgentChanged { agent, queue, state } => {
                assert_eq!((agent.as_str(), queue.as_deref()), ("1001", Some("16600")));
                Some(*state)
            }
            _ => None,
        })
        .collect();
    let twice: Vec<AgentState> =
        [Available, Paused, Available, Wrapup, Offline].into_iter().flat_map(|state| [state; 2]).collect();
    assert_eq!(states, twice);
    assert!(batch.events.iter().all(|event| event.stamp.evidence == Evidence::Receiver));
    // No number of a caller goes further.
    assert!(!format!("{:?}", batch.events).contains("09502"));
}

#[test]
fn the_sample_is_the_switchboard_written_down_by_hand() {
    let frames: Vec<u8> = frames().into_iter().flat_map(|(_, frame)| frame).collect();
    assert!(frames == std::fs::read("tests/data/csta/switchboard.bin").unwrap());
}

#[test]
fn however_the_frames_are_torn_the_events_are_the_same() {
    let whole = told(usize::MAX);
    for pieces in [1, 7, 100] {
        assert!(told(pieces).events == whole.events, "in pieces of {pieces}");
    }
}

/// A template with its placeholders filled: every device is 7100, and the connection has a call.
fn template(name: &str, with_call: bool) -> Option<String> {
    let text = std::fs::read_to_string(samples()?.join(format!("csta-xml/{name}.template.xml"))).unwrap();
    let mut filled = String::new();
    for (place, part) in text.split(['{', '}']).enumerate() {
        filled.push_str(match (place % 2, part) {
            (0, text) => text,
            (_, "callingDevice") => "0950200001",
            (_, "cause") => "newCall",
            (_, "localConnectionInfo") => "connected",
            (_, "systemStatus") => "normal",
            (_, "CSTA_USE_MONITOR_CROSS_REF_ID" | "CSTA_CREATE_MONITOR_CROSS_REF_ID") => "1169730059",
            _ => "7100",
        });
    }
    let call = if with_call { "<callID>1</callID><deviceID>" } else { "<deviceID>" };
    Some(filled.replacen("<deviceID>", call, 1))
}

fn heard(documents: &[String]) -> Batch {
    let mut decoder = Csta::default();
    let mut batch = Batch::of(SourceId(0));
    for document in documents {
        decoder.feed(&frame::wrap(frame::EVENT, document).unwrap(), at("08:00:00"), &mut batch);
    }
    batch
}

#[test]
fn documents_of_other_peoples_switches() {
    let Some(samples) = samples() else { return };
    let names = ["OriginatedEvent", "ServiceInitiatedEvent", "DeliveredEvent", "EstablishedEvent"];
    // As they stand they name no call; what tells of one cannot be used.
    let bare = heard(&names.map(|name| template(name, false).unwrap()));
    assert_eq!(bare.events, []);
    let why: Vec<&str> = bare.rejects.iter().map(|reject| reject.detail.split(':').next().unwrap()).collect();
    assert_eq!(
        why,
        ["OriginatedEvent", "DeliveredEvent", "EstablishedEvent"].map(|name| format!("`{name}` names no call"))
    );
    // With one: somebody outside calls 7100, past any queue, and is answered.
    let whole = heard(&names.map(|name| template(name, true).unwrap()));
    assert_eq!(whole.rejects, []);
    let facts: Vec<String> =
        facts(&switchboard(), &whole.events).values().map(|facts| words(&switchboard(), facts)).collect();
    assert_eq!(facts, ["direct 7100 answered"]);
    // What a session consists of tells of no call.
    let session = ["MonitorStart", "MonitorStartResponse", "SystemStatus", "SystemStatusResponse"];
    let session = heard(&session.map(|name| template(name, false).unwrap()));
    assert_eq!((session.events, session.rejects), (vec![], vec![]));
    // A frame as it went over the wire: a handset is lifted.
    let mut batch = Batch::of(SourceId(0));
    let mut decoder = Csta::default();
    decoder.feed(&std::fs::read(samples.join("csta-xml/framed_service_initiated.bin")).unwrap(), Moment(1), &mut batch);
    assert_eq!((batch.events, batch.rejects, decoder.pending_bytes()), (vec![], vec![], 0));
}

/// The questions in what a conversation says: invoke id and document.
fn said(conversation: &mut Conversation) -> Vec<(u16, Element)> {
    let (mut frames, mut said) = (frame::Frames::default(), Vec::new());
    frames.cut(&conversation.say(), |_, frame| {
        let (invoke, document) = frame.unwrap();
        said.push((invoke, Element::parse(document).unwrap()));
    });
    said
}

fn answer(conversation: &mut Conversation, invoke: u16, document: &str) {
    let mut batch = Batch::of(SourceId(0));
    conversation.feed(&frame::wrap(invoke, document).unwrap(), at("08:00:00"), &mut batch);
}

#[test]
fn a_session_is_held_in_the_words_of_other_peoples_switches() {
    let (Some(monitor), Some(monitored)) = (template("MonitorStart", false), template("MonitorStartResponse", false))
    else {
        return;
    };
    let mut settings = settings();
    (settings.monitor, settings.queues) = (vec!["7100".into()], Vec::new());
    let mut conversation = Conversation::new(&settings);
    conversation.connected(at("08:00:00"));
    let (invoke, asked) = said(&mut conversation).remove(0);
    assert_eq!(asked.name, "StartApplicationSession");
    // This one has no sessions, and no registration either.
    answer(&mut conversation, invoke, "<CSTAErrorCode><operation>serviceNotSupported</operation></CSTAErrorCode>");
    let (invoke, asked) = said(&mut conversation).remove(0);
    assert_eq!(asked.name, "SystemRegister");
    answer(&mut conversation, invoke, "<CSTAErrorCode><operation>serviceNotSupported</operation></CSTAErrorCode>");
    let (invoke, asked) = said(&mut conversation).remove(0);
    let text_of = |element: &Element| (element.name.clone(), element.text_of("deviceObject").to_owned());
    assert_eq!(text_of(&asked), text_of(&Element::parse(monitor.as_bytes()).unwrap()));
    answer(&mut conversation, invoke, &monitored);
    let (invoke, asked) = said(&mut conversation).remove(0);
    assert_eq!((asked.name.as_str(), asked.text_of("snapshotObject")), ("SnapshotDevice", "7100"));
    assert_eq!(conversation.standing(), Standing::Greeting);
    answer(&mut conversation, invoke, "<SnapshotDeviceResponse/>");
    assert_eq!(conversation.standing(), Standing::Ready);
    // The switch asks whether we live.
    answer(&mut conversation, 4711, &template("SystemStatus", false).unwrap());
    let expected = frame::wrap(4711, &template("SystemStatusResponse", false).unwrap()).unwrap();
    assert_eq!(conversation.say(), expected);
}

#[test]
fn a_switch_without_licences_says_so_and_one_that_is_no_switch_is_let_go() {
    let mut settings = settings();
    (settings.monitor, settings.queues) = (vec!["7100".into(), "7200".into()], Vec::new());
    let mut conversation = Conversation::new(&settings);
    conversation.connected(at("08:00:00"));
    while conversation.standing() == Standing::Greeting {
        for (invoke, asked) in said(&mut conversation) {
            let document = match asked.name.as_str() {
                "MonitorStart" => {
                    "<CSTAErrorCode><systemResource>overallMonitorLimitExceeded</systemResource></CSTAErrorCode>"
                }
                _ => "<Response/>",
            };
            answer(&mut conversation, invoke, document);
        }
    }
    let troubles = conversation.findings().troubles;
    assert_eq!(troubles.len(), 2);
    assert!(troubles[0].contains("device 7100 is not monitored (overallMonitorLimitExceeded)"), "{troubles:?}");
    assert!(troubles[0].contains("licences"), "{troubles:?}");
    let Standing::Refused(why) = conversation.standing() else { panic!("{:?}", conversation.standing()) };
    assert!(why.starts_with("no device can be monitored"), "{why}");

    let mut conversation = Conversation::new(&settings);
    conversation.connected(at("08:00:00"));
    let mut batch = Batch::of(SourceId(0));
    conversation.feed(b"Asterisk Call Manager/11.0.0\r\n", at("08:00:00"), &mut batch);
    assert!(matches!(conversation.standing(), Standing::Refused(_)));
    assert_eq!(batch.rejects.len(), 1);
}

#[test]
fn a_session_is_prolonged_and_silence_is_asked_into() {
    let mut conversation = Conversation::new(&settings());
    conversation.connected(at("08:00:00"));
    while conversation.standing() == Standing::Greeting {
        for (invoke, asked) in said(&mut conversation) {
            let granted = "<R><sessionID>s1</sessionID><actualSessionDuration>60</actualSessionDuration></R>";
            let document = if asked.name == "StartApplicationSession" { granted } else { "<R/>" };
            answer(&mut conversation, invoke, document);
        }
    }
    assert_eq!(conversation.standing(), Standing::Ready);
    let mut batch = Batch::of(SourceId(0));
    conversation.tick(at("08:00:29"), &mut batch);
    assert_eq!(said(&mut conversation), []);
    conversation.tick(at("08:00:31"), &mut batch);
    let asked = said(&mut conversation);
    let names: Vec<&str> = asked.iter().map(|(_, asked)| asked.name.as_str()).collect();
    assert_eq!(names, ["SystemStatus", "ResetApplicationSessionTimer"]);
    assert_eq!(asked[1].1.text_of("sessionID"), "s1");
    // It does not want to.
    answer(
        &mut conversation,
        asked[1].0,
        "<ResetApplicationSessionTimerNegResponse><e>timeout</e></ResetApplicationSessionTimerNegResponse>",
    );
    assert!(matches!(conversation.standing(), Standing::Refused(_)));
}

#[test]
fn after_a_break_calls_that_are_gone_are_over_and_those_that_wait_wait_on() {
    let mut conversation = Conversation::new(&settings());
    let mut batch = Batch::of(SourceId(0));
    let greet = |conversation: &mut Conversation, batch: &mut Batch, waiting: &str, now: Moment| {
        conversation.connected(now);
        while conversation.standing() == Standing::Greeting {
            for (invoke, asked) in said(conversation) {
                let is_queue = asked.name == "SnapshotDevice" && asked.text_of("snapshotObject") == "16600";
                let info = format!(
                    "<snapshotDeviceResponseInfo><connectionIdentifier><callID>{waiting}</callID>\
                     <deviceID>16600</deviceID></connectionIdentifier><localCallState><compoundCallState>\
                     <localConnectionState>queued</localConnectionState></compoundCallState></localCallState>\
                     </snapshotDeviceResponseInfo>"
                );
                let document =
                    if is_queue && !waiting.is_empty() { format!("<R>{info}</R>") } else { "<R/>".to_owned() };
                conversation.feed(&frame::wrap(invoke, &document).unwrap(), now, batch);
            }
        }
        assert_eq!(conversation.standing(), Standing::Ready);
    };
    greet(&mut conversation, &mut batch, "", at("08:00:00"));
    let queued = |number: &str| {
        let document = format!(
            "<QueuedEvent><queuedConnection><callID>{number}</callID><deviceID>16600</deviceID></queuedConnection>\
             <queue>16600</queue><callingDevice>0950200001</callingDevice></QueuedEvent>"
        );
        frame::wrap(frame::EVENT, &document).unwrap()
    };
    conversation.feed(&queued("1"), at("08:01:00"), &mut batch);
    conversation.feed(&queued("2"), at("08:01:10"), &mut batch);
    conversation.lost(at("08:02:00"), &mut batch);
    greet(&mut conversation, &mut batch, "2", at("08:03:00"));
    let established = "<EstablishedEvent><establishedConnection><callID>2</callID><deviceID>1001</deviceID>\
                       </establishedConnection><answeringDevice>1001</answeringDevice></EstablishedEvent>";
    conversation.feed(&frame::wrap(frame::EVENT, established).unwrap(), at("08:03:10"), &mut batch);
    let told: Vec<String> =
        facts(&switchboard(), &batch.events).values().map(|facts| words(&switchboard(), facts)).collect();
    assert_eq!(told, ["kundtjanst unknown", "kundtjanst answered 120"]);
}
