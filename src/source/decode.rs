//! The pure half of a feed.

use crate::measure::Moment;
use crate::source::Batch;

/// Bytes of a feed into events and rejects. Bytes may be cut anywhere between calls; what is not
/// yet whole is kept, within bounds.
pub trait Decode: Send {
    /// Takes the next `bytes` in. `received`: our time, for events that tell none.
    fn feed(&mut self, bytes: &[u8], received: Moment, batch: &mut Batch);

    /// The feed has ended: what was not yet whole is taken as it is.
    fn finish(&mut self, received: Moment, batch: &mut Batch);

    /// How many of the bytes taken in are not yet part of any event or reject: where to read on
    /// from after a restart lies this far back.
    fn pending_bytes(&self) -> u64;

    /// The feed begins anew at its first byte: another file, or the same one rewritten. What the
    /// decoder knows of the time before stays.
    fn rewind(&mut self);

    /// Nothing has come until `now`: what waited for more, and has waited long enough, is told as it is.
    fn quiet(&mut self, _now: Moment, _batch: &mut Batch) {}

    /// Nothing more will come, of this file or any other: what waited for more is told as it is.
    fn flush(&mut self, _batch: &mut Batch) {}

    /// Why nothing at all of the present file can be used, in words for the administrator.
    fn fault(&self) -> Option<String> {
        None
    }

    /// What must be known besides the position to read on after a restart.
    fn save(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// Puts back what [`Decode::save`] gave.
    fn restore(&mut self, _saved: &serde_json::Value) {}
}
