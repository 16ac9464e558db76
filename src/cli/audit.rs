//! `audit`: who did what to the figures and to the access to them.

use std::fmt::Write as _;
use std::path::PathBuf;

use chrono::{Days, NaiveDate};
use clap::{Args, ValueEnum};

use crate::cli::error::CliError;
use crate::cli::output::print;
use crate::clock::{Clock, local_day, local_midnight};
use crate::config;
use crate::store::open_ledger;

/// Days that are shown where none is named.
const DAYS: u64 = 30;

/// Arguments of `audit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Newest first: time, who, what, to what, details. Nothing in the log is ever changed.

Examples:
  servicegrad audit --config my.toml
  servicegrad audit --from 2026-11-01 --until 2026-12-01 --format json --config my.toml")]
pub struct AuditArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "config/servicegrad.toml")]
    config: PathBuf,
    /// First local day; default: 30 days ago
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
    /// The local day after the last; default: tomorrow
    #[arg(long, value_name = "DAY")]
    until: Option<NaiveDate>,
    /// At most so many acts
    #[arg(long, default_value_t = 1_000)]
    limit: usize,
    /// How they are written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Lines with tabs between
    Table,
    /// An object a line
    Json,
}

/// Runs `audit`.
pub fn run(args: &AuditArgs) -> Result<(), CliError> {
    let config = config::load(&args.config)?;
    let zone = config.directory.zone();
    let today = local_day(Clock::system().now(), zone);
    let from = args.from.or_else(|| today.checked_sub_days(Days::new(DAYS))).unwrap_or(today);
    let until = args.until.or_else(|| today.checked_add_days(Days::new(1))).unwrap_or(today);
    if from >= until {
        return Err(CliError::Usage(format!("--from {from} is not before --until {until}")));
    }
    let acts = open_ledger(&config.store)?.acts(local_midnight(from, zone), local_midnight(until, zone), args.limit)?;
    let mut text = String::new();
    for act in acts {
        let at = act.at.to_utc().with_timezone(&zone).to_rfc3339();
        // Writing to a string does not fail.
        let _ = match args.format {
            Format::Table => writeln!(text, "{at}\t{}\t{}\t{}\t{}", act.who, act.act, act.about, act.detail),
            Format::Json => {
                let line = serde_json::json!({
                    "at": at, "who": act.who, "act": act.act, "about": act.about, "detail": act.detail,
                });
                writeln!(text, "{line}")
            }
        };
    }
    Ok(print(text.as_bytes())?)
}
