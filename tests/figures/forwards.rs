//! A phone that passes its calls on: the unit has answered if they stay in it, and has not if another
//! unit gets them.

use std::fmt::Write as _;
use std::sync::Arc;

use servicegrad::call::fact::{CallFacts, LegOutcome};
use servicegrad::event::CallEvent;
use servicegrad::source::asterisk_ami::Ami;
use servicegrad::stats::unit_rates;

use crate::asterisk::{decode, facts};
use crate::story::{at, directory, told};

const SENT: &str = "08:00:00 a entered 600\n08:00:05 a answered 600\n08:01:00 a over\n08:01:00 a sent 7101\n";

#[test]
fn to_another_unit_counts_against_the_first_and_is_no_transfer_to_the_second() {
    for end in ["taken person", "taken other", "taken voicemail", "failed no_answer", "failed busy"] {
        let house = told(&format!("{SENT}08:01:04 a forwards 7300\n08:01:12 a {end}\n08:02:00 a ended"));
        let (first, second) = (house.unit("social"), house.unit("skola"));
        assert_eq!((first.transfers, first.outcome(LegOutcome::Forwarded)), (1, 1), "{end}");
        let rate = unit_rates::per_attempt(&first);
        assert_eq!((rate.met, rate.of, second.transfers), (0, 1, 0), "{end}");
    }
}

#[test]
fn within_the_unit_somebody_else_there_answers() {
    let outcome = |rest: &str| {
        let house = told(&format!("{SENT}{rest}"));
        *LegOutcome::ALL.iter().find(|outcome| house.unit("social").outcome(**outcome) == 1).unwrap()
    };
    assert_eq!(outcome("08:01:04 a forwards 7102\n08:01:12 a taken person"), LegOutcome::AnsweredElsewhere);
    assert_eq!(outcome("08:01:04 a forwards 7102\n08:01:29 a failed no_answer"), LegOutcome::NoAnswerDropped);
    // A mobile is of no unit: outside, and as the switch tells it.
    assert_eq!(outcome("08:01:04 a forwards 0701234567\n08:01:12 a taken external"), LegOutcome::AnsweredExternal);
}

fn legs(events: &[CallEvent]) -> Vec<String> {
    let word = |facts: &CallFacts| -> Vec<String> {
        let legs = facts.legs.iter();
        legs.map(|leg| format!("{} {}", leg.target, leg.outcome.map_or("open", |outcome| outcome.as_str()))).collect()
    };
    facts(&directory(|_| {}), events).values().flat_map(word).collect()
}

/// What an Asterisk says of a caller `c` who is sent to 7101, whose phone `u` passes the call on.
fn manager(forward: &str, phone: &str, status: &str) -> Vec<u8> {
    let story = format!(
        "08:00:00 Newchannel Uniqueid=c Linkedid=c Channel=PJSIP/trunk-1 ChannelState=4 Exten=600
         08:00:01 QueueCallerJoin Uniqueid=c Linkedid=c Channel=PJSIP/trunk-1 Queue=600
         08:00:02 DialBegin Uniqueid=c Channel=PJSIP/trunk-1 DestUniqueid=g DestChannel=PJSIP/1001-2 DestLinkedid=c
         08:00:09 DialEnd Uniqueid=c Channel=PJSIP/trunk-1 DestUniqueid=g DestChannel=PJSIP/1001-2 DialStatus=ANSWER
         08:00:09 QueueCallerLeave Uniqueid=c Channel=PJSIP/trunk-1 Queue=600
         08:00:09 AgentConnect Uniqueid=c Channel=PJSIP/trunk-1 DestUniqueid=g DestChannel=PJSIP/1001-2 Queue=600
         08:00:09 BridgeEnter Uniqueid=g Channel=PJSIP/1001-2
         08:00:09 BridgeEnter Uniqueid=c Channel=PJSIP/trunk-1
         08:01:00 BlindTransfer Result=Success TransfereeUniqueid=c TransfereeChannel=PJSIP/trunk-1 Extension=7101
         08:01:00 BridgeLeave Uniqueid=c Channel=PJSIP/trunk-1
         08:01:00 Hangup Uniqueid=g Channel=PJSIP/1001-2 Cause=16
         08:01:01 DialBegin Uniqueid=c Channel=PJSIP/trunk-1 DestUniqueid=u DestChannel=PJSIP/7101-3 DestLinkedid=c Exten=7101
         08:01:02 DialEnd Uniqueid=c Channel=PJSIP/trunk-1 DestUniqueid=u DestChannel=PJSIP/7101-3 DialStatus=CANCEL Forward={forward}
         08:01:02 DialBegin Uniqueid=c Channel=PJSIP/trunk-1 DestUniqueid=l DestChannel=Local/{forward}-4;1 DestLinkedid=c
         08:01:02 Hangup Uniqueid=u Channel=PJSIP/7101-3 Cause=0
         08:01:02 Newchannel Uniqueid=m Linkedid=c Channel=Local/{forward}-4;2 ChannelState=4
         08:01:03 DialBegin Uniqueid=m Channel=Local/{forward}-4;2 DestUniqueid=v DestChannel={phone}-5 DestLinkedid=c
         08:01:11 DialEnd Uniqueid=m Channel=Local/{forward}-4;2 DestUniqueid=v DestChannel={phone}-5 DialStatus={status}"
    );
    let over = if status == "ANSWER" {
        "08:01:11 BridgeEnter Uniqueid=v Channel=X\n08:01:11 BridgeEnter Uniqueid=c Channel=PJSIP/trunk-1"
    } else {
        "08:01:12 Hangup Uniqueid=v Channel=X Cause=19\n08:01:13 Hangup Uniqueid=c Channel=PJSIP/trunk-1 Cause=16"
    };
    let mut text = String::new();
    for line in story.lines().chain(over.lines()) {
        let mut words = line.split_whitespace();
        let ms = at(words.next().unwrap()).0;
        write!(text, "Event: {}\r\nTimestamp: {}.{:03}000\r\n", words.next().unwrap(), ms / 1000, ms % 1000).unwrap();
        for word in words {
            let (key, value) = word.split_once('=').unwrap();
            write!(text, "{key}: {value}\r\n").unwrap();
        }
        text.push_str("\r\n");
    }
    text.into_bytes()
}

#[test]
fn an_asterisk_tells_where_a_phone_forwards_to() {
    let told = |forward: &str, phone: &str, status: &str| {
        legs(&decode(&mut Ami::default(), &manager(forward, phone, status), usize::MAX))
    };
    assert_eq!(told("7300@enheter", "PJSIP/7300", "ANSWER"), ["7101 forwarded"]);
    assert_eq!(told("7300@enheter", "PJSIP/7300", "NOANSWER"), ["7101 forwarded"]);
    assert_eq!(told("7102@enheter", "PJSIP/7102", "ANSWER"), ["7101 answered_elsewhere"]);
    assert_eq!(told("7102@enheter", "PJSIP/7102", "NOANSWER"), ["7101 no_answer_dropped"]);
    assert_eq!(told("0701234567@ut", "PJSIP/trunk", "ANSWER"), ["7101 answered_external"]);
}

#[test]
fn its_channel_event_log_tells_the_same() {
    let told = |to: &str| {
        legs(&crate::cel::with_applications(&format!(
            r#"
        00.000 CHAN_START d 600 - - -
        01.000 APP_START  d 600 Queue 600,t -
        01.100 CHAN_START d.a1007 s - - -
        03.000 ANSWER     d.a1007 600 AppQueue - -
        03.010 BRIDGE_ENTER d.a1007 600 AppQueue - {{"bridge_id":"x"}}
        03.011 BRIDGE_ENTER d 600 Queue 600,t {{"bridge_id":"x"}}
        10.000 BLINDTRANSFER d.a1007 600 AppQueue - {{"extension":"7101","bridge_id":"x","transferee_channel_uniqueid":"d"}}
        10.001 BRIDGE_EXIT d 600 Queue 600,t {{"bridge_id":"x"}}
        10.002 HANGUP     d.a1007 600 AppQueue - {{"hangupcause":16,"hangupsource":"PJSIP/a1007-d"}}
        10.003 APP_START  d 7101 Dial PJSIP/u7101 -
        10.010 CHAN_START d.u7101 s - - -
        10.900 FORWARD    d 7101 Dial PJSIP/u7101 {{"forward":"{to}@enheter"}}
        10.910 CHAN_START d.u{to} s - - -
        10.920 HANGUP     d.u7101 7101 AppDial - {{"hangupcause":0,"hangupsource":"","dialstatus":""}}
        15.000 ANSWER     d.u{to} 7101 AppDial - -
        15.001 BRIDGE_ENTER d.u{to} 7101 AppDial - {{"bridge_id":"y"}}
        15.002 BRIDGE_ENTER d 7101 Dial PJSIP/u7101 {{"bridge_id":"y"}}
        "#
        )))
    };
    assert_eq!(told("7300"), ["7101 forwarded"]);
    assert_eq!(told("7102"), ["7101 answered_elsewhere"]);
}

#[test]
fn a_monitor_in_csta_tells_the_same() {
    let frames = |from: &str, to: &str| -> Vec<CallEvent> {
        let text = std::fs::read_to_string("tests/data/csta/truth.txt").unwrap();
        // The call that a colleague picks up, forwarded by the phone instead.
        crate::csta::told_from(&text.replace("callPickup", "callForwardImmediate").replace(from, to)).events
    };
    let outcome = |to: &str, house: &Arc<servicegrad::directory::Directory>| {
        let facts = facts(house, &frames("7101", to));
        let legs = facts.iter().filter(|(name, _)| name.starts_with("111@")).flat_map(|(_, facts)| &facts.legs);
        legs.map(|leg| leg.outcome.map_or("open", |outcome| outcome.as_str()).to_owned()).collect::<Vec<_>>()
    };
    let house = crate::csta::switchboard();
    assert_eq!(outcome("7101", &house), ["answered_elsewhere"]);
    assert_eq!(outcome("8101", &house), ["forwarded"]);
}
