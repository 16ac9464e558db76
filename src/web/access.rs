//! Who is let through, and the headers of every answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::source::listen::equal_in_constant_time;
use crate::web::Shared;
use crate::web::gate::Asked;
use crate::web::look::{Look, LookQuery};
use crate::web::routes::{ENDPOINTS, Needs};
use crate::web::visitor::{Right, Visitor};

/// Forms that carry the word of their session in themselves.
const FORMS: [&str; 2] = ["/login", "/logout"];

const HEADERS: [(&str, &str); 5] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'self'; report-uri /csp-report",
    ),
    ("x-content-type-options", "nosniff"),
    // Nothing of our addresses leaves the house. With `no-referrer` a browser would say of our own forms
    // that they come from nowhere (`Origin: null`), and nobody could log in.
    ("referrer-policy", "same-origin"),
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

/// Longest time for an answer: a year's report in every format takes seconds. Streams and posted
/// events have times of their own.
const ANSWER_WAIT: Duration = Duration::from_mins(1);

/// Ends what takes too long.
pub async fn in_time(request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(ANSWER_WAIT, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        let body = axum::Json(serde_json::json!({ "error": "no answer in time; ask again, or for less" }));
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "10")], body).into_response()
    })
}

/// Lets a visitor through, or answers why not; puts the headers on every answer.
pub async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut response = match admit(&shared, &parts) {
        Ok(visitor) => {
            parts.extensions.insert(visitor);
            next.run(Request::from_parts(parts, body)).await
        }
        Err((status, why)) => refuse(&shared, &parts, status, why),
    };
    for (name, value) in HEADERS {
        // A page may forbid itself more, or other things.
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

fn refuse(shared: &Shared, request: &Parts, status: StatusCode, why: &str) -> Response {
    let is_unknown = status == StatusCode::UNAUTHORIZED;
    if is_unknown && let Some(to_login) = to_login(shared, request) {
        return to_login;
    }
    let mut refused = (status, axum::Json(serde_json::json!({ "error": why }))).into_response();
    if is_unknown {
        refused.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    refused
}

type Refused = (StatusCode, &'static str);

fn admit(shared: &Shared, request: &Parts) -> Result<Visitor, Refused> {
    let (gate, headers) = (&shared.gate, &request.headers);
    let host = text(headers, header::HOST.as_str()).unwrap_or_default();
    // A page of the world whose name was made to point at this machine must not read the figures.
    if !gate.is_ours(request, host) {
        return Err((StatusCode::FORBIDDEN, "this daemon answers to localhost only; see [http] listen and proxy"));
    }
    let only_reads = matches!(request.method, Method::GET | Method::HEAD);
    // Nor may it post events from a browser that stands inside.
    if !only_reads
        && let Some(origin) = text(headers, "origin")
        && !origin.split_once("://").is_some_and(|(_, from)| gate.is_origin(from, host))
    {
        return Err((StatusCode::FORBIDDEN, "a page of another origin may not post here"));
    }
    let visitor = match gate.identify(request) {
        Asked::Known(visitor) => Some(visitor),
        Asked::Stranger => {
            return Err((StatusCode::FORBIDDEN, "none of your groups is let in; see [[http.proxy.grant]]"));
        }
        Asked::Unknown => None,
    };
    // A cookie comes along with whatever page sends the browser here; forms carry the word themselves.
    if let Some(session) = visitor.as_ref().and_then(|visitor| visitor.session.as_ref())
        && !only_reads
        && !FORMS.contains(&request.uri.path())
        && !equal_in_constant_time(
            text(headers, "x-csrf-token").unwrap_or_default().as_bytes(),
            session.form_word.as_bytes(),
        )
    {
        return Err((StatusCode::FORBIDDEN, "give the word of the session's forms as `X-CSRF-Token`"));
    }
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

/// Where to send a browser that nobody knows: to the form, and then back.
fn to_login(shared: &Shared, request: &Parts) -> Option<Response> {
    let wants_page =
        text(&request.headers, header::ACCEPT.as_str()).is_some_and(|accepts| accepts.contains("text/html"));
    if request.method != Method::GET || !wants_page || !shared.gate.has_users() {
        return None;
    }
    let look = Query::<LookQuery>::try_from_uri(&request.uri).map(|Query(look)| Look::from(look)).unwrap_or_default();
    let here = request.uri.path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
    let form = HeaderValue::from_str(&look.link_with("/login", &[("next", here)])).ok()?;
    Some((StatusCode::SEE_OTHER, [(header::LOCATION, form)]).into_response())
}

const NOT_FOR_THAT: Refused = (StatusCode::FORBIDDEN, "this token is not for that; see `servicegrad token list`");
const NO_TOKEN: Refused = (StatusCode::UNAUTHORIZED, "give a token as `Authorization: Bearer TOKEN` or `?token=TOKEN`");

/// Why the sender of a request may not post: tickets, or events to a source that has no token of its own.
pub fn may_not_send(shared: &Shared, request: &Parts) -> Option<(StatusCode, &'static str)> {
    match shared.gate.identify(request) {
        Asked::Known(visitor) if visitor.may(Right::Ingest) => None,
        Asked::Known(_) | Asked::Stranger => Some(NOT_FOR_THAT),
        Asked::Unknown => Some(NO_TOKEN),
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

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
