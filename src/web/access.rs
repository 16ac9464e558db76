//! Who may, and the headers of every answer.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::source::listen::equal_in_constant_time;
use crate::web::Shared;

const HEADERS: [(&str, &str); 4] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Counts the answers and how long they took.
pub async fn count(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let response = next.run(request).await;
    let (route, status) = (route.as_ref().map(MatchedPath::as_str), response.status().as_u16());
    shared.http.answered(route, method.as_str(), status, started.elapsed());
    response
}

/// Lets a request through, or answers why not; puts the headers on every answer.
pub async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = match refusal(&shared, &parts) {
        Some((status, why)) => (status, axum::Json(serde_json::json!({ "error": why }))).into_response(),
        None => next.run(Request::from_parts(parts, body)).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn refusal(shared: &Shared, request: &Parts) -> Option<(StatusCode, &'static str)> {
    let headers = &request.headers;
    let host = text(headers, header::HOST.as_str()).unwrap_or_default();
    // A page of the world whose name was made to point at this machine must not read the figures.
    if shared.is_loopback && !is_this_machine(host) {
        return Some((StatusCode::FORBIDDEN, "this daemon answers to localhost only; see [http] listen"));
    }
    // Nor may it post events from a browser that stands inside.
    if request.method != Method::GET
        && let Some(origin) = text(headers, "origin")
        && origin.split_once("://").map(|(_, from)| from) != Some(host)
    {
        return Some((StatusCode::FORBIDDEN, "a page of another origin may not post here"));
    }
    let path = request.uri.path();
    // Sources that are posted to may have tokens of their own, which `ingest` knows.
    let is_posted = path == "/api/v1/events";
    let is_open = path == "/healthz" || path.starts_with("/assets/");
    if is_open || is_posted { None } else { lacks_token(shared, request) }
}

/// Why the house's token does not let this request in, where there is one.
pub fn lacks_token(shared: &Shared, request: &Parts) -> Option<(StatusCode, &'static str)> {
    let token = shared.token.as_ref()?;
    let told = token_told(request).unwrap_or_default();
    let is_known = equal_in_constant_time(told.as_bytes(), token.as_bytes());
    (!is_known)
        .then_some((StatusCode::UNAUTHORIZED, "give the token as `Authorization: Bearer TOKEN` or `?token=TOKEN`"))
}

/// The token that a request brings, in its head or its address.
pub fn token_told(request: &Parts) -> Option<&str> {
    let bearer = text(&request.headers, header::AUTHORIZATION.as_str()).and_then(|told| told.strip_prefix("Bearer "));
    bearer.or_else(|| request.uri.query()?.split('&').find_map(|pair| pair.strip_prefix("token=")))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => return rest.starts_with("::1]"),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}
