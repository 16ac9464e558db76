//! Calls that are no longer in memory, from the store.

use crate::call::testimony::SwitchQueues;
use crate::call::{Archive, Recalled};
use crate::directory::Directory;
use crate::measure::Moment;
use crate::names::CallKey;
use crate::store::{Store, StoreError, saved};

/// Where the tracker finds calls that are no longer in memory.
pub(super) struct Recall<'a> {
    pub(super) store: &'a mut dyn Store,
    pub(super) directory: &'a Directory,
    /// Calls before this may have been let go.
    pub(super) recent_from: Moment,
}

impl Archive for Recall<'_> {
    type Error = StoreError;

    fn recall(&mut self, key: &CallKey, at: Moment, queues: &mut SwitchQueues) -> Result<Recalled, StoreError> {
        let Some(bytes) = self.store.recall_call(key)? else {
            let is_old = at < self.recent_from;
            let gone_until = if is_old { self.store.calls_gone_until(key.source)? } else { None };
            return Ok(if gone_until.is_some_and(|until| at < until) { Recalled::LetGo } else { Recalled::New });
        };
        let call = saved::from_bytes(&bytes, key, queues, self.directory);
        call.map(|call| Recalled::Known(Box::new(call)))
            .ok_or_else(|| StoreError::Damaged { what: format!("call `{}`", key.call) })
    }
}
