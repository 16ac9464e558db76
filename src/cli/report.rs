//! `report`: the figures of a period.

use std::path::PathBuf;

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::output::print;
use crate::clock::Clock;
use crate::config;
use crate::i18n::Language;
use crate::report::period::between;
use crate::report::{FORMATS, Interval, Report, Request};
use crate::stats::period::Period;
use crate::store;

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  servicegrad report --config config/lystkom.toml --period 2026-11
  servicegrad report --config config/lystkom.toml --from 2026-11-01 --to 2026-12-01 --format json --interval day
  servicegrad report --config config/lystkom.toml --period 2026-T3 --format csv --output tertial.csv")]
pub struct ReportArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "config/servicegrad.toml")]
    config: PathBuf,
    /// The store, in place of the configured one: sqlite:PATH
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// A year, month, quarter, tertial (four months) or day: 2026, 2026-11, 2026-Q4, 2026-T3, 2026-11-23
    #[arg(long, conflicts_with_all = ["from", "to"])]
    period: Option<String>,
    /// First local day: 2026-11-01
    #[arg(long, requires = "to", value_name = "DAY")]
    from: Option<String>,
    /// The day after the last: 2026-12-01
    #[arg(long, requires = "from", value_name = "DAY")]
    to: Option<String>,
    /// How it is written
    #[arg(long, default_value = "table", value_parser = clap::builder::PossibleValuesParser::new(FORMATS.iter().map(|format| format.name)))]
    format: String,
    /// Cut into intervals as well (json and csv)
    #[arg(long)]
    interval: Option<Interval>,
    /// Language of table and CSV; Swedish CSV has semicolons and decimal commas
    #[arg(long, default_value = "sv")]
    lang: Language,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Reads and writes a report.
pub fn run(args: &ReportArgs) -> Result<(), CliError> {
    let config = config::load(&args.config)?;
    let period = match (&args.period, &args.from, &args.to) {
        (Some(period), ..) => Period::parse(period),
        (None, Some(from), Some(to)) => between(from, to),
        _ => Err("give --period, or --from and --to".to_owned()),
    }
    .map_err(CliError::Usage)?;
    let reader = store::open_reader(args.store.as_deref().unwrap_or(&config.store.url), &config.directory)?;
    let request = Request {
        period,
        interval: args.interval,
        now: Clock::system().now(),
        stale_after: config.tracker.stale_after,
    };
    let report = Report::read(&*reader, &config.directory, request)?;
    let format = crate::report::render::formats::format_named(&args.format);
    let Some(format) = format else { return Err(CliError::Usage(format!("there is no format `{}`", args.format))) };
    let bytes = (format.render)(&report, args.lang);
    match &args.output {
        Some(path) => {
            std::fs::write(path, bytes).map_err(|error| CliError::Failed(format!("{}: {error}", path.display())))?
        }
        None => print(&bytes)?,
    }
    Ok(())
}
