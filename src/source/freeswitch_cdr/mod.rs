//! FreeSWITCH's call records in JSON (mod_json_cdr): one a call, written when it is over.
//!
//! A journal: it can be read again, and tells what a live line missed, under the same names of calls.
//! Queue times are whole seconds. Of a call that was in several queues the record keeps the last; of
//! a unit that was asked first it knows only those who were handed over to.
//!
//! - [`objects`]: bytes to records, a line each or spread over lines, one a file or many
//! - [`record`]: what a record says
//! - [`decoder`]: records to events

pub mod decoder;
pub mod objects;
pub mod record;

pub use decoder::Cdr;
