//! What is served where, and who may.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};

use crate::web::api::{audit, openapi, queues, reports, status, units};
use crate::web::unpack::BODY_BYTES_MAX;
use crate::web::visitor::Right;
use crate::web::{Shared, access, alerts, assets, board, health, ingest, live, login, pages, tickets};

/// What an endpoint asks of its visitors; `None`: nothing, anybody may.
pub type Needs = Option<Right>;

/// Every endpoint: method, path, what it needs. The router below serves these and no others, which a
/// test holds; one that is not listed is refused.
pub const ENDPOINTS: [(&str, &str, Needs); 40] = [
    ("GET", "/", Some(Right::Board)),
    ("GET", "/units", Some(Right::Units)),
    ("GET", "/units/{unit}", Some(Right::Units)),
    ("GET", "/queues/{queue}", Some(Right::Queues)),
    ("GET", "/reports", Some(Right::Reports)),
    ("GET", "/status", Some(Right::Status)),
    ("GET", "/staffing", Some(Right::Queues)),
    ("GET", "/audit", Some(Right::Audit)),
    ("GET", "/login", None),
    ("POST", "/login", None),
    ("POST", "/logout", None),
    ("GET", "/tillganglighet", None),
    ("GET", "/assets/{build}/{name}", None),
    ("GET", "/healthz", None),
    ("GET", "/readyz", None),
    ("GET", "/metrics", Some(Right::Metrics)),
    ("POST", "/csp-report", None),
    ("GET", "/api/v1/openapi.json", None),
    ("GET", "/api/v1/live", Some(Right::Board)),
    ("GET", "/api/v1/queues", Some(Right::Board)),
    ("GET", "/api/v1/queues/{queue}/intervals", Some(Right::Queues)),
    ("GET", "/api/v1/queues/{queue}/heat", Some(Right::Queues)),
    ("GET", "/api/v1/queues/{queue}/visits", Some(Right::Queues)),
    ("GET", "/api/v1/units", Some(Right::Units)),
    ("GET", "/api/v1/units/{unit}/transfers", Some(Right::Units)),
    ("GET", "/api/v1/units/{unit}/rings", Some(Right::Units)),
    ("GET", "/api/v1/organisations", Some(Right::Units)),
    ("GET", "/api/v1/sources", Some(Right::Status)),
    ("GET", "/api/v1/health", Some(Right::Status)),
    ("GET", "/api/v1/gaps", Some(Right::Status)),
    ("GET", "/api/v1/dead-letters", Some(Right::Status)),
    ("GET", "/api/v1/audit", Some(Right::Audit)),
    ("GET", "/api/v1/reports", Some(Right::Reports)),
    ("GET", "/api/v1/reports/{report}", Some(Right::Reports)),
    ("POST", "/api/v1/events", Some(Right::Ingest)),
    ("GET", "/api/v1/events/schema", None),
    ("POST", "/api/v1/tickets", Some(Right::Ingest)),
    ("GET", "/api/v1/alerts", Some(Right::Alerts)),
    ("POST", "/api/v1/alerts/silences", Some(Right::Status)),
    ("DELETE", "/api/v1/alerts/silences/{id}", Some(Right::Status)),
];

/// All pages.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(board::page))
        .route("/units", get(pages::units::page))
        .route("/units/{unit}", get(pages::units::unit_page))
        .route("/queues/{queue}", get(pages::queue::page))
        .route("/reports", get(pages::reports::page))
        .route("/status", get(pages::status::page))
        .route("/staffing", get(pages::staffing::page))
        .route("/audit", get(pages::audit::page))
        .route("/login", get(login::page).post(login::enter))
        .route("/logout", post(login::leave))
        .route("/tillganglighet", get(pages::accessibility::page))
        .route("/assets/{build}/{name}", get(assets::serve))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/csp-report", post(health::violation))
        .route("/api/v1/openapi.json", get(openapi::document))
        .route("/api/v1/live", get(live::live))
        .route("/api/v1/queues", get(queues::queues))
        .route("/api/v1/queues/{queue}/intervals", get(queues::intervals))
        .route("/api/v1/queues/{queue}/heat", get(queues::heat))
        .route("/api/v1/queues/{queue}/visits", get(queues::visits))
        .route("/api/v1/units", get(units::units))
        .route("/api/v1/units/{unit}/transfers", get(units::transfers))
        .route("/api/v1/units/{unit}/rings", get(units::rings))
        .route("/api/v1/organisations", get(units::organisations))
        .route("/api/v1/sources", get(status::sources))
        .route("/api/v1/health", get(status::health))
        .route("/api/v1/gaps", get(status::gaps))
        .route("/api/v1/dead-letters", get(status::dead_letters))
        .route("/api/v1/audit", get(audit::acts))
        .route("/api/v1/reports", get(reports::reports))
        .route("/api/v1/reports/{report}", get(reports::report))
        .route("/api/v1/events", post(ingest::events))
        .route("/api/v1/events/schema", get(ingest::schema))
        .route("/api/v1/tickets", post(tickets::keep))
        .route("/api/v1/alerts", get(alerts::list))
        .route("/api/v1/alerts/silences", post(alerts::silence))
        .route("/api/v1/alerts/silences/{id}", delete(alerts::end_silence))
        .fallback(|| async {
            (StatusCode::NOT_FOUND, axum::Json(serde_json::json!({ "error": "there is no such page" }))).into_response()
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(access::in_time))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), access::guard))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), access::count))
        .with_state(shared)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use utoipa::OpenApi;

    use super::*;

    #[test]
    fn every_endpoint_that_reads_figures_is_described_and_no_other() {
        let described: BTreeSet<String> = openapi::Description::openapi().paths.paths.into_keys().collect();
        let listed = ENDPOINTS.iter().map(|(_, path, _)| (*path).to_owned());
        let listed: BTreeSet<String> =
            listed.filter(|path| path.starts_with("/api/v1/") && !path.starts_with("/api/v1/events")).collect();
        assert_eq!(described, listed);
    }
}
