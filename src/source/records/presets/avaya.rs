//! Avaya IP Office SMDR: a row a segment, all segments of a call with its call id and its start.
//!
//! Lengths are rounded up to whole seconds, so a wait of 30 was at most 30. The ring time of a
//! segment runs from its beginning, queueing included, to the answer. A caller who was not answered
//! has hung up, as far as the rows tell.

use smallvec::smallvec;
use smol_str::{SmolStr, format_smolstr};

use crate::event::json::Unusable;
use crate::event::{AnsweredBy, LeftOutcome, TransferKind, TransferResult};
use crate::measure::Untold;
use crate::source::records::row::Row;
use crate::source::records::story::{Keys, Leg, LegEnd, More, Stay, StayEnd, Story, Teller, When};

/// Columns by their place; later releases have more behind these.
pub const LAYOUT: &str = r#"
columns = ["call_start", "connected", "ring", "caller", "direction", "called", "dialled", "account", "is_internal",
    "call_id", "continuation", "party1_device", "party1_name", "party2_device", "party2_name", "hold", "park"]
rounding = "up"
patience = "4h"
ends_after = ["ring", "connected", "hold", "park"]
[times]
call_start = "%Y/%m/%d %H:%M:%S"
[spans]
connected = "hh:mm:ss"
ring = "s"
hold = "s"
park = "s"
"#;

/// The story of it.
#[derive(Debug)]
pub struct Avaya;

impl Story for Avaya {
    fn columns(&self) -> Vec<(SmolStr, bool)> {
        let needed = [
            "call_start",
            "connected",
            "ring",
            "direction",
            "called",
            "is_internal",
            "call_id",
            "continuation",
            "party1_device",
        ];
        let needed = needed.into_iter().map(|name| (SmolStr::new_static(name), true));
        let others = ["party2_device", "hold", "park"];
        needed.chain(others.into_iter().map(|name| (SmolStr::new_static(name), false))).collect()
    }

    fn is_noise(&self, row: &Row) -> bool {
        // Calls out and calls inside are nobody's visit. Segments of a call that came in all say so.
        row.text("direction") == Some("O") || row.text("is_internal") == Some("1")
    }

    fn keys(&self, row: &Row) -> Keys {
        smallvec![name(row)]
    }

    fn more(&self, rows: &[Row]) -> More {
        if rows.last().and_then(|row| row.text("continuation")) == Some("1") { More::Must } else { More::No }
    }

    fn tell(&self, rows: &[Row], teller: &mut Teller<'_>) -> Result<(), Unusable> {
        let Some(first) = rows.first() else { return Ok(()) };
        teller.call(name(first));
        let mut begins = When::from(first.need_time("call_start")?);
        teller.arrived(first, begins, first.text("called"));
        let mut has_answer = false;
        for (at, row) in rows.iter().enumerate() {
            let span = |name: &str| row.span_ms(name).unwrap_or_default();
            let answered = begins.plus_ms(span("ring"));
            let over = answered.plus_ms(span("connected") + span("hold") + span("park"));
            let who = answerer(row).filter(|_| span("connected") > 0);
            let called = row.need("called")?;
            if has_answer {
                let end = match who {
                    Some(Device::Extension(_)) => (LegEnd::Answered(AnsweredBy::Person), answered),
                    Some(Device::Voicemail) => (LegEnd::Answered(AnsweredBy::Voicemail), answered),
                    Some(Device::Line) => (LegEnd::Answered(AnsweredBy::External), answered),
                    None => (LegEnd::Failed(TransferResult::NoAnswer), answered),
                };
                let leg =
                    Leg { kind: TransferKind::Blind, target: called, queue: None, started: begins, end: Some(end) };
                teller.leg(row, &leg);
            } else {
                let goes_on = at + 1 < rows.len();
                let outcome = match who {
                    Some(Device::Extension(extension)) => StayEnd::Answered(Some(extension)),
                    Some(Device::Voicemail) => StayEnd::Left(LeftOutcome::Voicemail),
                    Some(Device::Line) => StayEnd::Answered(None),
                    None if goes_on => StayEnd::Left(LeftOutcome::Overflowed),
                    None => StayEnd::Left(LeftOutcome::Abandoned),
                };
                let wait_ms = Some(span("ring"));
                teller.stay(row, &Stay { queue: called, entered: begins, end: (outcome, answered), wait_ms });
                if matches!(outcome, StayEnd::Answered(_)) {
                    has_answer = true;
                    teller.over(row, called, over, Some(span("connected")));
                }
            }
            begins = over;
        }
        teller.ended(first, begins);
        Ok(())
    }

    fn untold(&self) -> Vec<Untold> {
        vec![Untold::WayOut, Untold::Refused]
    }
}

/// Call ids begin anew when the switch does; with the start they do not come again.
fn name(row: &Row) -> SmolStr {
    let start = row.time("call_start").map(|read| read.at.seconds()).unwrap_or_default();
    format_smolstr!("{}@{start}", row.text("call_id").unwrap_or_default())
}

#[derive(Clone, Copy)]
enum Device<'a> {
    Extension(&'a str),
    Voicemail,
    Line,
}

/// Who answered: the party that is no line, if there is one.
fn answerer(row: &Row) -> Option<Device<'_>> {
    let parties = [row.text("party1_device"), row.text("party2_device")];
    let found = |head: char| parties.into_iter().flatten().find_map(|party| party.strip_prefix(head));
    found('E')
        .map(Device::Extension)
        .or_else(|| found('V').map(|_| Device::Voicemail))
        .or_else(|| parties.into_iter().flatten().next().map(|_| Device::Line))
}
