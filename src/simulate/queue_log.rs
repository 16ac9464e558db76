//! Canonical events as an Asterisk would log them: whole seconds, and nothing of what became of
//! those who were sent on.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use smol_str::SmolStr;

use crate::event::{CallEvent, EndedBy, EventKind, LeftOutcome, RefusedReason, TransferKind};
use crate::measure::{Moment, Talk, Wait};

/// Renders events as lines of a queue_log.
#[derive(Debug, Default)]
pub struct Renderer {
    /// Calls whose conversation ended by a blind transfer that is yet to be told: wait and talk.
    leaving: HashMap<SmolStr, (SmolStr, Wait, Talk)>,
    /// Calls that an attendant is consulting about.
    consulting: HashSet<SmolStr>,
    /// Who answered.
    agents: HashMap<SmolStr, SmolStr>,
}

impl Renderer {
    /// Adds the line of `event`, if it has one.
    pub fn render(&mut self, event: &CallEvent, out: &mut String) {
        let (at, call) = (event.stamp.at, &event.call);
        let agent = self.agents.get(call).cloned().unwrap_or_else(|| "NONE".into());
        let mut line = |queue: &str, agent: &str, rest: std::fmt::Arguments<'_>| {
            // Writing to a string does not fail.
            let _ = writeln!(out, "{}|{call}|{queue}|{agent}|{rest}", at.seconds());
        };
        match &event.kind {
            EventKind::VisitEntered { queue, .. } => {
                line(queue, "NONE", format_args!("ENTERQUEUE||070{:07}|1", at.seconds() % 10_000_000));
            }
            EventKind::VisitRefused { queue, reason: RefusedReason::Closed } => {
                line(queue, "NONE", format_args!("CLOSED|"));
            }
            EventKind::VisitRefused { queue, reason: RefusedReason::Full } => {
                line(queue, "NONE", format_args!("FULL|"));
            }
            EventKind::VisitRefused { queue, reason: RefusedReason::Empty } => {
                line(queue, "NONE", format_args!("JOINEMPTY|"));
            }
            EventKind::AgentMissed { queue, agent, ring } => {
                line(queue, agent, format_args!("RINGNOANSWER|{}", ring.map_or(0, crate::measure::Ring::ms)));
            }
            EventKind::VisitAnswered { queue, agent: Some(agent), wait: Some(wait), .. } => {
                line(queue, agent, format_args!("CONNECT|{}|{call}-2|2", seconds_between(at, *wait)));
                self.agents.insert(call.clone(), agent.clone());
            }
            EventKind::VisitLeft { queue, outcome, wait: Some(wait), .. } => {
                let wait = seconds_between(at, *wait);
                match outcome {
                    LeftOutcome::Abandoned => line(queue, "NONE", format_args!("ABANDON|1|1|{wait}")),
                    LeftOutcome::Overflowed => line(queue, "NONE", format_args!("EXITWITHTIMEOUT|1|1|{wait}")),
                    LeftOutcome::KeyExit => line(queue, "NONE", format_args!("EXITWITHKEY|1|1|1|{wait}")),
                    _ => line(queue, "NONE", format_args!("WITHDRAW|1|1|{wait}")),
                }
            }
            EventKind::ConversationEnded { queue: Some(queue), talk: Some(talk), wait: Some(wait), by } => {
                let (hold, spoke) = (wait.ms() / 1000, talk.ms() / 1000);
                match by {
                    Some(EndedBy::Transfer) if self.consulting.remove(call) => {
                        line(queue, &agent, format_args!("ATTENDEDTRANSFER|BRIDGE|{call}-3|{hold}|{spoke}|1"));
                    }
                    Some(EndedBy::Transfer) => {
                        self.leaving.insert(call.clone(), (queue.clone(), *wait, *talk));
                    }
                    Some(EndedBy::Agent) => line(queue, &agent, format_args!("COMPLETEAGENT|{hold}|{spoke}|1")),
                    _ => line(queue, &agent, format_args!("COMPLETECALLER|{hold}|{spoke}|1")),
                }
            }
            EventKind::TransferStarted { kind, target, .. } => match self.leaving.remove(call) {
                Some((queue, wait, talk)) if *kind == TransferKind::Blind => {
                    let (hold, spoke) = (wait.ms() / 1000, talk.ms() / 1000);
                    line(&queue, &agent, format_args!("BLINDTRANSFER|{target}|enheter|{hold}|{spoke}|1"));
                }
                _ => {
                    self.consulting.insert(call.clone());
                }
            },
            EventKind::CallEnded { .. } => {
                self.agents.remove(call);
                self.consulting.remove(call);
            }
            _ => {}
        }
    }
}

/// The wait as Asterisk counts it: the difference of two clocks of whole seconds.
fn seconds_between(end: Moment, wait: Wait) -> i64 {
    end.seconds() - end.plus_ms(-i64::from(wait.ms())).seconds()
}
