//! The simulation itself: a calendar of what happens next, callers in queues, attendants.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use smol_str::{SmolStr, format_smolstr};

use crate::event::{AgentState, CallEvent, EndedBy, EventId, EventKind, LeftOutcome, RefusedReason, Stamp};
use crate::measure::{Moment, Ring, Talk, Wait};
use crate::simulate::model::Scenario;
use crate::simulate::random::Chance;

/// Callers are drawn a minute at a time.
const MINUTE_MS: i64 = 60_000;
/// A phone that is not answered rings this long.
const RINGS_OUT_MS: i64 = 12_000;

/// An event with the textual identity that the switch gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The switch's identity of the event.
    pub id: String,
    /// The event.
    pub event: CallEvent,
}

/// What happens next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Next {
    Minute,
    Arrives { queue: usize },
    Enters { call: u64, queue: usize },
    Answers { call: u64, agent: usize },
    Misses { call: u64, agent: usize },
    LosesPatience { call: u64, turn: u32 },
    HangsUp { call: u64 },
    Consults { call: u64 },
    Free { queue: usize, agent: usize },
    Leg { call: u64, step: super::legs::Step },
}

/// One caller.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) name: SmolStr,
    pub(super) queue: usize,
    entered: Moment,
    answered: Moment,
    agent: usize,
    is_waiting: bool,
    /// The attendant whose phone rings for this caller.
    ringing: Option<usize>,
    /// Goes up with each entry, so that an old loss of patience means nothing.
    turn: u32,
    pub(super) transfers: u32,
}

#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<u64>,
    idle: Vec<usize>,
    /// Attendants at work, idle or not; and how many of them go home when they are done.
    on_shift: usize,
    leaving: usize,
    next_agent: usize,
}

/// A switchboard with its callers and attendants.
#[derive(Debug)]
pub struct Switchboard {
    pub(super) scenario: Scenario,
    pub(super) chance: Chance,
    pub(super) now: Moment,
    seed: u64,
    calendar: BinaryHeap<Reverse<(Moment, u64, Next)>>,
    sequence: u64,
    told: u64,
    calls: u64,
    pub(super) callers: HashMap<u64, Caller>,
    lines: Vec<Line>,
    out: Vec<Told>,
}

impl Switchboard {
    /// A switchboard that opens at `from`, with nobody in it.
    pub fn new(scenario: Scenario, seed: u64, from: Moment) -> Self {
        let lines = scenario.queues.iter().map(|_| Line::default()).collect();
        let mut board = Self {
            scenario,
            chance: Chance::new(seed),
            now: from,
            seed,
            calendar: BinaryHeap::new(),
            sequence: 0,
            told: 0,
            calls: 0,
            callers: HashMap::new(),
            lines,
            out: Vec::new(),
        };
        board.at(0, Next::Minute);
        board
    }

    /// Lets time pass until `until` and says what happened, in order.
    pub fn advance(&mut self, until: Moment) -> Vec<Told> {
        while let Some(Reverse((at, _, _))) = self.calendar.peek() {
            if *at > until {
                break;
            }
            if let Some(Reverse((at, _, next))) = self.calendar.pop() {
                self.now = at;
                self.happen(next);
            }
        }
        std::mem::take(&mut self.out)
    }

    pub(super) fn at(&mut self, after_ms: i64, next: Next) {
        self.sequence += 1;
        self.calendar.push(Reverse((self.now.plus_ms(after_ms), self.sequence, next)));
    }

    pub(super) fn tell(&mut self, call: &SmolStr, kind: EventKind) {
        self.told += 1;
        let id = format!("s{}-{}", self.seed, self.told);
        let event = CallEvent {
            id: EventId::of(&[id.as_bytes()]),
            stamp: Stamp::live(self.now),
            source: None,
            call: call.clone(),
            kind,
        };
        self.out.push(Told { id, event });
    }

    fn happen(&mut self, next: Next) {
        match next {
            Next::Minute => self.minute(),
            Next::Arrives { queue } => self.arrive(queue),
            Next::Enters { call, queue } => self.enter(call, queue),
            Next::Answers { call, agent } => self.answer(call, agent),
            Next::Misses { call, agent } => self.miss(call, agent),
            Next::LosesPatience { call, turn } => self.lose_patience(call, turn),
            Next::HangsUp { call } => self.hang_up(call),
            Next::Consults { call } => self.consult(call),
            Next::Free { queue, agent } => self.free(queue, agent),
            Next::Leg { call, step } => self.leg(call, &step),
        }
    }

    /// The callers of the next minute, and who is on shift in it.
    fn minute(&mut self) {
        for queue in 0..self.lines.len() {
            let rate = self.scenario.arrivals(&self.scenario.queues[queue], self.now);
            for _ in 0..self.chance.poisson(rate * MINUTE_MS as f64 / 1000.0) {
                let after = (self.chance.share() * MINUTE_MS as f64) as i64;
                self.at(after, Next::Arrives { queue });
            }
            self.change_shift(queue);
        }
        self.at(MINUTE_MS, Next::Minute);
    }

    fn change_shift(&mut self, queue: usize) {
        let wanted = self.scenario.staffed(&self.scenario.queues[queue], self.now);
        let line = &mut self.lines[queue];
        let staying = line.on_shift - line.leaving;
        if wanted >= staying {
            let mut missing = wanted - staying;
            let stay = missing.min(line.leaving);
            line.leaving -= stay;
            missing -= stay;
            for _ in 0..missing {
                let line = &mut self.lines[queue];
                let agent = line.next_agent;
                line.next_agent = (agent + 1) % 50;
                line.on_shift += 1;
                self.free(queue, agent);
            }
            return;
        }
        line.leaving += staying - wanted;
        while self.lines[queue].leaving > 0 {
            let Some(agent) = self.lines[queue].idle.pop() else { break };
            self.go_home(queue, agent);
        }
    }

    fn go_home(&mut self, queue: usize, agent: usize) {
        self.lines[queue].leaving -= 1;
        self.lines[queue].on_shift -= 1;
        self.show(queue, agent, AgentState::Offline);
    }

    fn arrive(&mut self, queue: usize) {
        self.calls += 1;
        let call = self.calls;
        let name = format_smolstr!("{}.{call}", self.now.seconds());
        self.tell(&name, EventKind::CallStarted { dialled: None, is_part: false });
        let closed = !self.scenario.queues[queue].hours.is_open(self.now);
        let caller = Caller {
            name: name.clone(),
            queue,
            entered: self.now,
            answered: self.now,
            agent: 0,
            is_waiting: false,
            ringing: None,
            turn: 0,
            transfers: 0,
        };
        if closed {
            let queue = self.scenario.queues[queue].name.into();
            self.tell(&name, EventKind::VisitRefused { queue, reason: RefusedReason::Closed });
            self.tell(&name, EventKind::CallEnded { by: Some(EndedBy::System) });
            return;
        }
        self.callers.insert(call, caller);
        self.at(self.scenario.manners.greeting_ms, Next::Enters { call, queue });
    }

    pub(super) fn enter(&mut self, call: u64, queue: usize) {
        let name = self.scenario.queues[queue].name.into();
        let Some(caller) = self.callers.get_mut(&call) else { return };
        (caller.queue, caller.entered, caller.is_waiting) = (queue, self.now, true);
        caller.turn += 1;
        let (turn, of) = (caller.turn, caller.name.clone());
        self.tell(&of, EventKind::VisitEntered { queue: name, visit: None });
        self.lines[queue].waiting.push_back(call);
        let mean = self.scenario.queues[queue].patience_s;
        let manners = self.scenario.manners;
        let patience_s = if self.chance.is(manners.misdialled) {
            self.chance.between(0.5, 5.0)
        } else {
            manners.patience_least_s + self.chance.exponential(mean)
        };
        self.at(((patience_s * 1000.0) as i64).min(manners.overflow_ms), Next::LosesPatience { call, turn });
        self.match_up(queue);
    }

    /// Rings idle attendants for those who wait, first come first served.
    fn match_up(&mut self, queue: usize) {
        while !self.lines[queue].waiting.is_empty() {
            let Some(agent) = self.lines[queue].idle.pop() else { return };
            let Some(call) = self.lines[queue].waiting.pop_front() else { return };
            if let Some(caller) = self.callers.get_mut(&call) {
                caller.ringing = Some(agent);
            }
            self.show(queue, agent, AgentState::Ringing);
            let manners = self.scenario.manners;
            if self.chance.is(manners.missed) {
                self.at(RINGS_OUT_MS, Next::Misses { call, agent });
            } else {
                let (least_s, more_s) = manners.ring_s;
                let ring_ms = (least_s * 1000.0 + self.chance.exponential(more_s * 1000.0)).min(11_000.0) as i64;
                self.at(ring_ms, Next::Answers { call, agent });
            }
        }
    }

    fn miss(&mut self, call: u64, agent: usize) {
        // A caller who gave up meanwhile has set the attendant free.
        let Some(caller) = self.callers.get_mut(&call).filter(|caller| caller.ringing == Some(agent)) else { return };
        caller.ringing = None;
        let (queue, name) = (caller.queue, caller.name.clone());
        let missed = EventKind::AgentMissed {
            queue: self.scenario.queues[queue].name.into(),
            agent: agent_name(queue, agent),
            ring: Some(Ring::from_ms(RINGS_OUT_MS)),
        };
        self.tell(&name, missed);
        self.lines[queue].waiting.push_front(call);
        self.free(queue, agent);
    }

    fn answer(&mut self, call: u64, agent: usize) {
        let Some(caller) = self.callers.get_mut(&call).filter(|caller| caller.ringing == Some(agent)) else { return };
        (caller.is_waiting, caller.ringing, caller.answered, caller.agent) = (false, None, self.now, agent);
        let (queue, wait, name) = (caller.queue, self.now - caller.entered, caller.name.clone());
        self.show(queue, agent, AgentState::Busy);
        let model = &self.scenario.queues[queue];
        let (talk_s, transferred) = (model.talk_s, model.transferred);
        let answered = EventKind::VisitAnswered {
            queue: model.name.into(),
            visit: None,
            agent: Some(agent_name(queue, agent)),
            wait: Some(Wait::from_ms(wait)),
            ring: None,
        };
        self.tell(&name, answered);
        let (shortest_s, parts) = self.scenario.manners.talk;
        let each_s = (talk_s - shortest_s) / f64::from(parts);
        let whole_s = (0..parts).fold(shortest_s, |sum, _| sum + self.chance.exponential(each_s));
        let length_ms = (whole_s * 1000.0) as i64;
        if self.chance.is(transferred) {
            self.at(length_ms, Next::Consults { call });
        } else {
            self.at(length_ms, Next::HangsUp { call });
        }
    }

    /// The conversation ends; the attendant writes up and is free again.
    pub(super) fn end_talk(&mut self, call: u64, by: EndedBy) {
        let Some(caller) = self.callers.get(&call) else { return };
        let (queue, agent, name) = (caller.queue, caller.agent, caller.name.clone());
        let over = EventKind::ConversationEnded {
            queue: Some(self.scenario.queues[queue].name.into()),
            talk: Some(Talk::from_ms(self.now - caller.answered)),
            wait: Some(Wait::from_ms(caller.answered - caller.entered)),
            by: Some(by),
        };
        self.tell(&name, over);
        self.show(queue, agent, AgentState::Wrapup);
        let wrapup_ms = self.chance.exponential(self.scenario.queues[queue].wrapup_s * 1000.0) as i64;
        self.at(wrapup_ms, Next::Free { queue, agent });
    }

    fn hang_up(&mut self, call: u64) {
        let by = if self.chance.is(0.7) { EndedBy::Caller } else { EndedBy::Agent };
        self.end_talk(call, by);
        self.end_call(call, by);
    }

    pub(super) fn end_call(&mut self, call: u64, by: EndedBy) {
        if let Some(caller) = self.callers.remove(&call) {
            self.tell(&caller.name, EventKind::CallEnded { by: Some(by) });
        }
    }

    fn lose_patience(&mut self, call: u64, turn: u32) {
        let Some(caller) = self.callers.get(&call).filter(|caller| caller.is_waiting && caller.turn == turn) else {
            return;
        };
        let (queue, name, wait) = (caller.queue, caller.name.clone(), self.now - caller.entered);
        self.lines[queue].waiting.retain(|waiting| *waiting != call);
        let outcome = if wait >= self.scenario.manners.overflow_ms {
            LeftOutcome::Overflowed
        } else if wait > 8_000 && self.chance.is(self.scenario.manners.by_key) {
            LeftOutcome::KeyExit
        } else {
            LeftOutcome::Abandoned
        };
        let left = EventKind::VisitLeft {
            queue: self.scenario.queues[queue].name.into(),
            visit: None,
            outcome,
            wait: Some(Wait::from_ms(wait)),
        };
        self.tell(&name, left);
        let ringing = self.callers.get(&call).and_then(|caller| caller.ringing);
        let by = if outcome == LeftOutcome::Abandoned { EndedBy::Caller } else { EndedBy::System };
        self.end_call(call, by);
        if let Some(agent) = ringing {
            self.free(queue, agent);
        }
    }

    fn free(&mut self, queue: usize, agent: usize) {
        if self.lines[queue].leaving > 0 {
            self.go_home(queue, agent);
            return;
        }
        self.show(queue, agent, AgentState::Available);
        self.lines[queue].idle.insert(0, agent);
        self.match_up(queue);
    }

    fn show(&mut self, queue: usize, agent: usize, state: AgentState) {
        if self.scenario.tells_agents {
            let (agent, queue) = (agent_name(queue, agent), Some(self.scenario.queues[queue].name.into()));
            self.tell(&SmolStr::default(), EventKind::AgentChanged { agent, queue, state });
        }
    }
}

pub(super) fn agent_name(queue: usize, agent: usize) -> SmolStr {
    format_smolstr!("a{}{agent:02}", queue + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn at(text: &str) -> Moment {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().into()
    }

    #[test]
    fn the_same_seed_tells_the_same_however_time_is_cut() {
        let (from, until) = (at("2026-03-02T07:00:00+01:00"), at("2026-03-02T12:00:00+01:00"));
        let whole = Switchboard::new(Scenario::municipal(), 7, from).advance(until);
        let mut board = Switchboard::new(Scenario::municipal(), 7, from);
        let mut pieces = Vec::new();
        let mut now = from;
        while now < until {
            now = now.plus_ms(137_000).min(until);
            pieces.extend(board.advance(now));
        }
        assert!(whole.len() > 500);
        assert_eq!(pieces, whole);
        assert!(whole.windows(2).all(|pair| pair[0].event.stamp.at <= pair[1].event.stamp.at));
        assert_eq!(whole.iter().map(|told| &told.id).collect::<HashSet<_>>().len(), whole.len());
    }

    #[test]
    fn a_year_of_the_model_customer_is_like_its_annual_report() {
        let mut board = Switchboard::new(Scenario::municipal(), 2023, at("2023-01-01T00:00:00+01:00"));
        let told = board.advance(at("2024-01-01T00:00:00+01:00"));
        let mut answered = [(0u32, 0u32, 0u32); 2]; // answered, within 30 s, within 60 s
        let mut offered = [0u32; 2];
        let mut abandoned = [0u32; 2];
        let (mut sent, mut taken) = (0, 0);
        let place = |queue: &str| usize::from(queue == "itsupport");
        for told in &told {
            match &told.event.kind {
                EventKind::VisitEntered { queue, .. } => offered[place(queue)] += 1,
                EventKind::VisitAnswered { queue, wait: Some(wait), .. } => {
                    let sums = &mut answered[place(queue)];
                    sums.0 += 1;
                    sums.1 += u32::from(wait.ms() <= 30_000);
                    sums.2 += u32::from(wait.ms() <= 60_000);
                }
                EventKind::VisitLeft { queue, .. } => abandoned[place(queue)] += 1,
                EventKind::TransferStarted { .. } => sent += 1,
                EventKind::TransferAnswered { by, .. } if *by != crate::event::AnsweredBy::Voicemail => taken += 1,
                _ => {}
            }
        }
        let level_30 = f64::from(answered[0].1) / f64::from(answered[0].0);
        let level_60 = f64::from(answered[1].2) / f64::from(offered[1]);
        let seen = format!("{answered:?} {offered:?} {abandoned:?} {level_30:.3} {level_60:.3} {sent} {taken}");
        assert!((108_000..=116_000).contains(&answered[0].0), "{seen}");
        assert!((0.89..=0.94).contains(&level_30), "{seen}");
        assert!((9_500..=11_300).contains(&offered[1]), "{seen}");
        assert!((0.62..=0.75).contains(&level_60), "{seen}");
        let rate = f64::from(taken) / f64::from(sent);
        assert!((45_000..60_000).contains(&sent) && (0.55..0.62).contains(&rate), "{seen} {rate}");
    }
}
