//! `report`: the figures of a period.

use std::io::{IsTerminal, stdout};
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};

use crate::cli::error::CliError;
use crate::cli::output::deliver;
use crate::cli::told::Told;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::i18n::Language;
use crate::report::document::{Speak, explain::explanation};
use crate::report::explain::explain;
use crate::report::period::between;
use crate::report::render::DOCUMENT_FORMATS;
use crate::report::{
    FORMATS, Format, Interval, LEFT_OUT, Locale, NoRevision, REPORTS, ReportKind, Request, Style, earlier_report,
    month_report,
};
use crate::stats::period::Period;
use crate::store::{self, Reader, Sight};

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  servicegrad report --config config/lystkom.toml --period 2026-11
  servicegrad report --config config/lystkom.toml --from 2026-11-01 --to 2026-12-01 --format json --interval day
  servicegrad report --config config/lystkom.toml --kind year --period 2026 --format xlsx --output 2026.xlsx
  servicegrad report --config config/lystkom.toml --kind units --organisation lycksele --period 2026-Q4 --format html
  servicegrad report --config config/lystkom.toml --period 2026-11 --revision 1 --format html --output signed.html
  servicegrad report --config config/lystkom.toml --period 2026-11 --explain --queue itsupport --missed
  servicegrad report --config config/lystkom.toml --period 2026-T3 --format csv --locale sv --output tertial.csv")]
pub struct ReportArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "config/servicegrad.toml")]
    config: PathBuf,
    /// The store, in place of the configured one: sqlite:PATH or postgres://USER@HOST/DATABASE
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
    /// Show a closed month as this revision of it has it, in place of the last
    #[arg(long, value_name = "N", requires = "period", conflicts_with = "explain")]
    revision: Option<u32>,
    /// Which report, for people: month, year (month by month), units, hours, definitions. JSON and CSV
    /// hold everything
    #[arg(long, default_value = REPORTS[0].name, value_parser = PossibleValuesParser::new(REPORTS.iter().map(|kind| kind.name)))]
    kind: String,
    /// Only the units of this [[organisation]], and no queue
    #[arg(long, value_name = "NAME")]
    organisation: Option<String>,
    // For this report alone, beside what `store add` keeps.
    #[command(flatten)]
    told: Told,
    /// Explain how a queue's service level came about, down to the calls, instead
    #[arg(long, requires = "queue")]
    explain: bool,
    /// The [[queue]] that is explained
    #[arg(long, value_name = "NAME", requires = "explain")]
    queue: Option<String>,
    /// How many of its visits are listed, by time
    #[arg(long, value_name = "N", requires = "explain", default_value_t = 50)]
    calls: usize,
    /// List only those that were not answered in time
    #[arg(long, requires = "explain")]
    missed: bool,
    /// How it is written
    #[arg(long, default_value = "table", value_parser = formats())]
    format: String,
    /// List intervals as well, those with visits
    #[arg(long, value_parser = PossibleValuesParser::new(Interval::ALL.map(Interval::as_str)))]
    interval: Option<String>,
    /// Language of what people read
    #[arg(long, default_value = "sv")]
    lang: Language,
    /// How CSV is written: plain is RFC 4180; sv has semicolons, decimal commas and a byte-order mark
    #[arg(long, default_value = "plain")]
    locale: Locale,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The formats there are. Those that were left out of this build are not shown, and understood: so that
/// whoever asks for one is told how to come by it.
fn formats() -> PossibleValuesParser {
    let known = FORMATS.iter().map(|format| PossibleValue::new(format.name));
    PossibleValuesParser::new(known.chain(LEFT_OUT.iter().map(|(name, _)| PossibleValue::new(*name).hide(true))))
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
    let format = Format::named(&args.format).map_err(CliError::Usage)?;
    let reader = store::open_reader(&config.store, &config.directory)?;
    let Some(kind) = ReportKind::named(&args.kind) else {
        return Err(CliError::Usage(format!("there is no report `{}`", args.kind)));
    };
    let sight = match &args.organisation {
        None => Sight::ALL,
        Some(name) => Sight::of_organisations([config.directory.organisation_named(name).ok_or_else(|| {
            CliError::Usage(format!("there is no organisation `{name}` in {}", args.config.display()))
        })?]),
    };
    let request = Request {
        period,
        kind,
        interval: args.interval.as_deref().and_then(Interval::parse).or(kind.interval),
        elsewhere: args.told.read(&config.directory)?.into(),
        sight,
    };
    if let (true, Some(queue)) = (args.explain, &args.queue) {
        return explained(args, &config, &*reader, &request, queue);
    }
    let now = Clock::system().now();
    let report = match args.revision {
        None => month_report(&*reader, &config.directory, &request, now)?,
        Some(asked) => earlier_report(&*reader, &config.directory, &request, asked, now).map_err(|why| match why {
            NoRevision::Store(error) => CliError::Store(error),
            why => CliError::Usage(why.to_string()),
        })?,
    };
    let is_colour = args.output.is_none() && stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let style = Style { language: args.lang, locale: args.locale, is_colour };
    let mut bytes = Vec::new();
    (format.render)(&report, &style, &mut bytes)?;
    deliver(args.output.as_deref(), &bytes)
}

fn explained(
    args: &ReportArgs,
    config: &Config,
    reader: &dyn Reader,
    request: &Request,
    queue: &str,
) -> Result<(), CliError> {
    let directory = &config.directory;
    let queue = directory.queue_named(queue).ok_or_else(|| {
        let known: Vec<&str> = directory.queues().iter().map(|queue| queue.name.as_str()).collect();
        CliError::Usage(format!("there is no queue `{queue}`; there are: {}", known.join(", ")))
    })?;
    let Some(format) = DOCUMENT_FORMATS.iter().find(|format| format.name == args.format) else {
        let known: Vec<&str> = DOCUMENT_FORMATS.iter().map(|format| format.name).collect();
        return Err(CliError::Usage(format!("an explanation is written as {}", known.join(", "))));
    };
    let told = explain(reader, directory, request, queue, args.calls, args.missed)?;
    let mut bytes = Vec::new();
    (format.render)(&explanation(&told, directory, Speak(args.lang)), args.lang, &mut bytes)?;
    deliver(args.output.as_deref(), &bytes)
}
