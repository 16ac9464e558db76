//! Writing for people and pipes.

use std::io::{self, Write};
use std::path::Path;

use crate::cli::error::CliError;

/// Writes to standard output. A reader that has gone away, as `head` does, is no fault.
pub fn print(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Writes a line to standard error.
pub fn tell(line: &str) {
    // Where nobody can be told, nobody can be told that either.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Writes to a file, or to standard output where none is named.
pub fn deliver(path: Option<&Path>, bytes: &[u8]) -> Result<(), CliError> {
    match path {
        Some(path) => std::fs::write(path, bytes)
            .map_err(|error| CliError::Failed(format!("{}: cannot be written: {error}", path.display()))),
        None => Ok(print(bytes)?),
    }
}
