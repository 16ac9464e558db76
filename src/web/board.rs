//! The wallboard: the page as it stands before the first figures come; the script fills it.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::directory::Queue;
use crate::i18n::numbers;
use crate::names::QueueId;
use crate::web::look::{Look, LookQuery, escaped};
use crate::web::visitor::{Right, Visitor};
use crate::web::{Shared, assets, frame};

/// Settings in the address, so that a screen is set up once.
#[derive(Debug, Default, Deserialize)]
pub struct BoardQuery {
    /// Queues to show, in this order, with commas between. Default: all.
    queues: Option<String>,
}

/// Texts that the script needs.
const SCRIPT_TEXTS: [&str; 15] = [
    "state-ok",
    "state-near",
    "state-under",
    "state-closed",
    "state-no_data",
    "state-stale",
    "board-age",
    "board-lost",
    "board-paused",
    "board-source-down",
    "board-store-down",
    "board-sources-ok",
    "board-of",
    "board-no-calls",
    "board-not-told",
];

/// `GET /`
pub async fn page(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(look): Query<LookQuery>,
    Query(board): Query<BoardQuery>,
) -> Response {
    let page = render(&shared, &visitor, &look.into(), board.queues.as_deref());
    ([(header::CACHE_CONTROL, "no-store")], Html(page.into_string())).into_response()
}

fn render(shared: &Shared, visitor: &Visitor, look: &Look, wanted: Option<&str>) -> Markup {
    let say = |key: &str| look.say(key);
    let directory = &shared.directory;
    let named = |name| directory.queue_named(name);
    let all = || (0..directory.queues().len() as u32).map(QueueId).collect::<Vec<_>>();
    let ids = wanted.map_or_else(all, |names| names.split(',').filter_map(named).collect());
    let shown: Vec<&Queue> =
        ids.into_iter().filter(|id| visitor.sight.sees_queue(*id)).map(|id| directory.queue(id)).collect();
    let texts: Map<String, Value> = SCRIPT_TEXTS.iter().map(|key| ((*key).to_owned(), say(key).into())).collect();
    let layout = match shown.len() {
        0 | 1 => "one",
        2 => "tiles",
        _ => "rows",
    };
    let here = wanted.map_or_else(|| "/".to_owned(), |queues| format!("/?queues={}", escaped(queues)));
    let may_see_queue = visitor.may(Right::Queues);
    html! {
        (DOCTYPE)
        html lang=(look.language.code()) data-theme=(look.theme.as_str()) {
            (frame::head(&say("board-title"), &["base.css", "board.css"], Some("board.js")))
            body .board data-build=(*assets::BUILD) data-zone=(directory.zone().name()) data-live=(look.link("/api/v1/live")) {
                a .skip href="#content" { (say("page-skip")) }
                header .bar-top {
                    h1 { (say("board-title")) }
                    p .clock { span #day .day {} span #time { "–" } }
                }
                p #banner .banner hidden {}
                noscript { p .banner { (say("board-noscript")) } }
                section .alarms aria-label=(say("board-alerts")) {
                    ul #alerts .alerts data-more=(say("board-alerts-more")) hidden {}
                }
                main #content tabindex="-1" data-layout=(layout) {
                    @for queue in &shown { (tile(queue, look, may_see_queue)) }
                    @if shown.is_empty() { p .promise { (say("board-no-queue")) } }
                }
                footer .foot {
                    p #sources { "–" }
                    p { span { (say("board-updated")) } " " span #updated { "–" } }
                    (frame::ways(look, visitor, "/"))
                    (frame::looks(look, &here))
                    button #pause type="button" aria-pressed="false" { (say("board-pause")) }
                }
                p .sr #summary role="status" aria-live="polite" {}
                (hatch())
                script #texts type="application/json" { (PreEscaped(Value::Object(texts).to_string().replace('<', "\\u003c"))) }
            }
        }
    }
}

/// The pattern of a quarter-hour under its target: told apart without colour.
fn hatch() -> Markup {
    html! {
        svg .sr aria-hidden="true" width="0" height="0" {
            defs {
                pattern #hatch width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect width="8" height="8" {}
                    path d="M0 0V8" {}
                }
            }
        }
    }
}

/// The promise of a queue in words.
pub fn promise(queue: &Queue, look: &Look) -> String {
    queue.objective.map_or_else(
        || look.say("board-no-promise"),
        |objective| {
            let seconds = numbers::threshold(look.language, f64::from(objective.threshold_ms) / 1000.0);
            let target = numbers::target(look.language, objective.target);
            look.say_with("board-promise", &[("target", target), ("seconds", seconds)])
        },
    )
}

fn tile(queue: &Queue, look: &Look, may_see_queue: bool) -> Markup {
    let say = |key: &str| look.say(key);
    let heading = format!("name-{}", queue.name);
    html! {
        section .tile data-queue=(queue.name) data-state="no_data" aria-labelledby=(heading) {
            div .head {
                h2 id=(heading) {
                    @if may_see_queue { a href=(look.link(&format!("/queues/{}", queue.name))) { (queue.title) } }
                    @else { (queue.title) }
                }
                p .state data-state="no_data" { span .mark aria-hidden="true" {} " " span .word { (say("state-no_data")) } }
            }
            p .promise { (promise(queue, look)) }
            dl .levels {
                @for (field, label) in [("level30", "board-level-30"), ("today", "board-level-today")] {
                    div .figure.main {
                        dt { (say(label)) }
                        dd data-field=(field) { "–" }
                        dd .meter-place aria-hidden="true" { (meter(field, queue.objective.is_some())) }
                        dd .note data-field=(format!("{field}-n")) {}
                    }
                }
            }
            dl .rest {
                @for (field, label, note) in [
                    ("waiting", "board-waiting", None),
                    ("longest", "board-longest", None),
                    ("answered", "board-answered", Some("offered")),
                    ("available", "board-available", Some("agents")),
                ] {
                    div .figure {
                        dt { (say(label)) }
                        dd data-field=(field) { "–" }
                        @if let Some(note) = note { dd .note data-field=(note) {} }
                    }
                }
            }
            figure .trend {
                figcaption { (say("board-trend")) }
                svg role="img" aria-label=(say("board-trend")) {}
            }
        }
    }
}

/// A level on a line from 0 to 100 %, with the target as a notch.
fn meter(field: &str, has_target: bool) -> Markup {
    html! {
        svg .meter data-meter=(field) viewBox="0 0 100 10" preserveAspectRatio="none" {
            rect .track width="100" height="10" {}
            rect .fill width="0" height="10" {}
            @if has_target { rect .goal width="0.8" height="10" {} }
        }
    }
}
