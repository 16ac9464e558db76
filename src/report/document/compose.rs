//! From a report to its document.

use crate::report::document::{Document, Speak};
use crate::report::sheet::Report;

/// The report as people read it.
pub fn document(report: &Report, speak: Speak) -> Document {
    let period = &report.period;
    let last = period.until.pred_opt().unwrap_or(period.until);
    let mut title = format!("{} {}", speak.text("report-title"), speak.period(period.days()));
    if let Some(organisation) = &report.organisation {
        title = format!("{title} – {organisation}");
    }
    let fact = |key: &str, value: String| (speak.text(key), value);
    let mut facts = vec![
        fact("fact-days", format!("{} – {last}", period.from)),
        fact("fact-status", speak.text(report.period.status.key())),
        fact("fact-zone", period.zone.name().to_owned()),
        fact("fact-made", period.local(period.made)),
    ];
    if let Some(shown) = period.shown {
        let of = [("revision", shown.revision.to_string()), ("last", shown.last.to_string())];
        facts.insert(2, fact("column-revision", speak.with("fact-revision-of", &of)));
    }
    if let Some(organisation) = &report.organisation {
        facts.insert(0, fact("column-organisation", organisation.clone()));
    }
    let chapters = report.kind.chapters.iter().filter_map(|chapter| chapter(report, speak)).collect();
    Document { title, facts, chapters }
}
