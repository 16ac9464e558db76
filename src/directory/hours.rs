//! Opening hours (being built).
use std::collections::BTreeMap;

use crate::measure::Moment;

/// Opening hours of a queue.
#[derive(Debug)]
pub struct Hours;

impl Hours {
    /// Always open.
    pub fn always() -> Self {
        Self
    }
    /// Parses opening-hours notation with dated exceptions.
    pub fn parse(
        _text: &str,
        _exceptions: &BTreeMap<String, String>,
        _zone: chrono_tz::Tz,
        _holidays: Option<&str>,
    ) -> Result<Self, String> {
        Ok(Self)
    }
    /// Whether the queue is open at `at`.
    pub fn is_open(&self, _at: Moment) -> bool {
        true
    }
    /// When that changes next.
    pub fn next_change(&self, _at: Moment) -> Option<Moment> {
        None
    }
}
