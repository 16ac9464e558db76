//! Files that tell what no switch told, as they are named on the command line.

use std::path::PathBuf;

use clap::Args;

use crate::cli::error::CliError;
use crate::directory::Directory;
use crate::report::delivery;
use crate::store::Elsewhere;

/// The files.
#[derive(Debug, Args)]
pub(super) struct Told {
    /// Monthly totals of an old system, for comparison: CSV with the columns
    /// month,kind,name,offered,answered,abandoned,threshold,within (kind: queue or unit)
    #[arg(long, value_name = "FILE")]
    history: Vec<PathBuf>,
    /// Tickets that the service desk registered: CSV with the columns day,queue,tickets
    #[arg(long, value_name = "FILE")]
    tickets: Vec<PathBuf>,
}

/// How a kind of file is read.
type ReadFile = fn(&[u8], &Directory) -> Result<Vec<Elsewhere>, Vec<String>>;

impl Told {
    /// All that they tell.
    pub(super) fn read(&self, directory: &Directory) -> Result<Vec<Elsewhere>, CliError> {
        let totals = self.history.iter().map(|path| (path, delivery::totals as ReadFile));
        let tickets = self.tickets.iter().map(|path| (path, delivery::tickets as ReadFile));
        let mut told = Vec::new();
        for (path, read) in totals.chain(tickets) {
            let place = path.display();
            let bytes =
                std::fs::read(path).map_err(|error| CliError::Failed(format!("{place}: cannot be read: {error}")))?;
            let rows =
                read(&bytes, directory).map_err(|wrong| CliError::Usage(format!("{place}: {}", wrong.join("; "))))?;
            told.extend(rows);
        }
        Ok(told)
    }
}
