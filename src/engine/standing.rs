//! What the engine knows since its start only: how sources, attendants and the store fare. Nothing
//! of it is a figure, so nothing of it is stored.

use crate::measure::Moment;
use crate::stats::snapshot::{COMMIT_BUCKETS_MS, LAG_BUCKETS_S, SourceLags, StoreNow};

/// How a source fares.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    pub(super) last_heard: Option<Moment>,
    /// The same by the clock that does not jump.
    pub(super) heard: Option<Moment>,
    pub(super) is_caught_up: bool,
    pub(super) gaps: u64,
    pub(super) last_gap: Option<Moment>,
    pub(super) last_reject: Option<Moment>,
    pub(super) lags: SourceLags,
    pub(super) lag_ms: u64,
}

impl Live {
    /// An event of the time `at` was taken in at `now`.
    pub(super) fn took(&mut self, at: Moment, now: Moment) {
        let lag_ms = (now - at).max(0);
        let bucket = LAG_BUCKETS_S.iter().position(|bound| lag_ms <= i64::from(*bound) * 1000);
        self.lags[bucket.unwrap_or(LAG_BUCKETS_S.len())] += 1;
        self.lag_ms += lag_ms as u64;
    }

    /// A gap that ended at `to` was told.
    pub(super) fn missed(&mut self, to: Moment) {
        self.gaps += 1;
        self.last_gap = self.last_gap.max(Some(to));
    }
}

/// How the store fares.
#[derive(Clone, Debug, Default)]
pub(super) struct StoreHealth(pub(super) StoreNow);

impl StoreHealth {
    /// A commit took this long.
    pub(super) fn committed(&mut self, took_ms: f64) {
        let bucket = COMMIT_BUCKETS_MS.iter().position(|bound| took_ms <= f64::from(*bound));
        self.0.commit_times[bucket.unwrap_or(COMMIT_BUCKETS_MS.len())] += 1;
        self.0.commit_ms += took_ms;
    }

    /// A commit failed.
    pub(super) fn failed(&mut self, why: String) {
        self.0.errors += 1;
        self.0.trouble = Some(why);
    }

    /// How another engine fared besides.
    pub(super) fn and(&mut self, other: &Self) {
        self.0.errors += other.0.errors;
        self.0.commit_ms += other.0.commit_ms;
        for (times, more) in self.0.commit_times.iter_mut().zip(other.0.commit_times) {
            *times += more;
        }
    }
}
