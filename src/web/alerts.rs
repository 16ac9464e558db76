//! `/api/v1/alerts`: how the alerts stand, and silences.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::alert::rules;
use crate::alert::silence::{SILENCE_MS_MAX, Silence};
use crate::measure::Span;
use crate::web::Shared;
use crate::web::visitor::Visitor;

/// Longest name and comment of a silence.
const TEXT_MAX: usize = 500;

/// How the alerts stand: pending, firing, silenced, hidden; and the silences in force. Each visitor is
/// told of the queues and organisations that they may see.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts", responses((status = 200, description = "Alerts and silences")))]
pub async fn list(State(shared): State<Arc<Shared>>, visitor: Visitor) -> Response {
    let state = shared.alerts.state.borrow().clone();
    let seen = state.seen_by(&visitor.sight, &shared.directory);
    ([(header::CACHE_CONTROL, "no-store")], axum::Json(seen)).into_response()
}

/// A silence that is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SilenceWish {
    /// Name of the rule; absent: any.
    alert: Option<String>,
    /// Labels that an alert must have.
    #[serde(default)]
    labels: BTreeMap<String, String>,
    /// For how long, `"2h"`.
    r#for: Span,
    /// Who asks.
    by: String,
    /// Why.
    comment: String,
}

/// Takes a wish for a silence: `{"alert"?, "labels"?, "for": "2h", "by", "comment"}`.
#[utoipa::path(post, path = "/api/v1/alerts/silences", tag = "alerts",
    responses((status = 201, description = "The silence"), (status = 400, description = "What is wrong with it")))]
pub async fn silence(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    axum::Json(wish): axum::Json<SilenceWish>,
) -> Response {
    if let Some(why) = fault(&wish) {
        return refuse(StatusCode::BAD_REQUEST, &why);
    }
    let from = shared.clock.now();
    let silence = Silence {
        id: 0,
        alert: wish.alert,
        labels: wish.labels.into_iter().collect(),
        from,
        until: from.plus_ms(wish.r#for.ms()),
        by: wish.by,
        comment: wish.comment,
        ended: None,
    };
    match shared.alerts.silence(silence).await {
        Ok(silence) => {
            let about = silence.alert.clone().unwrap_or_else(|| "any alert".to_owned());
            let detail = format!("silence {}, for {}: {}", silence.id, silence.by, silence.comment);
            shared.gate.audit.note(&visitor.name, "silence_begun", &about, detail);
            (StatusCode::CREATED, axum::Json(silence)).into_response()
        }
        Err(why) => refuse(StatusCode::SERVICE_UNAVAILABLE, &why),
    }
}

fn fault(wish: &SilenceWish) -> Option<String> {
    let known = |name: &String| rules::named(name).is_some();
    if !wish.alert.as_ref().is_none_or(known) {
        return Some("there is no alert of this name".to_owned());
    }
    if wish.alert.is_none() && wish.labels.is_empty() {
        return Some("says neither alert nor labels: it would silence everything".to_owned());
    }
    if !(1..=SILENCE_MS_MAX).contains(&wish.r#for.ms()) {
        return Some("`for` must lie above 0 and at most at 31d".to_owned());
    }
    let is_text = |text: &str| (1..=TEXT_MAX).contains(&text.trim().len());
    let is_told = is_text(&wish.by) && is_text(&wish.comment);
    (!is_told).then(|| format!("`by` and `comment` must be told, in at most {TEXT_MAX} bytes each"))
}

/// Who ends a silence.
#[derive(Debug, Deserialize)]
pub struct By {
    by: Option<String>,
}

/// Ends a silence before its time: `?by=NAME`.
#[utoipa::path(delete, path = "/api/v1/alerts/silences/{id}", tag = "alerts", params(("id" = u64, Path)),
    responses((status = 204, description = "It is over"), (status = 404, description = "None in force")))]
pub async fn end_silence(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Path(id): Path<u64>,
    Query(by): Query<By>,
) -> Response {
    let Some(by) = by.by.filter(|by| (1..=TEXT_MAX).contains(&by.trim().len())) else {
        return refuse(StatusCode::BAD_REQUEST, "say who ends it: ?by=NAME");
    };
    match shared.alerts.end_silence(id, by, shared.clock.now()).await {
        Ok(true) => {
            shared.gate.audit.note(&visitor.name, "silence_ended", &format!("silence {id}"), String::new());
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(false) => refuse(StatusCode::NOT_FOUND, "there is no such silence in force"),
        Err(why) => refuse(StatusCode::SERVICE_UNAVAILABLE, &why),
    }
}

fn refuse(status: StatusCode, why: &str) -> Response {
    (status, axum::Json(json!({ "error": why }))).into_response()
}
