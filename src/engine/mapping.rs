//! By which mapping of its columns a source is read, and when that was changed: figures of one source
//! on both sides of a change were read in two ways.

use crate::engine::core::Engine;
use crate::names::SourceId;

impl Engine {
    /// From now on `source` is read by `mapping`; says whether it was read by another one before.
    /// Stored with the next commit.
    pub fn read_by(&mut self, source: SourceId, mapping: &str) -> bool {
        let state = &self.sources[source.index()].value;
        if state.mapping.as_deref() == Some(mapping) {
            return false;
        }
        let is_change = state.mapping.is_some();
        let now = self.clock.now();
        let state = self.sources[source.index()].change();
        state.mapping = Some(mapping.to_owned());
        if is_change {
            state.mapping_changed = Some(now);
            let name = self.directory.source_name(source);
            tracing::warn!(source = name, mapping, "the mapping of this source's columns was changed");
        }
        is_change
    }
}
