//! `user`: who may log in, and with which rights.

use std::io::BufRead;
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
use crate::web::users::{User, UserFile, hash};

/// Characters of a password that is made here: 80 random bits.
const MADE_LENGTH: usize = 20;

/// Arguments of `user`.
#[derive(Debug, Args)]
#[command(after_help = "\
A password is made and printed, this once, or read from standard input with --stdin.

Examples:
  servicegrad user add anna --role admin --config my.toml
  servicegrad user add bo --role lead --queue all --stdin --config my.toml < password
  servicegrad user remove anna --config my.toml

A running daemon takes notice within seconds, and ends the sessions of whoever was removed or has
another password.")]
pub struct UserArgs {
    #[command(subcommand)]
    what: What,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "config/servicegrad.toml", global = true)]
    config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Let somebody in by name and password
    Add {
        /// The name to log in with: a-z, 0-9, - and _
        name: String,
        #[command(flatten)]
        grant: GrantArgs,
        /// Read the password from standard input, its first line
        #[arg(long)]
        stdin: bool,
    },
    /// Give somebody another password
    Passwd {
        /// Their name
        name: String,
        /// Read the password from standard input, its first line
        #[arg(long)]
        stdin: bool,
    },
    /// List who may log in
    List,
    /// Let somebody in no longer
    Remove {
        /// Their name
        name: String,
    },
}

/// Runs `user`.
pub fn run(args: &UserArgs) -> Result<(), CliError> {
    let config = config::load(&args.config)?;
    let Some(path) = config.http.users.clone() else {
        return Err(CliError::Usage("http.users is not set; say there in which file users are kept".to_owned()));
    };
    let failed = |error: kept::KeptError| CliError::Failed(error.to_string());
    let mut file: UserFile = kept::read(&path).map_err(failed)?;
    let unknown = |name: &str| CliError::Usage(format!("there is no user `{name}`; see `servicegrad user list`"));
    let (act, name, detail, told) = match &args.what {
        What::List => return Ok(print(list(&file).as_bytes())?),
        What::Add { name, grant, stdin } => {
            if file.users.iter().any(|other| other.name == *name) {
                return Err(CliError::Usage(format!("there is a user `{name}`; remove them first")));
            }
            let grant = grant.grant()?;
            let detail = format!("role {}", grant.role.as_str());
            let (password, told) = password(*stdin)?;
            file.users.push(made(&config, name, grant, &password)?);
            ("user_added", name, detail, told)
        }
        What::Passwd { name, stdin } => {
            let user = file.users.iter_mut().find(|user| user.name == *name).ok_or_else(|| unknown(name))?;
            let (password, told) = password(*stdin)?;
            *user = made(&config, name, user.grant.clone(), &password)?;
            ("password_set", name, String::new(), told)
        }
        What::Remove { name } => {
            let before = file.users.len();
            file.users.retain(|user| user.name != *name);
            if file.users.len() == before {
                return Err(unknown(name));
            }
            ("user_removed", name, String::new(), None)
        }
    };
    let witness = Witness::of(&config);
    kept::write(&path, &file).map_err(failed)?;
    witness.note(act, name, detail);
    match told {
        Some(password) => Ok(print(format!("{password}\n").as_bytes())?),
        None => Ok(()),
    }
}

/// A password, and the same if it was made here and has to be told.
fn password(is_given: bool) -> Result<(String, Option<String>), CliError> {
    if is_given {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        return Ok((line.trim_end_matches(['\r', '\n']).to_owned(), None));
    }
    let mut made = word().map_err(|error| CliError::Failed(format!("no random numbers: {error}")))?;
    made.truncate(MADE_LENGTH);
    Ok((made.clone(), Some(made)))
}

fn made(config: &Config, name: &str, grant: Grant, password: &str) -> Result<User, CliError> {
    let argon2id = hash(password).map_err(CliError::Usage)?;
    let user = User { name: name.to_owned(), argon2id, made: Clock::system().now().to_rfc3339(), grant };
    user.visitor(&config.directory).map_err(CliError::Usage)?;
    Ok(user)
}

fn list(file: &UserFile) -> String {
    let line = |user: &User| format!("{}\t{}\t{}\n", user.name, user.grant, user.made);
    file.users.iter().map(line).collect()
}
