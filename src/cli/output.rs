//! Writing for people and pipes.

use std::io::{self, Write};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

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

/// How far long work has come, for whoever watches a terminal.
pub struct Bar(ProgressBar);

impl Bar {
    /// Of these things.
    pub fn new(of: &'static str) -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        bar.set_message(of);
        Self(bar)
    }

    /// So many of so many.
    pub fn at(&self, done: u64, of: u64) {
        self.0.set_length(of);
        self.0.set_position(done);
    }

    /// Takes it away.
    pub fn end(self) {
        self.0.finish_and_clear();
    }
}
