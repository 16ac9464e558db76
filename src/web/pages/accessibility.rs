//! The accessibility statement: the text that a public body needs, with its own particulars from the
//! configuration.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use maud::html;

use crate::web::look::{Look, LookQuery};
use crate::web::pages::answer;
use crate::web::visitor::Visitor;
use crate::web::{Shared, frame};

/// `GET /tillganglighet`
pub async fn page(State(shared): State<Arc<Shared>>, visitor: Visitor, Query(look): Query<LookQuery>) -> Response {
    let look = Look::from(look);
    let say = |key: &str| look.say(key);
    let body = shared.public_body.name.clone().unwrap_or_else(|| say("access-body-missing"));
    let contact = shared.public_body.contact.as_deref();
    let content = html! {
        p .lead { (look.say_with("access-lead", &[("body", body)])) }
        h2 { (say("access-how")) }
        p { (say("access-how-words")) }
        h2 { (say("access-lacks")) }
        p { (say("access-lacks-words")) }
        h2 { (say("access-tell")) }
        p {
            (say("access-tell-words")) " "
            @if let Some(contact) = contact { (contact) } @else { (say("access-contact-missing")) }
        }
        h2 { (say("access-watch")) }
        p { (say("access-watch-words")) " " a href="https://www.digg.se/tdosanmalan" { "www.digg.se/tdosanmalan" } }
        h2 { (say("access-tested")) }
        p { (say("access-tested-words")) }
    };
    answer::page(frame::page(&look, &visitor, "/tillganglighet", &say("page-accessibility"), &content))
}
