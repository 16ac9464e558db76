//! What is served where.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use prometheus::Registry;
use tokio::sync::{Semaphore, watch};

use crate::clock::Clock;
use crate::directory::Directory;
use crate::metrics::HttpMetrics;
use crate::source::Sink;
use crate::stats::Snapshot;
use crate::web::sender::Doors;
use crate::web::unpack::BODY_BYTES_MAX;
use crate::web::{access, assets, board, health, ingest, live};

/// What every page shares.
pub struct Shared {
    /// Finished figures, always the newest.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// The same as JSON, written once for all readers.
    pub json: watch::Receiver<Arc<str>>,
    /// Who is who.
    pub directory: Arc<Directory>,
    /// The sources that may be posted to.
    pub doors: Doors,
    /// The way to the engine; gone when the daemon stops.
    pub sink: Sink,
    /// What the program counts itself.
    pub registry: Registry,
    /// Of that, what the web counts.
    pub http: HttpMetrics,
    /// Most series on the page of metrics.
    pub series_max: usize,
    /// Tells the time.
    pub clock: Clock,
    /// Word that readers and senders must give.
    pub token: Option<String>,
    /// Served on loopback: only names of this machine are answered to.
    pub is_loopback: bool,
    /// Turns true when the daemon stops: streams end.
    pub stop: watch::Receiver<bool>,
    /// Places for streams.
    pub streams: Arc<Semaphore>,
    /// Places for posts under way.
    pub posts: Arc<Semaphore>,
}

/// All pages.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(board::page))
        .route("/assets/{name}", get(assets::serve))
        .route("/metrics", get(health::metrics))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/api/v1/live", get(live::live))
        .route("/api/v1/events", post(ingest::events))
        .route("/api/v1/events/schema", get(ingest::schema))
        .fallback(|| async {
            (StatusCode::NOT_FOUND, axum::Json(serde_json::json!({ "error": "there is no such page" }))).into_response()
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), access::guard))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), access::count))
        .with_state(shared)
}
