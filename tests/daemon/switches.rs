//! Switches that are dialled: lines cut, switches killed and stopped, clocks wrong, words torn, storms;
//! the figures are exactly those of the calls that were played.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use servicegrad::clock::Clock;
use servicegrad::event::{CallEvent, EventKind, LeftOutcome};
use servicegrad::measure::Moment;
use servicegrad::simulate::Spoken;
use servicegrad::simulate::queue_log::Renderer;
use smol_str::SmolStr;

use crate::line::{Line, Setup, asterisk, busy_calls, calls, comes_to, count, figures, freeswitch, house, plainly};
use crate::program::{Daemon, House, until};

/// Each story is told of both switches.
macro_rules! of_both {
    ($($story:ident),+ $(,)?) => {
        mod of_asterisk {
            $(#[test] fn $story() { super::$story(super::asterisk); })+
        }
        mod of_freeswitch {
            $(#[test] fn $story() { super::$story(super::freeswitch); })+
        }
    };
}

of_both!(
    a_live_switch_comes_to_the_figures_of_its_calls,
    slow_and_torn_packets_are_the_same_calls,
    a_storm_of_calls_is_all_counted,
    a_clock_that_is_minutes_off_moves_the_calls_and_no_wait,
    the_night_when_an_hour_comes_twice_has_each_call_once,
    a_line_cut_loses_what_nobody_can_tell_again_and_no_more,
    a_killed_switch_loses_the_calls_in_flight_and_no_other,
    a_switch_stopped_in_order_has_lost_those_who_waited_and_abandoned_nobody,
);

fn a_live_switch_comes_to_the_figures_of_its_calls<S: Spoken>(switch: fn(Setup) -> Line<S>) {
    let line = switch(Setup::default());
    let house = house(&line.source);
    let daemon = house.run();
    line.is_heard(&daemon);
    let events = calls(7, Clock::system().now());
    line.tell(&events);
    comes_to(&house, &plainly(&events));
}

fn slow_and_torn_packets_are_the_same_calls<S: Spoken>(switch: fn(Setup) -> Line<S>) {
    let line = switch(Setup { piece_bytes: 61, ..Setup::default() });
    let house = house(&line.source);
    let daemon = house.run();
    line.is_heard(&daemon);
    let events = calls(8, Clock::system().now());
    let events = &events[..events.len() / 8];
    line.tell(events);
    comes_to(&house, &plainly(events));
}

fn a_storm_of_calls_is_all_counted<S: Spoken>(switch: fn(Setup) -> Line<S>) {
    let line = switch(Setup::default());
    let house = house(&line.source);
    let daemon = house.run();
    line.is_heard(&daemon);
    // Ten times the callers of two busy hours, in one breath.
    let now = Clock::system().now();
    let events = busy_calls(11, now, 30.0);
    let callers = |events: &[CallEvent]| {
        events.iter().filter(|event| matches!(event.kind, EventKind::CallStarted { .. })).count()
    };
    assert!(callers(&events) > 8 * callers(&calls(11, now)));
    line.tell(&events);
    comes_to(&house, &plainly(&events));
}

/// The same calls at another time.
fn moved(events: &[CallEvent], ms: i64) -> Vec<CallEvent> {
    let mut moved = events.to_vec();
    for event in &mut moved {
        event.stamp.at = event.stamp.at.plus_ms(ms);
        event.stamp.order = event.stamp.at;
    }
    moved
}

fn a_clock_that_is_minutes_off_moves_the_calls_and_no_wait<S: Spoken>(switch: fn(Setup) -> Line<S>) {
    const BEHIND_MS: i64 = 7 * 60_000;
    let now = Clock::system().now();
    let line = switch(Setup { clock: Clock::standing_at(now.plus_ms(-BEHIND_MS)), ..Setup::default() });
    let house = house(&line.source);
    let daemon = house.run();
    line.is_heard(&daemon);
    let events = moved(&calls(12, now), -BEHIND_MS);
    line.tell(&events);
    comes_to(&house, &plainly(&events));
}

/// Events of the calls that are over.
fn whole_calls(events: &[CallEvent]) -> Vec<CallEvent> {
    let over: BTreeSet<&SmolStr> = events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::CallEnded { .. }))
        .map(|event| &event.call)
        .collect();
    events.iter().filter(|event| over.contains(&event.call)).cloned().collect()
}

fn the_night_when_an_hour_comes_twice_has_each_call_once<S: Spoken>(switch: fn(Setup) -> Line<S>) {
    // 03:00 summer time is 02:00 winter time: these two hours of calls both read 02:00 to 03:00.
    let night: Moment = chrono::DateTime::parse_from_rfc3339("2026-10-25T03:00:00+01:00").unwrap().into();
    let line = switch(Setup::default());
    let house = house(&line.source);
    let daemon = house.run();
    line.is_heard(&daemon);
    let events = whole_calls(&calls(13, night));
    line.tell(&events);
    let plain = plainly(&events);
    comes_to(&house, &plain);
    let entered = events.iter().filter(|event| matches!(event.kind, EventKind::VisitEntered { .. })).count();
    let report = house.report(&["--from", "2026-10-25", "--to", "2026-10-26"]);
    let offered = report["queues"].as_array().unwrap().iter().map(|row| row["offered"].as_i64().unwrap());
    assert_eq!(offered.sum::<i64>(), entered as i64);
}

/// What a listener can know of the visits who heard everything but what happened from `cut` to `back`,
/// and asked then who is there: how many were offered, and how they ended.
fn can_be_known(events: &[CallEvent], cut: usize, back: usize) -> Vec<i64> {
    #[derive(Default)]
    struct Visit {
        entered: usize,
        ended: Option<(usize, &'static str)>,
        talked_until: Option<usize>,
    }
    let mut visits: BTreeMap<SmolStr, Vec<Visit>> = BTreeMap::new();
    let mut over: BTreeMap<SmolStr, usize> = BTreeMap::new();
    for (at, event) in events.iter().enumerate() {
        let of_call = visits.entry(event.call.clone()).or_default();
        match event.kind {
            EventKind::VisitEntered { .. } => of_call.push(Visit { entered: at, ..Visit::default() }),
            EventKind::VisitAnswered { .. } => of_call.last_mut().unwrap().ended = Some((at, "answered")),
            EventKind::VisitLeft { outcome, .. } => {
                let word = if outcome == LeftOutcome::Abandoned { "abandoned" } else { "other" };
                of_call.last_mut().unwrap().ended = Some((at, word));
            }
            EventKind::ConversationEnded { .. } => of_call.last_mut().unwrap().talked_until = Some(at),
            EventKind::CallEnded { .. } => drop(over.insert(event.call.clone(), at)),
            _ => {}
        }
    }
    let is_missed = |at: usize| (cut..back).contains(&at);
    let mut known = BTreeMap::from(KNOWN.map(|key| (key, 0)));
    for (call, of_call) in &visits {
        for (place, visit) in of_call.iter().enumerate() {
            let is_over = over.contains_key(call) || of_call.len() > place + 1;
            let outcome = match visit.ended {
                Some((at, outcome)) if !is_missed(at) => outcome,
                // The switch tells of an answer once more when the conversation is over.
                Some((_, "answered")) if visit.talked_until.is_some_and(|until| until >= back) => "answered",
                // Who came and went, or is still talking, was never there as far as anybody can tell.
                Some(_) if is_missed(visit.entered) => continue,
                Some(_) if is_over => "unknown",
                None | Some(_) => "open",
            };
            for key in ["offered", outcome] {
                *known.entry(key).or_default() += 1;
            }
        }
    }
    KNOWN.map(|key| known[key]).to_vec()
}

const KNOWN: [&str; 5] = ["offered", "answered", "abandoned", "unknown", "open"];

fn a_line_cut_loses_what_nobody_can_tell_again_and_no_more<S: Spoken>(switch: fn(Setup) -> Line<S>) {
    let line = switch(Setup::default());
    let house = house(&line.source);
    let daemon = house.run();
    line.is_heard(&daemon);
    // A tenth of two busy hours: twelve minutes, in which some call ends that nobody hears the end of.
    let (now, cut_of) = (Clock::system().now(), |events: &[CallEvent]| (events.len() / 2, events.len() * 6 / 10));
    let is_cut = |events: &Vec<CallEvent>| can_be_known(events, cut_of(events).0, cut_of(events).1)[3] > 0;
    let events = (14..99).map(|seed| calls(seed, now)).find(is_cut).unwrap();
    let (cut, back) = cut_of(&events);
    let counted = || KNOWN.map(|key| count(&house, key)).to_vec();
    line.tell(&events[..cut]);
    let before = can_be_known(&events[..cut], cut, cut);
    until("what happened before the cut is counted", || counted() == before);
    line.switch.unplug();
    until("the line is down", || line.switch.listeners() == 0);
    line.tell(&events[cut..back]);
    line.switch.plug_in();
    line.is_heard(&daemon);
    line.tell(&events[back..]);
    let expected = can_be_known(&events, cut, back);
    assert!(expected[3] > 0 && expected[0] < can_be_known(&events, 0, 0)[0], "{expected:?}");
    let mut last = Vec::new();
    until(&format!("all that can be known is counted: {KNOWN:?} {expected:?}"), || {
        let counted = counted();
        if counted != last {
            println!("{counted:?}");
            last.clone_from(&counted);
        }
        counted == expected
    });
    let gaps = house.report(&["--from", "2020-01-01", "--to", "2100-01-01"])["quality"]["gaps"].clone();
    assert_eq!((gaps.as_array().unwrap().len(), &gaps[0]["source"]), (1, &Value::from("vaxel")));
    gap_is_told_everywhere(&house, &daemon, &gaps[0]);
}

/// The gap stands in the API, on the page of the sources, in the metrics, and in a report for people.
fn gap_is_told_everywhere(house: &House, daemon: &Daemon, gap: &Value) {
    let api: Value = serde_json::from_str(&daemon.get("/api/v1/gaps")).unwrap();
    assert_eq!(api.as_array().unwrap().len(), 1, "{api}");
    for key in ["source", "reason"] {
        assert_eq!(api[0][key], gap[key], "{key}");
    }
    // A report tells it to the second.
    let second = |told: &Value| told.as_str().unwrap()[..19].to_owned();
    for key in ["from", "to"] {
        assert_eq!(second(&api[0][key]), second(&gap[key]), "{key}");
    }
    assert!(api[0]["seconds"].as_f64() > Some(0.0), "{api}");
    // The store knows at once, the metrics with the next picture that is published.
    until("the metrics tell the gap", || daemon.metric("servicegrad_source_gaps_total{source=\"vaxel\"}") == Some(1.0));
    let reason = gap["reason"].as_str().unwrap();
    let page = daemon.get("/status");
    assert!(page.contains("Databortfall denna månad") && page.contains(reason), "{page}");
    // A manager reads it under the figures.
    let html = house.ok(&["report", "--format", "html", "--from", "2020-01-01", "--to", "2100-01-01"]);
    let told = html.split("<caption>Databortfall").nth(1).unwrap();
    let told = told.split("</table>").next().unwrap();
    assert!(told.contains("vaxel") && told.contains(reason), "{told}");
}

/// How many wait after `events`.
fn waiting(events: &[CallEvent]) -> i64 {
    let mut waiting = BTreeSet::new();
    for event in events {
        match event.kind {
            EventKind::VisitEntered { .. } => waiting.insert(event.call.clone()),
            EventKind::VisitAnswered { .. } | EventKind::VisitLeft { .. } => waiting.remove(&event.call),
            _ => false,
        };
    }
    waiting.len() as i64
}

/// Where to kill a switch so that somebody is waiting.
fn mid_traffic(events: &[CallEvent]) -> usize {
    (events.len() / 2..events.len()).find(|at| waiting(&events[..*at]) > 1).unwrap()
}

fn a_killed_switch_loses_the_calls_in_flight_and_no_other<S: Spoken>(switch: fn(Setup) -> Line<S>) {
    let line = switch(Setup::default());
    let house = house(&line.source);
    let daemon = house.run();
    line.is_heard(&daemon);
    let events = calls(10, Clock::system().now());
    let killed = mid_traffic(&events);
    let lost = waiting(&events[..killed]);
    line.tell(&events[..killed]);
    comes_to(&house, &plainly(&events[..killed]));
    assert_eq!(count(&house, "open"), lost);
    line.switch.restart();
    until("they are lost", || count(&house, "lost") == lost);
    assert_eq!(count(&house, "open"), 0);
    line.is_heard(&daemon);
    // What happens after the restart counts as always.
    let known: BTreeSet<_> = events[..killed].iter().map(|event| event.call.clone()).collect();
    let after: Vec<CallEvent> = events[killed..].iter().filter(|event| !known.contains(&event.call)).cloned().collect();
    let [answered, offered] = ["answered", "offered"].map(|key| count(&house, key));
    line.tell(&after);
    let is = |of: fn(&EventKind) -> bool| after.iter().filter(|event| of(&event.kind)).count() as i64;
    let [new_answered, new_offered] = [
        is(|kind| matches!(kind, EventKind::VisitAnswered { .. })),
        is(|kind| matches!(kind, EventKind::VisitEntered { .. })),
    ];
    assert!(new_offered > 20);
    until("the calls after it are counted", || {
        let [answered_now, offered_now] = ["answered", "offered"].map(|key| count(&house, key));
        (answered_now, offered_now) == (answered + new_answered, offered + new_offered)
    });
}

fn a_switch_stopped_in_order_has_lost_those_who_waited_and_abandoned_nobody<S: Spoken>(switch: fn(Setup) -> Line<S>) {
    let line = switch(Setup::default());
    let house = house(&line.source);
    let daemon = house.run();
    line.is_heard(&daemon);
    let events = calls(15, Clock::system().now());
    let events = &events[..mid_traffic(&events)];
    line.tell(events);
    let waiting = waiting(events);
    comes_to(&house, &plainly(events));
    assert_eq!(count(&house, "open"), waiting);
    let [answered, abandoned] = ["answered", "abandoned"].map(|key| count(&house, key));
    line.switch.stop();
    line.switch.restart();
    until("they are lost", || count(&house, "lost") == waiting);
    assert_eq!(["answered", "abandoned", "open"].map(|key| count(&house, key)), [answered, abandoned, 0]);
}

/// The journal of the same switch: its queue_log.
fn journal(events: &[CallEvent]) -> String {
    let mut renderer = Renderer::default();
    let mut log = String::new();
    for event in events {
        renderer.render(event, &mut log);
    }
    log
}

#[test]
fn what_the_live_line_missed_the_journal_fills_and_nothing_is_counted_twice() {
    let line = asterisk(Setup::default());
    let house = house(&format!(
        "{}[[source]]\nname = \"logg\"\nkind = \"asterisk_queue_log\"\npath = \"FOLDER/queue_log\"\nswitch = \"vaxel\"\n",
        line.source
    ));
    std::fs::write(house.path("queue_log"), "").unwrap();
    let daemon = house.run();
    line.is_heard(&daemon);
    let events = calls(9, Clock::system().now());
    let (before, rest) = events.split_at(events.len() / 3);
    let (missed, after) = rest.split_at(rest.len() / 2);
    line.tell(before);
    let heard =
        |count: f64| daemon.metric("servicegrad_events_ingested_total{source=\"vaxel\"}").unwrap_or(0.0) >= count;
    until("the first third is heard", || heard(before.len() as f64 / 2.0));
    line.switch.unplug();
    until("the line is down", || line.switch.listeners() == 0);
    line.tell(missed);
    line.switch.plug_in();
    let quality = || house.report(&["--from", "2020-01-01", "--to", "2100-01-01"])["quality"].clone();
    until("the line is up again and the gap is known", || quality()["gaps"].as_array().unwrap().len() == 1);
    line.tell(after);
    std::fs::write(house.path("queue_log"), journal(&events)).unwrap();
    // Whole calls are all there, by whoever told of them; waits that only the journal knows are in
    // whole seconds, so that those at a threshold may fall on its other side.
    let plain = plainly(&events);
    let whole = |figures: &Value| -> Vec<Value> {
        let counts = ["queue", "offered", "answered", "abandoned", "overflowed", "open", "lost", "unknown"];
        let rows = figures["queues"].as_array().unwrap().iter();
        rows.map(|row| counts.map(|count| row[count].clone()).into_iter().collect()).collect()
    };
    until("all calls are counted once", || whole(&figures(&house)) == whole(&plain));
    // The gap is of now, and the calls are of the last hours: the journal has not come as far yet.
    let gap = quality()["gaps"][0].clone();
    assert_eq!((&gap["source"], &gap["filled_by"]), (&"vaxel".into(), &Value::Null));
    assert_eq!(quality()["precision_ms"], 1000);
    let line_of_now = format!("{}|NONE|NONE|NONE|HEARTBEAT|\n", chrono::Utc::now().timestamp() + 1);
    std::fs::write(house.path("queue_log"), journal(&events) + &line_of_now).unwrap();
    until("the gap is filled", || quality()["gaps"][0]["filled_by"] == "logg");
    for (row, plain) in figures(&house)["queues"].as_array().unwrap().iter().zip(plain["queues"].as_array().unwrap()) {
        for seconds in ["30", "60"] {
            let [row, plain] = [row, plain].map(|row| row["within"][seconds].as_i64().unwrap());
            assert!((row - plain).abs() <= 5, "within {seconds}: {row} and {plain}");
        }
    }
}
