//! All of a call's testimonies to all of its facts; and what changed between two such.

use smallvec::SmallVec;

use crate::call::fact::{CallFacts, Change, Was};
use crate::call::stay::{Stays, SwitchTimes};
use crate::call::testimony::{Milestone, SwitchQueues, Testimony};
use crate::call::transfer::{self, Around};
use crate::call::{TrackerSettings, visit};
use crate::directory::Directory;
use crate::measure::Moment;
use crate::names::SourceId;

/// What folding needs beside the testimonies.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The call's source.
    pub source: SourceId,
    /// When its switch started and stopped.
    pub switch: SwitchTimes<'a>,
    /// Nothing more is expected of the call.
    pub is_over: bool,
    /// Switch-side names.
    pub queues: &'a SwitchQueues,
    /// Who is who.
    pub directory: &'a Directory,
    /// What steers the tracker.
    pub settings: &'a TrackerSettings,
}

/// What `testimonies`, which are in order, say of a call.
pub fn fold(testimonies: &[Testimony], context: Context<'_>) -> CallFacts {
    if is_part(testimonies) {
        return CallFacts::default();
    }
    let stays = Stays::of(testimonies, context.switch, context.is_over);
    let arrived = testimonies.iter().find(|t| matches!(t.what, Milestone::Arrived)).map(|t| t.stamp);
    let visits = visit::visits(&stays.list, arrived, context.queues, context.directory);
    let journey = visit::journey(&visits);
    let restart_after = |at: Moment| {
        let restarts = context.switch.restarts;
        restarts.get(restarts.partition_point(|restart| *restart <= at)).copied()
    };
    let (legs, unplaced) = transfer::legs(&Around {
        testimonies,
        visits: &visits,
        source: context.source,
        is_over: context.is_over,
        restart_after: &restart_after,
        short_ring: context.settings.short_ring,
        queues: context.queues,
        directory: context.directory,
    });
    let unit_journeys = transfer::unit_journeys(&legs);
    CallFacts { visits, legs, journey, unit_journeys, orphans: stays.orphans() + unplaced }
}

/// Whether it is no caller's own call.
fn is_part(testimonies: &[Testimony]) -> bool {
    testimonies.iter().any(|testimony| matches!(testimony.what, Milestone::Part))
}

/// Whether everything that can be told of the call has been told.
pub fn is_settled(facts: &CallFacts, testimonies: &[Testimony]) -> bool {
    if is_part(testimonies) {
        return true;
    }
    let is_ended = || testimonies.iter().any(|testimony| matches!(testimony.what, Milestone::Ended { .. }));
    facts.visits.iter().all(|visit| visit.outcome.is_some() && visit.over)
        && facts.legs.iter().all(|leg| leg.outcome.is_some())
        && (!facts.visits.is_empty() || !facts.legs.is_empty() || is_ended())
}

/// What must be taken back and what must be said, to come from `was` to `is`.
pub fn changes(was: &CallFacts, is: &CallFacts) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(&was.visits, &is.visits, |visit| (visit.queue, visit.number), |was| changes.push(Change::Visit(was)));
    if was.journey != is.journey {
        changes.push(Change::Journey(Was { was: was.journey.clone(), is: is.journey.clone() }));
    }
    compare(&was.legs, &is.legs, |leg| leg.number, |was| changes.push(Change::Leg(was)));
    compare(
        &was.unit_journeys,
        &is.unit_journeys,
        |journey| journey.unit,
        |was| {
            changes.push(Change::UnitJourney(was));
        },
    );
    changes
}

fn compare<T: Clone + PartialEq, K: PartialEq, const N: usize>(
    was: &SmallVec<[T; N]>,
    is: &SmallVec<[T; N]>,
    key: impl Fn(&T) -> K,
    mut push: impl FnMut(Was<T>),
) {
    for old in was {
        let new = is.iter().find(|new| key(new) == key(old));
        if new != Some(old) {
            push(Was { was: Some(old.clone()), is: new.cloned() });
        }
    }
    for new in is {
        if !was.iter().any(|old| key(old) == key(new)) {
            push(Was { was: None, is: Some(new.clone()) });
        }
    }
}
