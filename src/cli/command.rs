//! What can be typed, and what becomes of it.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::cli::error::CliError;
use crate::cli::output::{print, tell};
use crate::cli::{audit, capture, check, demo, generate, import, report, run, simulate, staffing, store, token, user};

/// Service levels of a switchboard, exact and live.
#[derive(Debug, Parser)]
#[command(
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 ok, 1 failed, 2 wrong usage or configuration.\nStart with `servicegrad demo`."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon: read the sources, serve wallboard, API and metrics
    Run(run::RunArgs),
    /// Watch a simulated municipal switchboard: the real daemon, a store of its own, no set-up
    Demo(demo::DemoArgs),
    /// Read old files of a source into the store, plain or gzip
    Import(import::ImportArgs),
    /// The figures of a period as table, JSON, CSV, XLSX, HTML or, where it is built in, PDF
    Report(report::ReportArgs),
    /// How many attendants a queue needs per half-hour, and what to expect of another number
    Staffing(staffing::StaffingArgs),
    /// Write events of a simulated switchboard to a file or standard output, or send them to a daemon
    Simulate(simulate::SimulateArgs),
    /// Check the configuration and say what is in force
    Check(check::CheckArgs),
    /// Record what a source really says, with numbers and names replaced by fakes
    Capture(capture::CaptureArgs),
    /// Write the metrics page, Prometheus rules and Grafana dashboards from the program's definitions
    Generate(generate::GenerateArgs),
    /// Make, list and revoke the tokens by which wallboards, municipalities and programs come in
    Token(token::TokenArgs),
    /// Say who may log in, by name and password
    User(user::UserArgs),
    /// Read the audit log: who did what to the figures and to the access to them
    Audit(audit::AuditArgs),
    /// Look after what is kept: close months, verify, back up, move, erase
    Store(store::StoreArgs),
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Runs what was typed.
pub fn main() -> ExitCode {
    // Usage errors end here with exit code 2, help and version with 0.
    let cli = Cli::parse();
    match dispatch(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("servicegrad: {error}"));
            ExitCode::from(error.code())
        }
    }
}

fn dispatch(cli: &Cli) -> Result<(), CliError> {
    match &cli.command {
        Command::Run(args) => run::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Simulate(args) => simulate::run(args),
        Command::Import(args) => import::run(args),
        Command::Report(args) => report::run(args),
        Command::Staffing(args) => staffing::run(args),
        Command::Check(args) => check::run(args),
        Command::Capture(args) => capture::run(args),
        Command::Generate(args) => generate::run(args),
        Command::Token(args) => token::run(args),
        Command::User(args) => user::run(args),
        Command::Audit(args) => audit::run(args),
        Command::Store(args) => store::run(args),
        Command::Completions { shell } => {
            let mut out = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "servicegrad", &mut out);
            print(&out)?;
            Ok(())
        }
    }
}
