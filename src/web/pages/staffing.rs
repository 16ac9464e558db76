//! The staffing page: attendants needed per half-hour of a day, and what to expect of another number.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use chrono::{Days, NaiveDate, NaiveTime};
use maud::{Markup, html};
use serde::Deserialize;

use crate::clock::local_day;
use crate::names::QueueId;
use crate::report::document::{Speak, staffing::staffing};
use crate::report::render::html::chapters;
use crate::report::staffing::{Plan, StaffingRequest, plan};
use crate::stats::staffing::ATTENDANTS_MAX;
use crate::web::look::{Look, LookQuery};
use crate::web::pages::answer::page_or;
use crate::web::refusal::Refusal;
use crate::web::visitor::Visitor;
use crate::web::{Shared, frame};

/// Longest after-call work that is believed, seconds.
const WRAPUP_S_MAX: f64 = 3_600.0;
/// Most numbers of attendants tried at once.
const WHAT_IF_MAX: usize = 6;

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct StaffingQuery {
    queue: Option<String>,
    day: Option<String>,
    /// After-call work, seconds a call.
    wrapup: Option<String>,
    /// Numbers to try, with commas between.
    attendants: Option<String>,
    /// A shift: `08:00` and `12:00`.
    from: Option<String>,
    until: Option<String>,
}

/// What is asked, read.
struct Asked {
    queue: QueueId,
    day: NaiveDate,
    wrapup_s: f64,
    what_if: Vec<u32>,
    between: Option<(NaiveTime, NaiveTime)>,
}

/// `GET /staffing`
pub async fn page(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(look): Query<LookQuery>,
    Query(query): Query<StaffingQuery>,
) -> Response {
    let look = Look::from(look);
    let made = render(&shared, &visitor, &look, &query).await;
    page_or(made, &look, &visitor)
}

async fn render(
    shared: &Arc<Shared>,
    visitor: &Visitor,
    look: &Look,
    query: &StaffingQuery,
) -> Result<Markup, Refusal> {
    let mut asked = read(shared, visitor, query)?;
    let mut made = planned(shared, &asked).await?;
    if asked.what_if.is_empty() {
        asked.what_if = around(&made);
        made = made.trying(&asked.what_if);
    }
    let speak = Speak(look.language);
    let document = staffing(&made, speak);
    let here = address_of(shared, &asked);
    let is_from_nothing = !made.days.is_empty() && made.days.iter().all(|day| day.behind.is_empty());
    let content = html! {
        (form(shared, visitor, look, &asked))
        @if is_from_nothing { p .lead { (look.say("staffing-nothing-behind")) } }
        @else { div .report { (chapters(&document, speak)) } }
    };
    Ok(frame::page(look, visitor, &here, &document.title, &content))
}

async fn planned(shared: &Arc<Shared>, asked: &Asked) -> Result<Plan, Refusal> {
    let request = StaffingRequest {
        queue: asked.queue,
        days: vec![asked.day],
        wrapup_s: asked.wrapup_s,
        what_if: asked.what_if.clone(),
        between: asked.between,
    };
    let directory = Arc::clone(&shared.directory);
    Ok(shared.readers.ask(move |reader| plan(reader, &directory, &request)).await?)
}

/// What is worth trying where nobody says: the most that the day needs, and one fewer and one more.
fn around(plan: &Plan) -> Vec<u32> {
    let most = plan.days.iter().flat_map(|day| &day.halves).filter_map(|half| half.needed).max();
    most.map_or_else(Vec::new, |most| (most.saturating_sub(1).max(1)..=most + 1).collect())
}

fn read(shared: &Shared, visitor: &Visitor, query: &StaffingQuery) -> Result<Asked, Refusal> {
    let given =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let seen = |id: &QueueId| visitor.sight.sees_queue(*id);
    let queue = match given(&query.queue) {
        Some(name) => {
            let found = shared.directory.queue_named(&name).filter(seen);
            found.ok_or_else(|| Refusal::unknown("queue", &name))?
        }
        None => (0..shared.directory.queues().len() as u32)
            .map(QueueId)
            .find(seen)
            .ok_or_else(|| Refusal::unknown("queue", "of yours"))?,
    };
    let tomorrow = local_day(shared.clock.now(), shared.directory.zone()) + Days::new(1);
    let day = match given(&query.day) {
        None => tomorrow,
        Some(text) => text
            .parse::<NaiveDate>()
            .ok()
            .filter(|day| (1970..=9998).contains(&chrono::Datelike::year(day)))
            .ok_or_else(|| Refusal::wrong(format!("`{text}` is no day; write for instance 2026-11-30")))?,
    };
    let wrapup_s = given(&query.wrapup).map_or(Ok(0.0), |text| {
        let seconds = text.replace(',', ".").parse::<f64>().ok().filter(|s| (0.0..=WRAPUP_S_MAX).contains(s));
        seconds.ok_or_else(|| Refusal::wrong(format!("wrapup `{text}` must be 0 to {WRAPUP_S_MAX} seconds")))
    })?;
    let what_if = given(&query.attendants).map_or(Ok(Vec::new()), |text| {
        let numbers: Option<Vec<u32>> = text
            .split(',')
            .map(|number| number.trim().parse().ok().filter(|number| (1..=ATTENDANTS_MAX).contains(number)))
            .collect();
        numbers.filter(|numbers| numbers.len() <= WHAT_IF_MAX).ok_or_else(|| {
            let why = format!("attendants `{text}` must be at most {WHAT_IF_MAX} numbers of 1 to {ATTENDANTS_MAX}, with commas between");
            Refusal::wrong(why)
        })
    })?;
    let time = |text: String| {
        NaiveTime::parse_from_str(&text, "%H:%M")
            .map_err(|_| Refusal::wrong(format!("`{text}` is no time of day; write for instance 08:00")))
    };
    let between = match (given(&query.from), given(&query.until)) {
        (None, None) => None,
        (Some(from), Some(until)) => {
            let (from, until) = (time(from)?, time(until)?);
            if from >= until {
                return Err(Refusal::wrong("the shift ends before it begins"));
            }
            Some((from, until))
        }
        _ => return Err(Refusal::wrong("give from and until of the shift, or neither")),
    };
    Ok(Asked { queue, day, wrapup_s, what_if, between })
}

/// The address of what is asked, without the look.
fn address_of(shared: &Shared, asked: &Asked) -> String {
    let queue = &shared.directory.queue(asked.queue).name;
    let numbers: Vec<String> = asked.what_if.iter().map(ToString::to_string).collect();
    // Writing to a string does not fail.
    let mut here = format!("/staffing?queue={queue}&day={}", asked.day);
    if asked.wrapup_s > 0.0 {
        let _ = write!(here, "&wrapup={}", asked.wrapup_s);
    }
    if !numbers.is_empty() {
        let _ = write!(here, "&attendants={}", numbers.join(","));
    }
    if let Some((from, until)) = asked.between {
        let _ = write!(here, "&from={}&until={}", clock(from), clock(until));
    }
    here
}

fn clock(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}

fn form(shared: &Shared, visitor: &Visitor, look: &Look, asked: &Asked) -> Markup {
    let queues = shared.directory.queues().iter().enumerate();
    let queues = queues.filter(|(at, _)| visitor.sight.sees_queue(QueueId(*at as u32)));
    let numbers: Vec<String> = asked.what_if.iter().map(ToString::to_string).collect();
    let (from, until) = asked.between.map_or_else(Default::default, |(from, until)| (clock(from), clock(until)));
    html! {
        form .choose method="get" action="/staffing" {
            label for="queue" { (look.say("column-queue")) }
            select #queue name="queue" {
                @for (at, queue) in queues {
                    option value=(queue.name) selected[asked.queue.index() == at] { (queue.title) }
                }
            }
            label for="day" { (look.say("queue-day")) }
            input #day type="date" name="day" value=(asked.day);
            label for="from" { (look.say("staffing-from")) }
            input #from type="time" name="from" value=(from);
            label for="until" { (look.say("staffing-until")) }
            input #until type="time" name="until" value=(until);
            label for="attendants" { (look.say("staffing-try")) }
            input #attendants name="attendants" value=(numbers.join(",")) size="8" autocomplete="off" inputmode="numeric";
            label for="wrapup" { (look.say("staffing-wrapup-seconds")) }
            input #wrapup name="wrapup" value=(asked.wrapup_s) size="4" autocomplete="off" inputmode="decimal";
            @for (name, value) in look.carried() { input type="hidden" name=(name) value=(value); }
            button type="submit" { (look.say("page-show")) }
        }
    }
}
