//! Calls that are no longer in memory, from the store.

use ahash::AHashMap;

use crate::call::testimony::SwitchQueues;
use crate::call::{Archive, Recalled};
use crate::directory::Directory;
use crate::engine::Engine;
use crate::event::CallEvent;
use crate::measure::Moment;
use crate::names::{CallKey, SourceId};
use crate::store::{Store, StoreError, saved};

/// What the store knows of the calls of a batch: asked in one go, since each question to a server takes
/// longer than all the rest that is done for an event.
#[derive(Default)]
pub(super) struct Ahead {
    calls: AHashMap<CallKey, Option<Vec<u8>>>,
    /// Until when calls of a source have been let go, once that was asked.
    gone_until: AHashMap<SourceId, Option<Moment>>,
}

impl Engine {
    /// What the store knows of the calls that `events` of a feed speak of and that are not in memory.
    pub(super) fn ask_ahead(&mut self, feed: SourceId, events: &[CallEvent]) -> Result<Ahead, StoreError> {
        let mut ahead = Ahead::default();
        for event in events.iter().filter(|event| event.kind.is_about_call()) {
            let (source, renamed) = self.source_of(feed, event);
            let call = renamed.map_or_else(|| event.call.clone(), |renamed| renamed.call);
            let key = CallKey { source: self.directory.switch_of(source), call };
            if !self.tracker.holds(&key) {
                ahead.calls.insert(key, None);
            }
        }
        let keys: Vec<CallKey> = ahead.calls.keys().cloned().collect();
        for (at, bytes) in self.store.recall_calls(&keys)? {
            ahead.calls.insert(keys[at].clone(), Some(bytes));
        }
        Ok(ahead)
    }
}

/// Where the tracker finds calls that are no longer in memory.
pub(super) struct Recall<'a> {
    pub(super) store: &'a mut dyn Store,
    pub(super) ahead: &'a mut Ahead,
    pub(super) directory: &'a Directory,
    /// Calls before this may have been let go.
    pub(super) recent_from: Moment,
}

impl Archive for Recall<'_> {
    type Error = StoreError;

    fn recall(&mut self, key: &CallKey, at: Moment, queues: &mut SwitchQueues) -> Result<Recalled, StoreError> {
        let known = match self.ahead.calls.remove(key) {
            Some(known) => known,
            // It was in memory when the batch came, and had to make room.
            None => self.store.recall_calls(std::slice::from_ref(key))?.pop().map(|(_, bytes)| bytes),
        };
        let Some(bytes) = known else {
            let gone_until = if at < self.recent_from { self.gone_until(key.source)? } else { None };
            return Ok(if gone_until.is_some_and(|until| at < until) { Recalled::LetGo } else { Recalled::New });
        };
        let call = saved::from_bytes(&bytes, key, queues, self.directory);
        call.map(|call| Recalled::Known(Box::new(call)))
            .ok_or_else(|| StoreError::Damaged { what: format!("call `{}`", key.call) })
    }
}

impl Recall<'_> {
    fn gone_until(&mut self, source: SourceId) -> Result<Option<Moment>, StoreError> {
        if let Some(known) = self.ahead.gone_until.get(&source) {
            return Ok(*known);
        }
        let told = self.store.calls_gone_until(source)?;
        self.ahead.gone_until.insert(source, told);
        Ok(told)
    }
}
