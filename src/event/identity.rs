//! What makes two events the same event: `(source, id)`.
//!
//! Where a switch gives an id, that is it. Where it gives none, one is derived from content, so
//! that reading the same thing again yields the same id.

use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

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
        // Each part is hashed with what came before as its seed, so that parts do not run together.
        Self(parts.iter().fold(parts.len() as u64, |before, part| XxHash3_64::oneshot_with_seed(before, part)))
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
