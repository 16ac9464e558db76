//! What a program answers that does not write yet: that it is alive, that it is not ready, and why.
//!
//! A standby waits for another to go, and takes nothing. A program whose store is not there yet takes
//! posted events, which lie in its spool; it shows no figure, since it knows none.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;
use tokio::sync::watch;

use crate::web::unpack::BODY_BYTES_MAX;
use crate::web::{Shared, access, health, ingest};

/// Why a program does not write yet, and which role it has meanwhile.
#[derive(Clone, Debug)]
struct Waiting {
    role: &'static str,
    reason: watch::Receiver<String>,
}

/// The pages of a standby; `reason` says what it waits for.
pub fn router(reason: watch::Receiver<String>) -> Router {
    waiting(Waiting { role: "standby", reason })
}

/// The pages of a program whose store is not there yet, which takes posted events.
pub fn early_router(shared: Arc<Shared>, reason: watch::Receiver<String>) -> Router {
    let posts = Router::new()
        .route("/api/v1/events", post(ingest::events))
        .route("/api/v1/events/schema", get(ingest::schema))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(access::in_time))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), access::guard))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), access::count))
        .with_state(shared);
    waiting(Waiting { role: "waiting", reason }).merge(posts)
}

fn waiting(waiting: Waiting) -> Router {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(not_ready))
        .route("/metrics", get(metrics))
        .fallback(not_ready)
        .with_state(waiting)
}

async fn not_ready(State(waiting): State<Waiting>) -> Response {
    let body = json!({ "ready": false, "role": waiting.role, "reasons": [&*waiting.reason.borrow()] });
    let again = [(header::RETRY_AFTER, "5")];
    (StatusCode::SERVICE_UNAVAILABLE, again, axum::Json(body)).into_response()
}

async fn metrics() -> Response {
    let page = "# HELP servicegrad_leader 1 while this program writes the figures, 0 while it stands by.\n\
                # TYPE servicegrad_leader gauge\nservicegrad_leader 0\n";
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page).into_response()
}
