//! Channels: names, devices, the two halves of Local channels, and the part each plays in a call.

use ahash::AHashMap;
use smol_str::SmolStr;

use crate::measure::Moment;
use crate::names::CallName;

/// Most channels known at a time. The largest Asterisk holds some ten thousand; what comes beyond
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
    /// A phone that a queue rang for this call, or what leads to it.
    Attendant(CallName),
    /// Part of a transfer of this call: the phone that it rings, or what leads to it.
    Leg(CallName, usize),
}

/// A channel.
#[derive(Clone, Debug)]
pub struct Channel {
    /// `IAX2/a1002-7673`.
    pub name: SmolStr,
    /// The Linkedid it last had.
    pub linkedid: SmolStr,
    /// The extension it first ran.
    pub dialled: SmolStr,
    /// When it was first seen.
    pub since: Moment,
    /// Its far end has hung up.
    pub is_hanging_up: bool,
    /// The switch has let it go: what it says of hanging up after that is not the far end's doing.
    pub is_let_go: bool,
    /// Its far end dialled, and was not rung.
    pub is_calling: bool,
    /// It shares a bridge.
    pub is_bridged: bool,
    /// It leads out of the switch, as the switch itself says.
    pub is_outside: bool,
    part: Part,
}

/// All channels, by Uniqueid.
#[derive(Debug, Default)]
pub struct Channels {
    by_id: AHashMap<SmolStr, Channel>,
    /// The part of both halves of a Local channel, by the name without `;1` and `;2`, and how many
    /// of the halves live.
    locals: AHashMap<SmolStr, (Part, u8)>,
}

/// What is told of a channel in passing, with every event about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen<'a> {
    /// Uniqueid.
    pub id: &'a str,
    /// Name.
    pub name: &'a str,
    /// Linkedid.
    pub linkedid: &'a str,
    /// Extension.
    pub exten: &'a str,
}

impl Channels {
    /// Notes what is told in passing. Gives the Linkedid that the channel had before, if it changed.
    pub fn see(&mut self, seen: Seen<'_>, at: Moment) -> Option<SmolStr> {
        if seen.id.is_empty() {
            return None;
        }
        if let Some(channel) = self.by_id.get_mut(seen.id) {
            if seen.name.is_empty() || seen.linkedid.is_empty() || channel.linkedid == seen.linkedid {
                return None;
            }
            return Some(std::mem::replace(&mut channel.linkedid, seen.linkedid.into()));
        }
        if self.by_id.len() >= CHANNELS_MAX {
            return None;
        }
        if let Some(base) = local_base(seen.name) {
            self.locals.entry(base.into()).or_default().1 += 1;
        }
        let channel = Channel {
            name: seen.name.into(),
            linkedid: seen.linkedid.into(),
            dialled: seen.exten.into(),
            since: at,
            is_hanging_up: false,
            is_let_go: false,
            is_calling: false,
            is_bridged: false,
            is_outside: false,
            part: Part::Unknown,
        };
        self.by_id.insert(seen.id.into(), channel);
        None
    }

    /// The channel of this Uniqueid.
    pub fn get(&self, id: &str) -> Option<&Channel> {
        self.by_id.get(id)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Channel> {
        self.by_id.get_mut(id)
    }

    /// Whether the channel is half of a Local channel, which is no device.
    pub fn is_local(&self, id: &str) -> bool {
        self.by_id.get(id).is_some_and(|channel| local_base(&channel.name).is_some())
    }

    /// The part it plays; both halves of a Local channel play the same.
    pub fn part(&self, id: &str) -> Part {
        let Some(channel) = self.by_id.get(id) else { return Part::Unknown };
        let of_local = local_base(&channel.name).and_then(|base| self.locals.get(base)).map(|(part, _)| part);
        of_local.unwrap_or(&channel.part).clone()
    }

    /// Gives it a part.
    pub fn cast(&mut self, id: &str, part: Part) {
        let Some(channel) = self.by_id.get_mut(id) else { return };
        if let Some((of_local, _)) = local_base(&channel.name).and_then(|base| self.locals.get_mut(base)) {
            *of_local = part;
        } else {
            channel.part = part;
        }
    }

    /// The device behind it: `PJSIP/1001` of `PJSIP/1001-0000001a`.
    pub fn device(&self, id: &str) -> &str {
        self.by_id.get(id).map_or("", |channel| device(&channel.name))
    }

    /// It is gone.
    pub fn remove(&mut self, id: &str) -> Option<Channel> {
        let channel = self.by_id.remove(id)?;
        if let Some(base) = local_base(&channel.name)
            && let Some((_, halves)) = self.locals.get_mut(base)
        {
            *halves = halves.saturating_sub(1);
            if *halves == 0 {
                self.locals.remove(base);
            }
        }
        Some(channel)
    }

    /// All are gone.
    pub fn clear(&mut self) {
        self.by_id.clear();
        self.locals.clear();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

/// `Local/7100@enheter-00000001` of either half of that channel.
fn local_base(name: &str) -> Option<&str> {
    name.strip_prefix("Local/")?;
    name.strip_suffix(";1").or_else(|| name.strip_suffix(";2"))
}

fn device(name: &str) -> &str {
    name.rsplit_once('-').map_or(name, |(device, _)| device)
}

/// The extension in the name of a Local channel: `7100` of `Local/7100@enheter-00000001;2`.
pub fn local_extension(name: &str) -> Option<&str> {
    name.strip_prefix("Local/")?.split_once('@').map(|(extension, _)| extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_of_a_local_channel_play_one_part() {
        let mut channels = Channels::default();
        let name = |half: u8| format!("Local/7100@enheter-00000001;{half}");
        for (id, half) in [("a", 1), ("b", 2)] {
            channels.see(Seen { id, name: &name(half), linkedid: "l", exten: "7100" }, Moment(0));
        }
        channels.cast("a", Part::Leg("call".into(), 0));
        assert_eq!(channels.part("b"), Part::Leg("call".into(), 0));
        channels.remove("a");
        assert_eq!(channels.part("b"), Part::Leg("call".into(), 0));
        channels.remove("b");
        assert!(channels.locals.is_empty());
    }

    #[test]
    fn devices_and_extensions() {
        assert_eq!(device("PJSIP/lycksele-vaxel-0000001a"), "PJSIP/lycksele-vaxel");
        assert_eq!(local_extension("Local/7100@enheter-00000001;2"), Some("7100"));
        assert_eq!(local_extension("PJSIP/7100-1"), None);
    }
}
