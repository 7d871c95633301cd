//! Queues: how one function hands work to the next.

use async_trait::async_trait;

use crate::PortError;

/// The queues of the flows. What each carries stands in `riffle-contracts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Queue {
    /// Sessions to list and send out.
    ScanDispatch,
    /// Files to read.
    ScanWork,
    /// Sessions that look finished.
    ScanFinish,
    /// Notifications of the uploads bucket.
    FileUploads,
    /// The queues behind the bus, which functions send to only to go around it.
    FileProcessor,
    Categorization,
    Analytics,
    Audit,
    Errors,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Messages of one group share the consumers fairly with other groups: the session's id.
    pub group: String,
    pub body: String,
}

/// Sends messages. Delivery is at least once and in no order.
#[async_trait]
pub trait WorkQueue: Send + Sync {
    /// Sends all of `messages` and returns the positions of those that were *not* accepted, ascending.
    /// After an error any of them may have been sent.
    async fn send(&self, queue: Queue, messages: &[Message]) -> Result<Vec<usize>, PortError>;
}
