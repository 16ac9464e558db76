//! Tickets that a service desk registered, beside the calls that it answered: calls that leave no
//! ticket are a risk.

use chrono::{Datelike, Months, NaiveDate};

use crate::directory::Directory;
use crate::names::QueueId;
use crate::report::carried::Carried;
use crate::report::{Interval, Request, gather, month};
use crate::stats::period::Period;
use crate::store::{Reader, StoreError};

/// Tickets of one queue.
#[derive(Clone, Debug)]
pub struct TicketSheet {
    /// Our name of the queue.
    pub queue: String,
    /// What people call it.
    pub title: String,
    /// In the period; `None`: no day of it is known.
    pub tickets: Option<i64>,
    /// Answered calls of the period.
    pub answered: i64,
    /// By month: its first day, tickets, answered calls.
    pub months: Vec<(NaiveDate, Option<i64>, i64)>,
}

impl TicketSheet {
    /// Tickets per answered call.
    pub fn per_answered(&self) -> Option<f64> {
        per_answered(self.tickets, self.answered)
    }
}

/// Tickets per answered call; `None`: either is not known.
pub fn per_answered(tickets: Option<i64>, answered: i64) -> Option<f64> {
    (answered > 0).then_some(())?;
    Some(tickets? as f64 / answered as f64)
}

/// Tickets of every queue that has any, over the year up to the end of the period so that a trend
/// shows.
pub(super) fn tickets(
    reader: &dyn Reader,
    directory: &Directory,
    (request, carried): (&Request, &Carried),
) -> Result<Vec<TicketSheet>, StoreError> {
    let seen = month::seen_queues(directory, &request.sight).map(|(id, _)| id);
    let with: Vec<QueueId> = seen.filter(|queue| carried.has_tickets(*queue)).collect();
    if with.is_empty() {
        return Ok(Vec::new());
    }
    let first = request.period.until.checked_sub_months(Months::new(12)).unwrap_or(request.period.from);
    let first = first.with_day(1).unwrap_or(first).min(request.period.from);
    let trend = Period { from: first, until: request.period.until };
    let (start, end) = trend.moments(directory.zone());
    let answered = gather::intervals(reader, directory, &request.sight, Interval::Month, start, end)?;
    let (own_start, own_end) = request.moments(directory.zone());
    let own = gather::sums(reader, directory, &request.sight, own_start, own_end)?;
    let of_queue = |queue: QueueId| {
        let by_month = answered.iter().filter(|((of, _), _)| *of == queue).map(|((_, at), cell)| {
            let day = crate::clock::local_day(*at, directory.zone());
            let month = day.with_day(1).unwrap_or(day);
            let until = month.checked_add_months(Months::new(1)).unwrap_or(month).min(trend.until);
            (month, carried.tickets(queue, Period { from: day, until }), cell.counts.answered)
        });
        TicketSheet {
            queue: directory.queue(queue).name.clone(),
            title: directory.queue(queue).title.clone(),
            tickets: carried.tickets(queue, request.period),
            answered: own.queues[queue.index()].counts.answered,
            months: by_month.collect(),
        }
    };
    Ok(with.into_iter().map(of_queue).collect())
}
