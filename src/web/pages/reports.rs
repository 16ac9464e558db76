//! The reports: which there are, of which days, in which format.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use maud::{Markup, html};

use crate::i18n::numbers;
use crate::report::period::months;
use crate::report::{FORMATS, REPORTS, Report};
use crate::stats::definition;
use crate::stats::period::Period;
use crate::web::api::reports::{build, days_of};
use crate::web::figures::ShareView;
use crate::web::look::{Look, LookQuery};
use crate::web::pages::answer::page_or;
use crate::web::pages::{draw, queue::period_form};
use crate::web::refusal::Refusal;
use crate::web::stretch::StretchQuery;
use crate::web::visitor::Visitor;
use crate::web::{Shared, frame};

/// `GET /reports`
pub async fn page(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(look): Query<LookQuery>,
    Query(stretch): Query<StretchQuery>,
) -> Response {
    let look = Look::from(look);
    let made = render(&shared, &visitor, &look, &stretch).await;
    page_or(made, &look, &visitor)
}

async fn render(
    shared: &Arc<Shared>,
    visitor: &Visitor,
    look: &Look,
    stretch: &StretchQuery,
) -> Result<Markup, Refusal> {
    let days = days_of(shared, stretch)?;
    let report = build(shared, visitor, &REPORTS[0], days, None, None).await?;
    let period = stretch.period.clone().filter(|text| !text.is_empty());
    let period = period.unwrap_or_else(|| days.from.format("%Y-%m").to_string());
    let content = html! {
        p .lead {
            (days.from) " – " (days.until.pred_opt().unwrap_or(days.until)) ", "
            (look.say(report.period.status.key()))
        }
        (period_form(look, "/reports", &period))
        (queues(look, &report))
        (quality(look, &report))
        h2 { (look.say("reports-documents")) }
        p .quiet { (look.say("reports-documents-lead")) }
        (documents(look, days))
        (earlier(look, &report))
    };
    Ok(frame::page(look, visitor, &format!("/reports?period={period}"), &look.say("page-reports"), &content))
}

/// Every report in every format.
fn documents(look: &Look, days: Period) -> Markup {
    let (from, until, lang) = (days.from.to_string(), days.until.to_string(), look.language.code());
    let way = |kind: &str, format: &str| {
        let asked = [("from", from.as_str()), ("until", &until), ("format", format), ("lang", lang)];
        look.link_with(&format!("/api/v1/reports/{kind}"), &asked)
    };
    // Those for readers first, as they come last in the list.
    html! {
        ul .documents {
            @for kind in REPORTS {
                @let title = look.say(&format!("reports-{}", kind.name));
                li .card {
                    h3 { (title) }
                    ul .downloads {
                        @for format in FORMATS.iter().rev() {
                            @let name = look.say(&format!("reports-format-{}", format.name));
                            li { a href=(way(kind.name, format.name)) aria-label=(format!("{name}: {title}")) { (name) } }
                        }
                    }
                }
            }
        }
    }
}

/// What was told of a month before it was corrected.
fn earlier(look: &Look, report: &Report) -> Markup {
    let Some((_, before)) = report.revisions.split_last().filter(|_| months(report.period.days()) == Some(1)) else {
        return html! {};
    };
    let (from, until, lang) =
        (report.period.from.to_string(), report.period.until.to_string(), look.language.code().to_owned());
    let way = |revision: u32| {
        let revision = revision.to_string();
        let asked = [("from", from.as_str()), ("until", &until), ("format", "html"), ("revision", &revision)];
        look.link_with("/api/v1/reports/month", &[&asked[..], &[("lang", lang.as_str())]].concat())
    };
    html! {
        @if !before.is_empty() {
            h2 { (look.say("reports-earlier")) }
            p .quiet { (look.say("reports-earlier-lead")) }
            ul .revisions {
                @for one in before {
                    @let values = [("revision", one.revision.to_string()), ("at", report.period.local(one.at))];
                    li { a href=(way(one.revision)) { (look.say_with("reports-revision", &values)) } }
                }
            }
        }
    }
}

fn queues(look: &Look, report: &Report) -> Markup {
    let whole = |number| numbers::whole(look.language, number);
    html! {
        @if !report.queues.is_empty() {
            div .scroll tabindex="0" role="region" aria-label=(look.say("reports-queues")) {
                table {
                    caption { (look.say("reports-queues")) }
                    thead { tr {
                        th scope="col" { (look.say("column-queue")) }
                        @for key in ["column-offered", "column-answered", "column-abandoned-short", "column-level"] { th scope="col" .number { (look.say(key)) } }
                        th scope="col" { (look.say("reports-promise")) }
                        th scope="col" .number { (look.say("column-mean-wait")) }
                    } }
                    tbody {
                        @for queue in &report.queues {
                            @let judged = queue.figures.judged.map(ShareView::from);
                            tr data-queue=(queue.name) {
                                th scope="row" { (queue.title) }
                                td .number { (whole(queue.figures.counts.offered)) }
                                td .number { (whole(queue.figures.counts.answered)) }
                                td .number { (whole(queue.figures.counts.abandoned)) " (" (whole(queue.figures.counts.short_abandoned)) ")" }
                                td .number { @if let Some(judged) = &judged { (draw::share(look, judged)) } @else { (numbers::NO_DATA) } }
                                td {
                                    @if let Some(objective) = &queue.objective {
                                        (look.say_with("report-target", &[("target", numbers::target(look.language, objective.target))]))
                                        " " (draw::verdict(look, judged.as_ref(), Some(&objective.into())))
                                        br;
                                        span .quiet { (objective.definition.as_str()) " v" (definition::VERSION) }
                                    }
                                }
                                td .number { (draw::seconds(look, queue.figures.waits.mean)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn quality(look: &Look, report: &Report) -> Markup {
    let quality = &report.quality;
    let whole = |number| numbers::whole(look.language, number);
    let precision =
        quality.precision_ms.map(|ms| if ms < 1000 { format!("{ms} ms") } else { format!("{} s", ms / 1000) });
    html! {
        p .quiet {
            (look.say_with("report-quality", &[
                ("gaps", whole(quality.gaps.len() as i64)),
                ("letters", whole(quality.dead_letters)),
                ("derived", whole(quality.derived)),
                ("late", whole(quality.late)),
                ("inconsistent", whole(quality.inconsistent)),
                ("lost", whole(quality.lost)),
                ("unknown", whole(quality.unknown)),
                ("precision", precision.unwrap_or_else(|| numbers::NO_DATA.to_owned())),
            ]))
        }
    }
}
