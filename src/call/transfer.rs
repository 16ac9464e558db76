//! Transfer legs with their outcomes, and what each caller got from each unit.
//!
//! Rulings of the design held here: what answered means (13), whose transfers (14), short rings (15).

use smallvec::SmallVec;

use crate::call::fact::{LegFact, LegOutcome, Outcome, UnitJourneyFact, VisitFact};
use crate::call::stay::AGREE_MS;
use crate::call::testimony::{Milestone, Sent, SwitchQueues, Testimony, TransferKey, Witness};
use crate::directory::Directory;
use crate::event::{AnsweredBy, EndedBy, TransferKind, TransferResult};
use crate::measure::{Moment, Ring, Span, Untold};
use crate::names::{SourceId, UNKNOWN_UNIT, UnitId};

/// A caller who is back in a queue this soon after ringing out was recalled.
const RECALL_MS: i64 = 60_000;
/// A transfer to an unknown target that is followed this soon by an entry went to a queue.
const INTO_QUEUE_MS: i64 = 5_000;
/// An attendant sends a caller on while talking, or in the moment of hanging up.
const AFTER_TALK_MS: i64 = 5_000;

/// Everything about a call that its legs depend on.
pub struct Around<'a> {
    /// Its testimonies, in order.
    pub testimonies: &'a [Testimony],
    /// Its visits.
    pub visits: &'a [VisitFact],
    /// Its source.
    pub source: SourceId,
    /// Nothing more is expected of it.
    pub is_over: bool,
    /// When the switch started anew first after a moment.
    pub restart_after: &'a dyn Fn(Moment) -> Option<Moment>,
    /// Ringing below this is short.
    pub short_ring: Span,
    /// Switch-side names.
    pub queues: &'a SwitchQueues,
    /// Who is who.
    pub directory: &'a Directory,
}

/// What was told of one transfer.
struct Told<'a> {
    sent: Option<(&'a Testimony, &'a Sent)>,
    key: TransferKey,
    ringing: Option<Moment>,
    /// When the target passed the call on, and to which extension.
    forwarded: Option<(Moment, &'a str)>,
    /// When, by whom, and whether that moment is known.
    taken: Option<(Moment, AnsweredBy, bool)>,
    failed: Option<(Moment, TransferResult)>,
    withdrawn: bool,
}

/// The legs of a call, by start; and how many answers or failures belong to no transfer.
pub fn legs(around: &Around<'_>) -> (SmallVec<[LegFact; 0]>, u16) {
    let mut told: SmallVec<[Told<'_>; 1]> = SmallVec::new();
    for testimony in around.testimonies {
        hear(&mut told, testimony);
    }
    join_twins(&mut told);
    let orphans = told.iter().filter(|told| told.sent.is_none()).count() as u16;
    let mut legs: SmallVec<[LegFact; 0]> = told.iter().filter_map(|told| around.leg(told)).collect();
    legs.sort_by_key(|leg| leg.started);
    for (place, leg) in legs.iter_mut().enumerate() {
        leg.number = place as u16 + 1;
    }
    (legs, orphans)
}

fn hear<'a>(told: &mut SmallVec<[Told<'a>; 1]>, testimony: &'a Testimony) {
    let key = match &testimony.what {
        Milestone::Sent(sent) => sent.transfer,
        Milestone::Ringing { transfer }
        | Milestone::Forwarded { transfer, .. }
        | Milestone::Taken { transfer, .. }
        | Milestone::Failed { transfer, .. } => *transfer,
        _ => return,
    };
    let place = told.iter().position(|told| told.key == key).unwrap_or_else(|| {
        let (ringing, forwarded, taken, failed) = (None, None, None, None);
        told.push(Told { sent: None, key, ringing, forwarded, taken, failed, withdrawn: false });
        told.len() - 1
    });
    let (told, at) = (&mut told[place], testimony.stamp.at);
    match &testimony.what {
        Milestone::Sent(sent) => {
            // Told again as let go while it rang: that was not known when it was sent.
            let is_blonde = |known: &Sent| sent.kind == TransferKind::Blonde && known.kind != TransferKind::Blonde;
            let is_better = told.sent.is_none_or(|(known, what)| {
                let (new, old) = (testimony.stamp.evidence, known.stamp.evidence);
                new > old || (new == old && is_blonde(what))
            });
            if is_better {
                told.sent = Some((testimony, sent));
            }
        }
        Milestone::Ringing { .. } => told.ringing = told.ringing.or(Some(at)),
        Milestone::Forwarded { target, .. } => told.forwarded = told.forwarded.or(Some((at, target))),
        // In a group any answer wins; the first counts.
        Milestone::Taken { by, .. } => {
            told.taken = told.taken.or(Some((at, *by, !testimony.stamp.is_untimed())));
        }
        Milestone::Failed { result: TransferResult::Withdrawn, .. } => {
            told.withdrawn = true;
            told.failed = told.failed.or(Some((at, TransferResult::Withdrawn)));
        }
        Milestone::Failed { result, .. } => told.failed = Some((at, *result)),
        _ => {}
    }
}

/// Several feeds of one switch tell of the same transfer under different names. A queue's journal
/// knows only that it was sent; of the others the journal of channels is believed, then the live feed,
/// then the record, and what the better lacks is filled in.
fn join_twins(told: &mut SmallVec<[Told<'_>; 1]>) {
    const BEST_FIRST: [Witness; 4] = [Witness::FineJournal, Witness::Live, Witness::Record, Witness::Journal];
    if told.len() < 2 {
        return;
    }
    let witness = |told: &Told<'_>| told.sent.map(|(testimony, _)| Witness::of(testimony));
    for (place, better) in BEST_FIRST.iter().enumerate() {
        for lesser in &BEST_FIRST[place + 1..] {
            let mut from = 0;
            while from < told.len() {
                let twin = (witness(&told[from]) == Some(*lesser))
                    .then(|| told.iter().position(|kept| witness(kept) == Some(*better) && is_twin(kept, &told[from])))
                    .flatten();
                let Some(twin) = twin else {
                    from += 1;
                    continue;
                };
                let other = told.remove(from);
                told[twin - usize::from(from < twin)].learn(&other);
            }
        }
    }
}

fn is_twin(one: &Told<'_>, other: &Told<'_>) -> bool {
    let (Some((first, what)), Some((second, whose))) = (one.sent, other.sent) else { return false };
    what.target == whose.target && (first.stamp.at - second.stamp.at).abs() <= AGREE_MS
}

impl Told<'_> {
    /// Takes over what another feed knows of the same transfer and this one does not.
    fn learn(&mut self, other: &Self) {
        self.ringing = self.ringing.or(other.ringing);
        self.forwarded = self.forwarded.or(other.forwarded);
        if self.taken.is_none() && self.failed.is_none() {
            (self.taken, self.failed, self.withdrawn) = (other.taken, other.failed, other.withdrawn);
        }
    }

    /// Which unit the target passed the call on to, and when.
    fn forwarded_to(&self, directory: &Directory) -> Option<(Moment, UnitId)> {
        self.forwarded.map(|(at, target)| (at, directory.unit_of(target, at)))
    }
}

impl Around<'_> {
    fn leg(&self, told: &Told<'_>) -> Option<LegFact> {
        let (testimony, sent) = told.sent?;
        let started = testimony.stamp.at;
        let unit = self.directory.unit_of(&sent.target, started);
        let is_of_no_unit = || sent.kind == TransferKind::Direct || self.went_into_queue(sent, started);
        if unit == UNKNOWN_UNIT && is_of_no_unit() {
            return None;
        }
        let (outcome, ended) = match (self.outcome(told, started), told.forwarded_to(self.directory)) {
            // Whatever became of the caller there, this unit has not answered.
            (_, Some((at, to))) if ![unit, UNKNOWN_UNIT].contains(&to) => (Some(LegOutcome::Forwarded), Some(at)),
            ((Some(LegOutcome::Answered), at), Some((_, to))) if to == unit => {
                (Some(LegOutcome::AnsweredElsewhere), at)
            }
            (outcome, _) => outcome,
        };
        let ring = ended.map(|ended| Ring::from_ms(ended - told.ringing.unwrap_or(started)));
        let is_short = outcome == Some(LegOutcome::CallerHungUp)
            && ring.is_some_and(|ring| i64::from(ring.ms()) < self.short_ring.ms());
        Some(LegFact {
            number: 0,
            queue: self.sender(sent, started),
            kind: sent.kind,
            target: sent.target.clone(),
            unit,
            organisation: self.directory.unit(unit).organisation,
            started,
            outcome,
            ring,
            short: is_short,
            not_completed: told.taken.is_some() && told.withdrawn,
        })
    }

    /// A transfer into a queue is no leg to a unit.
    fn went_into_queue(&self, sent: &Sent, started: Moment) -> bool {
        self.directory.queue_fed_by(self.source, &sent.target).is_some() || self.entered_within(started, INTO_QUEUE_MS)
    }

    fn entered_within(&self, from: Moment, ms: i64) -> bool {
        self.testimonies.iter().any(|testimony| {
            let is_entry = matches!(testimony.what, Milestone::Entered { .. });
            is_entry && (0..=ms).contains(&(testimony.stamp.at - from))
        })
    }

    fn back_at_switchboard(&self, from: Moment) -> bool {
        self.visits.iter().any(|visit| (0..=RECALL_MS).contains(&(visit.offered - from)))
    }

    /// The measured queue in whose visit the attendant sent the caller on.
    fn sender(&self, sent: &Sent, started: Moment) -> Option<crate::names::QueueId> {
        if sent.kind == TransferKind::Direct {
            return None;
        }
        if let Some(queue) = sent.queue {
            return self.queues.measured(queue);
        }
        let during = |visit: &&VisitFact| {
            let answered = visit.outcome == Some(Outcome::Answered) && visit.decided <= Some(started);
            let hung_up = visit.talk.and_then(|talk| visit.decided.map(|at| at.plus_ms(i64::from(talk.ms()))));
            answered && hung_up.is_none_or(|at| started - at <= AFTER_TALK_MS)
        };
        self.visits.iter().rev().find(during).map(|visit| visit.queue)
    }

    fn outcome(&self, told: &Told<'_>, started: Moment) -> (Option<LegOutcome>, Option<Moment>) {
        if let Some((at, by, is_known)) = told.taken {
            let outcome = match by {
                AnsweredBy::Person => LegOutcome::Answered,
                AnsweredBy::Other => LegOutcome::AnsweredElsewhere,
                AnsweredBy::External => LegOutcome::AnsweredExternal,
                AnsweredBy::Voicemail => LegOutcome::Voicemail,
                AnsweredBy::Announcement => LegOutcome::Announcement,
            };
            return (Some(outcome), Some(at).filter(|_| is_known));
        }
        if let Some((at, result)) = told.failed {
            let outcome = match result {
                TransferResult::NoAnswer if self.back_at_switchboard(at) => LegOutcome::NoAnswerRecalled,
                TransferResult::NoAnswer => LegOutcome::NoAnswerDropped,
                TransferResult::Recalled => LegOutcome::NoAnswerRecalled,
                TransferResult::Busy => LegOutcome::Busy,
                TransferResult::Rejected => LegOutcome::Rejected,
                TransferResult::Unreachable => LegOutcome::Unreachable,
                TransferResult::CallerHungUp => LegOutcome::CallerHungUp,
                TransferResult::Withdrawn => LegOutcome::Withdrawn,
                TransferResult::Forwarded => LegOutcome::Forwarded,
            };
            return (Some(outcome), Some(at));
        }
        let ended = self.testimonies.iter().find_map(|testimony| match testimony.what {
            Milestone::Ended { by } if testimony.stamp.at >= started => Some((testimony.stamp.at, by)),
            _ => None,
        });
        match ended {
            Some((at, Some(EndedBy::Caller))) => (Some(LegOutcome::CallerHungUp), Some(at)),
            Some(_) => (Some(LegOutcome::Unknown), None),
            None if self.is_over || (self.restart_after)(started).is_some() => (Some(LegOutcome::Unknown), None),
            // Nobody will tell: there is nothing to wait for.
            None if !self.directory.tells(self.source, Untold::UnitAnswer) => (Some(LegOutcome::Unknown), None),
            None => (None, None),
        }
    }
}

/// What the caller got from each unit: somebody was reached there, by any of the legs that count.
pub fn unit_journeys(legs: &[LegFact]) -> SmallVec<[UnitJourneyFact; 0]> {
    let mut journeys: SmallVec<[UnitJourneyFact; 0]> = SmallVec::new();
    for leg in legs.iter().filter(|leg| leg.counts_in_rate()) {
        let reached = leg.outcome.is_some_and(LegOutcome::is_reached);
        match journeys.iter_mut().find(|journey| journey.unit == leg.unit) {
            Some(journey) => journey.reached |= reached,
            None => journeys.push(UnitJourneyFact {
                unit: leg.unit,
                organisation: leg.organisation,
                started: leg.started,
                reached,
            }),
        }
    }
    journeys
}
