//! The configuration: loaded, merged with the environment, checked as a whole.
//!
//! Owns no setting of its own: each lives beside the code it steers. Says all that is wrong at
//! once, each with its key and the reason, and refuses keys that nobody knows.
//!
//! - [`mod@load`]: file and environment to a [`Config`]
//! - [`check`]: a tree of values to a [`Config`], or everything that is wrong with it
//! - `section`: one table of the file, with all its faults · `units`: the units file
//! - [`complaint`]: what is wrong, and where · [`origin`]: where each value came from
//! - [`effective`]: what is in force, for people

pub mod check;
pub mod complaint;
pub mod effective;
pub mod load;
pub mod origin;
mod section;
mod units;

pub use check::{Config, from_value};
pub use complaint::{ConfigErrors, Fault};
pub use load::load;
pub use origin::Origins;
