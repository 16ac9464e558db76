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
        // Writing to memory does not fail.
        let _ = writeln!(self.out, "{value}");
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
            let bound =
                bounds.get(at).map_or_else(|| "+Inf".to_owned(), |bound| (f64::from(*bound) / scale).to_string());
            let mut all = labels.to_vec();
            all.push(("le", &bound));
            self.head("_bucket", &all);
            let _ = writeln!(self.out, "{sum}");
        }
        self.head("_sum", labels);
        let _ = writeln!(self.out, "{sum_s}");
        self.head("_count", labels);
        let _ = writeln!(self.out, "{sum}");
    }

    fn head(&mut self, suffix: &str, labels: &[Label<'_>]) {
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
        self.out.extend_from_slice(if labels.is_empty() { b" " } else { b"} " });
    }
}

fn escape(value: &str, out: &mut Vec<u8>) {
    for byte in value.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'"' => out.extend_from_slice(b"\\\""),
            b'\n' => out.extend_from_slice(b"\\n"),
            other => out.push(other),
        }
    }
}
