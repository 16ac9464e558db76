//! `check`: the configuration, and what is in force.

use std::path::PathBuf;

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::output::print;
use crate::config;

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "config/servicegrad.toml")]
    config: PathBuf,
}

/// Checks the configuration and prints what is in force.
pub fn run(args: &CheckArgs) -> Result<(), CliError> {
    let config = config::load(&args.config)?;
    print(config::effective::describe(&config).as_bytes())?;
    Ok(())
}
