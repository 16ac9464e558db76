//! Units and organisations: what became of the callers who were sent there.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::measure::Ring;
use crate::names::{OrganisationId, UNKNOWN_UNIT, UnitId};
use crate::report::gather;
use crate::stats::LegCounts;
use crate::stats::period::Period;
use crate::store::{After, LegRow, Page};
use crate::web::Shared;
use crate::web::api::list::{ListView, PageQuery, ROWS_MAX, mark};
use crate::web::figures::LegFiguresView;
use crate::web::refusal::{Refusal, RefusalView};
use crate::web::stretch::{DAYS_MAX, StretchQuery, month_of};
use crate::web::visitor::Visitor;

/// A unit with its figures.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnitFiguresView {
    /// Its name.
    pub unit: String,
    /// What people call it.
    pub title: String,
    /// Whose it is.
    pub organisation: String,
    /// What people call those.
    pub organisation_title: String,
    /// Its figures.
    pub figures: LegFiguresView,
}

/// An organisation with the sums of its units.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrganisationFiguresView {
    /// Its name.
    pub organisation: String,
    /// What people call it.
    pub title: String,
    /// The sums of its units.
    pub figures: LegFiguresView,
}

/// Figures of units over some days.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnitsView {
    /// First local day.
    pub from: String,
    /// The day after the last.
    pub until: String,
    /// Whose days these are.
    pub zone: &'static str,
    /// Units that anything was sent to, in the order of the configuration.
    pub units: Vec<UnitFiguresView>,
    /// Sent to targets that the directory does not know; null for those who do not see everything.
    pub unknown_targets: Option<LegFiguresView>,
}

/// Figures of organisations over some days.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrganisationsView {
    /// First local day.
    pub from: String,
    /// The day after the last.
    pub until: String,
    /// Whose days these are.
    pub zone: &'static str,
    /// The organisations, in the order of the configuration.
    pub organisations: Vec<OrganisationFiguresView>,
}

/// One transfer: times and outcome, no number.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TransferView {
    /// The source that told of it.
    pub source: String,
    /// The switch's name of the call.
    pub call: String,
    /// Number among the transfers of the call.
    pub number: u16,
    /// The queue in whose visit it was sent; null: none that is measured, or that may be seen.
    pub queue: Option<String>,
    /// `blind`, `attended`, `blonde` or `direct`.
    pub kind: &'static str,
    /// When it was sent.
    pub started: String,
    /// How it ended; null: still ringing, or nobody has told.
    pub outcome: Option<&'static str>,
    /// How long it rang, seconds.
    pub ring_s: Option<f64>,
    /// Too short a ring to count.
    pub short: bool,
}

/// How long a unit's phones rang.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RingsView {
    /// The unit.
    pub unit: String,
    /// First local day.
    pub from: String,
    /// The day after the last.
    pub until: String,
    /// By ring time, the shortest first.
    pub rings: Vec<RingView>,
}

/// Transfers that rang for about so long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RingView {
    /// At most so many seconds, and more than those of the row before; null: longer.
    pub up_to_s: Option<u32>,
    /// Answered there by somebody.
    pub answered: i64,
    /// Ended otherwise.
    pub others: i64,
}

/// Ends of the steps of ring time, seconds: a ring cycle is about five.
const RING_STEPS_S: [u32; 8] = [5, 10, 15, 20, 25, 30, 45, 60];

/// Sums of the transfers over `days`, by unit: zeros for those that the visitor may not see.
pub async fn sums_of(shared: &Arc<Shared>, visitor: &Visitor, days: Period) -> Result<Vec<LegCounts>, Refusal> {
    let (directory, sight) = (Arc::clone(&shared.directory), visitor.sight.clone());
    let (from, until) = days.moments(directory.zone());
    let sums = shared.readers.ask(move |reader| gather::sums(reader, &directory, &sight, from, until)).await?;
    Ok(sums.units)
}

/// The units of `sums` that `visitor` may see and that anything was sent to.
pub fn used_units(shared: &Shared, visitor: &Visitor, sums: &[LegCounts]) -> Vec<UnitFiguresView> {
    let directory = &shared.directory;
    let units = directory.units().iter().enumerate().zip(sums).skip(1);
    let used = units.filter(|((at, _), counts)| {
        (counts.transfers > 0 || counts.apart > 0) && visitor.sight.sees_unit(UnitId(*at as u32), directory)
    });
    used.map(|((_, unit), counts)| {
        let organisation = directory.organisation(unit.organisation);
        UnitFiguresView {
            unit: unit.name.clone(),
            title: unit.title.clone(),
            organisation: organisation.name.clone(),
            organisation_title: organisation.title.clone(),
            figures: counts.into(),
        }
    })
    .collect()
}

/// The organisations that `visitor` may see, with the sums of their units.
pub fn organisations_of(shared: &Shared, visitor: &Visitor, sums: &[LegCounts]) -> Vec<OrganisationFiguresView> {
    let directory = &shared.directory;
    let organisations = directory.organisations().iter().enumerate().skip(1);
    let seen = organisations.filter(|(at, _)| visitor.sight.sees_organisation(OrganisationId(*at as u32)));
    seen.map(|(at, organisation)| {
        let mut sum = LegCounts::default();
        let theirs = directory.units().iter().zip(sums).filter(|(unit, _)| unit.organisation.index() == at);
        theirs.for_each(|(_, counts)| sum.combine(counts, 1));
        OrganisationFiguresView {
            organisation: organisation.name.clone(),
            title: organisation.title.clone(),
            figures: (&sum).into(),
        }
    })
    .collect()
}

/// The unit of this name, if `visitor` may see it.
pub fn seen(shared: &Shared, visitor: &Visitor, name: &str) -> Result<UnitId, Refusal> {
    let found = shared.directory.unit_named(name).filter(|id| visitor.sight.sees_unit(*id, &shared.directory));
    found.ok_or_else(|| Refusal::unknown("unit", name))
}

/// The days asked for; this month where nothing is asked.
fn days_of(shared: &Shared, stretch: &StretchQuery) -> Result<Period, Refusal> {
    let (now, zone) = (shared.clock.now(), shared.directory.zone());
    if stretch.period.is_none() && stretch.from.is_none() && stretch.until.is_none() {
        return Ok(month_of(crate::clock::local_day(now, zone)));
    }
    stretch.days(now, zone, DAYS_MAX).map_err(Refusal::wrong)
}

/// Figures of the units that the visitor may see. Default: this month.
#[utoipa::path(get, path = "/api/v1/units", tag = "units", params(StretchQuery),
    responses((status = 200, body = UnitsView), (status = 400, body = RefusalView)))]
pub async fn units(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(stretch): Query<StretchQuery>,
) -> Result<Json<UnitsView>, Refusal> {
    let days = days_of(&shared, &stretch)?;
    let sums = sums_of(&shared, &visitor, days).await?;
    let sees_unknown = visitor.sight.sees_unit(UNKNOWN_UNIT, &shared.directory);
    Ok(Json(UnitsView {
        from: days.from.to_string(),
        until: days.until.to_string(),
        zone: shared.directory.zone().name(),
        units: used_units(&shared, &visitor, &sums),
        unknown_targets: sees_unknown.then(|| (&sums[UNKNOWN_UNIT.index()]).into()),
    }))
}

/// Figures of the organisations that the visitor may see. Default: this month.
#[utoipa::path(get, path = "/api/v1/organisations", tag = "units", params(StretchQuery),
    responses((status = 200, body = OrganisationsView), (status = 400, body = RefusalView)))]
pub async fn organisations(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(stretch): Query<StretchQuery>,
) -> Result<Json<OrganisationsView>, Refusal> {
    let days = days_of(&shared, &stretch)?;
    let sums = sums_of(&shared, &visitor, days).await?;
    Ok(Json(OrganisationsView {
        from: days.from.to_string(),
        until: days.until.to_string(),
        zone: shared.directory.zone().name(),
        organisations: organisations_of(&shared, &visitor, &sums),
    }))
}

/// The transfers behind a unit's figure, by time. Default: this month.
#[utoipa::path(get, path = "/api/v1/units/{unit}/transfers", tag = "units",
    params(("unit" = String, Path), StretchQuery, PageQuery),
    responses((status = 200, body = ListView<TransferView>), (status = 400, body = RefusalView), (status = 404, body = RefusalView)))]
pub async fn transfers(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Path(unit): Path<String>,
    Query(stretch): Query<StretchQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<ListView<TransferView>>, Refusal> {
    let id = seen(&shared, &visitor, &unit)?;
    let days = days_of(&shared, &stretch)?;
    Ok(Json(transfers_of(&shared, &visitor, id, days, &page).await?))
}

/// A page of the transfers to a unit.
pub async fn transfers_of(
    shared: &Arc<Shared>,
    visitor: &Visitor,
    id: UnitId,
    days: Period,
    page: &PageQuery,
) -> Result<ListView<TransferView>, Refusal> {
    let ((from, until), rows, limit) = (days.moments(shared.directory.zone()), page.with_one_more()?, page.limit()?);
    let sight = visitor.sight.clone();
    let rows = shared.readers.ask(move |reader| reader.legs(&sight, id, from, until, &rows)).await?;
    let mark = |row: &LegRow| mark(row.started, row.number, &row.source, &row.call);
    let queue = |id: crate::names::QueueId| shared.directory.queue(id).name.clone();
    Ok(ListView::of(rows, limit, mark, |row| TransferView {
        queue: row.queue.filter(|id| visitor.sight.sees_queue(*id)).map(queue),
        source: row.source,
        call: row.call.to_string(),
        number: row.number,
        kind: row.kind.as_str(),
        started: shared.local(row.started),
        outcome: row.outcome.map(crate::call::fact::LegOutcome::as_str),
        ring_s: row.ring.map(Ring::ms).map(|ms| f64::from(ms) / 1000.0),
        short: row.short,
    }))
}

/// How long a unit's phones rang, in steps. Default: this month.
#[utoipa::path(get, path = "/api/v1/units/{unit}/rings", tag = "units",
    params(("unit" = String, Path), StretchQuery),
    responses((status = 200, body = RingsView), (status = 400, body = RefusalView), (status = 404, body = RefusalView)))]
pub async fn rings(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Path(unit): Path<String>,
    Query(stretch): Query<StretchQuery>,
) -> Result<Json<RingsView>, Refusal> {
    let id = seen(&shared, &visitor, &unit)?;
    let days = days_of(&shared, &stretch)?;
    let rings = rings_of(&shared, &visitor, id, days).await?;
    Ok(Json(RingsView { unit, from: days.from.to_string(), until: days.until.to_string(), rings }))
}

/// How long the phones of a unit rang over `days`.
pub async fn rings_of(
    shared: &Arc<Shared>,
    visitor: &Visitor,
    id: UnitId,
    days: Period,
) -> Result<Vec<RingView>, Refusal> {
    let (from, until) = days.moments(shared.directory.zone());
    let sight = visitor.sight.clone();
    let spread = move |reader: &dyn crate::store::Reader| {
        let mut rings: Vec<RingView> = RING_STEPS_S
            .into_iter()
            .map(Some)
            .chain([None])
            .map(|up_to_s| RingView { up_to_s, answered: 0, others: 0 })
            .collect();
        let mut page = Page::first(ROWS_MAX);
        loop {
            let rows = reader.legs(&sight, id, from, until, &page)?;
            rows.iter().for_each(|row| count_ring(&mut rings, row));
            let Some(last) = rows.last().filter(|_| rows.len() == ROWS_MAX) else { return Ok(rings) };
            let (source, call) = (last.source.clone(), last.call.to_string());
            page.after = Some(After { at: last.started, source, call, number: last.number });
        }
    };
    Ok(shared.readers.ask(spread).await?)
}

fn count_ring(rings: &mut [RingView], row: &LegRow) {
    let (Some(ring), Some(outcome)) = (row.ring, row.outcome) else { return };
    let step = rings.iter_mut().find(|step| step.up_to_s.is_none_or(|seconds| ring.ms() <= seconds * 1000));
    if let Some(step) = step {
        if outcome.is_reached() { step.answered += 1 } else { step.others += 1 }
    }
}
