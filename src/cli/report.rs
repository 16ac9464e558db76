//! `report`: the figures of a period.

use std::io::{IsTerminal, stdout};
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::cli::error::CliError;
use crate::cli::output::print;
use crate::clock::Clock;
use crate::config;
use crate::i18n::Language;
use crate::report::period::between;
use crate::report::{FORMATS, Interval, Locale, Request, Style, month_report};
use crate::stats::period::Period;
use crate::store::{self, Sight};

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  servicegrad report --config config/lystkom.toml --period 2026-11
  servicegrad report --config config/lystkom.toml --from 2026-11-01 --to 2026-12-01 --format json --interval day
  servicegrad report --config config/lystkom.toml --period 2026-T3 --format csv --locale sv --output tertial.csv")]
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
    #[arg(long, default_value = "table", value_parser = PossibleValuesParser::new(FORMATS.iter().map(|format| format.name)))]
    format: String,
    /// List intervals as well, those with visits
    #[arg(long, value_parser = PossibleValuesParser::new(Interval::ALL.map(Interval::as_str)))]
    interval: Option<String>,
    /// Language of the table
    #[arg(long, default_value = "sv")]
    lang: Language,
    /// How CSV is written: plain is RFC 4180; sv has semicolons, decimal commas and a byte-order mark
    #[arg(long, default_value = "plain")]
    locale: Locale,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Reads and writes a report.
pub fn run(args: &ReportArgs) -> Result<(), CliError> {
    let mut config = config::load(&args.config)?;
    if let Some(url) = &args.store {
        config.store.url.clone_from(url);
    }
    let period = match (&args.period, &args.from, &args.to) {
        (Some(period), ..) => Period::parse(period),
        (None, Some(from), Some(to)) => between(from, to),
        _ => Err("give --period, or --from and --to".to_owned()),
    }
    .map_err(CliError::Usage)?;
    let Some(format) = FORMATS.iter().find(|format| format.name == args.format) else {
        return Err(CliError::Usage(format!("there is no format `{}`", args.format)));
    };
    let reader = store::open_reader(&config.store, &config.directory)?;
    let request = Request {
        period,
        interval: args.interval.as_deref().and_then(Interval::parse),
        stale_after: config.tracker.stale_after,
        sight: Sight::ALL,
    };
    let report = month_report(&*reader, &config.directory, &request, Clock::system().now())?;
    let is_colour = args.output.is_none() && stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let style = Style { language: args.lang, locale: args.locale, is_colour };
    let mut bytes = Vec::new();
    (format.render)(&report, &style, &mut bytes)?;
    match &args.output {
        Some(path) => std::fs::write(path, bytes)
            .map_err(|error| CliError::Failed(format!("{}: cannot be written: {error}", path.display()))),
        None => Ok(print(&bytes)?),
    }
}
