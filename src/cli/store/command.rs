//! What can be typed behind `store`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::error::CliError;
use crate::cli::store::{elsewhere, months, people, whole};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::store::Act;

/// Arguments of `store`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  servicegrad store verify --config my.toml
  servicegrad store close --config my.toml
  servicegrad store backup figures-2026-11.db --config my.toml
  servicegrad store move --to postgres://servicegrad@db.example.se/figures --config my.toml

Acts that change what is kept are noted in the audit log of the store.")]
pub struct StoreArgs {
    #[command(subcommand)]
    what: What,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "config/servicegrad.toml", global = true)]
    config: PathBuf,
    /// The store, in place of the configured one: sqlite:PATH or postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "URL", global = true)]
    store: Option<String>,
    /// Who does it, for the audit log. Default: the system's user
    #[arg(long, value_name = "NAME", global = true)]
    who: Option<String>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Bring the store to this program's schema
    #[command(after_help = "\
The daemon does this at its start unless `store.migrate` is off. All steps are taken in one transaction:
interrupted, the store is as before. Make a backup first, since an older program cannot read it then.")]
    Migrate,
    /// Work every rollup out from the facts again and name what differs; exit code 1 if anything does
    #[command(after_help = "\
Reads the store as of one moment, beside a running daemon. Rollups are the counts by quarter-hour, day and
month that reports are made from; facts are the visits, calls and transfers behind them. They are counted
by the rules of the configuration: a queue whose thresholds were changed without saying from when
differs in every month before.")]
    Verify,
    /// Close months whose last call has ended, and revise closed ones whose figures have changed
    #[command(after_help = "\
A closed month is shown as it was signed, in every form of every report. Events that come later change it
only by a revision with a number, and each report says what changed. The daemon does this by itself unless
`upkeep.close` is off; by hand it is for stores that are filled by imports, and for whoever cannot wait.")]
    Close {
        /// Only these months, and fail where one cannot be closed yet: 2026-11, 2026-Q4, 2026
        #[arg(long)]
        period: Option<String>,
        /// Why, for the report and the audit log
        #[arg(long, value_name = "TEXT")]
        why: Option<String>,
    },
    /// Count months anew from their facts, under the rules that the configuration now has for them
    #[command(after_help = "\
Stop the daemon first. What was signed stays: a closed month gets a revision with the difference. To count
older months by other thresholds or another definition, say in [[queue.earlier]] what holds until when.
The act is noted in the audit log.")]
    Recompute {
        /// Which months: 2026-11, 2026-Q4, 2026
        #[arg(long)]
        period: String,
        /// Why, for the report and the audit log
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// Keep what no switch told: monthly totals of an old system, tickets of the service desk
    #[command(after_help = "\
Totals of months that were not measured stand beside the measured ones in every report, marked; where a
switch was measured, its figures hold. Tickets are shown per answered call, with their trend. What is told
again of a month or day takes the place of what was told before. Works beside a running daemon.

Examples:
  servicegrad store add --history totals-2022.csv --config my.toml
  servicegrad store add --tickets tickets.csv --config my.toml")]
    Add(elsewhere::AddArgs),
    /// Let go what is older than `[upkeep]` says
    #[command(after_help = "\
The daemon does this by itself. It is done in short steps; interrupted, the rest is done the next time.")]
    Retain,
    /// Print everything that is kept about a number or an attendant, as JSON
    #[command(after_help = "\
Callers' numbers and attendants' names are kept of no call. What can be left is a number that callers were
sent on to, and what a line says that could not be used. That it was looked up is noted in the audit log.")]
    Export(people::About),
    /// Erase a number or an attendant's name
    #[command(after_help = "\
Stop the daemon first. In each transfer the unit stays and the number goes, so that no figure changes.
Backups still have it. The audit log says that something was erased, and not what.")]
    Erase(people::About),
    /// Copy the store into a new file, while the daemon runs
    #[command(after_help = "\
The copy is the store as it was when the command began; intake is not held up. A store on PostgreSQL is
backed up with pg_dump.")]
    Backup {
        /// The new file
        #[arg(value_name = "FILE")]
        to: PathBuf,
    },
    /// Put a backup in the place of the store
    #[command(after_help = "\
Stop the daemon first: it holds figures in memory. After the restore it reads its sources on from where
they stood in the backup; files and journals that still exist are read again, and nothing counts twice.")]
    Restore {
        /// The backup
        #[arg(value_name = "FILE")]
        from: PathBuf,
        /// Overwrite the store that is there
        #[arg(long)]
        replace: bool,
    },
    /// Copy everything into another store: from a file to PostgreSQL or back
    #[command(after_help = "\
Stop the daemon first: what it wrote meanwhile would stay behind. The other store must be empty. Every row is
read back and compared; then set `store.url` to the other store. The old one is left as it is.")]
    Move {
        /// The other store: sqlite:PATH or postgres://USER@HOST/DATABASE
        #[arg(long, value_name = "URL")]
        to: String,
    },
}

/// Runs `store`.
pub fn run(args: &StoreArgs) -> Result<(), CliError> {
    let mut config = config::load(&args.config)?;
    if let Some(url) = &args.store {
        config.store.url.clone_from(url);
    }
    let work = Work { config, who: who(args.who.as_deref()) };
    match &args.what {
        What::Migrate => whole::migrate(&work),
        What::Verify => whole::verify(&work),
        What::Close { period, why } => months::close(&work, period.as_deref(), why.as_deref()),
        What::Recompute { period, why } => months::recompute(&work, period, why, &args.config),
        What::Add(args) => elsewhere::add(&work, args),
        What::Retain => people::retain(&work),
        What::Export(about) => people::export(&work, about),
        What::Erase(about) => people::erase(&work, about),
        What::Backup { to } => whole::back_up(&work, to),
        What::Restore { from, replace } => whole::restore(&work, from, *replace),
        What::Move { to } => whole::carry(&work, to),
    }
}

/// On which store, and in whose name.
pub(super) struct Work {
    pub(super) config: Config,
    who: String,
}

impl Work {
    /// An act for the audit log.
    pub(super) fn act(&self, act: &str, about: &str, detail: &str) -> Act {
        Act {
            at: Clock::system().now(),
            who: self.who.clone(),
            act: act.to_owned(),
            about: about.to_owned(),
            detail: detail.to_owned(),
        }
    }
}

fn who(named: Option<&str>) -> String {
    let system = || std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).unwrap_or_else(|_| "unknown".into());
    named.map_or_else(|| format!("cli {}", system()), str::to_owned)
}
