//! What steers how a store is looked after.

use serde::Deserialize;

use crate::measure::Span;

/// `[upkeep]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpkeepSettings {
    /// Whether the daemon closes months whose last call has ended, and makes a revision when a closed
    /// month's figures change, at most one a day. Default true.
    pub close: bool,
    /// How often the daemon looks after the store, 1 s to 1 d. Default 1 h.
    pub every: Span,
    /// How long the events of a call are kept after its last one, and what could not be used: 35 d or
    /// more, or `forever`. Corrections of older calls are refused. Default `forever`.
    pub calls: String,
    /// How long visits, calls and transfers are kept, in whole months: as long as the events of a call
    /// or longer. Older rollups cannot be worked out again. Default `forever`.
    pub facts: String,
    /// How long the counts by quarter-hour are kept, in whole months: as long as the facts or longer.
    /// Days and months are kept for good. Default `forever`.
    pub quarters: String,
}

/// What stands for no end.
const FOREVER: &str = "forever";
/// The shortest age: a month is closed by then.
const AGE_MIN: Span = Span::from_seconds(35 * 86_400);

impl Default for UpkeepSettings {
    fn default() -> Self {
        let forever = || FOREVER.to_owned();
        Self { close: true, every: Span::from_seconds(3_600), calls: forever(), facts: forever(), quarters: forever() }
    }
}

/// Ages at which things are let go; `None`: never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ages {
    /// The events of calls.
    pub calls: Option<Span>,
    /// Facts.
    pub facts: Option<Span>,
    /// Counts by quarter-hour.
    pub quarters: Option<Span>,
}

impl UpkeepSettings {
    /// Checks the settings; complaints are `(key, reason)`.
    pub fn check(&self) -> Result<(), Vec<(String, String)>> {
        let mut wrong = Vec::new();
        if !(1_000..=86_400_000).contains(&self.every.ms()) {
            wrong.push(("every".to_owned(), format!("{} lies outside 1s to 1d", self.every)));
        }
        let mut shortest = AGE_MIN;
        for (key, text) in [("calls", &self.calls), ("facts", &self.facts), ("quarters", &self.quarters)] {
            match age(text) {
                Err(why) => wrong.push((key.to_owned(), why)),
                Ok(Some(span)) if span < shortest => {
                    let why = format!(
                        "{span} is too short: at least {shortest}, so that nothing outlives what it is worked out from"
                    );
                    wrong.push((key.to_owned(), why));
                }
                Ok(Some(span)) => shortest = span,
                // What rests on something kept for ever is kept for ever.
                Ok(None) => shortest = Span::from_ms(i64::MAX),
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// The ages; what cannot be read is kept, and told by [`UpkeepSettings::check`].
    pub fn ages(&self) -> Ages {
        let read = |text: &str| age(text).ok().flatten();
        Ages { calls: read(&self.calls), facts: read(&self.facts), quarters: read(&self.quarters) }
    }
}

fn age(text: &str) -> Result<Option<Span>, String> {
    if text == FOREVER {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|why: String| format!("{why}, or \"{FOREVER}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outlives_what_it_is_worked_out_from() {
        let keys = |calls: &str, facts: &str, quarters: &str| {
            let settings = UpkeepSettings {
                calls: calls.into(),
                facts: facts.into(),
                quarters: quarters.into(),
                ..UpkeepSettings::default()
            };
            let wrong = settings.check().err().unwrap_or_default();
            wrong.into_iter().map(|(key, _)| key).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(keys("forever", "forever", "forever"), "");
        assert_eq!(keys("90d", "400d", "forever"), "");
        assert_eq!(keys("7d", "400d", "800d"), "calls");
        assert_eq!(keys("90d", "40d", "forever"), "facts");
        assert_eq!(keys("forever", "400d", "soon"), "facts quarters");
    }
}
