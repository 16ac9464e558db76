//! Which channel rings which. The log does not say; it follows from who is dialling at the time a
//! channel begins, and from what the rung channel says of itself later.
//!
//! Nor does it say why a phone stopped ringing, unless the phone gave a cause: whoever rang it says
//! so when hanging up (`dialstatus`), and if that does not come at once it went on, so that the
//! phone has rung out or another was quicker.

use smol_str::SmolStr;

use crate::measure::Moment;
use crate::source::asterisk::Story;
use crate::source::asterisk::attempt::{of_cause, of_status};
use crate::source::asterisk::channel::local_extension;
use crate::source::asterisk_cel::row::Row;
use crate::source::asterisk_cel::telling::{Known, Telling, is_extension};

/// A caller who hangs up is gone within some milliseconds of the phones that rang for them.
const SETTLED_MS: i64 = 500;

/// How a channel came to ring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rung {
    /// It was not rung, or not by anybody's call.
    #[default]
    Not,
    /// By this channel, and that has been told.
    By(SmolStr),
    /// Not yet known.
    Unknown,
}

/// A phone that stopped ringing.
#[derive(Clone, Debug)]
pub struct Pending {
    id: SmolStr,
    by: SmolStr,
    at: Moment,
    cause: u16,
}

impl Telling {
    /// A channel begins within another's call.
    pub(super) fn begins_to_ring(&mut self, row: &Row) {
        let is_local = local_extension(&row.channel).is_some();
        if is_local && row.channel.ends_with(";2") {
            // The far half begins with the near one.
            return;
        }
        let (caller, ringer) = (row.linkedid.clone(), self.ringer(row));
        let by = match ringer {
            Some(ringer) => ringer,
            None if self.story.is_sent_on(&caller) => caller,
            // An attendant's question runs over a Local channel that nobody dials.
            None if is_local && self.story.is_being_helped(&caller) => return,
            None if is_local => {
                let exten = local_extension(&row.channel).filter(|exten| is_extension(exten)).unwrap_or_default();
                return self.rings(&caller, &row.id, exten, row.at);
            }
            None => {
                self.mark(&row.id, Rung::Unknown);
                return;
            }
        };
        let exten = self.dialled_by(&by);
        self.rings(&by, &row.id, &exten, row.at);
    }

    /// The channel of the same call that dials: by its own word the latest to have begun, or the far
    /// half of a Local channel that has reached nobody, or whoever waits in a queue.
    fn ringer(&self, row: &Row) -> Option<SmolStr> {
        let others = || self.by_link.get(&row.linkedid).into_iter().flatten().filter(|id| **id != row.id);
        let known = |id: &SmolStr| self.channels.get(id);
        let by_word = others()
            .filter(|id| known(id).is_some_and(|known| known.dials.is_some() && !self.story.is_bridged(id)))
            .max_by_key(|id| known(id).and_then(|known| known.dials));
        let is_far_half = |id: &&SmolStr| {
            known(id).is_some_and(|far| {
                local_extension(&far.name).is_some()
                    && far.name.ends_with(";2")
                    && far.stay.is_none()
                    && !self.story.is_bridged(id)
                    && far.name.trim_end_matches(";2") != row.channel.trim_end_matches(";1")
            })
        };
        let waits = |id: &&SmolStr| known(id).and_then(|known| known.stay.as_ref()).is_some_and(|stay| stay.is_waiting);
        by_word.or_else(|| others().rfind(is_far_half)).or_else(|| others().rfind(waits)).cloned()
    }

    /// The extension that a channel dialled; empty where it ran a place in the dialplan.
    fn dialled_by(&self, id: &SmolStr) -> SmolStr {
        let dialled = self.channels.get(id).map(|known| known.dialled.clone());
        dialled.filter(|dialled| is_extension(dialled)).unwrap_or_default()
    }

    fn mark(&mut self, id: &SmolStr, rung: Rung) {
        if let Some(known) = self.channels.get_mut(id) {
            known.rung = rung;
        }
    }

    fn rings(&mut self, by: &SmolStr, id: &SmolStr, exten: &str, at: Moment) {
        self.mark(id, Rung::By(by.clone()));
        self.story.at(at, |story| story.dial_begins(by, id, exten));
    }

    /// A rung channel says by what it was rung.
    pub(super) fn how_it_came_to_ring(&mut self, row: &Row) {
        let Some(known) = self.channels.get(&row.id).filter(|known| known.rung == Rung::Unknown) else { return };
        let (since, caller) = (known.since, known.linkedid.clone());
        let first = self.dialled_by(&caller);
        match row.app.as_str() {
            "AppQueue" => {
                self.mark(&row.id, Rung::Not);
                if let Some(caller) = self.channels.get_mut(&caller) {
                    caller.rung_for = Some(caller.rung_for.map_or(since, |known| known.min(since)));
                }
            }
            "AppDial2" => self.mark(&row.id, Rung::Not),
            _ => {
                let exten = if is_extension(&row.exten) { row.exten.as_str() } else { first.as_str() };
                self.rings(&caller, &row.id, exten, since);
            }
        }
    }

    /// A channel is gone, and with it what it may have been ringing.
    pub(super) fn stops_ringing(&mut self, row: &Row, known: &Known) {
        let cause = row.extra.hangupcause;
        match &known.rung {
            Rung::By(by) if of_cause(cause).is_none() && self.story.is_ringing_leg(&row.id) => {
                self.pending.push(Pending { id: row.id.clone(), by: by.clone(), at: row.at, cause });
            }
            _ => self.story.hangup(&row.id, cause),
        }
    }

    /// Whoever rang has hung up, with this last word.
    pub(super) fn settle_rung_by(&mut self, by: &SmolStr, status: &str) {
        let (settled, pending) = std::mem::take(&mut self.pending).into_iter().partition(|pending| pending.by == *by);
        self.pending = pending;
        let status = if of_status(status).is_some() { status } else { "CANCEL" };
        self.settle(settled, |_, _| status);
    }

    /// Those whose ringer has gone on have rung out, unless another phone was answered.
    pub(super) fn settle_due(&mut self, now: Moment) {
        if self.pending.is_empty() {
            return;
        }
        let is_due = |pending: &Pending| now - pending.at > SETTLED_MS || now < pending.at;
        let (settled, pending) = std::mem::take(&mut self.pending).into_iter().partition(is_due);
        self.pending = pending;
        self.settle(settled, |story, pending| if story.is_bridged(&pending.by) { "CANCEL" } else { "NOANSWER" });
    }

    fn settle<'a>(&mut self, settled: Vec<Pending>, status: impl Fn(&Story, &Pending) -> &'a str) {
        for pending in settled {
            let status = status(&self.story, &pending);
            self.story.at(pending.at, |story| {
                story.dial_ends(&pending.id, status);
                story.hangup(&pending.id, pending.cause);
            });
        }
    }
}
