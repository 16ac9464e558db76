//! The wallboard: the page as it stands before the first figures come; the script fills it.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::i18n::{Language, numbers, text, text_with};
use crate::web::{Shared, assets};

/// Settings in the address, so that a screen is set up once.
#[derive(Debug, Default, Deserialize)]
pub struct Parameters {
    /// `sv` (default) or `en`.
    lang: Option<String>,
    /// `dark`, `light`, or what the screen prefers.
    theme: Option<String>,
    /// Queues to show, in this order, with commas between. Default: all.
    queues: Option<String>,
}

/// Texts that the script needs.
const SCRIPT_TEXTS: [&str; 13] = [
    "state-ok",
    "state-near",
    "state-under",
    "state-closed",
    "state-no_data",
    "state-stale",
    "board-age",
    "board-lost",
    "board-source-down",
    "board-store-down",
    "board-sources-ok",
    "board-of",
    "board-updated",
];

/// `GET /`
pub async fn page(State(shared): State<Arc<Shared>>, Query(parameters): Query<Parameters>) -> Response {
    let language = parameters.lang.as_deref().and_then(Language::parse).unwrap_or_default();
    let page = render(&shared, &parameters, language);
    ([(header::CACHE_CONTROL, "no-store")], axum::response::Html(page.into_string())).into_response()
}

fn render(shared: &Shared, parameters: &Parameters, language: Language) -> Markup {
    let say = |key: &str| text(language, key);
    let theme = parameters.theme.as_deref().unwrap_or("auto");
    let wanted: Option<Vec<&str>> = parameters.queues.as_deref().map(|names| names.split(',').collect());
    let queues = shared.directory.queues();
    let shown: Vec<_> = match &wanted {
        Some(names) => names.iter().filter_map(|name| queues.iter().find(|queue| queue.name == *name)).collect(),
        None => queues.iter().collect(),
    };
    let texts: Map<String, Value> = SCRIPT_TEXTS.iter().map(|key| ((*key).to_owned(), say(key).into())).collect();
    html! {
        (DOCTYPE)
        html lang=(language.code()) data-theme=(theme) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (say("board-title")) }
                link rel="stylesheet" href=(assets::STYLE.address());
                link rel="icon" href="data:,";
                script type="module" src=(assets::SCRIPT.address()) {}
            }
            body data-version=(env!("CARGO_PKG_VERSION")) data-zone=(shared.directory.zone().name()) {
                header {
                    h1 { (say("board-title")) }
                    p #clock .clock { "–" }
                }
                div #banner .banner role="status" hidden {}
                noscript { p .banner { (say("board-noscript")) } }
                main data-count=(shown.len()) {
                    @for queue in shown { (tile(queue, language)) }
                }
                footer {
                    p #sources { "–" }
                    p { span { (say("board-updated")) } " " span #updated { "–" } }
                    p .sr #summary role="status" aria-live="polite" {}
                }
                script #texts type="application/json" { (PreEscaped(Value::Object(texts).to_string().replace('<', "\\u003c"))) }
            }
        }
    }
}

fn tile(queue: &crate::directory::Queue, language: Language) -> Markup {
    let say = |key: &str| text(language, key);
    let promise = queue.objective.map(|objective| {
        let seconds = numbers::threshold(language, f64::from(objective.threshold_ms) / 1000.0);
        let target = numbers::target(language, objective.target);
        text_with(language, "board-promise", &[("target", target), ("seconds", seconds)])
    });
    html! {
        section .tile data-queue=(queue.name) data-state="no_data" aria-labelledby=(format!("name-{}", queue.name)) {
            div .head {
                h2 id=(format!("name-{}", queue.name)) { (queue.title) }
                p .state { span .mark aria-hidden="true" {} " " span .word { (say("state-no_data")) } }
            }
            @if let Some(promise) = promise { p .promise { (promise) } } @else { p .promise { (say("board-no-promise")) } }
            dl .figures aria-live="off" {
                div .figure .main { dt { (say("board-level-30")) } dd data-field="level30" { "–" } dd .note data-field="n30" {} }
                div .figure .main { dt { (say("board-level-today")) } dd data-field="levelToday" { "–" } dd .note data-field="nToday" {} }
                div .figure { dt { (say("board-waiting")) } dd data-field="waiting" { "–" } }
                div .figure { dt { (say("board-longest")) } dd data-field="longest" { "–" } }
                div .figure { dt { (say("board-answered")) } dd data-field="answered" { "–" } dd .note data-field="offered" {} }
                div .figure { dt { (say("board-available")) } dd data-field="agents" { "–" } dd .note data-field="talking" {} }
            }
            figure .trend {
                figcaption { (say("board-trend")) }
                svg viewBox="0 0 960 120" preserveAspectRatio="none" role="img" aria-label=(say("board-trend")) {}
            }
        }
    }
}
