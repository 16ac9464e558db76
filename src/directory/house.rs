//! The directory itself: every name in one place, found quickly.

use std::collections::HashMap;

use ahash::AHashMap;
use chrono_tz::Tz;

use crate::directory::{Organisation, Queue, Unit, Units};
use crate::measure::{Moment, Untold};
use crate::names::{OrganisationId, QueueId, SourceId, UNKNOWN_UNIT, UnitId};

/// Stands before the name of the unit in the place of a number that was erased.
pub const ERASED: &str = "erased/";

/// Who is who: built once from the configuration.
#[derive(Debug)]
pub struct Directory {
    zone: Tz,
    sources: Vec<String>,
    /// For each source the one that stands for its switch: itself, unless several tell of one.
    switches: Vec<SourceId>,
    /// For each source what it cannot tell.
    untold: Vec<Vec<Untold>>,
    queues: Vec<Queue>,
    units: Units,
    by_switch: HashMap<(SourceId, String), QueueId>,
    by_own_name: HashMap<String, QueueId>,
    by_name: AHashMap<String, QueueId>,
}

impl Directory {
    /// Joins checked parts. Complaints are `(key, reason)`: a queue fed by an unknown source, two
    /// queues of one name, one switch-side queue in two measured ones.
    pub fn new(
        zone: Tz,
        sources: Vec<String>,
        queues: Vec<Queue>,
        units: Units,
    ) -> Result<Self, Vec<(String, String)>> {
        let mut wrong = Vec::new();
        let mut by_switch = HashMap::new();
        let mut by_own_name = HashMap::new();
        let mut by_name = AHashMap::new();
        for (index, queue) in queues.iter().enumerate() {
            let id = QueueId(index as u32);
            if by_name.insert(queue.name.clone(), id).is_some() {
                wrong.push((format!("queue `{}`", queue.name), "stands twice".into()));
            }
            if queue.from.is_empty() {
                by_own_name.insert(queue.name.clone(), id);
            }
            for from in &queue.from {
                let Some(source) = sources.iter().position(|source| *source == from.source) else {
                    let why = format!("source `{}` is not configured; add a [[source]] of that name", from.source);
                    wrong.push((format!("queue `{}`.from", queue.name), why));
                    continue;
                };
                if by_switch.insert((SourceId(source as u32), from.queue.clone()), id).is_some_and(|other| other != id)
                {
                    let why = format!("queue `{}` of source `{}` feeds two measured queues", from.queue, from.source);
                    wrong.push((format!("queue `{}`.from", queue.name), why));
                }
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let switches = (0..sources.len() as u32).map(SourceId).collect();
        Ok(Self { zone, sources, switches, untold: Vec::new(), queues, units, by_switch, by_own_name, by_name })
    }

    /// The same where several sources tell of one switch: `switches` names for each source the one
    /// that stands for its switch.
    #[must_use]
    pub fn with_switches(mut self, switches: Vec<SourceId>) -> Self {
        let switch_of = |source: SourceId| switches.get(source.index()).copied().unwrap_or(source);
        self.by_switch =
            self.by_switch.into_iter().map(|((source, name), id)| ((switch_of(source), name), id)).collect();
        self.switches = switches;
        self
    }

    /// The same where some sources leave something untold, by source.
    #[must_use]
    pub fn with_untold(self, untold: Vec<Vec<Untold>>) -> Self {
        Self { untold, ..self }
    }

    /// What a source cannot tell.
    pub fn untold_by(&self, source: SourceId) -> &[Untold] {
        self.untold.get(source.index()).map_or(&[], Vec::as_slice)
    }

    /// Whether any feed of a switch can tell this.
    pub fn tells(&self, switch: SourceId, what: Untold) -> bool {
        self.feeds_of(switch).any(|feed| !self.untold_by(feed).contains(&what))
    }

    /// The feeds of a switch, which the source that stands for it names.
    pub fn feeds_of(&self, switch: SourceId) -> impl Iterator<Item = SourceId> {
        let all = (0..self.sources.len() as u32).map(SourceId);
        all.filter(move |source| self.switch_of(*source) == switch)
    }

    /// What no source that feeds a queue can tell: its figures are absent there.
    pub fn untold_of(&self, queue: &Queue) -> Vec<Untold> {
        let feeds = |source: &SourceId| {
            let name = |source: SourceId| self.source_name(source);
            let is_of_switch = |from: &str| from == name(*source) || from == name(self.switch_of(*source));
            queue.from.is_empty() || queue.from.iter().any(|from| is_of_switch(&from.source))
        };
        let feeds: Vec<SourceId> = (0..self.sources.len() as u32).map(SourceId).filter(feeds).collect();
        let is_untold =
            |what: &Untold| !feeds.is_empty() && feeds.iter().all(|source| self.untold_by(*source).contains(what));
        Untold::ALL.into_iter().filter(is_untold).collect()
    }

    /// The source that stands for the switch of `source`: calls are kept under it, so that all feeds
    /// of a switch tell of the same calls.
    pub fn switch_of(&self, source: SourceId) -> SourceId {
        self.switches.get(source.index()).copied().unwrap_or(source)
    }

    /// The same with other units.
    #[must_use]
    pub fn with_units(self, units: Units) -> Self {
        Self { units, ..self }
    }

    /// The deployment's time zone: calendar of reports and rollups.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Names of the sources, in the order of their ids.
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// The source of this name.
    pub fn source_named(&self, name: &str) -> Option<SourceId> {
        self.sources.iter().position(|source| source == name).map(|at| SourceId(at as u32))
    }

    /// The name of a source.
    pub fn source_name(&self, id: SourceId) -> &str {
        &self.sources[id.index()]
    }

    /// Measured queues, in the order of their ids.
    pub fn queues(&self) -> &[Queue] {
        &self.queues
    }

    /// One measured queue.
    pub fn queue(&self, id: QueueId) -> &Queue {
        &self.queues[id.index()]
    }

    /// The measured queue of this name.
    pub fn queue_named(&self, name: &str) -> Option<QueueId> {
        self.by_name.get(name).copied()
    }

    /// The measured queue that `queue` of `source` feeds, if any: by its `from`, else, for queues
    /// without `from`, by their own name.
    pub fn queue_fed_by(&self, source: SourceId, queue: &str) -> Option<QueueId> {
        // The key must be owned for the look-up; callers intern switch-side names, so this runs
        // once a name and not once an event.
        self.by_switch.get(&(source, queue.to_owned())).or_else(|| self.by_own_name.get(queue)).copied()
    }

    /// The unit that `target` belonged to at `at`.
    pub fn unit_of(&self, target: &str, at: Moment) -> UnitId {
        if let Some(unit) = target.strip_prefix(ERASED) {
            return self.unit_named(unit).unwrap_or(UNKNOWN_UNIT);
        }
        self.units.unit_of(target, at)
    }

    /// All units; the first is `unknown`.
    pub fn units(&self) -> &[Unit] {
        self.units.units()
    }

    /// One unit.
    pub fn unit(&self, id: UnitId) -> &Unit {
        &self.units.units()[id.index()]
    }

    /// The unit of this name.
    pub fn unit_named(&self, name: &str) -> Option<UnitId> {
        self.units.unit_named(name)
    }

    /// All organisations; the first is `unknown`.
    pub fn organisations(&self) -> &[Organisation] {
        self.units.organisations()
    }

    /// The organisation of this name; never `unknown`.
    pub fn organisation_named(&self, name: &str) -> Option<OrganisationId> {
        self.units.organisation_named(name)
    }

    /// One organisation.
    pub fn organisation(&self, id: OrganisationId) -> &Organisation {
        &self.units.organisations()[id.index()]
    }
}
