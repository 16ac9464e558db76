//! Mitel MiVoice Business SMDR: lines of fixed columns, a line a call, the day without a year.
//!
//! The switch starts calls to the minute or the second, as its options say; the time to answer is in
//! seconds and stops at 998. `***` in its place: nobody answered. A transfer is a letter and a third
//! party on the line; whether the third party answered is untold.

use smol_str::SmolStr;

use crate::event::json::Unusable;
use crate::event::{LeftOutcome, TransferKind};
use crate::measure::Untold;
use crate::source::records::row::Row;
use crate::source::records::story::{Keys, Leg, More, Stay, StayEnd, Story, Teller, When};

/// The 90 columns of the plain form; options of the switch move them.
pub const LAYOUT: &str = r#"
absent = ["***", "****"]
rounding = "down"
resolution = "1m"
ends_after = ["duration"]
ignore = '^\s*(-{3,}|=+)'
[fixed]
started = [2, 13]
duration = [15, 22]
calling = [24, 27]
attendant = [29, 29]
time_to_answer = [30, 32]
digits = [34, 54]
status = [60, 60]
called = [62, 65]
transfer = [66, 66]
third = [68, 71]
[times]
started = "mm/dd hh:mm"
[spans]
duration = "hh:mm:ss"
time_to_answer = "s"
"#;

/// The story of it.
#[derive(Debug)]
pub struct Mitel;

impl Story for Mitel {
    fn columns(&self) -> Vec<(SmolStr, bool)> {
        let needed = ["started", "duration", "calling", "time_to_answer", "digits", "called", "transfer", "third"];
        needed.into_iter().map(|name| (SmolStr::new_static(name), true)).collect()
    }

    fn is_noise(&self, row: &Row) -> bool {
        // A call that came in has a trunk for its calling party.
        !row.text("calling").is_some_and(|calling| calling.starts_with(['T', 'X']))
    }

    fn keys(&self, _: &Row) -> Keys {
        Keys::new()
    }

    fn more(&self, _: &[Row]) -> More {
        More::No
    }

    fn tell(&self, rows: &[Row], teller: &mut Teller<'_>) -> Result<(), Unusable> {
        for row in rows {
            let entered = When::from(row.need_time("started")?);
            teller.call(row.own_name());
            teller.arrived(row, entered, row.text("digits"));
            // What was dialled; where the trunk passes no digits on, who was called.
            let queue = row.text("digits").map_or_else(|| row.need("called"), Ok)?;
            let duration = row.span_ms("duration").unwrap_or_default();
            let Some(wait) = row.span_ms("time_to_answer") else {
                let end = (StayEnd::Left(LeftOutcome::Abandoned), entered.plus_ms(duration));
                teller.stay(row, &Stay { queue, entered, end, wait_ms: Some(duration).filter(|ms| *ms > 0) });
                teller.ended(row, entered.plus_ms(duration));
                continue;
            };
            let answered = entered.plus_ms(wait);
            let over = answered.plus_ms(duration);
            let third = row.text("third").filter(|_| row.text("transfer") == Some("T"));
            teller.stay(
                row,
                &Stay { queue, entered, end: (StayEnd::Answered(row.text("called")), answered), wait_ms: Some(wait) },
            );
            // The attendant's part of a call that was transferred is in the whole.
            let talk = third.is_none().then_some(duration);
            teller.over(row, queue, if third.is_some() { When::about(over.at) } else { over }, talk);
            if let Some(target) = third {
                let started = When::about(over.at);
                teller.leg(row, &Leg { kind: TransferKind::Blind, target, queue: Some(queue), started, end: None });
            }
            teller.ended(row, over);
        }
        Ok(())
    }

    fn untold(&self) -> Vec<Untold> {
        vec![Untold::WayOut, Untold::Refused, Untold::UnitAnswer]
    }
}
