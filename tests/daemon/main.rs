//! The real program: started, fed, broken, killed, asked.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests stop at the first surprise"
)]

mod command;
mod intake;
mod killed;
mod program;
mod year;
