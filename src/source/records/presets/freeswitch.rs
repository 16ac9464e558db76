//! FreeSWITCH's cdr-csv, by a template of ours: a row a leg, with what mod_callcenter says of the
//! caller's.
//!
//! Attended transfers are not told: the attendant's second call has nothing in common with the
//! caller's leg that a row would hold.

use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::event::json::Unusable;
use crate::event::{AnsweredBy, LeftOutcome, Reason, TransferKind, TransferResult};
use crate::measure::{Moment, Untold};
use crate::source::records::row::Row;
use crate::source::records::story::{Keys, Leg, LegEnd, More, Stay, StayEnd, Story, Teller, When};

/// The template of `config/switches/records.md`.
pub const LAYOUT: &str = r#"
columns = ["uuid", "originator", "direction", "destination_number", "start_uepoch", "answer_uepoch", "end_uepoch",
    "hangup_cause", "cc_side", "cc_queue", "cc_queue_joined_epoch", "cc_queue_answered_epoch",
    "cc_queue_terminated_epoch", "cc_queue_canceled_epoch", "cc_cause", "cc_cancel_reason", "cc_agent",
    "transfer_history"]
rounding = "down"
[times]
start_uepoch = "epoch_us"
answer_uepoch = "epoch_us"
end_uepoch = "epoch_us"
cc_queue_joined_epoch = "epoch"
cc_queue_answered_epoch = "epoch"
cc_queue_terminated_epoch = "epoch"
cc_queue_canceled_epoch = "epoch"
"#;

/// A caller whose leg ends this soon after the queue let it go has hung up.
const HANG_UP_MS: i64 = 2_000;

/// The story of it.
#[derive(Debug)]
pub struct Freeswitch;

impl Story for Freeswitch {
    fn columns(&self) -> Vec<(SmolStr, bool)> {
        let needed = ["uuid", "destination_number", "start_uepoch", "end_uepoch"];
        let others = [
            "originator",
            "direction",
            "answer_uepoch",
            "hangup_cause",
            "cc_side",
            "cc_queue",
            "cc_queue_joined_epoch",
            "cc_queue_answered_epoch",
            "cc_queue_terminated_epoch",
            "cc_queue_canceled_epoch",
            "cc_cause",
            "cc_cancel_reason",
            "cc_agent",
            "transfer_history",
        ];
        let needed = needed.into_iter().map(|name| (SmolStr::new_static(name), true));
        needed.chain(others.into_iter().map(|name| (SmolStr::new_static(name), false))).collect()
    }

    fn is_noise(&self, row: &Row) -> bool {
        // The attendant's leg says what the caller's says.
        row.text("cc_side") == Some("agent")
    }

    fn keys(&self, row: &Row) -> Keys {
        ["uuid", "originator"].into_iter().filter_map(|name| row.text(name)).map(SmolStr::new).collect()
    }

    fn more(&self, _: &[Row]) -> More {
        More::May
    }

    fn tell(&self, rows: &[Row], teller: &mut Teller<'_>) -> Result<(), Unusable> {
        let Some(caller) = rows.iter().find(|row| row.text("originator").is_none()) else {
            return Err(Unusable::new(
                Reason::OrphanEnd,
                "a leg of a call whose own leg was never written; log legs a and b",
            ));
        };
        teller.call(caller.need("uuid")?);
        teller.arrived(caller, caller.need_time("start_uepoch")?.into(), caller.text("destination_number"));
        if let Some(queue) = caller.text("cc_queue") {
            visit(caller, queue, teller)?;
        }
        let mut legs: SmallVec<[&Row; 2]> = rows.iter().filter(|row| row.text("originator").is_some()).collect();
        legs.sort_by_key(|leg| leg.time("start_uepoch").map(|read| read.at));
        let sent = sent_to(caller);
        for leg in &legs {
            let started = When::from(leg.need_time("start_uepoch")?);
            let target = leg.need("destination_number")?;
            // The dialplan may dial another number for the extension that was sent to.
            let order = sent.iter().rev().find(|(at, _)| *at <= started.at.plus_ms(1_000));
            let (kind, target) = match order {
                Some((_, extension)) => (TransferKind::Blind, *extension),
                None => (TransferKind::Direct, target),
            };
            let end = match leg.time("answer_uepoch") {
                Some(at) => (LegEnd::Answered(AnsweredBy::Person), at.into()),
                None => (LegEnd::Failed(result(leg.text("hangup_cause"))), leg.need_time("end_uepoch")?.into()),
            };
            teller.leg(leg, &Leg { kind, target, queue: None, started, end: Some(end) });
        }
        if legs.is_empty() {
            // Sent to something that rang no phone: it is told that it was sent, and not what became of it.
            for (at, extension) in sent.iter().take(1) {
                let started = When { at: *at, is_known: true };
                teller.leg(
                    caller,
                    &Leg { kind: TransferKind::Blind, target: extension, queue: None, started, end: None },
                );
            }
        }
        teller.ended(caller, caller.need_time("end_uepoch")?.into());
        Ok(())
    }

    fn untold(&self) -> Vec<Untold> {
        vec![Untold::AttendedTransfers]
    }
}

fn visit(row: &Row, queue: &str, teller: &mut Teller<'_>) -> Result<(), Unusable> {
    let entered = When::from(row.need_time("cc_queue_joined_epoch")?);
    let over = row.time("cc_queue_terminated_epoch").map(When::from);
    if let Some(answered) = row.time("cc_queue_answered_epoch").map(When::from) {
        let end = (StayEnd::Answered(row.text("cc_agent")), answered);
        teller.stay(row, &Stay { queue, entered, end, wait_ms: Some(answered.at - entered.at) });
        let over = over.map_or_else(|| row.need_time("end_uepoch").map(When::from), Ok)?;
        teller.over(row, queue, over, Some(over.at - answered.at));
        return Ok(());
    }
    let ended = row.need_time("end_uepoch")?;
    let left = row.time("cc_queue_canceled_epoch").unwrap_or(ended);
    let outcome = match row.text("cc_cancel_reason") {
        Some("TIMEOUT" | "NO_AGENT_TIMEOUT") => LeftOutcome::Overflowed,
        Some("EXIT_WITH_KEY") => LeftOutcome::KeyExit,
        _ if ended.at - left.at <= HANG_UP_MS => LeftOutcome::Abandoned,
        _ => LeftOutcome::Overflowed,
    };
    let end = (StayEnd::Left(outcome), left.into());
    teller.stay(row, &Stay { queue, entered, end, wait_ms: Some(left.at - entered.at) });
    Ok(())
}

/// Blind transfers of the caller: `<epoch>:<uuid>:bl_xfer:<extension>/<context>/<dialplan>`, several of
/// them behind each other.
fn sent_to(row: &Row) -> SmallVec<[(Moment, &str); 1]> {
    let history = row.text("transfer_history").unwrap_or_default();
    let entries = history.split("|:").map(|entry| entry.trim_start_matches("ARRAY::"));
    entries.filter_map(blind).collect()
}

fn blind(entry: &str) -> Option<(Moment, &str)> {
    let mut parts = entry.splitn(4, ':');
    let seconds = parts.next()?.parse().ok()?;
    let (_, order, place) = (parts.next()?, parts.next()?, parts.next()?);
    let extension = place.split('/').next().filter(|_| order == "bl_xfer")?;
    Some((Moment::from_seconds(seconds), extension))
}

fn result(cause: Option<&str>) -> TransferResult {
    match cause {
        Some("USER_BUSY") => TransferResult::Busy,
        Some("CALL_REJECTED") => TransferResult::Rejected,
        Some("ORIGINATOR_CANCEL") => TransferResult::CallerHungUp,
        Some("NO_ANSWER" | "NO_USER_RESPONSE" | "ALLOTTED_TIMEOUT") => TransferResult::NoAnswer,
        _ => TransferResult::Unreachable,
    }
}
