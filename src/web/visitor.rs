//! Who asks: what they may do and what they may see.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::store::{Part, Sight};
use crate::web::sessions::Session;

/// What a visitor may be let do; which endpoint needs which stands in [`routes`](crate::web::routes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Right {
    /// Wallboard and live figures.
    Board,
    /// Queues by quarter-hour, and their visits.
    Queues,
    /// Units, organisations and their transfers.
    Units,
    /// Reports.
    Reports,
    /// How the alerts stand.
    Alerts,
    /// Sources, gaps, dead letters, silences.
    Status,
    /// Who came, and who changed what.
    Audit,
    /// Posting events.
    Ingest,
    /// Metrics for Prometheus.
    Metrics,
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Board,
        Self::Queues,
        Self::Units,
        Self::Reports,
        Self::Alerts,
        Self::Status,
        Self::Audit,
        Self::Ingest,
        Self::Metrics,
    ];
}

/// Somebody who asks.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Name for the audit log: a user, a token's name, or how they came.
    pub name: String,
    /// What they may do.
    pub rights: &'static [Right],
    /// What they may see.
    pub sight: Sight,
    /// Their session, if they logged in.
    pub session: Option<Session>,
}

impl Visitor {
    /// Somebody on this machine, where no token is asked for.
    pub fn at_home() -> Self {
        Self { name: "loopback".to_owned(), rights: &Right::ALL, sight: Sight::ALL, session: None }
    }

    /// Somebody unknown.
    pub fn nobody() -> Self {
        let sight = Sight { queues: Part::none(), organisations: Part::none() };
        Self { name: "nobody".to_owned(), rights: &[], sight, session: None }
    }

    /// Whether they may.
    pub fn may(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        // The guard puts it there; a route that it does not guard has no visitor.
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::UNAUTHORIZED)
    }
}
