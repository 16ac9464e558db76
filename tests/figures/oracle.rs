//! A slow, obvious oracle. A plan says what people did; the oracle counts that, one list and one
//! `filter` at a time, and never looks at an event.

use proptest::prelude::*;
use servicegrad::event::{AnsweredBy, CallEvent, EventId, EventKind, LeftOutcome, Stamp, TransferKind, TransferResult};
use servicegrad::measure::Moment;

use crate::story::at;

/// What one caller did.
#[derive(Clone, Debug)]
pub(crate) struct PlannedCall {
    pub start_ms: i64,
    pub stays: Vec<PlannedStay>,
    pub hangs_up: bool,
}

/// One stay in a switch-side queue, `pause_ms` after what went before.
#[derive(Clone, Debug)]
pub(crate) struct PlannedStay {
    pub pause_ms: i64,
    pub queue: &'static str,
    pub wait_ms: i64,
    pub end: PlannedEnd,
}

/// How a stay ended.
#[derive(Clone, Debug)]
pub(crate) enum PlannedEnd {
    Answered { talk_ms: i64, transfer: Option<PlannedTransfer> },
    Left(LeftOutcome),
    Never,
}

/// A transfer after a conversation.
#[derive(Clone, Debug)]
pub(crate) struct PlannedTransfer {
    pub target: &'static str,
    pub ring_ms: i64,
    pub end: Result<AnsweredBy, TransferResult>,
}

/// A finished stay as it was planned, with its absolute times.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub queue: &'static str,
    pub from: i64,
    pub until: i64,
    pub end: PlannedEnd,
}

impl PlannedCall {
    /// What happened, in absolute times.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let mut clock = self.start_ms;
        let mut seen = Vec::new();
        for stay in &self.stays {
            let from = clock + stay.pause_ms;
            let until = from + stay.wait_ms;
            seen.push(Seen { queue: stay.queue, from, until, end: stay.end.clone() });
            clock = until;
            match &stay.end {
                PlannedEnd::Answered { talk_ms, transfer } => {
                    clock += talk_ms + transfer.as_ref().map_or(0, |transfer| transfer.ring_ms);
                }
                PlannedEnd::Left(_) => {}
                PlannedEnd::Never => break,
            }
        }
        seen
    }

    /// The events that a switch would send of it.
    pub(crate) fn events(&self, name: &str) -> Vec<CallEvent> {
        let mut events = Vec::new();
        let mut say = |ms: i64, kind: EventKind| {
            let id = EventId::of(&[name.as_bytes(), &(events.len() as u64).to_le_bytes()]);
            let stamp = Stamp::live(midnight().plus_ms(ms));
            events.push(CallEvent { id, stamp, source: None, call: name.into(), kind });
        };
        let seen = self.seen();
        say(self.start_ms, EventKind::CallStarted { dialled: None, is_part: false });
        for (number, stay) in seen.iter().enumerate() {
            let queue: smol_str::SmolStr = stay.queue.into();
            say(stay.from, EventKind::VisitEntered { queue: queue.clone(), visit: None });
            match &stay.end {
                PlannedEnd::Answered { talk_ms, transfer } => {
                    say(
                        stay.until,
                        EventKind::VisitAnswered { queue, visit: None, agent: None, wait: None, ring: None },
                    );
                    say(
                        stay.until + talk_ms,
                        EventKind::ConversationEnded { queue: None, talk: None, wait: None, by: None },
                    );
                    let Some(planned) = transfer else { continue };
                    let transfer: smol_str::SmolStr = format!("t{number}").into();
                    let (target, kind) = (planned.target.into(), TransferKind::Blind);
                    let sent = EventKind::TransferStarted {
                        transfer: transfer.clone(),
                        kind,
                        target,
                        queue: None,
                        agent: None,
                    };
                    say(stay.until + talk_ms, sent);
                    let ended = match planned.end {
                        Ok(by) => EventKind::TransferAnswered { transfer, by },
                        Err(result) => EventKind::TransferFailed { transfer, result },
                    };
                    say(stay.until + talk_ms + planned.ring_ms, ended);
                }
                PlannedEnd::Left(outcome) => {
                    say(stay.until, EventKind::VisitLeft { queue, visit: None, outcome: *outcome, wait: None });
                }
                PlannedEnd::Never => return events,
            }
        }
        let end = events.last().map_or(0, |event| event.stamp.at - midnight());
        events.push(CallEvent {
            id: EventId::of(&[name.as_bytes(), b"end"]),
            stamp: Stamp::live(midnight().plus_ms(end + 1)),
            source: None,
            call: name.into(),
            kind: EventKind::CallEnded { by: None },
        });
        if !self.hangs_up {
            events.pop();
        }
        events
    }
}

/// The moment at which planned times begin.
pub(crate) fn midnight() -> Moment {
    at("00:00:00")
}

/// One visit of a measured queue, as the oracle sees it.
#[derive(Clone, Debug)]
pub(crate) struct OracleVisit {
    pub measured: &'static str,
    pub offered: i64,
    pub wait_ms: Option<i64>,
    pub outcome: &'static str,
}

fn measured(queue: &str) -> Option<&'static str> {
    match queue {
        "600" | "601" => Some("kundtjanst"),
        "650" => Some("itsupport"),
        _ => None,
    }
}

/// The visits of a call: a stay that follows an overflow in another queue of the same measured
/// queue within a minute continues the visit.
pub(crate) fn visits(call: &PlannedCall) -> Vec<OracleVisit> {
    let seen = call.seen();
    let mut visits: Vec<(OracleVisit, Seen)> = Vec::new();
    for stay in &seen {
        let Some(queue) = measured(stay.queue) else { continue };
        let outcome = match &stay.end {
            PlannedEnd::Answered { .. } => "answered",
            PlannedEnd::Left(outcome) => outcome.as_str(),
            PlannedEnd::Never => "unknown",
        };
        let before = visits.iter_mut().rev().find(|(visit, _)| visit.measured == queue);
        let continued = before.filter(|(visit, last)| {
            visit.outcome == "overflowed" && last.queue != stay.queue && stay.from - last.until <= 60_000
        });
        let is_decided = outcome != "unknown";
        if let Some((visit, last)) = continued {
            visit.wait_ms = is_decided.then_some(stay.until - visit.offered);
            visit.outcome = outcome;
            *last = stay.clone();
        } else {
            let wait_ms = is_decided.then_some(stay.wait());
            visits.push((OracleVisit { measured: queue, offered: stay.from, wait_ms, outcome }, stay.clone()));
        }
    }
    visits.into_iter().map(|(visit, _)| visit).collect()
}

impl Seen {
    fn wait(&self) -> i64 {
        self.until - self.from
    }
}

/// Calls that people make on one morning.
pub(crate) fn plans() -> impl Strategy<Value = Vec<PlannedCall>> {
    proptest::collection::vec(call(), 1..7)
}

fn call() -> impl Strategy<Value = PlannedCall> {
    // From six in the morning for two hours: quarter-hours and the lateness both matter.
    let start = 6 * 3_600_000..8 * 3_600_000i64;
    (start, proptest::collection::vec(stay(), 1..4), any::<bool>()).prop_map(|(start_ms, mut stays, hangs_up)| {
        stays[0].pause_ms = 1_000;
        // Who has hung up does not come back.
        if let Some(last) = stays.iter().position(|stay| matches!(stay.end, PlannedEnd::Left(LeftOutcome::Abandoned))) {
            stays.truncate(last + 1);
        }
        PlannedCall { start_ms, stays, hangs_up }
    })
}

fn stay() -> impl Strategy<Value = PlannedStay> {
    let queue = prop_oneof![Just("600"), Just("601"), Just("650"), Just("999")];
    let wait = prop_oneof![0..6_000i64, Just(5_000), 0..90_000i64, Just(30_000), Just(60_000)];
    let pause = prop_oneof![1..2_000i64, 3_000..120_000i64];
    (pause, queue, wait, end()).prop_map(|(pause_ms, queue, wait_ms, end)| PlannedStay {
        pause_ms,
        queue,
        wait_ms,
        end,
    })
}

fn end() -> impl Strategy<Value = PlannedEnd> {
    let transfer = (
        prop_oneof![Just("7101"), Just("7300"), Just("7400")],
        1..40_000i64,
        prop_oneof![
            proptest::sample::select(AnsweredBy::ALL).prop_map(Ok),
            proptest::sample::select(vec![
                TransferResult::Busy,
                TransferResult::Rejected,
                TransferResult::Unreachable,
                TransferResult::Withdrawn,
                TransferResult::CallerHungUp,
            ])
            .prop_map(Err),
        ],
    );
    let transfer = transfer.prop_map(|(target, ring_ms, end)| PlannedTransfer { target, ring_ms, end });
    prop_oneof![
        4 => (1..200_000i64, proptest::option::of(transfer)).prop_map(|(talk_ms, transfer)| PlannedEnd::Answered { talk_ms, transfer }),
        3 => proptest::sample::select(LeftOutcome::ALL).prop_map(PlannedEnd::Left),
        1 => Just(PlannedEnd::Never),
    ]
}
