//! Captures of other people's FreeSWITCHes, read where they lie, and a conversation with a played one.

use std::path::Path;

use servicegrad::event::CallEvent;
use servicegrad::measure::Moment;
use servicegrad::names::SourceId;
use servicegrad::simulate::Spoken;
use servicegrad::simulate::esl_switch::{EslSwitch, Session};
use servicegrad::source::freeswitch_cdr::Cdr;
use servicegrad::source::freeswitch_cdr::record::Record;
use servicegrad::source::freeswitch_esl::event::Event;
use servicegrad::source::freeswitch_esl::packet::Packets;
use servicegrad::source::freeswitch_esl::{Conversation, Esl};
use servicegrad::source::{Batch, Decode, Dialogue, SourceSettings, Standing};

use crate::asterisk::decode;
use crate::captures::samples;
use crate::story::{at, events};

fn read(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join("freeswitch-esl").join(name)).unwrap()
}

/// The body of a packet that was captured without its header.
fn framed(body: &[u8]) -> Vec<u8> {
    let head = format!("Content-Length: {}\nContent-Type: text/event-plain\n\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Everything that was captured, as one connection would say it. Where the captures end without the
/// empty line that stood there, it is put back; a backslash at the end of a part is where it was cut.
fn connection(folder: &Path) -> Vec<u8> {
    let mut stream = read(folder, "command_reply.txt");
    stream.push(b'\n');
    for part in 1..=7 {
        let text = read(folder, &format!("command_reply_and_event_part{part}.txt"));
        stream.extend_from_slice(text.strip_suffix(b"\\").unwrap_or(&text));
    }
    stream.push(b'\n');
    for (head, body) in [("channel_state_header.txt", "channel_state.txt"), ("disconnect_header.txt", "disconnect.txt")]
    {
        stream.extend(read(folder, head));
        stream.push(b'\n');
        stream.extend(read(folder, body));
        if head.starts_with("channel_state") {
            stream.push(b'\n');
        }
    }
    stream.extend(framed(&read(folder, "channel_data.txt")));
    stream.extend(framed(&read(folder, "channel_hangup_complete_cgrates.txt")));
    stream
}

/// What the packets of a stream are, in the pieces that it comes in.
fn packets(stream: &[u8], pieces: usize) -> Vec<String> {
    let (mut cutter, mut told) = (Packets::default(), Vec::new());
    for piece in stream.chunks(pieces) {
        cutter.cut(piece, |packet| {
            let packet = packet.unwrap();
            let event = Event::plain(packet.body);
            told.push(match packet.content_type() {
                "text/event-plain" => [
                    event.get("Event-Name"),
                    event.get("Event-Sequence"),
                    event.get("Event-Date-Timestamp"),
                    event.first(&["Channel-Name", "Channel-Channel-Name"]),
                    event.get("Caller-Destination-Number"),
                    event.get("Hangup-Cause"),
                ]
                .join(" "),
                kind => format!("{kind} {} {}", packet.get("Reply-Text"), packet.body.len()),
            });
        });
    }
    assert_eq!(cutter.pending_bytes(), 0);
    told
}

#[test]
fn what_other_peoples_switches_said() {
    let Some(samples) = samples() else { return };
    let stream = connection(&samples);
    let expected = [
        "command/reply +OK 0",
        "command/reply +OK 0",
        "CHANNEL_EXECUTE_COMPLETE 4681 1541606351045444 sofia/external/nobody@192.168.1.235:5060 123 ",
        // A switch of 2007, which did not count its events.
        "CHANNEL_STATE  1197865998931097 sofia/default/1006@10.0.1.250:5060  ",
        "text/disconnect-notice  67",
        "CHANNEL_DATA 32945 1513762589272060 sofia/internal/1000@192.168.1.146:5060 222 ",
        "CHANNEL_HANGUP_COMPLETE 1035 1436280794030635 sofia/cgrtest/1001@127.0.0.1 1003 NORMAL_CLEARING",
    ];
    for pieces in [usize::MAX, 1, 61, 1460] {
        assert_eq!(packets(&stream, pieces), expected, "in pieces of {pieces}");
    }
    // None of them is of a call that was seen to begin, so nothing may be told of one; that they are of
    // four different switches is told as restarts.
    for pieces in [usize::MAX, 1, 61] {
        let told: Vec<&str> =
            decode(&mut Esl::default(), &stream, pieces).iter().map(|event| event.kind.type_name()).collect();
        assert_eq!(told, ["source.started"; 3]);
    }
}

/// Our own sample: one connection of a played switch, in the JSON form.
#[test]
fn the_sample_of_our_own_comes_to_its_figures() {
    let stream = std::fs::read("tests/data/freeswitch_esl/morning.esl").unwrap();
    let mut house = crate::story::House::new(crate::recordings::switchboard());
    house.take(&decode(&mut Esl::default(), &stream, usize::MAX));
    house.end();
    assert_eq!(
        crate::story::words(&house.queue("kundtjanst").counts),
        "offered 4, answered 2, abandoned 1, overflowed 1"
    );
    assert_eq!(house.queue("kundtjanst").counts.wait_answered_ms, 6_500 + 31_000);
    let social = house.unit("socialtjanst");
    assert_eq!((social.transfers, servicegrad::stats::unit_rates::per_attempt(&social).met), (2, 1));
}

fn morning_of_records() -> Vec<CallEvent> {
    let records = std::fs::read("tests/data/freeswitch_cdr/morning.json").unwrap();
    let whole = decode(&mut Cdr::default(), &records, usize::MAX);
    for pieces in [1, 61] {
        assert_eq!(decode(&mut Cdr::default(), &records, pieces), whole);
    }
    whole
}

/// The records of the morning of our own sample: the same calls under the same names.
#[test]
fn call_records_alone_come_to_the_same_counts_in_whole_seconds() {
    let mut house = crate::story::House::new(crate::recordings::switchboard());
    house.take(&morning_of_records());
    house.end();
    let counts = house.queue("kundtjanst").counts;
    assert_eq!(crate::story::words(&counts), "offered 4, answered 2, abandoned 1, overflowed 1");
    assert_eq!(counts.wait_answered_ms, 6_000 + 31_000);
    // That 7100 was asked for the third caller, and was busy, leaves no record.
    let social = house.unit("socialtjanst");
    assert_eq!((social.transfers, servicegrad::stats::unit_rates::per_attempt(&social).met), (1, 1));
}

#[test]
fn the_live_line_and_the_records_are_one_set_of_calls() {
    let live =
        decode(&mut Esl::default(), &std::fs::read("tests/data/freeswitch_esl/morning.esl").unwrap(), usize::MAX);
    let records = morning_of_records();
    let counted = |deliveries: &[&[CallEvent]]| {
        let mut house = crate::story::House::new(crate::recordings::switchboard());
        deliveries.iter().for_each(|events| house.take(events));
        house.end();
        house
    };
    let both = counted(&[&live, &records]);
    assert_eq!(both.all_cells(), counted(&[&records, &live]).all_cells());
    let alone = counted(&[&live]);
    let of = |house: &crate::story::House| {
        let counts = house.queue("kundtjanst").counts;
        // The finer clock says when.
        (crate::story::words(&counts), counts.wait_answered_ms)
    };
    assert_eq!(of(&both), of(&alone));
    assert_eq!(both.unit("socialtjanst"), alone.unit("socialtjanst"));
    // A live line that was down from the second call on: the records tell of the rest.
    let half = counted(&[&live[..live.len() / 3], &records]);
    assert_eq!(
        crate::story::words(&half.queue("kundtjanst").counts),
        "offered 4, answered 2, abandoned 1, overflowed 1"
    );
}

#[test]
fn records_of_other_peoples_switches() {
    let Some(samples) = samples() else { return };
    let read = |name: &str| std::fs::read(samples.join("freeswitch-json-cdr").join(name)).unwrap();
    // A call from phone to phone, and one that was never answered: neither saw a queue.
    for name in ["cgrates_0.json", "cgrates_2.json"] {
        for pieces in [usize::MAX, 1, 61] {
            assert_eq!(decode(&mut Cdr::default(), &read(name), pieces), []);
        }
    }
    let record = Record::read(&read("cgrates_0.json")).unwrap();
    assert_eq!(record.core(), "eb8bcdd2-d9eb-4f8f-80c3-1a4042aabe31");
    assert_eq!(record.get("uuid"), "3da8bf84-c133-4959-9e24-e72875cb33a1");
    assert_eq!(record.micros("end_uepoch"), Some(Moment(1_515_666_415_494)));
    // Sent to 1002 twice: first parked, then, by a program, to the phone, which answered after 3.42 s.
    let stations = record.stations();
    assert_eq!(stations.iter().map(|station| station.number.as_str()).collect::<Vec<_>>(), ["1002", "1002"]);
    assert_eq!(stations.last().unwrap().bridged, Some(Moment(1_515_666_347_954)));
    assert_eq!(record.notes().len(), 1);
}

/// Both sides of a connection, without a line between them.
struct Talk {
    ours: Conversation,
    switch: EslSwitch,
    session: Session,
    now: Moment,
    heard: Vec<CallEvent>,
}

impl Talk {
    fn new(secret: &str, switch: EslSwitch, now: Moment) -> Self {
        let settings = SourceSettings::named("vaxel", "freeswitch_esl");
        let ours = Conversation::new(&settings, secret);
        let mut talk = Self { ours, switch, session: Session::default(), now, heard: Vec::new() };
        talk.connect();
        talk
    }

    fn connect(&mut self) {
        self.session = Session::default();
        self.ours.connected(self.now);
        let greeting = self.switch.greet();
        self.hear(&greeting);
    }

    fn hear(&mut self, text: &str) {
        let mut batch = Batch::of(SourceId(0));
        self.ours.feed(text.as_bytes(), self.now, &mut batch);
        loop {
            let words = self.ours.say();
            if words.is_empty() {
                break;
            }
            let answer = self.switch.hear(&mut self.session, &words, self.now);
            self.ours.feed(answer.as_bytes(), self.now, &mut batch);
        }
        assert_eq!(batch.rejects, []);
        self.heard.append(&mut batch.events);
    }

    /// Something happens; `is_heard`: the line stands.
    fn happens(&mut self, story: &str, is_heard: bool) {
        for event in events(story) {
            self.now = event.stamp.at;
            for said in self.switch.tell(&event) {
                if is_heard && self.switch.is_for(&self.session, &said) {
                    self.hear(&said.text);
                }
            }
        }
    }

    fn lost(&mut self) {
        let mut batch = Batch::of(SourceId(0));
        self.ours.lost(self.now, &mut batch);
    }

    fn told(&self) -> Vec<String> {
        let house = crate::recordings::switchboard();
        let said = |facts: &servicegrad::call::fact::CallFacts| {
            facts
                .visits
                .iter()
                .map(|visit| visit.outcome.map_or("open", |outcome| outcome.as_str()))
                .collect::<Vec<_>>()
                .join(" ")
        };
        crate::asterisk::facts(&house, &self.heard)
            .iter()
            .map(|(name, facts)| format!("{name} {}", said(facts)))
            .collect()
    }
}

#[test]
fn a_switch_tells_what_it_is_and_what_is_wrong() {
    let now = at("08:00:00");
    let talk = Talk::new("hemlig", EslSwitch::new("hemlig", now.plus_ms(-3_600_000)), now);
    assert_eq!(talk.ours.standing(), Standing::Ready);
    let findings = talk.ours.findings();
    assert_eq!(findings.version.as_deref(), Some("FreeSWITCH Version 1.10.12 (simulated)"));
    assert_eq!((findings.troubles.len(), findings.clock_ahead_ms), (0, Some(0)));

    let refused = Talk::new("fel", EslSwitch::new("hemlig", now), now);
    assert!(matches!(refused.ours.standing(), Standing::Refused(why) if why.contains("-ERR invalid")));

    let mut barred = Talk::new("hemlig", EslSwitch::new("hemlig", now), now);
    barred.hear("Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n");
    assert!(matches!(barred.ours.standing(), Standing::Refused(why) if why.contains("apply-inbound-acl")));
}

#[test]
fn a_user_with_few_rights_is_told_which_are_missing() {
    let mut ours = Conversation::new(&SourceSettings::named("vaxel", "freeswitch_esl"), "hemlig");
    let mut batch = Batch::of(SourceId(0));
    ours.connected(Moment(0));
    ours.feed(
        b"Content-Type: auth/request\n\nContent-Type: command/reply\nReply-Text: +OK accepted\n\n",
        Moment(0),
        &mut batch,
    );
    // Every question is refused but the events.
    while ours.standing() == Standing::Greeting {
        let asked = String::from_utf8(ours.say()).unwrap();
        assert!(!asked.is_empty());
        for question in asked.split("\n\n").filter(|question| !question.is_empty() && !question.starts_with("auth")) {
            let answer = if question.starts_with("event ") {
                "Content-Type: command/reply\nReply-Text: +OK event listener enabled json\n\n"
            } else {
                "Content-Type: api/response\nContent-Length: 23\n\n-ERR permission denied\n"
            };
            ours.feed(answer.as_bytes(), Moment(0), &mut batch);
        }
    }
    assert_eq!(ours.standing(), Standing::Ready);
    let troubles = ours.findings().troubles.join("\n");
    for command in ["strmicroepoch", "global_getvar", "uptime", "callcenter_config", "show"] {
        assert!(troubles.contains(&format!("`{command}`")), "{command} is missing from {troubles}");
    }
    assert!(troubles.contains("-ERR permission denied") && troubles.contains("esl-allowed-api"));
}

#[test]
fn after_a_break_those_who_wait_and_talk_go_on_and_those_who_went_are_unknown() {
    let now = at("08:00:00");
    let mut talk = Talk::new("hemlig", EslSwitch::new("hemlig", now.plus_ms(-3_600_000)), now);
    talk.happens(
        "08:01:00 waits arrived\n08:01:00 waits entered kundtjanst
         08:01:10 leaves arrived\n08:01:10 leaves entered kundtjanst
         08:01:20 answered arrived\n08:01:20 answered entered kundtjanst",
        true,
    );
    talk.lost();
    talk.happens(
        "08:02:00 leaves left kundtjanst abandoned\n08:02:00 leaves ended by=caller
         08:02:10 answered answered kundtjanst
         08:02:20 new arrived\n08:02:20 new entered kundtjanst
         08:02:25 gone arrived\n08:02:25 gone entered kundtjanst
         08:02:30 gone left kundtjanst abandoned\n08:02:30 gone ended by=caller",
        false,
    );
    talk.connect();
    assert_eq!(talk.ours.standing(), Standing::Ready);
    assert_eq!(talk.told(), ["answered open", "leaves unknown", "new open", "waits open"]);
    talk.happens(
        "08:03:00 waits answered kundtjanst\n08:03:05 new left kundtjanst abandoned\n08:03:05 new ended by=caller
         08:03:30 answered over by=caller\n08:03:30 answered ended by=caller
         08:04:00 waits over by=agent\n08:04:00 waits ended by=agent",
        true,
    );
    assert_eq!(talk.told(), ["answered answered", "leaves unknown", "new abandoned", "waits answered"]);
}

#[test]
fn a_switch_that_started_anew_meanwhile_has_lost_who_waited_and_keeps_who_came_since() {
    let now = at("08:00:00");
    let mut talk = Talk::new("hemlig", EslSwitch::new("hemlig", now.plus_ms(-3_600_000)), now);
    talk.happens("08:01:00 a arrived\n08:01:00 a entered kundtjanst", true);
    talk.lost();
    talk.switch.restart(at("08:02:00"));
    talk.happens("08:02:30 b arrived\n08:02:30 b entered kundtjanst", false);
    talk.now = at("08:03:00");
    talk.connect();
    assert_eq!(talk.told(), ["a lost", "b open"]);
}
