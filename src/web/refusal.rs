//! Why somebody gets no answer, in words and as a status.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::readers::Unanswered;

/// A refusal: its status and why.
#[derive(Debug)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// What was wrong and what to do.
    pub why: String,
}

/// A refusal as it leaves the house.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusalView {
    /// What was wrong and what to do.
    pub error: String,
}

impl Refusal {
    /// Nothing of this name, or nothing that may be seen: both sound the same.
    pub fn unknown(what: &str, name: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, why: format!("there is no {what} `{name}`") }
    }

    /// A question that cannot be understood.
    pub fn wrong(why: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, why: why.into() }
    }
}

impl From<Unanswered> for Refusal {
    fn from(unanswered: Unanswered) -> Self {
        // The store's own words, with its address, are for the log and not for the world.
        match unanswered {
            Unanswered::Busy => Self { status: StatusCode::SERVICE_UNAVAILABLE, why: unanswered.to_string() },
            error => {
                tracing::error!(%error, "a question to the store has no answer");
                Self { status: StatusCode::INTERNAL_SERVER_ERROR, why: "the store did not answer; see the log".into() }
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = Json(RefusalView { error: self.why });
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            return (self.status, [(header::RETRY_AFTER, "2")], body).into_response();
        }
        (self.status, body).into_response()
    }
}
