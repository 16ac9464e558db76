//! Queues by interval, by hour of the week, and their visits.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use chrono::{Datelike, Timelike};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::directory::Queue;
use crate::measure::{Moment, Talk, Wait};
use crate::names::QueueId;
use crate::report::{Interval, gather};
use crate::stats::VisitCell;
use crate::stats::period::Period;
use crate::store::VisitRow;
use crate::web::Shared;
use crate::web::api::list::{ListView, PageQuery, mark};
use crate::web::figures::{ObjectiveView, VisitFiguresView};
use crate::web::refusal::{Refusal, RefusalView};
use crate::web::stretch::{DAYS_MAX, FINE_DAYS_MAX, StretchQuery};
use crate::web::visitor::Visitor;

/// A measured queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QueueInfoView {
    /// Its name.
    pub queue: String,
    /// What people call it.
    pub title: String,
    /// The promise.
    pub objective: Option<ObjectiveView>,
    /// Thresholds at which waits are counted, seconds.
    pub thresholds_s: Vec<f64>,
    /// An abandon of at most this is short, seconds; null: none is.
    pub short_abandon_s: Option<f64>,
    /// Inside its opening hours now.
    pub open: bool,
}

/// Figures of a queue by interval.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IntervalsView {
    /// The queue.
    pub queue: QueueInfoView,
    /// First local day.
    pub from: String,
    /// The day after the last.
    pub until: String,
    /// Whose days these are.
    pub zone: &'static str,
    /// `15m`, `hour`, `day` or `month`.
    pub interval: &'static str,
    /// All of it together.
    pub sum: VisitFiguresView,
    /// Intervals with visits, by start.
    pub intervals: Vec<IntervalView>,
}

/// One interval.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IntervalView {
    /// When it begins, with the offset that holds there.
    pub start: String,
    /// The same as ms since 1970.
    pub start_ms: i64,
    /// Its figures.
    pub figures: VisitFiguresView,
}

/// Figures of a queue by hour of the week.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HeatView {
    /// The queue.
    pub queue: QueueInfoView,
    /// First local day.
    pub from: String,
    /// The day after the last.
    pub until: String,
    /// Whose hours these are.
    pub zone: &'static str,
    /// Hours with visits, by weekday and hour.
    pub hours: Vec<HourView>,
}

/// One hour of the week, over all weeks asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HourView {
    /// 1 Monday to 7 Sunday.
    pub weekday: u32,
    /// 0 to 23, local.
    pub hour: u32,
    /// Its figures.
    pub figures: VisitFiguresView,
}

/// One visit: times and outcome.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VisitView {
    /// The source that told of it.
    pub source: String,
    /// The switch's name of the call.
    pub call: String,
    /// Number among the visits of this call to this queue.
    pub number: u16,
    /// When it was offered.
    pub offered: String,
    /// How it ended; null: still waiting.
    pub outcome: Option<&'static str>,
    /// Seconds from offered to answered, abandoned or left.
    pub wait_s: Option<f64>,
    /// Seconds of conversation.
    pub talk_s: Option<f64>,
    /// Offered while closed.
    pub outside_hours: bool,
    /// Its beginning or wait was worked out and not told.
    pub derived: bool,
    /// What was told of it does not agree.
    pub inconsistent: bool,
    /// Some of it was told too late for the live figures.
    pub late: bool,
}

/// How finely.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct IntervalQuery {
    /// `15m` (default), `hour`, `day` or `month`.
    pub interval: Option<String>,
}

/// What is said of a queue beside its figures.
pub fn info(queue: &Queue, now: Moment) -> QueueInfoView {
    QueueInfoView {
        queue: queue.name.clone(),
        title: queue.title.clone(),
        objective: queue.objective.as_ref().map(Into::into),
        thresholds_s: queue.thresholds_ms.iter().map(|ms| f64::from(*ms) / 1000.0).collect(),
        short_abandon_s: queue.short_abandon_ms.map(|ms| f64::from(ms) / 1000.0),
        open: queue.hours.is_open(now),
    }
}

/// The queue of this name, if `visitor` may see it.
pub fn seen(shared: &Shared, visitor: &Visitor, name: &str) -> Result<QueueId, Refusal> {
    let found = shared.directory.queue_named(name).filter(|id| visitor.sight.sees_queue(*id));
    found.ok_or_else(|| Refusal::unknown("queue", name))
}

/// Figures of one queue over `days`, by interval.
pub async fn intervals_of(
    shared: &Arc<Shared>,
    visitor: &Visitor,
    id: QueueId,
    days: Period,
    interval: Interval,
) -> Result<IntervalsView, Refusal> {
    let cells = cells(shared, visitor, id, days, interval).await?;
    let queue = shared.directory.queue(id);
    let mut sum = VisitCell::of_queue(queue);
    let intervals = cells.iter().map(|(start, cell)| {
        sum.merge(cell);
        IntervalView { start: shared.local(*start), start_ms: start.0, figures: VisitFiguresView::of(cell, queue) }
    });
    let intervals = intervals.collect();
    Ok(IntervalsView {
        queue: info(queue, shared.clock.now()),
        from: days.from.to_string(),
        until: days.until.to_string(),
        zone: shared.directory.zone().name(),
        interval: interval.as_str(),
        sum: VisitFiguresView::of(&sum, queue),
        intervals,
    })
}

/// Figures of one queue over `days`, by hour of the week.
pub async fn heat_of(shared: &Arc<Shared>, visitor: &Visitor, id: QueueId, days: Period) -> Result<HeatView, Refusal> {
    let cells = cells(shared, visitor, id, days, Interval::Hour).await?;
    let queue = shared.directory.queue(id);
    let mut hours: BTreeMap<(u32, u32), VisitCell> = BTreeMap::new();
    for (start, cell) in &cells {
        let local = start.to_utc().with_timezone(&shared.directory.zone());
        let hour = hours.entry((local.weekday().number_from_monday(), local.hour()));
        hour.or_insert_with(|| VisitCell::of_queue(queue)).merge(cell);
    }
    let hour = |((weekday, hour), cell): ((u32, u32), VisitCell)| HourView {
        weekday,
        hour,
        figures: VisitFiguresView::of(&cell, queue),
    };
    Ok(HeatView {
        queue: info(queue, shared.clock.now()),
        from: days.from.to_string(),
        until: days.until.to_string(),
        zone: shared.directory.zone().name(),
        hours: hours.into_iter().map(hour).collect(),
    })
}

async fn cells(
    shared: &Arc<Shared>,
    visitor: &Visitor,
    id: QueueId,
    days: Period,
    interval: Interval,
) -> Result<Vec<(Moment, VisitCell)>, Refusal> {
    let (directory, sight) = (Arc::clone(&shared.directory), visitor.sight.clone());
    let (from, until) = days.moments(directory.zone());
    let ask =
        move |reader: &dyn crate::store::Reader| gather::intervals(reader, &directory, &sight, interval, from, until);
    let cells = shared.readers.ask(ask).await?;
    Ok(cells.into_iter().filter(|((queue, _), _)| *queue == id).map(|((_, start), cell)| (start, cell)).collect())
}

/// The measured queues that the visitor may see.
#[utoipa::path(get, path = "/api/v1/queues", tag = "queues", responses((status = 200, body = [QueueInfoView])))]
pub async fn queues(State(shared): State<Arc<Shared>>, visitor: Visitor) -> Json<Vec<QueueInfoView>> {
    let queues = shared.directory.queues().iter().enumerate();
    let seen = queues.filter(|(at, _)| visitor.sight.sees_queue(QueueId(*at as u32)));
    Json(seen.map(|(_, queue)| info(queue, shared.clock.now())).collect())
}

/// Figures of a queue by interval; quarter-hours and hours of at most 62 days at once.
#[utoipa::path(get, path = "/api/v1/queues/{queue}/intervals", tag = "queues",
    params(("queue" = String, Path), StretchQuery, IntervalQuery),
    responses((status = 200, body = IntervalsView), (status = 400, body = RefusalView), (status = 404, body = RefusalView)))]
pub async fn intervals(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Path(queue): Path<String>,
    Query(stretch): Query<StretchQuery>,
    Query(finely): Query<IntervalQuery>,
) -> Result<Json<IntervalsView>, Refusal> {
    let id = seen(&shared, &visitor, &queue)?;
    let wanted = finely.interval.as_deref().unwrap_or(Interval::Quarter.as_str());
    let interval = Interval::parse(wanted)
        .ok_or_else(|| Refusal::wrong(format!("interval `{wanted}` must be 15m, hour, day or month")))?;
    let days_max = if matches!(interval, Interval::Quarter | Interval::Hour) { FINE_DAYS_MAX } else { DAYS_MAX };
    let days = stretch.days(shared.clock.now(), shared.directory.zone(), days_max).map_err(Refusal::wrong)?;
    Ok(Json(intervals_of(&shared, &visitor, id, days, interval).await?))
}

/// Figures of a queue by weekday and hour, over at most 400 days.
#[utoipa::path(get, path = "/api/v1/queues/{queue}/heat", tag = "queues",
    params(("queue" = String, Path), StretchQuery),
    responses((status = 200, body = HeatView), (status = 400, body = RefusalView), (status = 404, body = RefusalView)))]
pub async fn heat(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Path(queue): Path<String>,
    Query(stretch): Query<StretchQuery>,
) -> Result<Json<HeatView>, Refusal> {
    let id = seen(&shared, &visitor, &queue)?;
    let days = stretch.days(shared.clock.now(), shared.directory.zone(), 400).map_err(Refusal::wrong)?;
    Ok(Json(heat_of(&shared, &visitor, id, days).await?))
}

/// The visits behind a figure, by time: when, how long, how it ended. No numbers, no names.
#[utoipa::path(get, path = "/api/v1/queues/{queue}/visits", tag = "queues",
    params(("queue" = String, Path), StretchQuery, PageQuery),
    responses((status = 200, body = ListView<VisitView>), (status = 400, body = RefusalView), (status = 404, body = RefusalView)))]
pub async fn visits(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Path(queue): Path<String>,
    Query(stretch): Query<StretchQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<ListView<VisitView>>, Refusal> {
    let id = seen(&shared, &visitor, &queue)?;
    let zone = shared.directory.zone();
    let days = stretch.days(shared.clock.now(), zone, DAYS_MAX).map_err(Refusal::wrong)?;
    Ok(Json(visits_of(&shared, &visitor, id, days.moments(zone), &page).await?))
}

/// A page of the visits of a queue.
pub async fn visits_of(
    shared: &Arc<Shared>,
    visitor: &Visitor,
    id: QueueId,
    (from, until): (Moment, Moment),
    page: &PageQuery,
) -> Result<ListView<VisitView>, Refusal> {
    let (rows, limit) = (page.with_one_more()?, page.limit()?);
    let sight = visitor.sight.clone();
    let rows = shared.readers.ask(move |reader| reader.visits(&sight, id, from, until, &rows)).await?;
    let mark = |row: &VisitRow| mark(row.visit.offered, row.visit.number, &row.source, &row.call);
    Ok(ListView::of(rows, limit, mark, |row| visit_view(shared, row)))
}

fn visit_view(shared: &Shared, row: VisitRow) -> VisitView {
    let seconds = |ms: u32| f64::from(ms) / 1000.0;
    VisitView {
        source: row.source,
        call: row.call.to_string(),
        number: row.visit.number,
        offered: shared.local(row.visit.offered),
        outcome: row.visit.outcome.map(crate::call::fact::Outcome::as_str),
        wait_s: row.visit.wait.map(Wait::ms).map(seconds),
        talk_s: row.visit.talk.map(Talk::ms).map(seconds),
        outside_hours: row.visit.outside_hours,
        derived: row.visit.derived,
        inconsistent: row.visit.inconsistent,
        late: row.visit.late,
    }
}
