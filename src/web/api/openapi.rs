//! The description of the API, made from the code that serves it.

use axum::Json;
use utoipa::OpenApi;

use crate::web::api::{audit, queues, reports, status, units};
use crate::web::{alerts, live, tickets, view};

/// The API, version 1.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Servicegrad",
        description = "Service levels of a switchboard, exact and live. Within version 1 fields are added and never taken away or given another meaning."
    ),
    paths(
        live::live,
        queues::queues,
        queues::intervals,
        queues::heat,
        queues::visits,
        units::units,
        units::organisations,
        units::transfers,
        units::rings,
        status::sources,
        status::health,
        status::gaps,
        status::dead_letters,
        audit::acts,
        reports::reports,
        reports::report,
        tickets::keep,
        alerts::list,
        alerts::silence,
        alerts::end_silence,
        document,
    ),
    components(schemas(view::LiveView))
)]
pub struct Description;

/// This description.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "description", responses((status = 200, description = "OpenAPI 3.1")))]
pub async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}
