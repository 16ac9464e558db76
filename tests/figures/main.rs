//! Given these events, these figures. Pure apart from the embedded store in a temporary folder.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests stop at the first surprise"
)]

mod asterisk;
mod captures;
mod cel;
mod csta;
mod disguised;
mod forwards;
mod freeswitch;
mod freeswitch_captures;
mod fuzz;
mod oracle;
mod promise;
mod recordings;
mod records;
mod rulings;
mod sight;
mod staffing;
mod story;
mod transfers;
