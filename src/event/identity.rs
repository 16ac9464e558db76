//! What makes two events the same event: `(source, id)`.
//!
//! Where a switch gives an id, that is it. Where it gives none, one is derived from content, so
//! that reading the same thing again yields the same id.

use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

/// An event's identity within its source: a 64-bit hash of the switch's id, or of the content.
///
/// Compared only among the events of one call, of which there are a handful, so that 64 bits
/// are ample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub u64);

impl EventId {
    /// The identity of `parts` taken together, in order.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = SipHasher13::new();
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
        Self(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::EventId;

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(EventId::of(&[b"ab", b"c"]), EventId::of(&[b"a", b"bc"]));
        assert_eq!(EventId::of(&[b"ab"]), EventId::of(&[b"ab"]));
    }
}
