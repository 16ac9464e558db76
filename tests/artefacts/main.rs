//! What is written for other programs, tried with the real ones: Prometheus, promtool, Alertmanager and
//! amtool of the system's packages and PostgreSQL, on ports of their own, beside the real daemon.
#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests stop at the first surprise"
)]

mod alarm;
mod answers;
mod incident;
mod lint;
mod panels;
#[path = "../daemon/program.rs"]
mod program;
mod sent;
#[path = "../store/server.rs"]
mod server;
mod shipped;
mod smtp;
mod sql;
mod stack;
