//! The month's budget of late calls: what a target allows to be late.

use crate::directory::Objective;
use crate::stats::definition;
use crate::stats::snapshot::{QueueNow, Window};

/// How many calls this month may be late before the target of `objective` can no longer be met,
/// judged by as many calls as the month before had, or by this month's where it has more already.
/// No data before there has been a month.
pub fn late_calls(queue: &QueueNow, objective: &Objective) -> Option<f64> {
    let of = |counts| definition::service_level(counts, objective.threshold_ms, objective.definition).of;
    let before = of(queue.month_before.as_ref()?);
    let forecast = before.max(of(&queue.window(Window::Month).counts));
    (before > 0).then_some((1.0 - objective.target) * forecast as f64)
}
