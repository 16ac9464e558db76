//! What a family of series is, and the walks over the snapshot that all of them share.

use crate::metrics::text::Samples;
use crate::names::{DefinitionId, UnitId};
use crate::stats::LegCounts;
use crate::stats::snapshot::{QueueNow, Snapshot, SourceNow, Window};

/// One family of series, read off the snapshot.
#[derive(Debug)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// Names of its labels, without the `le` of histograms.
    pub labels: &'static [&'static str],
    /// What it says, with unit and denominator.
    pub help: &'static str,
    /// How it is read.
    pub read: fn(&Snapshot, &mut Samples<'_>),
}

/// A family that the program counts itself since its start, in the registry of the crate
/// `prometheus`.
#[derive(Debug)]
pub struct Kept {
    /// Its name.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// Names of its labels.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

/// The windows that metrics tell of. The wallboard's quarter-hour says nothing to Prometheus that
/// its neighbours do not.
pub const WINDOWS: [Window; 5] = [Window::Min5, Window::Min30, Window::Min60, Window::Today, Window::Month];

/// `30s`: names a threshold.
pub fn threshold(ms: u32) -> String {
    format!("{}s", f64::from(ms) / 1000.0)
}

pub(super) fn each_queue(snapshot: &Snapshot, mut visit: impl FnMut(&QueueNow, &str)) {
    for queue in &snapshot.queues {
        visit(queue, &snapshot.directory.queue(queue.id).name);
    }
}

/// Queues whose source is heard: no value beats a frozen one.
pub(super) fn each_fresh(snapshot: &Snapshot, mut visit: impl FnMut(&QueueNow, &str)) {
    each_queue(snapshot, |queue, name| {
        if queue.is_fresh {
            visit(queue, name);
        }
    });
}

pub(super) fn each_window(snapshot: &Snapshot, mut visit: impl FnMut(&QueueNow, &str, Window)) {
    each_queue(snapshot, |queue, name| {
        for window in WINDOWS {
            // What was counted today stands; what is live needs a live source.
            if queue.is_fresh || matches!(window, Window::Today | Window::Month) {
                visit(queue, name, window);
            }
        }
    });
}

/// Each queue, window and threshold with its service level by the queue's definition.
pub(super) fn each_level(
    snapshot: &Snapshot,
    mut visit: impl FnMut(&[(&'static str, &str); 3], crate::measure::Share),
) {
    each_window(snapshot, |queue, name, window| {
        let settings = snapshot.directory.queue(queue.id);
        let by = settings.objective.map_or(DefinitionId::default(), |objective| objective.definition);
        for threshold_ms in &settings.thresholds_ms {
            let level = queue.service_level(window, *threshold_ms, by, &snapshot.directory);
            let labels = [("queue", name), ("threshold", &*threshold(*threshold_ms)), ("window", window.as_str())];
            visit(&labels, level);
        }
    });
}

pub(super) fn each_source(snapshot: &Snapshot, mut visit: impl FnMut(&SourceNow, &str)) {
    for (name, source) in snapshot.directory.sources().iter().zip(&snapshot.sources) {
        visit(source, name);
    }
}

pub(super) fn unit_labels(snapshot: &Snapshot, id: UnitId) -> [(&'static str, &str); 2] {
    let unit = snapshot.directory.unit(id);
    [("organisation", &snapshot.directory.organisation(unit.organisation).name), ("unit", &unit.name)]
}

/// Each unit and window with transfers: of twenty thousand units, most are not called in a day.
pub(super) fn each_unit_window(snapshot: &Snapshot, mut visit: impl FnMut(&[(&'static str, &str); 3], &LegCounts)) {
    for unit in &snapshot.units {
        let labels = unit_labels(snapshot, unit.id);
        for (window, counts) in [("today", &unit.today), ("month", &unit.month)] {
            if counts.transfers > 0 {
                visit(&[labels[0], labels[1], ("window", window)], counts);
            }
        }
    }
}

/// Each organisation and window with transfers, over all its units.
pub(super) fn each_organisation_window(
    snapshot: &Snapshot,
    mut visit: impl FnMut(&[(&'static str, &str); 2], &LegCounts),
) {
    let organisations = snapshot.directory.organisations();
    let mut sums = vec![[LegCounts::default(), LegCounts::default()]; organisations.len()];
    for unit in &snapshot.units {
        let sum = &mut sums[snapshot.directory.unit(unit.id).organisation.index()];
        sum[0].combine(&unit.today, 1);
        sum[1].combine(&unit.month, 1);
    }
    for (organisation, sums) in organisations.iter().zip(&sums) {
        for (window, counts) in ["today", "month"].into_iter().zip(sums) {
            if counts.transfers > 0 {
                visit(&[("organisation", &organisation.name), ("window", window)], counts);
            }
        }
    }
}
