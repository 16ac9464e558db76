//! The contract of the store, held over every kind of store.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests stop at the first surprise"
)]

mod away;
mod callers;
mod clock;
mod closing;
mod crash;
mod early;
mod figures;
mod houses;
mod lease;
mod ledger;
#[allow(dead_code, reason = "the switches of another test binary")]
#[path = "../daemon/line.rs"]
mod line;
mod migration;
mod people;
#[path = "../daemon/program.rs"]
mod program;
mod proxy;
mod receiver;
mod restart;
mod server;
mod standby;
mod stores;
mod upkeep;
mod week;
