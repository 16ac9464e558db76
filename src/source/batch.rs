//! tmp
use crate::{
    event::{CallEvent, Reject},
    names::SourceId,
};
/// b
#[derive(Debug)]
pub struct Batch {
    /** s */
    pub source: SourceId,
    /** s */
    pub events: Vec<CallEvent>,
    /** s */
    pub rejects: Vec<Reject>,
    /** s */
    pub position: Option<String>,
    /** s */
    pub caught_up: bool,
}
/// d
#[derive(Debug)]
pub struct Delivery {
    /** b */
    pub batch: Batch,
    /** d */
    pub done: Option<tokio::sync::oneshot::Sender<Receipt>>,
}
/// r
#[derive(Debug, Default, Clone, Copy)]
pub struct Receipt {
    /** a */
    pub accepted: u64,
    /** a */
    pub duplicates: u64,
    /** a */
    pub rejected: u64,
}
/// s
pub type Sink = tokio::sync::mpsc::Sender<Delivery>;
impl Batch { /** o */ pub fn of(source: SourceId) -> Self { Self { source, events: Vec::new(), rejects: Vec::new(), position: None, caught_up: false } } }
