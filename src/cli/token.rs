//! `token`: who may see and send what.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::error::CliError;
use crate::cli::output::print;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::web::tokens::{Role, Token, TokenFile, hash};

/// Arguments of `token`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  servicegrad token create skarm-1 --role wallboard --queue all --config my.toml
  servicegrad token create asele --role organisation --organisation asele --config my.toml
  servicegrad token revoke skarm-1 --config my.toml

A running daemon takes notice within seconds.")]
pub struct TokenArgs {
    #[command(subcommand)]
    what: What,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "config/servicegrad.toml", global = true)]
    config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a token and print it, this once
    Create {
        /// What it is to be known by: a-z, 0-9, - and _
        name: String,
        /// What it is for
        #[arg(long)]
        role: Role,
        /// A queue that it shows, or all; may be given several times
        #[arg(long = "queue", value_name = "QUEUE")]
        queues: Vec<String>,
        /// An organisation that it shows, or all; may be given several times
        #[arg(long = "organisation", value_name = "ORGANISATION")]
        organisations: Vec<String>,
    },
    /// List the tokens; what they are is nowhere kept
    List,
    /// Make a token worthless
    Revoke {
        /// Its name
        name: String,
    },
}

/// Runs `token`.
pub fn run(args: &TokenArgs) -> Result<(), CliError> {
    let config = config::load(&args.config)?;
    let Some(path) = config.http.tokens.clone() else {
        return Err(CliError::Usage("http.tokens is not set; say there in which file tokens are kept".to_owned()));
    };
    let failed = |error: crate::web::tokens::TokenError| CliError::Failed(error.to_string());
    let mut file = TokenFile::read(&path).map_err(failed)?;
    match &args.what {
        What::Create { name, role, queues, organisations } => {
            let (secret, token) = make(&config, name, *role, queues, organisations)?;
            if file.tokens.iter().any(|other| other.name == *name) {
                return Err(CliError::Usage(format!("there is a token `{name}`; revoke it first")));
            }
            file.tokens.push(token);
            file.write(&path).map_err(failed)?;
            Ok(print(format!("{secret}\n").as_bytes())?)
        }
        What::List => Ok(print(list(&file).as_bytes())?),
        What::Revoke { name } => {
            let before = file.tokens.len();
            file.tokens.retain(|token| token.name != *name);
            if file.tokens.len() == before {
                return Err(CliError::Usage(format!("there is no token `{name}`; see `servicegrad token list`")));
            }
            file.write(&path).map_err(failed)
        }
    }
}

fn make(
    config: &Config,
    name: &str,
    role: Role,
    queues: &[String],
    organisations: &[String],
) -> Result<(String, Token), CliError> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|error| CliError::Failed(format!("no random numbers: {error}")))?;
    let secret = format!("sg_{}", random.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat());
    let set = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
    let token = Token {
        name: name.to_owned(),
        role,
        sha256: hash(&secret),
        made: Clock::system().now().to_rfc3339(),
        queues: set(queues),
        organisations: set(organisations),
    };
    let visitor = token.visitor(&config.directory).map_err(CliError::Usage)?;
    let shows_figures = !matches!(role, Role::Ingest | Role::Metrics | Role::Admin);
    if shows_figures && visitor.sight.shows_nothing() {
        return Err(CliError::Usage("it would show nothing; give --queue or --organisation, or `all`".to_owned()));
    }
    Ok((secret, token))
}

fn list(file: &TokenFile) -> String {
    let names = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(",");
    let line = |token: &Token| {
        let (queues, organisations) = (names(&token.queues), names(&token.organisations));
        format!(
            "{}\t{}\tqueues={queues}\torganisations={organisations}\t{}\n",
            token.name,
            token.role.as_str(),
            token.made
        )
    };
    file.tokens.iter().map(line).collect::<Vec<_>>().concat()
}
