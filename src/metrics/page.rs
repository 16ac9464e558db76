//! The whole page of metrics.

use prometheus::process_collector::ProcessCollector;
use prometheus::{Encoder, Registry, TextEncoder};

use crate::metrics::catalogue::CATALOGUE;
use crate::metrics::text::Samples;
use crate::stats::Snapshot;

/// The registry of the process's own metrics.
pub fn registry() -> Registry {
    let registry = Registry::new();
    // It is the only one, so no name can stand twice.
    let _ = registry.register(Box::new(ProcessCollector::for_self()));
    registry
}

/// Every metric in text format 0.0.4.
pub fn render(snapshot: &Snapshot, registry: &Registry) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 * 1024);
    for family in CATALOGUE {
        out.extend_from_slice(
            format!("# HELP {0} {1}\n# TYPE {0} {2}\n", family.name, family.help, family.kind).as_bytes(),
        );
        (family.read)(snapshot, &mut Samples { out: &mut out, name: family.name });
    }
    // A process that cannot read its own counters says nothing of itself; the figures stand.
    let _ = TextEncoder::new().encode(&registry.gather(), &mut out);
    out
}
