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
use crate::measure::Moment;
use crate::names::QueueId;
use crate::report::Interval;
use crate::stats::period::Period;
use crate::web::api::list::{ListView, PageQuery, ROWS_SHOWN};
use crate::web::api::queues::{self as api, IntervalsView, VisitView};
use crate::web::figures::VisitFiguresView;
use crate::web::look::{Look, LookQuery};
use crate::web::pages::answer::page_or;
use crate::web::pages::draw::{self, Column};
use crate::web::pages::heat;
use crate::web::refusal::Refusal;
use crate::web::stretch::day_of;
use crate::web::visitor::Visitor;
use crate::web::{Shared, frame};

/// Weeks in the map of hours, today's included.
const HEAT_DAYS: u64 = 28;
/// Quarter-hours of a day, for a label every other hour.
const LABEL_EVERY: usize = 8;
const QUARTER_MS: i64 = 900_000;

/// Which day.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct DayQuery {
    /// A local day; default: today.
    day: Option<String>,
    /// A quarter-hour of it whose visits are listed, by its beginning in ms since 1970; default: all.
    quarter: Option<i64>,
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
    let made = render(&shared, &visitor, &look, &queue, &day, &list).await;
    page_or(made, &look, &visitor)
}

async fn render(
    shared: &Arc<Shared>,
    visitor: &Visitor,
    look: &Look,
    name: &str,
    asked: &DayQuery,
    list: &PageQuery,
) -> Result<Markup, Refusal> {
    let id = api::seen(shared, visitor, name)?;
    let today = local_day(shared.clock.now(), shared.directory.zone());
    let day = match asked.day.as_deref().filter(|text| !text.is_empty()) {
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
    let (from, until) = day_of(day).moments(shared.directory.zone());
    let quarter = asked.quarter.map(Moment).filter(|quarter| (from..until).contains(quarter));
    let listed = quarter.map_or((from, until), |quarter| (quarter, quarter.plus_ms(QUARTER_MS)));
    let visits = api::visits_of(shared, visitor, id, listed, &list.or_rows(ROWS_SHOWN)).await?;
    let here = format!("/queues/{name}?day={day}");
    let listed = quarter.map_or_else(|| here.clone(), |quarter| format!("{here}&quarter={}", quarter.0));
    let content = html! {
        p .lead { (super::super::board::promise(shared.directory.queue(id), look)) }
        (day_form(look, name, day, today))
        (facts(look, &quarters))
        (chart(shared, look, id, day, &quarters))
        (quarter_table(look, &quarters, &here))
        (visit_table(look, &visits, &listed, quarter.map(|quarter| (shared.local(quarter), here.as_str()))))
        (heat::table(look, &heat, HEAT_DAYS))
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
            div { dt { (look.say("column-abandoned-short")) } dd data-figure="abandoned" { (whole(sum.abandoned)) " (" (whole(sum.short_abandoned)) ")" } }
            div { dt { (look.say("column-outside-hours")) } dd { (whole(sum.outside_hours)) } }
            div { dt { (look.say("column-not-counted")) } dd { (whole(sum.lost + sum.unknown + sum.open)) } }
        }
        dl .facts {
            @for (key, wait) in [
                ("column-mean-wait", sum.mean_wait_s),
                ("column-p50", sum.p50_s),
                ("column-p90", sum.p90_s),
                ("column-p95", sum.p95_s),
                ("queue-p99", sum.p99_s),
            ] { div { dt { (look.say(key)) } dd data-figure=(key) { (draw::seconds(look, wait)) } } }
        }
    }
}

fn level_of(figures: &VisitFiguresView) -> Option<f64> {
    figures.level.as_ref().and_then(|level| level.ratio)
}

fn chart(shared: &Shared, look: &Look, id: QueueId, day: NaiveDate, quarters: &IntervalsView) -> Markup {
    let objective = shared.directory.queue(id).objective;
    // A caller in the night has no level, and does not stretch the day.
    let mut told = quarters.intervals.iter().filter(|interval| level_of(&interval.figures).is_some());
    let (Some(first), Some(objective)) = (told.next(), objective) else { return html! {} };
    let (from, until) = day_of(day).moments(shared.directory.zone());
    // From the hour of the first call to the hour of the last, at least half a day.
    let last = told.next_back().unwrap_or(first).start_ms;
    let start = (first.start_ms - first.start_ms.rem_euclid(3_600_000)).max(from.0);
    let end = (last + 900_000).max(start + 12 * 3_600_000).min(until.0.max(last + 900_000));
    let columns: Vec<Column> = (0..(end - start) / 900_000)
        .map(|at| {
            let moment = start + at * 900_000;
            let interval = quarters.intervals.iter().find(|interval| interval.start_ms == moment);
            let height = interval.and_then(|interval| level_of(&interval.figures));
            let is_labelled = (at as usize).is_multiple_of(LABEL_EVERY / 2);
            let label = is_labelled.then(|| shared.local(Moment(moment)).get(11..16).map(str::to_owned));
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

/// The quarters of the day, each with the way to its visits.
fn quarter_table(look: &Look, day: &IntervalsView, here: &str) -> Markup {
    let visits = |start_ms: i64| format!("{}#visits", look.link_with(here, &[("quarter", &start_ms.to_string())]));
    html! {
        h2 { (look.say("queue-quarters")) }
        @if day.intervals.is_empty() { p { (look.say("queue-none")) } }
        @else {
            div .scroll tabindex="0" role="region" aria-label=(look.say("queue-quarters")) {
                table {
                    caption { (look.say("queue-quarters-caption")) }
                    thead { tr {
                        th scope="col" { (look.say("column-start")) }
                        @for key in ["column-offered", "column-answered", "column-abandoned-short", "column-level", "column-mean-wait"] {
                            th scope="col" .number { (look.say(key)) }
                        }
                        th scope="col" .number { (look.say("queue-median")) }
                        th scope="col" .number { (look.say("column-p90")) }
                    } }
                    tbody {
                        @for interval in &day.intervals {
                            tr data-quarter=(interval.start) {
                                th scope="row" { a href=(visits(interval.start_ms)) { (interval.start.get(11..16).unwrap_or_default()) } }
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

/// The visits behind the figures of the day, or of the quarter that is asked for: its beginning and the
/// way back to the whole day.
fn visit_table(look: &Look, visits: &ListView<VisitView>, here: &str, quarter: Option<(String, &str)>) -> Markup {
    html! {
        h2 #visits { (look.say("queue-visits")) }
        @if let Some((start, day)) = quarter {
            p {
                (look.say_with("queue-visits-quarter", &[("start", start.get(11..16).unwrap_or_default().to_owned())])) " "
                a href=(format!("{}#visits", look.link(day))) { (look.say("queue-visits-day")) }
            }
        }
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
                                th scope="row" { (visit.offered.get(11..19).unwrap_or(&visit.offered)) }
                                td {
                                    (visit.outcome.map_or_else(|| look.say("outcome-open"), |outcome| look.say(&format!("outcome-{outcome}"))))
                                    @if visit.outside_hours { ", " (look.say("queue-outside-hours")) }
                                }
                                td .number { (draw::seconds(look, visit.wait_s)) }
                                td .number { (draw::seconds(look, visit.talk_s)) }
                            }
                        }
                    }
                }
            }
            @if let Some(next) = &visits.next {
                p { a href=(format!("{}#visits", look.link_with(here, &[("after", next)]))) { (look.say("page-next")) } }
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
