//! Testimonies to stays: one stay is one presence of the call in one switch-side queue, with what
//! ended it. Here is decided which end belongs to which beginning.
//!
//! Rulings of the design held here: which visit an event belongs to (3), orphan ends (5),
//! restarts and orderly stops (16), and an "abandoned" that was followed by the caller (17).

use smallvec::SmallVec;

use crate::call::fact::Outcome;
use crate::call::testimony::{Milestone, SwitchQueue, Testimony, Witness};
use crate::call::two_feeds;
use crate::event::kind::VisitLabel;
use crate::event::{EndedBy, Evidence, LeftOutcome, RefusedReason, Stamp, TransferKind, TransferResult};
use crate::measure::{Moment, Talk, Wait};

/// Two clocks of one switch that differ by no more agree.
pub const AGREE_MS: i64 = 2_000;
/// An end stamped this long before its beginning still belongs to it: the switch's threads race,
/// and its clock may step.
const RACE_MS: i64 = 60_000;
/// Ends this shortly before the switch stops are the switch hanging up, not people.
const SHUTDOWN_MS: i64 = 2_000;

/// One presence of a call in one switch-side queue.
#[derive(Clone, Copy, Debug)]
pub struct Stay {
    /// Where.
    pub queue: SwitchQueue,
    /// The switch's own name of the stay.
    pub label: Option<VisitLabel>,
    /// When it began; of a stay without testimony of that, worked back from its end.
    pub entered: Stamp,
    /// The beginning was worked out.
    pub is_derived: bool,
    /// How it ended.
    pub end: Option<End>,
    /// When the conversation ended.
    pub over: Option<Moment>,
    /// That moment is not known, only that it is past.
    pub is_over_untimed: bool,
    /// How long the switch says the conversation was.
    pub talk: Option<Talk>,
    /// The switch itself said that it was closed.
    pub is_closed: bool,
    /// Testimonies disagree.
    pub is_inconsistent: bool,
    /// Some testimony was late.
    pub is_late: bool,
}

/// How a stay ended.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// How.
    pub outcome: Outcome,
    /// When.
    pub stamp: Stamp,
    /// The wait that the switch reports.
    pub wait: Option<Wait>,
}

/// Stays of a call; of most calls there is one.
pub type List = SmallVec<[Stay; 1]>;

/// When a switch started anew and when it was about to stop, both ascending.
#[derive(Clone, Copy, Debug, Default)]
pub struct SwitchTimes<'a> {
    /// Starts.
    pub restarts: &'a [Moment],
    /// Orderly stops.
    pub stops: &'a [Moment],
}

/// All stays of a call.
#[derive(Debug, Default)]
pub struct Stays {
    /// In the order of their beginning.
    pub list: List,
    /// Ends that belong to nothing and tell no wait.
    orphans: Vec<(SwitchQueue, End)>,
    /// Ends of conversations that belong to nothing.
    lost_ends: u16,
}

impl Stays {
    /// The stays told of by `testimonies`, which are in order. `is_over`: nothing more is expected.
    pub fn of(testimonies: &[Testimony], switch: SwitchTimes<'_>, is_over: bool) -> Self {
        let is_alone = testimonies.windows(2).all(|pair| Witness::of(&pair[0]) == Witness::of(&pair[1]));
        let mut stays = if is_alone {
            Self::told(testimonies)
        } else {
            // Several feeds of one switch: each tells the whole story, and then they are put together.
            let each = Witness::ALL.map(|witness| {
                let theirs: Vec<_> = testimonies.iter().filter(|told| Witness::of(told) == witness).cloned().collect();
                (!theirs.is_empty()).then(|| Self::told(&theirs))
            });
            each.into_iter().rev().flatten().reduce(|lesser, better| better.with(lesser)).unwrap_or_default()
        };
        let newest = testimonies.iter().map(|testimony| testimony.stamp.at).max().unwrap_or_default();
        for place in 0..stays.list.len() {
            let next = stays.list.get(place + 1).map(|next| next.entered.at);
            let stay = &mut stays.list[place];
            stay.meet_transfers(testimonies, next);
            stay.meet_restarts(switch, newest);
            if is_over {
                stay.give_up(newest);
            }
        }
        stays
    }

    /// The stays that one feed tells of.
    fn told(testimonies: &[Testimony]) -> Self {
        let mut stays = Self::default();
        let mut taken = Vec::new();
        for (index, testimony) in testimonies.iter().enumerate() {
            if taken.contains(&index) {
                continue;
            }
            if let Milestone::Entered { queue, visit: None } = testimony.what {
                // A coarse clock may stamp the end of one stay and the beginning of the next alike.
                let end = stays.end_at_same_instant(&testimonies[index..], queue);
                if let Some(offset) = end {
                    stays.hear(&testimonies[index + offset]);
                    taken.push(index + offset);
                }
            }
            stays.hear(testimony);
        }
        stays.join_races();
        stays.list.sort_by_key(|stay| stay.entered.order);
        stays.follow_callers();
        stays
    }

    /// What one feed tells, with what a lesser witness tells: see
    /// [`two_feeds`](crate::call::two_feeds).
    fn with(self, live: Self) -> Self {
        // What the lesser could not place, the better has placed, or has told of itself.
        Self { list: two_feeds::join(self.list, live.list), orphans: self.orphans, lost_ends: self.lost_ends }
    }

    /// How many ends belong to nothing.
    pub fn orphans(&self) -> u16 {
        self.lost_ends + self.orphans.len() as u16
    }

    fn end_at_same_instant(&self, rest: &[Testimony], queue: SwitchQueue) -> Option<usize> {
        self.open_in(queue)?;
        let (entry, order) = (&rest[0], rest[0].stamp.order);
        let same = |t: &Testimony| t.stamp.order == order && t.stamp.ordinal == entry.stamp.ordinal;
        rest.iter()
            .take_while(|t| same(t))
            .position(|t| matches!(t.what, Milestone::Left { queue: left, visit: None, .. } if left == queue))
    }

    fn hear(&mut self, testimony: &Testimony) {
        let stamp = testimony.stamp;
        let before = self.list.len();
        let place = match &testimony.what {
            Milestone::Entered { queue, visit } => Some(self.enter(*queue, *visit, stamp)),
            Milestone::Refused { queue, reason } => Some(self.refuse(*queue, *reason, stamp)),
            Milestone::Answered { queue, visit, wait } => {
                self.end(*queue, *visit, End { outcome: Outcome::Answered, stamp, wait: *wait })
            }
            Milestone::Left { queue, visit, outcome, wait } => {
                self.end(*queue, *visit, End { outcome: left(*outcome), stamp, wait: *wait })
            }
            Milestone::Over { queue, talk, wait } => self.finish(*queue, *talk, *wait, stamp),
            Milestone::Ended { by } => {
                self.hang_up(*by, stamp);
                None
            }
            _ => None,
        };
        if let (true, Some(place)) = (testimony.late, place) {
            self.list[place].is_late = true;
        }
        debug_assert!(self.list.len() <= before + 1);
    }

    fn enter(&mut self, queue: SwitchQueue, label: Option<VisitLabel>, stamp: Stamp) -> usize {
        if let Some(place) = self.labelled(queue, label) {
            // Told twice: the better witness, else the earlier.
            let known = &mut self.list[place];
            if known.is_derived || stamp.evidence > known.entered.evidence {
                known.entered = stamp;
                known.is_derived = false;
            }
            return place;
        }
        if label.is_none()
            && let Some(place) = self.open_in(queue)
        {
            let known = &mut self.list[place].entered;
            let is_worked_out = [stamp, *known].iter().any(|stamp| stamp.evidence == Evidence::Derived);
            if is_worked_out && (stamp.at - known.at).abs() <= AGREE_MS {
                // A switch that is asked who waits tells it to one who does not know that they do.
                if stamp.evidence > known.evidence {
                    *known = stamp;
                }
                return place;
            }
            // Nobody can be in a queue twice: the end of the stay before was not seen.
            self.list[place].end = Some(End { outcome: Outcome::Unknown, stamp, wait: None });
        }
        self.begin(queue, label, stamp)
    }

    fn begin(&mut self, queue: SwitchQueue, label: Option<VisitLabel>, entered: Stamp) -> usize {
        self.list.push(Stay {
            queue,
            label,
            entered,
            is_derived: false,
            end: None,
            over: None,
            is_over_untimed: false,
            talk: None,
            is_closed: false,
            is_inconsistent: false,
            is_late: false,
        });
        self.list.len() - 1
    }

    fn refuse(&mut self, queue: SwitchQueue, reason: RefusedReason, stamp: Stamp) -> usize {
        let place = self.open_in(queue).unwrap_or_else(|| self.begin(queue, None, stamp));
        let stay = &mut self.list[place];
        stay.end = Some(End { outcome: Outcome::Refused, stamp, wait: None });
        stay.is_closed |= reason == RefusedReason::Closed;
        place
    }

    fn labelled(&self, queue: SwitchQueue, label: Option<VisitLabel>) -> Option<usize> {
        let label = label?;
        self.list.iter().position(|stay| stay.queue == queue && stay.label == Some(label))
    }

    fn open_in(&self, queue: SwitchQueue) -> Option<usize> {
        self.list.iter().rposition(|stay| stay.queue == queue && stay.end.is_none())
    }

    fn end(&mut self, queue: SwitchQueue, label: Option<VisitLabel>, end: End) -> Option<usize> {
        let open = || self.open_in(queue).filter(|place| label.is_none() || self.list[*place].label.is_none());
        if let Some(place) = self.labelled(queue, label).or_else(open) {
            self.list[place].hear_end(end);
            return Some(place);
        }
        // An end of a stay that has ended: the same told again, or told better, if the wait says so.
        let offered = end.wait.map(|wait| end.stamp.at.plus_ms(-i64::from(wait.ms())));
        let known = self.list.iter().rposition(|stay| {
            let begins = |offered: Moment| (offered - stay.entered.at).abs() <= AGREE_MS;
            stay.queue == queue && (label.is_none() || stay.label.is_none()) && offered.is_none_or(begins)
        });
        if let Some(place) = known {
            self.list[place].hear_end(end);
            return Some(place);
        }
        let Some(offered) = offered else {
            self.orphans.push((queue, end));
            return None;
        };
        Some(self.derive(queue, label, offered, end))
    }

    /// A stay of which only the end was told.
    fn derive(&mut self, queue: SwitchQueue, label: Option<VisitLabel>, offered: Moment, end: End) -> usize {
        let order = Moment(end.stamp.order.0 - (end.stamp.at - offered));
        let entered = Stamp { at: offered, order, evidence: Evidence::Derived, ..end.stamp };
        let place = self.begin(queue, label, entered);
        self.list[place].is_derived = true;
        self.list[place].end = Some(end);
        place
    }

    fn finish(
        &mut self,
        queue: Option<SwitchQueue>,
        talk: Option<Talk>,
        wait: Option<Wait>,
        stamp: Stamp,
    ) -> Option<usize> {
        let here = |stay: &Stay| queue.is_none_or(|queue| stay.queue == queue);
        let answered_at = talk.map(|talk| stamp.at.plus_ms(-i64::from(talk.ms())));
        let talking = self.list.iter().rposition(|stay| here(stay) && stay.is_answered() && stay.over.is_none());
        let known = talking.or_else(|| {
            // The last word on a call is a race in some switches, and may be said twice.
            self.list.iter().rposition(|stay| {
                let agrees = |at: Moment| stay.end.is_some_and(|end| (end.stamp.at - at).abs() <= AGREE_MS);
                here(stay) && stay.is_answered() && answered_at.is_none_or(agrees)
            })
        });
        if let Some(place) = known {
            let stay = &mut self.list[place];
            stay.over = Some(stay.over.map_or(stamp.at, |over| over.min(stamp.at)));
            stay.is_over_untimed = stamp.is_untimed();
            stay.talk = stay.talk.or(talk);
            return Some(place);
        }
        // The answer itself was not seen: work it back from the end.
        let open = self.list.iter().rposition(|stay| here(stay) && stay.end.is_none());
        let place = if let Some(place) = open {
            let entered = self.list[place].entered.at;
            let Some(at) = wait.map(|wait| entered.plus_ms(i64::from(wait.ms()))).or(answered_at) else {
                self.lost_ends += 1;
                return None;
            };
            let order = Moment(stamp.order.0 - (stamp.at - at));
            let end = End { outcome: Outcome::Answered, stamp: Stamp { at, order, ..stamp }, wait };
            let stay = &mut self.list[place];
            stay.end = Some(end);
            stay.is_derived = true;
            place
        } else {
            let (Some(queue), Some(at), Some(wait)) = (queue, answered_at, wait) else {
                self.lost_ends += 1;
                return None;
            };
            let order = Moment(stamp.order.0 - (stamp.at - at));
            let end = End { outcome: Outcome::Answered, stamp: Stamp { at, order, ..stamp }, wait: Some(wait) };
            self.derive(queue, None, at.plus_ms(-i64::from(wait.ms())), end)
        };
        let stay = &mut self.list[place];
        (stay.over, stay.talk) = (Some(stamp.at), talk);
        Some(place)
    }

    /// The call is over. A caller who hangs up while waiting has abandoned.
    fn hang_up(&mut self, by: Option<EndedBy>, stamp: Stamp) {
        for stay in &mut self.list {
            if stay.end.is_none() {
                let outcome = if by == Some(EndedBy::Caller) { Outcome::Abandoned } else { Outcome::Unknown };
                stay.end = Some(End { outcome, stamp, wait: None });
                stay.is_derived |= outcome == Outcome::Abandoned;
            } else if stay.is_answered() && stay.over.is_none() {
                stay.over = Some(stamp.at);
            }
        }
    }

    /// Ends that were stamped a little before their beginning find it.
    fn join_races(&mut self) {
        let mut place = 0;
        while place < self.list.len() {
            let begun = &self.list[place];
            if begun.end.is_some() || begun.is_derived {
                place += 1;
                continue;
            }
            let (queue, entered) = (begun.queue, begun.entered);
            let is_race = |at: Moment| at <= entered.at && entered.at - at <= RACE_MS;
            let derived = self.list.iter().position(|stay| {
                stay.queue == queue && stay.is_derived && stay.end.is_some_and(|end| is_race(end.stamp.at))
            });
            if let Some(from) = derived {
                let worked_out = self.list.remove(from);
                place -= usize::from(from < place);
                let stay = &mut self.list[place];
                (stay.end, stay.over, stay.talk) = (worked_out.end, worked_out.over, worked_out.talk);
                stay.is_late |= worked_out.is_late;
            } else if let Some(from) =
                self.orphans.iter().position(|(told, end)| *told == queue && is_race(end.stamp.at))
            {
                self.list[place].end = Some(self.orphans.remove(from).1);
            }
            place += 1;
        }
    }

    /// A live switch says "abandoned" whenever it lets a caller go. If the caller turns up in
    /// another queue at once, that was an overflow.
    fn follow_callers(&mut self) {
        for place in 0..self.list.len() {
            let (stay, later) = (&self.list[place], &self.list[place + 1..]);
            let Some(end) = stay.end else { continue };
            if end.outcome != Outcome::Abandoned || matches!(end.stamp.evidence, Evidence::Journal | Evidence::Record) {
                continue;
            }
            let is_elsewhere = later.iter().any(|next| {
                next.queue != stay.queue && (-AGREE_MS..=AGREE_MS).contains(&(next.entered.at - end.stamp.at))
            });
            if is_elsewhere && let Some(end) = &mut self.list[place].end {
                end.outcome = Outcome::Overflowed;
            }
        }
    }
}

impl Stay {
    /// Whether an attendant answered it.
    pub fn is_answered(&self) -> bool {
        self.end.is_some_and(|end| end.outcome == Outcome::Answered)
    }

    /// Weighs one more testimony of the end. An answer wins over everything else; the first answer
    /// counts. Among other ends the later word corrects the earlier, unless its witness is worse.
    fn hear_end(&mut self, told: End) {
        let Some(known) = self.end else {
            self.end = Some(told);
            return;
        };
        let is_better = match (known.outcome == Outcome::Answered, told.outcome == Outcome::Answered) {
            (true, true) => told.stamp.evidence > known.stamp.evidence,
            (true, false) => {
                self.is_inconsistent = true;
                false
            }
            (false, true) => true,
            (false, false) => told.outcome != known.outcome && told.stamp.evidence >= known.stamp.evidence,
        };
        if is_better {
            self.end = Some(told);
        }
    }

    /// Who sends a caller on without a word to the unit, and does not take it back, has left the
    /// conversation, also where the switch does not say so, or only when the call was over. `next`: when
    /// the caller came to the next queue.
    fn meet_transfers(&mut self, testimonies: &[Testimony], next: Option<Moment>) {
        let Some(end) = self.end.filter(|end| end.outcome == Outcome::Answered) else { return };
        let is_told = |over: Moment| {
            let tells = |told: &Testimony| matches!(told.what, Milestone::Over { .. }) && told.stamp.at == over;
            testimonies.iter().any(tells)
        };
        if self.over.is_some_and(is_told) {
            return;
        }
        let sent_from_here = |told: &Testimony| {
            let Milestone::Sent(sent) = &told.what else { return None };
            let at = told.stamp.at;
            let is_from_here = at >= end.stamp.at
                && next.is_none_or(|next| at < next)
                && sent.queue.is_none_or(|queue| queue == self.queue);
            (sent.kind != TransferKind::Direct && is_from_here).then_some((told.stamp, sent.kind, sent.transfer))
        };
        // Whoever sends again was still there.
        let Some((stamp, kind, transfer)) = testimonies.iter().rev().find_map(sent_from_here) else { return };
        let withdrawn = Milestone::Failed { transfer, result: TransferResult::Withdrawn };
        if kind == TransferKind::Blind && testimonies.iter().all(|told| told.what != withdrawn) {
            (self.over, self.is_over_untimed) = (Some(stamp.at), stamp.is_untimed());
        }
    }

    fn meet_restarts(&mut self, switch: SwitchTimes<'_>, newest: Moment) {
        let after = |times: &[Moment]| {
            let at = times.partition_point(|time| *time <= self.entered.at);
            times.get(at).copied()
        };
        let (restart, stop) = (after(switch.restarts), after(switch.stops));
        let hung_up_by_switch = |end: &End| {
            let mut times = [restart, stop].into_iter().flatten();
            times.any(|time| (0..=SHUTDOWN_MS).contains(&(time - end.stamp.at)))
        };
        match self.end {
            Some(end) if end.outcome == Outcome::Answered => {
                if let (None, Some(restart)) = (self.over, restart)
                    && restart >= end.stamp.at
                {
                    self.over = Some(newest.min(restart));
                }
            }
            Some(end) if hung_up_by_switch(&end) => {
                self.end = Some(End { outcome: Outcome::Lost, wait: None, ..end });
            }
            None if restart.is_some() => {
                let stamp = Stamp { at: newest.max(self.entered.at), evidence: Evidence::Derived, ..self.entered };
                self.end = Some(End { outcome: Outcome::Lost, stamp, wait: None });
            }
            _ => {}
        }
    }

    /// Nothing more is expected: what has no end has none, and a conversation is over, nobody knows since when.
    fn give_up(&mut self, newest: Moment) {
        if self.end.is_none() {
            let stamp = Stamp { at: newest.max(self.entered.at), evidence: Evidence::Derived, ..self.entered };
            self.end = Some(End { outcome: Outcome::Unknown, stamp, wait: None });
        }
        if self.is_answered() && self.over.is_none() {
            (self.over, self.is_over_untimed) = (Some(newest), true);
        }
    }
}

fn left(outcome: LeftOutcome) -> Outcome {
    match outcome {
        LeftOutcome::Abandoned => Outcome::Abandoned,
        LeftOutcome::Overflowed => Outcome::Overflowed,
        LeftOutcome::KeyExit => Outcome::KeyExit,
        LeftOutcome::Callback => Outcome::Callback,
        LeftOutcome::Voicemail => Outcome::Voicemail,
        LeftOutcome::System => Outcome::System,
    }
}
