//! Two feeds of one switch that tell of the same call: a live one, to the millisecond but with holes
//! where the line was down, and a journal, in whole seconds but complete; or either of them, and
//! records of finished calls.
//!
//! For *what* happened the journal is believed, and both before the record; for *when*, whoever has
//! the finer clock. A stay that only one of them tells of counts all the same.

use crate::call::fact::Outcome;
use crate::call::stay::{AGREE_MS, End, List, Stay};
use crate::event::{Evidence, Stamp};

/// A beginning that the live feed worked out from whole seconds may be this far from the journal's.
const WORKED_OUT_MS: i64 = 3_000;

/// The stays of both, each once, in order of their beginning.
pub fn join(journal: List, mut live: List) -> List {
    let mut stays: List = journal
        .into_iter()
        .map(|stay| match live.iter().position(|other| is_same(&stay, other)) {
            Some(place) => both(stay, live.remove(place)),
            None => stay,
        })
        .collect();
    stays.append(&mut live);
    stays.sort_by_key(|stay| stay.entered.order);
    stays
}

fn is_same(journal: &Stay, live: &Stay) -> bool {
    let later = journal.entered.at - live.entered.at;
    journal.queue == live.queue
        && if live.entered.is_untimed() {
            // The record knows when the call came, and not when it entered the queue.
            later >= -AGREE_MS
        } else {
            later.abs() <= if is_worked_out(live) { WORKED_OUT_MS } else { AGREE_MS }
        }
}

fn is_worked_out(stay: &Stay) -> bool {
    stay.is_derived || stay.entered.evidence == Evidence::Derived
}

fn both(journal: Stay, live: Stay) -> Stay {
    let entered = match (is_worked_out(&journal), is_worked_out(&live)) {
        (false, true) => journal.entered,
        (true, false) => live.entered,
        _ => finer(journal.entered, live.entered),
    };
    let is_answered = |stay: &Stay| stay.end.map(|end| end.outcome == Outcome::Answered);
    let contradict = is_known(journal.end) && is_known(live.end) && is_answered(&journal) != is_answered(&live);
    let is_record = live.entered.evidence == Evidence::Record;
    let (over, talk, is_over_untimed) = match (journal.over, live.over) {
        // The live feed may have lost the call before it was over; a record is believed last.
        (Some(told), Some(seen)) if is_record || (told - seen).abs() > AGREE_MS => {
            (Some(told), journal.talk, journal.is_over_untimed)
        }
        (_, Some(seen)) => (Some(seen), live.talk, live.is_over_untimed),
        (told, None) => (told, journal.talk, journal.is_over_untimed),
    };
    Stay {
        entered,
        is_derived: is_worked_out(&journal) && is_worked_out(&live),
        end: end(journal.end, live.end),
        over,
        is_over_untimed,
        talk,
        is_closed: journal.is_closed || live.is_closed,
        is_inconsistent: journal.is_inconsistent || live.is_inconsistent || contradict,
        is_late: journal.is_late || live.is_late,
        ..journal
    }
}

fn is_known(end: Option<End>) -> bool {
    end.is_some_and(|end| end.outcome != Outcome::Unknown)
}

fn end(journal: Option<End>, live: Option<End>) -> Option<End> {
    match (journal, live) {
        (Some(told), Some(seen)) if is_known(journal) && is_known(live) => {
            let stamp = if told.outcome == seen.outcome { finer(told.stamp, seen.stamp) } else { told.stamp };
            Some(End { outcome: told.outcome, stamp, wait: told.wait.or(seen.wait) })
        }
        (Some(told), _) if is_known(journal) => Some(told),
        (told, seen) => seen.or(told),
    }
}

/// The stamp of the finer clock, the journal's where they are alike.
fn finer(journal: Stamp, live: Stamp) -> Stamp {
    if live.precision_ms < journal.precision_ms { live } else { journal }
}
