//! `check` looks at the sources: what it finds, what it says to do, and with which exit code it ends.

use servicegrad::clock::Clock;
use servicegrad::daemon::Played;
use servicegrad::event::{AgentState, CallEvent, EventId, EventKind, Stamp};
use servicegrad::simulate::Spoken;
use servicegrad::simulate::ami_switch::AmiSwitch;
use servicegrad::simulate::esl_switch::EslSwitch;

use crate::program::{House, write};

/// A switch on a port, until it is let go.
struct Switch {
    port: u16,
    _runtime: tokio::runtime::Runtime,
}

fn switch(of: impl FnOnce(AmiSwitch) -> AmiSwitch) -> Switch {
    let clock = Clock::system();
    played(of(AmiSwitch::new("servicegrad", "hemlig", clock.now().plus_ms(-3_600_000))), clock)
}

/// A FreeSWITCH, by this clock.
fn freeswitch(clock: Clock) -> Switch {
    played(EslSwitch::new("hemlig", clock.now().plus_ms(-3_600_000)), clock)
}

fn played<S: Spoken>(switch: S, clock: Clock) -> Switch {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let played = Played::new(switch, clock);
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    for queue in ["kundtjanst", "itsupport"] {
        played.tell(&CallEvent {
            id: EventId::of(&[queue.as_bytes()]),
            stamp: Stamp::live(Clock::system().now()),
            source: None,
            call: "".into(),
            kind: EventKind::AgentChanged {
                agent: "a1".into(),
                queue: Some(queue.into()),
                state: AgentState::Available,
            },
        });
    }
    runtime.spawn(played.listen(listener));
    Switch { port, _runtime: runtime }
}

fn house(port: u16, secret: &str, queue: &str) -> House {
    House::new(&format!(
        "[[source]]\nname = \"vaxel\"\nkind = \"asterisk_ami\"\nconnect = \"127.0.0.1:{port}\"\nuser = \"servicegrad\"\nsecret = \"{secret}\"\n[[queue]]\nname = \"kundtjanst\"\nfrom = [{{ source = \"vaxel\", queue = \"{queue}\" }}]\n"
    ))
}

/// Exit code, and everything that was said.
fn check(house: &House, more: &[&str]) -> (i32, String) {
    let output = house.command(&[&["check"], more].concat());
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

fn says(house: &House, code: i32, words: &[&str]) {
    let (ended, said) = check(house, &["--lang", "en"]);
    assert_eq!(ended, code, "{said}");
    for word in words {
        assert!(said.contains(word), "`{word}` is not in {said}");
    }
    assert!(!said.contains("hemlig"), "{said}");
}

#[test]
fn a_switch_that_lets_us_in_tells_what_it_is_and_which_queues_it_has() {
    let switch = switch(|switch| switch);
    let words = [
        "lets us in: Asterisk 22.0.0",
        "queues seen: itsupport, kundtjanst",
        "no [[queue]] measures: itsupport",
        "s from ours",
        "note  nothing of class call and agent was heard meanwhile",
    ];
    says(&house(switch.port, "hemlig", "kundtjanst"), 0, &words);
}

#[test]
fn a_queue_that_the_switch_does_not_have_is_wrong() {
    let switch = switch(|switch| switch);
    let words = ["WRONG queues of the configuration that were not seen there: kundtjenst", "1 things are wrong"];
    says(&house(switch.port, "hemlig", "kundtjenst"), 1, &words);
}

#[test]
fn a_wrong_secret_a_missing_right_and_a_switch_that_is_not_there_are_told_with_what_to_do() {
    let there = switch(|switch| switch);
    says(
        &house(there.port, "fel", "kundtjanst"),
        1,
        &["WRONG cannot be used: the switch refuses the login", "manager.conf"],
    );
    let deaf = switch(|switch| switch.keeping_back("system"));
    says(
        &house(deaf.port, "hemlig", "kundtjanst"),
        1,
        &["WRONG class `system` is not heard: a restart of the switch is not noticed", "`read` of this user"],
    );
    let poor = switch(|switch| switch.denying("QueueStatus"));
    says(&house(poor.port, "hemlig", "kundtjanst"), 1, &["WRONG QueueStatus is not allowed", "write = reporting"]);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let gone = house(port, "hemlig", "kundtjanst");
    says(&gone, 1, &["WRONG cannot be used: cannot connect", "Connection refused"]);
    let (code, said) = check(&gone, &[]);
    assert!(code == 1 && said.contains("FEL   kan inte användas: "), "{said}");
    let (code, said) = check(&gone, &["--offline"]);
    assert!(code == 0 && !said.contains("FEL"), "{said}");
}

/// The same house on an event socket.
fn event_socket(port: u16, secret: &str, queue: &str) -> House {
    House::new(&format!(
        "[[source]]\nname = \"vaxel\"\nkind = \"freeswitch_esl\"\nconnect = \"127.0.0.1:{port}\"\nsecret = \"{secret}\"\n[[queue]]\nname = \"kundtjanst\"\nfrom = [{{ source = \"vaxel\", queue = \"{queue}\" }}]\n"
    ))
}

#[test]
fn a_freeswitch_that_lets_us_in_tells_what_it_is_and_which_queues_it_has() {
    let there = freeswitch(Clock::system());
    let words = ["lets us in: FreeSWITCH", "queues seen: itsupport", "no [[queue]] measures: itsupport", "s from ours"];
    says(&event_socket(there.port, "hemlig", "kundtjanst"), 0, &words);
    let words = ["WRONG queues of the configuration that were not seen there: kundtjenst", "1 things are wrong"];
    says(&event_socket(there.port, "hemlig", "kundtjenst"), 1, &words);
}

#[test]
fn a_freeswitch_with_another_password_or_a_clock_of_its_own_is_told_with_what_to_do() {
    let there = freeswitch(Clock::system());
    says(&event_socket(there.port, "fel", "kundtjanst"), 1, &["WRONG cannot be used: ", "event_socket.conf"]);
    let late = freeswitch(Clock::going_from(Clock::system().now().plus_ms(-600_000)));
    says(&event_socket(late.port, "hemlig", "kundtjanst"), 1, &["s behind ours", "set both by NTP"]);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    says(&event_socket(port, "hemlig", "kundtjanst"), 1, &["WRONG cannot be used: cannot connect"]);
}

#[test]
fn a_file_is_read_at_its_end() {
    let house = House::new(
        "[[source]]\nname = \"vaxel\"\nkind = \"asterisk_queue_log\"\npath = \"FOLDER/queue_log\"\n[[queue]]\nname = \"kundtjanst\"\nfrom = [{ source = \"vaxel\", queue = \"600\" }]\n",
    );
    says(&house, 1, &["WRONG cannot be read", "No such file"]);
    write(&house.path("queue_log"), "");
    says(&house, 0, &["note  holds no event yet"]);
    let line =
        |second: u32, queue: &str| format!("17724348{second:02}|a.{second}|{queue}|NONE|ENTERQUEUE||0701234567|1\n");
    // A file that is longer than what is read of it.
    write(&house.path("queue_log"), &(line(0, "old").repeat(30_000) + &line(1, "600") + &line(2, "700")));
    says(&house, 0, &["newest event 2026-03-02 08:00:02", "queues seen: 600, 700", "no [[queue]] measures: 700"]);
    write(&house.path("queue_log"), "{\"id\":1}\n{\"id\":2}\n");
    says(&house, 1, &["WRONG 2 lines at its end cannot be used", "Is `kind` right?"]);
}

#[test]
fn a_folder_of_records_is_looked_into_and_a_sample_tried() {
    let house = House::new(
        "[[source]]\nname = \"vaxel\"\nkind = \"records\"\nfolder = \"FOLDER/in\"\n[source.records]\npreset = \"asterisk_cdr\"\n[[queue]]\nname = \"kundtjanst\"\nfrom = [{ source = \"vaxel\", queue = \"600\" }]\n",
    );
    says(&house, 1, &["WRONG cannot be read", "/in: No such file"]);
    std::fs::create_dir_all(house.path("in/done")).unwrap();
    // What is in force of it stands there, the preset's part too.
    says(
        &house,
        0,
        &["/in can be read; 0 files wait", "note  no file to try", "preset         asterisk_cdr", "settle         2s"],
    );
    let sample = "tests/data/records/asterisk/small/cdr-Master.csv";
    std::fs::copy(sample, house.path("in/done/gammal.csv")).unwrap();
    says(&house, 0, &["0 files wait", "in/done/gammal.csv can be read", "newest event"]);
    write(&house.path("in/ny.csv"), "vad,som,helst\n1,2,3\n");
    says(&house, 1, &["1 files wait", "in/ny.csv can be read", "cannot be used"]);
}
