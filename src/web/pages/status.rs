//! How the daemon fares: store, sources, gaps, dead letters with their reasons.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use maud::{Markup, html};

use crate::clock::local_day;
use crate::i18n::numbers;
use crate::web::api::list::{ListView, PageQuery};
use crate::web::api::status::{
    DeadLetterView, GapView, HealthView, SourceStatusView, gap_view, health_of, letters_of, sources_of,
};
use crate::web::look::{Look, LookQuery};
use crate::web::pages::answer::page_or;
use crate::web::pages::draw;
use crate::web::pages::units::spoken;
use crate::web::refusal::Refusal;
use crate::web::stretch::month_of;
use crate::web::visitor::Visitor;
use crate::web::{Shared, frame};

/// `GET /status`
pub async fn page(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(look): Query<LookQuery>,
    Query(list): Query<PageQuery>,
) -> Response {
    let look = Look::from(look);
    let made = render(&shared, &visitor, &look, &list).await;
    page_or(made, &look, &visitor)
}

async fn render(shared: &Arc<Shared>, visitor: &Visitor, look: &Look, list: &PageQuery) -> Result<Markup, Refusal> {
    let snapshot = shared.snapshots.borrow().clone();
    let (health, sources) = (health_of(shared, &snapshot), sources_of(shared, &snapshot));
    let zone = shared.directory.zone();
    let (from, until) = month_of(local_day(shared.clock.now(), zone)).moments(zone);
    let quality = shared.readers.ask(move |reader| reader.quality(from, until)).await?;
    let gaps: Vec<GapView> = quality.gaps.iter().rev().map(|gap| gap_view(shared, gap)).collect();
    let letters = letters_of(shared, visitor, list).await?;
    let content = html! {
        (health_facts(look, &health))
        (source_table(look, &sources))
        (gap_table(look, &gaps))
        (letter_table(look, &letters))
    };
    Ok(frame::page(look, visitor, "/status", &look.say("page-status"), &content))
}

fn health_facts(look: &Look, health: &HealthView) -> Markup {
    let state = if health.healthy { "ok" } else { "under" };
    html! {
        p .lead data-state=(state) {
            span .mark aria-hidden="true" {} " "
            (look.say(if health.healthy { "status-healthy" } else { "status-unhealthy" }))
        }
        dl .facts {
            div { dt { (look.say("status-store")) } dd { (health.store_trouble.as_deref().map_or_else(|| look.say("status-store-works"), ToOwned::to_owned)) } }
            div { dt { (look.say("status-commits")) } dd { (numbers::whole(look.language, i64::try_from(health.commits).unwrap_or(i64::MAX))) } }
            div { dt { (look.say("status-calls-held")) } dd { (numbers::whole(look.language, health.calls_held as i64)) } }
            div { dt { (look.say("status-calls-stale")) } dd { (numbers::whole(look.language, health.calls_stale as i64)) } }
            div { dt { (look.say("board-updated")) } dd { (spoken(&health.at)) } }
            div { dt { (look.say("status-version")) } dd { (health.version) } }
        }
    }
}

fn source_table(look: &Look, sources: &[SourceStatusView]) -> Markup {
    let whole = |number: u64| numbers::whole(look.language, i64::try_from(number).unwrap_or(i64::MAX));
    html! {
        h2 { (look.say("status-sources")) }
        div .scroll tabindex="0" role="region" aria-label=(look.say("status-sources")) {
            table {
                caption { (look.say("status-sources-caption")) }
                thead { tr {
                    th scope="col" { (look.say("status-source")) }
                    th scope="col" { (look.say("status-state")) }
                    th scope="col" { (look.say("status-last-event")) }
                    @for key in ["status-silent", "status-accepted", "status-duplicates", "status-backfilled", "status-unmeasured", "status-rejected", "status-behind"] {
                        th scope="col" .number { (look.say(key)) }
                    }
                } }
                tbody {
                    @for source in sources {
                        tr data-source=(source.source) {
                            th scope="row" { (source.source) }
                            td data-state=(if source.up { "ok" } else { "under" }) {
                                span .mark aria-hidden="true" {} " "
                                (look.say(if source.up { "status-up" } else { "status-down" }))
                                @if let Some(trouble) = &source.trouble { ": " span lang="en" { (trouble) } }
                            }
                            td { (source.last_event.as_deref().map_or_else(|| numbers::NO_DATA.to_owned(), spoken)) }
                            td .number { (draw::seconds(look, source.silent_s.map(f64::floor))) }
                            td .number data-figure="accepted" { (whole(source.accepted)) }
                            td .number { (whole(source.duplicates)) }
                            td .number { (whole(source.backfilled)) }
                            td .number { (whole(source.unmeasured)) }
                            td .number { (whole(source.rejected)) }
                            td .number { (whole(source.behind_bytes)) }
                        }
                    }
                }
            }
        }
    }
}

fn gap_table(look: &Look, gaps: &[GapView]) -> Markup {
    html! {
        h2 { (look.say("status-gaps")) }
        @if gaps.is_empty() { p { (look.say("status-no-gaps")) } }
        @else {
            div .scroll tabindex="0" role="region" aria-label=(look.say("status-gaps")) {
                table {
                    caption { (look.say("status-gaps-caption")) }
                    thead { tr {
                        @for key in ["status-source", "column-start", "status-until", "status-length", "status-reason"] { th scope="col" { (look.say(key)) } }
                    } }
                    tbody {
                        @for gap in gaps {
                            tr {
                                th scope="row" { (gap.source) }
                                td { (spoken(&gap.from)) }
                                td { (spoken(&gap.to)) }
                                td { (draw::seconds(look, Some(gap.seconds.round()))) }
                                td lang="en" { (gap.reason.as_deref().unwrap_or(numbers::NO_DATA)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn letter_table(look: &Look, letters: &ListView<DeadLetterView>) -> Markup {
    html! {
        h2 { (look.say("status-letters")) }
        @if letters.items.is_empty() { p { (look.say("status-no-letters")) } }
        @else {
            div .scroll tabindex="0" role="region" aria-label=(look.say("status-letters")) {
                table {
                    caption { (look.say("status-letters-caption")) }
                    thead { tr {
                        @for key in ["status-received", "status-source", "status-position", "status-reason", "status-detail"] { th scope="col" { (look.say(key)) } }
                    } }
                    tbody {
                        @for letter in &letters.items {
                            tr {
                                th scope="row" { (spoken(&letter.received)) }
                                td { (letter.source) }
                                td { (letter.position) }
                                td { (letter.reason) }
                                td lang="en" { (letter.detail) }
                            }
                        }
                    }
                }
            }
            @if let Some(next) = &letters.next {
                p { a href=(look.link_with("/status", &[("after", next)])) { (look.say("page-next")) } }
            }
        }
    }
}
