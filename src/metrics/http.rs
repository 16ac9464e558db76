//! Requests and streams, counted by the program since its start.

use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

use crate::metrics::family::Kept;

/// Requests answered.
pub const REQUESTS: Kept = Kept {
    name: "servicegrad_http_requests_total",
    kind: "counter",
    labels: &["route", "method", "class"],
    help: "Requests answered since the start, by page, method and class of the status.",
};
/// How long they took.
pub const SECONDS: Kept = Kept {
    name: "servicegrad_http_request_seconds",
    kind: "histogram",
    labels: &["route"],
    help: "From a request until the head of its answer.",
};
/// Who is connected.
pub const STREAMS: Kept = Kept {
    name: "servicegrad_sse_clients",
    kind: "gauge",
    labels: &[],
    help: "Wallboards and others that follow the live figures now.",
};

/// Who is connected in any way.
pub const CONNECTIONS: Kept =
    Kept { name: "servicegrad_http_connections", kind: "gauge", labels: &[], help: "Connections to the web now." };
/// Who had to leave.
pub const TURNED_AWAY: Kept = Kept {
    name: "servicegrad_http_turned_away_total",
    kind: "counter",
    labels: &[],
    help: "Connections closed and requests refused since the start because every place was taken.",
};

const BUCKETS_S: [f64; 8] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// What the web counts.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    requests: IntCounterVec,
    seconds: HistogramVec,
    /// Goes up and down with the streams.
    pub streams: IntGauge,
    /// Connections now.
    pub connections: IntGauge,
    /// Connections closed and requests refused for want of a place.
    pub turned_away: IntCounter,
}

impl HttpMetrics {
    /// Counters at zero, kept in `registry`.
    ///
    /// # Errors
    /// When `registry` has them already.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let made = Self {
            requests: IntCounterVec::new(Opts::new(REQUESTS.name, REQUESTS.help), REQUESTS.labels)?,
            seconds: HistogramVec::new(
                HistogramOpts::new(SECONDS.name, SECONDS.help).buckets(BUCKETS_S.to_vec()),
                SECONDS.labels,
            )?,
            streams: IntGauge::new(STREAMS.name, STREAMS.help)?,
            connections: IntGauge::new(CONNECTIONS.name, CONNECTIONS.help)?,
            turned_away: IntCounter::new(TURNED_AWAY.name, TURNED_AWAY.help)?,
        };
        registry.register(Box::new(made.requests.clone()))?;
        registry.register(Box::new(made.seconds.clone()))?;
        registry.register(Box::new(made.streams.clone()))?;
        registry.register(Box::new(made.connections.clone()))?;
        registry.register(Box::new(made.turned_away.clone()))?;
        Ok(made)
    }

    /// A request was answered. `route` is the template of the page, never the path that was asked
    /// for, or strangers could make series; so is an unknown method.
    pub fn answered(&self, route: Option<&str>, method: &str, status: u16, took: Duration) {
        let route = route.unwrap_or("other");
        let method = if matches!(method, "GET" | "POST") { method } else { "other" };
        let class = match status / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        };
        self.requests.with_label_values(&[route, method, class]).inc();
        self.seconds.with_label_values(&[route]).observe(took.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_make_no_series() {
        let registry = Registry::new();
        let http = HttpMetrics::new(&registry).unwrap();
        for number in 0..100 {
            http.answered(None, &format!("M{number}"), 404, Duration::ZERO);
        }
        let series: usize = registry.gather().iter().map(|family| family.get_metric().len()).sum();
        assert_eq!(series, 5);
    }
}
