//! Tables, bars and charts that several pages have. Every chart has its figures in a table too.

use std::collections::BTreeMap;
use std::fmt::Write;

use maud::{Markup, PreEscaped, html};

use crate::i18n::numbers;
use crate::web::figures::{ObjectiveView, ShareView};
use crate::web::look::Look;

/// A share as `91,6 %`, with its numbers beside it: `469 av 512`.
pub fn share(look: &Look, share: &ShareView) -> Markup {
    html! {
        span .value { (numbers::percent(look.language, share.ratio)) }
        " "
        span .n { (met_of(look, share)) }
    }
}

/// `469 av 512`.
pub fn met_of(look: &Look, share: &ShareView) -> String {
    let whole = |number| numbers::whole(look.language, number);
    format!("{} {} {}", whole(share.met), look.say("board-of"), whole(share.of))
}

/// Seconds, or a dash.
pub fn seconds(look: &Look, seconds: Option<f64>) -> String {
    seconds.map_or_else(|| numbers::NO_DATA.to_owned(), |seconds| numbers::seconds(look.language, seconds))
}

/// Whether a level keeps its promise: mark and word, told apart without colour.
pub fn verdict(look: &Look, level: Option<&ShareView>, objective: Option<&ObjectiveView>) -> Markup {
    let (Some(ratio), Some(objective)) = (level.and_then(|level| level.ratio), objective) else { return html! {} };
    let state = if ratio >= objective.target { "ok" } else { "under" };
    html! {
        span .state data-state=(state) { span .mark aria-hidden="true" {} " " (look.say(&format!("state-{state}"))) }
    }
}

/// How transfers ended, as one bar; answered first.
pub fn outcomes_bar(look: &Look, outcomes: &BTreeMap<&'static str, i64>) -> Markup {
    let total: i64 = outcomes.values().sum();
    let mut at = 0;
    let mut parts = Vec::new();
    for (class, names) in OUTCOME_GROUPS {
        let count: i64 = names.iter().filter_map(|name| outcomes.get(name)).sum();
        if count > 0 {
            parts.push((class, at as f64 * 1000.0 / total as f64, count as f64 * 1000.0 / total as f64));
        }
        at += count;
    }
    html! {
        svg .outcomes viewBox="0 0 1000 16" preserveAspectRatio="none" role="img" aria-label=(outcomes_words(look, outcomes)) {
            @for (class, x, width) in parts { rect class=(class) x=(format!("{x:.1}")) width=(format!("{width:.1}")) height="16" {} }
        }
    }
}

/// Two counts as one bar of at most `most`; they stand in the cells beside it.
pub fn two_of(answered: i64, others: i64, most: i64) -> Markup {
    let width = |count: i64| format!("{:.1}", count as f64 * 1000.0 / most.max(1) as f64);
    html! {
        svg .outcomes viewBox="0 0 1000 16" preserveAspectRatio="none" aria-hidden="true" {
            rect .answered width=(width(answered)) height="16" {}
            rect .silent x=(width(answered)) width=(width(others)) height="16" {}
        }
    }
}

/// How transfers ended, in words: `answered 12, busy 3`.
pub fn outcomes_words(look: &Look, outcomes: &BTreeMap<&'static str, i64>) -> String {
    let in_order = OUTCOME_GROUPS.iter().flat_map(|(_, names)| names.iter());
    let told = in_order.filter_map(|name| Some((name, outcomes.get(name)?)));
    let words = told.map(|(name, count)| {
        format!("{} {}", look.say(&format!("outcome-{name}")), numbers::whole(look.language, *count))
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Outcomes that are shown as one piece of the bar.
const OUTCOME_GROUPS: [(&str, &[&str]); 5] = [
    ("answered", &["answered", "answered_elsewhere", "answered_external"]),
    ("machine", &["voicemail", "announcement"]),
    ("busy", &["busy", "rejected", "unreachable", "forwarded"]),
    ("silent", &["no_answer_recalled", "no_answer_dropped", "caller_hung_up"]),
    ("apart", &["withdrawn", "unknown"]),
];

/// One bar of [`columns`].
#[derive(Debug)]
pub struct Column {
    /// What stands below it, where something does.
    pub label: Option<String>,
    /// From 0 to 1; `None`: no data.
    pub height: Option<f64>,
    /// Under the target.
    pub is_low: bool,
}

/// A chart of columns from 0 to 1, with the target as a line. Its figures stand in a table as well,
/// which `description` names.
pub fn columns(columns: &[Column], target: Option<(f64, String)>, description: &str) -> Markup {
    const HEIGHT: f64 = 200.0;
    let step = 1000.0 / columns.len().max(1) as f64;
    let mut shapes = String::new();
    for (at, column) in columns.iter().enumerate() {
        let x = at as f64 * step;
        if let Some(height) = column.height {
            let tall = (height * HEIGHT).max(2.0);
            let class = if column.is_low { "bar low" } else { "bar" };
            let _ = write!(
                shapes,
                r#"<rect class="{class}" x="{:.1}" y="{:.1}" width="{:.1}" height="{tall:.1}"/>"#,
                x + step * 0.14,
                HEIGHT - tall,
                step * 0.72
            );
        }
    }
    html! {
        svg .columns viewBox="0 0 1000 230" role="img" aria-label=(description) {
            defs {
                pattern #hatch width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect width="8" height="8" {}
                    path d="M0 0V8" {}
                }
            }
            line .base x1="0" x2="1000" y1="200" y2="200" {}
            (PreEscaped(shapes))
            @for (at, column) in columns.iter().enumerate() {
                @if let Some(label) = &column.label { text x=(format!("{:.1}", at as f64 * step)) y="222" { (label) } }
            }
            @if let Some((target, label)) = target {
                line .goal x1="0" x2="1000" y1=(format!("{:.1}", HEIGHT - target * HEIGHT)) y2=(format!("{:.1}", HEIGHT - target * HEIGHT)) {}
                text .goal-text x="1000" y=(format!("{:.1}", HEIGHT - target * HEIGHT + 18.0)) text-anchor="end" { (label) }
            }
        }
    }
}
