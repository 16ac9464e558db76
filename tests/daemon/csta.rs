//! A played CSTA switch: it holds the session, tells a handful of calls in torn packets, loses its
//! line, and starts anew.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use servicegrad::source::csta::document::Element;
use servicegrad::source::csta::frame::{EVENT, Frames, wrap};

use crate::captured::{captured, capturing};
use crate::program::{House, until};

const HOUSE: &str = r#"
[[source]]
name = "vaxel"
kind = "csta"
connect = "127.0.0.1:PORT"
queues = ["16600"]
monitor = ["1001", "7100", "7999"]
[[queue]]
name = "kundtjanst"
from = [{ source = "vaxel", queue = "16600" }]
short_abandon = "none"
[[organisation]]
name = "lycksele"
[directory]
units = "units.csv"
"#;

#[derive(Default)]
struct State {
    line: Option<TcpStream>,
    lines: usize,
    /// Calls that wait in the queue, as it says when asked.
    waiting: Vec<&'static str>,
    /// How often it has been told that the listener lives.
    signs_of_life: usize,
    monitors: Vec<String>,
}

#[derive(Clone)]
struct Switch {
    state: Arc<Mutex<State>>,
    port: u16,
}

impl Switch {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let switch = Self { state: Arc::default(), port: listener.local_addr().unwrap().port() };
        let played = switch.clone();
        std::thread::spawn(move || {
            for line in listener.incoming() {
                let line = line.unwrap();
                line.set_nodelay(true).unwrap();
                {
                    let mut state = played.state.lock().unwrap();
                    state.line = Some(line.try_clone().unwrap());
                    state.lines += 1;
                }
                played.serve(line);
            }
        });
        switch
    }

    /// Answers one line until it is cut.
    fn serve(&self, mut line: TcpStream) {
        let (mut frames, mut piece) = (Frames::default(), [0; 4096]);
        while let Ok(length @ 1..) = line.read(&mut piece) {
            let mut answers = Vec::new();
            frames.cut(&piece[..length], |_, frame| {
                let (invoke, document) = frame.unwrap();
                let asked = Element::parse(document).unwrap();
                answers.extend(self.answer(&asked).map(|answer| wrap(invoke, &answer).unwrap()));
            });
            for answer in answers {
                let _ = line.write_all(&answer);
            }
        }
    }

    fn answer(&self, asked: &Element) -> Option<String> {
        let mut state = self.state.lock().unwrap();
        Some(match asked.name.as_str() {
            "StartApplicationSession" => {
                let version = "http://www.ecma-international.org/standards/ecma-323/csta/ed5";
                format!(
                    "<StartApplicationSessionPosResponse><sessionID>7</sessionID><actualProtocolVersion>{version}\
                     </actualProtocolVersion><actualSessionDuration>180</actualSessionDuration>\
                     </StartApplicationSessionPosResponse>"
                )
            }
            "SystemRegister" => {
                "<SystemRegisterResponse><sysStatRegisterID>1</sysStatRegisterID></SystemRegisterResponse>".into()
            }
            "MonitorStart" if asked.text_of("deviceObject") == "7999" => {
                "<CSTAErrorCode><systemResource>overallMonitorLimitExceeded</systemResource></CSTAErrorCode>".into()
            }
            "MonitorStart" => {
                state.monitors.push(asked.text_of("deviceObject").to_owned());
                let id = state.monitors.len();
                format!("<MonitorStartResponse><monitorCrossRefID>{id}</monitorCrossRefID></MonitorStartResponse>")
            }
            "SnapshotDevice" => {
                let is_queue = asked.text_of("snapshotObject") == "16600";
                let info = |call: &&str| {
                    format!(
                        "<snapshotDeviceResponseInfo><connectionIdentifier><callID>{call}</callID><deviceID>16600\
                         </deviceID></connectionIdentifier><localCallState><compoundCallState><localConnectionState>\
                         queued</localConnectionState></compoundCallState></localCallState></snapshotDeviceResponseInfo>"
                    )
                };
                let infos: Vec<String> = state.waiting.iter().filter(|_| is_queue).map(info).collect();
                format!("<SnapshotDeviceResponse>{}</SnapshotDeviceResponse>", infos.concat())
            }
            "SystemStatusResponse" => {
                state.signs_of_life += 1;
                return None;
            }
            other => format!("<{other}Response/>"),
        })
    }

    /// Says something, in torn packets.
    fn say(&self, invoke: u16, document: &str) {
        let frame = wrap(invoke, document).unwrap();
        let mut state = self.state.lock().unwrap();
        let line = state.line.as_mut().unwrap();
        for piece in frame.chunks(13) {
            line.write_all(piece).unwrap();
            line.flush().unwrap();
        }
    }

    /// Something happens at a connection, and two monitors tell of it.
    fn tells(&self, event: &str, connection: &str, call: &str, device: &str, rest: &str) {
        for monitor in 1..=2 {
            self.say(
                EVENT,
                &format!(
                    "<c:{event} xmlns:c=\"urn:ed5\"><c:monitorCrossRefID>{monitor}</c:monitorCrossRefID>\
                     <c:{connection}><c:callID>{call}</c:callID><c:deviceID>{device}</c:deviceID></c:{connection}>{rest}\
                     <c:cause>newCall</c:cause></c:{event}>"
                ),
            );
        }
    }

    fn queued(&self, call: &str) {
        let rest = "<c:queue>16600</c:queue><c:callingDevice>0950200001</c:callingDevice>";
        self.tells("QueuedEvent", "queuedConnection", call, "16600", rest);
    }

    fn established(&self, call: &str, device: &str) {
        let rest =
            format!("<c:answeringDevice>{device}</c:answeringDevice><c:callingDevice>0950200001</c:callingDevice>");
        self.tells("EstablishedEvent", "establishedConnection", call, device, &rest);
    }

    fn cleared(&self, call: &str, device: &str, by: &str) {
        let rest = format!("<c:releasingDevice>{by}</c:releasingDevice>");
        self.tells("ConnectionClearedEvent", "droppedConnection", call, device, &rest);
    }

    fn cut(&self) {
        let line = self.state.lock().unwrap().line.take().unwrap();
        line.shutdown(Shutdown::Both).unwrap();
    }
}

#[test]
fn a_csta_switch_with_a_cut_line_and_a_restart() {
    let switch = Switch::new();
    let house = House::new(&HOUSE.replace("PORT", &switch.port.to_string()));
    let units = "from,to,unit,title,organisation,valid_from,valid_to\n7100,7199,social,,lycksele,,\n";
    std::fs::write(house.path("units.csv"), units).unwrap();
    let daemon = house.run();
    let is_up = || daemon.metric("servicegrad_source_up{source=\"vaxel\"}") == Some(1.0);
    until("the session stands", is_up);
    assert_eq!(switch.state.lock().unwrap().monitors, ["16600", "1001", "7100"]);
    let report = || house.report(&["--from", "2020-01-01", "--to", "2100-01-01"]);
    let counts = |names: &[&str]| -> Vec<i64> {
        let report = report();
        names.iter().map(|name| report["queues"][0][*name].as_i64().unwrap_or(0)).collect()
    };
    let come_to = |what: &str, expected: &[(&str, i64)]| {
        let (names, expected): (Vec<&str>, Vec<i64>) = expected.iter().copied().unzip();
        until(what, || counts(&names) == expected);
    };

    // One is answered and sent on, and the unit answers; one gives up.
    switch.queued("1");
    switch.queued("2");
    switch.established("1", "1001");
    let rest = "<c:transferringDevice>1001</c:transferringDevice><c:transferredToDevice>7100</c:transferredToDevice>\
                <c:transferredConnections><c:connectionListItem><c:newConnection><c:callID>11</c:callID>\
                <c:deviceID>7100</c:deviceID></c:newConnection></c:connectionListItem></c:transferredConnections>";
    switch.tells("TransferredEvent", "primaryOldCall", "1", "1001", rest);
    let rest = "<c:alertingDevice>7100</c:alertingDevice><c:callingDevice>0950200001</c:callingDevice>\
                <c:calledDevice>7100</c:calledDevice>";
    switch.tells("DeliveredEvent", "connection", "11", "7100", rest);
    switch.established("11", "7100");
    switch.cleared("11", "0950200001", "0950200001");
    switch.cleared("2", "0950200001", "0950200001");
    come_to("two calls are told", &[("offered", 2), ("answered", 1), ("abandoned", 1), ("open", 0)]);
    let unit = report()["units"][0].clone();
    assert_eq!((&unit["unit"], &unit["transfers"], &unit["answered"]), (&"social".into(), &1.into(), &1.into()));

    // The switch asks for a sign of life, and gets it.
    switch.say(42, "<SystemStatus><systemStatus>normal</systemStatus></SystemStatus>");
    until("the switch is answered", || switch.state.lock().unwrap().signs_of_life == 1);

    // Two wait when the line is cut; one of them still does when it stands again.
    switch.queued("3");
    switch.queued("4");
    come_to("two wait", &[("offered", 4), ("open", 2)]);
    switch.state.lock().unwrap().waiting = vec!["3"];
    switch.cut();
    until("the line stands again", || switch.state.lock().unwrap().lines == 2 && is_up());
    come_to("one is gone", &[("offered", 4), ("open", 1), ("unknown", 1)]);
    switch.established("3", "1001");
    come_to("one is answered", &[("offered", 4), ("answered", 2), ("open", 0)]);
    assert_eq!(report()["quality"]["gaps"].as_array().unwrap().len(), 1);

    // The switch starts anew under one who waits. Whoever hung up within two seconds before that was
    // hung up by the switch, and whose end was not seen by then is lost with the rest.
    switch.queued("5");
    come_to("one waits", &[("offered", 5), ("open", 1)]);
    switch.say(43, "<SystemStatus><systemStatus>initializing</systemStatus></SystemStatus>");
    let lost_or_gone = || counts(&["lost", "abandoned", "unknown"]).iter().sum::<i64>();
    until("that one is lost", || counts(&["open"]) == [0] && lost_or_gone() == 3 && counts(&["lost"])[0] > 0);
    switch.cut();
    switch.state.lock().unwrap().waiting.clear();
    until("the line stands a third time", || switch.state.lock().unwrap().lines == 3 && is_up());
    // Its numbers begin anew as well.
    switch.queued("1");
    switch.established("1", "1001");
    come_to("the next call counts", &[("offered", 6), ("answered", 3), ("open", 0)]);
    assert_eq!(lost_or_gone(), 3);
    daemon.stop();
}

#[test]
fn what_a_csta_switch_says_in_disguise_is_told_as_the_same_calls() {
    let switch = Switch::new();
    let house = House::new(&HOUSE.replace("PORT", &switch.port.to_string()));
    std::fs::write(house.path("units.csv"), "from,to,unit,title,organisation,valid_from,valid_to\n").unwrap();
    let child = capturing(&house);
    until("the monitors stand", || switch.state.lock().unwrap().monitors.len() == 3);
    switch.queued("1");
    switch.queued("2");
    switch.established("1", "1001");
    switch.cleared("2", "0950200001", "0950200001");
    // The last frame has come when something behind it has.
    switch.queued("3333");
    until("all is recorded", || {
        let text = std::fs::read(house.path("vaxel.capture")).unwrap();
        memchr::memmem::find(&text, b"3333").is_some()
    });
    let text = captured(&house, child);
    assert!(!text.contains("0950200001") && text.contains("ConnectionClearedEvent"), "{text}");
    house.ok(&["import", "--source", "vaxel", "vaxel.capture"]);
    let report = house.report(&["--from", "2020-01-01", "--to", "2100-01-01"]);
    let counts = ["answered", "abandoned"].map(|key| report["queues"][0][key].as_i64().unwrap());
    assert_eq!((counts, report["quality"]["dead_letters"].as_i64().unwrap_or(0)), ([1, 1], 0), "{}", report["quality"]);
}
