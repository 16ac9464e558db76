//! FreeSWITCH's event socket: stories of channels and queues as the switch tells them, what they come
//! to written down by hand; and a played switch against the calls that it plays.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use servicegrad::call::fact::CallFacts;
use servicegrad::directory::{Directory, OrganisationSettings, QueueSettings, UnitRow, Units};
use servicegrad::event::CallEvent;
use servicegrad::names::CallName;
use servicegrad::simulate::esl::EslVoice;
use servicegrad::simulate::{Scenario, Switchboard};
use servicegrad::source::freeswitch_esl::Esl;

use crate::asterisk::{decode, facts};
use crate::story::{ZONE, at};

/// Queues `vaxel` and `social@default`, a unit on 7100 to 7199, another on 7300.
fn house() -> Arc<Directory> {
    let unit = |from: &str, to: &str, name: &str| UnitRow {
        from: from.into(),
        to: to.into(),
        unit: name.into(),
        title: String::new(),
        organisation: "kommun".into(),
        valid_from: String::new(),
        valid_to: String::new(),
    };
    let organisation = OrganisationSettings { name: "kommun".into(), title: None };
    let units = Units::check(&[organisation], &[unit("7100", "7199", "social"), unit("7300", "", "skola")], ZONE);
    let queue = |name: &str| QueueSettings::named(name).check(ZONE, None).unwrap();
    Arc::new(Directory::new(ZONE, vec!["vaxel".into()], vec![queue("vaxel"), queue("it")], units.unwrap()).unwrap())
}

/// A story as an event socket tells it: a line is `time EVENT key=value…`. Short keys stand for the
/// switch's own.
fn wire(story: &str) -> Vec<u8> {
    const KEYS: [(&str, &str); 17] = [
        ("id", "Unique-ID"),
        ("name", "Channel-Name"),
        ("way", "Call-Direction"),
        ("dest", "Caller-Destination-Number"),
        ("maker", "variable_originator"),
        ("loop", "variable_other_loopback_leg_uuid"),
        ("a", "Bridge-A-Unique-ID"),
        ("b", "Bridge-B-Unique-ID"),
        ("cause", "Hangup-Cause"),
        ("notes", "variable_transfer_history"),
        ("why", "variable_originate_disposition"),
        ("app", "variable_current_application"),
        ("queue", "CC-Queue"),
        ("member", "CC-Member-Session-UUID"),
        ("agent", "CC-Agent-UUID"),
        ("reason", "CC-Cancel-Reason"),
        ("answer", "Answer-State"),
    ];
    let mut text = String::new();
    let lines = story.lines().map(str::trim).filter(|line| !line.is_empty());
    for (sequence, line) in lines.enumerate() {
        let mut words = line.split_whitespace();
        let (time, event) = (words.next().unwrap(), words.next().unwrap());
        let action = event.chars().next().unwrap().is_ascii_lowercase();
        let name = if action { "CUSTOM" } else { event };
        let mut body = format!(
            "Event-Name: {name}\nCore-UUID: core\nEvent-Date-Timestamp: {}000\nEvent-Sequence: {sequence}\n",
            at(time).0
        );
        if action {
            write!(body, "Event-Subclass: callcenter%3A%3Ainfo\nCC-Action: {event}\n").unwrap();
        }
        for word in words {
            let (key, value) = word.split_once('=').unwrap();
            let key = KEYS.iter().find(|(short, _)| *short == key).map_or(key, |(_, own)| own);
            writeln!(body, "{key}: {}", value.replace('|', "%7C").replace('@', "%40")).unwrap();
        }
        body.push('\n');
        write!(text, "Content-Length: {}\nContent-Type: text/event-plain\n\n{body}", body.len()).unwrap();
    }
    text.into_bytes()
}

fn words(facts: &CallFacts) -> Vec<String> {
    let visits = facts.visits.iter().map(|visit| {
        let wait = visit.wait.map_or(String::new(), |wait| format!(" {}", wait.ms()));
        format!("visit {}{wait}", visit.outcome.map_or("open", |outcome| outcome.as_str()))
    });
    let legs = facts.legs.iter().map(|leg| {
        let given_back = if leg.not_completed { " and given back" } else { "" };
        format!("{} {} {}{given_back}", leg.kind.as_str(), leg.target, leg.outcome.map_or("open", |o| o.as_str()))
    });
    visits.chain(legs).collect()
}

/// What is said of all calls of a stream, which is the same however it is torn.
pub(crate) fn said(house: &Arc<Directory>, stream: &[u8]) -> Vec<String> {
    let events = decode(&mut Esl::default(), stream, usize::MAX);
    for pieces in [1, 7, 61] {
        assert_eq!(decode(&mut Esl::default(), stream, pieces), events);
    }
    facts(house, &events).values().flat_map(words).collect()
}

/// The same, with who sent each transfer.
fn senders(facts: &CallFacts) -> Vec<String> {
    let sent = facts.legs.iter().map(|leg| format!("from {:?} of {:?}", leg.queue, leg.unit));
    words(facts).into_iter().chain(sent).collect()
}

fn told(story: &str) -> Vec<String> {
    said(&house(), &wire(story))
}

/// Caller `c` waits, and 1001's phone `g` answers after ten seconds.
const ANSWERED: &str = "
    08:00:00 CHANNEL_CREATE id=c way=inbound name=sofia/external/0950@10.0.0.9 dest=600
    08:00:01 member-queue-start id=c way=inbound member=c queue=vaxel
    08:00:05 agent-offering member=c queue=vaxel CC-Agent=anna
    08:00:05 CHANNEL_CREATE id=g way=outbound name=sofia/internal/1001@10.0.0.5:5060 dest=1001 variable_cc_side=agent variable_cc_member_session_uuid=c
    08:00:10.900 CHANNEL_ANSWER id=g
    08:00:11 bridge-agent-start id=g member=c queue=vaxel CC-Agent=anna agent=g
    08:00:11.250 CHANNEL_BRIDGE a=g b=c id=g
";

fn after_answer(rest: &str) -> Vec<String> {
    told(&format!("{ANSWERED}{rest}"))
}

#[test]
fn the_wait_ends_when_the_caller_hears_the_attendant() {
    let over = "08:01:00 CHANNEL_HANGUP_COMPLETE id=g cause=NORMAL_CLEARING variable_sip_hangup_disposition=recv_bye
        08:01:00.100 bridge-agent-end id=g member=c queue=vaxel CC-Agent-Bridged=true
        08:01:00.100 member-queue-end id=c member=c queue=vaxel CC-Cause=Terminated
        08:01:00.200 CHANNEL_HANGUP_COMPLETE id=c cause=NORMAL_CLEARING";
    assert_eq!(after_answer(over), ["visit answered 10250"]);
}

#[test]
fn an_attendant_who_answers_and_is_never_joined_has_not_answered() {
    let denied = "
        08:00:01 member-queue-start id=c way=inbound member=c queue=vaxel
        08:00:11 bridge-agent-start id=g member=c queue=vaxel CC-Agent=anna agent=g
        08:00:12 bridge-agent-end id=g member=c queue=vaxel CC-Agent-Bridged=false
        08:00:20 member-queue-end id=c member=c queue=vaxel CC-Cause=Cancel reason=BREAK_OUT answer=hangup";
    assert_eq!(told(denied), ["visit abandoned 19000"]);
    // Without the bridge's own word, the queue's at the end is believed.
    let confirmed = "
        08:00:01 member-queue-start id=c way=inbound member=c queue=vaxel
        08:00:11 bridge-agent-start id=g member=c queue=vaxel CC-Agent=anna agent=g
        08:02:00 bridge-agent-end id=g member=c queue=vaxel CC-Agent-Bridged=true";
    assert_eq!(told(confirmed), ["visit answered 10000"]);
}

#[test]
fn ways_out_of_the_queue() {
    let left = |reason: &str| {
        told(&format!(
            "08:00:01 member-queue-start id=c way=inbound member=c queue=vaxel
             08:00:31 member-queue-end id=c member=c queue=vaxel CC-Cause=Cancel {reason}"
        ))
    };
    assert_eq!(left("reason=TIMEOUT answer=answered"), ["visit overflowed 30000"]);
    assert_eq!(left("reason=NO_AGENT_TIMEOUT answer=answered"), ["visit overflowed 30000"]);
    assert_eq!(left("reason=EXIT_WITH_KEY answer=answered"), ["visit key_exit 30000"]);
    assert_eq!(left("reason=BREAK_OUT answer=hangup"), ["visit abandoned 30000"]);
    assert_eq!(left("reason=NONE cause=ORIGINATOR_CANCEL"), ["visit abandoned 30000"]);
    let gone = |ms: &str| {
        left(&format!(
            "reason=BREAK_OUT answer=answered
             08:00:31.{ms} CHANNEL_HANGUP_COMPLETE id=c cause=NORMAL_CLEARING variable_sip_hangup_disposition=recv_bye"
        ))
    };
    // Broken out and gone at once; broken out and moved by somebody; broken out and in another queue.
    assert_eq!(gone("400"), ["visit abandoned 30000"]);
    assert_eq!(gone("900"), ["visit system 30000"]);
    assert_eq!(
        left("reason=BREAK_OUT answer=answered\n08:00:31.200 member-queue-start id=c member=c queue=it"),
        ["visit overflowed 30000", "visit open"]
    );
}

/// Blind to 7100: the note, the attendant's end, and the unit's phone `u`.
const BLIND: &str = "
    08:01:00 CHANNEL_UNBRIDGE id=c way=inbound notes=ARRAY::1772434860:p1:bl_xfer:7100/default/XML
    08:01:00 CHANNEL_HANGUP_COMPLETE id=g cause=BLIND_TRANSFER
    08:01:00.100 CHANNEL_CREATE id=u way=outbound name=sofia/internal/7100@10.0.0.77 dest=7100 maker=c
    08:01:00.200 CHANNEL_PROGRESS id=u
";

fn after_blind(rest: &str) -> Vec<String> {
    let mut said = after_answer(&format!("{BLIND}{rest}"));
    assert_eq!(said.remove(0), "visit answered 10250");
    said
}

#[test]
fn a_blind_transfer_is_answered_when_caller_and_unit_share_a_bridge() {
    let answered = "08:01:08 CHANNEL_ANSWER id=u
        08:01:08 CHANNEL_BRIDGE a=c b=u id=c
        08:03:00 CHANNEL_HANGUP_COMPLETE id=u cause=NORMAL_CLEARING
        08:03:00 CHANNEL_HANGUP_COMPLETE id=c cause=NORMAL_CLEARING";
    assert_eq!(after_blind(answered), ["blind 7100 answered"]);
    // Joined on early media, answered later.
    let early = "08:01:03 CHANNEL_BRIDGE a=c b=u id=c\n08:01:08 CHANNEL_ANSWER id=u";
    assert_eq!(after_blind(early), ["blind 7100 answered"]);
    // The phone answers, is asked whether it wants the call, and does not.
    let asked = "08:01:08 CHANNEL_ANSWER id=u
        08:01:18 CHANNEL_HANGUP_COMPLETE id=u cause=NORMAL_CLEARING
        08:01:19 CHANNEL_HANGUP_COMPLETE id=c cause=NO_ANSWER variable_sip_hangup_disposition=send_bye";
    assert_eq!(after_blind(asked), ["blind 7100 no_answer_dropped"]);
}

#[test]
fn causes_of_a_transfer_that_nobody_answers() {
    let ends = |cause: &str| {
        after_blind(&format!(
            "08:01:26 CHANNEL_HANGUP_COMPLETE id=u cause={cause}
             08:01:27 CHANNEL_HANGUP_COMPLETE id=c cause={cause} variable_sip_hangup_disposition=send_bye"
        ))
    };
    for (cause, outcome) in [
        ("USER_BUSY", "busy"),
        ("NO_USER_RESPONSE", "no_answer_dropped"),
        ("NO_ANSWER", "no_answer_dropped"),
        ("ALLOTTED_TIMEOUT", "no_answer_dropped"),
        ("CALL_REJECTED", "rejected"),
        ("USER_NOT_REGISTERED", "unreachable"),
        ("UNALLOCATED_NUMBER", "unreachable"),
        ("ORIGINATOR_CANCEL", "caller_hung_up"),
    ] {
        assert_eq!(ends(cause), [format!("blind 7100 {outcome}")], "{cause}");
    }
}

#[test]
fn a_unit_whose_phone_is_not_registered_rings_nothing_and_counts_all_the_same() {
    let nothing = "
        08:01:00 CHANNEL_UNBRIDGE id=c way=inbound notes=1772434860:p1:bl_xfer:7300/default/XML
        08:01:00 CHANNEL_HANGUP_COMPLETE id=g cause=BLIND_TRANSFER
        08:01:01 CHANNEL_HANGUP_COMPLETE id=c cause=USER_NOT_REGISTERED why=USER_NOT_REGISTERED";
    assert_eq!(after_answer(nothing), ["visit answered 10250", "blind 7300 unreachable"]);
    // The attendant asks first, in vain, and is still talking to the caller.
    let asked = "
        08:00:30 CHANNEL_CREATE id=q way=inbound name=sofia/internal/1001@10.0.0.5:5060 dest=7300
        08:00:31 CHANNEL_HANGUP_COMPLETE id=q cause=USER_BUSY why=USER_BUSY";
    assert_eq!(after_answer(asked), ["visit answered 10250", "attended 7300 busy"]);
}

#[test]
fn in_a_group_any_answer_wins_and_wrappers_are_no_phones() {
    let group = "
        08:01:00.100 CHANNEL_CREATE id=l way=outbound name=loopback/7101-a dest=7101 maker=c
        08:01:00.100 CHANNEL_CREATE id=m way=inbound name=loopback/7101-b dest=7101 loop=l
        08:01:00.200 CHANNEL_CREATE id=v way=outbound name=sofia/internal/7101@10.0.0.78 dest=7101 maker=m
        08:01:03 CHANNEL_HANGUP_COMPLETE id=u cause=USER_BUSY
        08:01:08 CHANNEL_ANSWER id=v
        08:01:08 CHANNEL_BRIDGE a=m b=v id=m
        08:01:08 CHANNEL_ANSWER id=l
        08:01:08 CHANNEL_BRIDGE a=c b=l id=c";
    assert_eq!(after_blind(group), ["blind 7100 answered"]);
    let nobody = "
        08:01:00.100 CHANNEL_CREATE id=v way=outbound name=sofia/internal/7101@10.0.0.78 dest=7101 maker=c
        08:01:03 CHANNEL_HANGUP_COMPLETE id=u cause=USER_BUSY
        08:01:30 CHANNEL_HANGUP_COMPLETE id=v cause=NO_ANSWER";
    assert_eq!(after_blind(nobody), ["blind 7100 no_answer_dropped"]);
}

#[test]
fn a_colleague_a_mobile_and_a_machine() {
    let colleague = "08:01:05 CHANNEL_CREATE id=x way=inbound name=sofia/internal/7102@10.0.0.79 dest=*8
        08:01:05 CHANNEL_HANGUP_COMPLETE id=u cause=PICKED_OFF
        08:01:05 CHANNEL_BRIDGE a=c b=x id=c";
    assert_eq!(after_blind(colleague), ["blind 7100 answered_elsewhere"]);
    let mobile = "08:01:20 CHANNEL_HANGUP_COMPLETE id=u cause=NO_ANSWER
        08:01:20 CHANNEL_CREATE id=x way=outbound name=sofia/external/0701@10.0.0.9 dest=0701 maker=c
        08:01:29 CHANNEL_ANSWER id=x
        08:01:29 CHANNEL_BRIDGE a=c b=x id=c";
    assert_eq!(after_blind(mobile), ["blind 7100 answered_external"]);
    let machine = "08:01:20 CHANNEL_HANGUP_COMPLETE id=u cause=NO_ANSWER
        08:01:50 CHANNEL_HANGUP_COMPLETE id=c cause=NORMAL_CLEARING app=voicemail";
    assert_eq!(after_blind(machine), ["blind 7100 voicemail"]);
}

#[test]
fn an_unanswered_transfer_that_comes_back_is_a_recall() {
    let back = "08:01:25 CHANNEL_HANGUP_COMPLETE id=u cause=NO_ANSWER
        08:01:26 member-queue-start id=c way=inbound member=c queue=vaxel notes=ARRAY::1772434860:p1:bl_xfer:7100/default/XML|:1772434885:p2:bl_xfer:600/default/XML
        08:01:40 member-queue-end id=c member=c queue=vaxel CC-Cause=Cancel reason=BREAK_OUT answer=hangup";
    assert_eq!(
        after_answer(&format!("{BLIND}{back}"))[1..],
        ["visit abandoned 14000", "blind 7100 no_answer_recalled"]
    );
}

/// The attendant asks 7100 on a second line `q`.
const ASKED: &str = "
    08:00:30 CHANNEL_CREATE id=q way=inbound name=sofia/internal/1001@10.0.0.5:5060 dest=7100
    08:00:30 CHANNEL_CREATE id=u way=outbound name=sofia/internal/7100@10.0.0.77 dest=7100 maker=q
    08:00:30.200 CHANNEL_PROGRESS id=u
";

#[test]
fn units_that_are_asked_first() {
    let asked = |rest: &str| after_answer(&format!("{ASKED}{rest}"))[1..].to_vec();
    let completed = "08:00:36 CHANNEL_ANSWER id=u
        08:00:36 CHANNEL_BRIDGE a=q b=u id=q
        08:00:50 CHANNEL_BRIDGE a=c b=u id=c notes=1772434850:p1:att_xfer:1001@h/7100@h
        08:00:50 CHANNEL_HANGUP_COMPLETE id=q cause=ATTENDED_TRANSFER
        08:00:50 CHANNEL_HANGUP_COMPLETE id=g cause=ATTENDED_TRANSFER
        08:03:00 CHANNEL_HANGUP_COMPLETE id=u cause=NORMAL_CLEARING
        08:03:00 CHANNEL_HANGUP_COMPLETE id=c cause=NORMAL_CLEARING";
    assert_eq!(asked(completed), ["attended 7100 answered"]);
    let let_go = "08:00:33 CHANNEL_HANGUP_COMPLETE id=q cause=ATTENDED_TRANSFER
        08:00:33 CHANNEL_HANGUP_COMPLETE id=g cause=ATTENDED_TRANSFER
        08:00:40 CHANNEL_ANSWER id=u
        08:00:40 CHANNEL_BRIDGE a=c b=u id=c";
    assert_eq!(asked(let_go), ["blonde 7100 answered"]);
    let declined = "08:00:36 CHANNEL_ANSWER id=u
        08:00:36 CHANNEL_BRIDGE a=q b=u id=q
        08:00:50 CHANNEL_HANGUP_COMPLETE id=u cause=NORMAL_CLEARING
        08:00:50 CHANNEL_HANGUP_COMPLETE id=q cause=NORMAL_CLEARING";
    assert_eq!(asked(declined), ["attended 7100 answered and given back"]);
    let thought_better = "08:00:33 CHANNEL_HANGUP_COMPLETE id=u cause=ORIGINATOR_CANCEL";
    assert_eq!(asked(thought_better), ["attended 7100 withdrawn"]);
    let rang_out = "08:00:55 CHANNEL_HANGUP_COMPLETE id=u cause=ORIGINATOR_CANCEL";
    assert_eq!(asked(rang_out), ["attended 7100 no_answer_dropped"]);
    // By keys on the attendant's own channel.
    let by_keys = "
        08:00:30 CHANNEL_CREATE id=w way=outbound name=sofia/internal/7101@10.0.0.78 dest=7101 maker=g
        08:00:36 CHANNEL_ANSWER id=w
        08:00:36 CHANNEL_BRIDGE a=g b=w id=g
        08:00:50 CHANNEL_BRIDGE a=c b=w id=c";
    assert_eq!(after_answer(by_keys)[1..], ["attended 7101 answered"]);
}

#[test]
fn a_unit_with_a_queue_of_its_own() {
    let sent = "
        08:01:00 CHANNEL_UNBRIDGE id=c way=inbound notes=1772434860:p1:bl_xfer:7100/default/XML
        08:01:00 CHANNEL_HANGUP_COMPLETE id=g cause=BLIND_TRANSFER
        08:01:01 member-queue-start id=c way=inbound member=c queue=social@default";
    let answered = "
        08:01:20 bridge-agent-start id=s member=c queue=social@default agent=s
        08:01:20 CHANNEL_BRIDGE a=s b=c id=s";
    assert_eq!(after_answer(&format!("{sent}{answered}"))[1..], ["blind 7100 answered"]);
    let left = "
        08:02:01 member-queue-end id=c member=c queue=social@default CC-Cause=Cancel reason=TIMEOUT answer=answered";
    assert_eq!(after_answer(&format!("{sent}{left}"))[1..], ["blind 7100 no_answer_dropped"]);
    // Back in the queue that the caller came from: nobody was reached at the unit.
    let back = sent.replace("social@default", "vaxel");
    assert_eq!(after_answer(&back)[1..], ["visit open", "blind 7100 unreachable"]);
}

#[test]
fn a_call_that_no_attendant_sent_is_direct_and_the_dialplan_moves_nobody() {
    let direct = "
        08:00:00 CHANNEL_CREATE id=c way=inbound name=sofia/external/0950@10.0.0.9 dest=7100
        08:00:00.100 CHANNEL_CREATE id=u way=outbound name=sofia/internal/7100@10.0.0.77 dest=7100 maker=c notes=1772434860:p1:bl_xfer:7100/default/XML
        08:00:08 CHANNEL_ANSWER id=u
        08:00:08 CHANNEL_BRIDGE a=c b=u id=c notes=1772434860:p1:bl_xfer:7100/default/XML";
    assert_eq!(told(direct), ["direct 7100 answered"]);
}

#[test]
fn a_park_queue_of_mod_fifo() {
    let fifo = |rest: &str| {
        let stream = String::from_utf8(wire(rest)).unwrap();
        // The stories' short form says callcenter; a queue of mod_fifo says fifo, of the same length.
        let fifo = stream.replace(
            "Event-Subclass: callcenter%3A%3Ainfo\nCC-Action: ",
            "Event-Subclass: fifo%3A%3Ainfo\nX-Padding: _\nFIFO-Action: ",
        );
        let mut out = String::new();
        for packet in fifo.split("Content-Length: ").skip(1) {
            let (_, body) = packet.split_once("\n\n").unwrap();
            write!(out, "Content-Length: {}\nContent-Type: text/event-plain\n\n{body}", body.len()).unwrap();
        }
        said(&house(), out.as_bytes())
    };
    let answered = "08:00:01 push id=c way=inbound FIFO-Name=vaxel
        08:00:13 bridge-caller-start id=c FIFO-Name=vaxel Other-Leg-Unique-ID=g
        08:01:13 bridge-caller-stop id=c FIFO-Name=vaxel";
    assert_eq!(fifo(answered), ["visit answered 12000"]);
    let gone = "08:00:01 push id=c way=inbound FIFO-Name=vaxel\n08:00:09 abort id=c FIFO-Name=vaxel";
    assert_eq!(fifo(gone), ["visit abandoned 8000"]);
}

#[test]
fn a_word_told_twice_is_heard_once_and_another_start_is_a_restart() {
    let waits = "08:00:01 member-queue-start id=c way=inbound member=c queue=vaxel";
    let mut twice = wire(waits);
    twice.extend(wire(waits));
    assert_eq!(said(&house(), &twice), ["visit open"]);
    let later = wire("08:05:00 HEARTBEAT id=");
    let anew = String::from_utf8(later).unwrap().replace("Core-UUID: core", "Core-UUID: anew");
    twice.extend(anew.as_bytes());
    assert_eq!(said(&house(), &twice), ["visit lost"]);
}

/// Two hours of the model customer, and what a played switch says of them in one of the two forms.
fn played(seed: u64, form: &str) -> (Vec<CallEvent>, Vec<u8>) {
    let scenario = Scenario::municipal().around_the_clock().busier(3.0);
    let from = at("08:00:00");
    let told = Switchboard::new(scenario, seed, from).advance(from.plus_ms(2 * 3_600_000));
    let events: Vec<CallEvent> = told.into_iter().map(|told| told.event).collect();
    let mut voice = EslVoice::default();
    let said = events.iter().flat_map(|event| voice.tell(event)).filter(|said| said.text.contains(form));
    let stream = said.map(|said| said.text).collect::<String>().into_bytes();
    (events, stream)
}

fn model_house() -> Arc<Directory> {
    let organisations =
        Scenario::ORGANISATIONS.map(|(name, _)| OrganisationSettings { name: name.into(), title: None });
    let units = Units::check(&organisations, &Scenario::unit_rows(), ZONE).unwrap();
    let queue = |name: &str| QueueSettings::named(name).check(ZONE, None).unwrap();
    let queues = vec![queue("kundtjanst"), queue("itsupport")];
    Arc::new(Directory::new(ZONE, vec!["vaxel".into()], queues, units).unwrap())
}

#[test]
fn two_hours_of_a_played_switch_are_its_calls_visit_by_visit_and_leg_by_leg() {
    for seed in 1..=20 {
        let (events, stream) = played(seed, "event-json");
        let house = model_house();
        let by_call = |facts: BTreeMap<CallName, CallFacts>| -> BTreeMap<CallName, Vec<String>> {
            facts
                .iter()
                .map(|(name, facts)| (name.clone(), senders(facts)))
                .filter(|(_, words)| !words.is_empty())
                .collect()
        };
        let plain = by_call(facts(&house, &events));
        let live = by_call(facts(&house, &decode(&mut Esl::default(), &stream, usize::MAX)));
        assert!(plain.len() > 200, "{}", plain.len());
        let wrong: Vec<_> = plain.iter().filter(|(name, words)| live.get(*name) != Some(words)).collect();
        for (name, words) in wrong.iter().take(10) {
            println!("{name}: should {words:?} is {:?}", live.get(*name));
        }
        assert_eq!(wrong.len(), 0, "seed {seed}");
        assert_eq!(live.len(), plain.len());
    }
}

#[test]
fn both_forms_of_the_wire_say_the_same_and_torn_anywhere() {
    let (_, json) = played(4, "event-json");
    let (_, plain) = played(4, "event-plain");
    let events = decode(&mut Esl::default(), &json, usize::MAX);
    assert!(events.len() > 1_000);
    for (stream, pieces) in [(&plain, usize::MAX), (&plain, 1), (&plain, 1460), (&json, 1), (&json, 61)] {
        assert!(decode(&mut Esl::default(), stream, pieces) == events, "in pieces of {pieces}");
    }
}
