//! What rows say of channels and queues.
//!
//! A queue is seen by the application that a channel runs: by `APP_START` and `APP_END` where the
//! switch logs them for it (`apps=queue,dial` in cel.conf), else by the music that begins and ends.

use ahash::AHashMap;
use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::event::{EndedBy, Evidence, LeftOutcome, RefusedReason};
use crate::measure::{Moment, Ring};
use crate::source::Batch;
use crate::source::asterisk::Story;
use crate::source::asterisk::channel::{CHANNELS_MAX, Seen};
use crate::source::asterisk::consult::HandedOver;
use crate::source::asterisk::story::SwitchClock;
use crate::source::asterisk::visit::Connected;
use crate::source::asterisk_cel::dialled::{Pending, Rung};
use crate::source::asterisk_cel::row::Row;

/// A queue that lets a caller go this soon, without a sound, would not take them.
const REFUSED_MS: i64 = 50;
/// A key that was pressed this shortly before the caller left was what they left by.
const BY_KEY_MS: i64 = 500;
/// A channel of which nothing is heard for this long was lost with a switch that went down.
const STALE_MS: i64 = 6 * 60 * 60 * 1000;

/// Channels, as the rows so far have told.
#[derive(Debug, Default)]
pub struct Telling {
    pub(super) story: Story,
    pub(super) channels: AHashMap<SmolStr, Known>,
    /// Channels that share a Linkedid, in the order in which they began.
    pub(super) by_link: AHashMap<SmolStr, SmallVec<[SmolStr; 2]>>,
    bridges: AHashMap<SmolStr, SmallVec<[SmolStr; 2]>>,
    /// Phones that stopped ringing, and it is not yet known why.
    pub(super) pending: Vec<Pending>,
    swept: Moment,
}

/// A channel.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Its name.
    pub name: SmolStr,
    /// Its Linkedid.
    pub linkedid: SmolStr,
    /// What it first dialled, or was dialled as.
    pub dialled: SmolStr,
    /// When it began.
    pub since: Moment,
    /// When it was last heard of.
    pub last: Moment,
    /// It rings others by an application that said that it started: since when.
    pub dials: Option<Moment>,
    /// When it answered.
    pub answered: Option<Moment>,
    /// How it came to ring.
    pub rung: Rung,
    /// It is in a queue, or was and talks to whoever answered.
    pub stay: Option<Stay>,
    /// A queue began to ring phones for it at this moment, though it was not seen to enter.
    pub rung_for: Option<Moment>,
    bridge: Option<SmolStr>,
    key: Option<Moment>,
}

/// One stay in a queue.
#[derive(Clone, Debug)]
pub struct Stay {
    queue: SmolStr,
    since: Moment,
    /// Nobody has answered yet.
    pub is_waiting: bool,
    /// The music or the announcement ended at this moment, and no other has begun.
    quiet: Option<Moment>,
    /// Something was heard or rung.
    is_served: bool,
}

impl Telling {
    /// The Linkedid that a channel had until now.
    pub fn linkedid_of(&self, id: &str) -> Option<&SmolStr> {
        self.channels.get(id).map(|known| &known.linkedid)
    }

    /// Tells what one row says.
    pub fn take(&mut self, row: &Row, batch: &mut Batch) {
        self.story.pass(SwitchClock { now: row.at, evidence: Evidence::Journal });
        self.settle_due(row.at);
        self.sweep(row.at);
        if row.kind == "CHAN_START" {
            self.starts(row);
        } else {
            self.note(row);
            self.how_it_came_to_ring(row);
            self.happens(row);
        }
        batch.events.extend(self.story.drain());
    }

    /// The log has ended: what waited for more rows is decided.
    pub fn finish(&mut self, batch: &mut Batch) {
        let now = self.story.now();
        self.settle_due(now.plus_ms(i64::from(u32::MAX)));
        self.story.pass(SwitchClock { now: now.plus_ms(60_000), evidence: Evidence::Journal });
        self.story.pass(SwitchClock { now, evidence: Evidence::Journal });
        batch.events.extend(self.story.drain());
    }

    fn starts(&mut self, row: &Row) {
        if self.channels.len() >= CHANNELS_MAX {
            return;
        }
        self.see(row);
        let known = Known {
            name: row.channel.clone(),
            linkedid: row.linkedid.clone(),
            dialled: row.exten.clone(),
            since: row.at,
            last: row.at,
            ..Known::default()
        };
        self.channels.insert(row.id.clone(), known);
        self.by_link.entry(row.linkedid.clone()).or_default().push(row.id.clone());
        if row.linkedid == row.id {
            if is_extension(&row.exten) {
                self.story.calls_in(&row.id);
            }
        } else {
            self.begins_to_ring(row);
        }
    }

    fn see(&mut self, row: &Row) {
        let seen = Seen { id: &row.id, name: &row.channel, linkedid: &row.linkedid, exten: &row.exten };
        self.story.see(seen);
    }

    /// What every row tells in passing.
    fn note(&mut self, row: &Row) {
        let is_gone = matches!(row.kind.as_str(), "HANGUP" | "CHAN_END" | "LINKEDID_END");
        if !self.channels.contains_key(&row.id) {
            if is_gone || self.channels.len() >= CHANNELS_MAX {
                return;
            }
            // The log begins in the middle of this call.
            let known =
                Known { name: row.channel.clone(), linkedid: row.linkedid.clone(), since: row.at, ..Known::default() };
            self.channels.insert(row.id.clone(), known);
            self.by_link.entry(row.linkedid.clone()).or_default().push(row.id.clone());
        }
        self.see(row);
        let Some(known) = self.channels.get_mut(&row.id) else { return };
        known.last = row.at;
        if known.linkedid != row.linkedid && !row.linkedid.is_empty() {
            let before = std::mem::replace(&mut known.linkedid, row.linkedid.clone());
            self.unlink(&before, &row.id);
            self.by_link.entry(row.linkedid.clone()).or_default().push(row.id.clone());
        }
        let Some(stay) = self.channels.get(&row.id).and_then(|known| known.stay.as_ref()) else { return };
        let has_moved_on = !row.app.is_empty() && (row.app != "Queue" || queue_in(&row.data) != stay.queue);
        if has_moved_on && !is_gone {
            self.leaves_queue(row);
        }
    }

    fn unlink(&mut self, linkedid: &SmolStr, id: &SmolStr) {
        if let Some(ids) = self.by_link.get_mut(linkedid) {
            ids.retain(|known| known != id);
            if ids.is_empty() {
                self.by_link.remove(linkedid);
            }
        }
    }

    fn happens(&mut self, row: &Row) {
        match row.kind.as_str() {
            "APP_START" => self.app_starts(row),
            "APP_END" => self.app_ends(row),
            "STREAM_BEGIN" | "STREAM_END" => self.sounds(row),
            "DTMF" => self.known(row, |known| known.key = Some(row.at)),
            "ANSWER" => {
                self.known(row, |known| known.answered = known.answered.or(Some(row.at)));
                self.story.dial_ends(&row.id, "ANSWER");
            }
            "BRIDGE_ENTER" | "BRIDGE_START" => self.enters_bridge(row),
            "BRIDGE_EXIT" | "BRIDGE_END" => {
                self.leave_bridge(&row.id);
                self.story.bridged(&row.id, false);
            }
            "BLINDTRANSFER" => self.sent_on(row),
            "ATTENDEDTRANSFER" => self.handed_over(row),
            "PICKUP" => self.story.picks_up(&row.id),
            // Which of the phones it was that forwards is not told.
            "FORWARD" => self.story.forwards(&row.id, None, &row.extra.forward),
            "HANGUP" | "CHAN_END" => self.gone(row),
            // Anything else is sound, parking, or a word of the site's own.
            _ => {}
        }
    }

    fn known(&mut self, row: &Row, change: impl FnOnce(&mut Known)) {
        if let Some(known) = self.channels.get_mut(&row.id) {
            change(known);
        }
    }

    fn app_starts(&mut self, row: &Row) {
        let exten = row.exten.clone();
        // A table without the column of applications has those that dial, as a rule.
        let is_dialling = matches!(row.app.as_str(), "" | "Dial" | "Queue" | "RetryDial" | "FollowMe");
        self.known(row, |known| {
            known.dials = if is_dialling { Some(row.at) } else { known.dials };
            if is_extension(&exten) {
                known.dialled = exten;
            }
        });
        match row.app.as_str() {
            "Queue" => self.enters_queue(row, row.at),
            "VoiceMail" => self.story.reaches_voicemail(&row.id),
            _ => {}
        }
    }

    fn app_ends(&mut self, row: &Row) {
        self.known(row, |known| known.dials = None);
        if row.app == "Queue" {
            self.leaves_queue(row);
        }
    }

    fn sounds(&mut self, row: &Row) {
        if row.app != "Queue" {
            return;
        }
        let is_begin = row.kind == "STREAM_BEGIN";
        let Some(known) = self.channels.get_mut(&row.id) else { return };
        let is_free = known.stay.as_ref().is_none_or(|stay| !stay.is_waiting) && known.bridge.is_none();
        match &mut known.stay {
            // It talked, and waits once more.
            _ if is_begin && is_free => self.enters_queue(row, row.at),
            Some(stay) => {
                stay.is_served = true;
                stay.quiet = (!is_begin).then_some(row.at);
            }
            None => {}
        }
    }

    fn enters_queue(&mut self, row: &Row, at: Moment) {
        if self.channels.get(&row.id).is_some_and(|known| known.stay.is_some()) {
            self.leaves_queue(row);
        }
        let queue = queue_in(&row.data);
        self.story.at(at, |story| story.joins(&row.id, queue, None));
        self.known(row, |known| {
            let is_served = row.kind != "APP_START";
            known.stay = Some(Stay { queue: queue.into(), since: at, is_waiting: true, quiet: None, is_served });
            known.rung_for = None;
        });
    }

    /// A caller who was in a queue runs something else.
    fn leaves_queue(&mut self, row: &Row) {
        let Some(known) = self.channels.get_mut(&row.id) else { return };
        let Some(stay) = known.stay.take().filter(|stay| stay.is_waiting) else { return };
        let at = stay.quiet.unwrap_or(row.at);
        let by_key = known.key.is_some_and(|key| (0..=BY_KEY_MS).contains(&(at - key))) || is_one_key(&row.exten);
        let outcome = if by_key { LeftOutcome::KeyExit } else { LeftOutcome::Overflowed };
        let was_refused = row.kind == "APP_END" && !stay.is_served && at - stay.since <= REFUSED_MS;
        self.story.at(at, |story| {
            if was_refused {
                // Full or without attendants: the log does not say which.
                story.refused(&row.id, &stay.queue, RefusedReason::Empty);
            } else {
                story.left(&row.id, &stay.queue, outcome);
            }
        });
    }

    fn enters_bridge(&mut self, row: &Row) {
        let late = self.channels.get(&row.id).filter(|known| known.stay.is_none()).and_then(|known| known.rung_for);
        if let (Some(since), "Queue") = (late, row.app.as_str()) {
            self.enters_queue(row, since);
        }
        let bridge = match (row.extra.bridge_id.as_str(), row.peer.as_str()) {
            // Without bridges told, whoever is part of one call meets.
            ("", _) => SmolStr::new(format!("of {}", row.linkedid)),
            (bridge, _) => bridge.into(),
        };
        self.leave_bridge(&row.id);
        self.known(row, |known| known.bridge = Some(bridge.clone()));
        let members = self.bridges.entry(bridge.clone()).or_default();
        members.push(row.id.clone());
        let members = members.clone();
        self.meet(&members, row.at);
        self.story.bridged(&row.id, true);
        if row.kind == "BRIDGE_START" {
            // Asterisk 11 and older say it once, of whoever rang; the other is whoever answered.
            let other = self.answered_leg_of(&row.id, &row.peer);
            if let Some(other) = other {
                self.story.bridged(&other, true);
            }
        }
    }

    fn answered_leg_of(&self, by: &SmolStr, peer: &SmolStr) -> Option<SmolStr> {
        let linkedid = &self.channels.get(by)?.linkedid;
        let is_theirs = |known: &Known| match peer.as_str() {
            "" => known.answered.is_some() && known.rung == Rung::By(by.clone()),
            name => known.name == name,
        };
        let together = self.by_link.get(linkedid)?;
        together.iter().find(|id| self.channels.get(*id).is_some_and(is_theirs)).cloned()
    }

    fn leave_bridge(&mut self, id: &SmolStr) {
        let Some(bridge) = self.channels.get_mut(id).and_then(|known| known.bridge.take()) else { return };
        if let Some(members) = self.bridges.get_mut(&bridge) {
            members.retain(|member| member != id);
            if members.is_empty() {
                self.bridges.remove(&bridge);
            }
        }
    }

    /// A caller who waits in a queue and another share a bridge: that is the answer.
    fn meet(&mut self, members: &[SmolStr], now: Moment) {
        let is_waiting = |id: &&SmolStr| {
            self.channels.get(*id).and_then(|known| known.stay.as_ref()).is_some_and(|stay| stay.is_waiting)
        };
        let Some(caller) = members.iter().find(is_waiting) else { return };
        let Some(other) = members.iter().find(|member| *member != caller) else { return };
        let ring = self.channels.get(other).map(|other| Ring::from_ms(other.answered.unwrap_or(now) - other.since));
        let Some(stay) = self.channels.get_mut(caller).and_then(|known| known.stay.as_mut()) else { return };
        stay.is_waiting = false;
        let queue = stay.queue.clone();
        // The log names phones and not attendants.
        let told = Connected { caller, queue: &queue, agent: "", attendant: other, wait_s: None, ring };
        self.story.connects(told);
    }

    fn sent_on(&mut self, row: &Row) {
        let told = &row.extra.transferee_channel_uniqueid;
        let members = self.bridges.get(&row.extra.bridge_id);
        let other = || members.and_then(|members| members.iter().find(|member| **member != row.id));
        let Some(id) = Some(told).filter(|id| !id.is_empty()).or_else(other).cloned() else { return };
        if let Some(known) = self.channels.get_mut(&id) {
            known.stay = None;
        }
        self.story.blind_transfer(&id, &row.extra.extension);
    }

    fn handed_over(&mut self, row: &Row) {
        let told = HandedOver {
            transferee: &row.extra.transferee_channel_uniqueid,
            first: &row.id,
            second: &row.extra.channel2_uniqueid,
            target: &row.extra.transfer_target_channel_uniqueid,
        };
        if let Some(known) = self.channels.get_mut(told.transferee) {
            known.stay = None;
        }
        self.story.attended_transfer(told);
    }

    fn gone(&mut self, row: &Row) {
        let Some(known) = self.channels.get(&row.id) else { return };
        let source = row.extra.hangupsource.as_str();
        let (is_own, is_dialplan) = (source == known.name, source.starts_with("dialplan/"));
        let waiting = known.stay.as_ref().filter(|stay| stay.is_waiting).cloned();
        if let Some(stay) = waiting {
            if is_dialplan {
                self.leaves_queue(row);
            } else {
                self.story.left(&row.id, &stay.queue, LeftOutcome::Abandoned);
            }
        }
        if !source.is_empty() {
            self.story.hangup_requested(&row.id, !is_own);
        }
        let by_caller = self.story.is_caller_named(&row.id, source);
        self.story.talk_over(&row.id, if by_caller { EndedBy::Caller } else { EndedBy::Agent });
        self.settle_rung_by(&row.id, &row.extra.dialstatus);
        self.leave_bridge(&row.id);
        if let Some(known) = self.channels.remove(&row.id) {
            self.unlink(&known.linkedid, &row.id);
            self.stops_ringing(row, &known);
        }
    }

    /// Channels that went down with their switch would be remembered for ever.
    fn sweep(&mut self, now: Moment) {
        if now - self.swept < STALE_MS {
            return;
        }
        self.swept = now;
        let stale = |known: &Known| now - known.last > STALE_MS;
        let gone: Vec<SmolStr> =
            self.channels.iter().filter(|(_, known)| stale(known)).map(|(id, _)| id.clone()).collect();
        for id in gone {
            self.leave_bridge(&id);
            self.story.forget_channel(&id);
            if let Some(known) = self.channels.remove(&id) {
                self.unlink(&known.linkedid, &id);
            }
        }
    }
}

/// The queue's name in the arguments of the application.
fn queue_in(data: &str) -> &str {
    data.split(',').next().unwrap_or_default()
}

/// A number that somebody dialled, and not a place in the dialplan: those are `s` and `h`, and
/// whatever words a site calls its own scripts by.
pub(super) fn is_extension(exten: &str) -> bool {
    exten.contains(|letter: char| letter.is_ascii_digit())
}

fn is_one_key(exten: &str) -> bool {
    exten.len() == 1 && exten.starts_with(|key: char| key.is_ascii_digit() || key == '*' || key == '#')
}
