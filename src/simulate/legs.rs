//! What becomes of those who are sent on to a unit.

use smol_str::format_smolstr;

use crate::event::{AnsweredBy, EndedBy, EventKind, TransferKind, TransferResult};
use crate::simulate::switchboard::{Next, Switchboard, agent_name};

/// One step of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// The target rings.
    Rings { transfer: u32, kind: Way, end: End },
    /// It is decided.
    Ends { transfer: u32, kind: Way, end: End },
    /// The caller hangs up after speaking to the unit, or gives up.
    Over,
}

/// How the caller is sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Blind,
    Attended,
    Blonde,
}

/// How the transfer will end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    Person,
    Colleague,
    Mobile,
    Voicemail,
    RingsOut,
    ComesBack,
    Busy,
    Rejected,
    GivesUp,
}

impl Switchboard {
    /// The attendant sends the caller on.
    pub(super) fn consult(&mut self, call: u64) {
        let place = self.chance.skewed(self.scenario.units.len());
        let kind = match self.chance.share() {
            share if share < 0.80 => Way::Blind,
            share if share < 0.94 => Way::Attended,
            _ => Way::Blonde,
        };
        let end = self.end_at(place);
        let target = self.scenario.units[place].extension.as_str().into();
        let Some(caller) = self.callers.get_mut(&call) else { return };
        caller.transfers += 1;
        let (transfer, name, queue) = (caller.transfers, caller.name.clone(), caller.queue);
        let agent = agent_name(queue, 0);
        // Whoever transfers without asking has left the conversation by then.
        if kind == Way::Blind {
            self.end_talk(call, EndedBy::Transfer);
        }
        let sent = EventKind::TransferStarted {
            transfer: format_smolstr!("t{transfer}"),
            kind: match kind {
                Way::Blind => TransferKind::Blind,
                Way::Attended => TransferKind::Attended,
                Way::Blonde => TransferKind::Blonde,
            },
            target,
            queue: Some(self.scenario.queues[queue].name.into()),
            agent: Some(agent),
        };
        self.tell(&name, sent);
        if kind == Way::Blonde {
            self.end_talk(call, EndedBy::Transfer);
        }
        self.at(300, Next::Leg { call, step: Step::Rings { transfer, kind, end } });
    }

    fn end_at(&mut self, unit: usize) -> End {
        if self.chance.is(self.scenario.units[unit].answers) {
            return match self.chance.share() {
                share if share < 0.88 => End::Person,
                share if share < 0.97 => End::Colleague,
                _ => End::Mobile,
            };
        }
        match self.chance.share() {
            share if share < 0.30 => End::RingsOut,
            share if share < 0.55 => End::ComesBack,
            share if share < 0.70 => End::Busy,
            share if share < 0.84 => End::Voicemail,
            share if share < 0.87 => End::Rejected,
            _ => End::GivesUp,
        }
    }

    pub(super) fn leg(&mut self, call: u64, step: &Step) {
        match *step {
            Step::Rings { transfer, kind, end } => {
                let Some(caller) = self.callers.get(&call) else { return };
                let name = caller.name.clone();
                self.tell(&name, EventKind::TransferRinging { transfer: format_smolstr!("t{transfer}") });
                let ring_s = match end {
                    End::Person | End::Colleague | End::Mobile => 2.0 + self.chance.exponential(6.5).min(22.0),
                    End::Voicemail => 20.0,
                    End::RingsOut | End::ComesBack => 25.0,
                    End::Busy | End::Rejected => 0.4,
                    End::GivesUp => self.chance.between(3.0, 20.0),
                };
                self.at((ring_s * 1000.0) as i64, Next::Leg { call, step: Step::Ends { transfer, kind, end } });
            }
            Step::Ends { transfer, kind, end } => self.decide(call, transfer, kind, end),
            Step::Over => self.end_call(call, EndedBy::Caller),
        }
    }

    fn decide(&mut self, call: u64, transfer: u32, kind: Way, end: End) {
        let Some(caller) = self.callers.get(&call) else { return };
        let (name, queue) = (caller.name.clone(), caller.queue);
        let transfer = format_smolstr!("t{transfer}");
        let answered = match end {
            End::Person => Some(AnsweredBy::Person),
            End::Colleague => Some(AnsweredBy::Other),
            End::Mobile => Some(AnsweredBy::External),
            End::Voicemail => Some(AnsweredBy::Voicemail),
            _ => None,
        };
        if let Some(by) = answered {
            self.tell(&name, EventKind::TransferAnswered { transfer, by });
            if kind == Way::Attended {
                self.end_talk(call, EndedBy::Transfer);
            }
            let talk_ms = (10_000.0 + self.chance.exponential(120_000.0)) as i64;
            self.at(talk_ms, Next::Leg { call, step: Step::Over });
            return;
        }
        let result = match end {
            End::Busy => TransferResult::Busy,
            End::Rejected => TransferResult::Rejected,
            End::GivesUp => TransferResult::CallerHungUp,
            _ => TransferResult::NoAnswer,
        };
        self.tell(&name, EventKind::TransferFailed { transfer, result });
        if kind == Way::Attended {
            // The attendant is still there and says so.
            self.end_talk(call, EndedBy::Agent);
            self.end_call(call, EndedBy::Agent);
        } else if end == End::ComesBack {
            self.at(800, Next::Enters { call, queue });
        } else {
            self.end_call(call, EndedBy::Caller);
        }
    }
}
