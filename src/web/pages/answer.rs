//! A page, or why there is none, as a page.

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};

use crate::web::frame;
use crate::web::look::Look;
use crate::web::refusal::Refusal;
use crate::web::visitor::Visitor;

/// A finished page as an answer; never kept, since its figures change.
pub fn page(page: Markup) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Html(page.into_string())).into_response()
}

/// The page that `made` comes to, or one that says why there is none.
pub fn page_or(made: Result<Markup, Refusal>, look: &Look, visitor: &Visitor) -> Response {
    made.map_or_else(|refusal| refused(&refusal, look, visitor), page)
}

fn refused(refusal: &Refusal, look: &Look, visitor: &Visitor) -> Response {
    let (title, words) = match refusal.status {
        StatusCode::NOT_FOUND => ("page-not-found", "page-not-found-words"),
        StatusCode::BAD_REQUEST => ("page-not-understood", "page-not-understood-words"),
        _ => ("page-failed", "page-failed-words"),
    };
    let content = html! {
        p { (look.say(words)) }
        p .quiet lang="en" { (refusal.why) }
    };
    let page = frame::page(look, visitor, "/", &look.say(title), &content);
    (refusal.status, [(header::CACHE_CONTROL, "no-store")], Html(page.into_string())).into_response()
}
