//! The list of reports.

use crate::report::document::{
    Chapter, Speak, comparison, course, definitions, hours, method, quality, revisions, summary, tickets, units,
};
use crate::report::{Interval, Report};

/// A report that can be asked for: what is told to people. The JSON and CSV forms hold everything.
#[derive(Debug)]
pub struct ReportKind {
    /// What it is asked for by.
    pub name: &'static str,
    /// What it is good for, for the help.
    pub about: &'static str,
    /// Intervals that are listed where none are asked for.
    pub interval: Option<Interval>,
    /// Its chapters, in the order of reading. One that has nothing to tell is left out.
    pub chapters: &'static [ChapterOf],
}

/// The report by weekday and hour, which tells it of any number of queues.
pub const HOURS: &str = "hours";

/// Writes one chapter.
pub type ChapterOf = fn(&Report, Speak) -> Option<Chapter>;

/// Every report; the first is the default.
pub const REPORTS: &[ReportKind] = &[
    ReportKind {
        name: "month",
        about: "everything, beside other periods",
        interval: None,
        chapters: &[
            summary::chapter,
            comparison::chapter,
            course::chapter,
            hours::chapter,
            units::chapter,
            tickets::chapter,
            definitions::chapter,
            method::chapter,
            revisions::chapter,
            quality::chapter,
        ],
    },
    ReportKind {
        name: "year",
        about: "everything, month by month",
        interval: Some(Interval::Month),
        chapters: &[
            summary::chapter,
            comparison::chapter,
            course::chapter,
            hours::chapter,
            units::chapter,
            tickets::chapter,
            definitions::chapter,
            method::chapter,
            revisions::chapter,
            quality::chapter,
        ],
    },
    ReportKind {
        name: "units",
        about: "transfers to organisations and units",
        interval: None,
        chapters: &[units::chapter, method::chapter, revisions::chapter, quality::chapter],
    },
    ReportKind {
        name: HOURS,
        about: "by weekday and hour",
        interval: None,
        chapters: &[hours::chapter, method::chapter, revisions::chapter, quality::chapter],
    },
    ReportKind {
        name: "definitions",
        about: "the six definitions side by side",
        interval: None,
        chapters: &[definitions::chapter, method::chapter, revisions::chapter, quality::chapter],
    },
];

impl ReportKind {
    /// The report of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        REPORTS.iter().find(|kind| kind.name == name)
    }
}
