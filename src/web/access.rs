//! Who is let through, and the headers of every answer.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::source::listen::equal_in_constant_time;
use crate::web::Shared;
use crate::web::routes::{ENDPOINTS, Needs};
use crate::web::visitor::{Right, Visitor};

const HEADERS: [(&str, &str); 5] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'self'; report-uri /csp-report",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
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

/// Lets a visitor through, or answers why not; puts the headers on every answer.
pub async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut response = match admit(&shared, &parts) {
        Ok(visitor) => {
            parts.extensions.insert(visitor);
            next.run(Request::from_parts(parts, body)).await
        }
        Err((status, why)) => {
            let body = axum::Json(serde_json::json!({ "error": why }));
            let mut refused = (status, body).into_response();
            if status == StatusCode::UNAUTHORIZED {
                refused.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            refused
        }
    };
    for (name, value) in HEADERS {
        // A page may forbid itself more, or other things.
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

type Refused = (StatusCode, &'static str);

fn admit(shared: &Shared, request: &Parts) -> Result<Visitor, Refused> {
    let headers = &request.headers;
    let host = text(headers, header::HOST.as_str()).unwrap_or_default();
    // A page of the world whose name was made to point at this machine must not read the figures.
    if shared.is_loopback && !is_this_machine(host) {
        return Err((StatusCode::FORBIDDEN, "this daemon answers to localhost only; see [http] listen"));
    }
    // Nor may it post events from a browser that stands inside.
    if request.method != Method::GET
        && let Some(origin) = text(headers, "origin")
        && origin.split_once("://").map(|(_, from)| from) != Some(host)
    {
        return Err((StatusCode::FORBIDDEN, "a page of another origin may not post here"));
    }
    let visitor = identify(shared, request);
    let Some(needs) = needs_of(request) else {
        // Nothing is served there, which the router will say.
        return Ok(visitor.unwrap_or_else(Visitor::nobody));
    };
    match (needs, visitor) {
        // Sources that are posted to may have tokens of their own, which `ingest` knows.
        (None | Some(Right::Ingest), visitor) => Ok(visitor.unwrap_or_else(Visitor::nobody)),
        (Some(right), Some(visitor)) if visitor.may(right) => Ok(visitor),
        (Some(_), Some(_)) => Err(NOT_FOR_THAT),
        (Some(_), None) => Err(NO_TOKEN),
    }
}

const NOT_FOR_THAT: Refused = (StatusCode::FORBIDDEN, "this token is not for that; see `servicegrad token list`");
const NO_TOKEN: Refused = (StatusCode::UNAUTHORIZED, "give a token as `Authorization: Bearer TOKEN` or `?token=TOKEN`");

/// Why the sender of a request may not post to a source that has no token of its own.
pub fn may_not_send(shared: &Shared, request: &Parts) -> Option<(StatusCode, &'static str)> {
    match identify(shared, request) {
        Some(visitor) if visitor.may(Right::Ingest) => None,
        Some(_) => Some(NOT_FOR_THAT),
        None => Some(NO_TOKEN),
    }
}

/// What the endpoint of a request needs; `None`: nothing is served there.
fn needs_of(request: &Parts) -> Option<Needs> {
    let path = request.extensions.get::<MatchedPath>()?;
    // A HEAD is answered as its GET would be, without the body.
    let method = if request.method == Method::HEAD { &Method::GET } else { &request.method };
    let found = ENDPOINTS.iter().find(|(served, at, _)| *at == path.as_str() && *served == method.as_str());
    found.map(|(_, _, needs)| *needs)
}

/// Who asks: by their token; where none is kept, anybody on this machine.
fn identify(shared: &Shared, request: &Parts) -> Option<Visitor> {
    let Some(told) = token_told(request) else {
        let is_open = shared.is_loopback && shared.token.is_none() && shared.tokens.is_empty();
        return is_open.then(Visitor::at_home);
    };
    if let Some(token) = &shared.token
        && equal_in_constant_time(told.as_bytes(), token.as_bytes())
    {
        return Some(Visitor { name: "http.token".to_owned(), ..Visitor::at_home() });
    }
    shared.tokens.visitor(told)
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
