//! Weekdays by hours: when a queue keeps its promise and when not.

use maud::{Markup, html};

use crate::i18n::numbers;
use crate::web::api::queues::{HeatView, HourView};
use crate::web::look::Look;

/// How far below the target a level is near it, and from where on it is far from it.
const STEPS: (f64, f64) = (0.03, 0.15);

/// The level of each hour as a number, its shade and a mark where it is under the target. `days`: how
/// many it is about.
pub fn table(look: &Look, heat: &HeatView, days: u64) -> Markup {
    // A caller in the night has no level, and does not stretch the day.
    let told = || heat.hours.iter().filter(|hour| level_of(hour).is_some()).map(|hour| hour.hour);
    let (Some(first), Some(last)) = (told().min(), told().max()) else { return html! {} };
    let hours: Vec<u32> = (first..=last).collect();
    let find = |weekday, hour| heat.hours.iter().find(|one| one.weekday == weekday && one.hour == hour);
    let target = heat.queue.objective.as_ref().map(|objective| objective.target);
    html! {
        h2 { (look.say("queue-heat")) }
        div .scroll tabindex="0" role="region" aria-label=(look.say("queue-heat")) {
            table .heat {
                caption { (look.say_with("queue-heat-caption", &[("days", days.to_string())])) }
                thead { tr {
                    td {}
                    @for hour in &hours { th scope="col" { (format!("{hour:02}")) } }
                } }
                tbody {
                    @for weekday in 1..=7 {
                        tr {
                            th scope="row" { (look.say(&format!("weekday-{weekday}"))) }
                            @for hour in &hours { (cell(look, find(weekday, *hour), target)) }
                        }
                    }
                }
            }
        }
    }
}

fn cell(look: &Look, hour: Option<&HourView>, target: Option<f64>) -> Markup {
    let Some(hour) = hour else { return html! { td .none { "" } } };
    let offered = numbers::whole(look.language, hour.figures.offered);
    let Some(level) = level_of(hour) else {
        return html! { td { span .value { (numbers::NO_DATA) } span .n { (offered) } } };
    };
    let shade = match target {
        None => "plain",
        Some(target) if level >= target => "good",
        Some(target) if level >= target - STEPS.0 => "near",
        Some(target) if level >= target - STEPS.1 => "low",
        Some(_) => "far",
    };
    html! {
        td .(shade) {
            span .value { @if matches!(shade, "near" | "low" | "far") { span aria-hidden="true" { "■ " } } (numbers::decimal(look.language, level * 100.0, 0)) }
            span .n { (offered) }
        }
    }
}

fn level_of(hour: &HourView) -> Option<f64> {
    hour.figures.level.as_ref().and_then(|level| level.ratio)
}
