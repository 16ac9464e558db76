//! The configuration: loaded, merged with the environment, checked as a whole.
//!
//! Owns no setting of its own: each lives beside the code it steers. Says all that is wrong at
//! once, each with its key and the reason, and refuses keys that nobody knows.
//!
//! - [`load`]: file and environment to a [`Config`]
//! - [`complaint`]: what is wrong, and where
//! - [`section`]: one table of the file, with all its faults
//! - [`effective`]: what is in force, for people

pub mod complaint;
pub mod effective;
pub mod load;
mod section;

pub use complaint::ConfigErrors;
pub use load::{Config, load};
