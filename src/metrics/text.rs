//! The text format 0.0.4, written straight into a buffer: sixty thousand series in a few
//! milliseconds, which the general encoders miss.

use std::io::Write as _;

/// Writes the samples of one family.
pub struct Samples<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) name: &'static str,
}

/// A label's name and value.
pub type Label<'a> = (&'static str, &'a str);

impl Samples<'_> {
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
        let mut sum = 0;
        for (at, count) in counts.iter().enumerate() {
            sum += count;
            let bound = bounds_s.get(at).map_or_else(|| "+Inf".to_owned(), ToString::to_string);
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
