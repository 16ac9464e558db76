//! `POST /api/v1/events`: one event, an array, or one a line; bare or in CloudEvents envelopes.
//!
//! Answered after the commit, item by item: what was accepted, what was known already, and what
//! could not be used and why. A batch may be sent again without harm.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;

use crate::event::{envelope, json as event_json};
use crate::names::SourceId;
use crate::source::{Batch, Delivery};
use crate::web::Shared;

/// Largest body. Some five thousand events; a larger batch is sent in parts.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Most posts under way at once; a further one is told to come again.
pub const POSTS_MAX: usize = 64;
/// Events that may be posted in a second on average, by all senders together.
const EVENTS_PER_SECOND: f64 = 20_000.0;
/// Events that may come at once after a quiet time.
const EVENTS_AT_ONCE: f64 = 100_000.0;
/// How long the engine is waited for.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// Faults told in one answer; all are counted and kept as dead letters.
const ERRORS_TOLD_MAX: usize = 100;

/// How many events may be posted: a bucket that fills with time.
#[derive(Debug)]
pub struct Rate(Mutex<(f64, Instant)>);

impl Default for Rate {
    fn default() -> Self {
        Self(Mutex::new((EVENTS_AT_ONCE, Instant::now())))
    }
}

impl Rate {
    fn take(&self, events: usize) -> bool {
        let mut bucket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let filled = (bucket.0 + now.duration_since(bucket.1).as_secs_f64() * EVENTS_PER_SECOND).min(EVENTS_AT_ONCE);
        let enough = filled >= events as f64;
        *bucket = (if enough { filled - events as f64 } else { filled }, now);
        enough
    }
}

/// Parameters of the address.
#[derive(Debug, Deserialize)]
pub struct Parameters {
    source: Option<String>,
}

/// The JSON Schema of the event.
pub async fn schema() -> Response {
    ([(header::CONTENT_TYPE, "application/schema+json")], event_json::SCHEMA).into_response()
}

/// Takes posted events.
pub async fn events(State(shared): State<Arc<Shared>>, Query(parameters): Query<Parameters>, body: Bytes) -> Response {
    let source = match source(&shared, parameters.source.as_deref()) {
        Ok(source) => source,
        Err(why) => return refuse(StatusCode::NOT_FOUND, &why),
    };
    let Ok(_place) = shared.posts.try_acquire() else {
        return again(StatusCode::TOO_MANY_REQUESTS, "as many posts are under way as may be");
    };
    let items = envelope::read_body(&body, shared.clock.now());
    if items.is_empty() {
        return refuse(StatusCode::BAD_REQUEST, "the body holds no event");
    }
    if !shared.rate.take(items.len()) {
        return again(StatusCode::TOO_MANY_REQUESTS, "more events than may be posted in this time");
    }
    let mut batch = Batch { caught_up: true, ..Batch::of(source) };
    let mut errors = Vec::new();
    for item in items {
        match item {
            Ok(event) => batch.events.push(event),
            Err(reject) => {
                errors.push(
                    json!({ "item": reject.position, "reason": reject.reason.as_str(), "detail": reject.detail }),
                );
                batch.rejects.push(reject);
            }
        }
    }
    let nothing_usable = batch.events.is_empty();
    errors.truncate(ERRORS_TOLD_MAX);
    let (done, receipt) = oneshot::channel();
    let delivered = async {
        shared.sink.send(Delivery { batch, done: Some(done) }).await.ok()?;
        receipt.await.ok()
    };
    match tokio::time::timeout(ANSWER_WAIT, delivered).await {
        Ok(Some(receipt)) => {
            let status = if nothing_usable { StatusCode::BAD_REQUEST } else { StatusCode::OK };
            let answer = json!({
                "accepted": receipt.accepted,
                "duplicates": receipt.duplicates,
                "rejected": receipt.rejected,
                "errors": errors,
            });
            (status, axum::Json(answer)).into_response()
        }
        // It may yet be committed; sent again it is known.
        _ => again(StatusCode::SERVICE_UNAVAILABLE, "not committed in time; send the same batch again"),
    }
}

/// The source posted to: the one named, else the only one of kind http.
fn source(shared: &Shared, name: Option<&str>) -> Result<SourceId, String> {
    let posted_to = |at: usize| shared.posted_to.get(at).copied().unwrap_or(false);
    if let Some(name) = name {
        let found = shared.directory.source_named(name).filter(|id| posted_to(id.index()));
        return found.ok_or_else(|| {
            format!("there is no source `{name}` that may be posted to; see [[source]] kind = \"http\"")
        });
    }
    let mut all = (0..shared.posted_to.len()).filter(|at| posted_to(*at));
    match (all.next(), all.next()) {
        (Some(only), None) => Ok(SourceId(only as u32)),
        (None, _) => Err("no source may be posted to; add a [[source]] of kind = \"http\"".to_owned()),
        _ => Err("several sources may be posted to; say which with ?source=NAME".to_owned()),
    }
}

fn refuse(status: StatusCode, why: &str) -> Response {
    (status, axum::Json(json!({ "error": why }))).into_response()
}

fn again(status: StatusCode, why: &str) -> Response {
    (status, [(header::RETRY_AFTER, "2")], axum::Json(json!({ "error": why }))).into_response()
}
