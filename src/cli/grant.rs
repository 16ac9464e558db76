//! What somebody is let in for, as it is typed: the same for users and tokens.

use clap::Args;

use crate::cli::error::CliError;
use crate::web::grant::{Grant, Role};

/// Role, queues and organisations.
#[derive(Debug, Args)]
pub(super) struct GrantArgs {
    /// What it is good for
    #[arg(long)]
    role: Role,
    /// A queue to see, or all; may be given several times
    #[arg(long = "queue", value_name = "QUEUE")]
    queues: Vec<String>,
    /// An organisation to see, or all; may be given several times
    #[arg(long = "organisation", value_name = "ORGANISATION")]
    organisations: Vec<String>,
}

impl GrantArgs {
    /// The grant, unless there would be nothing to see.
    pub(super) fn grant(&self) -> Result<Grant, CliError> {
        let grant = Grant::new(self.role, &self.queues, &self.organisations);
        if grant.shows_nothing() {
            let why = "nothing would be seen; give --queue or --organisation, or `all`";
            return Err(CliError::Usage(why.to_owned()));
        }
        Ok(grant)
    }
}
