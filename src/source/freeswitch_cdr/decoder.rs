//! Records to events.

use smol_str::SmolStr;

use crate::event::{
    AnsweredBy, CallEvent, EndedBy, EventId, EventKind, Evidence, LeftOutcome, Reason, Reject, Stamp, TransferKind,
};
use crate::measure::{Moment, Talk, Wait};
use crate::source::freeswitch::cause;
use crate::source::freeswitch::history::{Kind, Note};
use crate::source::freeswitch_cdr::objects::Objects;
use crate::source::freeswitch_cdr::record::{Record, Station};
use crate::source::{Batch, Decode};

/// A caller who is moved this soon after the attendant's part was sent on by them; both are whole
/// seconds apart at most.
const SENT_ON_MS: i64 = 5_000;
/// A caller whose channel ends this soon after the queue let go has hung up.
const HUNG_UP_MS: i64 = 2_000;

/// Decodes call records.
#[derive(Debug, Default)]
pub struct Cdr {
    objects: Objects,
}

impl Decode for Cdr {
    fn feed(&mut self, bytes: &[u8], _: Moment, batch: &mut Batch) {
        self.objects.cut(bytes, |object| take(object, batch));
    }

    fn finish(&mut self, _: Moment, batch: &mut Batch) {
        self.objects.finish(|object| take(object, batch));
    }

    fn pending_bytes(&self) -> u64 {
        self.objects.pending_bytes()
    }

    fn rewind(&mut self) {
        self.objects.rewind();
    }
}

fn take(object: Result<(u64, &[u8]), Reject>, batch: &mut Batch) {
    let taken = object.and_then(|(byte, bytes)| {
        let reject = |reason, detail: String| Reject::new(format!("byte {byte}"), reason, detail, bytes);
        let record = Record::read(bytes).map_err(|why| reject(Reason::Malformed, why))?;
        events(&record, batch).map_err(|why| reject(Reason::BadField, why))
    });
    batch.rejects.extend(taken.err());
}

/// Events of one record, in order.
struct Told<'a> {
    record: &'a Record,
    call: SmolStr,
    batch: &'a mut Batch,
    count: u32,
}

impl Told<'_> {
    fn tell(&mut self, at: Moment, precision_ms: u16, kind: EventKind) {
        let end = self.record.get("end_uepoch");
        let detail = [kind.type_name(), &self.count.to_string()].concat();
        let parts = [self.record.core().as_bytes(), self.call.as_bytes(), end.as_bytes(), detail.as_bytes()];
        let stamp = Stamp { at, order: at, ordinal: self.count, precision_ms, evidence: Evidence::Journal };
        self.count += 1;
        self.batch.events.push(CallEvent {
            id: EventId::of(&parts),
            stamp,
            source: None,
            call: self.call.clone(),
            kind,
        });
    }
}

/// What a record tells of a caller's way. Records of other channels, those of phones that were rung
/// and of calls that saw no queue, tell nothing; why not, where one lacks what it should have.
fn events(record: &Record, batch: &mut Batch) -> Result<(), String> {
    let queue = SmolStr::new(record.get("cc_queue"));
    if queue.is_empty() || record.get("cc_side") == "agent" {
        return Ok(());
    }
    let call = SmolStr::new(record.get("uuid"));
    let joined = record.second("cc_queue_joined_epoch").ok_or("cc_queue_joined_epoch is no time")?;
    let end = record.micros("end_uepoch").ok_or("end_uepoch is no time")?;
    if call.is_empty() {
        return Err("a record without uuid".to_owned());
    }
    let mut told = Told { record, call, batch, count: 0 };
    if let Some(at) = record.micros("start_uepoch") {
        told.tell(at, 1, EventKind::CallStarted { dialled: None, is_part: false });
    }
    told.tell(joined, 1000, EventKind::VisitEntered { queue: queue.clone(), visit: None });
    let ends_by = match record.get("sip_hangup_disposition").split('_').next() {
        Some("recv") => EndedBy::Caller,
        _ => EndedBy::System,
    };
    match (record.second("cc_queue_answered_epoch"), record.second("cc_queue_canceled_epoch")) {
        (Some(answered), _) => {
            let agent = Some(SmolStr::new(record.get("cc_agent"))).filter(|agent| !agent.is_empty());
            let wait = Some(Wait::from_ms(answered - joined));
            told.tell(
                answered,
                1000,
                EventKind::VisitAnswered { queue: queue.clone(), visit: None, agent, wait, ring: None },
            );
            let over = record.second("cc_queue_terminated_epoch").unwrap_or(end);
            let talk = Some(Talk::from_ms(over - answered));
            told.tell(over, 1000, EventKind::ConversationEnded { queue: Some(queue), talk, wait, by: None });
            transfers(&mut told, answered, over, end);
        }
        (None, left) => {
            let left = left.unwrap_or(end);
            let outcome = match record.get("cc_cancel_reason").as_str() {
                "TIMEOUT" | "NO_AGENT_TIMEOUT" => LeftOutcome::Overflowed,
                "EXIT_WITH_KEY" => LeftOutcome::KeyExit,
                _ if end - left <= HUNG_UP_MS => LeftOutcome::Abandoned,
                _ => LeftOutcome::System,
            };
            let wait = Some(Wait::from_ms(left - joined));
            told.tell(left, 1000, EventKind::VisitLeft { queue, visit: None, outcome, wait });
        }
    }
    told.tell(end, 1, EventKind::CallEnded { by: Some(ends_by) });
    Ok(())
}

/// A transfer, by the stations of the call that belong to it.
struct Sent {
    kind: TransferKind,
    target: String,
    started: Moment,
    precision_ms: u16,
    answered: Option<Moment>,
}

fn transfers(told: &mut Told<'_>, answered: Moment, over: Moment, end: Moment) {
    let mut sent: Vec<Sent> = Vec::new();
    let notes = told.record.notes();
    let mut stations = told.record.stations();
    for station in &mut stations {
        // Some switches stamp every station with the call's beginning; their note of the transfer has
        // the second of it.
        let second = notes.iter().filter_map(|text| Note::read(text)).find_map(|note| match note.kind {
            Kind::Blind(number) if number == station.number => Some(Moment::from_seconds(note.second)),
            _ => None,
        });
        station.since = station.since.max(second.unwrap_or(station.since));
    }
    for Station { number, since, bridged } in stations.into_iter().filter(|station| station.since > answered) {
        let was_sent_on = match sent.last() {
            // What moves the caller on from there is the dialplan, or whoever answered there.
            Some(last) => last.answered.is_some(),
            None => since - over <= SENT_ON_MS,
        };
        if was_sent_on {
            let (kind, started) = (TransferKind::Blind, since);
            sent.push(Sent { kind, target: number, started, precision_ms: 1, answered: bridged });
        } else if let Some(last) = sent.last_mut() {
            last.answered = last.answered.or(bridged);
        }
    }
    for text in &notes {
        if let Some(Note { second, kind: Kind::Attended }) = Note::read(text)
            && let Some((_, to)) = text.rsplit_once('/')
        {
            // Whoever is handed over to has been asked, and has answered.
            let target = to.split('@').next().unwrap_or_default().to_owned();
            let started = Moment::from_seconds(second);
            let answered = Some(started);
            sent.push(Sent { kind: TransferKind::Attended, target, started, precision_ms: 1000, answered });
        }
    }
    let count = sent.len();
    for (place, sent) in sent.into_iter().enumerate() {
        let is_last = place + 1 == count;
        transfer(told, sent, is_last, end);
    }
}

fn transfer(told: &mut Told<'_>, sent: Sent, is_last: bool, end: Moment) {
    let Sent { kind, target, started, precision_ms, answered } = sent;
    let transfer = SmolStr::new(format!("{}-{target}", started.0));
    let target = SmolStr::new(target);
    let began = EventKind::TransferStarted { transfer: transfer.clone(), kind, target, queue: None, agent: None };
    told.tell(started, precision_ms, began);
    let voicemail = told.record.voicemail().filter(|at| is_last && *at >= started);
    if let Some(at) = answered {
        told.tell(at, precision_ms, EventKind::TransferAnswered { transfer, by: AnsweredBy::Person });
    } else if let Some(at) = voicemail {
        told.tell(at, 1, EventKind::TransferAnswered { transfer, by: AnsweredBy::Voicemail });
    } else if is_last {
        // The record keeps the cause of the last phone only; of those before it nobody can tell.
        let cause = told.record.get("originate_disposition");
        if !matches!(cause.as_str(), "" | "SUCCESS" | "ANSWER") {
            told.tell(end, 1, EventKind::TransferFailed { transfer, result: cause::ended(&cause).result() });
        }
    }
}
