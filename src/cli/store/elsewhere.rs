//! What no switch told, kept and forgotten.

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::output::tell;
use crate::cli::store::command::Work;
use crate::cli::told::Told;
use crate::store::open_ledger;

/// What is told.
#[derive(Debug, Args)]
pub(super) struct AddArgs {
    #[command(flatten)]
    told: Told,
    /// Forget what is kept of the months and days that the files name, in place of keeping it
    #[arg(long)]
    forget: bool,
}

/// Keeps what the files tell, or forgets it.
pub(super) fn add(work: &Work, args: &AddArgs) -> Result<(), CliError> {
    let rows = args.told.read(&work.config.directory)?;
    let days = rows.iter().map(|row| row.day);
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else {
        return Err(CliError::Usage("nothing is told: name --history or --tickets with lines in it".to_owned()));
    };
    let (about, detail) = (format!("{first} to {last}"), format!("months and days: {}", rows.len()));
    let mut ledger = open_ledger(&work.config.store)?;
    if args.forget {
        ledger.forget_elsewhere(&rows, &work.act("elsewhere_forgotten", &about, &detail))?;
        tell(&format!("forgotten, {about}; {detail}"));
    } else {
        ledger.keep_elsewhere(&rows, &work.act("elsewhere_kept", &about, &detail))?;
        tell(&format!("kept, {about}; {detail}"));
    }
    Ok(())
}
