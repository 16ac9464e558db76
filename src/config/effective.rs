//! What is in force, for people; secrets are not shown.

use std::fmt::Write as _;

use crate::config::Config;
use crate::measure::Span;

/// A page on what the configuration comes to.
pub fn describe(config: &Config) -> String {
    let mut page = String::new();
    let directory = &config.directory;
    // Writing to a string does not fail.
    let _ = writeln!(page, "zone        {}", directory.zone());
    let _ = writeln!(page, "store       {}", config.store.url);
    let guarded = if config.http.token.is_some() || config.http.token_file.is_some() { " (token set)" } else { "" };
    let _ = writeln!(page, "http        {}{guarded}", config.http.listen);
    let tracker = &config.tracker;
    let _ = writeln!(
        page,
        "calls       stale after {}, late after {}, short ring below {}",
        tracker.stale_after, tracker.lateness, tracker.short_ring
    );
    for source in &config.sources {
        let place = match (&source.path, &source.listen) {
            (Some(path), _) => path.display().to_string(),
            (_, Some(address)) => address.to_string(),
            _ => "POST /api/v1/events".to_owned(),
        };
        let _ = writeln!(page, "source      {} ({}) {place}", source.name, source.kind);
    }
    for queue in directory.queues() {
        let span = |ms: u32| Span::from_ms(i64::from(ms)).to_string();
        let promise = queue.objective.map_or("no objective".to_owned(), |objective| {
            format!(
                "{} % within {} ({})",
                objective.target * 100.0,
                span(objective.threshold_ms),
                objective.definition.as_str()
            )
        });
        let short = queue.short_abandon_ms.map_or("none".to_owned(), span);
        let from: Vec<String> = queue.from.iter().map(|from| format!("{}/{}", from.source, from.queue)).collect();
        let from = if from.is_empty() { "its own name on every source".to_owned() } else { from.join(", ") };
        let _ = writeln!(page, "queue       {}: {promise}; short abandon {short}; fed by {from}", queue.name);
    }
    let _ = writeln!(
        page,
        "directory   {} organisations, {} units",
        directory.organisations().len() - 1,
        directory.units().len() - 1
    );
    page
}
