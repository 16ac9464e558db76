//! The list of reports.

use crate::directory::Directory;
use crate::measure::Moment;
use crate::report::{Report, Request, month_report};
use crate::store::{Reader, StoreError};

/// A report that can be asked for.
#[derive(Clone, Copy, Debug)]
pub struct ReportKind {
    /// What it is asked for by.
    pub name: &'static str,
    /// Builds it as of the moment given last.
    pub build: fn(&dyn Reader, &Directory, &Request, Moment) -> Result<Report, StoreError>,
}

/// Every report; the first is the default.
pub const REPORTS: &[ReportKind] = &[ReportKind { name: "month", build: month_report }];
