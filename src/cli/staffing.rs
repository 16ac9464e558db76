//! `staffing`: how many attendants a queue needs, and what to expect of another number.

use std::path::PathBuf;

use chrono::{Days, NaiveDate, NaiveTime};
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::cli::error::CliError;
use crate::cli::output::{deliver, tell};
use crate::clock::{Clock, local_day};
use crate::config;
use crate::i18n::Language;
use crate::measure::Span;
use crate::report::document::{Speak, staffing};
use crate::report::render::DOCUMENT_FORMATS;
use crate::report::staffing::{StaffingRequest, plan};
use crate::stats::staffing::ATTENDANTS_MAX;
use crate::store;

/// Days that are planned where none is named.
const DAYS: u64 = 7;

/// Arguments of `staffing`.
#[derive(Debug, Args)]
#[command(after_help = "\
Rests on the last eight same weekdays with calls: median calls per half-hour, mean handle time,
patience estimated from those who gave up (Erlang A), and for comparison as if nobody did (Erlang C).

Examples:
  servicegrad staffing --config config/lystkom.toml --queue kundtjanst
  servicegrad staffing --config config/lystkom.toml --queue itsupport --day 2026-11-30 --wrapup 90s \\
      --between 08:00-12:00 --attendants 1,2")]
pub struct StaffingArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "config/servicegrad.toml")]
    config: PathBuf,
    /// The store, in place of the configured one
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Name of the [[queue]]
    #[arg(long)]
    queue: String,
    /// The local day to plan; default: the seven days from tomorrow
    #[arg(long, value_name = "DAY")]
    day: Option<NaiveDate>,
    /// Only this part of the day: 08:00-12:00
    #[arg(long, value_name = "FROM-TO", value_parser = part_of_day)]
    between: Option<(NaiveTime, NaiveTime)>,
    /// After-call work a call, which no switch tells of
    #[arg(long, default_value = "0s")]
    wrapup: Span,
    /// What if: so many attendants, several with commas between
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(0..=i64::from(ATTENDANTS_MAX)))]
    attendants: Vec<u32>,
    /// How it is written
    #[arg(long, default_value = "table", value_parser = PossibleValuesParser::new(DOCUMENT_FORMATS.iter().map(|format| format.name)))]
    format: String,
    /// Language
    #[arg(long, default_value = "sv")]
    lang: Language,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn part_of_day(text: &str) -> Result<(NaiveTime, NaiveTime), String> {
    let wrong = || format!("`{text}` is no part of a day; write for instance 08:00-12:00");
    let (from, until) = text.split_once('-').ok_or_else(wrong)?;
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| wrong());
    let (from, until) = (time(from)?, time(until)?);
    if from < until { Ok((from, until)) } else { Err(wrong()) }
}

/// Plans.
pub fn run(args: &StaffingArgs) -> Result<(), CliError> {
    let mut config = config::load(&args.config)?;
    if let Some(url) = &args.store {
        config.store.url.clone_from(url);
    }
    let directory = &config.directory;
    let queue = directory.queue_named(&args.queue).ok_or_else(|| {
        let known: Vec<&str> = directory.queues().iter().map(|queue| queue.name.as_str()).collect();
        CliError::Usage(format!("there is no queue `{}`; there are: {}", args.queue, known.join(", ")))
    })?;
    let Some(format) = DOCUMENT_FORMATS.iter().find(|format| format.name == args.format) else {
        return Err(CliError::Usage(format!("there is no format `{}`", args.format)));
    };
    let today = local_day(Clock::system().now(), directory.zone());
    let days = match args.day {
        Some(day) => vec![day],
        None => (1..=DAYS).filter_map(|days| today.checked_add_days(Days::new(days))).collect(),
    };
    let reader = store::open_reader(&config.store, directory)?;
    let request = StaffingRequest {
        queue,
        days,
        wrapup_s: args.wrapup.ms() as f64 / 1000.0,
        what_if: args.attendants.clone(),
        between: args.between,
    };
    let plan = plan(&*reader, directory, &request)?;
    if plan.days.iter().all(|day| day.behind.is_empty()) {
        tell("no day of the last half-year has calls: there is nothing to plan from");
    }
    let mut bytes = Vec::new();
    (format.render)(&staffing::staffing(&plan, Speak(args.lang)), args.lang, &mut bytes)?;
    deliver(args.output.as_deref(), &bytes)
}
