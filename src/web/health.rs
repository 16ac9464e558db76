//! Alive, ready, metrics.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::web::{Shared, body};

/// How much of a report of a violation is logged.
const VIOLATION_BYTES_MAX: usize = 500;

/// The process answers.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The store takes commits.
pub async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let snapshot = shared.snapshots.borrow().clone();
    match &snapshot.store.trouble {
        None => (StatusCode::OK, axum::Json(serde_json::json!({ "ready": true, "role": "leader" }))).into_response(),
        Some(trouble) => {
            let body = serde_json::json!({ "ready": false, "role": "leader", "reasons": [trouble] });
            (StatusCode::SERVICE_UNAVAILABLE, axum::Json(body)).into_response()
        }
    }
}

/// What a browser says that it did not do because we forbid it: a defect of a page, or an attack.
pub async fn violation(body: Body) -> StatusCode {
    let body = match body::small(body).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let told = String::from_utf8_lossy(&body[..body.len().min(VIOLATION_BYTES_MAX)]);
    tracing::warn!(report = %told.escape_debug(), "a page broke its content security policy");
    StatusCode::NO_CONTENT
}

/// Prometheus metrics.
pub async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let snapshot = shared.snapshots.borrow().clone();
    let page = crate::metrics::render(&snapshot, &shared.registry, shared.series_max);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page).into_response()
}
