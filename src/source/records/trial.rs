//! What a file would come to, for people who write a mapping: each row as it is read, what it is
//! told as, and what cannot be used and why. Nothing is stored.

use std::fmt::Write as _;

use crate::event::json;
use crate::measure::Moment;
use crate::names::SourceId;
use crate::source::lines::Lines;
use crate::source::records::Records;
use crate::source::records::decoder::LINE_BYTES_MAX;
use crate::source::records::layout::Plan;
use crate::source::{Batch, Decode};

/// What came of a file, in words, and how many rows could not be used.
#[derive(Debug)]
pub struct Trial {
    /// A page: a line a row, then the events, then what could not be used, then the sums.
    pub page: String,
    /// Rows that could be read.
    pub rows: usize,
    /// Rows and calls that could not be used.
    pub rejected: usize,
}

/// Reads `bytes` by `plan`. `received`: our time, for times without a year.
pub fn trial(plan: &std::sync::Arc<Plan>, bytes: &[u8], received: Moment) -> Trial {
    let mut page = String::new();
    let rows = rows(plan, bytes, received, &mut page);
    let mut decoder = Records::new(std::sync::Arc::clone(plan));
    let mut batch = Batch::of(SourceId(0));
    decoder.feed(bytes, received, &mut batch);
    decoder.finish(received, &mut batch);
    decoder.flush(&mut batch);
    page.push('\n');
    for event in &batch.events {
        let mut line = Vec::new();
        json::write(event, &format!("{:016x}", event.id.0), &mut line);
        // Writing to a text does not fail.
        let _ = writeln!(page, "{}", String::from_utf8_lossy(&line));
    }
    page.push('\n');
    for reject in &batch.rejects {
        let _ = writeln!(page, "{}: {}: {}", reject.position, reject.reason.as_str(), reject.detail);
    }
    let untold: Vec<&str> = plan.story.untold().into_iter().map(crate::measure::Untold::as_str).collect();
    let _ = writeln!(
        page,
        "{rows} rows, {} events, {} unusable; mapping {}; cannot tell: {}",
        batch.events.len(),
        batch.rejects.len(),
        plan.checksum,
        if untold.is_empty() { "nothing is known to be missing".to_owned() } else { untold.join(", ") }
    );
    Trial { page, rows, rejected: batch.rejects.len() }
}

fn rows(plan: &std::sync::Arc<Plan>, bytes: &[u8], received: Moment, page: &mut String) -> usize {
    let mut reader = Records::new(std::sync::Arc::clone(plan));
    let mut lines = Lines::new(LINE_BYTES_MAX);
    let mut count = 0;
    let mut show = |place: crate::source::lines::Place, line: Result<&[u8], crate::event::Reject>| {
        let Ok(line) = line else { return };
        if let Ok(Some(row)) = reader.row(&place.to_string(), line, received) {
            count += 1;
            let shown: Vec<String> = row.shown().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
            let _ = writeln!(page, "line {}: {}", place.line, shown.join(" "));
        }
    };
    lines.cut(bytes, &mut show);
    lines.finish(&mut show);
    count
}
