//! One queue: a day by quarter-hour, the weeks before by weekday and hour, the visits behind it, and
//! its definition in words.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use chrono::{Days, NaiveDate};
use maud::{Markup, html};
use serde::Deserialize;

use crate::clock::local_day;
use crate::i18n::numbers;
use crate::names::QueueId;
use crate::report::Interval;
use crate::stats::period::Period;
use crate::web::api::list::{ListView, PageQuery};
use crate::web::api::queues::{self as api, HeatView, HourView, IntervalsView, VisitView};
use crate::web::figures::VisitFiguresView;
use crate::web::look::{Look, LookQuery};
use crate::web::pages::answer::page_or;
use crate::web::pages::draw::{self, Column};
use crate::web::pages::units::spoken;
use crate::web::refusal::Refusal;
use crate::web::stretch::day_of;
use crate::web::visitor::Visitor;
use crate::web::{Shared, frame};

/// Weeks in the map of hours, today's included.
const HEAT_DAYS: u64 = 28;
/// Quarter-hours of a day, for a label every other hour.
const LABEL_EVERY: usize = 8;

/// Which day.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct DayQuery {
    /// A local day; default: today.
    day: Option<String>,
}

/// `GET /queues/{queue}`
pub async fn page(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Path(queue): Path<String>,
    Query(look): Query<LookQuery>,
    Query(day): Query<DayQuery>,
    Query(list): Query<PageQuery>,
) -> Response {
    let look = Look::from(look);
    let made = render(&shared, &visitor, &look, &queue, day.day.as_deref(), &list).await;
    page_or(made, &look, &visitor)
}

async fn render(
    shared: &Arc<Shared>,
    visitor: &Visitor,
    look: &Look,
    name: &str,
    day: Option<&str>,
    list: &PageQuery,
) -> Result<Markup, Refusal> {
    let id = api::seen(shared, visitor, name)?;
    let today = local_day(shared.clock.now(), shared.directory.zone());
    let day = match day.filter(|text| !text.is_empty()) {
        None => today,
        Some(text) => text
            .parse::<NaiveDate>()
            .ok()
            .filter(|day| (1970..=9998).contains(&chrono::Datelike::year(day)))
            .ok_or_else(|| Refusal::wrong(format!("`{text}` is no day; write for instance 2026-11-23")))?,
    };
    let quarters = api::intervals_of(shared, visitor, id, day_of(day), Interval::Quarter).await?;
    let weeks = Period { from: day - Days::new(HEAT_DAYS - 1), until: day + Days::new(1) };
    let heat = api::heat_of(shared, visitor, id, weeks).await?;
    let visits = api::visits_of(shared, visitor, id, day_of(day), list).await?;
    let here = format!("/queues/{name}?day={day}");
    let content = html! {
        p .lead { (super::super::board::promise(shared.directory.queue(id), look)) }
        (day_form(look, name, day, today))
        (facts(look, &quarters))
        (chart(shared, look, id, day, &quarters))
        (quarter_table(look, &quarters))
        (heat_table(look, &heat))
        (visit_table(look, &visits, &here))
        (definition(look, &quarters))
    };
    Ok(frame::page(look, visitor, &here, &quarters.queue.title, &content))
}

fn day_form(look: &Look, name: &str, day: NaiveDate, today: NaiveDate) -> Markup {
    let path = format!("/queues/{name}");
    let to = |day: NaiveDate| look.link_with(&path, &[("day", &day.to_string())]);
    html! {
        form .choose method="get" action=(path) {
            label for="day" { (look.say("queue-day")) }
            input #day type="date" name="day" value=(day) max=(today);
            @for (name, value) in look.carried() { input type="hidden" name=(name) value=(value); }
            button type="submit" { (look.say("page-show")) }
            a href=(to(day - Days::new(1))) { (look.say("queue-day-before")) }
            @if day < today { a href=(to(day + Days::new(1))) { (look.say("queue-day-after")) } }
        }
    }
}

/// A form that asks for a period: of units and reports.
pub fn period_form(look: &Look, path: &str, period: &str) -> Markup {
    html! {
        form .choose method="get" action=(path) {
            label for="period" { (look.say("page-period")) }
            input #period name="period" value=(period) size="10" autocomplete="off" aria-describedby="period-help";
            @for (name, value) in look.carried() { input type="hidden" name=(name) value=(value); }
            button type="submit" { (look.say("page-show")) }
            span #period-help .quiet { (look.say("page-period-help")) }
        }
    }
}

fn facts(look: &Look, day: &IntervalsView) -> Markup {
    let (sum, whole) = (&day.sum, |number| numbers::whole(look.language, number));
    html! {
        dl .facts {
            @if let Some(level) = &sum.level {
                div { dt { (look.say("column-level")) } dd data-figure="level" { (draw::share(look, level)) } dd { (draw::verdict(look, Some(level), day.queue.objective.as_ref())) } }
            }
            div { dt { (look.say("column-answer-rate")) } dd data-figure="answer-rate" { (draw::share(look, &sum.answer_rate)) } }
            div { dt { (look.say("column-offered")) } dd data-figure="offered" { (whole(sum.offered)) } }
            div { dt { (look.say("column-answered")) } dd data-figure="answered" { (whole(sum.answered)) } }
            div { dt { (look.say("column-abandoned")) } dd data-figure="abandoned" { (whole(sum.abandoned)) " (" (whole(sum.short_abandoned)) ")" } }
            div { dt { (look.say("column-mean-wait")) } dd { (draw::seconds(look, sum.mean_wait_s)) } }
            div { dt { (look.say("column-p90")) } dd { (draw::seconds(look, sum.p90_s)) } }
            div { dt { (look.say("column-outside-hours")) } dd { (whole(sum.outside_hours)) } }
            div { dt { (look.say("column-not-counted")) } dd { (whole(sum.lost + sum.unknown + sum.open)) } }
        }
    }
}

fn chart(shared: &Shared, look: &Look, id: QueueId, day: NaiveDate, quarters: &IntervalsView) -> Markup {
    let objective = shared.directory.queue(id).objective;
    let (Some(first), Some(objective)) = (quarters.intervals.first(), objective) else { return html! {} };
    let (from, until) = day_of(day).moments(shared.directory.zone());
    // From the hour of the first call to the hour of the last, at least half a day.
    let last = quarters.intervals.last().unwrap_or(first).start_ms;
    let start = (first.start_ms - first.start_ms.rem_euclid(3_600_000)).max(from.0);
    let end = (last + 900_000).max(start + 12 * 3_600_000).min(until.0.max(last + 900_000));
    let columns: Vec<Column> = (0..(end - start) / 900_000)
        .map(|at| {
            let moment = start + at * 900_000;
            let interval = quarters.intervals.iter().find(|interval| interval.start_ms == moment);
            let height = interval.and_then(|interval| interval.figures.level.as_ref()?.ratio);
            let is_labelled = (at as usize).is_multiple_of(LABEL_EVERY / 2);
            let label =
                is_labelled.then(|| shared.local(crate::measure::Moment(moment)).get(11..16).map(str::to_owned));
            Column { label: label.flatten(), height, is_low: height.is_some_and(|height| height < objective.target) }
        })
        .collect();
    let target = numbers::target(look.language, objective.target);
    html! {
        figure {
            figcaption { (look.say("queue-chart")) }
            (draw::columns(&columns, Some((objective.target, target)), &look.say("queue-chart")))
        }
    }
}

fn quarter_table(look: &Look, day: &IntervalsView) -> Markup {
    html! {
        h2 { (look.say("queue-quarters")) }
        @if day.intervals.is_empty() { p { (look.say("queue-none")) } }
        @else {
            div .scroll tabindex="0" role="region" aria-label=(look.say("queue-quarters")) {
                table {
                    caption { (look.say("queue-quarters-caption")) }
                    thead { tr {
                        th scope="col" { (look.say("column-start")) }
                        @for key in ["column-offered", "column-answered", "column-abandoned", "column-level", "column-mean-wait"] {
                            th scope="col" .number { (look.say(key)) }
                        }
                        th scope="col" .number { (look.say("queue-median")) }
                        th scope="col" .number { (look.say("column-p90")) }
                    } }
                    tbody {
                        @for interval in &day.intervals {
                            tr {
                                th scope="row" { (interval.start.get(11..16).unwrap_or_default()) }
                                (cells(look, &interval.figures))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn cells(look: &Look, figures: &VisitFiguresView) -> Markup {
    let whole = |number| numbers::whole(look.language, number);
    html! {
        td .number { (whole(figures.offered)) }
        td .number { (whole(figures.answered)) }
        td .number { (whole(figures.abandoned)) " (" (whole(figures.short_abandoned)) ")" }
        td .number { @if let Some(level) = &figures.level { (draw::share(look, level)) } @else { (numbers::NO_DATA) } }
        td .number { (draw::seconds(look, figures.mean_wait_s)) }
        td .number { (draw::seconds(look, figures.p50_s)) }
        td .number { (draw::seconds(look, figures.p90_s)) }
    }
}

/// Weekdays by hours: the level as a number, its shade and a mark where it is under the target.
fn heat_table(look: &Look, heat: &HeatView) -> Markup {
    let hours: Vec<u32> =
        match (heat.hours.iter().map(|hour| hour.hour).min(), heat.hours.iter().map(|hour| hour.hour).max()) {
            (Some(first), Some(last)) => (first..=last).collect(),
            _ => return html! {},
        };
    let find = |weekday, hour| heat.hours.iter().find(|one| one.weekday == weekday && one.hour == hour);
    let target = heat.queue.objective.as_ref().map(|objective| objective.target);
    html! {
        h2 { (look.say("queue-heat")) }
        div .scroll tabindex="0" role="region" aria-label=(look.say("queue-heat")) {
            table .heat {
                caption { (look.say_with("queue-heat-caption", &[("days", HEAT_DAYS.to_string())])) }
                thead { tr {
                    td {}
                    @for hour in &hours { th scope="col" { (format!("{hour:02}")) } }
                } }
                tbody {
                    @for weekday in 1..=7 {
                        tr {
                            th scope="row" { (look.say(&format!("weekday-{weekday}"))) }
                            @for hour in &hours { (heat_cell(look, find(weekday, *hour), target)) }
                        }
                    }
                }
            }
        }
    }
}

fn heat_cell(look: &Look, hour: Option<&HourView>, target: Option<f64>) -> Markup {
    let Some(hour) = hour else { return html! { td .none { "" } } };
    let offered = numbers::whole(look.language, hour.figures.offered);
    let Some(level) = hour.figures.level.as_ref().and_then(|level| level.ratio) else {
        return html! { td { span .n { (offered) } } };
    };
    let shade = match target {
        Some(target) if level < target - 0.15 => "far",
        Some(target) if level < target => "low",
        _ => "good",
    };
    html! {
        td .(shade) {
            span .value { @if shade != "good" { span aria-hidden="true" { "■ " } } (numbers::decimal(look.language, level * 100.0, 0)) }
            span .n { (offered) }
        }
    }
}

fn visit_table(look: &Look, visits: &ListView<VisitView>, here: &str) -> Markup {
    html! {
        h2 { (look.say("queue-visits")) }
        @if visits.items.is_empty() { p { (look.say("queue-none")) } }
        @else {
            div .scroll tabindex="0" role="region" aria-label=(look.say("queue-visits")) {
                table {
                    caption { (look.say("queue-visits-caption")) }
                    thead { tr {
                        th scope="col" { (look.say("column-start")) }
                        th scope="col" { (look.say("units-outcome")) }
                        th scope="col" .number { (look.say("queue-wait")) }
                        th scope="col" .number { (look.say("queue-talk")) }
                    } }
                    tbody {
                        @for visit in &visits.items {
                            tr {
                                th scope="row" { (spoken(&visit.offered)) }
                                td {
                                    (visit.outcome.map_or_else(|| look.say("outcome-open"), |outcome| look.say(&format!("outcome-{outcome}"))))
                                    @if visit.outside_hours { ", " (look.say("column-outside-hours")) }
                                }
                                td .number { (draw::seconds(look, visit.wait_s)) }
                                td .number { (draw::seconds(look, visit.talk_s)) }
                            }
                        }
                    }
                }
            }
            @if let Some(next) = &visits.next {
                p { a href=(look.link_with(here, &[("after", next)])) { (look.say("page-next")) } }
            }
        }
    }
}

fn definition(look: &Look, day: &IntervalsView) -> Markup {
    let Some(objective) = &day.queue.objective else { return html! {} };
    let short = day.queue.short_abandon_s.map(|seconds| numbers::seconds(look.language, seconds));
    html! {
        h2 { (look.say("queue-definition")) }
        p { (look.say(&format!("definition-{}", objective.definition))) }
        p { (look.say("report-letters")) }
        p .quiet {
            (objective.definition) " v" (objective.definition_version) ": " (objective.formula)
            @if let Some(short) = short { ", s = " (short) }
        }
        @if day.sum.precision_ms == Some(1000) { p { (look.say("queue-coarse")) } }
    }
}
