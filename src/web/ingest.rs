//! `POST /api/v1/events`: one event, an array, or one a line; bare or in CloudEvents envelopes,
//! structured, batched or binary; plain or gzip.
//!
//! Answered after the commit, item by item: what was accepted, what was known already, and what
//! could not be used and why. Events are known by their ids, so a batch whose answer was lost is
//! sent again as it is. What is asked for and who asks is judged by the head alone; a body is read
//! only for those who may.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::{SemaphorePermit, oneshot};

use crate::event::body::{self, Item};
use crate::event::json as event_json;
use crate::measure::Moment;
use crate::names::SourceId;
use crate::source::batch::EVENTS_MAX;
use crate::source::{Batch, Delivery, Fate, Receipt};
use crate::web::sender::Door;
use crate::web::unpack::{BODY_BYTES_MAX, CannotUnpack, gunzip};
use crate::web::{Shared, access, gate};

/// Most items of one body: one batch for the engine.
const ITEMS_MAX: usize = EVENTS_MAX;
/// Most posts under way at once; a further one is told to come again. With the limits of a body this
/// bounds what posts hold in memory.
pub const POSTS_MAX: usize = 32;
/// How long a body may take to come.
const BODY_WAIT: Duration = Duration::from_secs(10);
/// How long the engine is waited for.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// When to come again if nothing better is known, seconds.
pub const AGAIN_S: u64 = 2;
/// What bodies may be.
const TYPES: [&str; 6] = [
    "application/json",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
];

/// Parameters of the address.
#[derive(Debug, Deserialize)]
pub struct Parameters {
    source: Option<String>,
}

/// Why a post is not taken: the status, the words, and in how many seconds to come again.
#[derive(Debug)]
pub struct Refusal(StatusCode, String, Option<u64>);

impl Refusal {
    /// For good.
    pub fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self(status, why.into(), None)
    }

    /// For now.
    pub fn again(status: StatusCode, why: &str, after_s: u64) -> Self {
        Self(status, why.to_owned(), Some(after_s))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, why, after_s) = self;
        let mut response = (status, axum::Json(json!({ "error": why }))).into_response();
        if let Some(after_s) = after_s {
            response.headers_mut().insert(header::RETRY_AFTER, after_s.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The JSON Schema of the event.
pub async fn schema() -> Response {
    ([(header::CONTENT_TYPE, "application/schema+json")], event_json::SCHEMA).into_response()
}

/// Takes posted events.
pub async fn events(State(shared): State<Arc<Shared>>, query: Query<Parameters>, request: Request) -> Response {
    taken(&shared, query.source.as_deref(), request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn taken(shared: &Shared, named: Option<&str>, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let (source, door) = sender(shared, named, &parts)?;
    let form = Form::of(&parts.headers)?;
    let told_bytes = text(&parts.headers, "content-length").and_then(|length| length.parse::<usize>().ok());
    if told_bytes.is_some_and(|bytes| bytes > BODY_BYTES_MAX) {
        return Err(too_large());
    }
    let fast = |after_s| {
        Refusal::again(StatusCode::TOO_MANY_REQUESTS, "more events than this source may send in this time", after_s)
    };
    door.rate.take(0, Instant::now()).map_err(fast)?;
    let _place = place(shared)?;
    let bytes = whole(Request::from_parts(parts, body)).await?;
    let received = shared.clock.now();
    // Unpacking and reading take their time, which others need not wait for.
    let read = tokio::task::spawn_blocking(move || form.read(&bytes, received)).await;
    let items = read.map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))??;
    if items.is_empty() {
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "the body holds no event"));
    }
    door.rate.take(items.len(), Instant::now()).map_err(fast)?;
    let (batch, told) = batch_of(source, items);
    let nothing_usable = batch.events.is_empty();
    let receipt = committed(shared, batch).await?;
    let status = if nothing_usable { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok((status, axum::Json(answer(told, &receipt))).into_response())
}

/// The source that this sender may post to.
fn sender<'a>(shared: &'a Shared, named: Option<&str>, parts: &Parts) -> Result<(SourceId, &'a Door), Refusal> {
    let told = gate::token_told(parts);
    let found = shared.doors.find(&shared.directory, named, told);
    let (source, door) = found.map_err(|(status, why)| Refusal::new(status, why))?;
    if door.is_houses()
        && let Some((status, why)) = access::may_not_send(shared, parts)
    {
        return Err(Refusal::new(status, why));
    }
    Ok((source, door))
}

/// A place for a post that is under way, as long as it is held.
pub fn place(shared: &Shared) -> Result<SemaphorePermit<'_>, Refusal> {
    let why = "as many posts are under way as may be";
    shared.posts.try_acquire().map_err(|_| Refusal::again(StatusCode::SERVICE_UNAVAILABLE, why, AGAIN_S))
}

/// The whole body, if it comes in time and is not too large.
pub async fn whole(request: Request) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(BODY_WAIT, Bytes::from_request(request, &())).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(too_large()),
        Ok(Err(_)) => Err(Refusal::new(StatusCode::BAD_REQUEST, "the body broke off")),
        Err(_) => {
            let why = format!("the body did not come within {} s", BODY_WAIT.as_secs());
            Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, why))
        }
    }
}

fn too_large() -> Refusal {
    let why = format!("a body has at most {BODY_BYTES_MAX} bytes and {ITEMS_MAX} events; send it in parts");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, why)
}

/// How a body is to be read.
#[derive(Debug, Default)]
struct Form {
    is_gzip: bool,
    /// Attributes of a CloudEvent in binary mode.
    attributes: Option<Map<String, Value>>,
}

impl Form {
    fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let bad = |why: String| Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
        let kind = text(headers, "content-type").unwrap_or(TYPES[0]);
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !TYPES.contains(&kind.as_str()) {
            return bad(format!("content-type `{kind}` is not read here; send one of {}", TYPES.join(", ")));
        }
        let is_gzip =
            match text(headers, "content-encoding").map(|coding| coding.trim().to_ascii_lowercase()).as_deref() {
                None | Some("" | "identity") => false,
                Some("gzip" | "x-gzip") => true,
                Some(other) => return bad(format!("content-encoding `{other}` is not read here; send gzip or none")),
            };
        let attributes = headers.contains_key("ce-specversion").then(|| {
            let all = headers.iter().filter_map(|(name, value)| {
                let value = percent_decode_str(value.to_str().ok()?).decode_utf8_lossy();
                Some((name.as_str().strip_prefix("ce-")?.to_owned(), Value::from(value)))
            });
            all.collect()
        });
        Ok(Self { is_gzip, attributes })
    }

    fn read(self, bytes: &[u8], received: Moment) -> Result<Vec<Item>, Refusal> {
        let unpacked;
        let bytes = if self.is_gzip {
            unpacked = gunzip(bytes).map_err(|error| {
                let status = match error {
                    CannotUnpack::Damaged => StatusCode::BAD_REQUEST,
                    CannotUnpack::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                };
                Refusal::new(status, error.to_string())
            })?;
            &unpacked
        } else {
            bytes
        };
        match self.attributes {
            Some(attributes) => Ok(vec![body::read_binary(&attributes, bytes, received)]),
            None => body::read(bytes, received, ITEMS_MAX).ok_or_else(too_large),
        }
    }
}

/// Items apart as events and rejects, and what the answer says of each; nothing yet of the events.
fn batch_of(source: SourceId, items: Vec<Item>) -> (Batch, Vec<Map<String, Value>>) {
    let mut batch = Batch { caught_up: true, ..Batch::of(source) };
    let mut told = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let mut answer = Map::new();
        answer.insert("index".to_owned(), index.into());
        if let Some(id) = item.id {
            answer.insert("id".to_owned(), id);
        }
        match item.event {
            Ok(event) => batch.events.push(event),
            Err(reject) => {
                answer.insert("status".to_owned(), "rejected".into());
                answer.insert("reason".to_owned(), reject.reason.as_str().into());
                answer.insert("detail".to_owned(), reject.detail.as_str().into());
                batch.rejects.push(reject);
            }
        }
        told.push(answer);
    }
    (batch, told)
}

/// Hands the batch to the engine and waits for its commit.
async fn committed(shared: &Shared, batch: Batch) -> Result<Receipt, Refusal> {
    let (done, receipt) = oneshot::channel();
    let delivered = async {
        shared.sink.send(Delivery { batch, done: Some(done) }).await.ok()?;
        receipt.await.ok()
    };
    // It may yet be committed; sent again it is known.
    tokio::time::timeout(ANSWER_WAIT, delivered).await.ok().flatten().ok_or_else(|| {
        let why = "not committed in time; send the same batch again";
        Refusal::again(StatusCode::SERVICE_UNAVAILABLE, why, AGAIN_S)
    })
}

/// What became of the batch, and of each item in its place.
fn answer(told: Vec<Map<String, Value>>, receipt: &Receipt) -> Value {
    let mut fates = receipt.fates.iter();
    let items = told.into_iter().map(|mut item| {
        if !item.contains_key("status") {
            let (status, reason) = match fates.next() {
                Some(Fate::Duplicate) => ("duplicate", None),
                Some(Fate::Refused(reason)) => ("rejected", Some(reason.as_str())),
                Some(Fate::Accepted) | None => ("accepted", None),
            };
            item.insert("status".to_owned(), status.into());
            item.extend(reason.map(|reason| ("reason".to_owned(), reason.into())));
        }
        Value::Object(item)
    });
    let items: Vec<Value> = items.collect();
    json!({
        "accepted": receipt.accepted,
        "duplicates": receipt.duplicates,
        "rejected": receipt.rejected,
        "items": items,
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
