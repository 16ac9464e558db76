//! Stays to visits of measured queues: which stays make one visit, when its clock starts, and how
//! long it waited; and the journey over all visits.
//!
//! Rulings of the design held here: which wait (1), overflow inside a measured queue (3), whole
//! calls (4), and hours (6).

use smallvec::SmallVec;

use crate::call::fact::{JourneyFact, Outcome, VisitFact};
use crate::call::stay::{AGREE_MS, Stay};
use crate::call::testimony::SwitchQueues;
use crate::directory::{ClockStart, Directory};
use crate::event::Stamp;
use crate::measure::{Moment, Talk, Wait};
use crate::names::QueueId;

/// A stay that follows an overflow within this continues the same visit.
const CONTINUES_MS: i64 = 60_000;

/// The visits made of `stays` (in order of their beginning), in that order. `arrived`: when the
/// call reached the switch, where told.
pub fn visits(
    stays: &[Stay],
    arrived: Option<Stamp>,
    queues: &SwitchQueues,
    directory: &Directory,
) -> SmallVec<[VisitFact; 1]> {
    let mut visits: SmallVec<[VisitFact; 1]> = SmallVec::new();
    let mut chains: SmallVec<[(QueueId, Chain<'_>); 2]> = SmallVec::new();
    for stay in stays {
        let Some(queue) = queues.measured(stay.queue) else { continue };
        let latest = chains.iter_mut().rev().find(|(measured, _)| *measured == queue);
        match latest {
            Some((_, chain)) if chain.is_continued_by(stay) => chain.last = stay,
            _ => {
                let arrived = if chains.is_empty() { arrived } else { None };
                chains.push((queue, Chain { first: stay, last: stay, arrived }));
            }
        }
    }
    for (place, (queue, chain)) in chains.iter().enumerate() {
        let number = 1 + chains[..place].iter().filter(|(before, _)| before == queue).count();
        visits.push(chain.visit(*queue, number as u16, directory));
    }
    visits
}

/// The stays of one visit: the first starts its clock, the last ends it.
struct Chain<'a> {
    first: &'a Stay,
    last: &'a Stay,
    arrived: Option<Stamp>,
}

impl Chain<'_> {
    fn is_continued_by(&self, next: &Stay) -> bool {
        let Some(end) = self.last.end else { return false };
        end.outcome == Outcome::Overflowed
            && next.queue != self.last.queue
            && (-AGREE_MS..=CONTINUES_MS).contains(&(next.entered.at - end.stamp.at))
    }

    fn visit(&self, id: QueueId, number: u16, directory: &Directory) -> VisitFact {
        let queue = directory.queue(id);
        let start = match queue.clock {
            ClockStart::Arrived => self.arrived.filter(|arrived| arrived.at <= self.first.entered.at),
            ClockStart::Queued => None,
        }
        .unwrap_or(self.first.entered);
        let end = self.last.end;
        let measured = end.filter(|end| !matches!(end.outcome, Outcome::Lost | Outcome::Unknown | Outcome::Refused));
        let mut fact = VisitFact {
            queue: id,
            number,
            offered: start.at,
            outcome: end.map(|end| end.outcome),
            decided: end.map(|end| end.stamp.at),
            wait: None,
            talk: None,
            over: end.is_some_and(|end| end.outcome != Outcome::Answered) || self.last.over.is_some(),
            outside_hours: self.last.is_closed || !queue.at(start.at).hours.is_open(start.at),
            derived: self.first.is_derived || self.last.is_derived || start.is_untimed(),
            inconsistent: self.first.is_inconsistent || self.last.is_inconsistent,
            late: self.first.is_late || self.last.is_late,
            coarse: start.is_coarse() || end.is_some_and(|end| end.stamp.is_coarse()),
        };
        if let Some(end) = measured {
            self.measure(&mut fact, start, end.stamp, end.wait);
        }
        if self.last.is_answered() {
            let timed = end.filter(|end| !end.stamp.is_untimed() && !self.last.is_over_untimed);
            let between = |over: Moment| timed.map(|end| Talk::from_ms(over - end.stamp.at));
            fact.talk = self.last.talk.or_else(|| self.last.over.and_then(between));
        }
        fact
    }

    /// Which wait: of clocks with milliseconds, the time stamps; of whole seconds, what the switch
    /// reports, else the stamps. What it reports begins with the last stay; what went before is
    /// added by the stamps. A moment that nobody knows makes a wait that nobody knows.
    fn measure(&self, fact: &mut VisitFact, start: Stamp, end: Stamp, told: Option<Wait>) {
        let by_stamps = end.at - start.at;
        let told = told.map(|told| (self.last.entered.at - start.at).max(0) + i64::from(told.ms()));
        let is_untimed = start.is_untimed() || end.is_untimed();
        if let (Some(told), false) = (told, is_untimed) {
            fact.inconsistent |= (told - by_stamps).abs() > AGREE_MS;
        }
        let wait = match told {
            None if is_untimed => return,
            Some(told) if fact.coarse || self.first.is_derived => told,
            _ => {
                fact.derived |= fact.coarse;
                fact.inconsistent |= by_stamps < 0;
                by_stamps
            }
        };
        fact.wait = Some(Wait::from_ms(wait));
    }
}

/// The whole way of a call with these visits, which are in order of their beginning.
pub fn journey(visits: &[VisitFact]) -> Option<JourneyFact> {
    let first = visits.first()?;
    let answered = visits.iter().find(|visit| visit.outcome == Some(Outcome::Answered));
    let is_open = answered.is_none() && visits.iter().any(|visit| visit.outcome.is_none());
    let last = answered.or(visits.last()).filter(|_| !is_open);
    let wait = last.and_then(|last| {
        let before = last.offered - first.offered;
        last.wait.map(|wait| Wait::from_ms(before + i64::from(wait.ms())))
    });
    Some(JourneyFact {
        queue: first.queue,
        offered: first.offered,
        outcome: last.and_then(|last| last.outcome),
        decided: last.and_then(|last| last.decided),
        wait,
        outside_hours: first.outside_hours,
    })
}
