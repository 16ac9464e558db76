//! The text format 0.0.4, written straight into a buffer: sixty thousand series in a few
//! milliseconds, which the general encoders miss.

use std::io::Write as _;

/// Writes the samples of one family.
#[derive(Debug)]
pub struct Samples<'a> {
    out: &'a mut Vec<u8>,
    name: &'static str,
    written: usize,
}

/// A label's name and value.
pub type Label<'a> = (&'static str, &'a str);

impl<'a> Samples<'a> {
    /// Samples of the family `name`, written to the end of `out`.
    pub fn new(name: &'static str, out: &'a mut Vec<u8>) -> Self {
        Self { out, name, written: 0 }
    }

    /// How many series have been written.
    pub fn written(&self) -> usize {
        self.written
    }

    /// A whole number.
    pub fn int(&mut self, labels: &[Label<'_>], value: i64) {
        self.head("", labels);
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
        self.out.push(b'\n');
    }

    /// A number; nothing is written for no data.
    pub fn float(&mut self, labels: &[Label<'_>], value: Option<f64>) {
        let Some(value) = value else { return };
        self.head("", labels);
        number(value, self.out);
        self.out.push(b'\n');
    }

    /// A histogram of `counts` per bucket, the last unbounded, with the sum in seconds.
    pub fn histogram(&mut self, labels: &[Label<'_>], bounds_s: &[u32], counts: &[u64], sum_s: f64) {
        self.buckets(labels, bounds_s, 1.0, counts, sum_s);
    }

    /// The same with bounds in milliseconds; they too are shown in seconds.
    pub fn histogram_ms(&mut self, labels: &[Label<'_>], bounds_ms: &[u32], counts: &[u64], sum_s: f64) {
        self.buckets(labels, bounds_ms, 1000.0, counts, sum_s);
    }

    fn buckets(&mut self, labels: &[Label<'_>], bounds: &[u32], scale: f64, counts: &[u64], sum_s: f64) {
        let mut sum = 0;
        for (at, count) in counts.iter().enumerate() {
            sum += count;
            self.open("_bucket", labels);
            self.out.extend_from_slice(if labels.is_empty() { b"{le=\"" } else { b",le=\"" });
            match bounds.get(at) {
                Some(bound) => number(f64::from(*bound) / scale, self.out),
                None => self.out.extend_from_slice(b"+Inf"),
            }
            self.out.extend_from_slice(b"\"} ");
            self.whole(sum);
        }
        self.head("_sum", labels);
        number(sum_s, self.out);
        self.out.push(b'\n');
        self.head("_count", labels);
        self.whole(sum);
    }

    fn whole(&mut self, value: u64) {
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
        self.out.push(b'\n');
    }

    fn head(&mut self, suffix: &str, labels: &[Label<'_>]) {
        self.open(suffix, labels);
        self.out.extend_from_slice(if labels.is_empty() { b" " } else { b"} " });
    }

    /// Name and labels, so that one more label may follow.
    fn open(&mut self, suffix: &str, labels: &[Label<'_>]) {
        self.written += 1;
        self.out.extend_from_slice(self.name.as_bytes());
        self.out.extend_from_slice(suffix.as_bytes());
        for (at, (name, value)) in labels.iter().enumerate() {
            self.out.push(if at == 0 { b'{' } else { b',' });
            self.out.extend_from_slice(name.as_bytes());
            self.out.extend_from_slice(b"=\"");
            escape(value, self.out);
            self.out.push(b'"');
        }
    }
}

/// Shortest form that reads back the same. Most figures are whole, and those are written at once.
fn number(value: f64, out: &mut Vec<u8>) {
    /// Up to here every whole number is one of its own.
    const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < WHOLE_MAX {
        out.extend_from_slice(itoa::Buffer::new().format(value as i64).as_bytes());
    } else {
        // Writing to memory does not fail.
        let _ = write!(out, "{value}");
    }
}

fn escape(value: &str, out: &mut Vec<u8>) {
    // Names are slugs: hardly any value has one of these.
    if memchr::memchr3(b'\\', b'"', b'\n', value.as_bytes()).is_none() {
        out.extend_from_slice(value.as_bytes());
        return;
    }
    for byte in value.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'"' => out.extend_from_slice(b"\\\""),
            b'\n' => out.extend_from_slice(b"\\n"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_written_as_prometheus_reads_them() {
        let mut out = Vec::new();
        let mut samples = Samples::new("x", &mut out);
        samples.int(&[], -3);
        samples.float(&[("queue", "a\"b\\c\nd")], Some(0.1));
        samples.float(&[("queue", "a")], Some(2.0));
        samples.float(&[("queue", "a")], None);
        samples.histogram_ms(&[("queue", "a")], &[500, 2_000], &[1, 0, 2], 7.25);
        samples.histogram(&[], &[5], &[1, 1], 3.0);
        assert_eq!(samples.written(), 12);
        let expected = "x -3\nx{queue=\"a\\\"b\\\\c\\nd\"} 0.1\nx{queue=\"a\"} 2\n\
            x_bucket{queue=\"a\",le=\"0.5\"} 1\nx_bucket{queue=\"a\",le=\"2\"} 1\nx_bucket{queue=\"a\",le=\"+Inf\"} 3\n\
            x_sum{queue=\"a\"} 7.25\nx_count{queue=\"a\"} 3\n\
            x_bucket{le=\"5\"} 1\nx_bucket{le=\"+Inf\"} 2\nx_sum 3\nx_count 2\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
