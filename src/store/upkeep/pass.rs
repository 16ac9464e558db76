//! What the daemon does for its store by itself: closes months, makes revisions, lets go what is old.

use crate::measure::{Moment, Span};
use crate::stats::Tier;
use crate::store::closing::{ENDED, LATE};
use crate::store::upkeep::Upkeep;
use crate::store::upkeep::retention::LetGo;
use crate::store::upkeep::settings::UpkeepSettings;
use crate::store::upkeep::signing::StillOpen;
use crate::store::{Act, Closing, StoreError, read};

/// A source that says nothing is waited for this long after a month's end before the month is closed
/// without it: a switch that was taken down must not keep it open for ever.
const SILENT_FOR: Span = Span::from_seconds(10 * 86_400);
/// A closed month is revised by itself at most this often: what comes in pieces is one revision.
const REVISED_EVERY: Span = Span::from_seconds(86_400);
/// In whose name.
const WHO: &str = "servicegrad";

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Months that were signed, by their first instant, with the revision.
    pub signed: Vec<(Moment, u32)>,
    /// What was let go.
    pub let_go: LetGo,
}

impl Upkeep {
    /// Does what is due at `now`. Stops early when `go_on` says no.
    pub fn pass(
        &self,
        settings: &UpkeepSettings,
        now: Moment,
        stale_after: Span,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Passed, StoreError> {
        let mut passed = Passed::default();
        if settings.close {
            for month in self.months()? {
                if !go_on() {
                    break;
                }
                if let Some(revision) = self.sign_if_due(month, now, stale_after)? {
                    passed.signed.push((month, revision));
                }
            }
        }
        passed.let_go = self.let_go(&settings.ages(), now, go_on)?;
        Ok(passed)
    }

    fn sign_if_due(&self, month: Moment, now: Moment, stale_after: Span) -> Result<Option<u32>, StoreError> {
        let act = |act: &str, detail: &str| Act {
            at: now,
            who: WHO.to_owned(),
            act: act.to_owned(),
            about: self.spoken(month),
            detail: detail.to_owned(),
        };
        match self.closing_of(month)? {
            None if self.why_not_yet(month, now, stale_after)?.is_none() => {
                self.sign(month, &act("month_closed", ENDED)).map(Some)
            }
            Some(last) if self.is_to_be_revised(&last, now)? => self.sign(month, &act("month_revised", LATE)).map(Some),
            _ => Ok(None),
        }
    }

    fn is_to_be_revised(&self, last: &Closing, now: Moment) -> Result<bool, StoreError> {
        Ok(now - last.at >= REVISED_EVERY.ms() && self.changed_since_signed(last)? > 0)
    }

    /// Why the daemon does not close a month yet: besides what holds for everybody, every source must
    /// have told of the time after it, unless it has been silent for long; and some source must.
    pub fn why_not_yet(&self, month: Moment, now: Moment, stale_after: Span) -> Result<Option<StillOpen>, StoreError> {
        if let Some(open) = self.still_open(month, now, stale_after)? {
            return Ok(Some(open));
        }
        let ends = self.calendar().next(Tier::Month, month);
        let over = ends.plus_ms(stale_after.ms());
        let told = read::told_until(&*self.database)?;
        let is_past = |name: &String| told.iter().any(|(source, until)| source == name && *until >= over);
        let sources = self.directory.sources();
        let is_waited_for = now < ends.plus_ms(SILENT_FOR.ms()) && !sources.iter().all(is_past);
        Ok((is_waited_for || !sources.iter().any(is_past)).then_some(StillOpen::Untold))
    }

    /// A month as people write it: `2026-11`.
    pub fn spoken(&self, month: Moment) -> String {
        month.to_utc().with_timezone(&self.directory.zone()).format("%Y-%m").to_string()
    }
}
