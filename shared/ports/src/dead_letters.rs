//! Messages that failed too often, for people to inspect and to send again.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{Failure, PortError};

/// A message that is no longer delivered to its consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The id for [`DeadLetterStore::redrive`], valid while the dead letter is in the dead-letter queue.
    pub id: String,
    pub flow: String,
    /// The function that failed on it.
    pub function: String,
    /// The queue it failed in and is sent back to; `None` for a message that came from no queue, such as the event of a
    /// schedule.
    pub queue: Option<String>,
    pub sent_at: DateTime<Utc>,
    pub body: String,
}

/// The dead letters of all flows.
#[async_trait]
pub trait DeadLetterStore: Send + Sync {
    /// Returns the dead letters of one flow, or of all: at most `limit`, oldest first as far as the platform knows, and
    /// whether there may be more.
    async fn list(&self, flow: Option<&str>, limit: u32) -> Result<(Vec<DeadLetter>, bool), PortError>;

    /// Sends these dead letters back to the queues in which they failed. Returns how many were sent: a dead letter that
    /// is no longer there or has no queue is not an error.
    async fn redrive(&self, dead_letters: &[DeadLetter]) -> Result<u64, PortError>;
}

/// The information that a message itself contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageInfo {
    /// The id of the scan or of the statement's file. Empty if the message has none yet.
    pub subject: String,
    /// The tenant it belongs to, if the message states it.
    pub tenant: Option<String>,
    /// The task or the event in the message: an event's type, or a name of the flow's own.
    pub kind: String,
}

/// The information that the flow's records have about a message's subject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordInfo {
    /// The tenant it belongs to. A dead letter whose tenant is unknown is shown to no one.
    pub tenant: Option<String>,
    /// The file's name, for people.
    pub name: Option<String>,
    /// The state of the subject, as its contract writes it.
    pub state: Option<String>,
    /// Why the message failed.
    pub reason: Option<String>,
}

/// One flow's knowledge about its dead letters.
#[async_trait]
pub trait DeadLetterClassifier: Send + Sync {
    /// Returns the message's own information, or `None` if it is not a message of the flow.
    fn message_info(&self, dead_letter: &DeadLetter) -> Option<MessageInfo>;

    /// Returns the records' information about the message's subject.
    async fn record_info(&self, dead_letter: &DeadLetter, about: &MessageInfo)
    -> Result<RecordInfo, Failure>;
}
