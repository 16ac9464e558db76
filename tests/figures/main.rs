//! Given these events, these figures. Pure apart from the embedded store in a temporary folder.
#![expect(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests stop at the first surprise")]

mod oracle;
mod promise;
mod recordings;
mod rulings;
mod story;
mod transfers;
