//! The stored form of a call: its testimonies and what was last said of it, with names in place of
//! the positions that hold for one start of the program only.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::call::Call;
use crate::call::fact::CallFacts;
use crate::call::testimony::{Milestone, SwitchQueue, SwitchQueues, Testimonies};
use crate::directory::Directory;
use crate::measure::Moment;
use crate::names::{CallKey, QueueId, UnitId};

/// Positions in it point into the three lists of names.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Saved {
    switch_queues: Vec<SmolStr>,
    queues: Vec<SmolStr>,
    units: Vec<SmolStr>,
    testimonies: Testimonies,
    facts: CallFacts,
    is_stale: bool,
    orphans_told: u16,
}

/// The bytes to store for `call`.
pub fn to_bytes(call: &Call, queues: &SwitchQueues, directory: &Directory) -> Vec<u8> {
    let mut saved = Saved {
        testimonies: call.testimonies.clone(),
        facts: call.facts.clone(),
        is_stale: call.is_stale,
        orphans_told: call.orphans_told,
        ..Saved::default()
    };
    for testimony in &mut saved.testimonies {
        if let Some(queue) = testimony.what.queue_mut() {
            *queue = SwitchQueue(position(&mut saved.switch_queues, queues.name(*queue)));
        }
    }
    let (queue_names, unit_names) = (&mut saved.queues, &mut saved.units);
    saved.facts.rename(
        |id| Some(QueueId(position(queue_names, &directory.queue(id).name))),
        |id| Some(UnitId(position(unit_names, &directory.unit(id).name))),
    );
    let bytes = postcard::to_allocvec(&saved);
    debug_assert!(bytes.is_ok(), "writing to memory does not fail");
    bytes.unwrap_or_default()
}

/// Reads the stored form of the call `key`; `None` when the bytes are not one. Facts about queues
/// and units that are no longer configured are left out: no cell of theirs can be reached either.
pub fn from_bytes(bytes: &[u8], key: &CallKey, queues: &mut SwitchQueues, directory: &Directory) -> Option<Call> {
    let mut saved: Saved = postcard::from_bytes(bytes).ok()?;
    for testimony in &mut saved.testimonies {
        if let Some(queue) = testimony.what.queue_mut() {
            let name = saved.switch_queues.get(queue.0 as usize)?;
            *queue = queues.intern(key.source, name, directory);
        }
    }
    let named = |names: &[SmolStr], index: usize| names.get(index).cloned();
    saved.facts.rename(
        |id| directory.queue_named(&named(&saved.queues, id.index())?),
        |id| directory.unit_named(&named(&saved.units, id.index())?),
    );
    Some(Call {
        testimonies: saved.testimonies,
        facts: saved.facts,
        is_stale: saved.is_stale,
        orphans_told: saved.orphans_told,
    })
}

/// Whether a caller was sent on to `number` in the call that these bytes hold.
pub fn says(bytes: &[u8], number: &str) -> bool {
    let Ok(mut saved) = postcard::from_bytes::<Saved>(bytes) else { return false };
    let mut is_said = false;
    saved.each_target(|target, _| {
        is_said |= target == number;
        None
    });
    is_said
}

/// The bytes with what `in_place` says for each moment in the place of `number`; `None` when they
/// are not a call.
pub fn without(bytes: &[u8], number: &str, in_place: impl Fn(Moment) -> String) -> Option<Vec<u8>> {
    let mut saved: Saved = postcard::from_bytes(bytes).ok()?;
    saved.each_target(|target, at| (target == number).then(|| in_place(at)));
    postcard::to_allocvec(&saved).ok()
}

impl Saved {
    /// Every number that a caller was sent on to, with the moment; what `each` says stands in its place.
    fn each_target(&mut self, mut each: impl FnMut(&str, Moment) -> Option<String>) {
        for testimony in &mut self.testimonies {
            let at = testimony.stamp.at;
            match &mut testimony.what {
                Milestone::Sent(sent) => {
                    if let Some(other) = each(&sent.target, at) {
                        sent.target = other.into();
                    }
                }
                Milestone::Forwarded { target, .. } => {
                    if let Some(other) = each(target, at) {
                        *target = other.into();
                    }
                }
                _ => {}
            }
        }
        for leg in &mut self.facts.legs {
            if let Some(other) = each(&leg.target, leg.started) {
                leg.target = other.into();
            }
        }
    }
}

fn position(names: &mut Vec<SmolStr>, name: &str) -> u32 {
    let at = names.iter().position(|known| known == name).unwrap_or_else(|| {
        names.push(name.into());
        names.len() - 1
    });
    at as u32
}
