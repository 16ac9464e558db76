//! Who may see what: every question for rows of visits, legs or units says on whose behalf it is
//! asked, and the store answers with nothing that lies outside.
//!
//! Knows queues and organisations, no person and no token: the [`web`](crate::web) finds out who
//! asks. What cannot be seen is as if it were not there, so that an answer does not tell of it.

use std::collections::BTreeSet;

use crate::directory::Directory;
use crate::names::{OrganisationId, QueueId, UnitId};
use crate::stats::{Scope, ScopeKind};

/// All of a kind, or some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<T> {
    /// Every one, also those configured later.
    All,
    /// These and no others.
    Only(BTreeSet<T>),
}

impl<T: Ord> Part<T> {
    /// None at all.
    pub const fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// Whether `one` is among them.
    pub fn has(&self, one: &T) -> bool {
        match self {
            Self::All => true,
            Self::Only(some) => some.contains(one),
        }
    }
}

/// What somebody may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Visits and calls of these queues.
    pub queues: Part<QueueId>,
    /// Units of these organisations, and the transfers to them.
    pub organisations: Part<OrganisationId>,
}

impl Sight {
    /// Everything: the daemon itself, the command line, an administrator.
    pub const ALL: Self = Self { queues: Part::All, organisations: Part::All };

    /// The units of some organisations, and no queue.
    pub fn of_organisations(some: impl IntoIterator<Item = OrganisationId>) -> Self {
        Self { queues: Part::none(), organisations: Part::Only(some.into_iter().collect()) }
    }

    /// Some queues, and no unit.
    pub fn of_queues(some: impl IntoIterator<Item = QueueId>) -> Self {
        Self { queues: Part::Only(some.into_iter().collect()), organisations: Part::none() }
    }

    /// Whether nothing is hidden: what belongs to no queue and no organisation, a dead letter say,
    /// is shown to these only.
    pub fn is_all(&self) -> bool {
        *self == Self::ALL
    }

    /// Whether everything is hidden.
    pub fn shows_nothing(&self) -> bool {
        self.queues == Part::none() && self.organisations == Part::none()
    }

    /// Whether no cell of this kind may be seen.
    pub fn sees_none_of(&self, kind: ScopeKind) -> bool {
        match kind {
            ScopeKind::Queue | ScopeKind::Calls => self.queues == Part::none(),
            ScopeKind::Unit => self.organisations == Part::none(),
        }
    }

    /// Whether visits of this queue may be seen.
    pub fn sees_queue(&self, queue: QueueId) -> bool {
        self.queues.has(&queue)
    }

    /// Whether this organisation may be seen.
    pub fn sees_organisation(&self, organisation: OrganisationId) -> bool {
        self.organisations.has(&organisation)
    }

    /// Whether this unit and the transfers to it may be seen: by the organisation that it belongs
    /// to now.
    pub fn sees_unit(&self, unit: UnitId, directory: &Directory) -> bool {
        self.sees_organisation(directory.unit(unit).organisation)
    }

    /// Whether cells about this may be seen.
    pub fn sees(&self, scope: Scope, directory: &Directory) -> bool {
        match scope {
            Scope::Queue(queue) | Scope::Calls(queue) => self.sees_queue(queue),
            Scope::Unit(unit) => self.sees_unit(unit, directory),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_municipality_sees_its_own_units_and_no_queue() {
        let sight = Sight::of_organisations([OrganisationId(2)]);
        assert!(sight.sees_organisation(OrganisationId(2)));
        assert!(!sight.sees_organisation(OrganisationId(1)));
        assert!(!sight.sees_queue(QueueId(0)));
        assert!(!sight.is_all());
    }

    #[test]
    fn a_list_of_everything_that_is_configured_today_is_not_everything() {
        let listed = Sight { queues: Part::Only([QueueId(0)].into()), organisations: Part::All };
        assert!(listed.sees_queue(QueueId(0)) && !listed.is_all());
    }
}
