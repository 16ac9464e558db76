//! `import`: old files of a source into the store.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::error::CliError;
use crate::cli::output::tell;
use crate::clock::Clock;
use crate::config;
use crate::engine::{Engine, Intake};
use crate::source::import::import;
use crate::source::kind::kind_named;
use crate::source::{Batch, Receipt};
use crate::store;

/// Most queues that are told by name.
const QUEUES_TOLD: usize = 10;

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(after_help = "\
Files are read in the order given: oldest first. What is known already is not counted twice, so an
import may be repeated, may overlap with another, and may follow what was read live.

Example:
  servicegrad import --config config/lystkom.toml --source vaxel-gammal queue_log.2.gz queue_log.1 queue_log")]
pub struct ImportArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "config/servicegrad.toml")]
    config: PathBuf,
    /// The store, in place of the configured one: sqlite:PATH or postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Name of the [[source]] that the files are of
    #[arg(long)]
    source: String,
    /// Files, plain or gzip; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Imports files.
pub fn run(args: &ImportArgs) -> Result<(), CliError> {
    let mut config = config::load(&args.config)?;
    if let Some(url) = &args.store {
        config.store.url.clone_from(url);
    }
    let directory = Arc::clone(&config.directory);
    let source = directory.source_named(&args.source).ok_or_else(|| {
        let known = directory.sources().join(", ");
        CliError::Usage(format!(
            "there is no source `{}` in {}; there are: {known}",
            args.source,
            args.config.display()
        ))
    })?;
    let kind = kind_named(&config.sources[source.index()].kind);
    let Some(kind) = kind else { return Err(CliError::Usage(format!("source `{}` cannot be imported", args.source))) };
    let store = store::open(&config.store, &directory)?;
    let clock = Clock::system();
    let mut engine = Engine::open(directory, config.tracker, store, clock.clone())?.importing();
    if let Some(mapping) = config.sources[source.index()].mapping() {
        engine.read_by(source, &mapping);
    }
    let (unmeasured_before, _) = engine.unmeasured(source);
    let mut decoder = (kind.decoder)(&config.sources[source.index()]);
    let mut total = Receipt::default();
    let mut take = |batch| -> Result<(), CliError> {
        let mut intake = Intake::new(batch);
        engine.take(&mut intake)?;
        engine.expire();
        engine.commit()?;
        let receipt = intake.receipt();
        total.accepted += receipt.accepted;
        total.duplicates += receipt.duplicates;
        total.rejected += receipt.rejected;
        Ok(())
    };
    for file in &args.files {
        let bar = progress(file);
        let imported = import::<CliError>(file, source, &mut *decoder, clock.now(), |batch, read_so_far| {
            take(batch)?;
            bar.set_position(read_so_far);
            Ok(())
        });
        bar.finish_and_clear();
        imported?;
    }
    let mut rest = Batch::of(source);
    decoder.flush(&mut rest);
    take(rest)?;
    engine.end_import(source)?;
    tell(&format!(
        "{} events imported, {} known already, {} unusable (see `dead_letter` in the store)",
        total.accepted, total.duplicates, total.rejected
    ));
    let (unmeasured, queues) = engine.unmeasured(source);
    if unmeasured > unmeasured_before {
        tell(&format!(
            "{} of them name queues that are not measured ({}); if one should be, put it into `from` of its [[queue]]",
            unmeasured - unmeasured_before,
            named(&queues)
        ));
    }
    Ok(())
}

/// The first few of some names.
fn named(names: &[&str]) -> String {
    let shown = names[..names.len().min(QUEUES_TOLD)].join(", ");
    if names.len() > QUEUES_TOLD { format!("{shown} and {} more", names.len() - QUEUES_TOLD) } else { shown }
}

fn progress(file: &std::path::Path) -> ProgressBar {
    let bytes = std::fs::metadata(file).map_or(0, |about| about.len());
    let bar = ProgressBar::new(bytes);
    let template = "{msg} {wide_bar} {bytes}/{total_bytes} {eta}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(file.display().to_string());
    bar
}
