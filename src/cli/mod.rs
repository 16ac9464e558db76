//! Commands: talk to people.
//!
//! - [`command`]: what can be typed, and what becomes of it
//! - [`error`]: how it can fail, and with which exit code
//! - [`run`], [`demo`], [`import`], [`report`], [`check`], [`simulate`], [`capture`], [`generate`],
//!   [`staffing`], [`token`], [`user`], [`audit`], [`store`]: one command each
//! - `grant`: what somebody is let in for, as it is typed
//! - `try_records`: what a file of records would come to
//! - `told`: files that tell what no switch told
//! - `witness`: notes what a command did to the access of others
//! - [`output`]: writing for people and pipes · `outlet`: sending simulated events

pub mod audit;
pub mod capture;
pub mod check;
pub mod command;
pub mod demo;
pub mod error;
pub mod generate;
mod grant;
pub mod import;
mod outlet;
pub mod output;
pub mod report;
pub mod run;
pub mod simulate;
pub mod staffing;
pub mod store;
pub mod token;
mod told;
mod try_records;
pub mod user;
mod witness;

pub use command::main;
