//! Roles, and what a holder of one may see: the same for tokens, users and a proxy's groups.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::directory::Directory;
use crate::store::{Part, Sight};
use crate::web::visitor::{Right, Visitor};

/// Stands for every queue or organisation.
const ALL: &str = "all";

/// What somebody is let in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A screen on a wall: the wallboard, read only.
    Wallboard,
    /// An organisation's own units and reports.
    Organisation,
    /// Whoever leads a queue: wallboard, queues, units, reports, staffing.
    Lead,
    /// A program that posts events.
    Ingest,
    /// Prometheus.
    Metrics,
    /// Everything.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Wallboard, Self::Organisation, Self::Lead, Self::Ingest, Self::Metrics, Self::Admin];

    /// The one spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wallboard => "wallboard",
            Self::Organisation => "organisation",
            Self::Lead => "lead",
            Self::Ingest => "ingest",
            Self::Metrics => "metrics",
            Self::Admin => "admin",
        }
    }

    /// What it may do.
    pub const fn rights(self) -> &'static [Right] {
        match self {
            Self::Wallboard => &[Right::Board],
            Self::Organisation => &[Right::Units, Right::Reports, Right::Alerts],
            Self::Lead => &[Right::Board, Right::Queues, Right::Units, Right::Reports, Right::Alerts],
            Self::Ingest => &[Right::Ingest],
            Self::Metrics => &[Right::Metrics],
            Self::Admin => &Right::ALL,
        }
    }

    /// Whether it is given queues or organisations to see.
    pub const fn shows_figures(self) -> bool {
        !matches!(self, Self::Ingest | Self::Metrics | Self::Admin)
    }
}

/// A role, and what it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What for.
    pub role: Role,
    /// Queues that it shows, by name; `all`: every one.
    #[serde(default)]
    pub queues: BTreeSet<String>,
    /// Organisations that it shows, by name; `all`: every one.
    #[serde(default)]
    pub organisations: BTreeSet<String>,
}

impl Grant {
    /// A role that shows these queues and organisations.
    pub fn new(role: Role, queues: &[String], organisations: &[String]) -> Self {
        let set = |names: &[String]| names.iter().cloned().collect();
        Self { role, queues: set(queues), organisations: set(organisations) }
    }

    /// Who comes with it under `name`. The error says what in it does not exist.
    pub fn visitor(&self, name: &str, directory: &Directory) -> Result<Visitor, String> {
        let lacks = |kind: &str, name: &str| format!("there is no {kind} `{name}`");
        let queue = |name: &str| directory.queue_named(name).ok_or_else(|| lacks("queue", name));
        let organisation = |name: &str| directory.organisation_named(name).ok_or_else(|| lacks("organisation", name));
        let sight = match self.role {
            Role::Admin => Sight::ALL,
            _ => Sight { queues: part(&self.queues, queue)?, organisations: part(&self.organisations, organisation)? },
        };
        Ok(Visitor { name: name.to_owned(), rights: self.role.rights(), sight, session: None })
    }

    /// Whether it would let somebody in who then sees nothing.
    pub fn shows_nothing(&self) -> bool {
        self.role.shows_figures() && self.queues.is_empty() && self.organisations.is_empty()
    }
}

impl std::fmt::Display for Grant {
    /// `lead`, `queues=all` and `organisations=`, with tabs between.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(",");
        let (queues, organisations) = (names(&self.queues), names(&self.organisations));
        write!(out, "{}\tqueues={queues}\torganisations={organisations}", self.role.as_str())
    }
}

fn part<T: Ord>(names: &BTreeSet<String>, find: impl Fn(&str) -> Result<T, String>) -> Result<Part<T>, String> {
    if names.contains(ALL) {
        return Ok(Part::All);
    }
    Ok(Part::Only(names.iter().map(|name| find(name)).collect::<Result<_, _>>()?))
}
