//! How the daemon fares: sources, gaps, dead letters, health.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::stats::Snapshot;
use crate::store::{DeadLetterRow, Gap};
use crate::web::Shared;
use crate::web::api::list::{ListView, PageQuery};
use crate::web::refusal::{Refusal, RefusalView};
use crate::web::stretch::{DAYS_MAX, StretchQuery, month_of};
use crate::web::visitor::Visitor;

/// A source and how it fares.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SourceStatusView {
    /// Its name.
    pub source: String,
    /// Connected, its file open, its listener up.
    pub up: bool,
    /// What is wrong, in words.
    pub trouble: Option<String>,
    /// Time of its newest event, by its own clock.
    pub last_event: Option<String>,
    /// Seconds since we last heard it.
    pub silent_s: Option<f64>,
    /// Events used, ever.
    pub accepted: u64,
    /// Events seen before, ever.
    pub duplicates: u64,
    /// Of the accepted, those too old for the live figures.
    pub backfilled: u64,
    /// Events of queues that are not measured.
    pub unmeasured: u64,
    /// What could not be used, ever.
    pub rejected: u64,
    /// Bytes not yet read.
    pub behind_bytes: u64,
}

/// How the daemon fares.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HealthView {
    /// Nothing is wrong.
    pub healthy: bool,
    /// What is wrong with the store; null: nothing.
    pub store_trouble: Option<String>,
    /// Events taken in while the store is away, not yet stored.
    pub unstored_events: u64,
    /// Since when the store has been away; null: it is not.
    pub unstored_since: Option<String>,
    /// Commits since the start.
    pub commits: u64,
    /// Failed commits since the start.
    pub commit_errors: u64,
    /// How long a commit took in the mean, ms; null: there was none yet.
    pub mean_commit_ms: Option<f64>,
    /// Calls in memory.
    pub calls_held: u64,
    /// Calls whose end was never told, ever.
    pub calls_stale: u64,
    /// When the figures were made.
    pub at: String,
    /// How old they are, seconds.
    pub age_s: f64,
    /// Version of the program.
    pub version: &'static str,
    /// Build of the program and its pages.
    pub build: &'static str,
}

/// A period in which a source was not heard.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GapView {
    /// The source.
    pub source: String,
    /// Last heard.
    pub from: String,
    /// Heard again.
    pub to: String,
    /// How long, seconds.
    pub seconds: f64,
    /// Why, where known.
    pub reason: Option<String>,
}

/// What could not be used. The beginning of it stands in the store only, since it may hold a number.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeadLetterView {
    /// Goes up with each.
    pub id: i64,
    /// The source.
    pub source: String,
    /// Where it stood.
    pub position: String,
    /// Why, from the closed list.
    pub reason: String,
    /// Why, in words.
    pub detail: String,
    /// When it happened, by the source's clock, else when it came.
    pub at: String,
    /// When it came.
    pub received: String,
}

/// The sources as `snapshot` has them.
pub fn sources_of(shared: &Shared, snapshot: &Snapshot) -> Vec<SourceStatusView> {
    let now = shared.clock.now();
    let names = snapshot.directory.sources().iter();
    let view = |(name, source): (&String, &crate::stats::snapshot::SourceNow)| SourceStatusView {
        source: name.clone(),
        up: source.is_up,
        trouble: source.trouble.clone(),
        last_event: source.last_event.map(|at| shared.local(at)),
        silent_s: source.last_heard.map(|at| now.ms_since(at).max(0) as f64 / 1000.0),
        accepted: source.accepted,
        duplicates: source.duplicates,
        backfilled: source.backfilled,
        unmeasured: source.unmeasured,
        rejected: source.rejected.values().sum(),
        behind_bytes: source.behind_bytes,
    };
    names.zip(&snapshot.sources).map(view).collect()
}

/// How the daemon fares as `snapshot` has it.
pub fn health_of(shared: &Shared, snapshot: &Snapshot) -> HealthView {
    let commits = snapshot.store.commit_times.iter().sum();
    HealthView {
        healthy: snapshot.store.trouble.is_none() && snapshot.sources.iter().all(|source| source.is_up),
        store_trouble: snapshot.store.trouble.clone(),
        unstored_events: snapshot.store.unstored.map_or(0, |of| of.events),
        unstored_since: snapshot.store.unstored.map(|of| shared.local(of.since)),
        commits,
        commit_errors: snapshot.store.errors,
        mean_commit_ms: (commits > 0).then(|| snapshot.store.commit_ms / commits as f64),
        calls_held: snapshot.calls_held,
        calls_stale: snapshot.calls_stale,
        at: shared.local(snapshot.at),
        age_s: shared.clock.now().ms_since(snapshot.at).max(0) as f64 / 1000.0,
        version: env!("CARGO_PKG_VERSION"),
        build: &crate::web::assets::BUILD,
    }
}

/// A gap as it leaves the house.
pub fn gap_view(shared: &Shared, gap: &Gap) -> GapView {
    GapView {
        source: gap.source.clone(),
        from: shared.local(gap.from),
        to: shared.local(gap.to),
        seconds: gap.to.ms_since(gap.from) as f64 / 1000.0,
        reason: gap.reason.clone(),
    }
}

/// A dead letter as it leaves the house.
pub fn letter_view(shared: &Shared, row: DeadLetterRow) -> DeadLetterView {
    DeadLetterView {
        id: row.id,
        at: shared.local(row.at),
        received: shared.local(row.received),
        source: row.source,
        position: row.position,
        reason: row.reason,
        detail: row.detail,
    }
}

/// The sources.
#[utoipa::path(get, path = "/api/v1/sources", tag = "status", responses((status = 200, body = [SourceStatusView])))]
pub async fn sources(State(shared): State<Arc<Shared>>) -> Json<Vec<SourceStatusView>> {
    let snapshot = shared.snapshots.borrow().clone();
    Json(sources_of(&shared, &snapshot))
}

/// How the daemon fares.
#[utoipa::path(get, path = "/api/v1/health", tag = "status", responses((status = 200, body = HealthView)))]
pub async fn health(State(shared): State<Arc<Shared>>) -> Json<HealthView> {
    let snapshot = shared.snapshots.borrow().clone();
    Json(health_of(&shared, &snapshot))
}

/// Periods in which a source was not heard. Default: of this month.
#[utoipa::path(get, path = "/api/v1/gaps", tag = "status", params(StretchQuery),
    responses((status = 200, body = [GapView]), (status = 400, body = RefusalView)))]
pub async fn gaps(
    State(shared): State<Arc<Shared>>,
    Query(stretch): Query<StretchQuery>,
) -> Result<Json<Vec<GapView>>, Refusal> {
    let (now, zone) = (shared.clock.now(), shared.directory.zone());
    let is_default = stretch.period.is_none() && stretch.from.is_none() && stretch.until.is_none();
    let days = if is_default {
        month_of(crate::clock::local_day(now, zone))
    } else {
        stretch.days(now, zone, DAYS_MAX).map_err(Refusal::wrong)?
    };
    let (from, until) = days.moments(zone);
    let quality = shared.readers.ask(move |reader| reader.quality(from, until)).await?;
    Ok(Json(quality.gaps.iter().map(|gap| gap_view(&shared, gap)).collect()))
}

/// What could not be used, the newest first; only those who see everything are told.
#[utoipa::path(get, path = "/api/v1/dead-letters", tag = "status", params(PageQuery),
    responses((status = 200, body = ListView<DeadLetterView>), (status = 400, body = RefusalView)))]
pub async fn dead_letters(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(page): Query<PageQuery>,
) -> Result<Json<ListView<DeadLetterView>>, Refusal> {
    Ok(Json(letters_of(&shared, &visitor, &page).await?))
}

/// A page of what could not be used.
pub async fn letters_of(
    shared: &Arc<Shared>,
    visitor: &Visitor,
    page: &PageQuery,
) -> Result<ListView<DeadLetterView>, Refusal> {
    let limit = page.limit()?;
    let before = page.after.as_deref().map(str::parse::<i64>).transpose();
    let before = before.map_err(|_| Refusal::wrong("after is not the `next` of a page of this list"))?;
    let sight = visitor.sight.clone();
    let rows = shared.readers.ask(move |reader| reader.dead_letters(&sight, before, limit + 1)).await?;
    Ok(ListView::of(rows, limit, |row| row.id.to_string(), |row| letter_view(shared, row)))
}
