//! What a rule is.

use serde::{Deserialize, Serialize};

use crate::measure::Moment;
use crate::stats::Snapshot;

/// How soon somebody must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Now.
    Page,
    /// In working hours.
    Ticket,
    /// Nobody: it shows that alerts arrive at all.
    None,
}

impl Severity {
    /// The one spelling: label, setting and API value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
            Self::None => "none",
        }
    }
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name, as in Prometheus; also the key of its text and the heading of its runbook.
    pub name: &'static str,
    /// How soon somebody must act.
    pub severity: Severity,
    /// How long the condition must hold before it fires, seconds.
    pub hold_s: u32,
    /// How long it goes on firing when the condition no longer holds, seconds: a level that wavers
    /// about its target is one alert and not ten.
    pub keep_s: u32,
    /// Names of the labels that tell its subjects apart.
    pub labels: &'static [&'static str],
    /// How its value reads.
    pub value: Reading,
    /// Rules whose firing makes this one no news, for the same queue where both name one.
    pub hidden_by: &'static [&'static str],
    /// The condition over the snapshot; `None`: only somebody outside can tell.
    pub judge: Option<fn(&Snapshot, Moment) -> Vec<Finding>>,
    /// The condition as a query.
    pub promql: fn() -> String,
}

/// How a value reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A share from 0 to 1.
    Share,
    /// Seconds.
    Seconds,
    /// A number of things.
    Number,
    /// There is nothing to read.
    Nothing,
}

/// A subject of which a condition holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Who, by the rule's labels, in their order.
    pub labels: Vec<(&'static str, String)>,
    /// The value that is wrong.
    pub value: f64,
}

impl Finding {
    /// A finding without a value to read.
    pub fn of(labels: Vec<(&'static str, String)>) -> Self {
        Self { labels, value: 1.0 }
    }
}
