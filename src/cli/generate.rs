//! `generate`: files for Prometheus, Grafana and people, from the program's own definitions.

use std::path::PathBuf;

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::output::tell;
use crate::generate::artefacts;

/// Arguments of `generate`.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// Folder to write to
    #[arg(long, value_name = "FOLDER", default_value = "dashboards")]
    folder: PathBuf,
}

/// Writes the files.
pub fn run(args: &GenerateArgs) -> Result<(), CliError> {
    for artefact in artefacts() {
        let path = args.folder.join(&artefact.path);
        let folder = path.parent().unwrap_or(&args.folder);
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, &artefact.text));
        written.map_err(|error| CliError::Failed(format!("{}: {error}", path.display())))?;
        tell(&path.display().to_string());
    }
    Ok(())
}
