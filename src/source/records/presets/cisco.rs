//! Cisco Unified Communications Manager: a row a call leg, columns by name, times in UTC seconds.
//!
//! The queue is the hunt pilot, and where there is none the number that was called. A transfer is
//! three rows: the call to the attendant, the attendant's call to the unit, and what the two became,
//! which has the caller's leg of the first and the unit's leg of the second. The third is written
//! when the call is over, so the first two wait for it.
//!
//! Calls of no length are written only where the cluster is told to (`CDR Log Calls with Zero
//! Duration Flag`): without it nobody abandons.

use smallvec::smallvec;
use smol_str::{SmolStr, format_smolstr};

use crate::event::json::Unusable;
use crate::event::{AnsweredBy, LeftOutcome, Reason, TransferKind, TransferResult};
use crate::measure::Untold;
use crate::source::records::row::Row;
use crate::source::records::story::{Keys, Leg, LegEnd, More, Stay, StayEnd, Story, Teller, When};

/// The names of the columns stand in the first line, their types in the second.
pub const LAYOUT: &str = r#"
header = true
skip_after_header = 1
rounding = "down"
patience = "4h"
[times]
dateTimeOrigination = "epoch"
dateTimeConnect = "epoch"
dateTimeDisconnect = "epoch"
[spans]
totalWaitTimeInQueue = "s"
"#;

/// The leg went on into another call.
const SPLIT: &str = "393216";
/// On whose behalf calls are joined: a transfer.
const TRANSFER: &str = "10";
/// And a recorder, whose calls are nobody's.
const RECORDING: &str = "27";
/// Q.850: hung up in order.
const CLEARED: &str = "16";

/// The story of it.
#[derive(Debug)]
pub struct Cisco;

impl Story for Cisco {
    fn columns(&self) -> Vec<(SmolStr, bool)> {
        let needed = [
            "cdrRecordType",
            "globalCallID_callManagerId",
            "globalCallID_callId",
            "origLegCallIdentifier",
            "dateTimeOrigination",
            "dateTimeConnect",
            "dateTimeDisconnect",
            "originalCalledPartyNumber",
            "finalCalledPartyNumber",
            "origCause_value",
            "destCause_value",
        ];
        // Spelt in two ways by two generations.
        let others = [
            "destLegIdentifier",
            "destLegCallIdentifier",
            "globalCallId_ClusterID",
            "joinOnBehalfOf",
            "origCallTerminationOnBehalfOf",
            "huntPilotDN",
            "wasCallQueued",
            "totalWaitTimeInQueue",
            "destDeviceName",
        ];
        let needed = needed.into_iter().map(|name| (SmolStr::new_static(name), true));
        needed.chain(others.into_iter().map(|name| (SmolStr::new_static(name), false))).collect()
    }

    fn is_foreign(&self, header: &[&str]) -> bool {
        // Files of voice quality lie beside those of calls.
        header.iter().any(|name| name.eq_ignore_ascii_case("numberPacketsSent"))
    }

    fn is_noise(&self, row: &Row) -> bool {
        row.text("cdrRecordType") != Some("1") || row.text("joinOnBehalfOf") == Some(RECORDING)
    }

    fn keys(&self, row: &Row) -> Keys {
        let legs = [row.text("origLegCallIdentifier"), dest_leg(row)];
        let legs = legs.into_iter().flatten().filter(|leg| *leg != "0").map(|leg| format_smolstr!("leg {leg}"));
        let mut keys: Keys = smallvec![name(row)];
        keys.extend(legs);
        keys
    }

    fn more(&self, rows: &[Row]) -> More {
        let mut splits = rows.iter().filter(|row| is_split(row)).peekable();
        if splits.peek().is_none() && !rows.iter().any(is_transferred) {
            return More::No;
        }
        // Each transfer is two rows that were split and one that came of them.
        let joined = rows.iter().filter(|row| is_transferred(row)).count();
        let is_whole = rows.iter().any(|row| !is_split(row)) && splits.count() >= 2 * joined && joined > 0;
        if is_whole { More::No } else { More::Must }
    }

    fn tell(&self, rows: &[Row], teller: &mut Teller<'_>) -> Result<(), Unusable> {
        let Some(first) = rows.iter().find(|row| !is_transferred(row)) else {
            return Err(Unusable::new(Reason::OrphanEnd, "what became of a transfer whose first row was never seen"));
        };
        let finals = || rows.iter().filter(|row| is_transferred(row));
        // The caller's own call is the one that the finals go on with.
        let own = rows.iter().find(|row| !is_transferred(row) && finals().any(|last| name(last) == name(row)));
        let own = own.unwrap_or(first);
        teller.call(name(own));
        teller.arrived(own, own.need_time("dateTimeOrigination")?.into(), own.text("originalCalledPartyNumber"));
        visit(own, teller)?;
        for last in finals() {
            let consultation = rows
                .iter()
                .find(|row| name(row) != name(own) && !is_transferred(row) && dest_leg(row) == dest_leg(last));
            transfer(own, consultation, last, teller)?;
        }
        let end = rows.iter().filter_map(|row| row.time("dateTimeDisconnect")).max_by_key(|read| read.at);
        teller.ended(own, end.map_or(When::about(own.written), When::from));
        Ok(())
    }

    fn untold(&self) -> Vec<Untold> {
        vec![Untold::Refused]
    }
}

fn name(row: &Row) -> SmolStr {
    let part = |name: &str| row.text(name).unwrap_or_default();
    let cluster = part("globalCallId_ClusterID");
    format_smolstr!("{}-{}-{cluster}", part("globalCallID_callManagerId"), part("globalCallID_callId"))
}

fn dest_leg(row: &Row) -> Option<&str> {
    row.text("destLegIdentifier").or_else(|| row.text("destLegCallIdentifier"))
}

fn is_split(row: &Row) -> bool {
    [row.text("origCause_value"), row.text("destCause_value")].contains(&Some(SPLIT))
}

/// What became of a call and a consultation.
fn is_transferred(row: &Row) -> bool {
    row.text("joinOnBehalfOf") == Some(TRANSFER)
}

fn visit(row: &Row, teller: &mut Teller<'_>) -> Result<(), Unusable> {
    let entered = When::from(row.need_time("dateTimeOrigination")?);
    let ended = When::from(row.need_time("dateTimeDisconnect")?);
    let Some(queue) = row.text("huntPilotDN").or_else(|| row.text("originalCalledPartyNumber")) else {
        return Ok(());
    };
    let queued = row.span_ms("totalWaitTimeInQueue").filter(|_| row.text("wasCallQueued") == Some("1"));
    if let Some(answered) = row.time("dateTimeConnect").map(When::from) {
        let wait = queued.unwrap_or(answered.at - entered.at);
        let end = (StayEnd::Answered(row.text("destDeviceName")), answered);
        teller.stay(row, &Stay { queue, entered, end, wait_ms: Some(wait) });
        teller.over(row, queue, ended, Some(ended.at - answered.at));
        return Ok(());
    }
    let outcome = match (row.text("origCause_value"), row.text("destCause_value")) {
        (Some(CLEARED), _) => LeftOutcome::Abandoned,
        _ => LeftOutcome::Overflowed,
    };
    let wait = queued.unwrap_or(ended.at - entered.at);
    teller.stay(row, &Stay { queue, entered, end: (StayEnd::Left(outcome), ended), wait_ms: Some(wait) });
    Ok(())
}

/// The attendant asked the unit first where the consultation was answered before the calls were
/// joined; one of no length is a blind transfer.
fn transfer(own: &Row, consultation: Option<&Row>, last: &Row, teller: &mut Teller<'_>) -> Result<(), Unusable> {
    let handed_over = own.time("dateTimeDisconnect").map(When::from);
    let asked = consultation.and_then(|row| row.time("dateTimeOrigination")).map(When::from);
    let started = asked.or(handed_over).map_or_else(|| last.need_time("dateTimeOrigination").map(When::from), Ok)?;
    let consulted = consultation.and_then(|row| row.time("dateTimeConnect")).map(When::from);
    let kind = if consulted.is_some() { TransferKind::Attended } else { TransferKind::Blind };
    let target = consultation.unwrap_or(last).need("finalCalledPartyNumber")?;
    let answered = consulted.or_else(|| last.time("dateTimeConnect").map(When::from));
    let end = match answered {
        Some(at) => (LegEnd::Answered(AnsweredBy::Person), at),
        None => (LegEnd::Failed(result(last)), last.need_time("dateTimeDisconnect")?.into()),
    };
    teller.leg(last, &Leg { kind, target, queue: None, started, end: Some(end) });
    Ok(())
}

fn result(last: &Row) -> TransferResult {
    match (last.text("origCause_value"), last.text("destCause_value")) {
        (_, Some("17")) | (Some("17"), _) => TransferResult::Busy,
        (_, Some("21")) | (Some("21"), _) => TransferResult::Rejected,
        (_, Some("18" | "19")) | (Some("18" | "19"), _) => TransferResult::NoAnswer,
        (Some(CLEARED), _) => TransferResult::CallerHungUp,
        _ => TransferResult::Unreachable,
    }
}
