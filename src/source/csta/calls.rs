//! Calls and their connections, under names that last.
//!
//! A call's number is given to another call when it is over, and changes when a call is transferred:
//! so a call is named by its first number and the moment it was first seen, and a connection keeps
//! its name through a transfer. The caller's own connection is the call; no number of a caller is in
//! any name.

use std::collections::BTreeMap;

use ahash::{AHashMap, AHashSet};
use smol_str::{SmolStr, format_smolstr};

use crate::event::Evidence;
use crate::measure::Moment;
use crate::names::CallName;
use crate::source::asterisk::Story;
use crate::source::asterisk::channel::Seen;
use crate::source::asterisk::story::SwitchClock;

/// Most calls known at a time, which is more than any switch has lines. One that never says that calls
/// end is forgotten whole when it comes to this.
const CALLS_MAX: usize = 50_000;
/// Most devices of one call; large groups ring some dozens. Further ones are not followed.
const DEVICES_MAX: usize = 200;
/// A call of which nothing has been heard for this long was lost.
const STALE_MS: i64 = 12 * 60 * 60 * 1000;

/// Everything that goes on.
#[derive(Debug, Default)]
pub struct Calls {
    pub(super) story: Story,
    pub(super) by_number: AHashMap<SmolStr, Call>,
    /// Devices that are monitored; `None` where nobody has said.
    pub(super) monitored: Option<AHashSet<SmolStr>>,
    /// Devices that are queues.
    pub(super) queues: AHashSet<SmolStr>,
    /// Which call goes on under which number, from before the line broke.
    pub(super) in_flight: BTreeMap<SmolStr, CallName>,
}

/// One call, under its present number.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Its name: that of its caller's connection.
    pub name: SmolStr,
    /// The caller's device.
    pub caller: SmolStr,
    /// The queue that it waits in.
    pub waiting: Option<SmolStr>,
    /// Its other connections, by device.
    pub others: BTreeMap<SmolStr, Other>,
    /// It rang out at a unit and has come back to this device.
    pub back_at: Option<SmolStr>,
    /// When it was last heard of.
    pub last: Moment,
}

/// A connection that is not the caller's.
#[derive(Clone, Debug)]
pub struct Other {
    /// Its name.
    pub id: SmolStr,
    /// Since when it rings, or is otherwise known.
    pub since: Moment,
    /// It has been answered.
    pub is_answered: bool,
}

impl Calls {
    /// Our time is now this, which is all the time there is.
    pub fn pass(&mut self, now: Moment) {
        self.story.pass(SwitchClock { now, evidence: Evidence::Receiver });
    }

    /// The call of this number, made where there is none. `caller`: its calling device, where told.
    pub fn call(&mut self, number: &str, caller: &str) -> &mut Call {
        let now = self.story.now();
        if self.by_number.len() >= CALLS_MAX {
            self.by_number.retain(|_, call| now - call.last <= STALE_MS);
            if self.by_number.len() >= CALLS_MAX {
                self.forget();
            }
        }
        if !self.by_number.contains_key(number) {
            let known = self.in_flight.get(number).cloned();
            let name = known.unwrap_or_else(|| format_smolstr!("{number}@{}", now.0));
            see(&mut self.story, &name, caller, number, &name);
            self.by_number.insert(number.into(), Call { name, caller: caller.into(), ..Call::default() });
        }
        let call = self.by_number.entry(number.into()).or_default();
        if call.caller.is_empty() && !caller.is_empty() {
            call.caller = caller.into();
            self.story.is_device(&call.name, &format_smolstr!("{caller}-{number}"));
        }
        call.last = now;
        call
    }

    /// The connection of a call and a device; that of the caller is the call's own.
    pub fn connection(&mut self, number: &str, device: &str) -> SmolStr {
        let now = self.story.now();
        let Some(call) = self.by_number.get_mut(number) else { return SmolStr::default() };
        if call.caller == device {
            return call.name.clone();
        }
        if let Some(other) = call.others.get(device) {
            return other.id.clone();
        }
        if call.others.len() >= DEVICES_MAX {
            return SmolStr::default();
        }
        let id = format_smolstr!("{}/{device}", call.name);
        see(&mut self.story, &id, device, number, &call.name);
        call.others.insert(device.into(), Other { id: id.clone(), since: now, is_answered: false });
        id
    }

    /// The caller's connection of a call.
    pub fn caller(&self, number: &str) -> SmolStr {
        self.by_number.get(number).map(|call| call.name.clone()).unwrap_or_default()
    }

    /// Two calls have become one, or one has another number now.
    pub fn renumber(&mut self, old: &str, joined: Option<&str>, new: &str) {
        let Some(mut call) = self.by_number.remove(old) else { return };
        if let Some(joined) = joined.and_then(|joined| self.by_number.remove(joined)) {
            // Its caller was the attendant, who asked.
            call.others.extend(joined.others);
            call.others.insert(joined.caller, Other { id: joined.name, since: joined.last, is_answered: true });
        }
        self.by_number.insert(new.into(), call);
    }

    /// Whether what a device does can be seen.
    pub fn is_seen(&self, device: &str) -> bool {
        self.monitored.as_ref().is_none_or(|monitored| monitored.contains(device))
    }

    /// The switch has started anew: what went on before is lost, and its numbers begin anew.
    pub fn forget(&mut self) {
        self.by_number.clear();
        self.in_flight.clear();
        self.story.forget();
    }

    /// Nothing more will be heard of a call: nobody can tell how it ends.
    pub fn out_of_sight(&mut self, number: &str) {
        let Some(call) = self.by_number.remove(number) else { return };
        let now = self.story.now();
        for other in call.others.values() {
            self.story.forget_channel(&other.id);
        }
        self.story.lose_call(&call.name, now);
        self.story.forget_channel(&call.name);
    }

    /// A call is over: its number may be given to another.
    pub fn over(&mut self, number: &str) {
        let Some(call) = self.by_number.remove(number) else { return };
        for other in call.others.values() {
            self.story.hangup(&other.id, 0);
        }
        self.story.hangup(&call.name, 0);
    }
}

fn see(story: &mut Story, id: &str, device: &str, number: &str, name: &str) {
    let channel = format_smolstr!("{device}-{number}");
    story.see(Seen { id, name: &channel, linkedid: name, exten: "" });
}
