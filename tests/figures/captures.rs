//! Captures of other people's Asterisks, read where they lie: each call's visits and transfers,
//! written down by hand from the capture.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use servicegrad::call::fact::CallFacts;
use servicegrad::directory::{Directory, OrganisationSettings, QueueSettings, SwitchQueue, UnitRow, Units};
use servicegrad::event::{CallEvent, EventKind};
use servicegrad::measure::Moment;
use servicegrad::names::SourceId;
use servicegrad::source::asterisk_ami::{Ami, Conversation};
use servicegrad::source::{Batch, Decode, Dialogue, SourceSettings};

use crate::asterisk::{decode, facts};
use crate::story::ZONE;

/// The folder of other people's captures, which are not ours to keep.
pub(crate) fn samples() -> Option<PathBuf> {
    let samples = std::env::var_os("SERVICEGRAD_SAMPLES").map(PathBuf::from);
    if samples.is_none() {
        println!("NOT RUN: SERVICEGRAD_SAMPLES does not name the folder of other people's captures");
    }
    samples
}

/// A capture of messages in JSON, as the switch sent them; stamped a tenth of a second apart, since
/// these switches told no time.
fn wire(path: &Path) -> Vec<u8> {
    let messages: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut text = String::new();
    for (at, message) in messages.iter().enumerate() {
        write!(text, "Timestamp: {}.{:06}\r\n", 1_600_000_000 + at / 10, at % 10 * 100_000).unwrap();
        for (key, value) in message.as_object().unwrap() {
            let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            write!(text, "{key}: {value}\r\n").unwrap();
        }
        text.push_str("\r\n");
    }
    text.into_bytes()
}

/// Everybody in the captures is a unit, and their queue is measured.
fn everybody() -> Arc<Directory> {
    let unit = |from: &str, to: &str| UnitRow {
        from: from.into(),
        to: to.into(),
        unit: "alla".into(),
        title: String::new(),
        organisation: "kommun".into(),
        valid_from: String::new(),
        valid_to: String::new(),
    };
    let organisation = OrganisationSettings { name: "kommun".into(), title: None };
    let numbers = (1..10).flat_map(|n| [format!("+3115001000{n}"), format!("+3126001000{n}")]);
    let rows: Vec<UnitRow> = numbers.map(|number| unit(&number, "")).chain([unit("200", "499")]).collect();
    let units = Units::check(&[organisation], &rows, ZONE).unwrap();
    let mut queue = QueueSettings::named("ko");
    queue.from = vec![SwitchQueue { source: "vaxel".into(), queue: "670100-540100".into() }];
    let queue = queue.check(ZONE, None).unwrap();
    Arc::new(Directory::new(ZONE, vec!["vaxel".into()], vec![queue], units).unwrap())
}

/// All that is said of the calls of a capture: `queue outcome`, and `kind target outcome` of each
/// transfer.
fn said(path: &Path) -> Vec<String> {
    let events = decode(&mut Ami::default(), &wire(path), usize::MAX);
    let house = everybody();
    let mut said = Vec::new();
    for facts in facts(&house, &events).values() {
        said.extend(words(facts));
    }
    said
}

fn words(facts: &CallFacts) -> Vec<String> {
    let visits = facts.visits.iter().map(|visit| format!("visit {}", visit.outcome.map_or("open", |o| o.as_str())));
    let legs = facts.legs.iter().map(|leg| {
        let given_back = if leg.not_completed { " and given back" } else { "" };
        format!("{} {} {}{given_back}", leg.kind.as_str(), leg.target, leg.outcome.map_or("open", |o| o.as_str()))
    });
    visits.chain(legs).collect()
}

#[test]
fn managers_of_other_peoples_switches() {
    let Some(samples) = samples() else { return };
    // Extensions 201, 202 and 203 are A, B and C; 401 is a group. `direct` is what the first caller
    // dialled, shown apart; numbers with + lie outside.
    let expected: [(&str, &[&str]); 35] = [
        ("mobile/acceptance_group_reject", &["direct +31260010001 answered_external"]),
        ("mobile/acceptance_simple", &["direct +31150010004 answered_external"]),
        // The mobile answered, was asked whether it takes the call, and said nothing.
        ("mobile/acceptance_timeout", &["direct +31260010001 no_answer_dropped"]),
        ("mobile/simple_mobile", &["direct +31150010004 answered_external"]),
        // Calls that a web page sets up between two numbers: nobody called in, nothing is sent on.
        ("originate/cmn-world-world-unaccepted", &[]),
        ("originate/cmn-world-world", &[]),
        ("originate/ctd-account-account-xfer-attn-abbcac", &["attended 203 answered"]),
        ("originate/ctd-account-account", &[]),
        ("originate/ctd-account-world-deny-a", &[]),
        ("originate/ctd-account-world-deny-b", &[]),
        ("originate/ctd-account-world-no-ringing", &[]),
        ("originate/ctd-account-world", &[]),
        ("queue/queue_a_cancel", &["visit abandoned"]),
        // The next two were recorded without the class `agent`: the queue itself is not seen, and what
        // it rings looks like an extension that nobody has.
        ("queue/queue_blind_xfer", &["blind 202 answered"]),
        ("queue/queue_simple", &[]),
        ("simple/a_created_no_answer", &[]),
        ("simple/ab_a_cancel", &["direct 202 caller_hung_up"]),
        ("simple/ab_callgroup", &["direct 401 answered"]),
        ("simple/ab_reject", &["direct 202 busy"]),
        ("simple/ab_success_a_hangup", &["direct 202 answered"]),
        ("simple/ab_success_b_hangup", &["direct 202 answered"]),
        ("simple/ab_success_o3", &["direct 202 answered"]),
        ("var_set/user_events", &["direct +31150010001 answered", "direct +31150010001 answered"]),
        ("xfer_attended/xfer_abacbc", &["direct 202 answered", "attended 203 answered"]),
        ("xfer_attended/xfer_abbcac", &["direct 202 answered", "attended 203 answered"]),
        ("xfer_blind/xfer_blind_a_no_answer", &["direct 202 answered", "blind 203 no_answer_dropped"]),
        ("xfer_blind/xfer_blind_abacbc", &["direct 202 answered", "blind 203 answered"]),
        ("xfer_blind/xfer_blind_abbcac", &["direct 202 answered", "blind 203 answered"]),
        ("xfer_blind/xfer_blind_b_no_answer", &["direct 202 answered", "blind 203 no_answer_dropped"]),
        ("xfer_blind/xfer_blind_group", &["direct +31150010001 answered", "blind 401 answered"]),
        ("xfer_blonde/xfer_blonde_abacbc", &["direct 202 answered", "blonde 203 answered"]),
        ("xfer_blonde/xfer_blonde_abbcac", &["direct +31150010001 answered", "blonde 202 answered"]),
        ("xfer_blonde/xfer_blonde_group_b", &["direct +31150010001 answered", "blonde 401 answered"]),
        // The phone passes the call on to 202, in the same unit.
        ("xfer_misc/call_forwarding", &["direct +31150010001 answered_elsewhere"]),
        ("xfer_misc/sip_pickup", &["direct 202 answered_elsewhere"]),
    ];
    let mut wrong = Vec::new();
    for (name, expected) in expected {
        let said = said(&samples.join("asterisk-ami-json").join(format!("{name}.json")));
        if said != expected {
            wrong.push(format!("{name}: {said:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// What a stretch of the wire tells, in words.
fn told(name: &str) -> Option<Vec<String>> {
    let wire = std::fs::read(samples()?.join(format!("asterisk-ami-wire/{name}.txt"))).unwrap();
    let events = decode(&mut Ami::default(), &wire, 61);
    let words = |event: &CallEvent| match &event.kind {
        EventKind::AgentChanged { agent, queue, state } => {
            format!("{agent} {} {}", queue.as_deref().unwrap_or("-"), state.as_str())
        }
        EventKind::QueueSnapshot { queue, waiting, .. } => format!("{waiting} wait in {queue}"),
        other => format!("{other:?}"),
    };
    Some(events.iter().map(words).collect())
}

#[test]
fn thirteen_stretches_of_the_wire() {
    if samples().is_none() {
        return;
    }
    let queue = "xxxxxxxxxxxxxxxx-tous";
    let ready = |agent: &str| format!("Agent/{agent} {queue} available");
    let mut members = vec![format!("0 wait in {queue}")];
    members.extend(["220", "213", "859", "214", "333"].map(ready));
    members.push(format!("Agent/999 {queue} paused"));
    let mut wrong = Vec::new();
    let expected: [(&str, Vec<String>); 13] = [
        // Some minutes of a switch on which somebody logs in as 402, whose phone is busy meanwhile.
        (
            "agent_loggued_in",
            ["401 general_queue available", "402 general_queue busy"]
                .into_iter()
                .chain(["402 general_queue available"; 2])
                .map(|words| format!("Agent/{words}"))
                .collect(),
        ),
        // Answers to what others ask tell of no call.
        ("asyncagi_channel_does_not_exist", vec![]),
        ("asyncagi_get_var", vec![]),
        ("login_md5", vec![]),
        ("login_ok", vec![]),
        ("logoff", vec![]),
        ("originate_sync", vec![]),
        ("ping", vec![]),
        ("pjsip_show_endpoint", vec![]),
        ("queue_add", vec![]),
        ("queue_status", members),
        ("rasterisk_command", vec![]),
        ("sip_notify", vec![]),
    ];
    for (name, expected) in expected {
        let told = told(name).unwrap();
        if told != expected {
            wrong.push(format!("{name}: {told:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_login_in_the_words_of_another_switch() {
    let Some(samples) = samples() else { return };
    let mut settings = SourceSettings::named("vaxel", "asterisk_ami");
    settings.user = Some("servicegrad".into());
    let mut conversation = Conversation::new(&settings, "hemlig");
    let mut batch = Batch::of(SourceId(0));
    let mut hears = |conversation: &mut Conversation, name: &str, question: &str| {
        let wire = std::fs::read_to_string(samples.join(format!("asterisk-ami-wire/{name}.txt"))).unwrap();
        let wire = wire.replace("action/transaction_uid/1/1", question);
        conversation.feed(wire.as_bytes(), Moment(1_409_169_927_412), &mut batch);
        String::from_utf8(conversation.say()).unwrap()
    };
    conversation.connected(Moment(0));
    // The digest of 145769581 and the secret, by `printf 145769581hemlig | md5sum`.
    let said = hears(&mut conversation, "login_md5", "sg-challenge");
    assert!(said.contains("Key: 80a261e85f96e45cf0fdb029707c8874\r\n") && !said.contains("hemlig"), "{said}");
    let said = hears(&mut conversation, "login_ok", "sg-login");
    let asked: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("Action: ")).collect();
    // The banner comes once more in this capture, and with it a challenge is asked for.
    assert_eq!(asked, ["Challenge", "Ping", "CoreSettings", "QueueStatus", "CoreShowChannels"]);
    // Its clock is two seconds ahead.
    hears(&mut conversation, "ping", "sg-ping-1");
    assert_eq!(conversation.findings().clock_ahead_ms, Some(2_000));
    assert_eq!(conversation.findings().queues, Vec::<String>::new());
    hears(&mut conversation, "queue_status", "sg-queues");
    assert_eq!(conversation.findings().queues, ["xxxxxxxxxxxxxxxx-tous"]);
}
