//! The audit log, page by page.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use maud::{Markup, html};

use crate::web::api::audit::{ActView, acts_of};
use crate::web::api::list::{ListView, PageQuery};
use crate::web::look::{Look, LookQuery};
use crate::web::pages::answer::page_or;
use crate::web::pages::units::spoken;
use crate::web::refusal::Refusal;
use crate::web::visitor::Visitor;
use crate::web::{Shared, frame};

/// `GET /audit`
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
    let acts = acts_of(shared, visitor, list).await?;
    let content = html! {
        p .lead { (look.say("audit-about")) }
        (table(look, &acts))
    };
    Ok(frame::page(look, visitor, "/audit", &look.say("page-audit"), &content))
}

fn table(look: &Look, acts: &ListView<ActView>) -> Markup {
    html! {
        @if acts.items.is_empty() { p { (look.say("audit-none")) } }
        @else {
            div .scroll tabindex="0" role="region" aria-label=(look.say("page-audit")) {
                table {
                    caption { (look.say("audit-caption")) }
                    thead { tr {
                        @for key in ["audit-when", "audit-who", "audit-what", "audit-to-what", "status-detail"] { th scope="col" { (look.say(key)) } }
                    } }
                    tbody {
                        @for act in &acts.items {
                            tr data-act=(act.id) {
                                th scope="row" { (spoken(&act.at)) }
                                td { (act.who) }
                                td lang="en" { (act.act) }
                                td { (act.about) }
                                td lang="en" { (act.detail) }
                            }
                        }
                    }
                }
            }
            @if let Some(next) = &acts.next {
                p { a href=(look.link_with("/audit", &[("after", next)])) { (look.say("page-next")) } }
            }
        }
    }
}
