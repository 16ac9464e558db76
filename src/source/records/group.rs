//! The rows of one call, gathered until they are all there.
//!
//! A call is told when its last row has come, or when nothing has been heard of it for a while, by
//! the time of the source and by ours. A row that comes later still is told by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use ahash::AHashMap;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::measure::{Moment, Span};
use crate::source::records::row::{Columns, Row};
use crate::source::records::story::{More, Story};

/// Most rows that are held. A large switch has some thousand calls going on; beyond it the calls
/// that were to be told first are told early.
pub const ROWS_MAX: usize = 50_000;

/// Calls of which more rows may come.
#[derive(Debug, Default)]
pub struct Groups {
    open: AHashMap<u32, Group>,
    by_key: AHashMap<SmolStr, u32>,
    due: BTreeSet<(Moment, u32)>,
    rows: usize,
    next: u32,
}

#[derive(Debug)]
struct Group {
    rows: Vec<Row>,
    keys: SmallVec<[SmolStr; 4]>,
    /// When it is told at the latest, by the time of the source.
    due: Moment,
    /// How long after its last row.
    wait: Span,
}

/// Groups as they are saved.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Saved(Vec<Vec<Row>>);

impl Groups {
    /// Takes a row in. `waits`: how long one waits where more may come, and where more must. Calls
    /// that are whole, or that are due now, go to `tell`.
    pub fn take(&mut self, row: Row, story: &dyn Story, waits: (Span, Span), tell: &mut dyn FnMut(&[Row])) {
        let reached = row.written;
        self.join(vec![row], story, waits, tell);
        while let Some((due, slot)) = self.due.first().copied() {
            if due > reached && self.rows <= ROWS_MAX {
                break;
            }
            self.close(slot, tell);
        }
    }

    fn join(
        &mut self,
        rows: Vec<Row>,
        story: &dyn Story,
        (idle, patience): (Span, Span),
        tell: &mut dyn FnMut(&[Row]),
    ) {
        let mut keys: SmallVec<[SmolStr; 4]> = rows.iter().flat_map(|row| story.keys(row)).collect();
        let mut all = Vec::new();
        let mut known: SmallVec<[u32; 4]> = keys.iter().filter_map(|key| self.by_key.get(key).copied()).collect();
        known.sort_unstable();
        known.dedup();
        for slot in known {
            if let Some(group) = self.remove(slot) {
                all.extend(group.rows);
                keys.extend(group.keys);
            }
        }
        all.extend(rows);
        keys.sort_unstable();
        keys.dedup();
        let wait = match story.more(&all) {
            More::No => return tell(&all),
            More::May => idle,
            More::Must => patience,
        };
        let due = all.iter().map(|row| row.written).max().unwrap_or_default().plus_ms(wait.ms());
        self.next = self.next.wrapping_add(1);
        let slot = self.next;
        for key in &keys {
            self.by_key.insert(key.clone(), slot);
        }
        self.rows += all.len();
        self.due.insert((due, slot));
        self.open.insert(slot, Group { rows: all, keys, due, wait });
    }

    fn remove(&mut self, slot: u32) -> Option<Group> {
        let group = self.open.remove(&slot)?;
        for key in &group.keys {
            self.by_key.remove(key);
        }
        self.due.remove(&(group.due, slot));
        self.rows -= group.rows.len();
        Some(group)
    }

    fn close(&mut self, slot: u32, tell: &mut dyn FnMut(&[Row])) {
        match self.remove(slot) {
            Some(group) => tell(&group.rows),
            None => self.due.retain(|(_, other)| *other != slot),
        }
    }

    /// Nothing has come until `now`, by our clock: tells what has waited long enough.
    pub fn quiet(&mut self, now: Moment, tell: &mut dyn FnMut(&[Row])) {
        let is_due = |group: &Group| {
            let last = group.rows.iter().map(|row| row.received).max().unwrap_or_default();
            now - last >= group.wait.ms()
        };
        let mut due: Vec<(Moment, u32)> =
            self.open.iter().filter(|(_, group)| is_due(group)).map(|(slot, group)| (group.due, *slot)).collect();
        due.sort_unstable();
        due.into_iter().for_each(|(_, slot)| self.close(slot, tell));
    }

    /// Nothing more will come: tells everything.
    pub fn flush(&mut self, tell: &mut dyn FnMut(&[Row])) {
        while let Some((_, slot)) = self.due.first().copied() {
            self.close(slot, tell);
        }
    }

    /// How many rows are held.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// What must be known after a restart.
    pub fn save(&self) -> Saved {
        Saved(self.due.iter().filter_map(|(_, slot)| Some(self.open.get(slot)?.rows.clone())).collect())
    }

    /// Puts back what was saved; says how many rows cannot be, since the mapping was changed.
    pub fn restore(&mut self, saved: Saved, columns: &Arc<Columns>, story: &dyn Story, waits: (Span, Span)) -> usize {
        *self = Self::default();
        let mut left_behind = 0;
        for mut rows in saved.0 {
            let before = rows.len();
            rows.retain_mut(|row| row.resume(columns));
            left_behind += before - rows.len();
            if !rows.is_empty() {
                // What was not whole before is not whole now.
                self.join(rows, story, waits, &mut |_| {});
            }
        }
        left_behind
    }
}
