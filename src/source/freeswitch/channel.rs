//! Channels: names, devices, who shares a bridge with whom, and the part each plays in a call.

use ahash::AHashMap;
use smol_str::SmolStr;

use crate::measure::Moment;
use crate::names::CallName;

/// Most channels known at a time. The largest FreeSWITCH holds some ten thousand; what comes beyond
/// is not followed, which costs the transfers of those calls and nothing else.
pub const CHANNELS_MAX: usize = 100_000;

/// The part a channel plays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// Nobody knows yet.
    #[default]
    Unknown,
    /// The caller of this call.
    Caller(CallName),
    /// A phone that a queue rang for this call.
    Attendant(CallName),
    /// A call that the attendant makes meanwhile, to ask the unit of this transfer.
    Asker(CallName, usize),
    /// Part of a transfer of this call: the phone that it rings, or what leads to it.
    Leg(CallName, usize),
}

/// A channel.
#[derive(Clone, Debug, Default)]
pub struct Channel {
    /// `sofia/internal/1001@10.0.0.5:5060`.
    pub name: SmolStr,
    /// The number it first dialled, or was dialled by.
    pub dialled: SmolStr,
    /// When it was first seen.
    pub since: Moment,
    /// Its far end dialled, and was not rung.
    pub is_calling: bool,
    /// It goes out through a gateway to another network.
    pub is_by_gateway: bool,
    /// When its far end answered.
    pub answered: Option<Moment>,
    /// The channel that it shares a bridge with.
    pub partner: Option<SmolStr>,
    /// Its part.
    pub part: Part,
}

/// What is told of a channel in passing, with every event about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen<'a> {
    /// Its identity.
    pub id: &'a str,
    /// Name.
    pub name: &'a str,
    /// The number it runs.
    pub dialled: &'a str,
    /// Its far end dialled.
    pub is_calling: bool,
    /// It goes out through a gateway.
    pub is_by_gateway: bool,
    /// The channel that made it, where told.
    pub maker: &'a str,
    /// Rung by a queue for this caller's channel, where told.
    pub rung_for: &'a str,
}

/// All channels, by identity.
#[derive(Debug, Default)]
pub struct Channels {
    by_id: AHashMap<SmolStr, Channel>,
}

impl Channels {
    /// Notes a channel, if it is new and there is room.
    pub fn see(&mut self, seen: Seen<'_>, at: Moment) {
        if seen.id.is_empty() || self.by_id.len() >= CHANNELS_MAX && !self.by_id.contains_key(seen.id) {
            return;
        }
        let channel = self.by_id.entry(seen.id.into()).or_insert_with(|| Channel {
            since: at,
            is_calling: seen.is_calling,
            ..Channel::default()
        });
        if channel.name.is_empty() {
            channel.name = seen.name.into();
        }
        if channel.dialled.is_empty() {
            channel.dialled = seen.dialled.into();
        }
        channel.is_by_gateway |= seen.is_by_gateway;
    }

    /// The channel of this identity.
    pub fn get(&self, id: &str) -> Option<&Channel> {
        self.by_id.get(id)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Channel> {
        self.by_id.get_mut(id)
    }

    /// The part it plays.
    pub fn part(&self, id: &str) -> Part {
        self.by_id.get(id).map(|channel| channel.part.clone()).unwrap_or_default()
    }

    /// Gives it a part.
    pub fn cast(&mut self, id: &str, part: Part) {
        if let Some(channel) = self.by_id.get_mut(id) {
            channel.part = part;
        }
    }

    /// Two channels share a bridge from now on.
    pub fn bridge(&mut self, one: &str, other: &str) {
        for (id, partner) in [(one, other), (other, one)] {
            if let Some(channel) = self.by_id.get_mut(id) {
                channel.partner = Some(partner.into());
            }
        }
    }

    /// A channel shares its bridge no longer.
    pub fn unbridge(&mut self, id: &str) {
        let Some(partner) = self.by_id.get_mut(id).and_then(|channel| channel.partner.take()) else { return };
        if let Some(other) = self.by_id.get_mut(&partner)
            && other.partner.as_deref() == Some(id)
        {
            other.partner = None;
        }
    }

    /// Whom a channel shares a bridge with.
    pub fn partner(&self, id: &str) -> Option<&SmolStr> {
        self.by_id.get(id)?.partner.as_ref()
    }

    /// The user of the phone behind it: `1001` of `sofia/internal/1001@10.0.0.5:5060`.
    pub fn user(&self, id: &str) -> &str {
        self.by_id.get(id).map_or("", |channel| user(&channel.name))
    }

    /// Whether a channel only leads to others and is no device.
    pub fn is_loopback(&self, id: &str) -> bool {
        self.by_id.get(id).is_some_and(|channel| channel.name.starts_with("loopback/"))
    }

    /// Whether a channel goes where the callers come from.
    pub fn is_outside(&self, id: &str, caller: &str) -> bool {
        let (Some(channel), Some(caller)) = (self.by_id.get(id), self.by_id.get(caller)) else { return false };
        let host = |name: &'_ str| name.split_once('@').map(|(_, host)| host.to_owned());
        let same_host = host(&channel.name).is_some_and(|place| Some(place) == host(&caller.name));
        channel.is_by_gateway || (same_host && profile(&channel.name) == profile(&caller.name))
    }

    /// It is gone.
    pub fn remove(&mut self, id: &str) {
        self.unbridge(id);
        self.by_id.remove(id);
    }

    /// All are gone.
    pub fn clear(&mut self) {
        self.by_id.clear();
    }
}

fn user(name: &str) -> &str {
    let tail = name.rsplit('/').next().unwrap_or_default();
    tail.split('@').next().unwrap_or_default()
}

/// `sofia/external` of `sofia/external/0701234567@10.0.0.9`.
fn profile(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(profile, _)| profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_ways_out() {
        assert_eq!(user("sofia/internal/1001@10.0.0.5:5060"), "1001");
        assert_eq!((user("user/1001"), user("")), ("1001", ""));
        let mut channels = Channels::default();
        let names = [
            ("caller", "sofia/external/0950@10.0.0.9"),
            ("mobile", "sofia/external/0701@10.0.0.9"),
            ("phone", "sofia/internal/7100@10.0.0.77"),
        ];
        for (id, name) in names {
            channels.see(Seen { id, name, ..Seen::default() }, Moment(0));
        }
        assert!(channels.is_outside("mobile", "caller") && !channels.is_outside("phone", "caller"));
    }

    #[test]
    fn a_bridge_has_two_ends() {
        let mut channels = Channels::default();
        for id in ["a", "b", "c"] {
            channels.see(Seen { id, ..Seen::default() }, Moment(0));
        }
        channels.bridge("a", "b");
        channels.bridge("a", "c");
        channels.unbridge("b");
        assert_eq!(channels.partner("a").map(SmolStr::as_str), Some("c"));
        channels.remove("c");
        assert_eq!(channels.partner("a"), None);
    }
}
