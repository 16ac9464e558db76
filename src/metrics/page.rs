//! The whole page of metrics.

use prometheus::process_collector::ProcessCollector;
use prometheus::{Encoder, Registry, TextEncoder};
use serde::Deserialize;

use crate::metrics::catalogue::CATALOGUE;
use crate::metrics::family::Family;
use crate::metrics::text::Samples;
use crate::stats::Snapshot;

/// `[metrics]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsSettings {
    /// Most series on the page, 1 000 to 10 000 000. Beyond it whole families are left out, those of
    /// units first, and `servicegrad_families_left_out` says how many. Default 500 000.
    pub series_max: usize,
}

impl Default for MetricsSettings {
    fn default() -> Self {
        Self { series_max: 500_000 }
    }
}

impl MetricsSettings {
    /// Checks the settings; complaints are `(key, reason)`.
    pub fn check(&self) -> Result<(), Vec<(String, String)>> {
        if (1_000..=10_000_000).contains(&self.series_max) {
            return Ok(());
        }
        Err(vec![("series_max".to_owned(), format!("{} lies outside 1000 to 10000000", self.series_max))])
    }
}

/// Tells of the page itself; stands apart since it is known last.
pub const SERIES: [(&str, &str); 2] = [
    ("servicegrad_series", "Series on this page that are read off the figures."),
    ("servicegrad_families_left_out", "Families left out because the page would have more than series_max series."),
];

/// The registry of what the program counts itself.
pub fn registry() -> Registry {
    let registry = Registry::new();
    // It is the first one, so no name can stand twice.
    let _ = registry.register(Box::new(ProcessCollector::for_self()));
    registry
}

/// Every metric in text format 0.0.4, with at most `series_max` series of the snapshot's.
pub fn render(snapshot: &Snapshot, registry: &Registry, series_max: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 * 1024);
    let (mut series, mut left_out) = (0, 0);
    for family in CATALOGUE.iter().flat_map(|subject| subject.families) {
        let before = out.len();
        let written = write(family, snapshot, &mut out);
        if series + written > series_max {
            out.truncate(before);
            left_out += 1;
        } else {
            series += written;
        }
    }
    for ((name, help), value) in SERIES.into_iter().zip([series, left_out]) {
        head(name, help, "gauge", &mut out);
        Samples::new(name, &mut out).int(&[], value as i64);
    }
    // A process that cannot read its own counters says nothing of itself; the figures stand.
    let _ = TextEncoder::new().encode(&registry.gather(), &mut out);
    out
}

/// Writes one family; how many series it has.
fn write(family: &Family, snapshot: &Snapshot, out: &mut Vec<u8>) -> usize {
    head(family.name, family.help, family.kind, out);
    let mut samples = Samples::new(family.name, out);
    (family.read)(snapshot, &mut samples);
    samples.written()
}

fn head(name: &str, help: &str, kind: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("# HELP {name} {help}\n# TYPE {name} {kind}\n").as_bytes());
}
