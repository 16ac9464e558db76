//! What a standby answers: that it is alive, that it is not ready, and why.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::sync::watch;

use crate::web::health;

/// The pages of a standby; `reason` says what it waits for.
pub fn router(reason: watch::Receiver<String>) -> Router {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(not_ready))
        .route("/metrics", get(metrics))
        .fallback(not_ready)
        .with_state(reason)
}

async fn not_ready(State(reason): State<watch::Receiver<String>>) -> Response {
    let body = json!({ "ready": false, "role": "standby", "reasons": [&*reason.borrow()] });
    let again = [(header::RETRY_AFTER, "5")];
    (StatusCode::SERVICE_UNAVAILABLE, again, axum::Json(body)).into_response()
}

async fn metrics() -> Response {
    let page = "# HELP servicegrad_leader 1 while this program writes the figures, 0 while it stands by.\n\
                # TYPE servicegrad_leader gauge\nservicegrad_leader 0\n";
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page).into_response()
}
