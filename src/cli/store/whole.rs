//! The store as a whole: migrated, verified, backed up, restored, moved.

use std::path::Path;
use std::sync::Arc;

use crate::cli::error::CliError;
use crate::cli::output::{Bar, print, tell};
use crate::cli::store::command::Work;
use crate::measure::Moment;
use crate::store::upkeep::backup;
use crate::store::upkeep::verify::Difference;
use crate::store::{self, StoreSettings};

/// Brings the store to this schema.
pub(super) fn migrate(work: &Work) -> Result<(), CliError> {
    let settings = StoreSettings { migrate: true, ..work.config.store.clone() };
    let keeper = store::open_upkeep(&settings, &work.config.directory)?;
    let schema = store::migrations::SCHEMA;
    keeper.note(&work.act("store_migrated", "store", &format!("to schema {schema}")))?;
    tell(&format!("the store has schema {schema}"));
    Ok(())
}

/// Verifies every rollup.
pub(super) fn verify(work: &Work) -> Result<(), CliError> {
    let directory = &work.config.directory;
    let keeper = store::open_upkeep(&work.config.store, directory)?;
    let bar = Bar::new("months");
    let verified = keeper.verify(&mut |done, of| bar.at(done, of))?;
    bar.end();
    let zone = directory.zone();
    let line = |difference: &Difference| {
        let Difference { about, tier, start, figure, .. } = difference;
        let told = |figure: Option<i64>| figure.map_or_else(|| "nothing".to_owned(), |figure| figure.to_string());
        let (stored, facts) = (told(difference.stored), told(difference.facts));
        format!("{about}, {tier} from {}: {figure} is {stored}, its facts come to {facts}\n", local(*start, zone))
    };
    print(verified.differences.iter().map(line).collect::<String>().as_bytes())?;
    if verified.without_facts > 0 {
        tell(&format!("{} months cannot be verified: their facts have been let go", verified.without_facts));
    }
    for name in &verified.unconfigured {
        tell(&format!("{name} is not configured: its rollups were not compared"));
    }
    let seen = format!("{} facts counted, {} rollups compared", verified.facts, verified.cells);
    if verified.different == 0 {
        tell(&format!("{seen}: all are what their facts come to"));
        return Ok(());
    }
    let told = verified.differences.len();
    let only = if verified.different > told as u64 { format!(", {told} of them listed") } else { String::new() };
    Err(CliError::Failed(format!("{seen}: {} figures differ{only}", verified.different)))
}

/// An instant on the clocks of `zone`.
pub(super) fn local(at: Moment, zone: chrono_tz::Tz) -> String {
    at.to_utc().with_timezone(&zone).format("%Y-%m-%d %H:%M %:z").to_string()
}

/// Copies the store into a file.
pub(super) fn back_up(work: &Work, to: &Path) -> Result<(), CliError> {
    let bar = Bar::new("pages");
    backup::back_up(&work.config.store, to, &mut |done, of| bar.at(done, of))?;
    bar.end();
    let bytes = std::fs::metadata(to)?.len();
    tell(&format!("{} holds the store, {bytes} bytes", to.display()));
    Ok(())
}

/// Puts a backup in the place of the store.
pub(super) fn restore(work: &Work, from: &Path, replace: bool) -> Result<(), CliError> {
    let bar = Bar::new("pages");
    backup::put_back(&work.config.store, from, replace, &mut |done, of| bar.at(done, of))?;
    bar.end();
    let keeper = store::open_upkeep(&work.config.store, &work.config.directory)?;
    keeper.note(&work.act("store_restored", "store", &format!("from {}", from.display())))?;
    tell(&format!("the store is that of {}", from.display()));
    Ok(())
}

/// Copies everything into another store.
pub(super) fn carry(work: &Work, to: &str) -> Result<(), CliError> {
    let directory = Arc::clone(&work.config.directory);
    let other = StoreSettings { url: to.to_owned(), ..work.config.store.clone() };
    if let Err(wrong) = other.check() {
        let why: Vec<String> = wrong.into_iter().map(|(key, why)| format!("--to ({key}): {why}")).collect();
        return Err(CliError::Usage(why.join("; ")));
    }
    let (from, to) =
        (store::open_upkeep_alone(&work.config.store, &directory)?, store::open_to_fill(&other, &directory)?);
    let bar = Bar::new("rows");
    let act = work.act("store_moved", "store", "every row copied and compared");
    let carried = from.carry_into(&to, &act, &mut |done, of| bar.at(done, of))?;
    bar.end();
    let name = other.address();
    tell(&format!(
        "{} rows of {} tables copied and read back alike; now set store.url = \"{name}\"",
        carried.rows, carried.tables
    ));
    Ok(())
}
