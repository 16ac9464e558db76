//! Secrets that stand in a file of their own. What they open is known to those who ask for them.

use std::io::{Error, Result};
use std::path::Path;

/// The secret in the file at `path`, without the white space around it.
///
/// # Errors
/// When the file cannot be read, or holds nothing: an empty word would keep nobody out. The error
/// names the file.
pub fn read(path: &Path) -> Result<String> {
    let told = |why: &str| Error::other(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| told(&error.to_string()))?;
    match text.trim() {
        "" => Err(told("is empty; write the secret into it")),
        word => Ok(word.to_owned()),
    }
}

/// The secret as a configuration gives it: in `file`, or else as `given`.
///
/// # Errors
/// As [`read`].
pub fn of(file: Option<&Path>, given: Option<&str>) -> Result<Option<String>> {
    file.map(read).transpose().map(|word| word.or_else(|| given.map(ToOwned::to_owned)))
}
