//! The units: who answers the callers that the switchboard sends on. Worst first, with n.

use std::cmp::Ordering;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use crate::clock::local_day;
use crate::i18n::numbers;
use crate::stats::LegCounts;
use crate::stats::period::Period;
use crate::web::api::list::{PageQuery, ROWS_SHOWN};
use crate::web::api::units::{
    self as api, OrganisationFiguresView, RingView, TransferView, UnitFiguresView, organisations_of, used_units,
};
use crate::web::figures::LegFiguresView;
use crate::web::look::{Look, LookQuery};
use crate::web::pages::answer::page_or;
use crate::web::pages::draw;
use crate::web::refusal::Refusal;
use crate::web::stretch::{DAYS_MAX, StretchQuery, month_before, month_of, week_before, week_of};
use crate::web::visitor::Visitor;
use crate::web::{Shared, frame};

/// What the page of units can be asked for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct UnitsQuery {
    /// Only this organisation's.
    organisation: Option<String>,
}

/// `GET /units`
pub async fn page(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(look): Query<LookQuery>,
    Query(query): Query<UnitsQuery>,
) -> Response {
    let look = Look::from(look);
    let made = overview(&shared, &visitor, &look, query.organisation.as_deref().filter(|name| !name.is_empty())).await;
    page_or(made, &look, &visitor)
}

/// `GET /units/{unit}`
pub async fn unit_page(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Path(unit): Path<String>,
    Query(look): Query<LookQuery>,
    Query(stretch): Query<StretchQuery>,
    Query(page): Query<PageQuery>,
) -> Response {
    let look = Look::from(look);
    let made = one(&shared, &visitor, &look, &unit, &stretch, &page).await;
    page_or(made, &look, &visitor)
}

/// The sums of the four stretches that are compared.
struct Compared {
    week: Vec<LegCounts>,
    week_before: Vec<LegCounts>,
    month: Vec<LegCounts>,
    month_before: Vec<LegCounts>,
}

impl Compared {
    async fn ask(shared: &Arc<Shared>, visitor: &Visitor) -> Result<Self, Refusal> {
        let today = local_day(shared.clock.now(), shared.directory.zone());
        Ok(Self {
            week: api::sums_of(shared, visitor, week_of(today)).await?,
            week_before: api::sums_of(shared, visitor, week_before(today)).await?,
            month: api::sums_of(shared, visitor, month_of(today)).await?,
            month_before: api::sums_of(shared, visitor, month_before(today)).await?,
        })
    }

    fn columns(&self) -> [(&'static str, &Vec<LegCounts>); 4] {
        [
            ("units-week", &self.week),
            ("units-week-before", &self.week_before),
            ("units-month", &self.month),
            ("units-month-before", &self.month_before),
        ]
    }
}

async fn overview(
    shared: &Arc<Shared>,
    visitor: &Visitor,
    look: &Look,
    organisation: Option<&str>,
) -> Result<Markup, Refusal> {
    let compared = Compared::ask(shared, visitor).await?;
    let all = organisations_of(shared, visitor, &compared.month);
    if let Some(name) = organisation
        && !all.iter().any(|one| one.organisation == name)
    {
        return Err(Refusal::unknown("organisation", name));
    }
    let is_shown = |name: &str| organisation.is_none_or(|wanted| wanted == name);
    let mut units = used_units(shared, visitor, &compared.month);
    // Those heard of last month only are worth a line too.
    for unit in used_units(shared, visitor, &compared.month_before) {
        if !units.iter().any(|other| other.unit == unit.unit) {
            let id = shared.directory.unit_named(&unit.unit);
            let figures = id.map_or(unit.figures.clone(), |id| (&compared.month[id.index()]).into());
            units.push(UnitFiguresView { figures, ..unit });
        }
    }
    units.retain(|unit| is_shown(&unit.organisation));
    units.sort_by(|one, other| worst_first(&one.figures, &other.figures));
    let content = html! {
        p .lead { (look.say("units-lead")) }
        (organisations(look, &all, organisation))
        @if units.is_empty() {
            p { (look.say("units-none")) }
        } @else {
            (table(shared, look, &units, &compared))
        }
        p .quiet { (look.say("units-definition")) }
    };
    let here = organisation.map_or_else(|| "/units".to_owned(), |name| format!("/units?organisation={name}"));
    Ok(frame::page(look, visitor, &here, &look.say("page-units"), &content))
}

/// By the rate, those that few transfers speak for behind the others, those without one last.
fn worst_first(one: &LegFiguresView, other: &LegFiguresView) -> Ordering {
    let rank = |figures: &LegFiguresView| (figures.answer_rate.ratio.is_none(), figures.few);
    let by_rate = one.answer_rate.ratio.partial_cmp(&other.answer_rate.ratio).unwrap_or(Ordering::Equal);
    rank(one).cmp(&rank(other)).then(by_rate).then(other.answer_rate.of.cmp(&one.answer_rate.of))
}

fn organisations(look: &Look, all: &[OrganisationFiguresView], chosen: Option<&str>) -> Markup {
    html! {
        section aria-labelledby="organisations" {
            h2 #organisations { (look.say("units-organisations")) }
            ul .cards {
                @for one in all {
                    li .card data-organisation=(one.organisation) {
                        h3 {
                            a href=(look.link_with("/units", &[("organisation", &one.organisation)]))
                                aria-current=[(chosen == Some(one.organisation.as_str())).then_some("true")] { (one.title) }
                        }
                        p .big { (numbers::percent(look.language, one.figures.answer_rate.ratio)) }
                        p .n { (draw::met_of(look, &one.figures.answer_rate)) }
                        @if !one.figures.outcomes.is_empty() { (draw::outcomes_bar(look, &one.figures.outcomes)) }
                    }
                }
            }
            @if chosen.is_some() { p { a href=(look.link("/units")) { (look.say("units-all")) } } }
        }
    }
}

fn table(shared: &Shared, look: &Look, units: &[UnitFiguresView], compared: &Compared) -> Markup {
    let rate = |unit: &UnitFiguresView, sums: &Vec<LegCounts>| {
        let id = shared.directory.unit_named(&unit.unit);
        id.map(|id| LegFiguresView::from(&sums[id.index()]))
    };
    html! {
        div .scroll tabindex="0" role="region" aria-label=(look.say("units-table")) {
            table .rates {
                caption { (look.say("units-table")) }
                thead {
                    tr {
                        th scope="col" { (look.say("column-unit")) }
                        th scope="col" { (look.say("column-organisation")) }
                        @for (column, _) in compared.columns() { th scope="col" .number { (look.say(column)) } }
                        th scope="col" { (look.say("units-outcomes")) }
                    }
                }
                tbody {
                    @for unit in units {
                        tr data-unit=(unit.unit) {
                            th scope="row" { a href=(look.link(&format!("/units/{}", unit.unit))) { (unit.title) } }
                            td { (unit.organisation_title) }
                            @for (column, sums) in compared.columns() {
                                @let figures = rate(unit, sums);
                                td .number data-column=(column) .few[figures.as_ref().is_some_and(|figures| figures.few)] {
                                    @if let Some(figures) = figures { (draw::share(look, &figures.answer_rate)) }
                                }
                            }
                            td .wide {
                                @if unit.figures.outcomes.is_empty() { (numbers::NO_DATA) }
                                @else { (draw::outcomes_bar(look, &unit.figures.outcomes)) }
                            }
                        }
                    }
                }
            }
        }
        (legend(look))
    }
}

fn legend(look: &Look) -> Markup {
    html! {
        ul .legend {
            @for class in ["answered", "machine", "busy", "silent", "apart"] {
                li { svg .swatch viewBox="0 0 16 16" aria-hidden="true" { rect class=(class) width="16" height="16" {} } " " (look.say(&format!("outcomes-{class}"))) }
            }
            li { (look.say("units-few")) }
        }
    }
}

async fn one(
    shared: &Arc<Shared>,
    visitor: &Visitor,
    look: &Look,
    name: &str,
    stretch: &StretchQuery,
    page: &PageQuery,
) -> Result<Markup, Refusal> {
    let id = api::seen(shared, visitor, name)?;
    let zone = shared.directory.zone();
    let today = local_day(shared.clock.now(), zone);
    let is_asked = stretch.period.is_some() || stretch.from.is_some();
    let days: Period = if is_asked {
        stretch.days(shared.clock.now(), zone, DAYS_MAX).map_err(Refusal::wrong)?
    } else {
        month_of(today)
    };
    let sums = api::sums_of(shared, visitor, days).await?;
    let figures = LegFiguresView::from(&sums[id.index()]);
    let rings = api::rings_of(shared, visitor, id, days).await?;
    let transfers = api::transfers_of(shared, visitor, id, days, &page.or_rows(ROWS_SHOWN)).await?;
    let unit = shared.directory.unit(id);
    let organisation = shared.directory.organisation(unit.organisation);
    let period = stretch.period.clone().unwrap_or_else(|| days.from.format("%Y-%m").to_string());
    let here = format!("/units/{name}?period={period}");
    let content = html! {
        p .lead { (organisation.title) ", " (days.from) " – " (days.until.pred_opt().unwrap_or(days.until)) }
        (super::queue::period_form(look, &format!("/units/{name}"), &period))
        dl .facts {
            div { dt { (look.say("column-unit-rate")) } dd { (draw::share(look, &figures.answer_rate)) } }
            div { dt { (look.say("column-journey-rate")) } dd { (draw::share(look, &figures.journey_rate)) } }
            div { dt { (look.say("column-reached")) } dd { (draw::share(look, &figures.reached_rate)) } }
            div { dt { (look.say("units-mean-ring")) } dd { (draw::seconds(look, figures.mean_ring_s)) } }
        }
        @if !figures.outcomes.is_empty() {
            h2 { (look.say("units-outcomes")) }
            (draw::outcomes_bar(look, &figures.outcomes))
            p { (draw::outcomes_words(look, &figures.outcomes)) }
        }
        (ring_table(look, &rings))
        (transfer_table(shared, look, &transfers.items))
        @if let Some(next) = &transfers.next {
            p { a href=(look.link_with(&here, &[("after", next)])) { (look.say("page-next")) } }
        }
        p .quiet { (look.say("units-definition")) }
    };
    Ok(frame::page(look, visitor, &here, &unit.title, &content))
}

fn ring_table(look: &Look, rings: &[RingView]) -> Markup {
    let most = rings.iter().map(|ring| ring.answered + ring.others).max().unwrap_or(0);
    let step = |ring: &RingView| match ring.up_to_s {
        Some(seconds) => look.say_with("units-ring-within", &[("seconds", seconds.to_string())]),
        None => look.say("units-ring-longer"),
    };
    html! {
        h2 { (look.say("units-rings")) }
        div .scroll tabindex="0" role="region" aria-label=(look.say("units-rings")) {
            table .rings {
                caption { (look.say("units-rings-caption")) }
                thead { tr {
                    th scope="col" { (look.say("units-ring")) }
                    th scope="col" .number { (look.say("column-answered")) }
                    th scope="col" .number { (look.say("units-ring-others")) }
                    td .wide {}
                } }
                tbody {
                    @for ring in rings {
                        tr {
                            th scope="row" { (step(ring)) }
                            td .number { (numbers::whole(look.language, ring.answered)) }
                            td .number { (numbers::whole(look.language, ring.others)) }
                            td .wide { (draw::two_of(ring.answered, ring.others, most)) }
                        }
                    }
                }
            }
        }
    }
}

fn transfer_table(shared: &Shared, look: &Look, transfers: &[TransferView]) -> Markup {
    let directory = &shared.directory;
    let title =
        |name: &str| directory.queue_named(name).map_or(name, |id| directory.queue(id).title.as_str()).to_owned();
    html! {
        h2 { (look.say("units-transfers")) }
        @if transfers.is_empty() { p { (look.say("units-none")) } }
        @else {
            div .scroll tabindex="0" role="region" aria-label=(look.say("units-transfers")) {
                table {
                    caption { (look.say("units-transfers-caption")) }
                    thead { tr {
                        th scope="col" { (look.say("column-start")) }
                        th scope="col" { (look.say("units-kind")) }
                        th scope="col" { (look.say("units-outcome")) }
                        th scope="col" .number { (look.say("units-ring")) }
                        th scope="col" { (look.say("column-queue")) }
                    } }
                    tbody {
                        @for transfer in transfers {
                            tr {
                                th scope="row" { (spoken(&transfer.started)) }
                                td { (look.say(&format!("kind-{}", transfer.kind))) }
                                td { (transfer.outcome.map_or_else(|| numbers::NO_DATA.to_owned(), |outcome| look.say(&format!("outcome-{outcome}")))) }
                                td .number { (draw::seconds(look, transfer.ring_s)) }
                                td { (transfer.queue.as_deref().map_or_else(|| numbers::NO_DATA.to_owned(), title)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `2026-11-24 08:15:02` of a local moment with its offset.
pub fn spoken(moment: &str) -> String {
    moment.get(..19).unwrap_or(moment).replace('T', " ")
}
