//! Asterisk's call detail records: one row for each pair of channels that met.
//!
//! A queue writes a row for each phone that rang, so rows of one queue in a row are one stay. What
//! the rows do not hold is when the caller entered the queue and when the attendant answered: the
//! greeting answers the call, and the row of the first phone begins with it. So waits are untold.
//! A caller whom the queue refused, or for whom no phone rang, leaves no row of the queue.
//!
//! The first row of a call that was sent on blind names the extension in place of the number that
//! was dialled. A consultation is rows of other channels; the channels that they have in common
//! with the caller's tie them to the call.

use smallvec::SmallVec;
use smol_str::{SmolStr, format_smolstr};

use crate::event::json::Unusable;
use crate::event::{AnsweredBy, LeftOutcome, TransferKind, TransferResult};
use crate::measure::{Moment, Untold};
use crate::source::records::row::Row;
use crate::source::records::story::{Keys, Leg, LegEnd, More, Stay, StayEnd, Story, Teller, When};

/// `Master.csv` of cdr_csv with `loguniqueid` and `loguserfield`.
pub const MASTER: &str = r#"
columns = ["accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata",
    "start", "answer", "end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield"]
rounding = "down"
patience = "2h"
[times]
start = "%Y-%m-%d %H:%M:%S"
answer = "%Y-%m-%d %H:%M:%S"
end = "%Y-%m-%d %H:%M:%S"
"#;

/// A file of cdr_custom.
pub const CUSTOM: &str = r#"
columns = ["start", "answer", "end", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata",
    "duration", "billsec", "disposition", "uniqueid", "linkedid", "sequence"]
resolution = "1ms"
rounding = "down"
patience = "2h"
[times]
start = "epoch"
answer = "epoch"
end = "epoch"
"#;

/// Dial rows of one call that begin this near to each other ring one group.
const GROUP_MS: i64 = 1_000;

/// The story of both.
#[derive(Debug)]
pub struct Asterisk;

/// One row, its columns by name.
#[derive(Clone, Copy)]
struct Cdr<'a> {
    row: &'a Row,
    channel: &'a str,
    peer: &'a str,
    app: &'a str,
    start: When,
    end: When,
}

impl<'a> Cdr<'a> {
    fn of(row: &'a Row) -> Result<Self, Unusable> {
        Ok(Self {
            row,
            channel: row.text("channel").unwrap_or_default(),
            peer: row.text("dstchannel").unwrap_or_default(),
            app: row.text("lastapp").unwrap_or_default(),
            start: row.need_time("start")?.into(),
            end: row.need_time("end")?.into(),
        })
    }

    fn queue(&self) -> Option<&'a str> {
        let data = self.row.text("lastdata").filter(|_| self.app == "Queue")?;
        data.split(',').next().filter(|queue| !queue.is_empty())
    }

    /// Somebody was talked to; a queue that nobody rang for is "answered" by its greeting.
    fn is_answered(&self) -> bool {
        self.row.text("disposition") == Some("ANSWERED") && !self.peer.is_empty()
    }

    fn target(&self) -> &'a str {
        self.row.text("dst").unwrap_or_default()
    }

    fn is_local(&self) -> bool {
        self.channel.starts_with("Local/")
    }
}

/// Both halves of a Local channel are one.
fn whole(channel: &str) -> &str {
    channel.strip_suffix(";1").or_else(|| channel.strip_suffix(";2")).unwrap_or(channel)
}

/// `IAX2/trunk-5010` is a channel of `IAX2/trunk`.
fn device(channel: &str) -> &str {
    channel.rsplit_once('-').map_or(channel, |(device, _)| device)
}

impl Story for Asterisk {
    fn columns(&self) -> Vec<(SmolStr, bool)> {
        let needed = [
            "dst",
            "channel",
            "dstchannel",
            "lastapp",
            "lastdata",
            "start",
            "answer",
            "end",
            "disposition",
            "uniqueid",
        ];
        let needed = needed.map(|name| (SmolStr::new_static(name), true));
        needed.into_iter().chain([(SmolStr::new_static("linkedid"), false)]).collect()
    }

    fn keys(&self, row: &Row) -> Keys {
        // A channel that is numbered is never the same again; `Console/dsp` is.
        let is_numbered = |channel: &&str| channel.contains('-');
        let channels = ["channel", "dstchannel"].into_iter().filter_map(|name| row.text(name)).filter(is_numbered);
        let ids = ["uniqueid", "linkedid"].into_iter().filter_map(|name| row.text(name));
        channels.map(|channel| SmolStr::new(whole(channel))).chain(ids.map(|id| format_smolstr!("#{id}"))).collect()
    }

    fn more(&self, rows: &[Row]) -> More {
        // All rows of a channel are written when it is gone; those of a consultation long before the
        // caller's own.
        let is_callers = |row: &Row| {
            row.text("lastapp") == Some("Queue") && !row.text("channel").unwrap_or_default().starts_with("Local/")
        };
        if rows.iter().any(is_callers) { More::May } else { More::Must }
    }

    fn tell(&self, rows: &[Row], teller: &mut Teller<'_>) -> Result<(), Unusable> {
        let mut rows: Vec<Cdr<'_>> = rows.iter().map(Cdr::of).collect::<Result<_, _>>()?;
        rows.sort_by_key(|row| row.start.at);
        let callers = rows.iter().find(|row| row.queue().is_some() && !row.is_local());
        let first = callers.or_else(|| rows.iter().find(|row| !row.is_local())).or(rows.first());
        let Some(first) = first else { return Ok(()) };
        teller.call(first.row.need("uniqueid")?);
        let (own, others): (Vec<_>, Vec<_>) = rows.iter().copied().partition(|row| row.channel == first.channel);
        let mut call = Call { own: &own, others: &others, last: None, has_answer: false };
        teller.arrived(own[0].row, own[0].start, None);
        call.walk(teller);
        call.consultations(teller);
        let last = rows.iter().max_by_key(|row| row.end.at).unwrap_or(first);
        teller.ended(last.row, last.end);
        Ok(())
    }

    fn untold(&self) -> Vec<Untold> {
        vec![Untold::Wait, Untold::WayOut, Untold::Refused, Untold::Talk]
    }
}

/// One caller's rows and those of the attendants.
struct Call<'a> {
    own: &'a [Cdr<'a>],
    others: &'a [Cdr<'a>],
    /// The stay whose end is not told yet: queue, its first row, the last one so far.
    last: Option<(&'a str, Cdr<'a>, Cdr<'a>)>,
    has_answer: bool,
}

impl<'a> Call<'a> {
    fn walk(&mut self, teller: &mut Teller<'_>) {
        let own = self.own;
        let mut legs_told: SmallVec<[(&str, Moment); 2]> = SmallVec::new();
        for (at, row) in own.iter().enumerate() {
            match row.queue() {
                // Told by the consultation.
                Some(_) if self.is_handed_over(row) => {}
                Some(queue) => self.in_queue(queue, row, teller),
                None => {
                    self.leave(teller, true);
                    let is_of_group = legs_told
                        .iter()
                        .any(|(target, start)| *target == row.target() && (row.start.at - *start).abs() <= GROUP_MS);
                    if row.app == "Dial" && !is_of_group {
                        legs_told.push((row.target(), row.start.at));
                        self.dialled(&own[at..], teller);
                    }
                }
            }
        }
        self.leave(teller, false);
    }

    /// One more phone rang for the queue, or a new stay begins.
    fn in_queue(&mut self, queue: &'a str, row: &Cdr<'a>, teller: &mut Teller<'_>) {
        if let Some((known, _, last)) = &mut self.last {
            let is_same = *known == queue && (!last.is_answered() || row.start.at < last.end.at);
            if is_same {
                // Of phones that ring together one is answered, and the others are not.
                if !last.is_answered() {
                    *last = *row;
                }
                return;
            }
            let was_answered = last.is_answered();
            self.leave(teller, true);
            if was_answered {
                let end = if row.is_answered() {
                    answer_of(row)
                } else {
                    (LegEnd::Failed(TransferResult::NoAnswer), row.end)
                };
                let leg = Leg {
                    kind: TransferKind::Blind,
                    target: row.target(),
                    queue: None,
                    started: row.start,
                    end: Some(end),
                };
                teller.leg(row.row, &leg);
            }
        }
        self.last = Some((queue, *row, *row));
    }

    /// Tells the stay that is over. `goes_on`: the caller is still there.
    fn leave(&mut self, teller: &mut Teller<'_>, goes_on: bool) {
        let Some((queue, first, last)) = self.last.take() else { return };
        let is_answered = last.is_answered();
        let (outcome, when) = if is_answered {
            (StayEnd::Answered(Some(device(last.peer))), When::about(last.start.at))
        } else {
            let outcome = if goes_on { LeftOutcome::Overflowed } else { LeftOutcome::Abandoned };
            (StayEnd::Left(outcome), last.end)
        };
        let entered = When::about(first.start.at);
        teller.stay(first.row, &Stay { queue, entered, end: (outcome, when), wait_ms: None });
        if is_answered {
            self.has_answer = true;
            teller.over(last.row, queue, last.end, None);
        }
    }

    /// The caller's channel was dialled on. `rows`: this row and the later ones.
    fn dialled(&self, rows: &[Cdr<'a>], teller: &mut Teller<'_>) {
        let row = &rows[0];
        let together = |other: &&Cdr<'a>| {
            other.app == "Dial" && other.target() == row.target() && other.start.at - row.start.at <= GROUP_MS
        };
        let group: SmallVec<[&Cdr<'a>; 2]> = rows.iter().filter(together).collect();
        let last_end = group.iter().map(|row| row.end.at).max().unwrap_or(row.end.at);
        let after = rows.iter().filter(|later| later.start.at >= last_end).find(|later| !together(later));
        let said = |disposition: &str| group.iter().find(|row| row.row.text("disposition") == Some(disposition));
        let answered = group.iter().find(|row| row.is_answered());
        let end = match (answered, after) {
            (Some(row), _) => (LegEnd::Answered(self.answerer(row)), When::about(row.start.at)),
            (None, Some(next)) if next.app.starts_with("VoiceMail") => {
                (LegEnd::Answered(AnsweredBy::Voicemail), next.start)
            }
            (None, after) => {
                let result = if said("NO ANSWER").is_some() {
                    if after.is_some() { TransferResult::NoAnswer } else { TransferResult::CallerHungUp }
                } else if said("BUSY").is_some() {
                    TransferResult::Busy
                } else {
                    TransferResult::Unreachable
                };
                (LegEnd::Failed(result), row.end)
            }
        };
        let kind = if self.has_answer { TransferKind::Blind } else { TransferKind::Direct };
        teller.leg(row.row, &Leg { kind, target: row.target(), queue: None, started: row.start, end: Some(end) });
    }

    /// A call out by the line that the caller came in by goes to a number outside.
    fn answerer(&self, row: &Cdr<'a>) -> AnsweredBy {
        let nested = self.others.iter().find(|other| other.is_local() && whole(other.channel) == whole(row.peer));
        let peer = nested.map_or(row.peer, |nested| nested.peer);
        let line = self.own.first().map(|own| device(own.channel));
        if line == Some(device(peer)) { AnsweredBy::External } else { AnsweredBy::Person }
    }

    /// The caller's row with the party that an attendant consulted.
    fn is_handed_over(&self, row: &Cdr<'a>) -> bool {
        self.consulted().any(|other| is_with(row, other))
    }

    fn consulted(&self) -> impl Iterator<Item = &'a Cdr<'a>> {
        let own = self.own;
        self.others.iter().filter(move |other| {
            let is_forward = own.iter().any(|row| row.app == "Dial" && whole(row.peer) == whole(other.channel));
            other.app == "Dial" && !is_forward
        })
    }

    fn consultations(&self, teller: &mut Teller<'_>) {
        let mut told: SmallVec<[&str; 2]> = SmallVec::new();
        for row in self.consulted() {
            if !self.has_answer || told.contains(&row.channel) {
                continue;
            }
            told.push(row.channel);
            let group: SmallVec<[&Cdr<'a>; 2]> =
                self.consulted().filter(|other| other.channel == row.channel).collect();
            let completed = self.own.iter().find(|own| group.iter().any(|other| is_with(own, other)));
            let answered = group.iter().find(|other| other.is_answered());
            let answered_at = answered.and_then(|row| row.row.time("answer")).map(When::from);
            // The attendant's own row with it ends when the attendant lets go.
            let let_go = self
                .others
                .iter()
                .find(|other| other.app != "Dial" && !other.is_local() && whole(other.peer) == whole(row.channel));
            let let_go = let_go.map(|attendant| attendant.end.at);
            let is_blonde =
                completed.is_some() && let_go.is_some_and(|at| answered_at.is_none_or(|answered| answered.at > at));
            let kind = if is_blonde { TransferKind::Blonde } else { TransferKind::Attended };
            let end = if let Some(row) = answered {
                (LegEnd::Answered(AnsweredBy::Person), answered_at.unwrap_or(row.start))
            } else {
                let is_busy = group.iter().any(|other| other.row.text("disposition") == Some("BUSY"));
                let result = if is_busy { TransferResult::Busy } else { TransferResult::NoAnswer };
                (LegEnd::Failed(result), row.end)
            };
            teller.leg(row.row, &Leg { kind, target: row.target(), queue: None, started: row.start, end: Some(end) });
            if answered.is_some() && completed.is_none() {
                teller.taken_back(row.row, row.end);
            }
        }
    }
}

fn is_with(own: &Cdr<'_>, other: &Cdr<'_>) -> bool {
    !own.peer.is_empty() && (whole(own.peer) == whole(other.channel) || own.peer == other.peer)
}

fn answer_of(row: &Cdr<'_>) -> (LegEnd, When) {
    (LegEnd::Answered(AnsweredBy::Person), When::about(row.start.at))
}
