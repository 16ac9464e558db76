//! `POST /api/v1/tickets`: how many tickets the service desk registered, a day and queue.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::report::delivery;
use crate::store::{Act, Ledger, StoreError};
use crate::web::ingest::{AGAIN_S, Refusal, place, whole};
use crate::web::visitor::Visitor;
use crate::web::{Shared, access};

/// Opens what is kept beside the figures.
pub type OpenLedger = Box<dyn Fn() -> Result<Ledger, StoreError> + Send + Sync>;

/// Faults that an answer names; of more it tells how many.
const FAULTS_TOLD: usize = 20;

/// What was kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeptView {
    /// Days of a queue each.
    pub kept: usize,
}

/// Keeps the tickets of days: a JSON array of `{"day": "2026-11-02", "queue": "itsupport", "tickets": 7}`,
/// or CSV with the header `day,queue,tickets` as `text/csv`. All of a body is kept, or none of it. A day
/// that is told again takes the place of what was told before, so a body may be sent again as it is.
#[utoipa::path(post, path = "/api/v1/tickets", tag = "reports",
    responses((status = 200, description = "How many days were kept", body = KeptView),
              (status = 400, description = "What is wrong; nothing was kept")))]
pub async fn keep(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    request: Request,
) -> Result<Json<KeptView>, Refusal> {
    let (parts, body) = request.into_parts();
    if let Some((status, why)) = access::may_not_send(&shared, &parts) {
        return Err(Refusal::new(status, why));
    }
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_csv = kind.is_some_and(|kind| kind.starts_with("text/csv"));
    let read = if is_csv { delivery::tickets } else { delivery::tickets_json };
    let _place = place(&shared)?;
    let bytes = whole(Request::from_parts(parts, body)).await?;
    let wrong = |why: String| Refusal::new(StatusCode::BAD_REQUEST, why);
    let rows = read(&bytes, &shared.directory).map_err(|faults| wrong(told(&faults)))?;
    if rows.is_empty() {
        return Err(wrong("the body holds no day".to_owned()));
    }
    let days = rows.len();
    let act = Act {
        at: shared.clock.now(),
        who: visitor.name,
        act: "elsewhere_kept".to_owned(),
        about: "tickets".to_owned(),
        detail: format!("days: {days}"),
    };
    let keeping = Arc::clone(&shared);
    let kept = tokio::task::spawn_blocking(move || (keeping.open_ledger)()?.keep_elsewhere(&rows, &act)).await;
    match kept {
        Ok(Ok(())) => Ok(Json(KeptView { kept: days })),
        // The store's own words, with its address, are for the log and not for the world.
        Ok(Err(error)) => {
            tracing::error!(%error, "posted tickets were not kept");
            Err(Refusal::again(StatusCode::SERVICE_UNAVAILABLE, "the store did not take it; see the log", AGAIN_S))
        }
        Err(error) => Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
    }
}

fn told(wrong: &[String]) -> String {
    let named = wrong[..wrong.len().min(FAULTS_TOLD)].join("; ");
    match wrong.len() - wrong.len().min(FAULTS_TOLD) {
        0 => format!("nothing was kept: {named}"),
        more => format!("nothing was kept: {named}; and {more} more"),
    }
}
