//! The live figures, as JSON and as a stream of server-sent events.
//!
//! One JSON text a snapshot and sight, written once for all who see the same. Each event of the
//! stream is the whole of it, so a reader that was cut off has lost nothing when it is back. A beat
//! says every few seconds how old the figures are: a page that hears none knows that its line is
//! dead, one that hears an age knows that the engine has stalled.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use prometheus::IntGauge;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::{IntervalStream, WatchStream};

use crate::alert::board::State as Alerts;
use crate::stats::Snapshot;
use crate::store::Sight;
use crate::web::Shared;
use crate::web::seats::Busy;
use crate::web::view::LiveView;
use crate::web::visitor::Visitor;

/// How often figures are shown at most: a wallboard shows seconds.
const SHOW_EVERY: Duration = Duration::from_millis(500);
/// How often a reader is told how old its figures are.
const BEAT_EVERY: Duration = Duration::from_secs(5);

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

/// The snapshot that is shown, and what was written of it.
#[derive(Debug)]
pub struct Live {
    shown: watch::Receiver<Arc<Snapshot>>,
    alerts: watch::Receiver<Arc<Alerts>>,
    written: Mutex<Written>,
}

/// What was written, and of what.
#[derive(Debug)]
struct Written {
    snapshot: Arc<Snapshot>,
    alerts: Arc<Alerts>,
    texts: Texts,
}

/// One text for each sight that was asked for, so at most one a token.
type Texts = Vec<(Sight, Arc<str>)>;

impl Live {
    /// Shows what comes from `shown`, with the newest alerts.
    pub fn new(shown: watch::Receiver<Arc<Snapshot>>, alerts: watch::Receiver<Arc<Alerts>>) -> Self {
        let (snapshot, now) = (shown.borrow().clone(), alerts.borrow().clone());
        Self { shown, alerts, written: Mutex::new(Written { snapshot, alerts: now, texts: Texts::new() }) }
    }

    /// The newest shown figures that `sight` covers, as JSON.
    pub fn text(&self, sight: &Sight) -> Arc<str> {
        let (snapshot, alerts) = (self.shown.borrow().clone(), self.alerts.borrow().clone());
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&written.snapshot, &snapshot) || !Arc::ptr_eq(&written.alerts, &alerts) {
            *written = Written { snapshot, alerts, texts: Texts::new() };
        }
        if let Some((_, text)) = written.texts.iter().find(|(of, _)| of == sight) {
            return Arc::clone(text);
        }
        let view = LiveView::of(&written.snapshot, &written.alerts, sight);
        let text: Arc<str> = serde_json::to_string(&view).unwrap_or_else(|_| "null".to_owned()).into();
        written.texts.push((sight.clone(), Arc::clone(&text)));
        text
    }

    /// How old the shown figures are, ms.
    fn age_ms(&self, shared: &Shared) -> i64 {
        shared.clock.now().ms_since(self.shown.borrow().at).max(0)
    }
}

/// Hands each new snapshot on to be shown, at most every `SHOW_EVERY`, until the engine is gone.
pub async fn pace(mut snapshots: watch::Receiver<Arc<Snapshot>>, shown: watch::Sender<Arc<Snapshot>>) {
    loop {
        shown.send_replace(snapshots.borrow_and_update().clone());
        tokio::time::sleep(SHOW_EVERY).await;
        if snapshots.changed().await.is_err() {
            return;
        }
    }
}

/// What comes next on a stream.
enum Next {
    Figures,
    Beat,
    End,
}

/// The live figures: JSON, or for those who accept `text/event-stream` a stream of the same.
#[utoipa::path(get, path = "/api/v1/live", tag = "live", responses((status = 200, body = LiveView)))]
pub async fn live(State(shared): State<Arc<Shared>>, visitor: Visitor, request: Request) -> Response {
    let accepts = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if !accepts.contains("text/event-stream") {
        let json = shared.live.text(&visitor.sight).to_string();
        let age = (shared.live.age_ms(&shared) / 1000).to_string();
        let headers =
            [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store"), (header::AGE, &age)];
        return (headers, json).into_response();
    }
    let Ok(place) = Arc::clone(&shared.streams).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "30")], "as many streams as there may be\n")
            .into_response();
    };
    let busy = request.extensions().get::<Arc<Busy>>().cloned();
    let place = Place::taken(place, shared.http.streams.clone());
    let figures = WatchStream::new(shared.live.shown.clone()).map(|_| Next::Figures);
    let beats = IntervalStream::new(tokio::time::interval(BEAT_EVERY)).map(|_| Next::Beat);
    // The stream ends when the daemon stops, or the daemon could not.
    let stop = WatchStream::new(shared.stop.clone()).filter(|stop| *stop).map(|_| Next::End);
    // Or when somebody may have lost what they had: then they come again and are asked who they are.
    let anew = WatchStream::from_changes(shared.gate.changes()).map(|_| Next::End);
    let next = figures.merge(beats).merge(stop).merge(anew).take_while(|next| !matches!(next, Next::End));
    let events = next.map(move |next| {
        let _held = (&place, &busy);
        let event = match next {
            Next::Figures => Event::default().data(&*shared.live.text(&visitor.sight)),
            _ => Event::default().event("beat").data(format!("{{\"age_ms\":{}}}", shared.live.age_ms(&shared))),
        };
        Ok::<_, Infallible>(event)
    });
    // A proxy that gathers before it sends would make every figure old.
    ([("x-accel-buffering", "no"), ("cache-control", "no-store")], Sse::new(events)).into_response()
}
