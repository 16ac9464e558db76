//! The names of things: small, distinct, not interchangeable.
//!
//! Knows how a name is spelt and how it is held. Knows nothing of what it names: the
//! [`directory`](crate::directory) says who is who.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);
        impl $name {
            /// Position in the directory's list of these.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index!(
    /// A measured queue: position in [`Directory::queues`](crate::directory::Directory::queues).
    QueueId
);
index!(
    /// A receiving unit: position in the directory's list of units. Unit 0 is always `unknown`.
    UnitId
);
index!(
    /// An organisation (municipality): position in the directory's list. 0 is always `unknown`.
    OrganisationId
);
index!(
    /// A configured feed: position in the directory's list of sources.
    SourceId
);

/// The unit of a transfer whose target the directory does not know.
pub const UNKNOWN_UNIT: UnitId = UnitId(0);
/// The organisation of [`UNKNOWN_UNIT`].
pub const UNKNOWN_ORGANISATION: OrganisationId = OrganisationId(0);

/// A switch's own name of a call, unique within one source.
pub type CallName = SmolStr;

/// One caller's way through one switch: which source, and the switch's name of the call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallKey {
    /// The feed that told of the call.
    pub source: SourceId,
    /// The switch's name of it.
    pub call: CallName,
}

/// The six built-in definitions of service level, by the ids of the design. What they compute is
/// in [`stats::definition`](crate::stats::definition).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefinitionId {
    /// Of the answered, the share answered in time.
    OfAnswered,
    /// Of the answered and abandoned.
    OfAnsweredAndAbandoned,
    /// Of everything offered.
    OfOffered,
    /// Of everything offered, short abandons left out.
    #[default]
    ShortAbandonsIgnored,
    /// Of everything offered, abandons within the threshold left out.
    AbandonsWithinIgnored,
    /// Of everything offered, abandons within the threshold counted as met.
    AbandonsWithinMet,
}

impl DefinitionId {
    /// All six, in the order of the design's table.
    pub const ALL: [Self; 6] = [
        Self::OfAnswered,
        Self::OfAnsweredAndAbandoned,
        Self::OfOffered,
        Self::ShortAbandonsIgnored,
        Self::AbandonsWithinIgnored,
        Self::AbandonsWithinMet,
    ];

    /// The id's one spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OfAnswered => "of_answered",
            Self::OfAnsweredAndAbandoned => "of_answered_and_abandoned",
            Self::OfOffered => "of_offered",
            Self::ShortAbandonsIgnored => "short_abandons_ignored",
            Self::AbandonsWithinIgnored => "abandons_within_ignored",
            Self::AbandonsWithinMet => "abandons_within_met",
        }
    }
}

/// Whether `text` can be a name of ours: 1 to 64 of `a-z`, `0-9`, `-`, `_`, starting with a
/// letter or digit. Such names serve as metric labels, keys of the API and parts of addresses.
pub fn is_slug(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && !text.starts_with(['-', '_'])
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::is_slug;

    #[test]
    fn slugs_are_plain_and_bounded() {
        for good in ["kundtjanst", "it-support", "600", "a_b"] {
            assert!(is_slug(good), "{good}");
        }
        for bad in ["", "Kundtjänst", "-a", "a b", &"x".repeat(65)] {
            assert!(!is_slug(bad), "{bad}");
        }
    }
}
