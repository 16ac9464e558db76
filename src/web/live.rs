//! The live figures, as JSON and as a stream of server-sent events.
//!
//! One JSON text a snapshot, written once for all readers. Each event of the stream is the whole of
//! it, so a reader that was cut off has lost nothing when it is back.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use prometheus::IntGauge;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::WatchStream;

use crate::stats::Snapshot;
use crate::web::Shared;
use crate::web::view::LiveView;

/// Most streams at once; a further reader is told to ask again and polls meanwhile.
pub const STREAMS_MAX: usize = 1_000;
/// How often the JSON is written at most: a wallboard shows seconds.
const WRITE_EVERY: Duration = Duration::from_millis(500);
/// A comment goes out when nothing else does, so that a dead line is noticed.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// A place among the streams, counted while it is held.
struct Place {
    _permit: OwnedSemaphorePermit,
    streams: IntGauge,
}

impl Place {
    fn taken(permit: OwnedSemaphorePermit, streams: IntGauge) -> Self {
        streams.inc();
        Self { _permit: permit, streams }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.streams.dec();
    }
}

/// Writes each new snapshot as JSON, once for all readers, until the engine is gone.
pub async fn write(mut snapshots: watch::Receiver<Arc<Snapshot>>, json: watch::Sender<Arc<str>>) {
    loop {
        let snapshot = snapshots.borrow_and_update().clone();
        json.send_replace(text(&snapshot));
        tokio::time::sleep(WRITE_EVERY).await;
        if snapshots.changed().await.is_err() {
            return;
        }
    }
}

/// A snapshot as JSON.
pub fn text(snapshot: &Snapshot) -> Arc<str> {
    serde_json::to_string(&LiveView::of(snapshot)).unwrap_or_else(|_| "null".to_owned()).into()
}

/// `GET /api/v1/live`: JSON, or the stream for those who accept `text/event-stream`.
pub async fn live(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if !accepts.contains("text/event-stream") {
        let json = shared.json.borrow().to_string();
        return ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], json)
            .into_response();
    }
    let Ok(place) = Arc::clone(&shared.streams).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "30")], "as many streams as there may be\n")
            .into_response();
    };
    let place = Place::taken(place, shared.http.streams.clone());
    // The stream ends when the daemon stops, or the daemon could not.
    let figures = WatchStream::new(shared.json.clone()).map(Some);
    let stop = WatchStream::new(shared.stop.clone()).filter(|stop| *stop).map(|_| None);
    let events = figures.merge(stop).take_while(Option::is_some).filter_map(move |json| {
        let _held = &place;
        json.map(|json| Ok::<_, Infallible>(Event::default().data(&*json)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response()
}
