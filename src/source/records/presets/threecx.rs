//! 3CX call data records: a row a call, with the chain of those whom it went to.
//!
//! `time-answered` may be the queue's own greeting or a menu, so waits are untold. The chain names
//! everybody in order; who comes behind the attendant got the caller by transfer. Only the last one
//! is known to have answered.

use smol_str::SmolStr;

use crate::event::json::Unusable;
use crate::event::{AnsweredBy, LeftOutcome, TransferKind};
use crate::measure::Untold;
use crate::source::records::row::Row;
use crate::source::records::story::{Keys, Leg, LegEnd, More, Stay, StayEnd, Story, Teller, When};

/// The usual order; an administrator chooses columns and order, and writes them here.
pub const LAYOUT: &str = r#"
columns = ["historyid", "callid", "duration", "time-start", "time-answered", "time-end", "reason-terminated",
    "from-no", "to-no", "from-dn", "to-dn", "dial-no", "reason-changed", "final-number", "final-dn", "bill-code",
    "bill-rate", "bill-cost", "bill-name", "chain"]
rounding = "unknown"
[times]
time-start = "%Y/%m/%d %H:%M:%S"
time-answered = "%Y/%m/%d %H:%M:%S"
time-end = "%Y/%m/%d %H:%M:%S"
"#;

/// The story of it.
#[derive(Debug)]
pub struct ThreeCx;

impl Story for ThreeCx {
    fn columns(&self) -> Vec<(SmolStr, bool)> {
        let needed = ["callid", "time-start", "time-end", "chain"];
        let others = ["time-answered", "reason-terminated", "reason-changed", "final-dn", "dial-no"];
        let needed = needed.into_iter().map(|name| (SmolStr::new_static(name), true));
        needed.chain(others.into_iter().map(|name| (SmolStr::new_static(name), false))).collect()
    }

    fn keys(&self, _: &Row) -> Keys {
        Keys::new()
    }

    fn more(&self, _: &[Row]) -> More {
        More::No
    }

    fn tell(&self, rows: &[Row], teller: &mut Teller<'_>) -> Result<(), Unusable> {
        for row in rows {
            let (started, ended) = (When::from(row.need_time("time-start")?), When::from(row.need_time("time-end")?));
            teller.call(row.need("callid")?);
            teller.arrived(row, started, row.text("dial-no"));
            let chain: Vec<(&str, &str)> = links(row.text("chain").unwrap_or_default()).collect();
            if let Some(at) = chain.iter().position(|(kind, _)| *kind == "Queue") {
                queue(row, &chain[at..], (started, ended), teller);
            }
            teller.ended(row, ended);
        }
        Ok(())
    }

    fn untold(&self) -> Vec<Untold> {
        vec![Untold::Wait, Untold::WayOut, Untold::Refused, Untold::Talk, Untold::UnitAnswer]
    }
}

/// `Chain: Ext.100;Queue.800;Ext.101;`: kind and number of each.
fn links(chain: &str) -> impl Iterator<Item = (&str, &str)> {
    let chain = chain.trim_start_matches("Chain:").trim();
    chain.split(';').filter_map(|link| link.trim().split_once('.'))
}

/// What comes of the call from its queue on.
fn queue(row: &Row, chain: &[(&str, &str)], (started, ended): (When, When), teller: &mut Teller<'_>) {
    let Some(((_, queue), rest)) = chain.split_first() else { return };
    let entered = When::about(started.at);
    let is_answered = row.time("time-answered").is_some();
    let Some((("Ext", agent), rest)) = rest.split_first().filter(|_| is_answered).map(|(first, rest)| (*first, rest))
    else {
        let outcome = match (rest.first(), row.text("reason-terminated")) {
            (Some(("VMail" | "VoiceMail", _)), _) => LeftOutcome::Voicemail,
            (None, Some("TerminatedBySrc") | None) => LeftOutcome::Abandoned,
            _ => LeftOutcome::Overflowed,
        };
        teller.stay(row, &Stay { queue, entered, end: (StayEnd::Left(outcome), ended), wait_ms: None });
        return;
    };
    let end = (StayEnd::Answered(Some(agent)), When::about(started.at));
    teller.stay(row, &Stay { queue, entered, end, wait_ms: None });
    teller.over(row, queue, if rest.is_empty() { ended } else { When::about(ended.at) }, None);
    let Some((kind, target)) = rest.last() else { return };
    let is_final = row.text("final-dn").is_some_and(|last| last.rsplit('.').next() == Some(target));
    let by = match *kind {
        "Ext" => AnsweredBy::Person,
        "VMail" | "VoiceMail" => AnsweredBy::Voicemail,
        _ => AnsweredBy::External,
    };
    let end = (is_final && row.text("reason-changed") == Some("ReplacedDst"))
        .then(|| (LegEnd::Answered(by), When::about(ended.at)));
    let started = When::about(ended.at);
    teller.leg(row, &Leg { kind: TransferKind::Blind, target, queue: Some(queue), started, end });
}
