//! `POST /api/v1/tickets`: how many tickets the service desk registered, a day and queue.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::report::delivery;
use crate::store::{Act, Ledger, StoreError};
use crate::web::refusal::Refusal;
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
) -> Result<Json<KeptView>, Response> {
    let (parts, body) = request.into_parts();
    if let Some(refused) = access::may_not_send(&shared, &parts) {
        return Err(access::refused(refused));
    }
    kept(&shared, visitor.name, Request::from_parts(parts, body)).await.map(Json).map_err(Refusal::into_response)
}

async fn kept(shared: &Arc<Shared>, who: String, request: Request) -> Result<KeptView, Refusal> {
    let Ok(_place) = shared.posts.try_acquire() else {
        let why = "as many posts are under way as may be".to_owned();
        return Err(Refusal { status: StatusCode::SERVICE_UNAVAILABLE, why });
    };
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_csv = kind.is_some_and(|kind| kind.starts_with("text/csv"));
    let read = if is_csv { delivery::tickets } else { delivery::tickets_json };
    let bytes = Bytes::from_request(request, &()).await;
    let bytes = bytes.map_err(|rejection| Refusal { status: rejection.status(), why: rejection.body_text() })?;
    let rows = read(&bytes, &shared.directory).map_err(|wrong| Refusal::wrong(told(&wrong)))?;
    if rows.is_empty() {
        return Err(Refusal::wrong("the body holds no day"));
    }
    let days = rows.len();
    let act = Act {
        at: shared.clock.now(),
        who,
        act: "elsewhere_kept".to_owned(),
        about: "tickets".to_owned(),
        detail: format!("days: {days}"),
    };
    let keeping = Arc::clone(shared);
    let kept = tokio::task::spawn_blocking(move || (keeping.open_ledger)()?.keep_elsewhere(&rows, &act)).await;
    match kept {
        Ok(Ok(())) => Ok(KeptView { kept: days }),
        // The store's own words, with its address, are for the log and not for the world.
        Ok(Err(error)) => {
            tracing::error!(%error, "posted tickets were not kept");
            let why = "the store did not take it; see the log".to_owned();
            Err(Refusal { status: StatusCode::SERVICE_UNAVAILABLE, why })
        }
        Err(error) => Err(Refusal { status: StatusCode::INTERNAL_SERVER_ERROR, why: error.to_string() }),
    }
}

fn told(wrong: &[String]) -> String {
    let named = wrong[..wrong.len().min(FAULTS_TOLD)].join("; ");
    match wrong.len() - wrong.len().min(FAULTS_TOLD) {
        0 => format!("nothing was kept: {named}"),
        more => format!("nothing was kept: {named}; and {more} more"),
    }
}
