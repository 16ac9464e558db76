//! `token`: who may see and send what.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::error::CliError;
use crate::cli::grant::GrantArgs;
use crate::cli::output::print;
use crate::cli::witness::Witness;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::web::grant::Grant;
use crate::web::kept;
use crate::web::sessions::word;
use crate::web::tokens::{Token, TokenFile, hash};

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
        #[command(flatten)]
        grant: GrantArgs,
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
    let failed = |error: kept::KeptError| CliError::Failed(error.to_string());
    let mut file: TokenFile = kept::read(&path).map_err(failed)?;
    match &args.what {
        What::Create { name, grant } => {
            let grant = grant.grant()?;
            let detail = format!("role {}", grant.role.as_str());
            let (secret, token) = make(&config, name, grant)?;
            if file.tokens.iter().any(|other| other.name == *name) {
                return Err(CliError::Usage(format!("there is a token `{name}`; revoke it first")));
            }
            file.tokens.push(token);
            kept::write(&path, &file).map_err(failed)?;
            Witness::of(&config).note("token_created", name, detail);
            Ok(print(format!("{secret}\n").as_bytes())?)
        }
        What::List => Ok(print(list(&file).as_bytes())?),
        What::Revoke { name } => {
            let before = file.tokens.len();
            file.tokens.retain(|token| token.name != *name);
            if file.tokens.len() == before {
                return Err(CliError::Usage(format!("there is no token `{name}`; see `servicegrad token list`")));
            }
            kept::write(&path, &file).map_err(failed)?;
            Witness::of(&config).note("token_revoked", name, String::new());
            Ok(())
        }
    }
}

fn make(config: &Config, name: &str, grant: Grant) -> Result<(String, Token), CliError> {
    let secret = word().map_err(|error| CliError::Failed(format!("no random numbers: {error}")))?;
    let secret = format!("sg_{secret}");
    let (sha256, made) = (hash(&secret), Clock::system().now().to_rfc3339());
    let token = Token { name: name.to_owned(), sha256, made, grant };
    token.visitor(&config.directory).map_err(CliError::Usage)?;
    Ok((secret, token))
}

fn list(file: &TokenFile) -> String {
    let line = |token: &Token| format!("{}\t{}\t{}\n", token.name, token.grant, token.made);
    file.tokens.iter().map(line).collect()
}
