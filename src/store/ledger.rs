//! What is kept beside the figures: each subject is a file of its own that adds to the ledger what
//! it needs, in SQL that every kind of store understands (see [`database`](crate::store::database)).
//! [`audit`](crate::store::audit) is the smallest example.

use crate::store::Fence;
use crate::store::database::Database;

/// A connection for what is kept beside the figures; works beside the engine's. Opened with
/// [`store::open_ledger`](crate::store::open_ledger).
#[derive(Debug)]
pub struct Ledger {
    pub(super) database: Box<dyn Database>,
    /// Whose it is, where it is not everybody's.
    pub(super) fence: Option<Fence>,
}
