//! `check --source NAME --try FILE`: what a file of records would come to.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::cli::error::CliError;
use crate::cli::output::print;
use crate::clock::Clock;
use crate::config::Config;
use crate::source::import;
use crate::source::records::trial::trial;

/// Most bytes of a file that are tried: enough to see whether a mapping is right.
const TRIED_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Prints what a file would come to; fails where not a single row can be used.
pub(super) fn try_file(config: &Config, name: &str, file: &Path) -> Result<(), CliError> {
    let source = config.sources.iter().find(|source| source.name == name);
    let records = source
        .and_then(|source| source.records.as_ref())
        .ok_or_else(|| CliError::Usage(format!("there is no source `{name}` of kind records in the configuration")))?;
    // Checked when the configuration was loaded.
    let plan = records.plan().map_err(|wrong| CliError::Usage(format!("source `{name}`: {wrong:?}")))?;
    let unreadable = |error: std::io::Error| CliError::Usage(format!("{}: {error}", file.display()));
    let (reader, _) = import::open(file).map_err(unreadable)?;
    let mut bytes = Vec::new();
    reader.take(TRIED_BYTES_MAX).read_to_end(&mut bytes).map_err(unreadable)?;
    let tried = trial(&Arc::new(plan), &bytes, Clock::system().now());
    print(tried.page.as_bytes())?;
    if tried.rows == 0 && tried.rejected > 0 {
        return Err(CliError::Usage(format!("none of the rows of {} can be used", file.display())));
    }
    Ok(())
}
