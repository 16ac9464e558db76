//! tmp
pub mod batch;
pub mod health;
