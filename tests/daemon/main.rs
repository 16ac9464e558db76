//! The real program: started, fed, broken, killed, asked.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests stop at the first surprise"
)]

mod access;
mod annual;
mod captured;
mod checked;
mod command;
mod csta;
mod demo;
mod foreign;
mod growing;
mod hostile;
mod intake;
mod kept;
mod killed;
mod line;
mod login;
mod precision;
mod private;
mod program;
mod records;
mod staffing;
mod switches;
mod year;
