//! What steers the tracker.

use serde::Deserialize;

use crate::measure::Span;

/// Top-level keys of the configuration that steer how calls are followed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrackerSettings {
    /// A visit without an end is `unknown` when its call has been silent for this long. Default 4 h.
    pub stale_after: Span,
    /// How late an event may come and still enter the live windows. Default 15 min.
    pub lateness: Span,
    /// A caller who hangs up before this much ringing is left out of the unit's rate. Default 5 s.
    pub short_ring: Span,
}

impl Default for TrackerSettings {
    fn default() -> Self {
        Self {
            stale_after: Span::from_seconds(4 * 3600),
            lateness: Span::from_seconds(15 * 60),
            short_ring: Span::from_seconds(5),
        }
    }
}

impl TrackerSettings {
    /// Checks the settings; complaints are `(key, reason)`.
    pub fn check(&self) -> Result<(), Vec<(String, String)>> {
        let ranges = [
            ("stale_after", self.stale_after, Span::from_seconds(60), Span::from_seconds(7 * 86400)),
            ("lateness", self.lateness, Span::from_seconds(0), Span::from_seconds(86400)),
            ("short_ring", self.short_ring, Span::from_seconds(0), Span::from_seconds(60)),
        ];
        let wrong: Vec<_> = ranges
            .into_iter()
            .filter(|(_, value, low, high)| value < low || value > high)
            .map(|(key, value, low, high)| (key.to_owned(), format!("{value} lies outside {low} to {high}")))
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}
